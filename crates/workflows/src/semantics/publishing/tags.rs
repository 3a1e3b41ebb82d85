//! Releasing by a tag that is pushed.
//!
//! Source: git-push(1), `--tags`, `--follow-tags` and refspecs; git-tag(1).

use std::ops::Range;

use cofferdam_facts::Span;

use super::programs::{self, Program};
use super::{Artifact, Publication};
use crate::documents::step::Step;
use crate::shell::{Command, Script, Word};

/// The push of a tag in a script.
#[must_use]
pub(super) fn by_push(
    step: &Step,
    script: &Script,
    at: impl Fn(Range<usize>) -> Span,
) -> Vec<Publication> {
    let made: Vec<&Word> = script.commands.iter().filter_map(made).collect();
    script
        .commands
        .iter()
        .filter(|command| pushes_tag(&programs::of_command(command), &made))
        .map(|command| Publication {
            artifact: Artifact::Tag,
            step: step.index,
            span: at(command.range.clone()),
            means: "git push".to_owned(),
            conditional: command.conditional,
            decided_by: None,
            target: None,
            names: Vec::new(),
            bare: true,
            draft: false,
            copy: false,
        })
        .take(1)
        .collect()
}

/// What follows the subcommand of git, and options before it, if it is `wanted`.
fn after<'c>(program: &Program<'c>, wanted: &str) -> Option<&'c [Word]> {
    if program.name != "git" {
        return None;
    }
    let at = program.args.iter().position(|word| word.text == wanted)?;
    // `git -C folder -c name=value push`: pairs stand before it.
    let before = program.args.get(..at)?;
    let options = before
        .iter()
        .enumerate()
        .all(|(at, word)| word.text.starts_with('-') || at % 2 == 1);
    options.then(|| program.args.get(at + 1..).unwrap_or_default())
}

/// The name of the tag that a command makes.
fn made(command: &Command) -> Option<&Word> {
    const LISTS: &[&str] = &[
        "-d",
        "--delete",
        "-l",
        "--list",
        "--contains",
        "--points-at",
        "-v",
        "--verify",
        "--sort",
        "--merged",
    ];
    let words = after(&programs::of_command(command), "tag")?;
    let listed = words
        .iter()
        .any(|word| LISTS.iter().any(|option| word.text.starts_with(option)));
    if listed {
        return None;
    }
    let mut skip = false;
    words.iter().find(|word| {
        if std::mem::take(&mut skip) {
            return false;
        }
        skip = matches!(
            word.text.as_str(),
            "-m" | "--message" | "-F" | "-u" | "-am" | "-sm"
        );
        !word.text.starts_with('-')
    })
}

fn pushes_tag(program: &Program<'_>, made: &[&Word]) -> bool {
    let Some(words) = after(program, "push") else {
        return false;
    };
    let has = |options: &[&str]| words.iter().any(|w| options.contains(&w.text.as_str()));
    if has(&["--dry-run", "-n", "--delete", "-d", "--prune"]) {
        return false;
    }
    let operands = program.operands(&["-o", "--push-option", "-C", "-c"]);
    // `push` itself, the remote, and what is pushed.
    let refs = operands.iter().skip(2).map(|word| word.text.as_str());
    has(&["--tags", "--follow-tags"])
        || refs.clone().any(|name| {
            !name.starts_with(':')
                && (name.contains("refs/tags/") || made.iter().any(|tag| tag.text == name))
        })
}
