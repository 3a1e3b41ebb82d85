//! One file a rule.

pub mod checkout_credentials;
pub mod syntax;
pub mod token_default;
pub mod token_excessive;
pub mod token_write_all;
pub mod unpinned_action;
pub mod unpinned_image;
