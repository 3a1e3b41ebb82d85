//! Rulesets and the classic protection of a branch.
//!
//! Source: GitHub REST API, "Rules", "Protected branches".

use serde::{Deserialize, Serialize};

use super::fact::Fact;
use super::word::words;

/// One ruleset that applies to the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruleset {
    /// GitHub's number of it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it protects.
    pub target: Fact<RulesetTarget>,
    /// What kind of account it was set on.
    pub source_type: Fact<SourceType>,
    /// The repository, organisation or enterprise that it was set on.
    pub source: String,
    /// Whether it is in force.
    pub enforcement: Enforcement,
    /// The full refs that it covers; `None` where it is not about refs.
    pub refs: Fact<Option<Patterns>>,
    /// What it demands.
    pub rules: Fact<Vec<Rule>>,
    /// Who may ignore it. GitHub tells this only to those who may edit it.
    pub bypass_actors: Fact<Vec<BypassActor>>,
}

words! {
    /// What a ruleset protects.
    RulesetTarget {
        /// Branches.
        Branch = "branch",
        /// Tags.
        Tag = "tag",
        /// What is pushed.
        Push = "push",
        /// The repository itself.
        Repository = "repository",
    }
}

words! {
    /// What kind of account a ruleset or policy was set on.
    SourceType {
        /// The repository itself.
        Repository = "Repository",
        /// Its organisation.
        Organization = "Organization",
        /// Its enterprise.
        Enterprise = "Enterprise",
    }
}

words! {
    /// Whether a ruleset or policy is in force.
    Enforcement {
        /// It blocks.
        Active = "active",
        /// It only counts what it would have blocked.
        Evaluate = "evaluate",
        /// It does nothing.
        Disabled = "disabled",
    }
}

/// Patterns as GitHub matches them (`fnmatch` with path separators).
/// `~DEFAULT_BRANCH` and `~ALL` are special words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patterns {
    /// At least one must match.
    pub include: Vec<String>,
    /// None may match.
    pub exclude: Vec<String>,
}

/// One demand of a ruleset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Only those who may bypass create a matching ref.
    Creation,
    /// Only those who may bypass update a matching ref.
    Update,
    /// Only those who may bypass delete a matching ref.
    Deletion,
    /// No force push.
    NonFastForward,
    /// No merge commits.
    RequiredLinearHistory,
    /// Signed commits.
    RequiredSignatures,
    /// Changes come by pull request.
    PullRequest(PullRequestRule),
    /// Checks must pass.
    RequiredStatusChecks {
        /// The checks.
        checks: Vec<StatusCheck>,
        /// Whether the branch must be up to date.
        strict: bool,
    },
    /// Workflows must pass.
    Workflows {
        /// The workflows.
        workflows: Vec<RequiredWorkflow>,
    },
    /// Deployments must have succeeded.
    RequiredDeployments {
        /// The names of the environments.
        environments: Vec<String>,
    },
    /// Changes come by merge queue.
    MergeQueue,
    /// Code scanning must have run.
    CodeScanning {
        /// The names of the tools.
        tools: Vec<String>,
    },
    /// Certain paths may not be pushed.
    FilePathRestriction {
        /// The patterns of the paths.
        paths: Vec<String>,
    },
    /// A rule without meaning for supply-chain defence, or one that this
    /// version does not know.
    Other {
        /// GitHub's word for its type.
        rule: String,
    },
}

/// What a pull request must have before it is merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullRequestRule {
    /// How many approving reviews.
    pub approvals: u32,
    /// Whether a code owner must approve.
    pub code_owner_review: bool,
    /// Whether a push withdraws approvals.
    pub dismiss_stale_reviews: bool,
    /// Whether somebody other than the last pusher must approve.
    pub last_push_approval: bool,
}

/// A check that must pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusCheck {
    /// Its name.
    pub context: String,
    /// The number of the App that must report it; `None` means anyone who can
    /// write a status.
    pub app_id: Option<u64>,
}

/// A workflow that must pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredWorkflow {
    /// The path of its file.
    pub path: String,
    /// The number of the repository that holds it.
    pub repository_id: u64,
    /// The branch or tag that it is read from.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The commit that it is read from.
    pub sha: Option<String>,
}

/// Somebody who may ignore a ruleset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BypassActor {
    /// What it is.
    pub kind: BypassActorKind,
    /// GitHub's number of it; none for deploy keys and organisation admins.
    pub id: Option<u64>,
    /// When it may.
    pub mode: BypassMode,
}

words! {
    /// What kind of actor may ignore a ruleset.
    BypassActorKind {
        /// An App.
        Integration = "Integration",
        /// Every owner of the organisation.
        OrganizationAdmin = "OrganizationAdmin",
        /// Everyone with a role: 1 read, 2 maintain, 3 triage, 4 write, 5 admin.
        RepositoryRole = "RepositoryRole",
        /// A team.
        Team = "Team",
        /// Every deploy key.
        DeployKey = "DeployKey",
        /// A user.
        User = "User",
    }
}

words! {
    /// When an actor may ignore a ruleset.
    BypassMode {
        /// Always.
        Always = "always",
        /// On pull requests only.
        PullRequest = "pull_request",
        /// Always, and without a trace in the audit log.
        Exempt = "exempt",
    }
}

/// A rule in force on the default branch, from whatever ruleset. Everyone who
/// can read the repository can read these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActiveRule {
    /// The number of the ruleset that it comes from.
    pub ruleset_id: Option<u64>,
    /// The rule.
    pub rule: Rule,
}

/// The classic protection of a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BranchProtection {
    /// The branch.
    pub branch: String,
    /// What a pull request must have; `None` if none is needed.
    pub pull_request: Option<PullRequestRule>,
    /// Who may merge without a pull request; `None` if the API does not tell.
    pub pull_request_bypass: Option<Vec<String>>,
    /// Checks that must pass.
    pub status_checks: Vec<StatusCheck>,
    /// Whether the rules hold for administrators too.
    pub enforce_admins: Fact<bool>,
    /// Whether commits must be signed.
    pub required_signatures: Fact<bool>,
    /// Whether everyone with write access may force-push.
    pub allow_force_pushes: Fact<bool>,
    /// Whether everyone with write access may delete it.
    pub allow_deletions: Fact<bool>,
    /// The only users, `team:` and `app:` names that may push; `None` if
    /// everyone with write access may.
    pub push_restrictions: Option<Vec<String>>,
}
