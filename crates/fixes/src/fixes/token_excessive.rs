//! Rights to write are taken from the jobs that do not use them.
//!
//! A right that a workflow gives to all of its jobs stays with those that use
//! it, or run what is not read: they get all that they had, at the job.

use cofferdam_facts::{Access, Scope};
use cofferdam_findings::Finding;
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::semantics::permissions::Decider;
use cofferdam_workflows::yaml::Node;
use cofferdam_workflows::yaml::edit::{Change, Value};

use crate::fix::{Fix, Fixer, NoFix, Offer, Safety};
use crate::place::Place;
use crate::scopes::{self, Worker};

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "token-excessive",
    offer: Offer::Either,
    summary: "Takes the right from the workflow and gives it to the jobs that use it, or run \
              what is not read, or takes it from the job; safe where every action and command \
              of the jobs that lose it is listed.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    if let Some(word) = finding.subject.strip_prefix("permissions.") {
        let scope = Scope::from_word(word).ok_or(NoFix::NoPlace)?;
        return shared(cx, &place, scope);
    }
    if finding.subject == "permissions" {
        return Err(NoFix::not_here(
            "what the other jobs run is not read, so that only their authors know what they need",
        ));
    }
    let view = place.job().ok_or(NoFix::NoPlace)?;
    let node = place
        .job_node(view)?
        .get("permissions")
        .ok_or(NoFix::NoPlace)?;
    of_job(cx, &place, view, node, finding)
}

fn shared(cx: &Context<'_>, place: &Place<'_>, scope: Scope) -> Result<Fix, NoFix> {
    let node = place.root()?.get("permissions").ok_or(NoFix::NoPlace)?;
    let entry = node.get(scope.word()).ok_or(NoFix::NoPlace)?;
    let holders: Vec<&JobView<'_>> = (cx.jobs_at(place.path()).iter())
        .filter(|view| view.token.decider == Decider::Workflow)
        .collect();
    let workers = scopes::workers(cx, &holders);
    let keeps = |worker: &&Worker<'_>| {
        worker.uses.access(scope) == Access::Write || !worker.uses.open(scope).is_empty()
    };
    let (keeping, losing): (Vec<_>, Vec<_>) = workers.iter().partition(keeps);
    let Some(first) = losing.first() else {
        return Err(NoFix::not_here(format!(
            "every job may use `{scope}: write`, or runs what is not read"
        )));
    };
    let who = match losing.as_slice() {
        [one] => format!("job `{}` does not use it", one.view.job.name()),
        _ => format!(
            "job `{}` and {} more do not use it",
            first.view.job.name(),
            losing.len() - 1
        ),
    };
    let mut fix = Fix::new(
        Safety::Safe,
        format!("{who}, and nothing that they run can"),
    );
    let reads = losing
        .iter()
        .any(|worker| worker.uses.access(scope) == Access::Read);
    fix = fix.with(place.path(), without(node, entry, scope, reads));
    for worker in keeping {
        let change = scopes::at_job(place, worker.view, kept(node, worker)?)?;
        fix = fix.with(place.path(), change);
    }
    Ok(fix)
}

/// The scopes that a job had from the workflow, but for those that it is known
/// not to write.
fn kept(node: Node<'_>, worker: &Worker<'_>) -> Result<Value, NoFix> {
    let mut entries = Vec::new();
    for (key, value) in node.entries() {
        let (Some(key), Some(value)) = (key.as_str(), value.as_str()) else {
            return Err(NoFix::NoPlace);
        };
        let scope = Scope::from_word(key).ok_or(NoFix::NoPlace)?;
        let used = worker.uses.access(scope);
        let idle = value == "write" && used < Access::Write && worker.uses.open(scope).is_empty();
        match (idle, used) {
            (false, _) => entries.push((key.to_owned(), Value::String(value.to_owned()))),
            (true, Access::Read) => entries.push((key.to_owned(), "read".into())),
            (true, _) => {}
        }
    }
    Ok(Value::Mapping(entries))
}

fn without(node: Node<'_>, entry: Node<'_>, scope: Scope, reads: bool) -> Change {
    if reads {
        return Change::Replace {
            node: entry.id(),
            value: "read".into(),
        };
    }
    if node.entries().count() == 1 {
        // Without any entry left the key says that nothing is given; without the
        // key the settings would decide.
        return Change::Replace {
            node: node.id(),
            value: Value::Mapping(Vec::new()),
        };
    }
    Change::Remove {
        mapping: node.id(),
        key: scope.word().to_owned(),
    }
}

fn of_job(
    cx: &Context<'_>,
    place: &Place<'_>,
    view: &JobView<'_>,
    node: Node<'_>,
    finding: &Finding,
) -> Result<Fix, NoFix> {
    let workers = scopes::workers(cx, &[view]);
    let uses = &workers.first().ok_or(NoFix::NoPlace)?.uses;
    let named = |scope: &Scope| finding.subject.contains(&format!("`{scope}: write`"));
    let unused: Vec<Scope> = view.token.writes().filter(named).collect();
    let all = unused.len() == node.entries().count();
    let mut open: Vec<&str> = Vec::new();
    let words: Vec<String> = unused.iter().map(|s| format!("`{s}: write`")).collect();
    let explanation = format!(
        "no step of job `{}` uses {}",
        view.job.name(),
        words.join(", ")
    );
    let mut fix = Fix::new(Safety::Safe, explanation);
    let mut left = false;
    for scope in &unused {
        if uses.access(*scope) == Access::Write {
            return Err(NoFix::not_here(format!(
                "{} uses `{scope}: write`",
                uses.why(*scope)
            )));
        }
        open.extend(uses.open(*scope));
        let reads = uses.access(*scope) == Access::Read;
        left |= reads;
        let entry = node.get(scope.word()).ok_or(NoFix::NoPlace)?;
        let change = if reads {
            without(node, entry, *scope, true)
        } else {
            Change::Remove {
                mapping: node.id(),
                key: scope.word().to_owned(),
            }
        };
        fix = fix.with(place.path(), change);
    }
    if all && !left {
        fix.changes.clear();
        let change = Change::Replace {
            node: node.id(),
            value: Value::Mapping(Vec::new()),
        };
        fix = fix.with(place.path(), change);
    }
    open.sort_unstable();
    open.dedup();
    if let Some(who) = open.first() {
        let more = match open.len() {
            1 => String::new(),
            2 => ", and one more step neither".to_owned(),
            n => format!(", and {} more steps neither", n - 1),
        };
        fix.safety = Safety::check(format!("{who} does not use {}{more}", words.join(", ")));
    }
    Ok(fix)
}
