//! `/orgs/{org}` and what stands below it.

use std::collections::BTreeMap;

use cofferdam_facts::settings::{
    EnforcedRepositories, Fact, Installation, InstallationReach, NotChecked, Organization, Reason,
    Role, Timestamp, TokenAccess,
};
use serde::Deserialize;

use super::access::webhooks;
use super::actions::{oidc_subject, permissions, workflow_token};
use super::ask::{Asker, Endpoint, needs};

/// Permissions which a token needs together.
type Needs = &'static [(&'static str, TokenAccess)];

const ADMINISTRATION: Needs = &[("organization_administration", TokenAccess::Read)];
const MEMBERS: Needs = &[("members", TokenAccess::Read)];
const WEBHOOKS: Needs = &[("organization_hooks", TokenAccess::Read)];

#[derive(Deserialize)]
struct Raw {
    id: u64,
    two_factor_requirement_enabled: Option<bool>,
    default_repository_permission: Option<String>,
}

#[derive(Deserialize)]
struct RawMember {
    login: String,
}

#[derive(Deserialize)]
struct RawImmutable {
    enforced_repositories: String,
}

#[derive(Deserialize)]
struct RawInstallation {
    id: u64,
    app_slug: String,
    app_id: u64,
    repository_selection: String,
    permissions: BTreeMap<String, String>,
    suspended_at: Option<Timestamp>,
    created_at: Timestamp,
}

/// `login` must be fit to stand in an address.
pub(super) fn organization(asker: &Asker<'_>, login: &str) -> Organization {
    let base = format!("/orgs/{login}");
    let actions = format!("{base}/actions");
    let at = |path: &str, needs| Endpoint::new(format!("{base}{path}"), needs);
    let account = asker.one::<Raw>(&at("", ADMINISTRATION));
    let default_role = account
        .as_ref()
        .and_then(|raw| private(raw.default_repository_permission.as_deref(), ADMINISTRATION))
        .map(Role::from_word);
    let sees_members = default_role.is_known();
    let members = |role: &str| members(asker, &at("/members", MEMBERS).query(role), sees_members);
    Organization {
        login: login.to_owned(),
        id: account.as_ref().map(|raw| raw.id),
        two_factor_required: account
            .and_then(|raw| private(raw.two_factor_requirement_enabled, ADMINISTRATION)),
        owners: members("role=admin"),
        members: members("role=all").map(|all| u64::try_from(all.len()).unwrap_or(u64::MAX)),
        default_role,
        actions_permissions: permissions(asker, &actions, ADMINISTRATION),
        workflow_token: workflow_token(asker, &actions, ADMINISTRATION),
        oidc_subject: oidc_subject(asker, &actions, ADMINISTRATION),
        immutable_releases: asker
            .one::<RawImmutable>(&at("/settings/immutable-releases", ADMINISTRATION))
            .map(|raw| EnforcedRepositories::from_word(&raw.enforced_repositories)),
        installations: installations(asker, &at("/installations", ADMINISTRATION)),
        webhooks: webhooks(asker, &at("/hooks", WEBHOOKS)),
    }
}

/// A field that GitHub shows only to those who may administrate.
fn private<T>(field: Option<T>, need: Needs) -> Fact<T> {
    field.map_or_else(
        || {
            Fact::NotChecked(NotChecked {
                reason: Reason::NotReported,
                needs: needs(need),
            })
        },
        Fact::Known,
    )
}

/// Members by role. GitHub gives strangers the public members only, and does
/// not say so: the list counts only for a token that sees the organisation's
/// private settings.
fn members(asker: &Asker<'_>, endpoint: &Endpoint, sees_members: bool) -> Fact<Vec<String>> {
    if !sees_members {
        return Fact::NotChecked(endpoint.refused(Reason::NotReported));
    }
    asker
        .list::<RawMember>(endpoint)
        .map(|all| all.into_iter().map(|raw| raw.login).collect())
}

fn installations(asker: &Asker<'_>, endpoint: &Endpoint) -> Fact<Vec<Installation>> {
    let list = asker.counted::<RawInstallation>(endpoint, "installations");
    list.and_then(|all| {
        let all: Option<Vec<Installation>> = all.into_iter().map(installation).collect();
        all.map_or_else(|| Fact::not_read(Reason::Malformed), Fact::Known)
    })
}

fn installation(raw: RawInstallation) -> Option<Installation> {
    let mut permissions = BTreeMap::new();
    for (name, access) in raw.permissions {
        let access = match access.as_str() {
            "read" => TokenAccess::Read,
            "write" => TokenAccess::Write,
            "admin" => TokenAccess::Admin,
            _ => return None,
        };
        permissions.insert(name, access);
    }
    Some(Installation {
        id: raw.id,
        app: raw.app_slug,
        app_id: raw.app_id,
        reach: InstallationReach::from_word(&raw.repository_selection),
        permissions,
        suspended_at: raw.suspended_at,
        created_at: raw.created_at,
    })
}
