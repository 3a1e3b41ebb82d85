//! The plain list of rules.

use crate::rule::Rule;
use crate::rules::syntax;

/// Every rule, in order of id.
pub static RULES: &[&dyn Rule] = &[&syntax::Syntax];
