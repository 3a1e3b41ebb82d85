//! Everything one run has to say about one repository.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use cofferdam_facts::{Control, Location};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::comparison::Comparison;
use crate::content::content_fingerprint;
use crate::evidence::{ControlState, Status};
use crate::filter::View;
use crate::finding::{Confidence, Finding, RuleInfo, Severity};
use crate::suppression::Suppressed;

/// Something that was needed and could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl NotChecked {
    /// Takes the path from the front of the message where the location names
    /// it: formats show both.
    fn drop_path(&mut self) {
        let Some(location) = &self.location else {
            return;
        };
        let rest = (self.message.strip_prefix(&*location.path))
            .and_then(|rest| rest.strip_prefix(": "))
            .map(ToOwned::to_owned);
        if let Some(rest) = rest {
            self.message = rest;
        }
    }
}

/// The result for one repository.
///
/// Whoever collects it calls [`Report::finish`] once everything is in, then
/// perhaps [`Report::filtered`], and hands it to a format.
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
    /// What a filter left out, so that nothing left out is taken for absent.
    pub view: View,
    /// Findings that do not count, and what silences them.
    pub suppressed: Vec<Suppressed>,
    /// The threshold that holds for this repository, where it has one of its
    /// own.
    pub threshold: Option<Threshold>,
    /// The commit whose configuration and silencers judge, where it is not
    /// what was audited.
    pub judged_by: Option<JudgedBy>,
    /// What a change leaves and removes, where a base was compared.
    pub comparison: Option<Comparison>,
}

/// The lowest severity that fails a run, if any does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold(pub Option<Severity>);

impl Threshold {
    /// The word that options and formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.0.map_or("none", Severity::word)
    }

    /// The threshold that a word means.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self(None)),
            word => Severity::from_word(word).map(|severity| Self(Some(severity))),
        }
    }

    /// The one of two at which more findings fail.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }
}

/// A base whose configuration and silencers judge a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedBy {
    /// The base as it was named.
    pub name: String,
    /// Its commit.
    pub commit: String,
    /// How many edits of silencers the change brings, which do not count yet.
    pub edits: usize,
}

/// The word for a run that does not fail, with findings below the threshold or
/// with something unchecked.
pub const PASSES: &str = "passes";

/// How a run ends. The documented exit codes of every deciding command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Nothing at or above the threshold, and everything needed was checked.
    Clean = 0,
    /// Findings at or above the threshold.
    Findings = 1,
    /// The command was used wrongly. No report gives it; the binary does.
    Usage = 2,
    /// Something needed could not be checked, whatever the threshold.
    NotChecked = 3,
}

impl Exit {
    /// The number given to the operating system.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::NotChecked => 3,
        }
    }

    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::NotChecked => "not checked",
        }
    }

    /// What follows for a run over several repositories: wrong usage before
    /// findings, findings before what was not checked.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let rank = |exit| match exit {
            Self::Clean => 0,
            Self::NotChecked => 1,
            Self::Findings => 2,
            Self::Usage => 3,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

/// Findings with one cause: the same rule, group text and severity.
#[derive(Clone, Debug)]
pub struct Group<'r> {
    /// The id of the rule.
    pub rule: &'static str,
    /// How bad each of them is.
    pub severity: Severity,
    /// The surest of them.
    pub confidence: Confidence,
    /// What they have in common; the message itself where there is one only.
    pub text: &'r str,
    /// All of them, the one with most at stake first, then in order of place.
    pub findings: Vec<&'r Finding>,
}

impl<'r> Group<'r> {
    /// The first finding, whose reason and fix stand for all.
    #[must_use]
    pub fn first(&self) -> Option<&'r Finding> {
        self.findings.first().copied()
    }

    /// The priority of the first, which is the highest.
    #[must_use]
    pub fn priority(&self) -> u32 {
        self.first().map_or(0, Finding::priority)
    }

    /// The number of places.
    #[must_use]
    pub fn count(&self) -> usize {
        self.findings.len()
    }
}

impl Report {
    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&RuleInfo> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// Number of findings of a severity, hidden ones too.
    #[must_use]
    pub fn total(&self, severity: Severity) -> usize {
        self.count(severity) + self.view.hidden_of(severity)
    }

