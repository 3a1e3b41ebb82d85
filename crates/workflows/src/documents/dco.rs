//! `.github/dco.yml`: how the DCO check treats sign-offs.
//!
//! Source: cncf/dco2, README and sample configuration; dcoapp/app reads the
//! same file. The file configures the check. It does not say that the check is
//! installed, nor that it is required.

use cofferdam_facts::{SourceFile, Spanned};

use super::problem::Problem;
use super::reading::Reading;
use crate::yaml::Document;

/// Where the apps look.
pub const PLACE: &str = ".github/dco.yml";

/// The configuration as far as it was understood.
#[derive(Clone, Debug)]
pub struct Dco {
    document: Document,
    /// `require.members`; true if it is missing. False exempts members of the
    /// organisation whose commits are signed.
    pub requires_members: Option<Spanned<bool>>,
    /// `allowRemediationCommits.individual`; false if it is missing.
    pub individual_remediation: Option<Spanned<bool>>,
    /// `allowRemediationCommits.thirdParty`; false if it is missing, and without
    /// effect unless individual remediation is allowed too.
    pub third_party_remediation: Option<Spanned<bool>>,
    /// `allowOverrideAction`; true if it is missing. Read by dco2 alone.
    pub override_action: Option<Spanned<bool>>,
    problems: Vec<Problem>,
}

impl Dco {
    /// Reads a configuration. Never fails; see [`Self::problems`].
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let document = Document::parse(file);
        let mut reading = Reading::of(&document);
        let known = ["allowOverrideAction", "allowRemediationCommits", "require"];
        // An empty file is valid: every default holds.
        let empty = document.problems().is_empty() && document.root().is_none_or(|r| r.is_null());
        let root = if empty {
            None
        } else {
            reading.root(&document, &known)
        };
        let require = root.and_then(|root| root.get("require"));
        let remediation = root.and_then(|root| root.get("allowRemediationCommits"));
        Self {
            requires_members: require.and_then(|node| reading.flag_at(node, "members")),
            individual_remediation: remediation.and_then(|n| reading.flag_at(n, "individual")),
            third_party_remediation: remediation.and_then(|n| reading.flag_at(n, "thirdParty")),
            override_action: root.and_then(|node| reading.flag_at(node, "allowOverrideAction")),
            problems: reading.problems,
            document: document.clone(),
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// What was not understood.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether everybody must sign off, members of the organisation included.
    /// `None` if the file was not understood.
    #[must_use]
    pub fn covers_members(&self) -> Option<bool> {
        match &self.requires_members {
            Some(requires) => Some(requires.value),
            None => self.problems.is_empty().then_some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Dco {
        Dco::parse(SourceFile::new(PLACE, text))
    }

    #[test]
    fn defaults_hold_where_nothing_is_said() {
        for text in [
            "",
            "# nothing\n",
            "require: {}\n",
            "require:\n  members: true\n",
        ] {
            let parsed = parse(text);
            assert_eq!(parsed.problems(), [], "{text}");
            assert_eq!(parsed.covers_members(), Some(true), "{text}");
        }
    }

    #[test]
    fn what_is_said_has_its_place() {
        let parsed = parse(
            "require:\n  members: false\nallowRemediationCommits:\n  individual: true\n  thirdParty: true\n",
        );
        assert_eq!(parsed.covers_members(), Some(false));
        let span = parsed
            .requires_members
            .as_ref()
            .map(|flag| flag.span)
            .unwrap_or_default();
        assert_eq!(parsed.file().slice(span), "false");
        assert!(
            parsed
                .third_party_remediation
                .is_some_and(|flag| flag.value)
        );
    }

    #[test]
    fn what_is_not_understood_is_not_taken_for_the_default() {
        for text in ["require:\n  members: 'no'\n", "require: [", "- a\n"] {
            assert_eq!(parse(text).covers_members(), None, "{text}");
        }
    }
}
