//! The plain list of rules.

use crate::rule::Rule;
use crate::rules::{syntax, unpinned_action};

/// Every rule, in order of id.
pub static RULES: &[&dyn Rule] = &[&syntax::Syntax, &unpinned_action::UnpinnedAction];
