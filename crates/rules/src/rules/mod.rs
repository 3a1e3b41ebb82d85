//! One file a rule.

pub mod checkout_credentials;
pub mod checksum_bypass;
pub mod dependabot_execution;
pub mod dependency_review;
pub mod egress_control;
pub mod lockfile_bypass;
pub mod release_immutable;
pub mod scorecard_run;
pub mod security_insights;
pub mod security_policy;
pub mod sign_off;
pub mod stale_credentials;
pub mod syntax;
pub mod token_default;
pub mod token_excessive;
pub mod token_write_all;
pub mod unpinned_action;
pub mod unpinned_image;
pub mod update_cooldown;
pub mod vendor_verification;
pub mod vulnerability_scan;
