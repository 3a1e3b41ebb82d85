//! The files that decide what CI does, as spanned documents. One file a kind.

pub mod action;
pub mod codeowners;
pub mod dockerfile;
pub mod job;
pub mod kind;
pub mod problem;
mod reader;
pub mod step;
pub mod text;
pub mod trigger;
pub mod workflow;

pub use action::Action;
pub use codeowners::CodeOwners;
pub use dockerfile::Dockerfile;
pub use job::Job;
pub use problem::{Problem, ProblemKind};
pub use reader::SchemaProblem;
pub use step::Step;
pub use text::{Condition, Pair, Text};
pub use trigger::Trigger;
pub use workflow::Workflow;
