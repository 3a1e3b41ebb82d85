//! What GITHUB_TOKEN may do in a job.
//!
//! Source: GitHub, "Workflow syntax", `permissions`; "Reusing workflow
//! configurations" for the rule that a called workflow can only lower what its
//! caller holds; "Automatic token authentication" for the two defaults.

use std::collections::BTreeMap;

use cofferdam_facts::{Access, Scope, Span};

use crate::documents::job::{Job, Permissions, PermissionsKind};
use crate::documents::workflow::Workflow;

/// The default that the repository's settings give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenDefault {
    /// The settings were not seen. New repositories are restricted since
    /// 2023-02; older ones may still be permissive.
    #[default]
    Unknown,
    /// Reading contents and packages.
    Restricted,
    /// Writing nearly everything.
    Permissive,
}

/// Who decided what the token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decider {
    /// `permissions:` of the job.
    Job,
    /// `permissions:` of the workflow.
    Workflow,
    /// The repository's settings, because nobody else did.
    Settings,
}

/// What the token of a job may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Access by scope; scopes that are missing are `none`.
    pub scopes: BTreeMap<Scope, Access>,
    /// Who decided.
    pub decider: Decider,
    /// Where: the value of `permissions:`, if there is one.
    pub span: Option<Span>,
    /// Whether `write-all` was written.
    pub write_all: bool,
    /// Whether the scopes depend on settings that were not seen; they then are
    /// the most that the settings could give.
    pub assumed: bool,
}

impl Effective {
    /// Access to a scope.
    #[must_use]
    pub fn access(&self, scope: Scope) -> Access {
        self.scopes.get(&scope).copied().unwrap_or_default()
    }

    /// Scopes that may be written, `id-token` included.
    pub fn writes(&self) -> impl Iterator<Item = Scope> + '_ {
        self.scopes
            .iter()
            .filter(|(_, a)| **a == Access::Write)
            .map(|(s, _)| *s)
    }

    /// Whether anything may be written.
    #[must_use]
    pub fn can_write(&self) -> bool {
        self.writes().next().is_some()
    }

    /// What is left under a caller's token: the lower of the two, scope by scope.
    #[must_use]
    pub fn capped_by(&self, caller: &Self) -> Self {
        let mut capped = self.clone();
        for (scope, access) in &mut capped.scopes {
            *access = (*access).min(caller.access(*scope));
        }
        capped.assumed |= caller.assumed;
        capped
    }
}

/// What the token of `job` may do, before a caller's cap.
#[must_use]
pub fn effective(workflow: &Workflow, job: &Job, default: TokenDefault) -> Effective {
    if let Some(permissions) = &job.permissions {
        return written(permissions, Decider::Job);
    }
    if let Some(permissions) = &workflow.permissions {
        return written(permissions, Decider::Workflow);
    }
    let scopes = match default {
        TokenDefault::Restricted => restricted(),
        TokenDefault::Permissive | TokenDefault::Unknown => all(Access::Write),
    };
    Effective {
        scopes,
        decider: Decider::Settings,
        span: None,
        write_all: false,
        assumed: default == TokenDefault::Unknown,
    }
}

fn written(permissions: &Permissions, decider: Decider) -> Effective {
    let (scopes, write_all) = match &permissions.kind {
        PermissionsKind::ReadAll => (all(Access::Read), false),
        PermissionsKind::WriteAll => {
            let mut scopes = all(Access::Write);
            scopes.insert(Scope::IdToken, Access::Write);
            (scopes, true)
        }
        PermissionsKind::Scopes(entries) => (
            entries
                .iter()
                .filter_map(|e| e.scope.map(|scope| (scope, e.access)))
                .collect(),
            false,
        ),
        // GitHub refuses the file; nothing runs.
        PermissionsKind::Invalid => (BTreeMap::new(), false),
    };
    Effective {
        scopes,
        decider,
        span: Some(permissions.span),
        write_all,
        assumed: false,
    }
}

fn restricted() -> BTreeMap<Scope, Access> {
    [
        (Scope::Contents, Access::Read),
        (Scope::Packages, Access::Read),
    ]
    .into()
}

// `id-token` is never given by a default, nor by `read-all`.
fn all(access: Access) -> BTreeMap<Scope, Access> {
    Scope::ALL
        .iter()
        .filter(|s| **s != Scope::IdToken)
        .map(|s| (*s, access))
        .collect()
}
