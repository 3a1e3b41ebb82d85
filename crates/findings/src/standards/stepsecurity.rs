//! What StepSecurity's guidance asks of workflows and repositories.
//!
//! Source: the list of controls at
//! <https://docs.stepsecurity.io/workspace/overview>, as of 2026. It has no ids;
//! those here are ours.

use cofferdam_facts::Control::{C1, C4, D1, D5, W1, X1, X2};

use super::Decided::{NotYet, Outside, Part, Whole};
use super::{Entry, requirements};

requirements! {
    /// An item of StepSecurity's list.
    pub enum StepSecurity {
        MonitorHosted = "monitor-hosted-runners", "runtime", "Network and runtime monitoring on hosted runners",
            Part(&[W1], "W1 asks for jobs that hold a secret or publish; StepSecurity asks for Harden-Runner in every job");
        MonitorSelfHosted = "monitor-self-hosted-runners", "runtime", "Monitoring on self-hosted runners",
            Outside("what runs on a machine of one's own stands in no checkout");
        ScriptInjection = "script-injection", "workflows", "Untrusted input is not executed",
            Whole(&[X2]);
        UnsafeTriggers = "unsafe-triggers", "workflows", "Unsafe events run no untrusted code without safeguards",
            Whole(&[X1]);
        PinnedActions = "pinned-actions", "workflows", "Actions are pinned to a full commit id",
            Whole(&[D1]), note "D1 asks it of container images as well.";
        CompromisedPackages = "compromised-packages", "workflows", "Pull requests bring in no compromised packages",
            Part(&[D5], "the review in the pull request itself tells, not the checkout");
        BranchProtection = "default-branch-protection", "settings", "The default branch is protected",
            NotYet("branch rules stand in the settings");
        LeastPrivilege = "least-privilege-token", "workflows", "Workflows use the least token permissions",
            Whole(&[C1]);
        ActionScore = "action-score", "workflows", "Every action has a score of 6 or more",
            Outside("the score is StepSecurity's own");
        OidcDeploys = "oidc-deployments", "credentials", "Deployments use OIDC instead of stored secrets",
            Part(&[], "credentials of registries are looked at, those of clouds are not");
        EnvironmentSecrets = "environment-secrets", "credentials", "Publishing secrets are secrets of an environment",
            Whole(&[C4]), note "C4 asks more: that no secret reaches further than the steps that use it.";
        KnownIncidents = "known-incidents", "workflows", "No action of a known incident is used",
            Part(&[], "the embedded data pack tells, as far as it reaches");
    }
}
