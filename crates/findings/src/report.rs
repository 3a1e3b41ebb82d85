//! Everything one run has to say.

use cofferdam_facts::{Control, Location};

use crate::evidence::ControlState;
use crate::finding::{Finding, RuleInfo, Severity};

/// Something that was needed and could not be checked.
#[derive(Clone, Debug)]
pub struct NotChecked {
    /// Stable code in kebab case: `syntax`, `unreadable`, `too-large`, `stale-data`, …
    pub code: &'static str,
    /// What was not checked and why, one line.
    pub message: String,
    /// Where, if it has a place.
    pub location: Option<Location>,
    /// What to do about it.
    pub settle: String,
    /// Whether it raises exit code 3.
    pub required: bool,
}

/// The result for one repository.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was audited, as the user named it.
    pub name: String,
    /// The repository as `owner/name`, where known.
    pub repository: Option<String>,
    /// The revision that was read, where one was named.
    pub revision: Option<String>,
    /// Number of files that were read.
    pub files: usize,
    /// Findings, most important first.
    pub findings: Vec<Finding>,
    /// Every control, in order.
    pub controls: Vec<ControlState>,
    /// What could not be checked.
    pub not_checked: Vec<NotChecked>,
    /// The rules that ran.
    pub rules: Vec<RuleInfo>,
}

impl Report {
    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&RuleInfo> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// Number of findings of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }

    /// The state of a control, if it was decided.
    #[must_use]
    pub fn control(&self, control: Control) -> Option<&ControlState> {
        self.controls.iter().find(|c| c.control == control)
    }
}
