//! The form in which answers are written for programs.

use serde_json::{Value, json};

use super::SCHEMA_VERSION;

/// The JSON schema of what `cofferdam replay --format json` prints.
#[must_use]
pub fn schema() -> Value {
    let text = || json!({ "type": "string" });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let object = |properties: Value| {
        let names: Vec<String> = properties
            .as_object()
            .map(|all| all.keys().cloned().collect())
            .unwrap_or_default();
        json!({ "type": "object", "required": names, "properties": properties })
    };
    let number = || json!({ "type": "integer", "minimum": 0 });
    let answer = json!({ "enum": ["hit", "unknown", "possible", "not hit"] });
    let leak = object(json!({ "asset": text(), "verdict": text(), "steps": number() }));
    let cut = object(json!({ "what": text(), "cost": text() }));
    let job = object(json!({
        "path": text(),
        "line": number(),
        "job": text(),
        "events": list(object(json!({ "event": text(), "could_start": { "type": "boolean" } }))),
        "leaks": list(leak.clone()),
        "stopped_by": list(cut.clone()),
    }));
    let used = object(json!({
        "answer": answer,
        "what": text(),
        "path": text(),
        "line": number(),
        "why": text(),
        "jobs": list(job),
    }));
    let place = object(json!({
        "path": { "type": ["string", "null"] },
        "line": { "type": ["integer", "null"] },
        "what": text(),
    }));
    let way = object(json!({
        "answer": answer,
        "from": text(),
        "verdict": text(),
        "places": list(place),
        "leaks": list(leak),
        "stopped_by": list(cut),
    }));
    let mut commit = object(json!({ "id": text(), "time": text() }));
    if let Some(object) = commit.as_object_mut() {
        object.insert("type".to_owned(), json!(["object", "null"]));
    }
    let answered = object(json!({
        "incident": text(),
        "name": text(),
        "ids": list(text()),
        "from": text(),
        "until": { "type": ["string", "null"] },
        "commit": commit,
        "answer": answer,
        "why": text(),
        "uses": list(used),
        "ways": list(way),
        "not_decided": list(text()),
        "actions_not_read": number(),
        "controls": list(text()),
        "sources": list(text()),
    }));
    let unread = object(json!({
        "code": text(),
        "message": text(),
        "settle": text(),
        "required": { "type": "boolean" },
    }));
    let mut page = object(json!({
        "schema_version": { "const": SCHEMA_VERSION },
        "known_on": text(),
        "repository": { "type": ["string", "null"] },
        "settings_known": { "type": "boolean" },
        "answers": list(answered),
        "not_checked": list(unread),
    }));
    if let Some(object) = page.as_object_mut() {
        let dialect = json!("https://json-schema.org/draft/2020-12/schema");
        object.insert("$schema".to_owned(), dialect);
        object.insert(
            "title".to_owned(),
            json!("Incidents of the past against a checkout"),
        );
    }
    page
}
