//! The search for all ways to a job, and their memory: many rules ask for the
//! same job.

use std::collections::BTreeSet;

use cofferdam_facts::Location;
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::semantics::gates::Way;
use cofferdam_workflows::semantics::permissions::Effective;

use super::{Guard, Start, build, commands, hands_on_a_head};
use crate::context::{Context, JobView};
use crate::stakes::Stakes;
use crate::usage::JobPlace;

/// How deep calls of reusable workflows are followed, how many ways lead to one
/// job at most, and how many callers are looked at for them. GitHub allows ten
/// levels.
const MAX_DEPTH: usize = 10;
const MAX_STARTS: usize = 64;
const MAX_CALLERS: usize = 1_000;

/// Every way by which somebody without a role starts the job with the
/// repository's privileges, closed ones included.
#[must_use]
pub fn of_job<'c>(cx: &'c Context<'c>, job: &'c JobView<'c>) -> Vec<Start<'c>> {
    all_of_job(cx, job).0
}

/// The same, and whether ways were left out because there are too many.
#[must_use]
pub fn all_of_job<'c>(cx: &'c Context<'c>, job: &'c JobView<'c>) -> (Vec<Start<'c>>, bool) {
    // One thread looks, and the others wait: it costs more than most rules.
    let kept = job.kept_starts.get_or_init(|| Kept::of(&search(cx, job)));
    kept.restored(cx)
}

fn search<'c>(cx: &'c Context<'c>, job: &'c JobView<'c>) -> Search<'c> {
    let mut search = Search {
        starts: Vec::new(),
        passable: 0,
        budget: MAX_CALLERS,
        cut: false,
    };
    follow(cx, &[job], &mut search);
    if search.cut {
        // What was not followed may be worse than what was.
        for start in &mut search.starts {
            start
                .missing
                .insert("whether one more of the many ways to the job is easier".to_owned());
        }
    }
    search
}

struct Search<'c> {
    starts: Vec<Start<'c>>,
    /// How many of them a stranger may get through.
    passable: usize,
    budget: usize,
    cut: bool,
}

impl<'c> Search<'c> {
    // Ways that are closed are kept for what closes them; they take no place
    // from those that are not.
    fn push(&mut self, start: Start<'c>) {
        if start.way.is_closed() {
            if self.starts.len() - self.passable < MAX_STARTS {
                self.starts.push(start);
            }
        } else if self.passable < MAX_STARTS {
            self.passable += 1;
            self.starts.push(start);
        } else {
            self.cut = true;
        }
    }
}

fn follow<'c>(cx: &'c Context<'c>, chain: &[&'c JobView<'c>], search: &mut Search<'c>) {
    let Some(outermost) = chain.first().copied() else {
        return;
    };
    let workflow = outermost.workflow;
    for trigger in &workflow.triggers {
        if search.cut {
            return;
        }
        if events::is_privileged_from_outside(trigger.name()) || hands_on_a_head(workflow, trigger)
        {
            search.push(build(cx, workflow, trigger, chain, None));
        } else if trigger.name() == "workflow_dispatch" {
            for command in commands(cx, workflow) {
                search.push(build(cx, workflow, trigger, chain, Some(command)));
            }
        }
    }
    if !workflow.is_reusable() || chain.len() >= MAX_DEPTH {
        return;
    }
    for caller in cx.repository.callers(workflow.path()) {
        let views = cx.jobs(caller.workflow);
        let Some(view) = views.iter().find(|v| v.job.id == caller.job.id) else {
            continue;
        };
        if chain.iter().any(|j| std::ptr::eq(*j, view)) {
            continue;
        }
        let Some(left) = search.budget.checked_sub(1) else {
            search.cut = true;
            return;
        };
        search.budget = left;
        let mut longer = vec![view];
        longer.extend(chain);
        follow(cx, &longer, search);
    }
}

/// All ways to one job, by places: a context that held references into itself
/// could not be lent for less than its whole life.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    starts: Vec<KeptStart>,
    cut: bool,
}

#[derive(Clone, Debug)]
struct KeptStart {
    trigger: usize,
    chain: Vec<JobPlace>,
    command: Option<String>,
    unasked: bool,
    way: Way,
    files: Way,
    guards: Vec<Guard>,
    token: Effective,
    stakes: Stakes,
    fork_check: Option<Location>,
    missing: BTreeSet<String>,
    before: Vec<&'static str>,
}

impl Kept {
    fn of(search: &Search<'_>) -> Self {
        let starts: Vec<KeptStart> = search.starts.iter().filter_map(KeptStart::of).collect();
        Self {
            // What could not be kept is a way that is left out.
            cut: search.cut || starts.len() < search.starts.len(),
            starts,
        }
    }

    fn restored<'c>(&self, cx: &'c Context<'c>) -> (Vec<Start<'c>>, bool) {
        let starts: Vec<Start<'c>> = self.starts.iter().filter_map(|s| s.restored(cx)).collect();
        let lost = starts.len() < self.starts.len();
        (starts, self.cut || lost)
    }
}

impl KeptStart {
    fn of(start: &Start<'_>) -> Option<Self> {
        let mut triggers = start.workflow.triggers.iter();
        Some(Self {
            trigger: triggers.position(|t| std::ptr::eq(t, start.trigger))?,
            chain: start.chain.iter().map(|view| view.place).collect(),
            command: start.command.clone(),
            unasked: start.unasked,
            way: start.way.clone(),
            files: start.files.clone(),
            guards: start.guards.clone(),
            token: start.token.clone(),
            stakes: start.stakes.clone(),
            fork_check: start.fork_check.clone(),
            missing: start.missing.clone(),
            before: start.before.clone(),
        })
    }

    fn restored<'c>(&self, cx: &'c Context<'c>) -> Option<Start<'c>> {
        let chain: Option<Vec<&'c JobView<'c>>> =
            self.chain.iter().map(|place| cx.job(*place)).collect();
        let chain = chain?;
        let workflow = chain.first()?.workflow;
        Some(Start {
            workflow,
            trigger: workflow.triggers.get(self.trigger)?,
            chain,
            command: self.command.clone(),
            unasked: self.unasked,
            way: self.way.clone(),
            files: self.files.clone(),
            guards: self.guards.clone(),
            token: self.token.clone(),
            stakes: self.stakes.clone(),
            fork_check: self.fork_check.clone(),
            missing: self.missing.clone(),
            before: self.before.clone(),
        })
    }
}
