//! A snapshot of the settings of one repository, with those of its
//! organisation as far as the token that took it could see.
//!
//! The snapshot is a file that `settings snapshot` writes and the audit reads,
//! so that a rule can decide by settings without a network. Every setting is a
//! [`Fact`]: a value that the API gave, or the reason why it gave none.
//! Unknown fields of the file are errors, since a misspelt one would otherwise
//! silently be "not checked" or worse.

mod access;
mod actions;
mod environments;
mod fact;
mod inventory;
mod repository;
mod rules;
mod runners;
mod secrets;
mod word;

pub use crate::time::Timestamp;
pub use access::{
    Access, Collaborator, DeployKey, Installation, InstallationReach, Role, Team, Webhook,
};
pub use actions::{
    Actions, ActionsPermissions, ActionsPolicy, ActionsPolicyRule, AllowedActions,
    DefaultPermissions, ForkApproval, OidcSubject, OutsideAccess, PolicyActor, PolicyActorKind,
    PrivateForks, SelectedActions, WorkflowToken,
};
pub use environments::{
    CustomRule, DeploymentRefs, Environment, NamedRef, Protection, RefKind, RequiredReviewers,
    Reviewer,
};
pub use fact::{Fact, NotChecked, PermissionSet, Reason, TokenAccess, TokenPermission};
pub use inventory::Checked;
pub use repository::{
    EnforcedRepositories, ImmutableReleases, Organization, OwnerKind, Repository, Security,
    Visibility,
};
pub use rules::{
    ActiveRule, BranchProtection, BypassActor, BypassActorKind, BypassMode, Enforcement, Patterns,
    PullRequestRule, RequiredWorkflow, Rule, Ruleset, RulesetTarget, SourceType, StatusCheck,
};
pub use runners::{Runner, RunnerGroup, RunnerGroupVisibility, Runners};
pub use secrets::{Secret, SecretHome, SecretLookup, SecretVisibility, Secrets, Variable};

use serde::{Deserialize, Serialize};

/// The version of the file's form that this code writes and reads.
pub const SCHEMA_VERSION: u32 = 1;

/// The most bytes that a snapshot file may have, 64 MiB: a repository with
/// thousands of environments and secrets stays far below.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The settings of one repository at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The version of the file's form, [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The version of the tool that took it.
    pub tool_version: String,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The root of the API that was asked, such as `https://api.github.com`.
    pub api_url: String,
    /// The owner that was asked for.
    pub owner: String,
    /// The repository that was asked for.
    pub name: String,
    /// The repository itself.
    pub repository: Fact<Repository>,
    /// What GitHub Actions may do.
    pub actions: Actions,
    /// The environments.
    pub environments: Fact<Vec<Environment>>,
    /// The rulesets that apply, also those inherited from above.
    pub rulesets: Fact<Vec<Ruleset>>,
    /// The rules in force on the default branch, by all rulesets together.
    pub default_branch_rules: Fact<Vec<ActiveRule>>,
    /// The classic protection of the default branch; `None` if it has none.
    pub default_branch_protection: Fact<Option<BranchProtection>>,
    /// Whether releases can be changed afterwards.
    pub immutable_releases: Fact<ImmutableReleases>,
    /// Names, homes and ages of secrets and variables.
    pub secrets: Secrets,
    /// Self-hosted runners.
    pub runners: Runners,
    /// People, teams, keys and receivers.
    pub access: Access,
    /// Switches of GitHub's security features.
    pub security: Security,
    /// The organisation; `None` for a user's repository.
    pub organization: Fact<Option<Organization>>,
}

/// Why a file is not a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It is larger than [`MAX_BYTES`].
    #[error("the settings file has {bytes} bytes; at most {MAX_BYTES} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is of another version.
    #[error(
        "the settings file has schema version {found}; this version reads {SCHEMA_VERSION}; \
         take the snapshot again"
    )]
    Version {
        /// Its version.
        found: u32,
    },
    /// It is not JSON of the right form.
    #[error("the settings file does not have the form of a snapshot: {0}")]
    Form(#[from] serde_json::Error),
}

