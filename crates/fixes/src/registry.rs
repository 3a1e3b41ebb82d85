//! Every fixer, by the id of its rule.

use crate::fix::Fixer;
use crate::fixes;

/// Every fixer, sorted by rule.
pub const FIXERS: &[&Fixer] = &[
    &fixes::bot_conditions::FIXER,
    &fixes::checkout_credentials::FIXER,
    &fixes::concurrency_limits::FIXER,
    &fixes::constant_condition::FIXER,
    &fixes::debug_tracing::FIXER,
    &fixes::insecure_commands::FIXER,
    &fixes::mutable_self_reference::FIXER,
    &fixes::no_provenance::FIXER,
    &fixes::obfuscation::FIXER,
    &fixes::secrets_inherit::FIXER,
    &fixes::template_injection::FIXER,
    &fixes::timeout_missing::FIXER,
    &fixes::token_default::FIXER,
    &fixes::token_excessive::FIXER,
    &fixes::token_write_all::FIXER,
    &fixes::unsound_contains::FIXER,
    &fixes::unsound_ternary::FIXER,
    &fixes::update_cooldown::FIXER,
];

/// The fixer of a rule.
#[must_use]
pub fn fixer(rule: &str) -> Option<&'static Fixer> {
    FIXERS.iter().find(|fixer| fixer.rule == rule).copied()
}
