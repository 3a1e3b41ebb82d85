//! The JSON schemas of both files, from the declaration of the keys.

use cofferdam_findings::formats::TOOL_HOME;
use serde_json::{Map, Value, json};

use crate::config::Scope;
use crate::keys::{Key, Kind, ROOT};

/// The version of the files.
pub const VERSION: u32 = 1;

/// The JSON schema (draft 2020-12) of a file. `rules` are the ids of all rules.
#[must_use]
pub fn schema(scope: Scope, rules: &[&str]) -> Value {
    let (name, title) = match scope {
        Scope::Repository => ("config", "A repository's cofferdam.toml"),
        Scope::Organisation => ("organisation", "An organisation's cofferdam.toml"),
    };
    let mut schema = table(ROOT, scope, rules);
    if let Some(map) = schema.as_object_mut() {
        let head = [
            (
                "$schema",
                json!("https://json-schema.org/draft/2020-12/schema"),
            ),
            (
                "$id",
                json!(format!(
                    "{TOOL_HOME}/raw/main/docs/schema/{name}-v{VERSION}.json"
                )),
            ),
            ("title", json!(title)),
        ];
        let rest = std::mem::take(map);
        map.extend(head.map(|(key, value)| (key.to_owned(), value)));
        map.extend(rest);
    }
    schema
}

fn table(keys: &[Key], scope: Scope, rules: &[&str]) -> Value {
    let here = || (keys.iter()).filter(|key| key.scope.is_none_or(|only| only == scope));
    let properties: Map<String, Value> = here()
        .map(|key| {
            let mut value = kind(key.kind, scope, rules);
            if let Some(map) = value.as_object_mut() {
                map.insert("description".to_owned(), json!(key.about));
            }
            (key.name.to_owned(), value)
        })
        .collect();
    let required: Vec<&str> = here()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if let (false, Some(map)) = (required.is_empty(), schema.as_object_mut()) {
        map.insert("required".to_owned(), json!(required));
    }
    schema
}

fn kind(kind: Kind, scope: Scope, rules: &[&str]) -> Value {
    let list = |items: Value| json!({ "type": "array", "minItems": 1, "items": items });
    let text = || json!({ "type": "string", "minLength": 1, "pattern": "\\S" });
    match kind {
        Kind::Text => text(),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number => json!({ "type": "integer", "minimum": 1, "maximum": 100_000 }),
        Kind::Date => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
        Kind::Sha256 => json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" }),
        Kind::Fingerprint => json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }),
        Kind::Several => json!({ "anyOf": [text(), list(text())] }),
        Kind::Severity | Kind::Threshold | Kind::Choice(_) => json!({ "enum": kind.words() }),
        Kind::Rules => list(json!({ "enum": rules })),
        Kind::Facts => list(json!({ "enum": kind.words() })),
        Kind::Paths => list(json!({
            "type": "string",
            "minLength": 1,
            "maxLength": crate::glob::Glob::MAX,
        })),
        Kind::Repositories => list(text()),
        Kind::Uses => list(json!({
            "type": "string",
            "minLength": 1,
            "maxLength": cofferdam_facts::uses_policy::MAX_PATTERN,
            "pattern": "^\\s*(docker://.+|\\*|[-_.*A-Za-z0-9]+/[-_.*A-Za-z0-9]+(/[^@]*)?|\\*@[a-z]+|[^@]+/[^@]+@(commit|version|other))\\s*$",
        })),
        Kind::Table(keys) => table(keys, scope, rules),
        Kind::Tables(keys) => list(table(keys, scope, rules)),
        Kind::ByRule(keys) => json!({
            "type": "object",
            "propertyNames": { "enum": rules },
            "additionalProperties": table(keys, scope, rules),
        }),
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests {
    use super::*;

    #[test]
    fn the_schemas_take_what_the_reader_takes() {
        let schema =
            |scope| jsonschema::validator_for(&schema(scope, &["unpinned-action"])).unwrap();
        let exemption = json!({
            "rules": ["unpinned-action"],
            "paths": ["a/**"],
            "owner": "@o",
            "reason": "r",
            "expires": "2027-01-31",
        });
        let good = json!({ "fail-on": "none", "exempt": [exemption] });
        assert!(schema(Scope::Repository).is_valid(&good));
        assert!(schema(Scope::Organisation).is_valid(&good));
        for pattern in [
            "actions/*",
            "*",
            "*@commit",
            "a/b/c@version",
            "docker://ghcr.io/*",
        ] {
            let uses = json!({ "uses": { "allow": [pattern] } });
            assert!(schema(Scope::Repository).is_valid(&uses), "{pattern}");
        }
        let floor = json!({ "floor": { "longest-exemption": 90 } });
        assert!(schema(Scope::Organisation).is_valid(&floor));
        assert!(!schema(Scope::Repository).is_valid(&floor));
        for bad in [
            json!({ "fail_on": "low" }),
            json!({ "exempt": [{ "rules": ["unpinned-action"] }] }),
            json!({ "rules": { "other": {} } }),
            json!({ "uses": { "allow": ["actions"] } }),
            json!({ "uses": { "deny": ["a/b@v1"] } }),
            json!({ "extends": { "url": "https://x" } }),
        ] {
            assert!(!schema(Scope::Repository).is_valid(&bad), "{bad}");
        }
    }
}
