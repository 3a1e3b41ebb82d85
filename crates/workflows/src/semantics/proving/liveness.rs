//! Whether a command of a script is run at all.
//!
//! Sources: Bash manual, "Bash Startup Files", "The Set Builtin" and "Shell
//! Functions"; GitHub, "Workflow syntax", `jobs.<id>.steps[*].shell`.

use crate::documents::text::Text;
use crate::semantics::publishing::programs::Program;
use crate::semantics::tolerance;
use crate::shell::{Command, Script};

/// Whether something runs, and stops its step where it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    /// It does.
    Yes,
    /// It takes more than the script to tell.
    Perhaps,
    /// It does not.
    No,
}

/// Whether a shell runs the script that it is given. GitHub puts the file in
/// the place of `{0}`; the words around it may read it and run nothing.
pub(super) fn of_shell(shell: Option<&Text>) -> Live {
    let Some(text) = shell else {
        return Live::Yes;
    };
    let Some(written) = text.literal() else {
        return Live::Perhaps;
    };
    if matches!(written, "bash" | "sh") {
        return Live::Yes;
    }
    let words: Vec<&str> = written.split_whitespace().collect();
    let (Some(program), options) = (words.first(), words.get(1..).unwrap_or_default()) else {
        return Live::Yes;
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    if !matches!(name, "bash" | "sh") {
        return Live::Perhaps;
    }
    let Some((file, options)) = options.split_last() else {
        return Live::Yes;
    };
    let cluster = |word: &str, letter: char| {
        word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
    };
    if options.iter().any(|o| cluster(o, 'n') || cluster(o, 'c')) {
        return Live::No;
    }
    let mut value = false;
    let plain = options.iter().all(|word| {
        if std::mem::take(&mut value) {
            return matches!(*word, "pipefail" | "errexit" | "nounset" | "xtrace");
        }
        value = cluster(word, 'o');
        matches!(*word, "--noprofile" | "--norc" | "--login")
            || word
                .strip_prefix('-')
                .is_some_and(|o| !o.is_empty() && o.chars().all(|c| "exulo".contains(c)))
    });
    if plain && !value && *file == "{0}" {
        Live::Yes
    } else {
        Live::Perhaps
    }
}

/// Whether a command of a script runs.
pub(super) fn of_command(script: &Script, command: &Command, program: &Program<'_>) -> Live {
    if asks_only(program) || never_runs(script, command) {
        return Live::No;
    }
    let called = |name: &String| is_called(script, name);
    // A function of that name stands in for the program.
    let name = command.effective().0;
    let stands_in = script.functions.contains(&name.text);
    let doubtful = command.in_function && !script.functions.iter().all(called)
        || stands_in
        || command.in_branch
        || !command.certain
        || may_end_before(script, command)
        || tolerance::swallowed(script, command, None).is_some();
    if doubtful { Live::Perhaps } else { Live::Yes }
}

/// Whether a script says that a command of it never runs: `false && …`, behind
/// `exit`, in a function that nothing calls.
#[must_use]
pub fn never_runs(script: &Script, command: &Command) -> bool {
    let called = |name: &String| is_called(script, name);
    command.dead
        || ends_before(script, command)
        || command.in_function && !script.functions.iter().any(called)
}

/// Whether a shell only reads what it is given, as `bash -n {0}` does.
#[must_use]
pub fn only_reads(shell: Option<&Text>) -> bool {
    of_shell(shell) == Live::No
}

fn is_called(script: &Script, name: &str) -> bool {
    let by = |other: &Command| other.effective().0.text == name && !other.dead;
    script.commands.iter().any(by)
}

// Nothing is signed or uploaded.
fn asks_only(program: &Program<'_>) -> bool {
    let short = matches!(program.name, "cosign" | "notation" | "syft" | "ko");
    program.args.iter().any(|word| match word.text.as_str() {
        "--help" | "--upload=false" | "--no-upload" | "--no-upload=true" | "--dry-run" => true,
        "-h" => short,
        _ => false,
    })
}

fn before<'s>(script: &'s Script, command: &Command) -> impl Iterator<Item = &'s Command> {
    let start = command.range.start;
    let earlier = move |other: &&Command| other.range.start < start;
    script.commands.iter().take_while(earlier)
}

