//! Which secrets sign in to a registry, or publish.
//!
//! Decided from the action and its inputs, from commands that sign in, and
//! from the variables that publishing programs are documented to read.
//!
//! Sources: the README of each action; the manual of each program for its
//! variables.

use std::collections::{BTreeSet, HashMap};

use cofferdam_facts::Span;

use crate::documents::action::Action;
use crate::documents::job::Job;
use crate::documents::step::Step;
use crate::documents::text::{Pair, Text, lookup};
use crate::documents::workflow::Workflow;
use crate::repository::Repository;
use crate::semantics::publishing::Publication;
use crate::semantics::secrets::{self, SecretName};
use crate::semantics::stages::{self, Stage};
use crate::shell::Script;

/// A step that signs in to a registry, or publishes with a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The place in the list of steps.
    pub step: usize,
    /// What does it: the value of `uses:`, or the script's place.
    pub span: Span,
    /// The means, for messages: `docker/login-action`, `npm publish`.
    pub means: String,
    /// The registry as written, where one is.
    pub registry: Option<String>,
    /// The names of the secrets it takes, in upper case.
    pub secrets: BTreeSet<String>,
    /// Whether it takes the job's own token.
    pub token: bool,
}

impl Login {
    /// Whom the registry is for, as far as its name tells.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.registry
            .as_deref()
            .map_or(Stage::Production, |registry| {
                // The name of a host alone says nothing of development.
                match stages::of_name(registry) {
                    Stage::Development if !registry.contains('/') => Stage::Production,
                    stage => stage,
                }
            })
    }
}

/// An action that signs in: the inputs with the credential, and the one with
/// the registry.
struct Row {
    name: &'static str,
    inputs: &'static [&'static str],
    registry: &'static str,
}

