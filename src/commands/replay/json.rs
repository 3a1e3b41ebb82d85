//! The answers for programs, in the form of `docs/schema/replay-v1.json`.

use cofferdam_datapack::DataPack;
use cofferdam_exposure::replay::{Leak, SCHEMA_VERSION, Taken, Use};
use cofferdam_exposure::{Cut, Place, Verdict};
use cofferdam_findings::formats;
use cofferdam_pipelines::replay::Answered;
use serde_json::{Value, json};

use super::{Told, by_time, reason};

pub(super) fn list(pack: &DataPack) -> std::io::Result<String> {
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "known_on": pack.created_at,
        "incidents": by_time(pack),
    });
    whole(&document)
}

pub(super) fn render(told: &Told<'_>) -> std::io::Result<String> {
    let answers = told.found.answers.iter();
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "known_on": told.pack.created_at,
        "repository": told.found.repository,
        "settings_known": told.found.settings,
        "answers": answers.filter_map(|one| answer(told, one)).collect::<Vec<_>>(),
        "not_checked": told.found.not_checked.iter().map(|one| json!({
            "code": one.code,
            "message": one.message,
            "settle": one.settle,
            "required": one.required,
        })).collect::<Vec<_>>(),
    });
    whole(&document)
}

fn whole(document: &Value) -> std::io::Result<String> {
    let mut page = formats::inert_json::pretty(document)?;
    page.push('\n');
    Ok(page)
}

fn answer(told: &Told<'_>, answered: &Answered) -> Option<Value> {
    let incident = told.incident(answered)?;
    let (answer, why) = reason(answered);
    let outcome = answered.outcome.as_ref();
    let uses = outcome.map_or(&[][..], |outcome| &outcome.uses);
    let ways = outcome.map_or(&[][..], |outcome| &outcome.ways);
    Some(json!({
        "incident": incident.id,
        "name": incident.name,
        "ids": incident.ids,
        "from": incident.from,
        "until": incident.until,
        "commit": answered.commit.as_ref().map(|commit| json!({
            "id": commit.id,
            "time": commit.time,
        })),
        "answer": answer.word(),
        "why": why,
        "uses": uses.iter().map(used).collect::<Vec<_>>(),
        "ways": ways.iter().zip(&answered.ways).map(|(one, at)| way(one, at)).collect::<Vec<_>>(),
        "not_decided": outcome.map_or(&[][..], |outcome| &outcome.unread),
        "actions_not_read": answered.opaque,
        "controls": incident.controls,
        "sources": incident.sources,
    }))
}

fn used(one: &Use) -> Value {
    json!({
        "answer": one.answer.word(),
        "what": one.what,
        "path": &*one.location.path,
        "line": one.location.line,
        "why": one.why,
        "jobs": one.jobs.iter().map(|job| json!({
            "path": job.path,
            "line": job.line,
            "job": job.name,
            "events": job.events.iter().map(|(event, could)| json!({
                "event": event,
                "could_start": could,
            })).collect::<Vec<_>>(),
            "leaks": leaks(&job.leaks),
            "stopped_by": cuts(&job.cuts),
        })).collect::<Vec<_>>(),
    })
}

fn way(one: &Taken, places: &[Place]) -> Value {
    json!({
        "answer": one.answer.word(),
        "from": one.position.to_string(),
        "verdict": verdict(&one.verdict),
        "places": places.iter().map(|place| json!({
            "path": place.location.as_ref().map(|at| at.path.to_string()),
            "line": place.location.as_ref().map(|at| at.line),
            "what": place.what,
        })).collect::<Vec<_>>(),
        "leaks": leaks(&one.leaks),
        "stopped_by": cuts(&one.cuts),
    })
}

fn leaks(leaks: &[Leak]) -> Vec<Value> {
    let leak = |leak: &Leak| {
        json!({
            "asset": leak.asset.to_string(),
            "verdict": verdict(&leak.verdict),
            "steps": leak.steps,
        })
    };
    leaks.iter().map(leak).collect()
}

fn cuts(cuts: &[Cut]) -> Vec<Value> {
    let cut = |cut: &Cut| json!({ "what": cut.what, "cost": cut.cost.word() });
    cuts.iter().map(cut).collect()
}

fn verdict(verdict: &Verdict) -> String {
    verdict.to_string()
}
