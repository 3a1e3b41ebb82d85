//! What a secret is for, by the steps that are given it.
//!
//! What an input of a well-known action takes is documented by that action; what
//! only a name says is a guess, and is called one.

use std::collections::BTreeSet;

use cofferdam_facts::Location;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use super::Study;
use crate::asset::Asset;
use crate::scene::Run;

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// A registry that things are published to.
    Registry,
    /// The private key of an App.
    App,
    /// GitHub, as whoever made the token.
    GitHub,
    /// Pushing to repositories over SSH.
    Deploy,
    /// Signing what is released.
    Signing,
    /// A cloud.
    Cloud,
    /// Something else.
    Other,
}

/// One place that is given a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// What for.
    pub purpose: Purpose,
    /// Whether that is only what the name says.
    pub guessed: bool,
    /// What is given it, as in `docker/login-action, password`.
    pub by: String,
    /// The file.
    pub path: String,
    /// The line of the step, or of the variable.
    pub line: usize,
    /// The job.
    pub job: String,
}

impl Purpose {
    /// What somebody with it can do, and who takes it back.
    #[must_use]
    pub fn can(self) -> &'static str {
        match self {
            Self::Registry => "publishes to a registry; revoke it there",
            Self::App => {
                "signs in as a GitHub App, with all that the App may do wherever it is installed; make a new private key and delete the old one in the App's settings"
            }
            Self::GitHub => {
                "acts on GitHub as whoever made it, in every repository that it is for; revoke it in that account's settings"
            }
            Self::Deploy => {
                "pushes over SSH wherever its public half is registered; delete the deploy key"
            }
            Self::Signing => {
                "signs as the project; revoke the key or certificate and say so to users"
            }
            Self::Cloud => {
                "signs in to a cloud account; disable the key there and read its audit log"
            }
            Self::Other => "does what its issuer lets it; revoke it there",
        }
    }

    /// In one word or two.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::App => "app-key",
            Self::GitHub => "github-token",
            Self::Deploy => "ssh-key",
            Self::Signing => "signing",
            Self::Cloud => "cloud",
            Self::Other => "other",
        }
    }
}

/// Inputs of well-known actions, by the documentation of each: the action, or all
/// of an owner with `/`, the input, and what it takes.
const INPUTS: &[(&str, &str, Purpose)] = &[
    ("actions/checkout", "token", Purpose::GitHub),
    ("actions/checkout", "ssh-key", Purpose::Deploy),
    (
        "actions/create-github-app-token",
        "private-key",
        Purpose::App,
    ),
    ("tibdex/github-app-token", "private_key", Purpose::App),
    ("actions/github-script", "github-token", Purpose::GitHub),
    ("peter-evans/", "token", Purpose::GitHub),
    ("softprops/action-gh-release", "token", Purpose::GitHub),
    (
        "crazy-max/ghaction-import-gpg",
        "gpg_private_key",
        Purpose::Signing,
    ),
    (
        "crazy-max/ghaction-import-gpg",
        "passphrase",
        Purpose::Signing,
    ),
    ("webfactory/ssh-agent", "ssh-private-key", Purpose::Deploy),
    (
        "aws-actions/configure-aws-credentials",
        "aws-secret-access-key",
        Purpose::Cloud,
    ),
    (
        "aws-actions/configure-aws-credentials",
        "aws-access-key-id",
        Purpose::Cloud,
    ),
    ("azure/login", "creds", Purpose::Cloud),
    (
        "google-github-actions/auth",
        "credentials_json",
        Purpose::Cloud,
    ),
];

/// Variables that well-known tools read.
const VARIABLES: &[(&str, Purpose)] = &[
    ("AWS_ACCESS_KEY_ID", Purpose::Cloud),
    ("AWS_SECRET_ACCESS_KEY", Purpose::Cloud),
    ("AZURE_CLIENT_SECRET", Purpose::Cloud),
    ("CARGO_REGISTRY_TOKEN", Purpose::Registry),
    ("COSIGN_PASSWORD", Purpose::Signing),
    ("COSIGN_PRIVATE_KEY", Purpose::Signing),
    ("GH_TOKEN", Purpose::GitHub),
    ("GITHUB_TOKEN", Purpose::GitHub),
    ("REPO_TOKEN", Purpose::GitHub),
    ("NODE_AUTH_TOKEN", Purpose::Registry),
    ("NPM_TOKEN", Purpose::Registry),
    ("TWINE_PASSWORD", Purpose::Registry),
];

/// Parts of names, where nothing better is known.
const NAMES: &[(&str, Purpose)] = &[
    ("GPG", Purpose::Signing),
    ("COSIGN", Purpose::Signing),
    ("SIGNING", Purpose::Signing),
    ("CERTIFICATE", Purpose::Signing),
    ("NOTAR", Purpose::Signing),
    ("APP_PRIVATE_KEY", Purpose::App),
    ("APP_PEM", Purpose::App),
    ("APP_KEY", Purpose::App),
    ("_PEM", Purpose::App),
    ("SSH", Purpose::Deploy),
    ("_RSA", Purpose::Deploy),
    ("_ED25519", Purpose::Deploy),
    ("DEPLOY_KEY", Purpose::Deploy),
    ("AWS_", Purpose::Cloud),
    ("AZURE_", Purpose::Cloud),
    ("GCP_", Purpose::Cloud),
    ("DOCKER", Purpose::Registry),
    ("QUAY", Purpose::Registry),
    ("NPM", Purpose::Registry),
    ("PYPI", Purpose::Registry),
    ("REGISTRY", Purpose::Registry),
    ("GH_", Purpose::GitHub),
    ("GITHUB", Purpose::GitHub),
    ("_PAT", Purpose::GitHub),
    ("BOT_TOKEN", Purpose::GitHub),
];

