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
    let mut running = running.map(|command| command.effective().1);
    running.any(|args| {
        let args: Vec<String> = args.iter().map(|word| word.text.clone()).collect();
        mounts::take_the_machine(&args)
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
    // A file of variables may hold all of them.
    let all = hands_a_file(script) || bakes(script);
    let pairs = around.iter().flat_map(|pairs| pairs.iter());
    for pair in pairs.chain(&step.env) {
        if all || passed.contains(pair.key.value.as_str()) {
            take(&pair.value);
        }
    }
    names
}

// `docker run --env-file e`
fn hands_a_file(script: &Script) -> bool {
    let commands = script.commands.iter();
    let mut words = commands.flat_map(|command| command.effective().1);
    words.any(|word| word.text.starts_with("--env-file"))
}

// The file that is baked takes whatever variable of the step it names.
// Source: docs.docker.com, "Bake file reference", `variable`.
fn bakes(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let (_, args) = command.effective();
        let mut words = args.iter().take(2).map(|word| word.text.as_str());
        command.is("docker") && words.any(|word| word == "bake")
    })
}

/// The secrets that a step writes into a file of the workspace: those that its
/// script or its variables name, where it redirects into one.
#[must_use]
pub fn left_in_files(step: &Step, script: Option<&Script>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(script) = script else { return names };
    let inside = |word: &cofferdam_workflows::shell::Word| {
        let text = word.text.as_str();
        let runner = ["GITHUB_", "/dev/", "/tmp/", "RUNNER_TEMP", "~", "$HOME"];
        !text.is_empty() && !runner.iter().any(|part| text.contains(part))
    };
    let writes = script.commands.iter().any(|command| {
        let mut redirects = command.redirects.iter();
        let redirected = redirects.any(|r| r.writes() && inside(&r.target));
        let tee = command.is("tee") && command.effective().1.iter().any(inside);
        redirected || tee
    });
    if !writes {
        return names;
    }
    let texts = step.env.iter().map(|pair| &pair.value).chain(step.script());
    for name in texts
        .flat_map(|text| text.parsed())
        .flat_map(|(_, expr)| secrets::names(expr))
    {
        if let SecretName::Named(name) = name {
            names.insert(name);
        }
    }
    names
}

/// Whether a script builds an image of the workspace.
#[must_use]
pub fn builds_workspace(script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let (_, args) = command.effective();
        let docker = ["docker", "podman", "buildah"]
            .iter()
            .any(|name| command.is(name));
        let builds = args.iter().take(3).any(|w| w.text == "build");
        docker
            && builds
            && args
                .last()
                .is_some_and(|w| matches!(w.text.as_str(), "." | "./"))
    })
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
