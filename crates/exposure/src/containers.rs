//! What a container that a script runs or builds gets of the machine around it.
//!
//! Source: Docker's command line reference, `docker container run`, `docker
//! buildx build`.

use std::collections::BTreeSet;

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::text::Pair;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::mounts;
use cofferdam_workflows::semantics::secrets::{self, SecretName};
use cofferdam_workflows::shell::Script;

/// Whether the command that runs the image hands the machine over: by the
/// daemon's socket, by privileges, or by a process and file system of its own.
#[must_use]
pub fn takes_the_machine(script: &Script, image: &str) -> bool {
    let running = script.commands.iter().filter(|command| {
        let (_, args) = command.effective();
        args.iter().any(|word| word.text == image)
    });
    let words = running.flat_map(|command| command.effective().1.iter());
    words.into_iter().any(|word| {
        let text = word.text.as_str();
        text == "--privileged"
            || text.contains("docker.sock")
            || text == "--pid=host"
            || text.starts_with("/:")
            || text.contains("source=/,")
    })
}

/// Whether a script mounts the workspace itself into a container.
#[must_use]
pub fn mounts_workspace(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let (_, args) = command.effective();
        let args: Vec<String> = args.iter().map(|word| word.text.clone()).collect();
        let mounts = mounts::of_arguments(&args, &Folder::workspace());
        mounts
            .iter()
            .any(|mount| mount.folder == Folder::workspace())
    })
}

/// The secrets that a step hands to a container: those of its variables that
/// are passed on by name, and those written into the command itself. An action
/// in a container gets all of the step's own.
#[must_use]
pub fn handed(step: &Step, around: &[&[Pair]], script: Option<&Script>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut take = |text: &cofferdam_workflows::documents::text::Text| {
        for name in text.parsed().flat_map(|(_, expr)| secrets::names(expr)) {
            if let SecretName::Named(name) = name {
                names.insert(name);
            }
        }
    };
    let Some(script) = script else {
        step.with()
            .iter()
            .chain(&step.env)
            .for_each(|pair| take(&pair.value));
        for pair in around.iter().flat_map(|pairs| pairs.iter()) {
            take(&pair.value);
        }
        return names;
    };
    if let Some(text) = step.script() {
        take(text);
    }
    let passed = passed(script);
    let pairs = around.iter().flat_map(|pairs| pairs.iter());
    for pair in pairs.chain(&step.env) {
        if passed.contains(pair.key.value.as_str()) {
            take(&pair.value);
        }
    }
    names
}

/// The variables that commands of a container client pass on.
fn passed(script: &Script) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for command in &script.commands {
        let (name, args) = command.effective();
        if !matches!(
            name.file_name(),
            Some("docker" | "podman" | "nerdctl" | "buildah")
        ) {
            continue;
        }
        for word in args {
            // `-e NAME`, `-e NAME=$OTHER`, `--build-arg NAME`, `--secret id=x,env=NAME`.
            names.extend(word.variables.iter().map(String::as_str));
            let text = word.text.as_str();
            let text = text.rsplit("env=").next().unwrap_or(text);
            let name = text.split(['=', ',']).next().unwrap_or(text);
            names.insert(name.trim_start_matches("-e"));
        }
    }
    names
}
