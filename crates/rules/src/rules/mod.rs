//! One file a rule.

pub mod syntax;
