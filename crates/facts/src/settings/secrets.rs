//! Names, homes and ages of secrets and variables. The API never gives the
//! value of a secret; values of variables are not kept.
//!
//! Source: GitHub REST API, "Actions secrets", "Actions variables",
//! "Dependabot secrets".

use serde::{Deserialize, Serialize};

use super::fact::{Fact, NotChecked};
use super::word::words;
use crate::time::Timestamp;

/// The secrets and variables that the repository's jobs can name. Those of
/// environments stand with their environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Those of the repository.
    pub repository: Fact<Vec<Secret>>,
    /// Those of the organisation that this repository may use. Empty for a
    /// user's repository.
    pub organization: Fact<Vec<Secret>>,
    /// Those that runs started by Dependabot get instead.
    pub dependabot: Fact<Vec<Secret>>,
    /// Variables of the repository.
    pub repository_variables: Fact<Vec<Variable>>,
    /// Variables of the organisation that this repository may use.
    pub organization_variables: Fact<Vec<Variable>>,
}

/// One secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Its name. GitHub compares names without regard to case.
    pub name: String,
    /// Where it is kept.
    pub home: SecretHome,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its value was last changed.
    pub updated_at: Timestamp,
}

/// Where a secret or variable is kept, which decides who gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SecretHome {
    /// The repository: every job of every workflow on every branch.
    Repository,
    /// The organisation: jobs of every repository that may use it.
    Organization {
        /// Which repositories may.
        visibility: Fact<SecretVisibility>,
    },
    /// An environment: jobs that name it and pass its protection.
    Environment {
        /// The environment's name.
        environment: String,
    },
    /// Dependabot's own store: runs started by Dependabot.
    Dependabot,
}

words! {
    /// Which repositories may use an organisation's secret.
    SecretVisibility {
        /// Every one.
        All = "all",
        /// Every private or internal one.
        Private = "private",
        /// Those on a list.
        Selected = "selected",
    }
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name. GitHub compares names without regard to case.
    pub name: String,
    /// Where it is kept.
    pub home: SecretHome,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Every home that a name has, and the homes where nobody could look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretLookup<'s> {
    /// The secrets of that name.
    pub found: Vec<&'s Secret>,
    /// Why homes could not be searched. If this is empty, then
    /// [`found`](Self::found) is complete.
    pub not_checked: Vec<&'s NotChecked>,
}

impl<'s> SecretLookup<'s> {
    pub(super) fn search(&mut self, home: &'s Fact<Vec<Secret>>, name: &str) {
        match home {
            Fact::Known(secrets) => {
                self.found.extend(
                    secrets
                        .iter()
                        .filter(|one| one.name.eq_ignore_ascii_case(name)),
                );
            }
            Fact::NotChecked(why) => self.not_checked.push(why),
        }
    }
}
