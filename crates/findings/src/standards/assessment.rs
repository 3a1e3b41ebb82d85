//! A standard held against the report of one repository.

use super::{Decided, Requirement, Standard};
use crate::evidence::{ControlState, Status};
use crate::finding::{Finding, RuleInfo};
use crate::report::Report;

/// How a project stands to a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Met {
    /// Everything that speaks about it was seen, and holds.
    Met,
    /// A part of it holds: the rest does not, or cannot be seen.
    Partly,
    /// What was seen speaks against it.
    NotMet,
    /// Something that is needed to tell was not looked at.
    NotChecked,
    /// The project has nothing that it speaks about.
    NotApplicable,
    /// No audit of a checkout and settings can tell.
    Outside,
}

impl Met {
    /// Every status, best first.
    pub const ALL: &'static [Self] = &[
        Self::Met,
        Self::Partly,
        Self::NotMet,
        Self::NotChecked,
        Self::NotApplicable,
        Self::Outside,
    ];

    /// The words that are shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Partly => "partly met",
            Self::NotMet => "not met",
            Self::NotChecked => "not checked",
            Self::NotApplicable => "not applicable",
            Self::Outside => "outside",
        }
    }
}

/// A requirement with its status and what that rests on.
#[derive(Clone, Debug)]
pub struct Assessment<'r> {
    /// The requirement.
    pub requirement: Requirement,
    /// What follows.
    pub status: Met,
    /// One line: what was seen, and what was not.
    pub summary: String,
    /// The controls that speak about it, with their evidence.
    pub controls: Vec<&'r ControlState>,
    /// The rules that speak about it, each with its findings, silenced ones
    /// too: silence does not meet a requirement.
    pub rules: Vec<(&'r RuleInfo, Vec<&'r Finding>)>,
}

/// Every requirement of a standard, in its own order.
///
/// The report must be unfiltered: a filter leaves out what may speak against a
/// requirement.
#[must_use]
pub fn assess(report: &Report, standard: Standard) -> Vec<Assessment<'_>> {
    let findings: Vec<&Finding> = every_finding(report).collect();
    (standard.requirements().into_iter())
        .map(|requirement| assess_one(report, &findings, requirement))
        .collect()
}

/// What stands in the tree that was audited: new, unchanged and silenced.
fn every_finding(report: &Report) -> impl Iterator<Item = &Finding> {
    let unchanged = (report.comparison.iter()).flat_map(|comparison| &comparison.unchanged);
    let silenced = report.suppressed.iter().map(|one| &one.finding);
    report.findings.iter().chain(unchanged).chain(silenced)
}

fn assess_one<'r>(
    report: &'r Report,
    findings: &[&'r Finding],
    requirement: Requirement,
) -> Assessment<'r> {
    let decided = &requirement.entry().decided;
    let controls: Vec<_> = (decided.controls().iter())
        .filter_map(|&control| report.control(control))
        .collect();
    let rules: Vec<_> = (report.rules.iter())
        .filter(|rule| rule.standards.contains(&requirement))
        .map(|rule| {
            let of_rule = findings.iter().filter(|finding| finding.rule == rule.id);
            (rule, of_rule.copied().collect::<Vec<_>>())
        })
        .collect();
    let seen = Seen {
        controls: &controls,
        unknown: controls.len() < decided.controls().len(),
        found: rules.iter().any(|(_, findings)| !findings.is_empty()),
        unread: report.not_checked.iter().filter(|n| n.required).count(),
    };
    let status = seen.status(decided);
    let summary = seen.summary(decided, status, &rules);
    Assessment {
        requirement,
        status,
        summary,
        controls,
        rules,
    }
}

/// What bears on one requirement.
struct Seen<'s, 'r> {
    controls: &'s [&'r ControlState],
    /// Whether a control is not in the report at all.
    unknown: bool,
    /// Whether a rule finds something.
    found: bool,
    /// Number of needed things that could not be checked.
    unread: usize,
}

impl Seen<'_, '_> {
    fn any(&self, wanted: &[Status]) -> bool {
        (self.controls.iter()).any(|state| wanted.contains(&state.status))
    }

    fn status(&self, decided: &Decided) -> Met {
        let whole = match decided {
            Decided::Outside(_) | Decided::Weakness => return Met::Outside,
            Decided::NotYet(_) => return Met::NotChecked,
            Decided::Whole(_) => true,
            Decided::Part(..) => false,
        };
        let good = self.any(&[Status::Present, Status::Partial]);
        let bad = self.found || self.any(&[Status::Partial, Status::Absent]);
        let unknown = self.unknown || self.any(&[Status::NotChecked]);
        match (good, bad) {
            (true, true) => Met::Partly,
            (false, true) => Met::NotMet,
            _ if unknown => Met::NotChecked,
            // A file that nobody could read may hold the exception.
            (true, false) if self.unread > 0 => Met::NotChecked,
            (true, false) if whole => Met::Met,
            (true, false) => Met::Partly,
            (false, false) if whole && self.unread == 0 => Met::NotApplicable,
            (false, false) => Met::NotChecked,
        }
    }

    fn summary(
        &self,
        decided: &Decided,
        status: Met,
        rules: &[(&RuleInfo, Vec<&Finding>)],
    ) -> String {
        let rest = match decided {
            Decided::Outside(why) => return (*why).to_owned(),
            Decided::NotYet(what) => return format!("no rule looks at it yet: {what}"),
            Decided::Weakness => return String::new(),
            Decided::Part(_, rest) => Some(rest),
            Decided::Whole(_) => None,
        };
        let mut parts: Vec<String> = (self.controls.iter())
            .map(|state| {
                let (control, word) = (state.control, state.status.word());
                format!("{control} {word}: {}", state.summary)
            })
            .collect();
        let found: Vec<_> = (rules.iter())
            .filter(|(_, findings)| !findings.is_empty())
            .map(|(rule, findings)| format!("{}x `{}`", findings.len(), rule.id))
            .collect();
        match (found.is_empty(), self.controls.is_empty()) {
            (false, _) => parts.push(format!("found: {}", found.join(", "))),
            (true, true) => parts.push("no rule finds anything against it".to_owned()),
            (true, false) => {}
        }
        if self.unread > 0 && status == Met::NotChecked {
            parts.push("a needed thing could not be checked".to_owned());
        }
        parts.extend(rest.map(|rest| format!("not seen here: {rest}")));
        parts.join("; ")
    }
}

/// How many requirements have each status, best first, as in
/// `3 met, 1 not met`.
#[must_use]
pub fn tally(assessments: &[Assessment<'_>]) -> String {
    let counts = Met::ALL.iter().filter_map(|&status| {
        let count = assessments.iter().filter(|a| a.status == status).count();
        (count > 0).then(|| format!("{count} {}", status.word()))
    });
    counts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
