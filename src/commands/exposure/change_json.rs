//! What a change opens and closes, for programs.

use cofferdam_exposure::schema::SCHEMA_VERSION;
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::formats;
use serde_json::{Value, json};

use super::change::{Change, Moved};
use super::ways;

pub(super) fn render(change: &Change<'_>) -> std::io::Result<String> {
    let head = &change.judged.head;
    let before = change.before;
    let moved = change.moved.iter().map(|moved| of_pair(change, moved));
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "repository": head.repository,
        "revision": head.revision,
        "base": { "name": before.name, "commit": before.commit },
        "settings_known": head.settings,
        "visibility": head.visibility.as_ref().map(Visibility::word),
        "fails": change.failing() > 0,
        "differences": moved.collect::<Vec<_>>(),
        "edits": before.edits.iter().map(|edit| json!({
            "path": edit.location.path.to_string(),
            "line": edit.location.line,
            "message": edit.message,
        })).collect::<Vec<_>>(),
        "expired": change.expired,
        "unread": ways::unread(head),
        "not_checked": ways::not_checked(head),
        "unread_in_base": ways::unread(&before.exposed),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn of_pair(change: &Change<'_>, moved: &Moved<'_>) -> Value {
    let difference = &moved.difference;
    let row = difference.after.or(difference.before);
    let exposure = match difference.after {
        Some(_) => &change.judged.head.exposure,
        None => &change.before.exposed.exposure,
    };
    json!({
        "turn": difference.turn.word(),
        "widens": difference.widens(),
        "from": row.map(|row| row.position.to_string()),
        "to": row.map(|row| row.asset.to_string()),
        "before": difference.before.map(|row| ways::verdict(&row.verdict)),
        "after": difference.after.map(|row| ways::verdict(&row.verdict)),
        "path": row.map(|row| ways::path(exposure, row)),
        "lines": moved.lines,
        "allowed": moved.allowed.map(|allowed| json!({
            "owner": allowed.owner,
            "reason": allowed.reason,
            "expires": allowed.expires.date(),
            "path": allowed.location.path.to_string(),
            "line": allowed.location.line,
        })),
        "cuts": match (moved.fails(), difference.after) {
            (true, Some(row)) => ways::cuts(&row.cuts(&exposure.graph)),
            _ => Value::Null,
        },
    })
}
