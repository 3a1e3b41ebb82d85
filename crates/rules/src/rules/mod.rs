//! One file a rule.

pub mod ariane_open_trigger;
pub mod ariane_regex;
pub mod checkout_credentials;
pub mod checkout_guard_disabled;
pub mod codeowners_github;
pub mod privileged_trigger;
pub mod syntax;
pub mod token_default;
pub mod token_excessive;
pub mod token_write_all;
pub mod unpinned_action;
pub mod unpinned_image;
pub mod untrusted_checkout;
