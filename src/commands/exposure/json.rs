//! The exposures for programs.

use cofferdam_exposure::schema::SCHEMA_VERSION;
use cofferdam_exposure::{Row, facts_of};
use cofferdam_facts::settings::Visibility;
use cofferdam_findings::formats;
use cofferdam_pipelines::Exposed;
use serde_json::{Value, json};

use super::ways;

pub(super) fn render(found: &Exposed, rows: &[&Row], cuts: bool) -> std::io::Result<String> {
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "repository": found.repository,
        "revision": found.revision,
        "settings_known": found.settings,
        "visibility": found.visibility.as_ref().map(Visibility::word),
        "rows": rows.iter().map(|one| row(found, one, cuts)).collect::<Vec<_>>(),
        "facts": facts_of(rows.iter().copied()).into_iter().map(|(fact, pairs)| json!({
            "fact": fact.to_string(),
            "pairs": pairs,
            "settle": fact.settle(),
        })).collect::<Vec<_>>(),
        "unread": ways::unread(found),
        "not_checked": ways::not_checked(found),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn row(found: &Exposed, row: &Row, cuts: bool) -> Value {
    let exposure = &found.exposure;
    let mut value = json!({
        "from": row.position.to_string(),
        "to": row.asset.to_string(),
        "class": row.asset.class().word(),
        "verdict": ways::verdict(&row.verdict),
        "path": ways::path(exposure, row),
    });
    if let (true, Some(object)) = (cuts, value.as_object_mut()) {
        let sets = ways::cuts(&row.cuts(&exposure.graph));
        object.insert("cuts".to_owned(), sets);
    }
    value
}
