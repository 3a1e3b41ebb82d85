//! Runs every rule over every document.

use rayon::prelude::*;

use crate::context::Context;
use crate::registry::RULES;
use crate::rule::{Rule, Sink};
use crate::unread;

/// Runs every rule. The order of what comes back does not depend on the number
/// of threads.
#[must_use]
pub fn run(cx: &Context<'_>) -> Sink {
    let sinks: Vec<Sink> = RULES.par_iter().map(|rule| run_one(cx, *rule)).collect();
    let mut all = Sink::default();
    for sink in sinks {
        all.absorb(sink);
    }
    unread::take_back(cx, &mut all);
    all
}

/// Runs one rule over every document.
#[must_use]
pub fn run_one(cx: &Context<'_>, rule: &dyn Rule) -> Sink {
    let mut sink = Sink::for_rule(rule.info());
    for workflow in &cx.repository.workflows {
        rule.workflow(cx, workflow, &mut sink);
    }
    for action in &cx.repository.actions {
        rule.action(cx, action, &mut sink);
    }
    rule.repository(cx, &mut sink);
    sink
}
