//! One file a rule.

pub mod checkout_credentials;
pub mod debug_tracing;
pub mod obfuscation;
pub mod timeout_missing;
