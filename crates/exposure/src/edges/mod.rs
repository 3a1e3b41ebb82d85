//! The rules that draw edges: one file each, and one line in [`RULES`].
//!
//! A rule says in its source which page of the documentation it rests on. Any
//! one of them can be left out, so that a test shows that each is needed.

mod action;
mod actions_behind;
mod app;
mod artifact;
mod artifact_position;
mod cache_restore;
mod cache_write;
mod called_workflow;
mod callee;
mod credential;
mod default_branch;
mod docker_step;
mod download;
mod follows;
mod foreign_code;
mod foreign_content;
mod fork_pull_request;
mod fork_sent;
mod handed;
mod image;
mod injection;
mod job_environment;
mod job_oidc;
mod job_publish;
mod job_runner;
mod job_secrets;
mod job_token;
mod merge_queue;
mod needs;
mod neighbour;
mod outsider_start;
mod own_environment;
mod own_runner;
mod own_workflow;
mod pushes;
mod roles;
mod service;
mod token_dispatch;
mod token_publish;
mod token_refs;
mod tool;
mod writer;

use crate::graph::Graph;
use crate::scene::Scene;
use crate::universe::Universe;

/// A rule that draws edges.
#[derive(Clone, Copy, Debug)]
pub struct EdgeRule {
    /// Its id.
    pub id: &'static str,
    /// What it says, in one sentence.
    pub says: &'static str,
    /// The page that says so.
    pub source: &'static str,
    /// Draws its edges.
    pub draw: fn(&Ground<'_, '_>, &mut Graph),
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'g, 'c> {
    /// The runs and settings.
    pub scene: &'g Scene<'c>,
    /// What there is to be had at all.
    pub universe: &'g Universe,
}

/// Every rule, in order of id.
pub const RULES: &[EdgeRule] = &[
    action::RULE,
    actions_behind::RULE,
    app::RULE,
    artifact::RULE,
    artifact_position::RULE,
    cache_restore::RULE,
    cache_write::RULE,
    called_workflow::RULE,
    callee::RULE,
    credential::RULE,
    default_branch::RULE,
    docker_step::RULE,
    download::RULE,
    follows::RULE,
    foreign_code::RULE,
    foreign_content::RULE,
    fork_pull_request::RULE,
    fork_sent::RULE,
    handed::RULE,
    image::RULE,
    injection::RULE,
    job_environment::RULE,
    job_oidc::RULE,
    job_publish::RULE,
    job_runner::RULE,
    job_secrets::RULE,
    job_token::RULE,
    merge_queue::RULE,
    needs::RULE,
    neighbour::RULE,
    outsider_start::RULE,
    own_environment::RULE,
    own_runner::RULE,
    own_workflow::RULE,
    pushes::RULE,
    roles::RULE,
    service::RULE,
    token_dispatch::RULE,
    token_publish::RULE,
    token_refs::RULE,
    tool::RULE,
    writer::RULE,
];

/// Whether a rule looks at the points that the others have drawn.
#[must_use]
pub fn comes_last(rule: &EdgeRule) -> bool {
    rule.id == handed::RULE.id
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn rules_are_in_order_and_have_a_source() {
        assert!(RULES.windows(2).all(|w| matches!(w, [a, b] if a.id < b.id)));
        for rule in RULES {
            assert!(rule.source.starts_with("https://"), "{}", rule.id);
            assert!(rule.says.ends_with('.'), "{}", rule.id);
        }
    }
}
