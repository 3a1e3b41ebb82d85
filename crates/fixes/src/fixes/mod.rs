//! One file a rule.

pub mod bot_conditions;
pub mod checkout_credentials;
pub mod concurrency_limits;
pub mod constant_condition;
pub mod debug_tracing;
pub mod insecure_commands;
pub mod mutable_self_reference;
pub mod no_provenance;
pub mod obfuscation;
pub mod secrets_inherit;
pub mod template_injection;
pub mod timeout_missing;
pub mod token_default;
pub mod token_excessive;
pub mod token_write_all;
pub mod unsound_contains;
pub mod unsound_ternary;
pub mod update_cooldown;
