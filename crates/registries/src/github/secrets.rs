//! `…/secrets` and `…/variables` of all homes: names and ages.

use std::collections::BTreeMap;

use cofferdam_facts::settings::{
    Fact, Reason, Secret, SecretHome, SecretVisibility, Secrets, Timestamp, TokenAccess, Variable,
};
use serde::Deserialize;

use super::RepositoryName;
use super::ask::{Asker, Endpoint};

/// Permissions which a token needs together.
type Needs = &'static [(&'static str, TokenAccess)];

const SECRETS: Needs = &[("secrets", TokenAccess::Read)];
const VARIABLES: Needs = &[("actions_variables", TokenAccess::Read)];
const DEPENDABOT: Needs = &[("dependabot_secrets", TokenAccess::Read)];
const ORGANIZATION: Needs = &[("organization_secrets", TokenAccess::Read)];
const ORGANIZATION_VARIABLES: Needs = &[("organization_actions_variables", TokenAccess::Read)];

/// A secret or variable. The value of a variable is not even read.
#[derive(Deserialize)]
struct Raw {
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    visibility: Option<String>,
}

pub(super) fn secrets(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    organization: &Fact<Option<String>>,
) -> Secrets {
    let base = asked.path();
    let at = |path: &str| format!("{base}/{path}");
    let repository = SecretHome::Repository;
    Secrets {
        repository: secrets_at(asker, &at("actions/secrets"), SECRETS, &repository),
        dependabot: secrets_at(
            asker,
            &at("dependabot/secrets"),
            DEPENDABOT,
            &SecretHome::Dependabot,
        ),
        repository_variables: variables_at(asker, &at("actions/variables"), VARIABLES, &repository),
        organization: from_organization(organization, |login| {
            let shared = list(
                asker,
                &at("actions/organization-secrets"),
                SECRETS,
                "secrets",
            );
            with_visibility(shared, || {
                visibilities(asker, login, "secrets", ORGANIZATION)
            })
            .map(|all| {
                all.into_iter()
                    .map(|(raw, home)| secret(raw, home))
                    .collect()
            })
        }),
        organization_variables: from_organization(organization, |login| {
            let path = at("actions/organization-variables");
            let shared = list(asker, &path, VARIABLES, "variables");
            with_visibility(shared, || {
                visibilities(asker, login, "variables", ORGANIZATION_VARIABLES)
            })
            .map(|all| {
                all.into_iter()
                    .map(|(raw, home)| variable(raw, home))
                    .collect()
            })
        }),
    }
}

/// Nothing for a user's repository, and an answer for an organisation's.
pub(super) fn from_organization<T>(
    organization: &Fact<Option<String>>,
    ask: impl FnOnce(&str) -> Fact<Vec<T>>,
) -> Fact<Vec<T>> {
    organization.as_ref().and_then(|login| match login {
        Some(login) => ask(login),
        None => Fact::Known(Vec::new()),
    })
}

/// The secrets of one home.
pub(super) fn secrets_at(
    asker: &Asker<'_>,
    path: &str,
    needs: Needs,
    home: &SecretHome,
) -> Fact<Vec<Secret>> {
    list(asker, path, needs, "secrets").map(|all| {
        all.into_iter()
            .map(|raw| secret(raw, home.clone()))
            .collect()
    })
}

/// The variables of one home.
pub(super) fn variables_at(
    asker: &Asker<'_>,
    path: &str,
    needs: Needs,
    home: &SecretHome,
) -> Fact<Vec<Variable>> {
    list(asker, path, needs, "variables").map(|all| {
        all.into_iter()
            .map(|raw| variable(raw, home.clone()))
            .collect()
    })
}

fn list(asker: &Asker<'_>, path: &str, needs: Needs, key: &str) -> Fact<Vec<Raw>> {
    asker.counted(&Endpoint::new(path.to_owned(), needs), key)
}

/// Which repositories may use the organisation's secrets or variables, by name.
fn visibilities(
    asker: &Asker<'_>,
    login: &str,
    key: &str,
    needs: Needs,
) -> Fact<BTreeMap<String, SecretVisibility>> {
    list(asker, &format!("/orgs/{login}/actions/{key}"), needs, key).map(|all| {
        let pair = |raw: Raw| Some((raw.name, SecretVisibility::from_word(&raw.visibility?)));
        all.into_iter().filter_map(pair).collect()
    })
}

/// Adds to each shared name who else may use it, which the repository's own
/// list does not tell.
fn with_visibility(
    shared: Fact<Vec<Raw>>,
    ask: impl FnOnce() -> Fact<BTreeMap<String, SecretVisibility>>,
) -> Fact<Vec<(Raw, SecretHome)>> {
    shared.map(|shared| {
        if shared.is_empty() {
            return Vec::new();
        }
        let known = ask();
        let home = |name: &str| SecretHome::Organization {
            visibility: known.as_ref().and_then(|all| {
                all.get(name).map_or_else(
                    || Fact::not_read(Reason::NotReported),
                    |visibility| Fact::Known(visibility.clone()),
                )
            }),
        };
        shared
            .into_iter()
            .map(|raw| {
                let home = home(&raw.name);
                (raw, home)
            })
            .collect()
    })
}

fn secret(raw: Raw, home: SecretHome) -> Secret {
    Secret {
        name: raw.name,
        home,
        created_at: raw.created_at,
        updated_at: raw.updated_at,
    }
}

fn variable(raw: Raw, home: SecretHome) -> Variable {
    Variable {
        name: raw.name,
        home,
        created_at: raw.created_at,
        updated_at: raw.updated_at,
    }
}
