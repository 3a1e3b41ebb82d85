//! The repository and its organisation.
//!
//! Source: GitHub REST API, "Repositories", "Organizations".

use serde::{Deserialize, Serialize};

use super::access::{Installation, Role, Webhook};
use super::actions::{ActionsPermissions, OidcSubject, WorkflowToken};
use super::fact::Fact;
use super::word::words;
use crate::time::Timestamp;

/// The repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// GitHub's number of it, which stays when it is renamed.
    pub id: u64,
    /// The login of its owner, as GitHub writes it now.
    pub owner: String,
    /// GitHub's number of the owner.
    pub owner_id: u64,
    /// What the owner is.
    pub owner_kind: OwnerKind,
    /// Its name, as GitHub writes it now.
    pub name: String,
    /// Who can see it.
    pub visibility: Visibility,
    /// The default branch.
    pub default_branch: String,
    /// Whether it is a fork.
    pub fork: bool,
    /// Whether it is archived.
    pub archived: bool,
    /// When it was made.
    pub created_at: Fact<Timestamp>,
}

words! {
    /// What owns a repository.
    OwnerKind {
        /// A person.
        User = "User",
        /// An organisation.
        Organization = "Organization",
    }
}

words! {
    /// Who can see a repository.
    Visibility {
        /// Everyone.
        Public = "public",
        /// Those with a role.
        Private = "private",
        /// Everyone in the enterprise.
        Internal = "internal",
    }
}

/// Whether a release's tag and files can still be changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImmutableReleases {
    /// Whether new releases cannot be changed.
    pub enabled: bool,
    /// Whether the owner decides this, so that the repository's
    /// administrators cannot turn it off.
    pub enforced_by_owner: bool,
}

/// Switches of GitHub's own security features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Whether secrets in commits are looked for.
    pub secret_scanning: Fact<bool>,
    /// Whether a push with a secret is refused.
    pub push_protection: Fact<bool>,
    /// Whether code scanning's default setup runs.
    pub code_scanning_default_setup: Fact<bool>,
    /// Whether alerts on vulnerable dependencies are on.
    pub vulnerability_alerts: Fact<bool>,
    /// Whether Dependabot opens pull requests for vulnerable dependencies.
    pub dependabot_security_updates: Fact<bool>,
    /// Whether anyone can report a vulnerability in private.
    pub private_vulnerability_reporting: Fact<bool>,
}

/// The organisation that owns the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// The login.
    pub login: String,
    /// GitHub's number of it.
    pub id: Fact<u64>,
    /// Whether members must have a second factor.
    pub two_factor_required: Fact<bool>,
    /// The role that every member has on every repository; `none` is a word of
    /// [`Role::Other`].
    pub default_role: Fact<Role>,
    /// The logins of its owners.
    pub owners: Fact<Vec<String>>,
    /// How many members it has, as far as the token can see.
    pub members: Fact<u64>,
    /// Which actions its repositories may use.
    pub actions_permissions: Fact<ActionsPermissions>,
    /// What its jobs' tokens may do when nothing else says.
    pub workflow_token: Fact<WorkflowToken>,
    /// The form of the `sub` claim that its repositories may take over.
    pub oidc_subject: Fact<OidcSubject>,
    /// Which of its repositories must have immutable releases.
    pub immutable_releases: Fact<EnforcedRepositories>,
    /// Apps and what they may do.
    pub installations: Fact<Vec<Installation>>,
    /// Receivers of the organisation's events.
    pub webhooks: Fact<Vec<Webhook>>,
}

words! {
    /// For which repositories an organisation enforces a setting.
    EnforcedRepositories {
        /// Every one.
        All = "all",
        /// None.
        NoOne = "none",
        /// Those on a list.
        Selected = "selected",
    }
}
