//! Machines that the repository's or organisation's owner runs jobs on.
//!
//! Source: GitHub REST API, "Self-hosted runners", "Self-hosted runner groups".

use serde::{Deserialize, Serialize};

use super::fact::Fact;
use super::word::words;

/// The self-hosted runners that the repository's jobs can use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runners {
    /// Those registered with the repository itself.
    pub repository: Fact<Vec<Runner>>,
    /// The organisation's groups that are open to this repository. Empty for a
    /// user's repository.
    pub groups: Fact<Vec<RunnerGroup>>,
}

/// One machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    /// GitHub's number of it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its operating system.
    pub os: String,
    /// Whether it takes one job only; a machine that takes several carries
    /// what one job leaves to the next.
    pub ephemeral: Fact<bool>,
    /// The labels by which jobs ask for it.
    pub labels: Vec<String>,
}

/// A group of machines of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunnerGroup {
    /// GitHub's number of it.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Which repositories may use it.
    pub visibility: RunnerGroupVisibility,
    /// Whether it is the default group.
    pub default: bool,
    /// Whether public repositories may use it.
    pub allows_public_repositories: bool,
    /// The only workflows that may use it; `None` if all may.
    pub only_workflows: Option<Vec<String>>,
    /// Whether it comes from the enterprise.
    pub inherited: bool,
}

words! {
    /// Which repositories may use a group of runners.
    RunnerGroupVisibility {
        /// Every one.
        All = "all",
        /// Every private one.
        Private = "private",
        /// Those on a list.
        Selected = "selected",
    }
}