    /// Number of findings of a severity that are shown.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|f| f.severity == severity)
            .count()
    }

    /// The state of a control, if it was decided.
    #[must_use]
    pub fn control(&self, control: Control) -> Option<&ControlState> {
        self.controls.iter().find(|c| c.control == control)
    }

    /// Puts everything into the order in which it is shown, drops findings
    /// that say the same twice, and gives every finding its fingerprint.
    ///
    /// The order is the same however many threads collected the parts: by
    /// priority, highest first, which is the severity where nothing is known of
    /// what a place exposes, then severity, rule, path and place.
    #[must_use]
    pub fn finish(mut self) -> Self {
        self.findings.sort_by(order);
        self.findings.dedup_by(|a, b| {
            a.rule == b.rule
                && a.severity == b.severity
                && a.location == b.location
                && a.subject == b.subject
                && a.message == b.message
        });
        self.set_fingerprints();
        // Only now: a fingerprint must not depend on what is exposed.
        self.findings.sort_by_key(|f| Reverse(f.priority()));
        self.controls.sort_by_key(|c| c.control);
        for one in &mut self.not_checked {
            one.drop_path();
        }
        self.not_checked.sort_by(|a, b| {
            (b.required.cmp(&a.required))
                .then_with(|| a.code.cmp(b.code))
                .then_with(|| place(a.location.as_ref()).cmp(&place(b.location.as_ref())))
                .then_with(|| a.location.cmp(&b.location))
                .then_with(|| a.message.cmp(&b.message))
        });
        self.not_checked.dedup();
        self.rules.sort_by_key(|r| r.id);
        self.rules.dedup_by_key(|r| r.id);
        self
    }

    /// Adds findings of rules that no other finding is of, and keeps the
    /// fingerprints and the order of a finished report.
    #[must_use]
    pub fn joined(mut self, more: Vec<Finding>) -> Self {
        let more = Self {
            findings: more,
            ..Self::default()
        };
        self.findings.extend(more.finish().findings);
        (self.findings).sort_by(|a, b| b.priority().cmp(&a.priority()).then_with(|| order(a, b)));
        self
    }

    /// Numbers findings that are equal but for their place in order of place,
    /// whatever their severity: a finding keeps its fingerprint when it is
    /// graded anew, when lines move, and when findings about other things
    /// come or go.
    fn set_fingerprints(&mut self) {
        let mut order: Vec<usize> = (0..self.findings.len()).collect();
        order.sort_by_key(|&i| self.findings.get(i).map(|f| f.location.span));
        let of_each = |finding: &mut Finding| {
            finding.content_fingerprint = content_fingerprint(finding);
            identity(finding)
        };
        let identities: Vec<_> = self.findings.par_iter_mut().map(of_each).collect();
        let mut seen: BTreeMap<[u8; 32], u64> = BTreeMap::new();
        for index in order {
            let known = self.findings.get_mut(index).zip(identities.get(index));
            let Some((finding, identity)) = known else {
                continue;
            };
            let ordinal = seen.entry(*identity).or_default();
            finding.fingerprint = fingerprint(*identity, *ordinal);
            *ordinal += 1;
        }
    }

    /// The findings by cause, most important first: by the highest priority of
    /// its places, severity, the worst that the rule can give, confidence, number
    /// of places, rule and text. Of a cause the place with most at stake comes
    /// first.
    #[must_use]
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: BTreeMap<(Severity, &'static str, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in &self.findings {
            let key = (finding.severity, finding.rule, finding.group.as_str());
            groups.entry(key).or_default().push(finding);
        }
        for findings in groups.values_mut() {
            findings.sort_by_key(|finding| Reverse((finding.priority(), finding.weight)));
        }
        let worst = |rule: &str| self.rule(rule).map(|info| info.severity);
        let mut groups: Vec<_> = groups
            .into_iter()
            .map(|((severity, rule, text), findings)| Group {
                rule,
                severity,
                confidence: findings
                    .iter()
                    .map(|f| f.confidence)
                    .max()
                    .unwrap_or(Confidence::Low),
                text: self.group_text(rule, text, &findings),
                findings,
            })
            .collect();
        groups.sort_by(|a, b| {
            (b.priority().cmp(&a.priority()))
                .then_with(|| b.severity.cmp(&a.severity))
                .then_with(|| worst(b.rule).cmp(&worst(a.rule)))
                .then_with(|| b.confidence.cmp(&a.confidence))
                .then_with(|| b.count().cmp(&a.count()))
                .then_with(|| (a.rule, a.text).cmp(&(b.rule, b.text)))
        });
        groups
    }

    fn group_text<'r>(&'r self, rule: &'r str, text: &'r str, findings: &[&'r Finding]) -> &'r str {
        match findings {
            [only] => &only.message,
            _ if text.is_empty() => self.rule(rule).map_or(rule, |r| r.title),
            _ => text,
        }
    }

    /// The threshold that holds, where `fail_on` is that of the run.
    #[must_use]
    pub fn fail_on(&self, fail_on: Option<Severity>) -> Option<Severity> {
        self.threshold.map_or(fail_on, |own| own.0)
    }

    /// How a run with this report ends. `None` never fails for a finding.
    ///
    /// Findings that are only hidden by a severity filter count: what is
    /// shown does not change what is true.
    #[must_use]
    pub fn exit_code(&self, fail_on: Option<Severity>) -> Exit {
        if self.failing(fail_on) > 0 {
            Exit::Findings
        } else if self.not_checked.iter().any(|n| n.required) {
            Exit::NotChecked
        } else {
            Exit::Clean
        }
    }

    /// How the run ends, in one word. Only what has no finding at all and
    /// nothing unchecked is `clean`; what merely does not fail `passes`.
    #[must_use]
    pub fn result(&self, fail_on: Option<Severity>) -> &'static str {
        match self.exit_code(fail_on) {
            Exit::Clean if !self.is_clean() => PASSES,
            exit => exit.word(),
        }
    }

    fn is_clean(&self) -> bool {
        let left = (self.comparison.as_ref()).is_some_and(|c| !c.unchanged.is_empty());
        let unchecked = (self.controls.iter())
            .any(|state| state.status == Status::NotChecked && !state.elsewhere);
        let nothing_found = self.findings.is_empty()
            && self.view.hidden.is_empty()
            && self.suppressed.is_empty()
            && !left;
        nothing_found && self.not_checked.is_empty() && !unchecked
    }

    /// The number of findings at or above the threshold, hidden ones too.
    #[must_use]
    pub fn failing(&self, fail_on: Option<Severity>) -> usize {
        let Some(fail_on) = self.fail_on(fail_on) else {
            return 0;
        };
        (Severity::ALL.iter())
            .filter(|severity| **severity >= fail_on)
            .map(|severity| self.total(*severity))
            .sum()
    }
}

