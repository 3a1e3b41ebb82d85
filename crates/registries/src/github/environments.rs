//! `…/environments` and what stands below each.

use cofferdam_facts::settings::{
    CustomRule, DeploymentRefs, Environment, Fact, NamedRef, Protection, Reason, RefKind,
    RequiredReviewers, Reviewer, SecretHome, Timestamp, TokenAccess,
};
use serde::Deserialize;

use super::RepositoryName;
use super::actions::reported;
use super::ask::{Asker, Endpoint, segment};
use super::secrets;

const ACTIONS: &[(&str, TokenAccess)] = &[("actions", TokenAccess::Read)];
const ENVIRONMENTS: &[(&str, TokenAccess)] = &[("environments", TokenAccess::Read)];

#[derive(Deserialize)]
struct Raw {
    id: u64,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    can_admins_bypass: Option<bool>,
    protection_rules: Option<Vec<RawRule>>,
    /// `null` means any ref; a missing field means nothing.
    #[serde(default, deserialize_with = "present")]
    deployment_branch_policy: Option<Option<RawRefs>>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<RawRefs>>, D::Error> {
    Option::<RawRefs>::deserialize(from).map(Some)
}

#[derive(Deserialize)]
struct RawRefs {
    protected_branches: bool,
    custom_branch_policies: bool,
}

#[derive(Deserialize)]
struct RawRule {
    #[serde(rename = "type")]
    kind: String,
    wait_timer: Option<u32>,
    prevent_self_review: Option<bool>,
    reviewers: Option<Vec<RawReviewer>>,
}

#[derive(Deserialize)]
struct RawReviewer {
    #[serde(rename = "type")]
    kind: String,
    reviewer: Option<RawPerson>,
}

#[derive(Deserialize)]
struct RawPerson {
    id: u64,
    login: Option<String>,
    slug: Option<String>,
}

#[derive(Deserialize)]
struct RawNamedRef {
    name: String,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct RawCustomRule {
    enabled: bool,
    app: RawApp,
}

#[derive(Deserialize)]
struct RawApp {
    slug: String,
}

pub(super) fn environments(asker: &Asker<'_>, asked: &RepositoryName) -> Fact<Vec<Environment>> {
    let path = format!("{}/environments", asked.path());
    let endpoint = Endpoint::new(path.clone(), ACTIONS);
    asker.counted::<Raw>(&endpoint, "environments").map(|all| {
        all.into_iter()
            .map(|one| environment(asker, &path, one))
            .collect()
    })
}

fn environment(asker: &Asker<'_>, path: &str, raw: Raw) -> Environment {
    let below = segment(&raw.name).map(|name| format!("{path}/{name}"));
    let home = SecretHome::Environment {
        environment: raw.name.clone(),
    };
    let (custom_rules, secrets, variables) = match &below {
        Some(below) => (
            custom_rules(asker, below),
            secrets::secrets_at(asker, &format!("{below}/secrets"), ENVIRONMENTS, &home),
            secrets::variables_at(asker, &format!("{below}/variables"), ENVIRONMENTS, &home),
        ),
        // A name that no address can carry.
        None => (
            Fact::not_read(Reason::NotOffered),
            Fact::not_read(Reason::NotOffered),
            Fact::not_read(Reason::NotOffered),
        ),
    };
    Environment {
        id: raw.id,
        created_at: raw.created_at,
        updated_at: raw.updated_at,
        protection: reported(raw.protection_rules).map(protection),
        can_admins_bypass: reported(raw.can_admins_bypass),
        deployment_refs: reported(raw.deployment_branch_policy)
            .and_then(|refs| deployment_refs(asker, below.as_deref(), refs.as_ref())),
        custom_rules,
        secrets,
        variables,
        name: raw.name,
    }
}

fn protection(rules: Vec<RawRule>) -> Protection {
    let mut out = Protection::default();
    for rule in rules {
        match rule.kind.as_str() {
            "wait_timer" => out.wait_minutes = rule.wait_timer,
            "required_reviewers" => {
                let reviewers = rule.reviewers.unwrap_or_default();
                out.required_reviewers = Some(RequiredReviewers {
                    reviewers: reviewers.into_iter().map(reviewer).collect(),
                    prevent_self_review: reported(rule.prevent_self_review),
                });
            }
            // `branch_policy` only repeats that there is one, and Apps have an
            // endpoint of their own.
            _ => {}
        }
    }
    out
}

fn reviewer(raw: RawReviewer) -> Reviewer {
    match (raw.kind.as_str(), raw.reviewer) {
        (
            "User",
            Some(RawPerson {
                id,
                login: Some(login),
                ..
            }),
        ) => Reviewer::User { login, id },
        (
            "Team",
            Some(RawPerson {
                id,
                slug: Some(slug),
                ..
            }),
        ) => Reviewer::Team { slug, id },
        _ => Reviewer::Other { kind: raw.kind },
    }
}

fn deployment_refs(
    asker: &Asker<'_>,
    below: Option<&str>,
    refs: Option<&RawRefs>,
) -> Fact<DeploymentRefs> {
    match (refs, below) {
        (None, _) => Fact::Known(DeploymentRefs::Any),
        (
            Some(RawRefs {
                custom_branch_policies: true,
                ..
            }),
            Some(below),
        ) => Fact::Known(DeploymentRefs::Named(named_refs(asker, below))),
        (
            Some(RawRefs {
                custom_branch_policies: true,
                ..
            }),
            None,
        ) => Fact::Known(DeploymentRefs::Named(Fact::not_read(Reason::NotOffered))),
        (
            Some(RawRefs {
                protected_branches: true,
                ..
            }),
            _,
        ) => Fact::Known(DeploymentRefs::ProtectedBranches),
        // GitHub says that the two are never both false.
        (Some(_), _) => Fact::not_read(Reason::Malformed),
    }
}

fn named_refs(asker: &Asker<'_>, below: &str) -> Fact<Vec<NamedRef>> {
    let endpoint = Endpoint::new(format!("{below}/deployment-branch-policies"), ACTIONS);
    asker
        .counted::<RawNamedRef>(&endpoint, "branch_policies")
        .map(|all| {
            let named = |raw: RawNamedRef| NamedRef {
                pattern: raw.name,
                kind: reported(raw.kind.map(|word| RefKind::from_word(&word))),
            };
            all.into_iter().map(named).collect()
        })
}

fn custom_rules(asker: &Asker<'_>, below: &str) -> Fact<Vec<CustomRule>> {
    let endpoint = Endpoint::new(format!("{below}/deployment_protection_rules"), ACTIONS).unpaged();
    let key = "custom_deployment_protection_rules";
    asker.counted::<RawCustomRule>(&endpoint, key).map(|all| {
        let custom = |raw: RawCustomRule| CustomRule {
            app: raw.app.slug,
            enabled: raw.enabled,
        };
        all.into_iter().map(custom).collect()
    })
}
