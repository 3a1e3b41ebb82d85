//! The JSON schema of the output. The words of every enumeration come from
//! the types themselves.

use cofferdam_facts::{Control, Extent};
use serde_json::{Map, Value, json};

use super::super::TOOL_HOME;
use super::{SCHEMA_VERSION, against};
use crate::evidence::{Status, Verdict};
use crate::finding::{Confidence, Severity};
use crate::report::{Exit, PASSES};
use crate::suppression::SuppressionKind;

/// The JSON schema (draft 2020-12) of what this format writes.
#[must_use]
pub fn schema() -> Value {
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{TOOL_HOME}/raw/main/docs/schema/report-v{SCHEMA_VERSION}.json"),
        "title": "Cofferdam report",
        "description": "What `cofferdam audit --format json` writes. Fields may be added within \
            a version; a reader ignores fields that it does not know. Text comes from the audited \
            repository and must be made safe for wherever it is shown.",
        "type": "object",
        "properties": {
            "schema_version": { "const": SCHEMA_VERSION },
            "tool": object("The tool that wrote it.", json!({
                "name": { "const": "cofferdam" },
                "version": text("Semantic version."),
            })),
            "reports": list("One report a repository.", "report"),
        },
        "required": ["schema_version", "tool", "reports"],
        "$defs": {
            "report": report(),
            "finding": finding(),
            "related": object("A place that belongs to a finding.", json!({
                "location": reference("location"),
                "note": text("What this place contributes."),
            })),
            "location": location(),
            "exposure": exposure(),
            "control": control(),
            "evidence": evidence(),
            "not_checked": not_checked(),
            "rule": object("A rule that ran.", json!({
                "id": text("Stable id in kebab case."),
                "title": text("One line."),
                "severity": severity("The highest severity the rule gives."),
                "controls": controls("The controls the rule speaks for."),
                "peers": {
                    "description": "Rules of other scanners that find the same, as SCANNER/ID.",
                    "type": "array",
                    "items": { "type": "string" },
                },
                "standards": list("What the rule speaks about in standards.", "requirement"),
            })),
        },
    });
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        definitions.extend(silenced().map(|(name, value)| (name.to_owned(), value)));
        definitions.extend(against::definitions().map(|(name, value)| (name.to_owned(), value)));
    }
    schema
}

fn report() -> Value {
    object(
        "The result for one repository.",
        json!({
            "name": text("What was audited, as the user named it."),
            "repository": optional("The repository as `owner/name`, where known."),
            "revision": optional("The revision that was read, where one was named."),
            "files": number("Number of files that were read.", 0),
            "result": {
                "description": "How the run ends for this repository: `clean` with no finding at all \
                    and nothing unchecked, `passes` with findings below the threshold or something \
                    unchecked that was not needed.",
                "enum": [Exit::Clean.word(), PASSES, Exit::Findings.word(), Exit::NotChecked.word()],
            },
            "exit_code": {
                "description": "The same as an exit code.",
                "enum": [Exit::Clean.code(), Exit::Findings.code(), Exit::NotChecked.code()],
            },
            "fail_on": {
                "description": "The lowest severity that fails the run; null for none.",
                "enum": words_and_null(Severity::ALL.iter().map(|s| s.word())),
            },
            "counts": counts("Findings by severity.", true),
            "hidden": counts("Findings left out by a severity filter. They are in no other field.", false),
            "findings": list("Worst first.", "finding"),
            "controls": list("In the order of their ids.", "control"),
            "not_checked": list("What could not be checked. Never read it as clean.", "not_checked"),
            "rules": list("The rules that ran.", "rule"),
            "judged_by": {
                "description": "The base whose configuration and silencers judge, where it is \
                    not what was audited.",
                "anyOf": [reference("judged_by"), { "type": "null" }],
            },
            "suppressed": list("Findings that do not count. They are in no other field.", "suppressed"),
            "suppressed_counts": {
                "description": "Silenced findings by the kind of silencer.",
                "type": "object",
                "propertyNames": { "enum": words(SuppressionKind::ALL.iter().map(|k| k.word())) },
                "additionalProperties": { "type": "integer", "minimum": 1 },
            },
            "comparison": {
                "description": "What a change leaves and removes. Where it stands, `findings` \
                    are what the change adds or makes worse.",
                "anyOf": [reference("comparison"), { "type": "null" }],
            },
            "against": {
                "description": "The report held against a standard, where one was asked for.",
                "anyOf": [reference("against"), { "type": "null" }],
            },
        }),
    )
}

