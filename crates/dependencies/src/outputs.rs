//! The outputs of `actions/dependency-review-action`, for workflows that read
//! them.
//!
//! Source: the action's README, "Outputs", and its schema of changes: an update is
//! a removal and an addition.

use cofferdam_findings::Severity;
use cofferdam_lockfiles::{Ecosystem, Package};
use serde_json::{Value, json};

use crate::checks::{Check, Judged};
use crate::licence::{Licence, LicenceVerdict};

/// The values of the outputs, as JSON.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// `dependency-changes`.
    pub changes: Vec<Value>,
    /// `vulnerable-changes`.
    pub vulnerable: Vec<Value>,
    /// `invalid-license-changes`: by `unlicensed`, `unresolved` and `forbidden`.
    pub invalid_licences: Value,
    /// `denied-changes`.
    pub denied: Vec<Value>,
}

/// The outputs of a review.
#[must_use]
pub fn outputs(judged: &[Judged<'_>]) -> Outputs {
    let mut outputs = Outputs::default();
    let (mut unlicensed, mut unresolved, mut forbidden) = (Vec::new(), Vec::new(), Vec::new());
    for one in judged.iter().filter(|one| !one.change.beside) {
        if let Some(package) = one.change.before {
            outputs.changes.push(record("removed", package, one));
        }
        let Some(package) = one.change.after else {
            continue;
        };
        let added = record("added", package, one);
        if one
            .findings
            .iter()
            .any(|(check, _)| matches!(check, Check::Vulnerable | Check::Malicious))
        {
            outputs.vulnerable.push(added.clone());
        }
        if one
            .findings
            .iter()
            .any(|(check, _)| *check == Check::Denied)
        {
            outputs.denied.push(added.clone());
        }
        match one.licence_verdict {
            Some(LicenceVerdict::Unknown) => unlicensed.push(added.clone()),
            Some(LicenceVerdict::NotUnderstood) => unresolved.push(added.clone()),
            Some(LicenceVerdict::Denied) => forbidden.push(added.clone()),
            Some(LicenceVerdict::Allowed) | None => {}
        }
        outputs.changes.push(added);
    }
    outputs.invalid_licences = json!({
        "unlicensed": unlicensed,
        "unresolved": unresolved,
        "forbidden": forbidden,
    });
    outputs
}

fn record(kind: &str, package: &Package, judged: &Judged<'_>) -> Value {
    let is_new = kind == "added";
    let licence = match &judged.licence {
        _ if !is_new => package.licence.clone(),
        Licence::Unknown => None,
        other => Some(other.text().to_owned()),
    };
    let vulnerabilities: Vec<Value> = (judged.advisories.iter().filter(|_| is_new))
        .map(|advisory| {
            json!({
                "severity": severity(advisory.severity),
                "advisory_ghsa_id": advisory.id,
                "advisory_summary": advisory.summary,
                "advisory_url": advisory.url,
            })
        })
        .collect();
    json!({
        "change_type": kind,
        "manifest": judged.change.path(),
        "ecosystem": ecosystem(package.ecosystem),
        "name": package.name,
        "version": package.version.clone().unwrap_or_default(),
        "package_url": package.purl().unwrap_or_default(),
        "license": licence,
        "source_repository_url": Value::Null,
        "scope": package.scope.word(),
        "vulnerabilities": vulnerabilities,
    })
}

fn severity(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Critical) => "critical",
        Some(Severity::Medium) => "moderate",
        Some(Severity::Low | Severity::Info) => "low",
        // Who does not say how bad it is does not say that it is harmless.
        Some(Severity::High) | None => "high",
    }
}

/// The name of an ecosystem in GitHub's dependency graph.
fn ecosystem(ecosystem: Ecosystem) -> &'static str {
    match ecosystem {
        Ecosystem::Go => "gomod",
        Ecosystem::Cargo => "cargo",
        Ecosystem::Npm => "npm",
        Ecosystem::PyPi => "pip",
        Ecosystem::RubyGems => "rubygems",
        Ecosystem::Packagist => "composer",
        Ecosystem::Maven => "maven",
        Ecosystem::NuGet => "nuget",
        Ecosystem::Pub => "pub",
        Ecosystem::Hex => "erlang",
        Ecosystem::Swift => "swift",
        Ecosystem::GitHubActions => "actions",
        Ecosystem::Docker => "docker",
        other => other.title(),
    }
}
