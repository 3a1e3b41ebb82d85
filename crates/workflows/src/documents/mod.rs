//! The files that decide what CI does, as spanned documents. One file a kind.

pub mod action;
pub mod job;
pub mod kind;
mod reader;
pub mod step;
pub mod text;
pub mod trigger;
pub mod workflow;

pub use action::Action;
pub use job::Job;
pub use reader::SchemaProblem;
pub use step::Step;
pub use text::{Condition, Pair, Text};
pub use trigger::Trigger;
pub use workflow::Workflow;