/// What does not count: silenced findings, and what a change leaves or removes.
fn silenced() -> [(&'static str, Value); 3] {
    [
        (
            "judged_by",
            object(
                "A base that judges a change.",
                json!({
                    "name": text("The base as it was named."),
                    "commit": text("Its commit."),
                    "edits": number("Edits of silencers in the change, which do not count yet.", 0),
                }),
            ),
        ),
        (
            "suppressed",
            object(
                "A finding that does not count.",
                json!({
                    "finding": reference("finding"),
                    "by": object("What silences it.", json!({
                        "kind": { "enum": words(SuppressionKind::ALL.iter().map(|k| k.word())) },
                        "reason": text("The reason that is written there; may be empty."),
                        "owner": optional("Who answers for it."),
                        "expires": optional("The last day on which it holds, as YYYY-MM-DD."),
                        "location": optional_location(),
                    })),
                }),
            ),
        ),
        (
            "comparison",
            object(
                "A report beside that of the base.",
                json!({
                    "base": text("The base as it was named."),
                    "commit": text("Its commit."),
                    "unchanged": list("Findings that the base has too.", "finding"),
                    "gone": list("Findings of the base that the change removes.", "finding"),
                    "worse": {
                        "description": "Fingerprints of findings that the base has with a lower severity.",
                        "type": "array",
                        "items": { "type": "string" },
                    },
                }),
            ),
        ),
    ]
}

fn finding() -> Value {
    object(
        "One weakness at one place.",
        json!({
            "rule": text("The id of the rule that decided."),
            "severity": severity("How bad it is when the weakness is used."),
            "confidence": {
                "description": "How sure the rule is.",
                "enum": words(Confidence::ALL.iter().map(|c| c.word())),
            },
            "message": text("One line about this place."),
            "why": text("Why it matters here."),
            "fix": text("What to do."),
            "location": reference("location"),
            "related": list("Other places, in the order of the path that ends at `location`.", "related"),
            "group": text("Findings with the same cause share this text; empty if the rule says it."),
            "subject": text("What it is about, free of line numbers."),
            "rank": number("Where it stands among all findings, the higher the earlier: ten \
                thousand for each severity, and what its place exposes.", 0),
            "exposure": {
                "description": "What the place exposes to whom, gravest first and at most twenty \
                    pairs. Empty: nothing is gained there. Null: not worked out.",
                "anyOf": [
                    { "type": "array", "items": reference("exposure") },
                    { "type": "null" },
                ],
            },
            "exposure_count": {
                "description": "How many pairs there are; null where not worked out.",
                "anyOf": [number("Pairs.", 0), { "type": "null" }],
            },
            "fingerprint": {
                "description": "Stable under moved lines and unrelated findings.",
                "type": "string",
                "pattern": "^[0-9a-f]{32}$",
            },
            "content_fingerprint": {
                "description": "Shared by copies of one weakness; what a baseline and an exemption name.",
                "type": "string",
                "pattern": "^[0-9a-f]{32}$",
            },
            "controls": controls("The controls that the rule speaks for."),
        }),
    )
}

fn exposure() -> Value {
    object(
        "Somebody, and what they get over the place of a finding. The words are those of \
            `cofferdam exposure`.",
        json!({
            "position": text("From where an attacker starts, as in `newcomer`."),
            "asset": text("What they get, as in `secret:NPM_TOKEN`."),
            "verdict": {
                "description": "What stands in the way.",
                "enum": ["reachable", "reachable-if", "after"],
            },
        }),
    )
}

fn location() -> Value {
    object(
        "A place in a file.",
        json!({
            "path": text("Relative to the root of the checkout, `/` between the parts."),
            "line": number("One-based line of the first character.", 1),
            "column": number("One-based column of the first character, in Unicode scalar values.", 1),
            "end_line": number("One-based line of the end.", 1),
            "end_column": number("One-based column of the end, exclusive.", 1),
            "start": number("Offset of the first byte.", 0),
            "end": number("Offset one past the last byte.", 0),
            "snippet": text("The first line of the place, at most 400 characters, as it stands in the file."),
            "extent": {
                "description": "How much is meant: some text of the file, all of the file or \
                    folder, or a file that does not exist where it belongs. For the last two the \
                    lines say nothing.",
                "enum": words(Extent::WORDS.iter().copied()),
            },
        }),
    )
}

fn control() -> Value {
    object(
        "A control with its status.",
        json!({
            "id": { "enum": words(Control::ALL.iter().map(|c| c.id())) },
            "title": text("What the project has when the control is present."),
            "status": {
                "description": "What the project has of it.",
                "enum": words(Status::ALL.iter().map(|s| s.word())),
            },
            "summary": text("One line: counts, or the missing fact and the command that settles it."),
            "evidence": list("In order of place.", "evidence"),
        }),
    )
}

fn evidence() -> Value {
    object(
        "One thing seen for or against a control.",
        json!({
            "verdict": {
                "description": "What it says.",
                "enum": Verdict::WORDS,
            },
            "note": text("What was seen."),
            "location": optional_location(),
            "missing": optional("The missing fact, where the verdict is `unknown`."),
            "settle": optional("The command that settles it, where the verdict is `unknown`."),
        }),
    )
}

fn not_checked() -> Value {
    object(
        "Something that could not be checked.",
        json!({
            "code": text("Stable code in kebab case."),
            "message": text("What was not checked and why."),
            "location": optional_location(),
            "settle": text("What to do about it; may be empty."),
            "required": {
                "description": "Whether it raises exit code 3.",
                "type": "boolean",
            },
        }),
    )
}

/// An object all of whose properties are always written.
#[expect(
    clippy::needless_pass_by_value,
    reason = "`json!` takes its parts by reference"
)]
pub(super) fn object(description: &str, properties: Value) -> Value {
    let required: Vec<String> = properties
        .as_object()
        .map(|p| p.keys().cloned().collect())
        .unwrap_or_default();
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

pub(super) fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

pub(super) fn optional(description: &str) -> Value {
    json!({ "description": description, "type": ["string", "null"] })
}

fn number(description: &str, minimum: u32) -> Value {
    json!({ "description": description, "type": "integer", "minimum": minimum })
}

pub(super) fn list(description: &str, definition: &str) -> Value {
    json!({ "description": description, "type": "array", "items": reference(definition) })
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

fn optional_location() -> Value {
    json!({ "anyOf": [reference("location"), { "type": "null" }] })
}

fn severity(description: &str) -> Value {
    json!({ "description": description, "enum": words(Severity::ALL.iter().map(|s| s.word())) })
}

pub(super) fn controls(description: &str) -> Value {
    let ids = words(Control::ALL.iter().map(|c| c.id()));
    json!({ "description": description, "type": "array", "items": { "enum": ids } })
}

fn counts(description: &str, all: bool) -> Value {
    let mut properties = Map::new();
    for severity in Severity::ALL {
        properties.insert(
            severity.word().to_owned(),
            json!({ "type": "integer", "minimum": 0 }),
        );
    }
    let mut counts = object(description, Value::Object(properties));
    if let (false, Some(counts)) = (all, counts.as_object_mut()) {
        counts.remove("required");
    }
    counts
}

pub(super) fn words<'w>(words: impl Iterator<Item = &'w str>) -> Value {
    words.map(Value::from).collect()
}

fn words_and_null<'w>(words: impl Iterator<Item = &'w str>) -> Value {
    words.map(Value::from).chain([Value::Null]).collect()
}
