//! The answers for programs; `docs/schema/what-if-v1.json` is their form.

use std::collections::BTreeSet;

use cofferdam_exposure::whatif::answer::Role;
use cofferdam_exposure::whatif::organisation::Total;
use cofferdam_exposure::whatif::schema::SCHEMA_VERSION;
use cofferdam_exposure::whatif::{Answer, Fall, Held, Ranked, Study, weight};
use cofferdam_exposure::{Asset, Level, Position};
use cofferdam_findings::formats;
use cofferdam_pipelines::Studied;
use serde_json::{Map, Value, json};

use crate::commands::exposure::ways::verdict;

/// The whole document: the answer with what is known of the repository.
pub(super) fn document<R>(answer: Value, found: &Studied<R>) -> std::io::Result<String> {
    let mut page = formats::inert_json::pretty(&of_repository(answer, found, None))?;
    page.push('\n');
    Ok(page)
}

/// An answer with what is known of the repository.
pub(super) fn of_repository<R>(answer: Value, found: &Studied<R>, name: Option<&str>) -> Value {
    let mut document = Map::new();
    document.insert("schema_version".to_owned(), json!(SCHEMA_VERSION));
    if let Some(name) = name {
        document.insert("name".to_owned(), json!(name));
    }
    document.insert("repository".to_owned(), json!(found.repository));
    document.insert("revision".to_owned(), json!(found.revision));
    document.insert("settings_known".to_owned(), json!(found.settings));
    if let Value::Object(answer) = answer {
        document.extend(answer);
    }
    let unread = found.unread.iter().map(|one| {
        json!({
            "path": one.path,
            "line": one.location.as_ref().map(|at| at.line),
            "why": one.why,
        })
    });
    document.insert("unread".to_owned(), unread.collect());
    let not_checked = found.not_checked.iter().map(|one| {
        json!({
            "code": one.code,
            "message": one.message,
            "settle": one.settle,
        })
    });
    document.insert("not_checked".to_owned(), not_checked.collect());
    Value::Object(document)
}

pub(super) fn thing(study: &Study<'_>, found: &Answer, without: &[String], ways: bool) -> Value {
    let gains = found.gains.iter().map(|gain| {
        let mut value = json!({
            "asset": gain.asset.to_string(),
            "class": gain.asset.class().word(),
            "weight": weight::of_asset(&gain.asset),
            "verdict": verdict(&gain.verdict),
            "nearness": gain.near.word(),
            "home": gain.home.as_ref().map(|home| home.describe()),
        });
        if ways && let Some(object) = value.as_object_mut() {
            object.insert("path".to_owned(), way(study, &gain.path));
        }
        value
    });
    let nodes = study.exposure.graph.nodes();
    let cuts = found.cuts.iter().map(|saving| {
        let saves = saving.saves.iter().filter_map(|id| nodes.get(*id));
        let saves = saves.map(|node| study.exposure.describe(node));
        json!({
            "changes": saving.cuts.iter().map(|cut| json!({
                "what": cut.what,
                "cost": cut.cost.word(),
            })).collect::<Vec<_>>(),
            "places": saving.places,
            "saves": saves.collect::<Vec<_>>(),
            "instead": saving.instead,
        })
    });
    json!({
        "question": "thing",
        "thing": found.word,
        "happens": found.happens,
        "without": without,
        "notes": found.notes,
        "enters": found.hits.iter().map(hit).collect::<Vec<_>>(),
        "further": found.further.iter().map(|one| json!({
            "rule": one.rule,
            "jobs": jobs(&one.jobs),
        })).collect::<Vec<_>>(),
        "gains": gains.collect::<Vec<_>>(),
        "reached_by": found.reached_by.iter().map(|(position, of)| json!({
            "position": position.to_string(),
            "verdict": verdict(of),
        })).collect::<Vec<_>>(),
        "uses": found.uses.iter().map(|one| json!({
            "by": one.by,
            "opens": one.purpose.word(),
            "guessed": one.guessed,
            "path": one.path,
            "line": one.line,
            "job": one.job,
        })).collect::<Vec<_>>(),
        "rotate": found.rotations.iter().map(|one| json!({
            "asset": one.asset.to_string(),
            "verdict": verdict(&one.verdict),
            "home": one.home.describe(),
            "opens": one.opens.as_ref().map(|used| used.purpose.word()),
            "guessed": one.opens.as_ref().is_some_and(|used| used.guessed),
            "command": one.command,
        })).collect::<Vec<_>>(),
        "checks": found.checks.iter().map(|check| json!({
            "level": check.level.word(),
            "what": check.what,
        })).collect::<Vec<_>>(),
        "cuts": cuts.collect::<Vec<_>>(),
        "to_save": found.to_save,
    })
}

