//! The JSON schemas of `cofferdam exposure`, of a checkout and of a change, and
//! the parts that other schemas share with them.

use cofferdam_findings::formats::TOOL_HOME;
use serde_json::{Map, Value, json};

use crate::asset::Class;
use crate::compare::Turn;
use crate::graph::Cost;
use crate::verdict::Level;

/// The version of the JSON of both.
pub const SCHEMA_VERSION: u32 = 1;

/// The schema (draft 2020-12) of `cofferdam exposure --format json`.
#[must_use]
pub fn schema() -> Value {
    let row = object_with(
        &[
            ("from", text()),
            ("to", text()),
            ("class", words(Class::ALL.iter().map(|class| class.word()))),
            ("verdict", verdict()),
            ("path", list(edge())),
        ],
        &[("cuts", list(list(cut())))],
    );
    let fact = object(&[("fact", text()), ("pairs", count()), ("settle", text())]);
    let mut properties = of_checkout();
    properties.extend([
        ("rows", list(row)),
        ("facts", list(fact)),
        ("unread", list(unread())),
        ("not_checked", list(not_checked())),
    ]);
    titled(
        object(&properties),
        "exposure",
        SCHEMA_VERSION,
        "Cofferdam exposure",
        "What `cofferdam exposure --format json` writes; `cuts` stand there with `--explain`.",
    )
}

/// The schema (draft 2020-12) of `cofferdam exposure --base REV --format json`.
#[must_use]
pub fn change() -> Value {
    let allowed = object(&[
        ("owner", text()),
        ("reason", text()),
        ("expires", text()),
        ("path", text()),
        ("line", line()),
    ]);
    let difference = object(&[
        ("turn", words(Turn::ALL.iter().map(|turn| turn.word()))),
        ("widens", json!({ "type": "boolean" })),
        ("from", text()),
        ("to", text()),
        ("before", perhaps(verdict())),
        ("after", perhaps(verdict())),
        ("path", list(edge())),
        ("lines", list(text())),
        ("allowed", perhaps(allowed)),
        ("cuts", perhaps(list(list(cut())))),
    ]);
    let edit = object(&[("path", text()), ("line", line()), ("message", text())]);
    let base = object(&[("name", text()), ("commit", text())]);
    let mut properties = of_checkout();
    properties.extend([
        ("base", base),
        ("fails", json!({ "type": "boolean" })),
        ("differences", list(difference)),
        ("edits", list(edit)),
        ("expired", list(text())),
        ("unread", list(unread())),
        ("not_checked", list(not_checked())),
        ("unread_in_base", list(unread())),
    ]);
    titled(
        object(&properties),
        "exposure-change",
        SCHEMA_VERSION,
        "What a change opens and closes",
        "What `cofferdam exposure --base REV --format json` writes. `before` is null where there was no way, `after` where there is none; `cuts` are worked out for what fails.",
    )
}

fn of_checkout() -> Vec<(&'static str, Value)> {
    let seen = words(cofferdam_config::keys::VISIBILITIES.iter().copied());
    vec![
        ("schema_version", json!({ "const": SCHEMA_VERSION })),
        ("repository", perhaps(text())),
        ("revision", perhaps(text())),
        ("settings_known", json!({ "type": "boolean" })),
        // A word of the platform's that this version does not know is kept.
        (
            "visibility",
            json!({ "anyOf": [seen, text(), { "type": "null" }] }),
        ),
    ]
}

/// A text.
pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}

/// How many.
pub(crate) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// A line of a file, where there is one.
pub(crate) fn line() -> Value {
    json!({ "type": ["integer", "null"], "minimum": 1 })
}

/// A list of these.
#[expect(
    clippy::needless_pass_by_value,
    reason = "parts are built where they are put together"
)]
pub(crate) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// This, or nothing.
#[expect(
    clippy::needless_pass_by_value,
    reason = "parts are built where they are put together"
)]
pub(crate) fn perhaps(value: Value) -> Value {
    json!({ "anyOf": [value, { "type": "null" }] })
}

fn words<'w>(words: impl Iterator<Item = &'w str>) -> Value {
    json!({ "enum": words.collect::<Vec<_>>() })
}

/// A step of a way.
pub(crate) fn edge() -> Value {
    let place = object(&[
        ("path", perhaps(text())),
        ("line", line()),
        ("what", text()),
    ]);
    object(&[
        ("rule", text()),
        ("from", perhaps(text())),
        ("to", perhaps(text())),
        ("verdict", verdict()),
        ("places", list(place)),
    ])
}

/// A change that closes a way.
pub(crate) fn cut() -> Value {
    let costs = Cost::ALL.iter().map(|cost| cost.word());
    object(&[("what", text()), ("cost", words(costs))])
}

fn unread() -> Value {
    object(&[("path", text()), ("line", line()), ("why", text())])
}

fn not_checked() -> Value {
    object(&[("code", text()), ("message", text()), ("settle", text())])
}

/// What stands in a way.
pub(crate) fn verdict() -> Value {
    object(&[
        ("text", text()),
        ("level", words(Level::ALL.iter().map(|level| level.word()))),
        ("facts", list(text())),
        ("after", list(text())),
        ("blocked_by", list(text())),
    ])
}

/// An object that has each of these.
pub(crate) fn object(properties: &[(&str, Value)]) -> Value {
    object_with(properties, &[])
}

fn object_with(properties: &[(&str, Value)], more: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = properties.iter().map(|(name, _)| *name).collect();
    let map: Map<String, Value> = (properties.iter().chain(more))
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    json!({ "type": "object", "properties": map, "required": required })
}

/// A schema with its name, and what holds for every document of ours.
pub(crate) fn titled(schema: Value, name: &str, version: u32, title: &str, about: &str) -> Value {
    let about = format!(
        "{about} Fields may be added within a version; a reader ignores fields that it does not know. Text comes from the checkout and must be made safe for wherever it is shown."
    );
    let id = format!("{TOOL_HOME}/raw/main/docs/schema/{name}-v{version}.json");
    let head = [
        (
            "$schema",
            json!("https://json-schema.org/draft/2020-12/schema"),
        ),
        ("$id", json!(id)),
        ("title", json!(title)),
        ("description", json!(about)),
    ];
    let mut map: Map<String, Value> = head
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    if let Value::Object(rest) = schema {
        map.extend(rest);
    }
    Value::Object(map)
}
