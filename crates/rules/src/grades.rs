//! How bad it is when somebody's code runs in a job, by what the job holds and
//! what it takes to get there.

use cofferdam_facts::Scope;
use cofferdam_findings::Severity;
use cofferdam_workflows::documents::job::CacheMode;
use cofferdam_workflows::semantics::gates::Gate;

use crate::context::JobView;
use crate::starts::Start;

/// What a job holds, from most to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The repository, a release, a secret.
    Grave,
    /// Other rights to write.
    Writes,
    /// Perhaps rights to write: a setting decides.
    Perhaps,
    /// A cache or a runner that outlives the job.
    Little,
    /// Nothing.
    Nothing,
}

/// What a job holds in the run of a start.
#[must_use]
pub fn held(view: &JobView<'_>, start: &Start<'_>) -> Held {
    // What the identity opens is another party's to say.
    let mut worth = start.stakes.clone();
    worth.writes.remove(&Scope::IdToken);
    if worth.is_grave() {
        Held::Grave
    } else if !start.stakes.writes.is_empty() {
        Held::Writes
    } else if start.stakes.perhaps_writes {
        Held::Perhaps
    } else if writes_cache(view) || is_self_hosted(view) {
        Held::Little
    } else {
        Held::Nothing
    }
}

// Runs that strangers start may only read the default branch's cache since
// 2026-06, unless the workflow asks for more.
fn writes_cache(view: &JobView<'_>) -> bool {
    let mode = view
        .job
        .cache_mode
        .as_ref()
        .or(view.workflow.cache_mode.as_ref());
    mode.is_some_and(|m| matches!(m.value, CacheMode::Write | CacheMode::WriteOnly))
}

/// Whether the runner outlives the job.
#[must_use]
pub fn is_self_hosted(view: &JobView<'_>) -> bool {
    let runs_on = &view.job.runs_on;
    runs_on
        .labels
        .iter()
        .any(|l| l.value.eq_ignore_ascii_case("self-hosted"))
}

/// How bad it is when a stranger's code runs. `mutable` if what runs can change
/// after somebody has let it through.
#[must_use]
pub fn severity(held: Held, gates: &[Gate], mutable: bool) -> Severity {
    let open = match held {
        Held::Grave => Severity::Critical,
        Held::Writes | Held::Perhaps | Held::Little => Severity::High,
        Held::Nothing => Severity::Low,
    };
    // A guard that holds as long as the fork exists: the one layer that is left
    // takes the author a step that cannot be taken in every event.
    if gates.contains(&Gate::ForkGone) {
        return open.lowered().min(Severity::Medium);
    }
    let approved = gates.iter().any(|g| matches!(g, Gate::Environment(_)));
    match gates {
        [] => open,
        // Each run is approved, and it is the approved commit that runs.
        _ if approved && !mutable => open.lowered().lowered(),
        _ => open.lowered(),
    }
}

/// What is lost, for messages.
#[must_use]
pub fn taken(view: &JobView<'_>, start: &Start<'_>) -> String {
    let mut taken = Vec::new();
    if start.stakes.any() || start.stakes.perhaps_writes {
        taken.push(start.stakes.describe());
    }
    if writes_cache(view) {
        taken.push("the right to write the default branch's cache".to_owned());
    }
    if is_self_hosted(view) {
        taken.push("a runner that outlives the job".to_owned());
    }
    if taken.is_empty() {
        return start.stakes.describe();
    }
    taken.join(" and ")
}