// The script ends, or only reads on, ahead of the command.
fn ends_before(script: &Script, command: &Command) -> bool {
    before(script, command).any(|other| {
        let alone = !other.conditional
            && !other.in_function
            && !other.in_substitution
            && other.pipeline.is_none()
            && other.depth <= command.depth
            && other.range.end <= command.range.start;
        let name = other.name.text.as_str();
        let args = || other.args.iter().map(|word| word.text.as_str());
        alone
            && match name {
                "exit" | "return" => true,
                // Redirections alone replace nothing.
                "exec" => !other.args.is_empty(),
                "false" => !other.ignores_failure() && other.failure == Default::default(),
                "set" => args().any(|a| {
                    a == "noexec" || a.starts_with('-') && !a.starts_with("--") && a.contains('n')
                }),
                _ => false,
            }
    })
}

// The script ends well in some cases ahead of the command.
fn may_end_before(script: &Script, command: &Command) -> bool {
    before(script, command).any(|other| {
        let status = other.args.first().map(|word| word.text.as_str());
        other.conditional
            && !other.dead
            && !other.in_function
            && !other.in_substitution
            && other.name.text == "exit"
            && matches!(status, None | Some("0"))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::semantics::publishing::programs;
    use crate::shell::{Shell, parse};

    fn live(text: &str) -> Live {
        let script = parse(text, &Shell::Bash);
        let command = script
            .commands
            .iter()
            .rfind(|c| c.is("cosign") && c.args.len() > 1);
        let command = command.unwrap();
        of_command(&script, command, &programs::of_command(command))
    }

    #[test]
    fn commands_that_never_run_are_told_apart() {
        for dead in [
            "false && cosign sign --yes a@b",
            "true || cosign sign --yes a@b",
            "exit 0\ncosign sign --yes a@b",
            "exec true\ncosign sign --yes a@b",
            "set -n\ncosign sign --yes a@b",
            "set -o noexec\ncosign sign --yes a@b",
            "never() { cosign sign --yes a@b; }",
            "cosign sign --help a@b",
            "cosign sign --upload=false a@b",
            "if false; then cosign sign --yes a@b; fi",
            "if true; then :; else cosign sign --yes a@b; fi",
            "while false; do cosign sign --yes a@b; done",
            "until true; do cosign sign --yes a@b; done",
        ] {
            assert_eq!(live(dead), Live::No, "{dead}");
        }
        for doubtful in [
            "cosign() { :; }\ncosign sign --yes a@b",
            "cosign sign --yes a@b || true",
            "cosign sign --yes a@b &",
            "if [ -n \"$KEY\" ]; then cosign sign --yes a@b; fi",
            "[ -n \"$KEY\" ] && cosign sign --yes a@b",
            "case $X in y) cosign sign --yes a@b;; esac",
            "[ -n \"$KEY\" ] || exit 0\ncosign sign --yes a@b",
            "set +e\ncosign sign --yes a@b\necho done",
        ] {
            assert_eq!(live(doubtful), Live::Perhaps, "{doubtful}");
        }
        for runs in [
            "cosign sign --yes a@b",
            "set -euo pipefail\ncosign sign --yes a@b",
            "for tag in $TAGS; do cosign sign --yes a@b; done",
            "cd dist && cosign sign --yes a@b",
            "[ -n \"$KEY\" ] || exit 1\ncosign sign --yes a@b",
            "sign() { cosign sign --yes a@b; }\nsign",
            "if true; then cosign sign --yes a@b; fi",
            "exec 2>log\ncosign sign --yes a@b",
        ] {
            assert_eq!(live(runs), Live::Yes, "{runs}");
        }
    }

    #[test]
    fn shells_that_read_and_run_nothing_are_told_apart() {
        let of = |shell: &str| {
            let text = format!("a: '{shell}'");
            let document =
                crate::yaml::Document::parse(cofferdam_facts::SourceFile::new("a.yml", text));
            let node = document.root().unwrap().get("a").unwrap();
            of_shell(Text::read(node).as_ref())
        };
        for shell in ["bash", "sh", "bash -e {0}", "/bin/bash -euxo pipefail {0}"] {
            assert_eq!(of(shell), Live::Yes, "{shell}");
        }
        assert_eq!(of("bash --noprofile --norc -e -o pipefail {0}"), Live::Yes);
        for shell in ["bash -n {0}", "bash -c true {0}", "bash -en {0}"] {
            assert_eq!(of(shell), Live::No, "{shell}");
        }
        for shell in [
            "bash -o noexec {0}",
            "bash /dev/null {0}",
            "bash -e",
            "${{ inputs.shell }}",
        ] {
            assert_ne!(of(shell), Live::Yes, "{shell}");
        }
    }
}
