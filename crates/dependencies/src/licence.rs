//! What a licence is, and whether it may come in.
//!
//! Source: SPDX specification, annex "SPDX license expressions".

mod text;

use std::fmt;

use spdx::{Expression, LicenseReq, Licensee, ParseMode};

pub use text::of_text;

/// The longest text that is read as an expression, in bytes.
const LONGEST: usize = 4096;

/// The licence of a package as somebody writes it.
#[derive(Clone, Debug)]
pub enum Licence {
    /// An expression that is understood.
    Expression(Box<Expression>),
    /// A text that is no expression of SPDX.
    NotUnderstood(String),
    /// Nobody says.
    Unknown,
}

impl Licence {
    /// Reads what a file says. Forms that package managers have taken for long and
    /// that have one meaning are read too: `MIT/Apache-2.0` as a choice.
    #[must_use]
    pub fn read(written: Option<&str>) -> Self {
        let Some(text) = written.map(str::trim).filter(|text| !text.is_empty()) else {
            return Self::Unknown;
        };
        if matches!(text, "NOASSERTION" | "UNKNOWN") {
            return Self::Unknown;
        }
        let refused = || Self::NotUnderstood(text.to_owned());
        if text.len() > LONGEST || text.matches('(').count() > 64 {
            return refused();
        }
        // GitHub's service writes this for a licence that it cannot name.
        if text == "OTHER" {
            return Self::read(Some("LicenseRef-clearlydefined-OTHER"));
        }
        match Expression::parse_mode(text, ParseMode::LAX) {
            Ok(expression) => Self::Expression(Box::new(expression)),
            Err(_) => refused(),
        }
    }

    /// The words for it.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Expression(expression) => expression.as_ref().as_ref(),
            Self::NotUnderstood(text) => text,
            Self::Unknown => "unknown",
        }
    }
}

/// Which licences may come in.
#[derive(Clone, Debug, Default)]
pub struct LicenceRules {
    /// The licences that may; all others may not. Empty for no such list.
    allowed: Vec<Licensee>,
    /// The licences that may not.
    denied: Vec<Licensee>,
    /// Names of licences that are on no list of SPDX: `LicenseRef-…`.
    allowed_references: Vec<String>,
    denied_references: Vec<String>,
}

/// Why a list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoLicence {
    /// The entry.
    pub written: String,
}

impl fmt::Display for NoLicence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no licence of SPDX", self.written)
    }
}

/// What is to be said of the licence of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LicenceVerdict {
    /// Nothing is ruled, or it may come in.
    Allowed,
    /// It may not.
    Denied,
    /// What is written is no expression, so that nothing can be said.
    NotUnderstood,
    /// Nobody says what it is.
    Unknown,
}

impl LicenceVerdict {
    /// The one word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::NotUnderstood => "not-understood",
            Self::Unknown => "unknown",
        }
    }
}

impl LicenceRules {
    /// Rules from two lists. An entry that joins several licences by `OR` or `AND`
    /// stands for each of them.
    ///
    /// # Errors
    /// The first entry that is no licence.
    pub fn new(allowed: &[String], denied: &[String]) -> Result<Self, NoLicence> {
        let mut rules = Self::default();
        for (list, licences, references) in [
            (allowed, &mut rules.allowed, &mut rules.allowed_references),
            (denied, &mut rules.denied, &mut rules.denied_references),
        ] {
            for written in list {
                read_entry(written, licences, references)?;
            }
        }
        Ok(rules)
    }

    /// Whether anything is ruled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_allowed() && self.denied.is_empty() && self.denied_references.is_empty()
    }

    fn has_allowed(&self) -> bool {
        !self.allowed.is_empty() || !self.allowed_references.is_empty()
    }

    /// Whether a licence may come in. Of a choice (`OR`) one allowed licence is
    /// enough; of what holds together (`AND`) each has to be allowed.
    #[must_use]
    pub fn verdict(&self, licence: &Licence) -> LicenceVerdict {
        let expression = match licence {
            Licence::Unknown => return LicenceVerdict::Unknown,
            Licence::NotUnderstood(_) => return LicenceVerdict::NotUnderstood,
            Licence::Expression(expression) => expression,
        };
        let allowed = expression.evaluate(|requirement| {
            let is_allowed = !self.has_allowed()
                || is_among(requirement, &self.allowed, &self.allowed_references);
            is_allowed && !is_among(requirement, &self.denied, &self.denied_references)
        });
        if allowed {
            LicenceVerdict::Allowed
        } else {
            LicenceVerdict::Denied
        }
    }
}

