//! `permissions:` for the jobs that have it from their workflow, or from
//! nobody.

use cofferdam_facts::{Access, Scope};
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::yaml::Node;
use cofferdam_workflows::yaml::edit::{Change, Position, Value};

use crate::fix::{Fix, NoFix, Safety};
use crate::place::Place;
use crate::token::{self, JobUses};

/// Where the scopes of several jobs go.
pub(crate) enum Home<'n> {
    /// The value of `permissions:` of the workflow.
    Written(Node<'n>),
    /// The workflow has none yet.
    Missing,
}

/// A job with what it does.
pub(crate) struct Worker<'c> {
    pub(crate) view: &'c JobView<'c>,
    pub(crate) uses: JobUses,
}

pub(crate) fn workers<'c>(cx: &'c Context<'_>, views: &[&'c JobView<'c>]) -> Vec<Worker<'c>> {
    let worker = |view: &&'c JobView<'c>| Worker {
        view,
        uses: token::of_job(cx, view),
    };
    views.iter().map(worker).collect()
}

/// Scopes as a value of `permissions:`.
pub(crate) fn value(scopes: &[(Scope, Access)]) -> Value {
    let entry = |(scope, access): &(Scope, Access)| {
        (scope.word().to_owned(), Value::String(access.to_string()))
    };
    let mut entries: Vec<_> = scopes.iter().map(entry).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Mapping(entries)
}

/// Gives each job what it is known to need and nothing else. `identity` says
/// whether the jobs have one now.
pub(crate) fn least(
    place: &Place<'_>,
    home: &Home<'_>,
    workers: &[Worker<'_>],
    identity: bool,
    raises: Option<String>,
) -> Result<Fix, NoFix> {
    let wanted: Vec<_> = workers.iter().map(|w| w.uses.scopes(identity)).collect();
    let first = wanted.first().ok_or(NoFix::NoPlace)?;
    let reads_only = first.iter().all(|(_, access)| *access < Access::Write);
    let shared = wanted.iter().all(|scopes| scopes == first) && (reads_only || wanted.len() == 1);
    let of_workflow = if shared { first.as_slice() } else { &[] };
    let explanation = explanation(workers, identity);
    let mut fix = Fix::new(safety(workers, identity, raises), explanation);
    let change = match home {
        Home::Written(node) => Change::Replace {
            node: node.id(),
            value: value(of_workflow),
        },
        Home::Missing => Change::Insert {
            mapping: place.root()?.id(),
            key: "permissions".to_owned(),
            value: value(of_workflow),
            position: Position::After("on".to_owned()),
        },
    };
    fix = fix.with(place.path(), change);
    if !shared {
        for (worker, scopes) in workers.iter().zip(&wanted) {
            if scopes.is_empty() {
                continue;
            }
            fix = fix.with(place.path(), at_job(place, worker.view, value(scopes))?);
        }
    }
    Ok(fix)
}

/// `permissions:` at a job that has none.
pub(crate) fn at_job(place: &Place<'_>, view: &JobView<'_>, value: Value) -> Result<Change, NoFix> {
    let node = place.job_node(view)?;
    let before = ["runs-on", "uses"]
        .into_iter()
        .find(|key| node.get(key).is_some());
    Ok(Change::Insert {
        mapping: node.id(),
        key: "permissions".to_owned(),
        value,
        position: before.map_or(Position::Last, |key| Position::After(key.to_owned())),
    })
}

/// What each scope is for.
pub(crate) fn explanation(workers: &[Worker<'_>], identity: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    for worker in workers {
        for (scope, access) in worker.uses.scopes(identity) {
            let why = worker.uses.why(scope);
            let part = format!("`{scope}: {access}` for {why}");
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    if parts.is_empty() {
        return "no step is known to use the token".to_owned();
    }
    parts.join(", ")
}

fn safety(workers: &[Worker<'_>], identity: bool, raises: Option<String>) -> Safety {
    let scopes = Scope::ALL
        .iter()
        .filter(|scope| identity || **scope != Scope::IdToken);
    let mut open: Vec<&str> = Vec::new();
    for scope in scopes {
        for worker in workers {
            if worker.uses.access(*scope) == Access::Write {
                continue;
            }
            for who in worker.uses.open(*scope) {
                if !open.contains(&who) {
                    open.push(who);
                }
            }
        }
    }
    let needs = match open.as_slice() {
        [] => None,
        [one] => Some(format!("{one} needs no more than what is named")),
        [one, two] => Some(format!(
            "neither {one} nor {two} needs more than what is named"
        )),
        [one, two, rest @ ..] => Some(format!(
            "none of {one}, {two} and {} more needs more than what is named",
            rest.len()
        )),
    };
    match (needs, raises) {
        (None, None) => Safety::Safe,
        (Some(check), None) | (None, Some(check)) => Safety::check(check),
        (Some(one), Some(two)) => Safety::check(format!("{one}, and that {two}")),
    }
}