impl Snapshot {
    /// Reads a snapshot file.
    ///
    /// # Errors
    /// [`SnapshotError`] if it is too large, of another version, or has an
    /// unknown or missing field; the message names line and column.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SnapshotError> {
        #[derive(Deserialize)]
        struct Head {
            schema_version: u32,
        }
        if bytes.len() > MAX_BYTES {
            return Err(SnapshotError::TooLarge { bytes: bytes.len() });
        }
        // The version is read first: a file of another version shall say so,
        // and not complain about a field that is new.
        let head: Head = serde_json::from_slice(bytes)?;
        if head.schema_version != SCHEMA_VERSION {
            return Err(SnapshotError::Version {
                found: head.schema_version,
            });
        }
        Ok(serde_json::from_slice(bytes)?)
    }

    /// Writes the snapshot as the file's text, the same bytes for the same
    /// facts.
    ///
    /// # Errors
    /// [`SnapshotError::Form`] if the value cannot be written, which no
    /// snapshot that was read or taken causes.
    pub fn to_json(&self) -> Result<String, SnapshotError> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// A snapshot in which nothing has been asked yet.
    #[must_use]
    pub fn unasked(owner: &str, name: &str) -> Self {
        fn no<T>() -> Fact<T> {
            Fact::not_read(Reason::NotAsked)
        }
        Self {
            schema_version: SCHEMA_VERSION,
            tool_version: String::new(),
            taken_at: Timestamp::from_unix(0),
            api_url: String::new(),
            owner: owner.to_owned(),
            name: name.to_owned(),
            repository: no(),
            actions: Actions {
                permissions: no(),
                workflow_token: no(),
                fork_approval: no(),
                private_forks: no(),
                outside_access: no(),
                policies: no(),
                oidc_subject: no(),
            },
            environments: no(),
            rulesets: no(),
            default_branch_rules: no(),
            default_branch_protection: no(),
            immutable_releases: no(),
            secrets: Secrets {
                repository: no(),
                organization: no(),
                dependabot: no(),
                repository_variables: no(),
                organization_variables: no(),
            },
            runners: Runners {
                repository: no(),
                groups: no(),
            },
            access: Access {
                collaborators: no(),
                outside_collaborators: no(),
                teams: no(),
                deploy_keys: no(),
                webhooks: no(),
            },
            security: Security {
                secret_scanning: no(),
                push_protection: no(),
                code_scanning_default_setup: no(),
                vulnerability_alerts: no(),
                dependabot_security_updates: no(),
                private_vulnerability_reporting: no(),
            },
            organization: no(),
        }
    }

    /// The environment of that name: `Known(None)` means that it does not
    /// exist, so that GitHub would create it, unprotected, for the first job
    /// that names it. Names are compared without regard to case, as GitHub
    /// does.
    #[must_use]
    pub fn environment(&self, name: &str) -> Fact<Option<&Environment>> {
        self.environments.as_ref().map(|all| {
            all.iter()
                .find(|one| one.name.to_lowercase() == name.to_lowercase())
        })
    }

    /// Whether the repository is public.
    #[must_use]
    pub fn is_public(&self) -> Fact<bool> {
        self.repository
            .as_ref()
            .map(|one| one.visibility == Visibility::Public)
    }

    /// Every home of an Actions secret of that name.
    #[must_use]
    pub fn secret(&self, name: &str) -> SecretLookup<'_> {
        let mut lookup = SecretLookup::default();
        lookup.search(&self.secrets.repository, name);
        lookup.search(&self.secrets.organization, name);
        match &self.environments {
            Fact::Known(all) => all.iter().for_each(|one| lookup.search(&one.secrets, name)),
            Fact::NotChecked(why) => lookup.not_checked.push(why),
        }
        lookup
    }

    /// The default permissions of a job's token.
    #[must_use]
    pub fn default_token_permissions(&self) -> Fact<&DefaultPermissions> {
        self.actions
            .workflow_token
            .as_ref()
            .map(|token| &token.default_permissions)
    }

    /// Whether every action must be pinned to a commit, by the repository's
    /// own setting or its organisation's.
    #[must_use]
    pub fn sha_pinning_required(&self) -> Fact<bool> {
        fn of(permissions: Fact<&ActionsPermissions>) -> Fact<bool> {
            permissions.and_then(|one| one.sha_pinning_required.clone())
        }
        let own = of(self.actions.permissions.as_ref());
        let above = self.organization.as_ref().and_then(|one| match one {
            Some(organization) => of(organization.actions_permissions.as_ref()),
            None => Fact::Known(false),
        });
        match (own, above) {
            (Fact::Known(true), _) | (_, Fact::Known(true)) => Fact::Known(true),
            // The repository's answer has the organisation's demand in it.
            (Fact::Known(false), _) => Fact::Known(false),
            (Fact::NotChecked(why), _) => Fact::NotChecked(why),
        }
    }
}

#[cfg(test)]
mod tests;
