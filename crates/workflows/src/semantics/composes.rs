//! The files that scripts give to `docker compose` by name.
//!
//! Source: Docker's command line reference for `compose`, `--file` and
//! `COMPOSE_FILE`.

use std::collections::BTreeMap;

use super::builds::{self, folder};
use crate::documents::step::Step;
use crate::documents::text::Pair;
use crate::repository::Repository;
use crate::semantics::constants::Surroundings;
use crate::semantics::folders::Folder;
use crate::semantics::images;
use crate::semantics::shells;
use crate::shell::{self, Command, Script, Shell, Word};

/// Options before the subcommand that take their value as a word of its own.
const WITH_VALUE: [&str; 7] = [
    "--ansi",
    "--env-file",
    "--parallel",
    "--profile",
    "--progress",
    "--project-directory",
    "--project-name",
];

/// Every file that a step of the checkout gives to compose, as it is written,
/// with its path from the root where that is known.
#[must_use]
pub fn named(repository: &Repository) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    for workflow in &repository.workflows {
        for job in &workflow.jobs {
            let around = Surroundings::of_job(workflow, job);
            for step in job.steps() {
                let shell = || shells::of_step(workflow, job, step);
                let env = [&step.env, &job.env, &workflow.env];
                of_step(step, around, &shell, &env, &mut found);
            }
        }
    }
    for action in &repository.actions {
        for step in action.steps() {
            let shell = || shells::of_composite_step(step);
            let around = Surroundings::of_action(action);
            of_step(step, around, &shell, &[&step.env], &mut found);
        }
    }
    found
}

fn of_step(
    step: &Step,
    around: Surroundings<'_>,
    shell: &dyn Fn() -> Shell,
    env: &[&Vec<Pair>],
    found: &mut BTreeMap<String, Option<String>>,
) {
    let Some(text) = step.script().filter(|text| text.value.contains("compose")) else {
        return;
    };
    let script = shell::parse(&text.value, &shell());
    let around = around.in_step(step);
    let at = folder(around, &script);
    let mut add = |written: &str| {
        for one in written.split(':').filter(|one| !one.is_empty()) {
            found.insert(one.to_owned(), path(&at, one));
        }
    };
    let mut is_used = false;
    for command in &script.commands {
        let Some(args) = arguments(command) else {
            continue;
        };
        is_used = true;
        for (name, value) in &command.env {
            if name == "COMPOSE_FILE" {
                add(&one(value, 0, &script, around));
            }
        }
        for file in files(args, &script, around) {
            add(&file);
        }
    }
    if !is_used {
        return;
    }
    for assigned in script
        .assignments
        .iter()
        .filter(|one| one.name == "COMPOSE_FILE")
    {
        add(&one(&assigned.value, 0, &script, around));
    }
    let mut pairs = env.iter().flat_map(|pairs| pairs.iter());
    if let Some(pair) = pairs.find(|pair| pair.key.value == "COMPOSE_FILE") {
        let values = around.values(&pair.value);
        match values.known.as_slice() {
            [] => add(&pair.value.value),
            known => known.iter().for_each(|one| add(&one.text)),
        }
    }
}

/// The words behind `docker compose` or `docker-compose`.
fn arguments(command: &Command) -> Option<&[Word]> {
    if command.is("docker-compose") || command.is("podman-compose") {
        return Some(command.effective().1);
    }
    match images::client(command) {
        Some(("compose", args)) => Some(args),
        _ => None,
    }
}

fn files(args: &[Word], script: &Script, around: Surroundings<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if matches!(text, "-f" | "--file") {
            found.extend(args.next().map(|word| one(word, 0, script, around)));
        } else if text.starts_with("--file=") {
            found.push(one(word, "--file=".len(), script, around));
        } else if text == "-p" || WITH_VALUE.contains(&text) {
            args.next();
        } else if !text.starts_with('-') {
            break;
        }
    }
    found
}

fn one(word: &Word, skip: usize, script: &Script, around: Surroundings<'_>) -> String {
    builds::one(word, skip, script, around).unwrap_or_default()
}

fn path(at: &Folder, written: &str) -> Option<String> {
    match at.join(written) {
        Folder::Inside(path) if written != "-" => Some(path),
        _ => None,
    }
}
