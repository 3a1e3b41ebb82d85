//! Who, besides workflows, can reach into the repository.
//!
//! Source: GitHub REST API, "Collaborators", "Teams", "Deploy keys",
//! "Webhooks", "Organizations".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fact::{Fact, TokenAccess};
use super::word::words;
use crate::time::Timestamp;

/// People, teams, keys and receivers of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Everyone with a role, by whatever way they got it.
    pub collaborators: Fact<Vec<Collaborator>>,
    /// The logins of those with a role who are not in the organisation.
    pub outside_collaborators: Fact<Vec<String>>,
    /// The teams with a role. Empty for a user's repository.
    pub teams: Fact<Vec<Team>>,
    /// Keys that open the repository over SSH.
    pub deploy_keys: Fact<Vec<DeployKey>>,
    /// Receivers of the repository's events.
    pub webhooks: Fact<Vec<Webhook>>,
}

/// Somebody with a role on the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collaborator {
    /// The login.
    pub login: String,
    /// GitHub's number of the user.
    pub id: u64,
    /// The highest role.
    pub role: Role,
}

words! {
    /// A role on a repository. Organisations may have roles of their own.
    Role {
        /// Reading.
        Read = "read",
        /// Handling of issues and pull requests without writing.
        Triage = "triage",
        /// Pushing.
        Write = "write",
        /// Managing without sensitive actions.
        Maintain = "maintain",
        /// Everything.
        Admin = "admin",
    }
}

/// A team with a role on the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// The slug.
    pub slug: String,
    /// GitHub's number of the team.
    pub id: u64,
    /// Its role.
    pub role: Role,
}

/// A key that opens the repository over SSH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployKey {
    /// GitHub's number of it.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// Whether it may not push.
    pub read_only: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used; `None` if never, or if the API does not tell.
    pub last_used: Option<Timestamp>,
    /// Who added it, if the API tells.
    pub added_by: Option<String>,
}

/// A receiver of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// GitHub's number of it.
    pub id: u64,
    /// Whether events are sent.
    pub active: bool,
    /// The host that receives them. The rest of the address is not kept, for
    /// it often carries a credential.
    pub host: Option<String>,
    /// Whether the address is `https`.
    pub https: Fact<bool>,
    /// Whether the receiver's certificate is not verified.
    pub insecure_tls: Fact<bool>,
    /// Whether what is sent carries a signature made with a shared secret.
    pub has_secret: bool,
    /// The names of the events.
    pub events: Vec<String>,
}

/// An App installed in the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installation {
    /// GitHub's number of the installation.
    pub id: u64,
    /// The App's slug.
    pub app: String,
    /// GitHub's number of the App.
    pub app_id: u64,
    /// Which repositories it reaches.
    pub reach: InstallationReach,
    /// What it may do, by GitHub's name of the permission.
    pub permissions: BTreeMap<String, TokenAccess>,
    /// When it was suspended; `None` if it is not.
    pub suspended_at: Option<Timestamp>,
    /// When it was installed.
    pub created_at: Timestamp,
}

words! {
    /// Which repositories an App reaches.
    InstallationReach {
        /// Every one of the organisation, also later ones.
        All = "all",
        /// Those on a list.
        Selected = "selected",
    }
}
