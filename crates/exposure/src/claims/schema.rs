//! The JSON schema of what becomes of claims.

use serde_json::{Value, json};

use crate::schema::{object, titled, verdict};

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
    let schema = object(&[
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
    titled(
        schema,
        "claims",
        SCHEMA_VERSION,
        "Cofferdam claims",
        "What `cofferdam claims check --format json` writes.",
    )
}
