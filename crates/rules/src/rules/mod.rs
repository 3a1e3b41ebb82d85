//! One file a rule.

pub mod archived_action;
pub mod checkout_credentials;
pub mod compromised_action;
pub mod lock_coverage;
pub mod lookalike_action;
pub mod mutable_self_reference;
pub mod retired_runner;
pub mod syntax;
pub mod token_default;
pub mod token_excessive;
pub mod token_write_all;
pub mod unpinned_action;
pub mod unpinned_image;
pub mod vulnerable_action;
