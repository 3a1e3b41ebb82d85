//! `permissions:` for a workflow that leaves them to the settings.

use cofferdam_facts::Access;
use cofferdam_findings::Finding;
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::semantics::permissions::{Decider, TokenDefault};

use crate::fix::{Fix, Fixer, NoFix, Offer};
use crate::place::Place;
use crate::scopes::{self, Home};

/// The fixer.
pub const FIXER: Fixer = Fixer {
    rule: "token-default",
    offer: Offer::Either,
    summary: "Names the scopes that the jobs are known to need, at the workflow where all need \
              the same and only read, else at each job; safe where every action and command is \
              listed and none writes.",
    fix,
};

fn fix(cx: &Context<'_>, finding: &Finding) -> Result<Fix, NoFix> {
    let place = Place::of(cx, finding)?;
    let root = place.root()?;
    if root.get("permissions").is_some() {
        return Err(NoFix::NoPlace);
    }
    let undeclared: Vec<&JobView<'_>> = (cx.jobs_at(place.path()).iter())
        .filter(|view| view.token.decider == Decider::Settings)
        .collect();
    let workers = scopes::workers(cx, &undeclared);
    // No default gives an identity, so that nobody can need one here.
    let writes = (workers.iter())
        .flat_map(|worker| worker.uses.scopes(false))
        .find(|(_, access)| *access == Access::Write);
    let raises = writes
        .filter(|_| cx.token_default() != TokenDefault::Permissive)
        .map(|(scope, _)| {
            format!("the settings give `{scope}: write` today, so that this gives no more")
        });
    scopes::least(&place, &Home::Missing, &workers, false, raises)
}
