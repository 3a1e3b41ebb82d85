//! A report held against a standard.

use serde::Serialize;
use serde_json::{Value, json};

use super::schema::{controls, list, object, optional, text, words};
use super::{EvidenceView, LocationView};
use crate::report::Report;
use crate::standards::{Assessment, Met, Requirement, Standard, assess};

/// A requirement by name.
#[derive(Serialize)]
pub(super) struct RequirementView {
    standard: &'static str,
    id: &'static str,
    title: &'static str,
}

impl RequirementView {
    pub(super) fn of(requirement: Requirement) -> Self {
        Self {
            standard: requirement.standard().word(),
            id: requirement.id(),
            title: requirement.entry().title,
        }
    }
}

/// The whole standard.
#[derive(Serialize)]
pub(super) struct AgainstView<'r> {
    standard: &'static str,
    edition: &'static str,
    home: &'static str,
    remark: &'static str,
    requirements: Vec<AssessmentView<'r>>,
}

impl<'r> AgainstView<'r> {
    pub(super) fn of(report: &'r Report, standard: Standard) -> Self {
        Self {
            standard: standard.word(),
            edition: standard.edition(),
            home: standard.home(),
            remark: standard.remark(),
            requirements: (assess(report, standard).into_iter())
                .map(AssessmentView::of)
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct AssessmentView<'r> {
    id: &'static str,
    level: &'static str,
    title: &'static str,
    status: &'static str,
    summary: String,
    note: Option<&'static str>,
    controls: Vec<&'static str>,
    evidence: Vec<EvidenceView<'r>>,
    rules: Vec<BehindView<'r>>,
}

impl<'r> AssessmentView<'r> {
    fn of(assessment: Assessment<'r>) -> Self {
        let entry = assessment.requirement.entry();
        let pieces = assessment.controls.iter().flat_map(|state| &state.evidence);
        Self {
            id: entry.id,
            level: entry.level,
            title: entry.title,
            status: assessment.status.word(),
            summary: assessment.summary,
            note: (!entry.note.is_empty()).then_some(entry.note),
            controls: (entry.decided.controls().iter()).map(|c| c.id()).collect(),
            evidence: pieces.map(EvidenceView::of).collect(),
            rules: (assessment.rules.iter())
                .map(|(rule, findings)| BehindView {
                    id: rule.id,
                    found: (findings.iter())
                        .map(|finding| LocationView::of(&finding.location))
                        .collect(),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct BehindView<'r> {
    id: &'static str,
    found: Vec<LocationView<'r>>,
}

/// Their part of the schema.
pub(super) fn definitions() -> [(&'static str, Value); 4] {
    let standards = || words(Standard::ALL.iter().map(|s| s.word()));
    [
        (
            "requirement",
            object(
                "A requirement of a standard, or a kind of weakness, by name.",
                json!({
                    "standard": { "enum": standards() },
                    "id": text("Its id in the standard, or ours where the standard gives none."),
                    "title": text("What it asks for, in a few words."),
                }),
            ),
        ),
        (
            "against",
            object(
                "The report held against a standard. It changes neither findings nor exit code.",
                json!({
                    "standard": { "enum": standards() },
                    "edition": text("Its name with the version."),
                    "home": text("Where it is published."),
                    "remark": text("What a reader has to know of it."),
                    "requirements": list(
                        "Every requirement, in the order of the standard.", "assessment"),
                }),
            ),
        ),
        (
            "assessment",
            object(
                "How the project stands to a requirement.",
                json!({
                    "id": text("Its id in the standard, or ours where the standard gives none."),
                    "level": text("The level, track or risk that the standard puts it under."),
                    "title": text("What it asks for, in a few words."),
                    "status": {
                        "description": "`not checked` is never `met`; `outside`: no audit of a \
                            checkout and settings can tell.",
                        "enum": words(Met::ALL.iter().map(|met| met.word())),
                    },
                    "summary": text("What was seen, and what was not."),
                    "note": optional("What else to know: for Scorecard, where its check differs."),
                    "controls": controls("The controls that speak about it."),
                    "evidence": list("The evidence of these controls.", "evidence"),
                    "rules": list("The rules that speak about it.", "behind"),
                }),
            ),
        ),
        (
            "behind",
            object(
                "A rule behind a requirement.",
                json!({
                    "id": text("The id of the rule."),
                    "found": list("Where it finds something, silenced or not.", "location"),
                }),
            ),
        ),
    ]
}
