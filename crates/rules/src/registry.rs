//! The plain list of rules.

use crate::rule::Rule;
use crate::rules::*;

/// Every rule, in order of id, one on a line.
#[rustfmt::skip]
pub static RULES: &[&dyn Rule] = &[
    &checkout_credentials::CheckoutCredentials,
    &checksum_bypass::ChecksumBypass,
    &dependabot_execution::DependabotExecution,
    &dependency_review::DependencyReview,
    &egress_control::EgressControl,
    &lockfile_bypass::LockfileBypass,
    &release_immutable::ReleaseImmutable,
    &scorecard_run::ScorecardRun,
    &security_insights::SecurityInsights,
    &security_policy::SecurityPolicyRule,
    &sign_off::SignOff,
    &stale_credentials::StaleCredentials,
    &syntax::Syntax,
    &token_default::TokenDefaulted,
    &token_excessive::TokenExcessive,
    &token_write_all::TokenWriteAll,
    &unpinned_action::UnpinnedAction,
    &unpinned_image::UnpinnedImage,
    &update_cooldown::UpdateCooldown,
    &vendor_verification::VendorVerification,
    &vulnerability_scan::VulnerabilityScan,
];
