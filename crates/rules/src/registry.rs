//! The plain list of rules.

use crate::rule::Rule;
use crate::rules::*;

/// Every rule, in order of id, one on a line.
#[rustfmt::skip]
pub static RULES: &[&dyn Rule] = &[
    &syntax::Syntax,
    &unpinned_action::UnpinnedAction,
    &unpinned_image::UnpinnedImage,
];