const fn row(name: &'static str, inputs: &'static [&'static str], registry: &'static str) -> Row {
    Row {
        name,
        inputs,
        registry,
    }
}

const ACTIONS: &[Row] = &[
    row(
        "appany/helm-oci-chart-releaser",
        &["registry_password", "registry_username"],
        "registry",
    ),
    row(
        "azure/docker-login",
        &["password", "username"],
        "login-server",
    ),
    row("cadwallion/publish-rubygems-action", &[], ""),
    row("docker/login-action", &["password", "username"], "registry"),
    row(
        "elgohr/publish-docker-github-action",
        &["password", "username"],
        "registry",
    ),
    row("haaleo/publish-vscode-extension", &["pat"], "registryurl"),
    row("js-devtools/npm-publish", &["token"], "registry"),
    row("katyo/publish-crates", &["registry-token"], ""),
    row("macbre/push-to-ghcr", &["github_token"], ""),
    row(
        "mr-smithers-excellent/docker-build-push",
        &["password", "username"],
        "registry",
    ),
    row(
        "pypa/gh-action-pypi-publish",
        &["password"],
        "repository-url",
    ),
    row(
        "redhat-actions/podman-login",
        &["password", "username"],
        "registry",
    ),
    row(
        "redhat-actions/push-to-registry",
        &["password", "username"],
        "registry",
    ),
    row("stefanprodan/helm-gh-pages", &["token"], ""),
];

/// Variables that publishing programs read their credential from.
const VARIABLES: &[&str] = &[
    "CARGO_REGISTRY_TOKEN",
    "FLIT_PASSWORD",
    "GEM_HOST_API_KEY",
    "HATCH_INDEX_AUTH",
    "HEX_API_KEY",
    "JRELEASER_NEXUS2_PASSWORD",
    "MATURIN_PYPI_TOKEN",
    "MAVEN_CENTRAL_PASSWORD",
    "MAVEN_PASSWORD",
    "NODE_AUTH_TOKEN",
    "NPM_TOKEN",
    "NUGET_API_KEY",
    "ORG_GRADLE_PROJECT_MAVENCENTRALPASSWORD",
    "OSSRH_PASSWORD",
    "OSSRH_TOKEN",
    "OVSX_PAT",
    "PDM_PUBLISH_PASSWORD",
    "POETRY_PYPI_TOKEN_PYPI",
    "PYPI_TOKEN",
    "RUBYGEMS_API_KEY",
    "SONATYPE_PASSWORD",
    "TWINE_PASSWORD",
    "UV_PUBLISH_TOKEN",
    "VSCE_PAT",
];

/// Programs that sign in by the word `login`.
const PROGRAMS: &[&str] = &[
    "buildah", "cargo", "cosign", "crane", "docker", "helm", "nerdctl", "npm", "oras", "podman",
    "regctl", "skopeo",
];

/// Actions that push with what another step signed in with; secrets in their
/// inputs are for the build.
const SIGNED_IN_BEFORE: &[&str] = &["docker/bake-action", "docker/build-push-action"];

/// Words in names of secrets that go along with a publication and open no
/// registry: licences of tools, caches and scans of builds, and services that
/// announce or count.
const OTHER_PURPOSES: &[&str] = &[
    "BLUESKY",
    "CODECOV",
    "DEVELOCITY",
    "DISCORD",
    "GORELEASER_KEY",
    "GRADLE_CACHE",
    "GRADLE_ENCRYPTION_KEY",
    "GRADLE_ENTERPRISE",
    "LINKEDIN",
    "MASTODON",
    "MATTERMOST",
    "OPENCOLLECTIVE",
    "REDDIT",
    "SENTRY",
    "SLACK",
    "SONARCLOUD",
    "SONARQUBE",
    "SONAR_TOKEN",
    "TEAMS",
    "TELEGRAM",
    "TURBO",
    "TWITTER",
    "WEBHOOK",
];

/// Whether programs read a credential for publishing from a variable.
#[must_use]
pub fn is_for_publishing(variable: &str) -> bool {
    VARIABLES.contains(&variable.to_ascii_uppercase().as_str())
}

/// What is needed to look at a job.
#[derive(Clone, Copy)]
pub struct Place<'p> {
    /// The checkout, for its composite actions.
    pub repository: &'p Repository,
    /// The workflow.
    pub workflow: &'p Workflow,
    /// The job.
    pub job: &'p Job,
    /// What the job publishes.
    pub publications: &'p [Publication],
    /// The parsed script of a step.
    pub script: &'p dyn Fn(&Step) -> Option<&'p Script>,
}

impl std::fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Place({}/{})", self.workflow.path(), self.job.name())
    }
}

/// Every step of a job that signs in or publishes with a credential, in order.
#[must_use]
pub fn of_job(place: Place<'_>) -> Vec<Login> {
    let mut logins = Vec::new();
    let mut publications: HashMap<usize, &Publication> = HashMap::new();
    for publication in place.publications {
        publications.entry(publication.step).or_insert(publication);
    }
    for step in place.job.steps() {
        if let Some(login) = by_action(step) {
            logins.push(login);
        } else if let Some(action) = step
            .uses()
            .and_then(|u| place.repository.own_action(&u.value))
        {
            logins.extend(by_composite(step, action));
        } else if let Some(login) = by_script(place, step) {
            logins.push(login);
        }
        let publication = publications.get(&step.index);
        logins.extend(publication.and_then(|publication| by_publication(place, step, publication)));
    }
    logins
}

fn take(login: &mut Login, text: &Text) {
    for name in text.parsed().flat_map(|(_, expr)| secrets::names(expr)) {
        match name {
            SecretName::Named(name) => {
                if !OTHER_PURPOSES.iter().any(|word| name.contains(word)) {
                    login.secrets.insert(name);
                }
            }
            SecretName::Token => login.token = true,
            SecretName::Computed | SecretName::All => {}
        }
    }
}

fn empty(step: &Step, means: impl Into<String>) -> Login {
    Login {
        step: step.index,
        span: step.head(),
        means: means.into(),
        registry: None,
        secrets: BTreeSet::new(),
        token: false,
    }
}