/// How many places are kept.
const MAX_USES: usize = 200;

/// Every place that a job gives a secret to, the most telling first.
#[must_use]
pub fn of_secret(study: &Study<'_>, asset: &Asset) -> Vec<Use> {
    let Asset::Secret {
        name: Some(name), ..
    } = asset
    else {
        return Vec::new();
    };
    let mut uses: BTreeSet<Use> = BTreeSet::new();
    // The events that start a job give its secrets to the same steps.
    let mut seen = BTreeSet::new();
    for run in &study.scene.runs {
        let job = std::ptr::from_ref(run.view).addr();
        if !run.held.named.contains_key(asset) || uses.len() >= MAX_USES || !seen.insert(job) {
            continue;
        }
        let logins = cofferdam_rules::releases::logins(study.scene.cx, run.view);
        for step in run.view.job.steps() {
            let signs_in = (logins.iter())
                .find(|login| login.step == step.index && login.secrets.contains(name));
            for (by, key) in of_step(step, name) {
                // What a key is documented to take goes before what signs in there.
                let (purpose, guessed) = match (of_key(step.action(), &key, name), signs_in) {
                    ((Purpose::Other, _) | (_, true), Some(_)) => (Purpose::Registry, false),
                    (known, _) => known,
                };
                uses.insert(used(run, purpose, guessed, by, &run.view.at(step.head())));
            }
        }
        let around = run.view.job.env.iter().chain(&run.view.workflow.env);
        for pair in around.filter(|pair| names(&pair.value, name)) {
            let key = pair.key.value.as_str();
            let (purpose, guessed) = of_key(None, key, name);
            let by = format!("variable {key} of the job");
            let place = run.view.at(pair.key.span);
            uses.insert(used(run, purpose, guessed, by, &place));
        }
    }
    // A call hands it on: what for, the called workflow knows.
    if uses.is_empty() {
        let held = study.scene.runs.iter();
        let held = held.filter_map(|run| Some((run, run.held.named.get(asset)?)));
        for (run, place) in held.take(MAX_USES) {
            let (purpose, guessed) = of_name(name);
            uses.insert(used(run, purpose, guessed, "handed on".to_owned(), place));
        }
    }
    let mut uses: Vec<Use> = uses.into_iter().collect();
    uses.sort_by_key(|one| (one.guessed, one.purpose));
    uses
}

fn used(run: &Run<'_>, purpose: Purpose, guessed: bool, by: String, at: &Location) -> Use {
    Use {
        purpose,
        guessed,
        by,
        path: at.path.to_string(),
        line: at.line,
        job: run.view.job.name().to_owned(),
    }
}

/// What of a step names the secret, and under which key.
fn of_step(step: &Step, secret: &str) -> Vec<(String, String)> {
    let keyed = |pairs: &[Pair], what: &str| -> Vec<(String, String)> {
        let named = pairs.iter().filter(|pair| names(&pair.value, secret));
        named
            .map(|pair| {
                let key = pair.key.value.clone();
                (format!("{what} {key}"), key)
            })
            .collect()
    };
    let mut found = keyed(step.with(), &format!("{},", step.action().unwrap_or("")));
    let by = step.action().unwrap_or("script");
    found.extend(keyed(&step.env, &format!("{by}, variable")));
    if step.script().is_some_and(|script| names(script, secret)) {
        found.push(("written into a script".to_owned(), String::new()));
    }
    found
}

fn names(text: &Text, secret: &str) -> bool {
    let mut named = text.parsed().flat_map(|(_, expr)| secrets::names(expr));
    named.any(|name| matches!(name, SecretName::Named(name) if name == secret))
}

/// What a key takes, and whether only the name says so.
fn of_key(action: Option<&str>, key: &str, name: &str) -> (Purpose, bool) {
    let action = action.unwrap_or_default().to_ascii_lowercase();
    // Actions that make a token of an App take nothing but its key and numbers.
    if ["app-token", "github-app", "app-auth"]
        .iter()
        .any(|part| action.contains(part))
    {
        return (Purpose::App, false);
    }
    let documented = INPUTS.iter().find(|(of, input, _)| {
        let same = action == *of || of.ends_with('/') && action.starts_with(of);
        same && key.eq_ignore_ascii_case(input)
    });
    if let Some((_, _, purpose)) = documented {
        return (*purpose, false);
    }
    let key = key.to_ascii_uppercase().replace('-', "_");
    let variable = VARIABLES.iter().find(|(variable, _)| *variable == key);
    match variable {
        Some((_, purpose)) => (*purpose, false),
        None => of_name(name),
    }
}

fn of_name(name: &str) -> (Purpose, bool) {
    let found = NAMES.iter().find(|(part, _)| name.contains(part));
    found.map_or((Purpose::Other, false), |(_, purpose)| (*purpose, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_say_more_than_names() {
        for (action, key, name, purpose, guessed) in [
            ("actions/checkout", "token", "X", Purpose::GitHub, false),
            (
                "peter-evans/create-pull-request",
                "token",
                "X",
                Purpose::GitHub,
                false,
            ),
            (
                "codecov/codecov-action",
                "token",
                "CODECOV_TOKEN",
                Purpose::Other,
                false,
            ),
            ("o/a", "github-token", "X", Purpose::GitHub, false),
            ("o/a", "key", "GPG_KEY", Purpose::Signing, true),
            ("", "NODE_AUTH_TOKEN", "X", Purpose::Registry, false),
        ] {
            assert_eq!(
                of_key(Some(action), key, name),
                (purpose, guessed),
                "{action} {key}"
            );
        }
    }
}
