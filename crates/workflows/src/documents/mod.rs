//! The files that decide what CI does, as spanned documents. One file a kind.

pub mod action;
pub mod actions_lock;
pub mod ariane;
pub mod codeowners;
pub mod dco;
pub mod dependabot;
pub mod dockerfile;
pub mod job;
pub mod kind;
pub mod little_helper;
mod path_parts;
pub mod problem;
mod reader;
mod reading;
pub mod security_policy;
pub mod step;
pub mod text;
pub mod trigger;
pub mod workflow;

pub use action::Action;
pub use actions_lock::ActionsLock;
pub use ariane::Ariane;
pub use codeowners::CodeOwners;
pub use dco::Dco;
pub use dependabot::Dependabot;
pub use dockerfile::Dockerfile;
pub use job::Job;
pub use little_helper::LittleHelper;
pub use problem::{Problem, ProblemKind};
pub use reader::SchemaProblem;
pub use security_policy::SecurityPolicy;
pub use step::Step;
pub use text::{Condition, Pair, Text};
pub use trigger::Trigger;
pub use workflow::Workflow;
