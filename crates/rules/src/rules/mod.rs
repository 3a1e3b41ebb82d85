//! One file a rule.

pub mod checkout_credentials;
pub mod hardcoded_credential;
pub mod release_environment;
pub mod release_reachable;
pub mod secret_outside_environment;
pub mod secret_reach;
pub mod secrets_all;
pub mod secrets_inherit;
pub mod shared_credential;
pub mod syntax;
pub mod token_default;
pub mod token_excessive;
pub mod token_write_all;
pub mod unpinned_action;
pub mod unpinned_image;
