//! Publishing inside of a target of make or a script of the checkout, which is
//! not read: the name says that it publishes, not what.

use std::ops::Range;

use cofferdam_facts::Span;

use super::{Artifact, Publication, commands, programs};
use crate::documents::step::Step;
use crate::semantics::secrets;
use crate::shell::{Command, Script};

/// Words that say that something leaves the repository.
const PUBLISHES: &[&str] = &["publish", "publishes", "publishing", "publishimage"];

/// Words that may say so: state and reports are moved like this as well. What
/// signs an image with a credential of its registry puts the signature there.
const MOVES: &[&str] = &["push", "sign", "upload"];

/// Words that may say so, though a release is often only built.
const RELEASES: &[&str] = &["release", "releases"];

/// Words beside them that say otherwise: a rehearsal, a check, a build in
/// release mode, notes, files that stay with the run.
const OTHERWISE: &[&str] = &[
    "branch",
    "bench",
    "benchmark",
    "changelog",
    "check",
    "copy",
    "coverage",
    "dev",
    "dry",
    "install",
    "is",
    "latest",
    "lint",
    "list",
    "local",
    "log",
    "logs",
    "metrics",
    "next",
    "note",
    "notes",
    "pr",
    "prepare",
    "report",
    "results",
    "sarif",
    "snapshot",
    "test",
    "tests",
    "validate",
    "verify",
    "wait",
];

/// Words that do so only where no word means a publication: what is built and
/// published in one step has them too.
const OTHERWISE_ALONE: &[&str] = &["artifact", "artifacts", "build", "version"];

/// Programs that run a file of the checkout.
const INTERPRETERS: &[&str] = &[
    "bash", "bun", "deno", "node", "perl", "pwsh", "python", "python3", "ruby", "sh", "tsx", "zsh",
];

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    Nothing,
    /// A word that may mean a publication.
    Perhaps,
    /// A word that means one.
    Publishes,
    /// A word that says that it is none.
    Otherwise,
}

/// What a script publishes by a target or script that is not read, if the name
/// of it or of the step says so. `signed_in` says whether the job holds a
/// credential of a registry, and not only an identity; whether it can publish
/// at all is not asked here. `release` alone counts where the step is handed a
/// credential too.
#[must_use]
pub fn by_name(
    step: &Step,
    script: &Script,
    signed_in: bool,
    at: impl Fn(Range<usize>) -> Span,
) -> Option<Publication> {
    let handed = step.texts().any(|(_, text)| {
        text.parsed()
            .any(|(_, expr)| !secrets::names(expr).is_empty())
    });
    let says = |text: &str| says(text, signed_in, handed);
    let of_name = step
        .name
        .as_ref()
        .map_or(Says::Nothing, |name| says(&name.value));
    let of_id = step.id.as_ref().map_or(Says::Nothing, |id| says(&id.value));
    let of_step = of_name.max(of_id);
    let found = script.commands.iter().find_map(|command| {
        let words = unread(command)?;
        // One word that says otherwise outweighs the others.
        let own = words.iter().map(|word| says(word)).max()?;
        let published = match own {
            Says::Otherwise => false,
            Says::Publishes => true,
            Says::Perhaps => of_step != Says::Otherwise,
            Says::Nothing => of_step == Says::Publishes && is_last(script, command),
        };
        published.then_some((command, words))
    });
    let (command, words) = found?;
    Some(Publication {
        artifact: Artifact::Unread,
        step: step.index,
        span: at(command.range.clone()),
        means: words.join(" "),
        conditional: true,
        decided_by: None,
        target: None,
        names: Vec::new(),
        bare: false,
        draft: false,
        copy: false,
    })
}

// A step with the name of a publication ends in it.
fn is_last(script: &Script, command: &Command) -> bool {
    script
        .commands
        .iter()
        .rfind(|other| unread(other).is_some())
        .is_some_and(|last| last.range == command.range)
}

/// The words of a command that runs something of the checkout: the program,
/// and what is asked of it. `None` for everything else.
fn unread(command: &Command) -> Option<Vec<&str>> {
    let program = programs::of_command(command);
    let (name, _) = command.effective();
    let mut words = Vec::new();
    let written = name.text.as_str();
    // What a known program does is decided by its words.
    if commands::is_known(program.name) {
        return None;
    }
    let rest = if matches!(program.name, "make" | "gmake" | "just" | "task" | "mage") {
        words.push(program.name);
        program.args
    } else if INTERPRETERS.contains(&program.name) {
        let (file, rest) = program.args.split_first()?;
        let is_file = file.is_static && !file.text.starts_with('-') && file.text.contains('.');
        if !is_file {
            return None;
        }
        words.push(file.text.as_str());
        rest
    } else if is_of_checkout(written) {
        words.push(written);
        program.args
    } else {
        return None;
    };
    // `PUSH=true` and long values are settings, not what is asked for.
    words.extend(
        rest.iter()
            .map(|word| word.text.as_str())
            .filter(|text| text.len() <= 40 && !text.contains(['=', '$', '`', '\n']))
            .take(4),
    );
    Some(words)
}

fn is_of_checkout(name: &str) -> bool {
    let relative = name.contains('/') && !name.starts_with(['/', '$', '~']);
    relative && !name.contains("node_modules") && !name.contains("bin/")
}

fn says(name: &str, signed_in: bool, handed: bool) -> Says {
    let lower = name.to_ascii_lowercase();
    let has = |list: &[&str]| {
        lower
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| list.contains(&word))
    };
    if has(OTHERWISE) {
        Says::Otherwise
    } else if has(PUBLISHES) {
        Says::Publishes
    } else if has(OTHERWISE_ALONE) {
        Says::Otherwise
    } else if signed_in && (has(MOVES) || handed && has(RELEASES)) {
        Says::Perhaps
    } else {
        Says::Nothing
    }
}
