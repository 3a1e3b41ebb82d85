//! Collaborators, teams, deploy keys and webhooks of a repository.

use cofferdam_facts::settings::{
    Access, Collaborator, DeployKey, Fact, Reason, Role, Team, Timestamp, TokenAccess, Webhook,
};
use serde::Deserialize;

use super::RepositoryName;
use super::ask::{Asker, Endpoint};
use super::secrets::from_organization;

/// Permissions which a token needs together.
type Needs = &'static [(&'static str, TokenAccess)];

const METADATA: Needs = &[("metadata", TokenAccess::Read)];
const ADMINISTRATION: Needs = &[("administration", TokenAccess::Read)];
const WEBHOOKS: Needs = &[("repository_hooks", TokenAccess::Read)];

#[derive(Deserialize)]
struct RawCollaborator {
    login: String,
    id: u64,
    role_name: String,
}

#[derive(Deserialize)]
struct RawTeam {
    id: u64,
    slug: String,
    permission: String,
}

#[derive(Deserialize)]
struct RawKey {
    id: u64,
    title: String,
    read_only: bool,
    created_at: Timestamp,
    last_used: Option<Timestamp>,
    added_by: Option<String>,
}

#[derive(Deserialize)]
struct RawHook {
    id: u64,
    active: bool,
    events: Vec<String>,
    config: RawHookConfig,
}

#[derive(Deserialize)]
struct RawHookConfig {
    url: Option<String>,
    insecure_ssl: Option<Number>,
    /// Eight asterisks where a secret is set.
    secret: Option<String>,
}

/// `"0"` or `0`: the description allows both.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Number(f64),
}

pub(super) fn access(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    organization: &Fact<Option<String>>,
) -> Access {
    let at = |path: &str, needs| Endpoint::new(format!("{}/{path}", asked.path()), needs);
    let outside = at("collaborators", METADATA).query("affiliation=outside");
    Access {
        collaborators: asker
            .list::<RawCollaborator>(&at("collaborators", METADATA))
            .map(|all| {
                let one = |raw: RawCollaborator| Collaborator {
                    login: raw.login,
                    id: raw.id,
                    role: Role::from_word(&raw.role_name),
                };
                all.into_iter().map(one).collect()
            }),
        outside_collaborators: asker
            .list::<RawCollaborator>(&outside)
            .map(|all| all.into_iter().map(|raw| raw.login).collect()),
        teams: from_organization(organization, |_| {
            asker
                .list::<RawTeam>(&at("teams", ADMINISTRATION))
                .map(|all| all.into_iter().map(team).collect())
        }),
        deploy_keys: asker
            .list::<RawKey>(&at("keys", ADMINISTRATION))
            .map(|all| all.into_iter().map(key).collect()),
        webhooks: webhooks(asker, &at("hooks", WEBHOOKS)),
    }
}

fn team(raw: RawTeam) -> Team {
    // This endpoint speaks of git's verbs, the others of roles.
    let role = match raw.permission.as_str() {
        "pull" => Role::Read,
        "push" => Role::Write,
        word => Role::from_word(word),
    };
    Team {
        slug: raw.slug,
        id: raw.id,
        role,
    }
}

fn key(raw: RawKey) -> DeployKey {
    DeployKey {
        id: raw.id,
        title: raw.title,
        read_only: raw.read_only,
        created_at: raw.created_at,
        last_used: raw.last_used,
        added_by: raw.added_by,
    }
}

/// The receivers of a repository or an organisation.
pub(super) fn webhooks(asker: &Asker<'_>, endpoint: &Endpoint) -> Fact<Vec<Webhook>> {
    asker
        .list::<RawHook>(endpoint)
        .map(|all| all.into_iter().map(webhook).collect())
}

fn webhook(raw: RawHook) -> Webhook {
    let url = raw
        .config
        .url
        .as_deref()
        .and_then(|url| reqwest::Url::parse(url).ok());
    Webhook {
        id: raw.id,
        active: raw.active,
        host: url
            .as_ref()
            .and_then(|url| url.host_str())
            .map(str::to_owned),
        https: url.map_or_else(
            || Fact::not_read(Reason::NotReported),
            |url| Fact::Known(url.scheme() == "https"),
        ),
        insecure_tls: match raw.config.insecure_ssl {
            Some(Number::Text(text)) if text == "0" => Fact::Known(false),
            Some(Number::Text(text)) if text == "1" => Fact::Known(true),
            Some(Number::Number(number)) => Fact::Known(number != 0.0),
            Some(Number::Text(_)) => Fact::not_read(Reason::Malformed),
            None => Fact::not_read(Reason::NotReported),
        },
        has_secret: raw.config.secret.is_some_and(|secret| !secret.is_empty()),
        events: raw.events,
    }
}
