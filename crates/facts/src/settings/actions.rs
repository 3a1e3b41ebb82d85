//! What the repository or organisation lets GitHub Actions do.
//!
//! Source: GitHub REST API, "Actions permissions", "Actions policies", "Actions
//! OIDC".

use serde::{Deserialize, Serialize};

use super::fact::Fact;
use super::rules::{Enforcement, Patterns, SourceType};
use super::word::words;

/// The Actions settings of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// Whether Actions runs, and which actions it may use.
    pub permissions: Fact<ActionsPermissions>,
    /// What a job's token may do when the workflow does not say.
    pub workflow_token: Fact<WorkflowToken>,
    /// Whose fork pull requests wait for an approval.
    pub fork_approval: Fact<ForkApproval>,
    /// What fork pull requests get in a private repository. `None` in a public
    /// one, where the setting does not exist.
    pub private_forks: Fact<Option<PrivateForks>>,
    /// Which other repositories may use this one's actions and reusable
    /// workflows. `None` in a public one, where everyone may.
    pub outside_access: Fact<Option<OutsideAccess>>,
    /// Who may start workflows, and by which events.
    pub policies: Fact<Vec<ActionsPolicy>>,
    /// The form of the `sub` claim in a job's identity token.
    pub oidc_subject: Fact<OidcSubject>,
}

/// Whether Actions runs, and which actions it may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionsPermissions {
    /// Whether Actions is on. For an organisation: whether it is on for at
    /// least some repositories.
    pub enabled: bool,
    /// Which actions may be used. Not reported when Actions is off.
    pub allowed_actions: Fact<AllowedActions>,
    /// The list behind [`AllowedActions::Selected`]; `None` for the others.
    pub selected: Fact<Option<SelectedActions>>,
    /// Whether every action must be pinned to a full commit digest.
    pub sha_pinning_required: Fact<bool>,
}

words! {
    /// Which actions and reusable workflows may be used.
    AllowedActions {
        /// Every one.
        All = "all",
        /// Those of the same owner.
        LocalOnly = "local_only",
        /// Those on a list.
        Selected = "selected",
    }
}

/// The list of allowed actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectedActions {
    /// Whether GitHub's own actions are allowed.
    pub github_owned: bool,
    /// Whether the actions of verified creators are allowed.
    pub verified_creators: bool,
    /// Patterns such as `owner/name@*`.
    pub patterns: Vec<String>,
}

/// What a job's token may do when the workflow does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowToken {
    /// The default permissions.
    pub default_permissions: DefaultPermissions,
    /// Whether a workflow may create and approve pull requests.
    pub can_approve_pull_requests: bool,
}

words! {
    /// The default permissions of a job's token.
    DefaultPermissions {
        /// Reading of contents and packages.
        Read = "read",
        /// Writing of nearly everything.
        Write = "write",
    }
}

words! {
    /// Whose fork pull requests wait until a maintainer approves the run.
    ForkApproval {
        /// Those who are new to GitHub and have not contributed before.
        NewToGitHub = "first_time_contributors_new_to_github",
        /// Those who have not contributed before.
        FirstTimeContributors = "first_time_contributors",
        /// Everyone from outside.
        AllExternalContributors = "all_external_contributors",
    }
}

/// What workflows of fork pull requests get in a private repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivateForks {
    /// Whether they run at all.
    pub run_workflows: bool,
    /// Whether they get a token that writes.
    pub send_write_tokens: bool,
    /// Whether they get secrets and variables.
    pub send_secrets_and_variables: bool,
    /// Whether they wait for an approval.
    pub require_approval: bool,
}

words! {
    /// Which other repositories may use this private one's actions.
    OutsideAccess {
        /// None.
        NoOne = "none",
        /// Those of the same user.
        User = "user",
        /// Those of the organisation.
        Organization = "organization",
        /// Those of the enterprise.
        Enterprise = "enterprise",
    }
}

/// One Actions policy ("workflow execution protection"): an allow list of
/// actors or events, of the repository itself or inherited from above.
///
/// Source: GitHub, "REST API endpoints for GitHub Actions policies".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionsPolicy {
    /// GitHub's number of it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What kind of account it was set on.
    pub source_type: Fact<SourceType>,
    /// The repository, organisation or enterprise that it was set on.
    pub source: Option<String>,
    /// Whether it is in force.
    pub enforcement: Fact<Enforcement>,
    /// The workflow files that it is about; `None` means all.
    pub workflow_paths: Option<Patterns>,
    /// The rules, which must all be met.
    pub rules: Fact<Vec<ActionsPolicyRule>>,
}

/// One rule of an Actions policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ActionsPolicyRule {
    /// Only these may start a workflow.
    Actors {
        /// Who.
        allowed: Vec<PolicyActor>,
    },
    /// Only these events may start a workflow.
    Events {
        /// The names of the events, as in a workflow's `on:`.
        allowed: Vec<String>,
    },
    /// A rule that this version does not know.
    Other {
        /// GitHub's word for its type.
        rule: String,
    },
}

/// Somebody whom an actor rule allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyActor {
    /// What it is.
    pub kind: PolicyActorKind,
    /// GitHub's number of it.
    pub id: Option<u64>,
}

words! {
    /// What kind of actor an actor rule allows.
    PolicyActorKind {
        /// A user.
        User = "User",
        /// A bot account.
        Bot = "Bot",
        /// A team of the organisation.
        Team = "Team",
        /// A team of the enterprise's organisations.
        BusinessTeam = "BusinessTeam",
        /// A team of the enterprise.
        EnterpriseTeam = "EnterpriseTeam",
        /// An installation of an App.
        IntegrationInstallation = "IntegrationInstallation",
        /// An App.
        App = "App",
        /// Everyone with a role on the repository.
        RepositoryRole = "RepositoryRole",
    }
}

/// The form of the `sub` claim in a job's identity token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcSubject {
    /// Whether GitHub's default form is used.
    pub use_default: bool,
    /// The claims of which the subject is made; empty for the default form.
    pub claim_keys: Vec<String>,
    /// Whether the subject names the owner and repository by number as well,
    /// so that a renamed or recycled name does not inherit trust.
    pub immutable: Fact<bool>,
}
