//! The JSON schema of a baseline.

use serde_json::{Value, json};

use super::BASELINE_VERSION;
use crate::finding::Severity;
use crate::formats::TOOL_HOME;

/// The JSON schema (draft 2020-12) of a baseline.
#[must_use]
pub fn schema() -> Value {
    let severities: Vec<&str> = Severity::ALL.iter().map(|s| s.word()).collect();
    let text = |description: &str| json!({ "description": description, "type": "string" });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{TOOL_HOME}/raw/main/docs/schema/baseline-v{BASELINE_VERSION}.json"),
        "title": "Cofferdam baseline",
        "description": "What `cofferdam audit --baseline FILE --update-baseline` writes: the \
            findings that a project knows of and has not mended yet. One line an entry.",
        "type": "object",
        "properties": {
            "$schema": { "type": "string" },
            "version": { "const": BASELINE_VERSION },
            "entries": {
                "description": "Sorted by path, rule, subject, fingerprint and severity.",
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "rule": text("The id of the rule."),
                        "path": text("The file."),
                        "subject": text("What it is about, free of line numbers."),
                        "severity": {
                            "description": "The severity that is known; a graver finding is new.",
                            "enum": severities,
                        },
                        "fingerprint": {
                            "description": "The content fingerprint.",
                            "type": "string",
                            "pattern": "^[0-9a-f]{32}$",
                        },
                        "count": {
                            "description": "How many copies are known; one more is new.",
                            "type": "integer",
                            "minimum": 1,
                        },
                    },
                    "required": ["rule", "path", "subject", "severity", "fingerprint", "count"],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["version", "entries"],
        "additionalProperties": false,
    })
}