fn hit(hit: &cofferdam_exposure::whatif::Hit) -> Value {
    let role = match hit.role {
        Role::Runs => "runs",
        Role::Container => "container",
        Role::Holds => "holds",
        Role::Starts => "starts",
        Role::Acts => "acts",
    };
    json!({
        "role": role,
        "path": hit.at.as_ref().map(|(path, _)| path),
        "line": hit.at.as_ref().map(|(_, line)| line),
        "also": hit.also,
        "job": hit.job,
        "events": hit.events,
        "environment": hit.environment,
        "what": hit.what,
        "verdict": verdict(&hit.verdict),
        "direct": assets(&hit.direct),
        "co_resident": assets(&hit.beside),
    })
}

pub(super) fn all(ranked: &[Ranked], without: &[String]) -> Value {
    let one = |one: &Ranked| {
        let classes = one
            .classes
            .iter()
            .map(|(class, cell)| (class.word().to_owned(), counts(cell.counts)));
        json!({
            "position": one.position.to_string(),
            "points": one.points,
            "counts": counts(one.counts),
            "classes": classes.collect::<Map<_, _>>(),
            "jobs": jobs(&one.jobs),
            "worst": one.worst.as_ref().map(|row| json!({
                "asset": row.asset.to_string(),
                "verdict": verdict(&row.verdict),
                "path": one.at.as_ref().map(|(path, _)| path),
                "line": one.at.as_ref().map(|(_, line)| line),
            })),
        })
    };
    json!({
        "question": "all",
        "without": without,
        "dependencies": ranked.iter().map(one).collect::<Vec<_>>(),
        "weights": weights(),
    })
}

/// The ranking over many repositories.
pub(super) fn everywhere(ranked: &[(&Position, &Total)]) -> Value {
    let one = |(position, total): &(&Position, &Total)| {
        let worst = total.worst.as_ref();
        json!({
            "position": position.to_string(),
            "points": total.points,
            "counts": counts(total.counts),
            "repositories": total.repositories,
            "jobs": total.jobs,
            "worst": worst.map(|one| json!({
                "name": one.repository,
                "points": one.points,
                "asset": one.asset.as_ref().map(|(asset, _)| asset.to_string()),
                "verdict": one.asset.as_ref().map(|(_, of)| verdict(of)),
                "path": one.at.as_ref().map(|(path, _)| path),
                "line": one.at.as_ref().map(|(_, line)| line),
            })),
        })
    };
    ranked.iter().map(one).collect()
}

pub(super) fn weights() -> Value {
    let assets = weight::LEGEND.iter();
    let assets = assets.map(|(of, weight)| json!({ "of": of, "weight": weight }));
    let levels = Level::ALL.iter();
    let levels = levels.map(|level| (level.word().to_owned(), json!(weight::of_level(*level))));
    json!({
        "assets": assets.collect::<Vec<_>>(),
        "levels": levels.collect::<Map<_, _>>(),
    })
}

pub(super) fn layers(held: &[Held]) -> Value {
    let one = |one: &Held| {
        json!({
            "layer": one.layer.to_string(),
            "what": one.layer.describe(),
            "seen": !one.unseen,
            "assets": assets(&one.assets),
            "positions": one.positions.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "pairs": one.pairs,
        })
    };
    json!({
        "question": "layers",
        "layers": held.iter().map(one).collect::<Vec<_>>(),
    })
}

pub(super) fn falls(study: &Study<'_>, falls: &[Fall], without: &[String]) -> Value {
    let one = |fall: &Fall| {
        json!({
            "position": fall.position.to_string(),
            "asset": fall.asset.to_string(),
            "was": fall.was.as_ref().map(verdict),
            "is": verdict(&fall.is),
            "path": way(study, &fall.path),
        })
    };
    json!({
        "question": "without",
        "without": without,
        "falls": falls.iter().map(one).collect::<Vec<_>>(),
    })
}

fn way(study: &Study<'_>, path: &[usize]) -> Value {
    let graph = &study.exposure.graph;
    let edges = path.iter().filter_map(|at| graph.edge(*at));
    let edges = edges.map(|edge| {
        json!({
            "rule": edge.rule,
            "to": graph.nodes().get(edge.to).map(|node| study.exposure.describe(node)),
            "verdict": verdict(&edge.verdict),
            "places": edge.places.iter().map(|place| json!({
                "path": place.location.as_ref().map(|at| at.path.to_string()),
                "line": place.location.as_ref().map(|at| at.line),
                "what": place.what,
            })).collect::<Vec<_>>(),
        })
    });
    edges.collect()
}

fn assets(assets: &BTreeSet<Asset>) -> Vec<String> {
    assets.iter().map(ToString::to_string).collect()
}

fn jobs(jobs: &BTreeSet<(String, String)>) -> Value {
    let jobs = jobs.iter();
    jobs.map(|(path, job)| json!({ "path": path, "job": job }))
        .collect()
}

fn counts(counts: [usize; 4]) -> Value {
    let all = Level::ALL.iter().zip(counts);
    Value::Object(
        all.map(|(level, count)| (level.word().to_owned(), json!(count)))
            .collect(),
    )
}
