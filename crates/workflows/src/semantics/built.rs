//! The images that a workflow builds itself: running one of them pulls nothing.
//!
//! Source: Docker's command line reference for `build`, `tag`, `commit` and
//! `import`; docker/build-push-action and redhat-actions/buildah-build for
//! their inputs. What `docker load` brings has no name before it runs.

use std::collections::BTreeSet;

use crate::documents::step::Step;
use crate::expressions;
use crate::semantics::constants::Surroundings;
use crate::semantics::images;
use crate::shell::{Command, Script, Word};

/// Names of images, without tag and digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Built {
    names: BTreeSet<String>,
}

impl Built {
    /// Whether an image of this name, tag or not, is built here. Give the name
    /// as it is written and as what it is known to mean.
    #[must_use]
    pub fn has(&self, image: &str) -> bool {
        self.names.contains(name(image))
    }

    /// Adds what a step's script builds.
    pub fn add_script(&mut self, script: &Script, around: Surroundings<'_>) {
        for command in &script.commands {
            for word in named_by(command) {
                self.add(&word.text);
                for constant in around.values_of_word(word, script).known {
                    self.add(&constant.text);
                }
            }
        }
    }

    /// Adds what a step's action builds.
    pub fn add_action(&mut self, step: &Step, around: Surroundings<'_>) {
        let input = match step.action() {
            Some("docker/build-push-action") => "tags",
            Some("redhat-actions/buildah-build") => "image",
            Some("docker/metadata-action") => "images",
            _ => return,
        };
        let Some(text) = step.input(input) else {
            return;
        };
        // Each line by itself: one that is not known hides no other.
        for line in text.value.split(['\n', ',']) {
            self.add(line);
            for constant in around.values_of_part(line.trim()).known {
                self.add(&constant.text);
            }
        }
    }

    /// Adds what another list holds.
    pub fn extend(&mut self, other: Self) {
        self.names.extend(other.names);
    }

    fn add(&mut self, image: &str) {
        let name = name(image.trim().trim_start_matches("--tag="));
        if !name.is_empty() {
            self.names.insert(name.to_owned());
        }
    }
}

/// A name without its tag and digest; expressions in it are left alone.
fn name(image: &str) -> &str {
    let expressions = expressions::embedded(image);
    let mut end = image.len();
    for (at, c) in image.char_indices() {
        if expressions.iter().any(|e| e.range.contains(&at)) {
            continue;
        }
        match c {
            '/' => end = image.len(),
            ':' | '@' if end == image.len() => end = at,
            _ => {}
        }
    }
    image.get(..end).unwrap_or(image)
}

/// The words by which a command gives names to images.
fn named_by(command: &Command) -> Vec<&Word> {
    if command.is("buildah") {
        let (_, args) = command.effective();
        return match args.split_first() {
            Some((first, rest)) if matches!(first.text.as_str(), "bud" | "build") => tags(rest),
            _ => Vec::new(),
        };
    }
    let Some((subcommand, args)) = images::client(command) else {
        return Vec::new();
    };
    match subcommand {
        "build" => tags(args),
        "buildx" | "builder" => match args.split_first() {
            Some((first, rest)) if first.text == "build" => tags(rest),
            _ => Vec::new(),
        },
        "tag" | "commit" | "import" => args.last().into_iter().collect(),
        _ => Vec::new(),
    }
}

fn tags(args: &[Word]) -> Vec<&Word> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(word) = args.next() {
        if matches!(word.text.as_str(), "-t" | "--tag") {
            found.extend(args.next());
        } else if word.text.starts_with("--tag=") {
            found.push(word);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{self, Shell};

    #[test]
    fn builds_are_found_whatever_the_tag() {
        let mut built = Built::default();
        let script = "docker build -q -t app . \\\n  --tag ghcr.io/o/app:${{ github.sha }}\n\
                      sudo docker buildx build --load --tag=other:1 .\n\
                      docker tag app localhost:5000/app:x\ndocker commit c snapshot\n\
                      docker pull pulled:1\ndocker buildx create --name b";
        let script = shell::parse(script, &Shell::Bash);
        built.add_script(&script, Surroundings::default());
        for name in [
            "app:latest",
            "ghcr.io/o/app",
            "other",
            "localhost:5000/app",
            "snapshot",
        ] {
            assert!(built.has(name), "{name} in {built:?}");
        }
        for name in ["pulled", "b", "o/app"] {
            assert!(!built.has(name), "{name}");
        }
    }
}
