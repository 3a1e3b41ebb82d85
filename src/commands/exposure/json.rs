//! The exposures for programs.

use cofferdam_exposure::{Row, Verdict};
use cofferdam_findings::formats;
use cofferdam_pipelines::Exposed;
use serde_json::{Value, json};

/// The version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

pub(super) fn render(found: &Exposed, rows: &[&Row], cuts: bool) -> std::io::Result<String> {
    let exposure = &found.exposure;
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "repository": found.repository,
        "revision": found.revision,
        "settings_known": found.settings,
        "rows": rows.iter().map(|one| row(found, one, cuts)).collect::<Vec<_>>(),
        "facts": exposure.facts().into_iter().map(|(fact, pairs)| json!({
            "fact": fact.to_string(),
            "pairs": pairs,
            "settle": fact.settle(),
        })).collect::<Vec<_>>(),
        "unread": exposure.unread.iter().map(|one| json!({
            "path": one.path,
            "line": one.location.as_ref().map(|at| at.line),
            "why": one.why,
        })).collect::<Vec<_>>(),
        "not_checked": found.not_checked.iter().map(|one| json!({
            "code": one.code,
            "message": one.message,
            "settle": one.settle,
        })).collect::<Vec<_>>(),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn row(found: &Exposed, row: &Row, cuts: bool) -> Value {
    let graph = &found.exposure.graph;
    let edges = row.path.iter().filter_map(|at| graph.edge(*at));
    let mut value = json!({
        "from": row.position.to_string(),
        "to": row.asset.to_string(),
        "class": row.asset.class().word(),
        "verdict": verdict(&row.verdict),
        "path": edges.map(|edge| json!({
            "rule": edge.rule,
            "from": graph.nodes().get(edge.from).map(|node| found.exposure.describe(node)),
            "to": graph.nodes().get(edge.to).map(|node| found.exposure.describe(node)),
            "verdict": verdict(&edge.verdict),
            "places": edge.places.iter().map(|place| json!({
                "path": place.location.as_ref().map(|at| at.path.to_string()),
                "line": place.location.as_ref().map(|at| at.line),
                "what": place.what,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    });
    if let (true, Some(object)) = (cuts, value.as_object_mut()) {
        let sets = row.cuts(graph);
        let sets = sets.iter().map(|set| {
            let cuts = set
                .iter()
                .map(|cut| json!({ "what": cut.what, "cost": cut.cost.word() }));
            cuts.collect::<Vec<_>>()
        });
        object.insert("cuts".to_owned(), json!(sets.collect::<Vec<_>>()));
    }
    value
}

fn verdict(verdict: &Verdict) -> Value {
    fn words<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
        items.into_iter().map(|item| item.to_string()).collect()
    }
    json!({
        "text": verdict.to_string(),
        "level": verdict.level().word(),
        "facts": words(&verdict.facts),
        "after": words(&verdict.waits),
        "blocked_by": words(&verdict.controls),
    })
}