fn by_action(step: &Step) -> Option<Login> {
    let name = step.action()?;
    let row = ACTIONS.iter().find(|row| row.name == name)?;
    let mut login = empty(step, row.name);
    for input in row.inputs {
        if let Some(text) = step.input(input) {
            take(&mut login, text);
        }
    }
    for pair in &step.env {
        if is_for_publishing(&pair.key.value) {
            take(&mut login, &pair.value);
        }
    }
    login.registry = step.input(row.registry).map(|t| t.value.clone());
    Some(login)
}

// What the step hands to inputs of the composite action that end in a
// credential of one of its steps.
fn by_composite(step: &Step, action: &Action) -> Vec<Login> {
    let mut logins = Vec::new();
    for inner in action.steps() {
        let Some(row) = inner
            .action()
            .and_then(|name| ACTIONS.iter().find(|row| row.name == name))
        else {
            continue;
        };
        let mut login = empty(step, row.name);
        for input in row.inputs.iter().filter_map(|i| inner.input(i)) {
            take(&mut login, input);
            for given in handed_in(step, input) {
                take(&mut login, given);
            }
        }
        login.registry = inner.input(row.registry).map(|text| {
            let given = handed_in(step, text).first().map(|t| t.value.clone());
            given.unwrap_or_else(|| text.value.clone())
        });
        logins.push(login);
    }
    logins
}

fn handed_in<'s>(step: &'s Step, inner: &Text) -> Vec<&'s Text> {
    inner
        .parsed()
        .flat_map(|(_, expr)| expr.contexts())
        .filter(|path| path.head() == "inputs")
        .filter_map(|path| lookup(step.with(), path.name(1)?))
        .collect()
}

fn by_script(place: Place<'_>, step: &Step) -> Option<Login> {
    let script = (place.script)(step)?;
    let command = script.commands.iter().find(|command| {
        let (name, args) = command.effective();
        let program = name.file_name().unwrap_or("");
        PROGRAMS.contains(&program) && args.iter().take(3).any(|w| w.text == "login")
    })?;
    let (name, args) = command.effective();
    let mut login = empty(step, format!("{} login", name.text));
    login.registry = args
        .iter()
        .rev()
        .find(|w| !w.text.starts_with('-') && w.text.contains(['.', '/', ':']))
        .map(|w| w.text.clone());
    take_all_of_script(place, step, &mut login);
    Some(login)
}

// Secrets in the script itself, in the step's variables, and in variables of
// the job or workflow that the script mentions.
fn take_all_of_script(place: Place<'_>, step: &Step, login: &mut Login) {
    let Some(script) = step.script() else { return };
    take(login, script);
    for pair in &step.env {
        take(login, &pair.value);
    }
    for pair in place.job.env.iter().chain(&place.workflow.env) {
        if secrets::mentions(&script.value, &pair.key.value) {
            take(login, &pair.value);
        }
    }
}

fn by_publication(place: Place<'_>, step: &Step, publication: &Publication) -> Option<Login> {
    let action = step.action();
    if action
        .is_some_and(|a| SIGNED_IN_BEFORE.contains(&a) || ACTIONS.iter().any(|row| row.name == a))
    {
        return None;
    }
    let mut login = empty(step, publication.means.clone());
    login.registry = publication.target.clone().filter(|t| t.contains('/'));
    if step.script().is_some() {
        take_all_of_script(place, step, &mut login);
    } else {
        for pair in step.with().iter().chain(&step.env) {
            take(&mut login, &pair.value);
        }
    }
    let variable = |pair: &&Pair| is_for_publishing(&pair.key.value);
    for pair in place
        .job
        .env
        .iter()
        .chain(&place.workflow.env)
        .filter(variable)
    {
        take(&mut login, &pair.value);
    }
    (!login.secrets.is_empty() || login.token).then_some(login)
}
