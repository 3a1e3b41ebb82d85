//! `…/actions/policies`: workflow execution protections.
//!
//! The API is in public preview and not yet part of the published OpenAPI
//! description; the shape is the one of GitHub's page "REST API endpoints for
//! GitHub Actions policies". The policy that requires a lock file is one more
//! rule of these policies, whose word that page does not name: it comes as
//! [`ActionsPolicyRule::Other`].

use cofferdam_facts::settings::{
    ActionsPolicy, ActionsPolicyRule, Enforcement, Fact, Patterns, PolicyActor, PolicyActorKind,
    Reason, SourceType, TokenAccess,
};
use serde::Deserialize;

use super::RepositoryName;
use super::actions::reported;
use super::ask::{Asker, Endpoint};

/// The version of the API in which policies are described.
const VERSION: &str = "2026-03-10";
const NEEDS: &[(&str, TokenAccess)] = &[("administration", TokenAccess::Read)];

#[derive(Deserialize)]
struct Raw {
    id: u64,
    name: String,
    source_type: Option<String>,
    source: Option<String>,
    enforcement: Option<String>,
    conditions: Option<RawConditions>,
    rules: Option<Vec<RawRule>>,
}

#[derive(Deserialize)]
struct RawConditions {
    workflow_path: Option<RawPatterns>,
}

/// Lists of patterns, here and in rulesets.
#[derive(Deserialize)]
pub(super) struct RawPatterns {
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

impl From<RawPatterns> for Patterns {
    fn from(raw: RawPatterns) -> Self {
        Self {
            include: raw.include,
            exclude: raw.exclude,
        }
    }
}

#[derive(Deserialize)]
struct RawRule {
    #[serde(rename = "type")]
    kind: String,
    parameters: Option<RawParameters>,
}

#[derive(Deserialize)]
struct RawParameters {
    allowed_actors: Option<Vec<RawActor>>,
    allowed_events: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RawActor {
    id: Option<u64>,
    #[serde(rename = "type")]
    kind: String,
}

pub(super) fn policies(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    reads_administration: bool,
) -> Fact<Vec<ActionsPolicy>> {
    let path = format!("{}/actions/policies", asked.path());
    let endpoint = Endpoint::new(path.clone(), NEEDS)
        .query("has_parents=true")
        .version(VERSION);
    let list = asker.counted::<Raw>(&endpoint, "policies");
    if reads_administration
        && list
            .not_checked()
            .is_some_and(|why| why.reason == Reason::NotFound)
    {
        // A reader with the permission gets 404 only where the API is missing.
        return Fact::not_read(Reason::NotOffered);
    }
    list.map(|all| {
        all.into_iter()
            .map(|one| policy(asker, &path, one))
            .collect()
    })
}

/// A policy from the list, completed by its own endpoint where the list is
/// short of the rules.
fn policy(asker: &Asker<'_>, path: &str, listed: Raw) -> ActionsPolicy {
    if listed.rules.is_some() && listed.enforcement.is_some() {
        return convert(listed);
    }
    let endpoint = Endpoint::new(format!("{path}/{}", listed.id), NEEDS).version(VERSION);
    match asker.one::<Raw>(&endpoint) {
        Fact::Known(full) if full.id == listed.id => convert(full),
        Fact::Known(_) => ActionsPolicy {
            rules: Fact::not_read(Reason::Malformed),
            ..convert(listed)
        },
        Fact::NotChecked(why) => ActionsPolicy {
            rules: Fact::NotChecked(why),
            ..convert(listed)
        },
    }
}

fn convert(raw: Raw) -> ActionsPolicy {
    ActionsPolicy {
        id: raw.id,
        name: raw.name,
        source_type: reported(raw.source_type.map(|word| SourceType::from_word(&word))),
        source: raw.source,
        enforcement: reported(raw.enforcement.map(|word| Enforcement::from_word(&word))),
        workflow_paths: raw
            .conditions
            .and_then(|all| all.workflow_path)
            .map(Patterns::from),
        rules: reported(raw.rules.map(|all| all.into_iter().map(rule).collect())),
    }
}

fn rule(raw: RawRule) -> ActionsPolicyRule {
    let (actors, events) = raw
        .parameters
        .map_or((None, None), |all| (all.allowed_actors, all.allowed_events));
    match (raw.kind.as_str(), actors, events) {
        ("restrict_actions_actors", Some(actors), _) => ActionsPolicyRule::Actors {
            allowed: actors
                .into_iter()
                .map(|one| PolicyActor {
                    kind: PolicyActorKind::from_word(&one.kind),
                    id: one.id,
                })
                .collect(),
        },
        ("restrict_action_events", _, Some(events)) => {
            ActionsPolicyRule::Events { allowed: events }
        }
        _ => ActionsPolicyRule::Other { rule: raw.kind },
    }
}
