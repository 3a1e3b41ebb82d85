//! Which secrets a job names, and where.
//!
//! A secret is in reach of a step if it stands in the step itself, in the
//! job's or the workflow's `env:`, or in the job's container credentials. A
//! job that names none can still be handed all of them by `secrets: inherit`.

pub mod calls;
pub mod shown;

use cofferdam_facts::Span;

use crate::documents::job::{CallSecrets, Job};
use crate::documents::text::{Pair, Text};
use crate::documents::workflow::Workflow;
use crate::expressions::{ContextPath, Expr, ExprKind, PathPart};

/// What an expression takes from the `secrets` context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretName {
    /// One secret, by name in upper case: GitHub compares names so.
    Named(String),
    /// `secrets.GITHUB_TOKEN` or `github.token`.
    Token,
    /// One whose name is computed at run time: any of them.
    Computed,
    /// The whole context, as in `toJSON(secrets)`.
    All,
}

impl SecretName {
    /// A word for messages.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Token => "GITHUB_TOKEN",
            Self::Computed => "a secret named at run time",
            Self::All => "every secret",
        }
    }
}

/// Where a secret is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// `env:` of the workflow: every step of every job.
    Workflow,
    /// `env:` of the job: every step of it.
    Job,
    /// One step, by its place: its `env:`, `with:`, `run:` or `if:`.
    Step(usize),
    /// Credentials, environment or options of a container or service.
    Container,
    /// Handed to a called workflow.
    Call,
    /// Names of jobs, conditions, outputs and the like.
    Other,
}

/// One place that names a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// Which.
    pub name: SecretName,
    /// How far it reaches.
    pub reach: Reach,
    /// The expression.
    pub span: Span,
}

/// Every place in a job, and in the `env:` of its workflow, that names a
/// secret. `secrets: inherit` is not a name; see [`CallSecrets::Inherit`].
#[must_use]
pub fn of_job(workflow: &Workflow, job: &Job) -> Vec<SecretUse> {
    let mut uses = Vec::new();
    let mut pairs = |pairs: &[Pair], reach| {
        for pair in pairs {
            collect(workflow, &pair.value, reach, &mut uses);
        }
    };
    pairs(&workflow.env, Reach::Workflow);
    pairs(&job.env, Reach::Job);
    pairs(&job.outputs, Reach::Other);
    for container in job
        .container
        .iter()
        .chain(job.services.iter().map(|(_, c)| c))
    {
        pairs(&container.credentials, Reach::Container);
        pairs(&container.env, Reach::Container);
    }
    if let Some(call) = job.call() {
        pairs(&call.with, Reach::Call);
        if let CallSecrets::Named(named) = &call.secrets {
            pairs(named, Reach::Call);
        }
    }
    for container in job
        .container
        .iter()
        .chain(job.services.iter().map(|(_, c)| c))
    {
        for text in container.image.iter().chain(&container.options) {
            collect(workflow, text, Reach::Container, &mut uses);
        }
    }
    for step in job.steps() {
        for (_, text) in step.texts() {
            collect(workflow, text, Reach::Step(step.index), &mut uses);
        }
    }
    if let Some((condition, expr)) = job.condition.as_ref().and_then(|c| Some((c, c.expr()?))) {
        for name in names(expr) {
            uses.push(SecretUse {
                name,
                reach: Reach::Other,
                span: condition.text.span,
            });
        }
    }
    uses
}

/// The secrets that one scalar names.
pub fn collect(workflow: &Workflow, text: &Text, reach: Reach, uses: &mut Vec<SecretUse>) {
    for (embedded, expr) in text.parsed() {
        for name in names(expr) {
            let span = text.raw_span(&workflow.document, embedded.range.clone());
            uses.push(SecretUse { name, reach, span });
        }
    }
}

/// The secrets that an expression takes.
#[must_use]
pub fn names(expr: &Expr) -> Vec<SecretName> {
    expr.contexts().into_iter().filter_map(name).collect()
}

