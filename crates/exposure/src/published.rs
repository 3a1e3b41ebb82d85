//! What a run publishes, in the words of assets.

use cofferdam_facts::Location;
use cofferdam_rules::Context;
use cofferdam_workflows::documents::manifest::Ecosystem;
use cofferdam_workflows::documents::step::StepKind;
use cofferdam_workflows::semantics::conditions::Situation;
use cofferdam_workflows::semantics::publishing::{Artifact, Publication, Registry};

use crate::scene::Run;

/// What the job of a run publishes, with the place. Without a secret and a right
/// to write nothing can be published, whatever a step looks like.
#[must_use]
pub fn of_run(cx: &Context<'_>, run: &Run<'_>) -> Vec<(String, Location)> {
    let held = !run.held.named.is_empty() || run.held.all.is_some();
    if !held && !run.start.token.can_write() {
        return Vec::new();
    }
    let situation = Situation {
        event: run.event(),
        outsider: false,
        fork_exists: true,
    };
    let mut all = Vec::new();
    for publication in &run.view.publications {
        if publication.is_off(situation) || publication.artifact == Artifact::Unread {
            continue;
        }
        let place = run.view.at(publication.span);
        all.extend(
            words(cx, run, publication)
                .into_iter()
                .map(|word| (word, place.clone())),
        );
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.dedup_by(|a, b| a.0 == b.0);
    all
}

/// The words of a publication: its kind, with each name that is known.
#[must_use]
pub fn words(cx: &Context<'_>, run: &Run<'_>, publication: &Publication) -> Vec<String> {
    let kind = match publication.artifact {
        Artifact::Image => "oci",
        Artifact::Chart => "helm",
        Artifact::Package(registry) => of_registry(registry),
        Artifact::Release => return vec!["github-release".to_owned()],
        Artifact::Tag => return vec!["tag".to_owned()],
        Artifact::Site => return vec!["pages".to_owned()],
        Artifact::Files => "files",
        Artifact::Unread => "unread",
    };
    let named = publication.names.iter().filter(|name| !name.is_empty());
    let mut names: Vec<String> = named.cloned().collect();
    if kind == "oci" {
        names = names.iter().map(|name| with_host(name)).collect();
    }
    if let Some(slug) = cx.repository.slug.as_deref() {
        names = names.iter().map(|name| of_repository(name, slug)).collect();
    }
    if names.is_empty() {
        names.extend(of_manifest(cx, run, publication));
    }
    if names.is_empty() {
        names.push("*".to_owned());
    }
    names.iter().map(|name| format!("{kind}:{name}")).collect()
}

/// A name with what the repository is called in place of the expressions that
/// stand for it.
///
/// Source: docs.github.com, "Contexts reference", `github.repository` and
/// `github.repository_owner`.
fn of_repository(name: &str, slug: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some((before, behind)) = rest.split_once("${{") {
        let Some((inner, after)) = behind.split_once("}}") else {
            break;
        };
        text.push_str(before);
        match inner.trim().to_ascii_lowercase().as_str() {
            "github.repository" => text.push_str(slug),
            "github.repository_owner" => {
                text.push_str(slug.split('/').next().unwrap_or(slug));
            }
            _ => text.push_str(&format!("${{{{{inner}}}}}")),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The name of an image with its host: without one it is Docker Hub's.
fn with_host(name: &str) -> String {
    let first = name.split('/').next().unwrap_or(name);
    let host = first.contains(['.', ':']) || first == "localhost" || first.contains('$');
    if host || !name.contains('/') {
        name.to_owned()
    } else {
        format!("docker.io/{name}")
    }
}

/// The name that the manifest at the root gives, for what is published from
/// there.
fn of_manifest(cx: &Context<'_>, run: &Run<'_>, publication: &Publication) -> Option<String> {
    let ecosystem = match publication.artifact {
        Artifact::Package(Registry::Npm) => Ecosystem::Npm,
        Artifact::Package(Registry::CratesIo) => Ecosystem::Cargo,
        Artifact::Package(Registry::PyPi) => Ecosystem::Python,
        _ => return None,
    };
    let steps = run.view.job.steps();
    let step = steps.iter().find(|step| step.index == publication.step);
    let elsewhere = step.is_some_and(|step| match &step.kind {
        StepKind::Run {
            working_directory, ..
        } => working_directory.is_some(),
        _ => false,
    });
    let defaults = [&run.view.job.defaults, &run.view.workflow.defaults];
    if elsewhere || defaults.iter().any(|d| d.working_directory.is_some()) {
        return None;
    }
    let manifests = cx.repository.manifests.iter();
    let mut named = manifests.filter(|manifest| manifest.ecosystem == ecosystem);
    named.next()?.name.clone()
}

/// The word of a registry of packages.
pub(crate) fn of_registry(registry: Registry) -> &'static str {
    match registry {
        Registry::CratesIo => "crates",
        Registry::Gems => "gems",
        Registry::Hex => "hex",
        Registry::Maven => "maven",
        Registry::Npm => "npm",
        Registry::NuGet => "nuget",
        Registry::PubDev => "pub",
        Registry::PyPi => "pypi",
        Registry::VsCode => "vscode",
    }
}

#[cfg(test)]
mod tests {
    use super::of_repository;

    #[test]
    fn the_repository_stands_for_its_expressions() {
        for (name, expected) in [
            ("ghcr.io/${{ github.repository }}", "ghcr.io/o/app"),
            (
                "quay.io/${{github.repository_owner}}/${{ matrix.name }}-ci",
                "quay.io/o/${{ matrix.name }}-ci",
            ),
            ("ghcr.io/o/x${{ y", "ghcr.io/o/x${{ y"),
        ] {
            assert_eq!(of_repository(name, "o/app"), expected);
        }
    }
}
