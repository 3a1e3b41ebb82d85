//! Environments: what a job must pass before it gets their secrets.
//!
//! Source: GitHub REST API, "Deployment environments", "Deployment branch
//! policies", "Custom deployment protection rules".

use serde::{Deserialize, Serialize};

use super::fact::{Fact, Reason};
use super::secrets::{Secret, Variable};
use super::word::words;
use crate::time::Timestamp;

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// GitHub's number of it.
    pub id: u64,
    /// Its name. GitHub compares names without regard to case.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Reviewers and waiting time.
    pub protection: Fact<Protection>,
    /// Whether administrators may skip the protection.
    pub can_admins_bypass: Fact<bool>,
    /// From which refs jobs may use it.
    pub deployment_refs: Fact<DeploymentRefs>,
    /// Apps that must agree.
    pub custom_rules: Fact<Vec<CustomRule>>,
    /// The names of its secrets.
    pub secrets: Fact<Vec<Secret>>,
    /// The names of its variables.
    pub variables: Fact<Vec<Variable>>,
}

impl Environment {
    /// Who must approve: `Known(None)` means that nobody must.
    #[must_use]
    pub fn required_reviewers(&self) -> Fact<Option<&RequiredReviewers>> {
        self.protection
            .as_ref()
            .map(|protection| protection.required_reviewers.as_ref())
    }

    /// The names from which jobs may use it: `Known(None)` where there is no
    /// such list, because any ref or any protected branch will do.
    #[must_use]
    pub fn named_refs(&self) -> Fact<Option<&[NamedRef]>> {
        self.deployment_refs.as_ref().and_then(|refs| match refs {
            DeploymentRefs::Any | DeploymentRefs::ProtectedBranches => Fact::Known(None),
            DeploymentRefs::Named(names) => names.as_ref().map(|names| Some(names.as_slice())),
        })
    }

    /// Whether a job from any ref gets the secrets with nobody agreeing: no
    /// reviewer, no App and no limit of refs. `NotChecked` unless each of the
    /// three is known or one that is known protects.
    ///
    /// [`DeploymentRefs::ProtectedBranches`] alone decides nothing: where no
    /// branch has protection, GitHub takes every branch.
    #[must_use]
    pub fn is_unprotected(&self) -> Fact<bool> {
        let reviewed = self.required_reviewers().map(|who| who.is_some());
        let gated = self
            .custom_rules
            .as_ref()
            .map(|rules| rules.iter().any(|rule| rule.enabled));
        let limited = self.deployment_refs.as_ref().and_then(|refs| match refs {
            DeploymentRefs::Any => Fact::Known(false),
            DeploymentRefs::Named(_) => Fact::Known(true),
            DeploymentRefs::ProtectedBranches => Fact::not_read(Reason::DependsOn {
                fact: "default_branch_protection".to_owned(),
            }),
        });
        let all = [reviewed, gated, limited];
        if all.iter().any(|one| one.known() == Some(&true)) {
            return Fact::Known(false);
        }
        match all.iter().find_map(Fact::not_checked) {
            Some(why) => Fact::NotChecked(why.clone()),
            None => Fact::Known(true),
        }
    }
}

/// Reviewers and waiting time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// Minutes that a job waits; `None` without a timer.
    pub wait_minutes: Option<u32>,
    /// Who must approve; `None` if nobody must.
    pub required_reviewers: Option<RequiredReviewers>,
}

/// Who must approve; one of them is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequiredReviewers {
    /// The people and teams.
    pub reviewers: Vec<Reviewer>,
    /// Whether the one who started the run may not approve it.
    pub prevent_self_review: Fact<bool>,
}

/// One person or team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reviewer {
    /// A user.
    User {
        /// The login.
        login: String,
        /// GitHub's number of the user.
        id: u64,
    },
    /// A team.
    Team {
        /// The slug.
        slug: String,
        /// GitHub's number of the team.
        id: u64,
    },
    /// Another kind, or one that the token may not see.
    Other {
        /// GitHub's word for its type.
        kind: String,
    },
}

/// From which refs jobs may use an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentRefs {
    /// Any, also a pull request's merge ref.
    Any,
    /// Branches with protection. If the repository protects none, then any.
    ProtectedBranches,
    /// Branches and tags whose name is on a list.
    Named(Fact<Vec<NamedRef>>),
}

/// One entry of that list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedRef {
    /// A pattern of short names, such as `release/*`.
    pub pattern: String,
    /// Whether it is about branches or tags.
    pub kind: Fact<RefKind>,
}

words! {
    /// Whether a pattern is about branches or tags.
    RefKind {
        /// Branches.
        Branch = "branch",
        /// Tags.
        Tag = "tag",
    }
}

/// An App that must agree before a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomRule {
    /// The App's slug.
    pub app: String,
    /// Whether it is asked.
    pub enabled: bool,
}
