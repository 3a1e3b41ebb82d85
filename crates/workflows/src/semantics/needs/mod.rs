//! Which scopes of GITHUB_TOKEN a step is known to write with.
//!
//! What is known of actions stands in [`actions`], what is known of programs in
//! [`commands`], each with its source. An action that is not listed may need
//! anything that the job holds.

pub mod actions;
pub mod commands;

use cofferdam_facts::Scope;

use crate::documents::step::Step;
use crate::semantics::secrets::{self, SecretName};
use crate::shell::Script;

use actions::of_action;
use commands::Uses;

/// What a step may write with the job's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// These scopes and no others.
    Known(Vec<Scope>),
    /// It cannot be told: the action is not listed, or the script hands the
    /// token to something that is not read here.
    Unknown,
}

impl Needs {
    /// Whether the step may need a scope.
    #[must_use]
    pub fn may_need(&self, scope: Scope) -> bool {
        match self {
            Self::Known(scopes) => scopes.contains(&scope),
            Self::Unknown => true,
        }
    }
}

/// What a step may write with the job's token.
#[must_use]
pub fn of_step(step: &Step, script: Option<&Script>, token_in_env: bool) -> Needs {
    if step.uses().is_some() {
        // A local action or a container is read elsewhere or not at all.
        return match step.action().and_then(of_action) {
            Some(row) => Needs::Known([row.writes, row.perhaps].concat()),
            None => Needs::Unknown,
        };
    }
    let Some(script) = script else {
        return Needs::Known(Vec::new());
    };
    if !script.understood {
        return Needs::Unknown;
    }
    let has_token = token_in_env
        || step.texts().any(|(_, text)| {
            text.parsed()
                .any(|(_, expr)| secrets::names(expr).contains(&SecretName::Token))
        });
    let mut scopes = Vec::new();
    for command in &script.commands {
        match commands::of_command(command) {
            Uses::Token {
                writes, perhaps, ..
            } => scopes.extend([writes, perhaps].concat()),
            Uses::Signs => return Needs::Unknown,
            Uses::Nothing => {}
            // Anything else can use the token only if it is handed to it.
            Uses::Unread if has_token => return Needs::Unknown,
            Uses::Unread => {}
        }
    }
    Needs::Known(scopes)
}
