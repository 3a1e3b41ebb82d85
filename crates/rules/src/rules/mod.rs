//! One file a rule.

pub mod checkout_credentials;
pub mod hardcoded_credential;
pub mod long_lived_registry_credential;
pub mod missing_permission;
pub mod no_provenance;
pub mod no_sbom;
pub mod release_cache;
pub mod release_environment;
pub mod release_reachable;
pub mod sbom_not_attested;
pub mod secret_outside_environment;
pub mod secret_reach;
pub mod secrets_all;
pub mod secrets_inherit;
pub mod shared_credential;
pub mod signed_by_tag;
pub mod stored_signing_key;
pub mod syntax;
pub mod token_default;
pub mod token_excessive;
pub mod token_write_all;
pub mod unpinned_action;
pub mod unpinned_image;
pub mod unsigned_publication;
