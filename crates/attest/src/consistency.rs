//! Whether provenance says what the certificate of its signer says.
//!
//! A job writes its provenance itself, so that every field is the word of
//! whoever controls the job. The certificate is the word of the platform: what
//! both tell must be the same, and what only the job tells must at least be of
//! a kind that is known.

use serde_json::{Map, Value};

use crate::certificate::Claims;
use crate::predicate::BUILD_TYPE as GITHUB;
use crate::provenance::{Provenance, ProvenanceV1};
use crate::statement::Statement;
use crate::verdict::{Check, Line};

/// The type of build that npm writes.
const COMMUNITY: &str = "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1";

/// One field of the provenance beside a claim of the certificate.
struct Pair<'a> {
    field: &'static str,
    said: Option<&'a str>,
    claimed: Option<String>,
}

/// Compares the provenance of a statement with the claims of its signer; says
/// nothing about statements of other types.
#[must_use]
pub fn provenance(statement: &Statement, claims: Option<&Claims>) -> Vec<Line> {
    let provenance = match Provenance::of(statement) {
        Ok(None) => return Vec::new(),
        Ok(Some(provenance)) => provenance,
        Err(error) => return vec![Line::failed(Check::Provenance, error.to_string())],
    };
    let Some(claims) = claims else {
        let text = "a key signed, and claims nothing that it could be compared with";
        return vec![Line::not_required(Check::Provenance, text)];
    };
    match (&provenance, provenance.build_type()) {
        (Provenance::V1(v1), GITHUB | COMMUNITY) => github(v1, claims),
        (_, other) => vec![Line::not_checked(
            Check::Provenance,
            format!("the type of build `{other}` is not known, and nothing was compared"),
        )],
    }
}

fn github(provenance: &ProvenanceV1, claims: &Claims) -> Vec<Line> {
    let definition = &provenance.build_definition;
    let mut wrong = unknown(&definition.external_parameters);
    let compared = pairs(provenance, claims);
    let count = compared.iter().filter(|pair| pair.said.is_some()).count();
    for pair in compared {
        let Pair {
            field,
            said,
            claimed,
        } = pair;
        // A field may be left out, since the certificate tells it as well; what
        // it says must be true.
        let Some(said) = said else { continue };
        match claimed {
            Some(claimed) if claimed == said => {}
            Some(claimed) => {
                wrong.push(format!("{field} is {said}, the certificate has {claimed}"))
            }
            None => wrong.push(format!("{field} is {said}, the certificate does not say")),
        }
    }
    wrong.extend(source(provenance, claims));
    if wrong.is_empty() {
        let text = format!("{count} fields are those of the certificate");
        return vec![Line::passed(Check::Provenance, text)];
    }
    wrong
        .into_iter()
        .map(|text| Line::failed(Check::Provenance, text))
        .collect()
}

/// Parameters that somebody could choose and that are not known: they may have
/// changed what was built.
fn unknown(parameters: &Map<String, Value>) -> Vec<String> {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    let mut found: Vec<String> = parameters
        .iter()
        .filter(|(name, value)| name.as_str() != "workflow" && !empty(value))
        .map(|(name, _)| format!("the external parameter `{name}` is not expected"))
        .collect();
    match parameters.get("workflow") {
        Some(Value::Object(workflow)) => {
            let known = ["path", "ref", "repository"];
            let others = workflow
                .keys()
                .filter(|name| !known.contains(&name.as_str()));
            found.extend(
                others.map(|name| {
                    format!("the external parameter `workflow.{name}` is not expected")
                }),
            );
            for name in known {
                if !workflow.get(name).is_some_and(Value::is_string) {
                    found.push(format!(
                        "the external parameter `workflow.{name}` is missing"
                    ));
                }
            }
        }
        _ => found.push("the external parameter `workflow` is missing".to_owned()),
    }
    found
}

fn pairs<'a>(provenance: &'a ProvenanceV1, claims: &Claims) -> Vec<Pair<'a>> {
    let definition = &provenance.build_definition;
    let text = |of: Option<&'a Value>, name: &str| of?.get(name)?.as_str();
    let workflow = definition.external_parameters.get("workflow");
    let github = definition.internal_parameters.get("github");
    let repository = claims.source_repository_uri.as_deref();
    // The workflow that was started, `REPOSITORY/PATH@REF`: its path.
    let path = || {
        let rest = claims
            .build_config_uri
            .as_deref()?
            .strip_prefix(repository?)?;
        let rest = rest.strip_prefix('/')?;
        let at = format!("@{}", claims.source_repository_ref.as_deref()?);
        rest.strip_suffix(at.as_str()).map(str::to_owned)
    };
    let builder = if definition.build_type == COMMUNITY {
        let runner = claims.runner_environment.as_deref();
        runner.map(|runner| format!("https://github.com/actions/runner/{runner}"))
    } else {
        claims.build_signer_uri.clone()
    };
    let pair = |field, said, claimed| Pair {
        field,
        said,
        claimed,
    };
    vec![
        pair(
            "workflow.ref",
            text(workflow, "ref"),
            claims.source_repository_ref.clone(),
        ),
        pair(
            "workflow.repository",
            text(workflow, "repository"),
            claims.source_repository_uri.clone(),
        ),
        pair("workflow.path", text(workflow, "path"), path()),
        pair(
            "event_name",
            text(github, "event_name"),
            claims.build_trigger.clone(),
        ),
        pair(
            "repository_id",
            text(github, "repository_id"),
            claims.source_repository_identifier.clone(),
        ),
        pair(
            "repository_owner_id",
            text(github, "repository_owner_id"),
            claims.source_repository_owner_identifier.clone(),
        ),
        pair(
            "runner_environment",
            text(github, "runner_environment"),
            claims.runner_environment.clone(),
        ),
        pair(
            "builder.id",
            Some(&provenance.run_details.builder.id),
            builder,
        ),
        pair(
            "invocationId",
            provenance.run_details.metadata.invocation_id.as_deref(),
            claims.run_invocation_uri.clone(),
        ),
    ]
}

/// The source must be among what the build took, at the commit of the
/// certificate, and at no other.
fn source(provenance: &ProvenanceV1, claims: &Claims) -> Vec<String> {
    let (Some(repository), Some(commit)) = (
        claims.source_repository_uri.as_deref(),
        claims.source_repository_digest.as_deref(),
    ) else {
        return vec!["the certificate names no source".to_owned()];
    };
    let prefix = format!("git+{repository}");
    let git_ref = claims.source_repository_ref.as_deref().unwrap_or_default();
    let mut wrong = Vec::new();
    let mut found = false;
    for taken in &provenance.build_definition.resolved_dependencies {
        let uri = taken.uri.as_deref().unwrap_or_default();
        let Some(at) = uri.strip_prefix(prefix.as_str()) else {
            continue;
        };
        // Another path or ref of the same repository is another thing, such as
        // an action of its own.
        if !at.is_empty() && at != format!("@{git_ref}") {
            continue;
        }
        let digest = taken.digest.get("gitCommit").or(taken.digest.get("sha1"));
        if digest.map(String::as_str) == Some(commit) {
            found = true;
        } else {
            let said = digest.map_or("no commit", String::as_str);
            wrong.push(format!(
                "the source is {said}, the certificate has {commit}"
            ));
        }
    }
    if !found && wrong.is_empty() {
        wrong.push(format!("the source {repository} at {commit} is not named"));
    }
    wrong
}
