//! The plain list of rules.

use crate::rule::Rule;

/// Every rule, in order of id.
pub static RULES: &[&dyn Rule] = &[];
