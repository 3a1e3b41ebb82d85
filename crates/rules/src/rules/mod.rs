//! One file a rule.

pub mod syntax;
pub mod unpinned_action;