/// The file, and in it first the place where reading stopped, which has no
/// characters: what else is wrong with the file may follow from that.
fn place(location: Option<&Location>) -> Option<(&str, bool)> {
    location.map(|location| (&*location.path, !location.span.is_empty()))
}

/// The order in which findings are shown: worst first, then by rule and place.
fn order(a: &Finding, b: &Finding) -> Ordering {
    (b.severity.cmp(&a.severity))
        .then_with(|| a.rule.cmp(b.rule))
        .then_with(|| place(Some(&a.location)).cmp(&place(Some(&b.location))))
        .then_with(|| a.location.cmp(&b.location))
        .then_with(|| a.subject.cmp(&b.subject))
        .then_with(|| a.message.cmp(&b.message))
        .then_with(|| b.confidence.cmp(&a.confidence))
        .then_with(|| (&a.group, &a.why, &a.fix).cmp(&(&b.group, &b.why, &b.fix)))
}

/// What a finding is about, without its place in the file.
fn identity(finding: &Finding) -> [u8; 32] {
    // A rule that names no subject is told apart by what it says.
    let subject = if finding.subject.is_empty() {
        &finding.message
    } else {
        &finding.subject
    };
    let mut hash = Sha256::new();
    hash.update(b"cofferdam finding v1");
    for part in [finding.rule, &*finding.location.path, subject] {
        // The length keeps `a` + `bc` apart from `ab` + `c`.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

fn fingerprint(identity: [u8; 32], ordinal: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(identity);
    hash.update(ordinal.to_be_bytes());
    hex(&hash.finalize())
}

/// The first half of a hash, in hexadecimal.
pub(crate) fn hex(hash: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let bytes = hash.iter().take(16);
    bytes
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
