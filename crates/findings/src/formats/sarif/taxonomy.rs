//! The Common Weakness Enumeration as a taxonomy of a run (3.14.8, 3.19.3).

use serde_json::{Value, json};

use crate::finding::RuleInfo;
use crate::standards::{Cwe, Requirement, Standard};

/// The weaknesses among the requirements that a rule names.
pub(super) fn weaknesses(standards: &[Requirement]) -> impl Iterator<Item = Cwe> {
    standards
        .iter()
        .filter_map(|requirement| match requirement {
            Requirement::Cwe(weakness) => Some(*weakness),
            _ => None,
        })
}

/// How the tool and its rules name the taxonomy, the first of the run.
pub(super) fn reference() -> Value {
    json!({ "name": Standard::Cwe.name(), "index": 0 })
}

/// The taxonomy with the weaknesses that the rules of the run find.
pub(super) fn of(rules: &[RuleInfo]) -> Value {
    let mut found: Vec<Cwe> = (rules.iter())
        .flat_map(|rule| weaknesses(rule.standards))
        .collect();
    found.sort_unstable();
    found.dedup();
    let taxa: Vec<_> = (found.into_iter())
        .map(|weakness| {
            json!({
                "id": weakness.number(),
                "shortDescription": { "text": format!("{}.", weakness.entry().title) },
                "helpUri": format!(
                    "https://cwe.mitre.org/data/definitions/{}.html",
                    weakness.number()
                ),
            })
        })
        .collect();
    json!({
        "name": Standard::Cwe.name(),
        "organization": "MITRE",
        "shortDescription": { "text": "The MITRE Common Weakness Enumeration." },
        "informationUri": Standard::Cwe.home(),
        // Only those that rules of the run name.
        "isComprehensive": false,
        "taxa": taxa,
    })
}

/// That a rule finds the weakness (3.53).
pub(super) fn relationship(weakness: Cwe) -> Value {
    json!({
        "target": { "id": weakness.number(), "toolComponent": reference() },
        "kinds": ["superset"],
    })
}

/// The tag by which GitHub's code scanning shows a weakness.
pub(super) fn tag(weakness: Cwe) -> String {
    format!("external/cwe/cwe-{:0>3}", weakness.number())
}
