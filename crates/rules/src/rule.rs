//! What a rule is, and where it puts what it has to say.

use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Evidence, Finding, RuleInfo, Verdict, report::NotChecked};
use cofferdam_workflows::documents::{Action, Workflow};

use crate::context::Context;

/// One rule. Implement the level that fits; the others do nothing.
pub trait Rule: Send + Sync {
    /// Id, title, controls, page.
    fn info(&self) -> &'static RuleInfo;

    /// Looks at one workflow.
    fn workflow(&self, _cx: &Context<'_>, _workflow: &Workflow, _out: &mut Sink) {}

    /// Looks at one action of the checkout.
    fn action(&self, _cx: &Context<'_>, _action: &Action, _out: &mut Sink) {}

    /// Looks at the checkout as a whole.
    fn repository(&self, _cx: &Context<'_>, _out: &mut Sink) {}
}

/// Declares a rule: its doc comment is its page, with the fixed headings
/// `# What`, `# Why`, `# Vulnerable`, `# Fixed`, `# How it is decided`,
/// `# References`.
///
/// ```ignore
/// rule! {
///     /// # What
///     /// …
///     pub struct WriteAll {
///         id: "write-all",
///         title: "A token may write everything",
///         severity: High,
///         controls: [C1],
///         peers: ["zizmor/excessive-permissions"],
///         standards: [Cwe::Cwe250, Osps::Ac0402],
///     }
/// }
/// ```
#[macro_export]
macro_rules! rule {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident {
            id: $id:literal,
            title: $title:literal,
            severity: $severity:ident,
            controls: [$($control:ident),* $(,)?] $(,)?
            $(peers: [$($peer:literal),* $(,)?] $(,)?)?
            $(standards: [$($standard:ident :: $requirement:ident),* $(,)?] $(,)?)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl $name {
            /// What formats and pages show of the rule.
            pub const INFO: &'static cofferdam_findings::RuleInfo = &cofferdam_findings::RuleInfo {
                id: $id,
                title: $title,
                severity: cofferdam_findings::Severity::$severity,
                controls: &[$(cofferdam_facts::Control::$control),*],
                peers: &[$($($peer),*)?],
                standards: &[$($(cofferdam_findings::Requirement::$standard(
                    cofferdam_findings::standards::$standard::$requirement,
                )),*)?],
                docs: concat!($($doc, "\n"),*),
            };
        }
    };
}

/// Everything that rules have to say in one run.
#[derive(Debug, Default)]
pub struct Sink {
    /// Findings.
    pub findings: Vec<Finding>,
    /// What was seen for and against controls.
    pub evidence: Vec<Evidence>,
    /// What could not be checked.
    pub not_checked: Vec<NotChecked>,
    controls: &'static [Control],
}

impl Sink {
    /// A sink for one rule: its findings count against its controls.
    #[must_use]
    pub fn for_rule(info: &'static RuleInfo) -> Self {
        Self {
            controls: info.controls,
            ..Self::default()
        }
    }

    /// Reports a weakness, and counts it against the rule's controls.
    pub fn report(&mut self, finding: Finding) {
        let controls = self.controls;
        self.report_against(controls, finding);
    }

    /// Reports a weakness that speaks against some of the rule's controls only.
    pub fn report_against(&mut self, controls: &[Control], finding: Finding) {
        for control in controls {
            self.evidence.push(Evidence {
                control: *control,
                verdict: Verdict::Violated,
                location: Some(finding.location.clone()),
                note: finding.message.clone(),
            });
        }
        self.findings.push(finding);
    }

    /// Says that a control holds here.
    pub fn satisfied(&mut self, control: Control, location: Location, note: impl Into<String>) {
        self.evidence.push(Evidence {
            control,
            verdict: Verdict::Satisfied,
            location: Some(location),
            note: note.into(),
        });
    }

    /// Says that a control does not hold, where there is nothing to mend at one
    /// place and so no finding.
    pub fn violated(&mut self, control: Control, location: Location, note: impl Into<String>) {
        self.evidence.push(Evidence {
            control,
            verdict: Verdict::Violated,
            location: Some(location),
            note: note.into(),
        });
    }

    /// Says that a fact is missing, and which command settles it.
    pub fn unknown(
        &mut self,
        control: Control,
        location: Option<Location>,
        missing: impl Into<String>,
        settle: impl Into<String>,
    ) {
        let missing = missing.into();
        self.evidence.push(Evidence {
            control,
            // What is missing is said beside it.
            note: "not decided".to_owned(),
            verdict: Verdict::Unknown {
                missing,
                settle: settle.into(),
            },
            location,
        });
    }

    /// Says that there is nothing here that the control speaks about.
    pub fn not_applicable(&mut self, control: Control, note: impl Into<String>) {
        self.evidence.push(Evidence {
            control,
            verdict: Verdict::NotApplicable,
            location: None,
            note: note.into(),
        });
    }

    /// Says that something needed could not be checked; raises exit code 3
    /// where it is required.
    pub fn not_checked(&mut self, not_checked: NotChecked) {
        self.not_checked.push(not_checked);
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.evidence.extend(other.evidence);
        self.not_checked.extend(other.not_checked);
    }
}
