//! A report held against a standard: every requirement, those too that no
//! audit decides.

use super::text::{BOLD, DIM, labelled, wrap};
use super::{Human, spaced};
use crate::evidence::{Status, Verdict};
use crate::report::Report;
use crate::sanitise::clipped;
use crate::standards::{Assessment, Met, Standard, assess, tally};

/// Lines for one summary where not everything is shown.
const SUMMARY: usize = 4;

/// Pieces of evidence of one control where not everything is shown.
const EVIDENCE: usize = 2;

impl Human {
    pub(super) fn against(&self, report: &Report, standard: Standard) -> Vec<String> {
        let assessments = assess(report, standard);
        let head = format!(
            "{} against {}: {}",
            clipped(&report.name, 120),
            standard.edition(),
            tally(&assessments)
        );
        let mut lines: Vec<_> = (wrap(&head, self.columns, 4).iter())
            .map(|line| self.paint.paint(BOLD, line))
            .collect();
        let remark = format!("{} {}", standard.remark(), standard.home());
        lines.extend(wrap(&remark, self.columns, 6));
        let mut levels: Vec<&str> = Vec::new();
        for assessment in &assessments {
            let level = assessment.requirement.entry().level;
            if !levels.contains(&level) {
                levels.push(level);
            }
        }
        for level in levels {
            lines.extend(spaced(vec![self.paint.paint(BOLD, level)]));
            let of_level = (assessments.iter()).filter(|a| a.requirement.entry().level == level);
            lines.extend(of_level.flat_map(|assessment| self.assessment(assessment)));
        }
        let hint = "The exit code is that of the audit. `--all` shows all evidence and the rules behind, `cofferdam rules ID` a rule; docs/standards.md has the whole mapping.";
        lines.extend(spaced(
            (wrap(hint, self.columns, 3).iter())
                .map(|line| self.paint.paint(DIM, line))
                .collect(),
        ));
        lines
    }

    fn assessment(&self, assessment: &Assessment<'_>) -> Vec<String> {
        let entry = assessment.requirement.entry();
        let all = self.options.all;
        let rows = if all { usize::MAX / 1_000_000 } else { SUMMARY };
        let status = format!(
            "{} {:14}",
            mark(assessment.status),
            assessment.status.word()
        );
        let mut lines = vec![format!(
            "{} {}  {}",
            self.paint.status(look(assessment.status), &status),
            self.paint.paint(BOLD, entry.id),
            entry.title
        )];
        let dim = |line: &String| self.paint.paint(DIM, line);
        lines.extend(
            labelled(" ", &assessment.summary, 3, self.columns, rows)
                .iter()
                .map(dim),
        );
        if all || matches!(assessment.status, Met::Partly | Met::NotMet) {
            lines.extend(self.evidence(assessment, rows).iter().map(dim));
        }
        if !entry.note.is_empty() && (all || assessment.requirement.standard() != Standard::Osps) {
            let note = format!("Note: {}", entry.note);
            lines.extend(
                labelled(" ", &note, 3, self.columns, rows.max(8))
                    .iter()
                    .map(dim),
            );
        }
        lines
    }

    /// What speaks against it first, and the rules behind.
    fn evidence(&self, assessment: &Assessment<'_>, rows: usize) -> Vec<String> {
        let most = if self.options.all {
            usize::MAX
        } else {
            EVIDENCE
        };
        let mut lines = Vec::new();
        for state in &assessment.controls {
            let mut pieces: Vec<_> = (state.evidence.iter())
                .filter(|e| self.options.all || e.verdict == Verdict::Violated)
                .collect();
            // The sort is stable: what is wrong first, then in order of place.
            pieces.sort_by_key(|e| e.verdict != Verdict::Violated);
            for piece in pieces.iter().take(most) {
                let place = match &piece.location {
                    Some(location) => {
                        format!("{}{} ", clipped(&location.path, 200), location.suffix())
                    }
                    None => String::new(),
                };
                let text = format!(
                    "{} {place}{}: {}",
                    state.control,
                    piece.verdict.word(),
                    piece.note
                );
                lines.extend(labelled("-", &text, 5, self.columns, rows));
            }
            if pieces.len() > most {
                let more = pieces.len() - most;
                lines.push(format!(
                    "     and {more} more of {}; `--all` shows them",
                    state.control
                ));
            }
        }
        let rules: Vec<_> = (assessment.rules.iter())
            .map(|(rule, findings)| match findings.len() {
                0 => rule.id.to_owned(),
                count => format!("{} ({count})", rule.id),
            })
            .collect();
        if !rules.is_empty() {
            let text = format!("Rules: {}", rules.join(", "));
            lines.extend(labelled(" ", &text, 3, self.columns, rows));
        }
        lines
    }
}

fn mark(status: Met) -> &'static str {
    match status {
        Met::Met => "+",
        Met::Partly => "~",
        Met::NotMet => "-",
        Met::NotChecked => "?",
        Met::NotApplicable => ".",
        Met::Outside => "o",
    }
}

/// The colour of the status of a control that says the same.
fn look(status: Met) -> Status {
    match status {
        Met::Met => Status::Present,
        Met::Partly => Status::Partial,
        Met::NotMet => Status::Absent,
        Met::NotChecked => Status::NotChecked,
        Met::NotApplicable | Met::Outside => Status::NotApplicable,
    }
}
