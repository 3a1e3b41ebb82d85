//! What does not count, as JSON: silenced findings, and what a change leaves
//! or removes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{FindingView, LocationView};
use crate::comparison::Comparison;
use crate::finding::Finding;
use crate::suppression::{Suppressed, Suppression};

type Controls<'c> = BTreeMap<&'c str, Vec<&'static str>>;

#[derive(Serialize)]
pub(super) struct JudgedByView<'r> {
    pub(super) name: &'r str,
    pub(super) commit: &'r str,
    pub(super) edits: usize,
}

#[derive(Serialize)]
pub(super) struct SuppressedView<'r> {
    finding: FindingView<'r>,
    by: SuppressionView<'r>,
}

#[derive(Serialize)]
struct SuppressionView<'r> {
    kind: &'static str,
    reason: &'r str,
    owner: Option<&'r str>,
    expires: Option<&'r str>,
    location: Option<LocationView<'r>>,
}

impl<'r> SuppressedView<'r> {
    pub(super) fn of(one: &'r Suppressed, controls: &Controls<'_>) -> Self {
        let Suppression {
            kind,
            reason,
            owner,
            expires,
            location,
        } = &one.by;
        Self {
            finding: FindingView::of(&one.finding, controls),
            by: SuppressionView {
                kind: kind.word(),
                reason,
                owner: owner.as_deref(),
                expires: expires.as_deref(),
                location: location.as_ref().map(LocationView::of),
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct ComparisonView<'r> {
    base: &'r str,
    commit: &'r str,
    unchanged: Vec<FindingView<'r>>,
    gone: Vec<FindingView<'r>>,
    worse: &'r [String],
}

impl<'r> ComparisonView<'r> {
    pub(super) fn of(comparison: &'r Comparison, controls: &Controls<'_>) -> Self {
        let views = |findings: &'r [Finding]| {
            findings
                .iter()
                .map(|f| FindingView::of(f, controls))
                .collect()
        };
        Self {
            base: &comparison.base,
            commit: &comparison.commit,
            unchanged: views(&comparison.unchanged),
            gone: views(&comparison.gone),
            worse: &comparison.worse,
        }
    }
}
