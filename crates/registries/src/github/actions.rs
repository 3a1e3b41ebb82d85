//! `…/actions/permissions` and what stands below it, and `…/actions/oidc`, of
//! a repository or an organisation.

use cofferdam_facts::settings::{
    Actions, ActionsPermissions, AllowedActions, DefaultPermissions, Fact, ForkApproval,
    OidcSubject, OutsideAccess, PrivateForks, Reason, Repository, SelectedActions, TokenAccess,
    Visibility, WorkflowToken,
};
use serde::Deserialize;

use super::RepositoryName;
use super::ask::{Asker, Endpoint};

/// Permissions which a token needs together.
type Needs = &'static [(&'static str, TokenAccess)];

const ADMINISTRATION: Needs = &[("administration", TokenAccess::Read)];
const ACTIONS: Needs = &[("actions", TokenAccess::Read)];

#[derive(Deserialize)]
struct RawPermissions {
    /// Repositories.
    enabled: Option<bool>,
    /// Organisations: `all`, `none`, `selected`.
    enabled_repositories: Option<String>,
    allowed_actions: Option<String>,
    sha_pinning_required: Option<bool>,
}

#[derive(Deserialize)]
struct RawSelected {
    github_owned_allowed: bool,
    verified_allowed: bool,
    patterns_allowed: Vec<String>,
}

#[derive(Deserialize)]
struct RawToken {
    default_workflow_permissions: String,
    can_approve_pull_request_reviews: bool,
}

#[derive(Deserialize)]
struct RawForkApproval {
    approval_policy: String,
}

#[derive(Deserialize)]
struct RawPrivateForks {
    run_workflows_from_fork_pull_requests: bool,
    send_write_tokens_to_workflows: bool,
    send_secrets_and_variables: bool,
    require_approval_for_fork_pr_workflows: bool,
}

#[derive(Deserialize)]
struct RawAccess {
    access_level: String,
}

#[derive(Deserialize)]
struct RawSubject {
    /// Organisations leave it out: their template is never the default.
    use_default: Option<bool>,
    include_claim_keys: Option<Vec<String>>,
    use_immutable_subject: Option<bool>,
}

/// Everything but the policies, which have an API of their own.
pub(super) fn actions(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    repository: &Fact<Repository>,
) -> Actions {
    let base = format!("{}/actions", asked.path());
    let below = |path: &str| Endpoint::new(format!("{base}/permissions/{path}"), ADMINISTRATION);
    let public = repository
        .known()
        .is_some_and(|one| one.visibility == Visibility::Public);
    Actions {
        permissions: permissions(asker, &base, ADMINISTRATION),
        workflow_token: workflow_token(asker, &base, ADMINISTRATION),
        fork_approval: asker
            .one::<RawForkApproval>(&below("fork-pr-contributor-approval"))
            .map(|raw| ForkApproval::from_word(&raw.approval_policy)),
        private_forks: if public {
            Fact::Known(None)
        } else {
            private_forks(asker, &below("fork-pr-workflows-private-repos")).map(Some)
        },
        outside_access: if public {
            Fact::Known(None)
        } else {
            asker
                .one::<RawAccess>(&below("access"))
                .map(|raw| Some(OutsideAccess::from_word(&raw.access_level)))
        },
        policies: Fact::not_read(Reason::NotAsked),
        oidc_subject: oidc_subject(asker, &base, ACTIONS),
    }
}

fn private_forks(asker: &Asker<'_>, endpoint: &Endpoint) -> Fact<PrivateForks> {
    asker
        .one::<RawPrivateForks>(endpoint)
        .map(|raw| PrivateForks {
            run_workflows: raw.run_workflows_from_fork_pull_requests,
            send_write_tokens: raw.send_write_tokens_to_workflows,
            send_secrets_and_variables: raw.send_secrets_and_variables,
            require_approval: raw.require_approval_for_fork_pr_workflows,
        })
}

/// `base` is the path of a repository's or organisation's `actions`.
pub(super) fn permissions(asker: &Asker<'_>, base: &str, needs: Needs) -> Fact<ActionsPermissions> {
    let endpoint = Endpoint::new(format!("{base}/permissions"), needs);
    asker.one::<RawPermissions>(&endpoint).and_then(|raw| {
        let enabled = match (raw.enabled, raw.enabled_repositories.as_deref()) {
            (Some(enabled), _) => enabled,
            (None, Some(which)) => which != "none",
            (None, None) => return Fact::not_read(Reason::Malformed),
        };
        let allowed = raw
            .allowed_actions
            .map(|word| AllowedActions::from_word(&word));
        Fact::Known(ActionsPermissions {
            enabled,
            selected: match &allowed {
                Some(AllowedActions::Selected) => selected(asker, base, needs).map(Some),
                Some(AllowedActions::All | AllowedActions::LocalOnly) => Fact::Known(None),
                Some(AllowedActions::Other(_)) | None => Fact::not_read(Reason::DependsOn {
                    fact: "allowed_actions".to_owned(),
                }),
            },
            allowed_actions: reported(allowed),
            sha_pinning_required: reported(raw.sha_pinning_required),
        })
    })
}

fn selected(asker: &Asker<'_>, base: &str, needs: Needs) -> Fact<SelectedActions> {
    let endpoint = Endpoint::new(format!("{base}/permissions/selected-actions"), needs);
    asker
        .one::<RawSelected>(&endpoint)
        .map(|raw| SelectedActions {
            github_owned: raw.github_owned_allowed,
            verified_creators: raw.verified_allowed,
            patterns: raw.patterns_allowed,
        })
}

/// `base` is the path of a repository's or organisation's `actions`.
pub(super) fn workflow_token(asker: &Asker<'_>, base: &str, needs: Needs) -> Fact<WorkflowToken> {
    let endpoint = Endpoint::new(format!("{base}/permissions/workflow"), needs);
    asker.one::<RawToken>(&endpoint).map(|raw| WorkflowToken {
        default_permissions: DefaultPermissions::from_word(&raw.default_workflow_permissions),
        can_approve_pull_requests: raw.can_approve_pull_request_reviews,
    })
}

/// `base` is the path of a repository's or organisation's `actions`.
pub(super) fn oidc_subject(asker: &Asker<'_>, base: &str, needs: Needs) -> Fact<OidcSubject> {
    let endpoint = Endpoint::new(format!("{base}/oidc/customization/sub"), needs);
    asker.one::<RawSubject>(&endpoint).map(|raw| OidcSubject {
        use_default: raw.use_default.unwrap_or(false),
        claim_keys: raw.include_claim_keys.unwrap_or_default(),
        immutable: reported(raw.use_immutable_subject),
    })
}

/// A field that GitHub may leave out.
pub(super) fn reported<T>(field: Option<T>) -> Fact<T> {
    field.map_or_else(|| Fact::not_read(Reason::NotReported), Fact::Known)
}
