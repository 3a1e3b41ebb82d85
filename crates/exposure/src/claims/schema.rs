//! The JSON schema of what becomes of claims.

use cofferdam_findings::formats::TOOL_HOME;
use serde_json::{Value, json};

/// The version of the JSON.
pub const SCHEMA_VERSION: u32 = 1;

/// The schema (draft 2020-12) of `cofferdam claims check --format json`.
#[must_use]
pub fn schema() -> Value {
    let text = || json!({ "type": "string" });
    let perhaps = || json!({ "type": ["string", "null"] });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let line = || json!({ "type": ["integer", "null"], "minimum": 1 });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let place = object(&[("path", perhaps()), ("line", line()), ("what", text())]);
    let edge = object(&[
        ("rule", text()),
        ("from", perhaps()),
        ("to", perhaps()),
        ("verdict", verdict()),
        ("places", list(place)),
    ]);
    let cut = object(&[("what", text()), ("cost", text())]);
    let refutation = object(&[
        ("from", text()),
        ("to", text()),
        ("verdict", verdict()),
        ("path", list(edge)),
        ("cuts", list(list(cut))),
    ]);
    let example = object(&[("from", text()), ("to", text())]);
    let missing = object(&[
        ("what", text()),
        ("pairs", count()),
        ("settle", text()),
        ("example", json!({ "anyOf": [example, { "type": "null" }] })),
    ]);
    let claim = object(&[
        ("name", text()),
        ("form", json!({ "enum": ["never", "only"] })),
        ("path", perhaps()),
        ("line", line()),
        (
            "standing",
            json!({ "enum": ["holds", "refuted", "not-provable"] }),
        ),
        (
            "examined",
            object(&[
                ("positions", count()),
                ("assets", count()),
                ("pairs", count()),
                ("ways", count()),
            ]),
        ),
        ("refuted_by", list(refutation)),
        ("missing", list(missing)),
    ]);
    let edit = object(&[("path", text()), ("line", line()), ("message", text())]);
    let base = object(&[("name", text()), ("commit", text())]);
    let next = object(&[("name", text()), ("standing", text())]);
    let mut schema = object(&[
        ("schema_version", json!({ "const": SCHEMA_VERSION })),
        (
            "tool",
            object(&[
                ("name", json!({ "const": "cofferdam" })),
                ("version", text()),
            ]),
        ),
        ("repository", perhaps()),
        ("revision", perhaps()),
        ("settings_known", json!({ "type": "boolean" })),
        ("base", json!({ "anyOf": [base, { "type": "null" }] })),
        ("claims", list(claim)),
        ("edits", list(edit)),
        ("after_merge", list(next)),
        ("notes", list(text())),
        ("exit_code", json!({ "enum": [0, 1, 3] })),
    ]);
    if let Some(map) = schema.as_object_mut() {
        let id = format!("{TOOL_HOME}/raw/main/docs/schema/claims-v{SCHEMA_VERSION}.json");
        let rest = std::mem::take(map);
        map.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        map.insert("$id".to_owned(), json!(id));
        map.insert("title".to_owned(), json!("Cofferdam claims"));
        map.insert(
            "description".to_owned(),
            json!("What `cofferdam claims check --format json` writes. Fields may be added within a version; a reader ignores fields that it does not know. Text comes from the checkout and must be made safe for wherever it is shown."),
        );
        map.extend(rest);
    }
    schema
}

fn verdict() -> Value {
    let words = || json!({ "type": "array", "items": { "type": "string" } });
    object(&[
        ("text", json!({ "type": "string" })),
        (
            "level",
            json!({ "enum": ["reachable", "reachable-if", "after", "blocked"] }),
        ),
        ("facts", words()),
        ("after", words()),
        ("blocked_by", words()),
    ])
}

fn object(properties: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let map: serde_json::Map<String, Value> = properties
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    json!({ "type": "object", "properties": map, "required": required })
}
