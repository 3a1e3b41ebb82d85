//! What a secret can do: exactly what the project declares of it, and without a
//! declaration everything that its kind of registry takes.

use std::collections::BTreeSet;

use cofferdam_config::Glob;
use cofferdam_facts::Location;
use cofferdam_facts::registry::{RegistryDeclaration, RegistryKind, RegistryPattern};
use cofferdam_rules::JobView;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::logins::Login;
use cofferdam_workflows::semantics::publishing::Artifact;
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use crate::asset::Asset;
use crate::published;

/// The patterns that are declared for a secret, each with its place; empty
/// where nothing is declared.
pub fn of_secret<'d>(
    declarations: &'d [RegistryDeclaration],
    name: &str,
    environment: Option<&str>,
) -> Vec<(&'d RegistryPattern, &'d Location)> {
    let named = |declaration: &&RegistryDeclaration| {
        let mut secrets = declaration.secrets.iter();
        secrets.any(|secret| secret.means(name, environment))
    };
    let all = declarations.iter().filter(named);
    all.flat_map(|declaration| {
        let patterns = declaration.repositories.iter();
        patterns.map(|pattern| (pattern, &declaration.location))
    })
    .collect()
}

/// Whether a publication, as `kind:name`, is one of those that a pattern means.
#[must_use]
pub fn is_meant(pattern: &RegistryPattern, publication: &str) -> bool {
    let Some((of, name)) = publication.split_once(':') else {
        return false;
    };
    if of != pattern.of {
        return false;
    }
    if name == pattern.name {
        return true;
    }
    let matches = |text: &str| Glob::new(&pattern.name).is_ok_and(|glob| glob.matches(text));
    // "Anything there" is meant where names of every depth are.
    match name.contains('*') {
        true => matches(&name.replace('*', "a")) && matches(&name.replace('*', "a/a/a")),
        false => matches(name),
    }
}

/// For whom a publication is, as far as it is declared.
#[must_use]
pub fn kind_of(declarations: &[RegistryDeclaration], publication: &str) -> Option<RegistryKind> {
    let mut declared = declarations.iter().filter(|declaration| {
        let mut patterns = declaration.repositories.iter();
        patterns.any(|pattern| is_meant(pattern, publication))
    });
    declared.next().map(|declaration| declaration.kind)
}

/// Whether an asset is something that a registry holds, as opposed to a release,
/// a site or a tag; the part of its word behind `publish:`.
#[must_use]
pub fn in_registry(asset: &Asset) -> Option<&str> {
    let Asset::Publish(what) = asset else {
        return None;
    };
    let (of, _) = what.split_once(':')?;
    RegistryPattern::KINDS.contains(&of).then_some(what)
}

/// Everything that a secret may push to which a step signs in with, where
/// nothing is declared of it, as `kind:HOST/*` or `kind:*`.
///
/// Sources: docs.docker.com, "Personal access tokens" (a token is for all
/// repositories of its account); docs.npmjs.com, "About access tokens";
/// pypi.org/help, "API tokens" (entire account unless scoped).
#[must_use]
pub fn anywhere(job: &JobView<'_>, login: &Login) -> Option<String> {
    let of_step = job.publications.iter().find(|p| p.step == login.step);
    let by_means = by_means(&login.means);
    let of = match (by_means, of_step.map(|p| p.artifact)) {
        (Some(of), _) => of,
        (None, Some(Artifact::Image)) => "oci",
        (None, Some(Artifact::Chart)) => "helm",
        (None, Some(Artifact::Package(registry))) => published::of_registry(registry),
        _ => return None,
    };
    if of != "oci" {
        return Some(format!("{of}:*"));
    }
    let written = login.registry.as_deref().map(str::trim).unwrap_or_default();
    let written = written
        .strip_prefix("https://")
        .or_else(|| written.strip_prefix("http://"))
        .unwrap_or(written);
    let host = written.split('/').next().unwrap_or_default();
    // The step of a publication names an image, and of Docker Hub's no host.
    let is_host = host.contains(['.', ':']) || host == "localhost";
    Some(match host {
        _ if written.contains('$') => "oci:*".to_owned(),
        "" => "oci:docker.io/*".to_owned(),
        "index.docker.io" | "registry-1.docker.io" | "docker.com" => "oci:docker.io/*".to_owned(),
        _ if !is_host => "oci:docker.io/*".to_owned(),
        host => format!("oci:{}/*", host.to_ascii_lowercase()),
    })
}

/// What kind of registry a means of signing in is for.
fn by_means(means: &str) -> Option<&'static str> {
    Some(match means {
        "azure/docker-login"
        | "docker/login-action"
        | "elgohr/publish-docker-github-action"
        | "macbre/push-to-ghcr"
        | "mr-smithers-excellent/docker-build-push"
        | "appany/helm-oci-chart-releaser"
        | "redhat-actions/podman-login"
        | "redhat-actions/push-to-registry" => "oci",
        "cadwallion/publish-rubygems-action" => "gems",
        "haaleo/publish-vscode-extension" => "vscode",
        "js-devtools/npm-publish" => "npm",
        "katyo/publish-crates" => "crates",
        "pypa/gh-action-pypi-publish" => "pypi",
        "stefanprodan/helm-gh-pages" => "helm",
        _ => {
            let program = means.strip_suffix(" login")?;
            match program.rsplit('/').next().unwrap_or(program) {
                "npm" => "npm",
                "cargo" => "crates",
                _ => "oci",
            }
        }
    })
}

/// The secrets of a step that are nothing but the name under which it signs in:
/// who knows that alone pushes nothing.
#[must_use]
pub fn only_users(step: &Step) -> BTreeSet<String> {
    const USERS: [&str; 2] = ["username", "registry_username"];
    let mut users = BTreeSet::new();
    let mut others = BTreeSet::new();
    for pair in step.with().iter().chain(&step.env) {
        let key = pair.key.value.to_ascii_lowercase();
        let names = pair.value.parsed().flat_map(|(_, e)| secrets::names(e));
        let names = names.filter_map(|name| match name {
            SecretName::Named(name) => Some(name),
            _ => None,
        });
        if USERS.contains(&key.as_str()) {
            users.extend(names);
        } else {
            others.extend(names);
        }
    }
    users.difference(&others).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_is_meant_by_what_means_every_depth_only() {
        for (pattern, publication, expected) in [
            ("ghcr.io/o/app", "oci:ghcr.io/o/app", true),
            ("ghcr.io/o/*", "oci:ghcr.io/o/app", true),
            ("ghcr.io/o/*", "oci:ghcr.io/o/app/tool", false),
            ("ghcr.io/o/*", "oci:ghcr.io/*", false),
            ("ghcr.io/o/*", "oci:ghcr.io/o/*", true),
            ("ghcr.io/o/**", "oci:ghcr.io/*", false),
            ("ghcr.io/**", "oci:ghcr.io/*", true),
            ("npm:**", "npm:*", true),
            ("npm:@o/*", "npm:*", false),
            ("npm:@o/*", "oci:@o/x", false),
            (
                "ghcr.io/o/*-dev",
                "oci:ghcr.io/o/${{ matrix.name }}-dev",
                true,
            ),
            ("ghcr.io/o/*-dev", "oci:ghcr.io/o/${{ matrix.name }}", false),
        ] {
            let found = is_meant(&RegistryPattern::parse(pattern), publication);
            assert_eq!(found, expected, "{pattern} {publication}");
        }
    }
}
