//! Every fixer, by the id of its rule.

use crate::fix::Fixer;
use crate::fixes;

/// Every fixer, sorted by rule.
pub const FIXERS: &[&Fixer] = &[
    &fixes::checkout_credentials::FIXER,
    &fixes::debug_tracing::FIXER,
    &fixes::obfuscation::FIXER,
    &fixes::timeout_missing::FIXER,
];

/// The fixer of a rule.
#[must_use]
pub fn fixer(rule: &str) -> Option<&'static Fixer> {
    FIXERS.iter().find(|fixer| fixer.rule == rule).copied()
}
