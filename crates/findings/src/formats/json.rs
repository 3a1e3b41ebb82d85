//! Everything a report holds, as JSON. The schema is part of the public
//! interface: within version 1 fields may be added, none changes or goes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cofferdam_facts::Location;
use serde::Serialize;

use super::{Options, Render, TOOL_VERSION, inert_json};
use crate::evidence::{ControlState, Evidence, Verdict};
use crate::exposure::ExposedPair;
use crate::finding::{Finding, RuleInfo, Severity};
use crate::report::{NotChecked, Report};
use crate::standards::Standard;

/// The version of the schema.
pub const SCHEMA_VERSION: u32 = 1;

/// The longest part of a source line that is given, in characters.
const SNIPPET: usize = 400;

/// Begins a JSON output.
pub(super) fn open(options: &Options) -> Box<dyn Render> {
    Box::new(Json {
        fail_on: options.fail_on,
        against: options.against,
        first: true,
    })
}

struct Json {
    fail_on: Option<Severity>,
    against: Option<Standard>,
    first: bool,
}

impl Render for Json {
    fn start(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(
            out,
            "{{\"schema_version\":{SCHEMA_VERSION},\
             \"tool\":{{\"name\":\"cofferdam\",\"version\":\"{TOOL_VERSION}\"}},\"reports\":["
        )
    }

    fn report(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        inert_json::write(&ReportView::of(report, self.fail_on, self.against), out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]}\n")
    }
}

#[derive(Serialize)]
struct ReportView<'r> {
    name: &'r str,
    repository: Option<&'r str>,
    revision: Option<&'r str>,
    files: usize,
    result: &'static str,
    exit_code: u8,
    fail_on: Option<&'static str>,
    counts: BTreeMap<&'static str, usize>,
    hidden: BTreeMap<&'static str, usize>,
    findings: Vec<FindingView<'r>>,
    controls: Vec<ControlView<'r>>,
    not_checked: Vec<NotCheckedView<'r>>,
    rules: Vec<RuleView>,
    judged_by: Option<JudgedByView<'r>>,
    suppressed: Vec<SuppressedView<'r>>,
    suppressed_counts: BTreeMap<&'static str, usize>,
    comparison: Option<ComparisonView<'r>>,
    against: Option<AgainstView<'r>>,
}

impl<'r> ReportView<'r> {
    fn of(report: &'r Report, fail_on: Option<Severity>, against: Option<Standard>) -> Self {
        let exit = report.exit_code(fail_on);
        let controls: BTreeMap<_, _> = report.rules.iter().map(|r| (r.id, ids(r))).collect();
        Self {
            name: &report.name,
            repository: report.repository.as_deref(),
            revision: report.revision.as_deref(),
            files: report.files,
            result: report.result(fail_on),
            exit_code: exit.code(),
            fail_on: report.fail_on(fail_on).map(Severity::word),
            counts: Severity::ALL
                .iter()
                .map(|&s| (s.word(), report.count(s)))
                .collect(),
            hidden: report
                .view
                .hidden
                .iter()
                .map(|(s, count)| (s.word(), *count))
                .collect(),
            findings: report
                .findings
                .iter()
                .map(|f| FindingView::of(f, &controls))
                .collect(),
            controls: report.controls.iter().map(ControlView::of).collect(),
            not_checked: report.not_checked.iter().map(NotCheckedView::of).collect(),
            rules: report.rules.iter().map(RuleView::of).collect(),
            judged_by: report.judged_by.as_ref().map(|judged| JudgedByView {
                name: &judged.name,
                commit: &judged.commit,
                edits: judged.edits,
            }),
            suppressed: (report.suppressed.iter())
                .map(|one| SuppressedView::of(one, &controls))
                .collect(),
            suppressed_counts: (report.suppressed_counts().iter())
                .map(|(kind, count)| (kind.word(), *count))
                .collect(),
            comparison: (report.comparison.as_ref()).map(|c| ComparisonView::of(c, &controls)),
            against: against.map(|standard| AgainstView::of(report, standard)),
        }
    }
}

fn ids(rule: &RuleInfo) -> Vec<&'static str> {
    rule.controls.iter().map(|c| c.id()).collect()
}

#[derive(Serialize)]
struct FindingView<'r> {
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    message: &'r str,
    why: &'r str,
    fix: &'r str,
    location: LocationView<'r>,
    related: Vec<RelatedView<'r>>,
    group: &'r str,
    subject: &'r str,
    rank: u32,
    exposure: Option<Vec<ExposureView<'r>>>,
    exposure_count: Option<usize>,
    fingerprint: &'r str,
    content_fingerprint: &'r str,
    controls: Vec<&'static str>,
}

