//! The JSON schema of the output.

use cofferdam_findings::Severity;
use cofferdam_findings::formats::TOOL_HOME;
use serde_json::{Value, json};

use super::{OFFERED, REFUSED, SAFE, SCHEMA_VERSION, TAKEN, UNSAFE};

/// The JSON schema (draft 2020-12) of what `cofferdam fix --format json` writes.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{TOOL_HOME}/raw/main/docs/schema/fixes-v{SCHEMA_VERSION}.json"),
        "title": "Cofferdam fixes",
        "description": "What `cofferdam fix --format json` writes. Fields may be added within a \
            version; a reader ignores fields that it does not know. Text comes from the checkout \
            and must be made safe for wherever it is shown.",
        "type": "object",
        "properties": {
            "schema_version": { "const": SCHEMA_VERSION },
            "tool": object("The tool that wrote it.", &json!({
                "name": { "const": "cofferdam" },
                "version": text("Semantic version."),
            })),
            "checkouts": list("In the order in which they were named.", "checkout"),
        },
        "required": ["schema_version", "tool", "checkouts"],
        "$defs": {
            "checkout": object("What can be mended in one checkout.", &json!({
                "name": text("What was mended, as the user named it."),
                "written": {
                    "description": "Whether the edits of `files` are on disk.",
                    "type": "boolean",
                },
                "files": list("All fixes that are taken, put together, by file.", "file"),
                "fixes": list("One entry for every finding whose rule has a fix, in order of \
                    place.", "fix"),
                "not_checked": list("What could not be checked when it is mended.", "not_checked"),
            })),
            "file": object("Edits of one file.", &json!({
                "path": text("The file, from the root of the checkout."),
                "edits": list("In order, none overlapping; each is of whole lines of the file as \
                    it was read.", "edit"),
            })),
            "edit": object("Bytes that other text takes the place of.", &json!({
                "start": number("The first byte, counted from 0.", 0),
                "end": number("The byte after the last; as `start` where lines are added.", 0),
                "line": number("The line of `start`, counted from 1.", 1),
                "end_line": number("The line of `end`, which is the first that stays.", 1),
                "replacement": text("What stands there then."),
            })),
            "fix": fix(),
            "location": object("The place of the finding in the file as it was read.", &json!({
                "path": text("The file, from the root of the checkout."),
                "line": number("Counted from 1.", 1),
                "column": number("Counted from 1, in characters.", 1),
                "end_line": number("Line of the end.", 1),
                "end_column": number("Column after the end.", 1),
                "start": number("First byte.", 0),
                "end": number("Byte after the last.", 0),
            })),
            "not_checked": object("Something that could not be checked.", &json!({
                "code": text("Stable id of the reason."),
                "message": text("What it is."),
                "required": { "description": "Whether it decides the exit code.", "type": "boolean" },
            })),
        },
    })
}

fn fix() -> Value {
    let severities: Vec<&str> = Severity::ALL.iter().map(|s| s.word()).collect();
    object(
        "A finding, and what mends it.",
        &json!({
            "rule": text("The id of the rule."),
            "state": {
                "description": "`taken`: it is part of `files`. `offered`: `--unsafe` takes it. \
                    `refused`: no edit mends it.",
                "enum": [TAKEN, OFFERED, REFUSED],
            },
            "severity": { "description": "The severity of the finding.", "enum": severities },
            "message": text("What is found."),
            "subject": text("What it is about, free of line numbers."),
            "fingerprint": text("The fingerprint of the finding."),
            "location": { "$ref": "#/$defs/location" },
            "safety": {
                "description": "Whether it provably changes nothing that is wanted; null if it is \
                    refused.",
                "enum": [SAFE, UNSAFE, null],
            },
            "lessens": {
                "description": "Whether the finding stays and is graded lower.",
                "type": "boolean",
            },
            "why": optional("What it does and why that is right; null if it is refused."),
            "check": optional("What has to be so for an unsafe fix to be right, as the rest of a \
                sentence that begins with \"Check that\"."),
            "refused": optional("Why no edit mends it."),
            "edits": list("What this fix does by itself to the files as they were read. Empty if \
                it is refused, or can be worked out only beside others.", "file"),
        }),
    )
}

/// An object of which every property is required.
fn object(description: &str, properties: &Value) -> Value {
    let names: Vec<&String> = (properties.as_object().into_iter())
        .flat_map(|all| all.keys())
        .collect();
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": names,
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn optional(description: &str) -> Value {
    json!({ "description": description, "type": ["string", "null"] })
}

fn number(description: &str, minimum: u32) -> Value {
    json!({ "description": description, "type": "integer", "minimum": minimum })
}

fn list(description: &str, of: &str) -> Value {
    json!({
        "description": description,
        "type": "array",
        "items": { "$ref": format!("#/$defs/{of}") },
    })
}
