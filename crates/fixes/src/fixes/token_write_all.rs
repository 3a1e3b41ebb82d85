//! The scopes that are needed in the place of `write-all`.

use cofferdam_findings::Finding;
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::semantics::permissions::Decider;
use cofferdam_workflows::yaml::edit::Change;

use crate::fix::{Fix, Fixer, NoFix, Offer};
use crate::place::Place;
use crate::scopes::{self, Home};

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "token-write-all",
    offer: Offer::Either,
    summary: "Names the scopes that the jobs are known to need in place of `write-all`; safe \
              where every action and command is listed.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let node = place.node()?;
    if node.as_str() != Some("write-all") {
        return Err(NoFix::NoPlace);
    }
    let of_job = place
        .job()
        .filter(|view| view.token.decider == Decider::Job);
    if let Some(view) = of_job {
        let workers = scopes::workers(cx, &[view]);
        let mut fix = scopes::least(&place, &Home::Written(node), &workers, true, None)?;
        // One job has one place for them.
        fix.changes.truncate(1);
        if let (Some(first), Some(worker)) = (fix.changes.first_mut(), workers.first()) {
            first.change = Change::Replace {
                node: node.id(),
                value: scopes::value(&worker.uses.scopes(true)),
            };
        }
        return Ok(fix);
    }
    let holders: Vec<&JobView<'_>> = (cx.jobs_at(place.path()).iter())
        .filter(|view| view.token.decider == Decider::Workflow)
        .collect();
    let workers = scopes::workers(cx, &holders);
    scopes::least(&place, &Home::Written(node), &workers, true, None)
}