/// The secrets whose value can become part of the expression's value; one that
/// is only compared, as in `secrets.X != ''`, is not among them.
#[must_use]
pub fn values(expr: &Expr) -> Vec<SecretName> {
    expr.value_contexts().into_iter().filter_map(name).collect()
}

fn name(path: &ContextPath) -> Option<SecretName> {
    if path.is("github.token") {
        return Some(SecretName::Token);
    }
    if !path.starts_with("secrets") {
        return None;
    }
    Some(match path.parts.get(1) {
        None | Some(PathPart::Star) => SecretName::All,
        Some(PathPart::Name(name)) if name == "github_token" => SecretName::Token,
        Some(PathPart::Name(name)) => SecretName::Named(name.to_ascii_uppercase()),
        // A constant index is a name already when it comes from the parser.
        Some(_) => SecretName::Computed,
    })
}

/// Whether the expression hands on the `secrets` context as a whole.
#[must_use]
pub fn takes_all(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Context(path) if path.is("secrets"))
        || names(expr).contains(&SecretName::All)
}

/// Whether a secret by its name only says who or where: the name of an account,
/// a number of a subscription, a region. It opens nothing without a password.
#[must_use]
pub fn is_identifier(name: &str) -> bool {
    const ENDS: &[&str] = &[
        "ACCOUNT",
        "ACCOUNT_ID",
        "ACCOUNT_NUMBER",
        "APP_ID",
        "BUCKET",
        "CHANNEL_ID",
        "CHAT_ID",
        "CLIENTID",
        "CLIENT_ID",
        "EMAIL",
        "FINGERPRINT",
        "ISSUER_ID",
        "KEY_ID",
        "LOGIN",
        "ORG",
        "PROJECT",
        "PROJECT_ID",
        "REGION",
        "SUBSCRIPTION_ID",
        "SUB_ID",
        "TEAM",
        "TEAM_ID",
        "TENANCY",
        "TENANT_ID",
        "USER",
        "USERNAME",
        "USER_NAME",
    ];
    let name = name.to_ascii_uppercase();
    // `QUAY_USERNAME_CI` is one too.
    let name = ["_CI", "_DEV", "_PROD", "_TEST", "_RELEASE"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(&name);
    ENDS.iter().any(|end| {
        name.strip_suffix(end)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    })
}

/// Whether a script names a variable of its environment: `$NAME`, `${NAME…}`,
/// `$env:NAME`, `%NAME%`, `env.NAME`, `os.environ["NAME"]` and whatever else
/// has the name as a word of its own.
#[must_use]
pub fn mentions(script: &str, variable: &str) -> bool {
    if variable.is_empty() {
        return false;
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    script.match_indices(variable).any(|(at, found)| {
        let before = script.get(..at).and_then(|s| s.chars().next_back());
        let after = script
            .get(at + found.len()..)
            .and_then(|s| s.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_mentioned_as_a_whole_word() {
        for script in [
            "echo $TOKEN",
            "echo ${TOKEN:-x}",
            "$env:TOKEN",
            "%TOKEN%",
            "os.environ[\"TOKEN\"]",
            "TOKEN",
        ] {
            assert!(mentions(script, "TOKEN"), "{script}");
        }
        for script in ["echo $TOKEN_2", "MYTOKEN=1", ""] {
            assert!(!mentions(script, "TOKEN"), "{script}");
        }
        assert!(!mentions("anything", ""));
    }

    #[test]
    fn names_of_accounts_open_nothing() {
        for name in [
            "QUAY_USERNAME",
            "QUAY_USERNAME_CI",
            "docker_user",
            "AZURE_SUB_ID",
            "EMAIL",
        ] {
            assert!(is_identifier(name), "{name}");
        }
        for name in [
            "QUAY_PASSWORD",
            "SUPERUSER_TOKEN",
            "NPM_TOKEN",
            "USER_TOKEN",
            "STEAM",
        ] {
            assert!(!is_identifier(name), "{name}");
        }
    }
}
