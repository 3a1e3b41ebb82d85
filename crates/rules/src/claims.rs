//! Which proofs run whenever a shipment is published.
//!
//! A step that signs proves nothing where its condition, or that of its job,
//! keeps it from running in a start in which something is published. What the
//! conditions of the publication ask for too is not asked again.

use std::collections::BTreeSet;

use cofferdam_workflows::documents::{Condition, Job, Step, Workflow};
use cofferdam_workflows::expressions::{self, Expr};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::proving::Proof;
use cofferdam_workflows::semantics::starts::{self, Start};
use cofferdam_workflows::semantics::tolerance::{self, Tolerance};

use crate::context::{Context, JobView};
use crate::shipments::{self, Place, Shipment};

/// A proof that runs, at least sometimes, when something is published.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'c> {
    pub(crate) job: &'c JobView<'c>,
    pub(crate) proof: &'c Proof,
    /// Whether it runs whenever the publication does, and fails if it cannot.
    pub(crate) sure: bool,
}

/// The proofs in the company of a shipment, without those that never run.
pub(crate) fn of<'c>(
    cx: &'c Context<'c>,
    starts: &[Start<'c>],
    shipment: &Shipment<'c>,
) -> Vec<Claim<'c>> {
    let mut claims = Vec::new();
    for &job in &shipment.company {
        for proof in &job.proving.proofs {
            let runs = runs(cx, starts, shipment, job, proof);
            if runs != Runs::No {
                let sure = runs == Runs::Yes;
                claims.push(Claim { job, proof, sure });
            }
        }
    }
    claims
}

fn runs<'c>(
    cx: &'c Context<'c>,
    starts: &[Start<'c>],
    shipment: &Shipment<'c>,
    job: &'c JobView<'c>,
    proof: &Proof,
) -> Runs {
    let same = |place: &&Place<'_>| {
        shipments::is_same(place.job, job) && place.publication.step == proof.step
    };
    if let Some(place) = shipment.places.iter().find(same) {
        // Both are in one script, which decides on both alike.
        let sure = proof.own || proof.sure || place.publication.conditional;
        return if sure { Runs::Yes } else { Runs::Maybe };
    }
    let step = job.job.steps().get(proof.step);
    let stops = step.map_or_else(
        || tolerance::of_job(job.job),
        |step| tolerance::of_step(job.job, step),
    );
    let alone = if proof.sure && stops == Tolerance::Stops {
        Runs::Yes
    } else {
        Runs::Maybe
    };
    let wanted = conditions(job.workflow, job.job, step);
    let places: Vec<&Place<'_>> = (shipment.places.iter())
        .filter(|place| place.job.workflow.path() == job.workflow.path())
        .collect();
    if places.is_empty() {
        // Another workflow: its own starts tell whether it can run at all.
        let own = starts::of(cx.repository, job.workflow);
        let never = |start: &Start<'_>| wanted.holds(Some(start), &BTreeSet::new()) == Runs::No;
        let dead = match own.as_slice() {
            [] => wanted.holds(None, &BTreeSet::new()) == Runs::No,
            own => own.iter().all(never),
        };
        return if dead { Runs::No } else { alone };
    }
    let (mut some, mut all) = (false, true);
    for place in places {
        let known = known(place);
        let mut note = |runs: Runs| {
            some |= runs != Runs::No;
            all &= runs == Runs::Yes;
        };
        let happens =
            |start: &&Start<'_>| shipments::happens(cx, start, place.job, place.publication);
        let merged = |start: &&Start<'_>| {
            shipment.development || !shipments::is_unmerged(&start.origin, shipment.artifact)
        };
        let mut reaching = starts.iter().filter(happens).filter(merged).peekable();
        if reaching.peek().is_none() {
            note(wanted.holds(None, &known));
        }
        for start in reaching {
            note(wanted.holds(Some(start), &known));
        }
    }
    match (some, all) {
        (false, _) => Runs::No,
        (true, true) => alone,
        (true, false) => Runs::Maybe,
    }
}

