//! The plain list of rules.

use crate::rule::Rule;
use crate::rules::*;

/// Every rule, in order of id, one on a line.
#[rustfmt::skip]
pub static RULES: &[&dyn Rule] = &[
    &archived_action::ArchivedAction,
    &checkout_credentials::CheckoutCredentials,
    &compromised_action::CompromisedAction,
    &lock_coverage::LockCoverage,
    &lookalike_action::LookalikeAction,
    &mutable_self_reference::MutableSelfReference,
    &retired_runner::RetiredRunner,
    &syntax::Syntax,
    &token_default::TokenDefaulted,
    &token_excessive::TokenExcessive,
    &token_write_all::TokenWriteAll,
    &unpinned_action::UnpinnedAction,
    &unpinned_image::UnpinnedImage,
    &vulnerable_action::VulnerableAction,
];
