//! The plain list of rules.

use crate::rule::Rule;
use crate::rules::*;

/// Every rule, in order of id, one on a line.
#[rustfmt::skip]
pub static RULES: &[&dyn Rule] = &[
    &checkout_credentials::CheckoutCredentials,
    &hardcoded_credential::HardcodedCredential,
    &long_lived_registry_credential::LongLivedRegistryCredential,
    &missing_permission::MissingPermission,
    &no_provenance::NoProvenance,
    &no_sbom::NoSbom,
    &release_cache::ReleaseCache,
    &release_environment::ReleaseEnvironment,
    &release_reachable::ReleaseReachable,
    &sbom_not_attested::SbomNotAttested,
    &secret_outside_environment::SecretOutsideEnvironment,
    &secret_reach::SecretReach,
    &secrets_all::SecretsAll,
    &secrets_inherit::SecretsInherit,
    &shared_credential::SharedCredential,
    &signed_by_tag::SignedByTag,
    &stored_signing_key::StoredSigningKey,
    &syntax::Syntax,
    &token_default::TokenDefaulted,
    &token_excessive::TokenExcessive,
    &token_write_all::TokenWriteAll,
    &unpinned_action::UnpinnedAction,
    &unpinned_image::UnpinnedImage,
    &unsigned_publication::UnsignedPublication,
];
