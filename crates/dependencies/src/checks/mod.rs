//! What of a change is a finding. One file a check.

mod cooldown;
mod denied;
mod downgrade;
mod install_script;
mod integrity;
mod licence;
mod look_alike;
mod source;
mod vulnerable;

use cofferdam_facts::Timestamp;
use cofferdam_findings::{Finding, NotChecked};
use cofferdam_lockfiles::Package;

use crate::advisory::{Advisories, Advisory};
use crate::change::{Change, Kind};
use crate::known::KnownNames;
use crate::licence::{Licence, LicenceVerdict};
use crate::policy::Policy;

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, fails $fails:literal, $page:ident;)*) => {
        /// One thing that is looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check { $($(#[$doc])* $variant,)* }

        impl Check {
            /// All of them, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that options and formats use.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Whether its findings fail a review, where nobody says otherwise.
            #[must_use]
            pub fn fails(self) -> bool {
                match self { $(Self::$variant => $fails,)* }
            }

            /// The id of its findings.
            #[must_use]
            pub fn rule(self) -> &'static cofferdam_findings::RuleInfo {
                match self { $(Self::$variant => &crate::pages::$page,)* }
            }
        }
    };
}

checks! {
    /// A known weakness.
    Vulnerable = "vulnerable", fails true, VULNERABLE;
    /// A package that was made to do harm.
    Malicious = "malicious", fails true, MALICIOUS;
    /// A licence that may not come in.
    Licence = "licence", fails true, LICENCE;
    /// A licence that nobody states.
    UnknownLicence = "unknown-licence", fails false, UNKNOWN_LICENCE;
    /// A name like another.
    LookAlike = "look-alike", fails false, LOOK_ALIKE;
    /// Another place that a package comes from.
    Source = "source", fails true, SOURCE;
    /// A hash that is gone or is another one.
    Integrity = "integrity", fails true, INTEGRITY;
    /// Code that runs when a package is installed.
    InstallScript = "install-script", fails false, INSTALL_SCRIPT;
    /// A lower version than before.
    Downgrade = "downgrade", fails false, DOWNGRADE;
    /// A package or group that may not come in.
    Denied = "denied", fails true, DENIED;
    /// A version that is younger than it has to be.
    Cooldown = "cooldown", fails true, COOLDOWN;
}

impl Check {
    /// The check of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|check| check.word() == word)
    }

    /// The check of a finding.
    #[must_use]
    pub fn of(finding: &Finding) -> Option<Self> {
        (Self::ALL.iter().copied()).find(|check| check.rule().id == finding.rule)
    }
}

/// When a version was published, where somebody knows.
pub type Published<'a> = dyn Fn(&Package) -> Option<Timestamp> + 'a;

/// What the checks may ask.
pub struct Asked<'a> {
    /// What the project has decided.
    pub policy: &'a Policy,
    /// Who knows advisories; none where nobody does.
    pub advisories: Option<&'a dyn Advisories>,
    /// Names that a stranger would want to be taken for.
    pub known: &'a KnownNames,
    /// The licence of a package whose file does not say, from what lies in the
    /// checkout.
    pub licence_of: &'a dyn Fn(&Package) -> Option<String>,
    /// When a version was published, where somebody knows.
    pub published: Option<&'a Published<'a>>,
    /// The time of the run.
    pub now: Timestamp,
}

/// A change with everything that is to be said of it.
#[derive(Clone, Debug)]
pub struct Judged<'d> {
    /// The change.
    pub change: Change<'d>,
    /// The licence of the package as it is.
    pub licence: Licence,
    /// What is to be said of the licence; none where it is not asked for.
    pub licence_verdict: Option<LicenceVerdict>,
    /// What speaks about the package, without what is left out.
    pub advisories: Vec<Advisory>,
    /// The advisories that are left out, by their ids.
    pub ignored: Vec<String>,
    /// Why it is not known what speaks about the package, where that is so.
    pub unasked: Option<String>,
    /// The findings.
    pub findings: Vec<(Check, Finding)>,
    /// What could not be told.
    pub not_checked: Vec<NotChecked>,
}

/// Looks at one change. What is gone is not judged; of a package that only moved,
/// what was true stays true, and its hashes are compared.
#[must_use]
pub fn judge<'d>(change: Change<'d>, asked: &Asked<'_>) -> Judged<'d> {
    let mut judged = Judged {
        change,
        licence: Licence::Unknown,
        licence_verdict: None,
        advisories: Vec::new(),
        ignored: Vec::new(),
        unasked: None,
        findings: Vec::new(),
        not_checked: Vec::new(),
    };
    let Some(package) = judged.change.after else {
        return judged;
    };
    integrity::check(package, asked, &mut judged);
    source::check(package, asked, &mut judged);
    if judged.change.beside || judged.change.kind == Kind::Moved {
        return judged;
    }
    install_script::check(package, asked, &mut judged);
    licence::check(package, asked, &mut judged);
    denied::check(package, asked, &mut judged);
    if judged.change.kind == Kind::Altered {
        return judged;
    }
    vulnerable::check(package, asked, &mut judged);
    look_alike::check(package, asked, &mut judged);
    downgrade::check(package, asked, &mut judged);
    cooldown::check(package, asked, &mut judged);
    judged
}

/// A finding about a package, at its line.
fn finding(check: Check, package: &Package, message: impl Into<String>) -> Finding {
    let rule = check.rule();
    Finding::new(rule.id, rule.severity, package.location.clone(), message).subject(title(package))
}

/// A package and its version, free of line numbers.
#[must_use]
pub fn title(package: &Package) -> String {
    let version = (package.version.as_deref()).or(package.requirement.as_deref());
    match version {
        Some(version) => format!("{} {version}", package.name),
        None => package.name.clone(),
    }
}

impl Judged<'_> {
    fn found(&mut self, check: Check, finding: Finding) {
        self.findings.push((check, finding));
    }

    fn gap(&mut self, code: &'static str, package: &Package, message: String, settle: &str) {
        self.not_checked.push(NotChecked {
            code,
            message,
            location: Some(package.location.clone()),
            settle: settle.to_owned(),
            required: true,
        });
    }
}