impl<'r> FindingView<'r> {
    fn of(finding: &'r Finding, controls: &BTreeMap<&str, Vec<&'static str>>) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity.word(),
            confidence: finding.confidence.word(),
            message: &finding.message,
            why: &finding.why,
            fix: &finding.fix,
            location: LocationView::of(&finding.location),
            related: (finding.related.iter())
                .map(|r| RelatedView {
                    location: LocationView::of(&r.location),
                    note: &r.note,
                })
                .collect(),
            group: &finding.group,
            subject: &finding.subject,
            rank: finding.priority(),
            exposure: (finding.exposure.as_ref())
                .map(|all| all.pairs.iter().map(ExposureView::of).collect()),
            exposure_count: finding.exposure.as_ref().map(|all| all.total),
            fingerprint: &finding.fingerprint,
            content_fingerprint: &finding.content_fingerprint,
            controls: controls.get(finding.rule).cloned().unwrap_or_default(),
        }
    }
}

#[derive(Serialize)]
struct ExposureView<'r> {
    position: &'r str,
    asset: &'r str,
    verdict: &'static str,
}

impl<'r> ExposureView<'r> {
    fn of(pair: &'r ExposedPair) -> Self {
        Self {
            position: &pair.position,
            asset: &pair.asset,
            verdict: pair.verdict,
        }
    }
}

#[derive(Serialize)]
struct RelatedView<'r> {
    location: LocationView<'r>,
    note: &'r str,
}

#[derive(Serialize)]
struct LocationView<'r> {
    path: &'r str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start: usize,
    end: usize,
    snippet: &'r str,
    extent: &'static str,
}

impl<'r> LocationView<'r> {
    fn of(location: &'r Location) -> Self {
        let snippet = &*location.snippet;
        let end = snippet
            .char_indices()
            .nth(SNIPPET)
            .map_or(snippet.len(), |(i, _)| i);
        Self {
            path: &location.path,
            line: location.line,
            column: location.column,
            end_line: location.end_line,
            end_column: location.end_column,
            start: location.span.start,
            end: location.span.end,
            snippet: snippet.get(..end).unwrap_or_default(),
            extent: location.extent.word(),
        }
    }
}

#[derive(Serialize)]
struct ControlView<'r> {
    id: &'static str,
    title: &'static str,
    status: &'static str,
    summary: &'r str,
    evidence: Vec<EvidenceView<'r>>,
}

impl<'r> ControlView<'r> {
    fn of(state: &'r ControlState) -> Self {
        Self {
            id: state.control.id(),
            title: state.control.title(),
            status: state.status.word(),
            summary: &state.summary,
            evidence: state.evidence.iter().map(EvidenceView::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct EvidenceView<'r> {
    verdict: &'static str,
    note: &'r str,
    location: Option<LocationView<'r>>,
    missing: Option<&'r str>,
    settle: Option<&'r str>,
}

impl<'r> EvidenceView<'r> {
    fn of(evidence: &'r Evidence) -> Self {
        let (missing, settle) = match &evidence.verdict {
            Verdict::Unknown { missing, settle } => (Some(&**missing), Some(&**settle)),
            _ => (None, None),
        };
        Self {
            verdict: evidence.verdict.word(),
            note: &evidence.note,
            location: evidence.location.as_ref().map(LocationView::of),
            missing,
            settle,
        }
    }
}

#[derive(Serialize)]
struct NotCheckedView<'r> {
    code: &'static str,
    message: &'r str,
    location: Option<LocationView<'r>>,
    settle: &'r str,
    required: bool,
}

impl<'r> NotCheckedView<'r> {
    fn of(not_checked: &'r NotChecked) -> Self {
        Self {
            code: not_checked.code,
            message: &not_checked.message,
            location: not_checked.location.as_ref().map(LocationView::of),
            settle: &not_checked.settle,
            required: not_checked.required,
        }
    }
}

#[derive(Serialize)]
struct RuleView {
    id: &'static str,
    title: &'static str,
    severity: &'static str,
    controls: Vec<&'static str>,
    peers: &'static [&'static str],
    standards: Vec<RequirementView>,
}

impl RuleView {
    fn of(rule: &RuleInfo) -> Self {
        Self {
            id: rule.id,
            title: rule.title,
            severity: rule.severity.word(),
            controls: ids(rule),
            peers: rule.peers,
            standards: (rule.standards.iter())
                .map(|&r| RequirementView::of(r))
                .collect(),
        }
    }
}

mod against;
mod schema;
mod silenced;
use against::{AgainstView, RequirementView};
pub use schema::schema;
use silenced::{ComparisonView, JudgedByView, SuppressedView};

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
