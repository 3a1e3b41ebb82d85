//! Where a secret is kept, as far as that is known.

use std::collections::BTreeSet;

use super::Study;
use crate::asset::Asset;

/// Who keeps a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// The repository.
    Repository,
    /// The organisation, for several repositories perhaps.
    Organisation,
    /// An environment.
    Environment(String),
    /// It was not seen: the repository, its organisation, or one of these
    /// environments, which jobs that name it run in.
    Unknown(BTreeSet<String>),
}

impl Home {
    /// In a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Repository => "repository".to_owned(),
            Self::Organisation => "organisation".to_owned(),
            Self::Environment(name) => format!("environment {name}"),
            Self::Unknown(names) if names.is_empty() => "repository or organisation".to_owned(),
            Self::Unknown(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!(
                    "repository, organisation or environment {}",
                    names.join(", ")
                )
            }
        }
    }

    /// The command that replaces the secret's value.
    #[must_use]
    pub fn replace(&self, name: &str, repository: Option<&str>) -> String {
        let slug = repository.unwrap_or("OWNER/NAME");
        let owner = slug.split('/').next().unwrap_or("OWNER");
        match self {
            Self::Organisation => format!("gh secret set {name} --org {owner}"),
            Self::Environment(environment) => {
                format!("gh secret set {name} --repo {slug} --env {environment}")
            }
            Self::Repository | Self::Unknown(_) => {
                format!("gh secret set {name} --repo {slug}")
            }
        }
    }
}

/// Where a secret is kept.
#[must_use]
pub fn of_secret(study: &Study<'_>, asset: &Asset) -> Option<Home> {
    let Asset::Secret { name, environment } = asset else {
        return None;
    };
    if let Some(environment) = environment {
        return Some(Home::Environment(environment.clone()));
    }
    let secrets = study.scene.settings.snapshot().map(|s| &s.secrets);
    if let (Some(name), Some(secrets)) = (name, secrets) {
        let has = |list: Option<&Vec<cofferdam_facts::settings::Secret>>| {
            let mut all = list.into_iter().flatten();
            all.any(|secret| secret.name.eq_ignore_ascii_case(name))
        };
        // The repository's own value goes before that of the organisation.
        if has(secrets.repository.known()) {
            return Some(Home::Repository);
        }
        if has(secrets.organization.known()) {
            return Some(Home::Organisation);
        }
    }
    let unseen = study.scene.runs.iter().filter_map(|run| {
        let environment = run.environment.as_ref()?;
        let held = run.held.named.contains_key(asset);
        let name = name.as_deref()?;
        let unknown = study.scene.settings.home(name, &environment.name).is_err();
        (held && unknown).then(|| environment.name.clone())
    });
    Some(Home::Unknown(unseen.collect()))
}
