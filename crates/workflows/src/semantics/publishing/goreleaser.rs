//! What GoReleaser publishes by its configuration.

use super::programs;
use super::{Artifact, Publication, targets};
use crate::documents::goreleaser::{Builder, GoReleaser, PLACES};
use crate::documents::step::Step;
use crate::shell::Script;

/// A step that lets GoReleaser release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The configuration that the command line names, if it names one.
    pub config: Option<String>,
    /// The folder where it runs; empty for the root, `None` where it is not known.
    pub folder: Option<String>,
    /// What `--skip` names.
    pub skips: Vec<String>,
}

impl Run {
    fn from_words<'w>(words: impl Iterator<Item = &'w str>, folder: Option<String>) -> Self {
        let mut run = Self {
            folder,
            ..Self::default()
        };
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let (option, value) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value.to_owned())),
                None => (word, None),
            };
            match option {
                "-f" | "--config" => {
                    run.config = value.or_else(|| words.next().map(str::to_owned));
                }
                "--skip" => {
                    let list = value.or_else(|| words.next().map(str::to_owned));
                    run.skips
                        .extend(list.unwrap_or_default().split(',').map(str::to_owned));
                }
                _ => {
                    if let Some(skipped) = option.strip_prefix("--skip-") {
                        run.skips.push(skipped.to_owned());
                    }
                }
            }
        }
        run
    }

    /// Whether a part of GoReleaser is left out, by the name that `--skip` takes.
    #[must_use]
    pub fn skips(&self, part: &str) -> bool {
        self.skips.iter().any(|skipped| skipped == part)
    }
}

/// How a step runs GoReleaser, if it does. Whether it publishes is not asked.
#[must_use]
pub fn runs_goreleaser(step: &Step, script: Option<&Script>) -> Option<Run> {
    if step.action() == Some("goreleaser/goreleaser-action") {
        let args = step.input("args").map_or("", |t| t.value.as_str());
        let folder = match step.input("workdir") {
            None => Some(String::new()),
            Some(text) => text.literal().map(str::to_owned),
        };
        return Some(Run::from_words(args.split_whitespace(), folder));
    }
    let command = script?
        .commands
        .iter()
        .map(programs::of_command)
        .find(|program| program.name == "goreleaser" && program.arg(0) == "release")?;
    Some(Run::from_words(
        command.args.iter().map(|w| w.text.as_str()),
        Some(String::new()),
    ))
}

/// The configuration that a run reads, among those of the checkout.
#[must_use]
pub fn configuration<'c>(run: &Run, all: &'c [GoReleaser]) -> Option<&'c GoReleaser> {
    let folder = run
        .folder
        .as_deref()?
        .trim_start_matches("./")
        .trim_matches('/');
    let find = |path: &str| {
        let path = path.trim_start_matches("./");
        let path = if folder.is_empty() || folder == "." {
            path.to_owned()
        } else {
            format!("{folder}/{path}")
        };
        all.iter().find(|c| c.file().path() == path)
    };
    match &run.config {
        Some(path) => find(path),
        None => PLACES.iter().find_map(|path| find(path)),
    }
}

/// What a run publishes by its configuration, given the publication that the
/// step alone shows.
#[must_use]
pub fn by_goreleaser(step: &Publication, run: &Run, config: &GoReleaser) -> Vec<Publication> {
    let mut found = Vec::new();
    let disabled = config.release.disabled.as_ref().is_some_and(|f| f.value);
    if !disabled {
        let draft = config.release.draft.as_ref().is_some_and(|f| f.value);
        found.push(Publication {
            draft,
            ..step.clone()
        });
    }
    let lists = config.images.iter().any(|i| i.builder == Builder::Manifest);
    for images in &config.images {
        let skipped = match images.builder {
            Builder::Ko => run.skips("ko"),
            _ => run.skips("docker"),
        };
        // What users pull is the list, where there is one.
        if images.off || skipped || (lists && images.builder == Builder::Docker) {
            continue;
        }
        let names: Vec<String> = images
            .names
            .iter()
            .map(|name| targets::repository(&name.value))
            .collect();
        if !names.is_empty() && names.iter().all(|name| targets::is_local(name)) {
            continue;
        }
        found.push(Publication {
            artifact: Artifact::Image,
            target: images.names.first().map(|n| n.value.clone()),
            names,
            means: format!("{} with {}", step.means, builder(images.builder)),
            bare: false,
            ..step.clone()
        });
    }
    found
}

fn builder(builder: Builder) -> &'static str {
    match builder {
        Builder::Docker => "dockers",
        Builder::DockerV2 => "dockers_v2",
        Builder::Manifest => "docker_manifests",
        Builder::Ko => "kos",
    }
}
