//! The plain list of rules.

use crate::rule::Rule;
use crate::rules::*;

/// Every rule, in order of id, one on a line.
#[rustfmt::skip]
pub static RULES: &[&dyn Rule] = &[
    &checkout_credentials::CheckoutCredentials,
    &hardcoded_credential::HardcodedCredential,
    &release_environment::ReleaseEnvironment,
    &release_reachable::ReleaseReachable,
    &secret_outside_environment::SecretOutsideEnvironment,
    &secret_reach::SecretReach,
    &secrets_all::SecretsAll,
    &secrets_inherit::SecretsInherit,
    &shared_credential::SharedCredential,
    &syntax::Syntax,
    &token_default::TokenDefaulted,
    &token_excessive::TokenExcessive,
    &token_write_all::TokenWriteAll,
    &unpinned_action::UnpinnedAction,
    &unpinned_image::UnpinnedImage,
];
