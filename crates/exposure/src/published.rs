//! What a run publishes, in the words of assets.

use cofferdam_facts::Location;
use cofferdam_workflows::semantics::conditions::Situation;
use cofferdam_workflows::semantics::publishing::{Artifact, Publication, Registry};

use crate::scene::Run;

/// What the job of a run publishes, with the place. Without a secret and a right
/// to write nothing can be published, whatever a step looks like.
#[must_use]
pub fn of_run(run: &Run<'_>) -> Vec<(String, Location)> {
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
            words(publication)
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
pub fn words(publication: &Publication) -> Vec<String> {
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
    let mut words: Vec<String> = named.map(|name| format!("{kind}:{name}")).collect();
    if words.is_empty() {
        words.push(format!("{kind}:*"));
    }
    words
}

fn of_registry(registry: Registry) -> &'static str {
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