fn is_among(requirement: &LicenseReq, licences: &[Licensee], references: &[String]) -> bool {
    licences.iter().any(|one| one.satisfies(requirement)) || {
        let written = requirement.to_string();
        references.contains(&written)
    }
}

fn read_entry(
    written: &str,
    licences: &mut Vec<Licensee>,
    references: &mut Vec<String>,
) -> Result<(), NoLicence> {
    let refused = || NoLicence {
        written: written.to_owned(),
    };
    let Licence::Expression(expression) = Licence::read(Some(written)) else {
        return Err(refused());
    };
    for requirement in expression.requirements() {
        let name = requirement.req.to_string();
        if name.starts_with("LicenseRef-") || name.starts_with("DocumentRef-") {
            references.push(name);
            continue;
        }
        // `GPL-2.0+` on a list means this licence, whoever may choose a later one.
        let plain = name.trim_end_matches('+');
        licences.push(Licensee::parse(plain).map_err(|_| refused())?);
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn verdict(allowed: &[&str], denied: &[&str], licence: &str) -> LicenceVerdict {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let rules = LicenceRules::new(&owned(allowed), &owned(denied)).unwrap();
        rules.verdict(&Licence::read(Some(licence)))
    }

    #[test]
    fn choices_and_sums_are_judged_as_such() {
        use LicenceVerdict::{Allowed, Denied, NotUnderstood, Unknown};
        let cases = [
            ("MIT", Allowed),
            ("MIT OR GPL-3.0-only", Allowed),
            ("MIT AND GPL-3.0-only", Denied),
            ("(MIT OR GPL-3.0-only) AND Apache-2.0", Allowed),
            ("MIT/Apache-2.0", Allowed),
            ("Apache-2.0 WITH LLVM-exception", Denied),
            ("GPL-3.0-only", Denied),
            ("LicenseRef-own", Denied),
            ("OTHER", Allowed),
            ("SEE LICENSE IN LICENSE", NotUnderstood),
            ("UNLICENSED", NotUnderstood),
            ("(((", NotUnderstood),
            ("", Unknown),
            ("NOASSERTION", Unknown),
        ];
        let allowed = ["MIT", "Apache-2.0", "LicenseRef-clearlydefined-OTHER"];
        for (licence, expected) in cases {
            assert_eq!(verdict(&allowed, &[], licence), expected, "{licence}");
        }
    }

    #[test]
    fn a_denied_licence_is_denied_unless_there_is_a_choice() {
        use LicenceVerdict::{Allowed, Denied};
        let denied = ["GPL-3.0-only", "AGPL-3.0-or-later"];
        assert_eq!(verdict(&[], &denied, "GPL-3.0-only"), Denied);
        assert_eq!(verdict(&[], &denied, "MIT OR GPL-3.0-only"), Allowed);
        assert_eq!(verdict(&[], &denied, "MIT AND AGPL-3.0-or-later"), Denied);
        assert_eq!(verdict(&[], &denied, "LGPL-2.1-only"), Allowed);
        assert_eq!(verdict(&[], &[], "GPL-3.0-only"), Allowed);
    }

    #[test]
    fn an_entry_may_join_licences_and_nonsense_is_refused() {
        assert_eq!(
            verdict(&["MIT OR ISC"], &[], "ISC"),
            LicenceVerdict::Allowed
        );
        let error = LicenceRules::new(&["MIT".to_owned(), "Mine".to_owned()], &[]).unwrap_err();
        assert_eq!(error.to_string(), "`Mine` is no licence of SPDX");
    }
}