/// What must be true for a step to run.
struct Wanted<'c> {
    workflow: &'c Workflow,
    parts: Vec<(&'c Job, Option<&'c Step>, &'c Condition)>,
}

// The conditions of a step, of its job, and of the jobs that it waits for.
fn conditions<'c>(workflow: &'c Workflow, job: &'c Job, step: Option<&'c Step>) -> Wanted<'c> {
    let mut parts = Vec::new();
    if let Some(step) = step {
        let condition = step.condition.as_ref();
        parts.extend(condition.map(|condition| (job, Some(step), condition)));
    }
    let mut seen = BTreeSet::new();
    let mut queue = Vec::new();
    let mut waiting = Some(job);
    while let Some(next) = waiting.take().or_else(|| queue.pop()) {
        // Most jobs wait for no other.
        if !job.needs.is_empty() && !seen.insert(next.id.value.as_str()) {
            continue;
        }
        parts.extend(
            next.condition
                .iter()
                .map(|condition| (next, None, condition)),
        );
        let anyway = ["always", "failure", "cancelled"];
        let expr = next.condition.as_ref().and_then(Condition::expr);
        if !expr.is_some_and(|expr| anyway.iter().any(|f| expr.calls(f))) {
            let needs = next.needs.iter();
            queue.extend(needs.filter_map(|need| workflow.job(&need.value)));
        }
    }
    Wanted { workflow, parts }
}

// What is true already where something is published.
fn known(place: &Place<'_>) -> BTreeSet<String> {
    let job = place.job;
    let step = job.job.steps().get(place.publication.step);
    let own = conditions(job.workflow, job.job, step);
    let mut known: BTreeSet<String> = (own.parts.iter())
        .flat_map(|(.., condition)| pieces(&condition.text.value))
        .map(|piece| plain(&piece))
        .collect();
    let switch = place.publication.decided_by.as_ref();
    let path = switch.and_then(Expr::as_context);
    known.extend(path.map(|path| plain(&path.text())));
    known
}

impl Wanted<'_> {
    /// Whether all of it is true in a start, or whatever the start.
    fn holds(&self, start: Option<&Start<'_>>, known: &BTreeSet<String>) -> Runs {
        let mut all = Runs::Yes;
        for (job, step, condition) in &self.parts {
            let truth = |expr: &Expr| match start {
                Some(start) => start.decides(self.workflow, job, *step, expr),
                None => expr.fold().map(|value| value.is_truthy()),
            };
            for piece in pieces(&condition.text.value) {
                let word = plain(&piece);
                let holds = match word.as_str() {
                    "failure()" | "cancelled()" => Some(false),
                    "always()" | "success()" | "!cancelled()" | "!failure()" => Some(true),
                    _ if known.contains(&word) => Some(true),
                    _ => match expressions::condition(&piece) {
                        Ok(expr) => truth(&expr),
                        // A piece that was cut inside of brackets.
                        Err(_) => condition.expr().and_then(truth),
                    },
                };
                match holds {
                    Some(true) => {}
                    Some(false) => return Runs::No,
                    None => all = Runs::Maybe,
                }
            }
        }
        all
    }
}

fn pieces(condition: &str) -> Vec<String> {
    let bare = condition.trim();
    let bare = bare.strip_prefix("${{").unwrap_or(bare);
    let bare = bare.strip_suffix("}}").unwrap_or(bare);
    // What stands behind `||` is no condition of its own.
    if bare.contains("||") {
        return vec![bare.trim().to_owned()];
    }
    bare.split("&&")
        .map(|piece| piece.trim().to_owned())
        .collect()
}

// Two ways to ask the same of a switch: `x`, `x == 'true'`.
fn plain(piece: &str) -> String {
    let mut text = piece.to_ascii_lowercase();
    text.retain(|c| !c.is_whitespace());
    for same in ["=='true'", "==true"] {
        if let Some(shorter) = text.strip_suffix(same) {
            text.truncate(shorter.len());
        }
    }
    text
}
