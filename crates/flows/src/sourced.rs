//! Files that a job writes and then has a shell read as code: `source FILE`,
//! `. FILE`, `bash FILE`, and lines `export NAME=VALUE`, which are there for
//! nothing else.

use cofferdam_workflows::shell::{Command, Redirect, Word};

use crate::flow::SinkKind;
use crate::leavings::file_name;
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::writes::{Content, EnvFile};

const SHELLS: &[&str] = &["bash", "sh", "dash", "zsh", "ksh"];

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// Every file of a script that it reads as code, or writes as such.
    pub(crate) fn sourced(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for command in &running.script.commands {
            if let Some(word) = read_as_code(command) {
                let mut trails = self.file(running.scope, &word.text);
                trails.extend(self.values_of_caches(running, &word.text, word.range.start));
                let span = running.span(word.range.clone());
                for trail in &mut trails {
                    trail.place = Some((running.scope.file(), span));
                }
                if !trails.is_empty() {
                    let written = word.text.chars().take(80).collect();
                    found.push(at.reached(SinkKind::Evaluated, span, written, trails));
                }
            }
            self.exported(at, running, command, found);
        }
    }

    // What reads the file may be a program that is not looked at; where a
    // script of the same list does, the sink is there.
    fn exported(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        command: &'s Command,
        found: &mut Vec<Reached<'r>>,
    ) {
        let Some(target) = command.redirects.iter().find_map(file_of) else {
            return;
        };
        let (_, args) = command.effective();
        let exports = |word: &Word| {
            let mut lines = word.text.lines().map(str::trim_start);
            lines.any(|line| line.starts_with("export ") && line.contains('='))
        };
        let lines = args.iter().chain(&command.heredoc).any(exports);
        if !lines || self.is_read_as_code(running, &target) {
            return;
        }
        let named = format!("the file `{target}`");
        let span = running.span(command.range.clone());
        let content = Content::Printed(command);
        let trails: Vec<_> = self
            .printed_into(running, &content, &mut Vec::new())
            .into_iter()
            .map(|mut trail| {
                trail.place = Some((running.scope.file(), span));
                let mut trail = trail.put(&named);
                trail.place = Some((running.scope.file(), span));
                trail
            })
            .collect();
        if !trails.is_empty() {
            found.push(at.reached(SinkKind::Evaluated, span, target, trails));
        }
    }

    fn is_read_as_code(&self, running: Running<'s, 'r>, target: &str) -> bool {
        let scope = running.scope;
        scope.steps().iter().any(|step| {
            let script = self.running(scope, step).map(|other| other.script);
            let mut commands = script.into_iter().flat_map(|script| &script.commands);
            commands
                .any(|command| read_as_code(command).is_some_and(|w| file_name(&w.text) == target))
        })
    }
}

/// The file that a command reads as code of a shell.
fn read_as_code(command: &Command) -> Option<&Word> {
    let (program, args) = command.effective();
    match program.file_name()? {
        "source" | "." => args.first(),
        name if SHELLS.contains(&name) => {
            let first = args
                .iter()
                .find(|word| !word.text.starts_with(['-', '+']))?;
            // Behind `-c` stands code, and no file.
            let options = args.iter().take_while(|word| word.text.starts_with('-'));
            let code = |word: &Word| !word.text.starts_with("--") && word.text.contains('c');
            (!options.into_iter().any(code)).then_some(first)
        }
        _ => None,
    }
}

/// The file of the job that a redirection writes, unless it is the runner's.
fn file_of(redirect: &Redirect) -> Option<String> {
    let word = &redirect.target;
    let runners = |name: &String| EnvFile::ALL.iter().any(|file| name == file.variable());
    let own = redirect.writes()
        && redirect.descriptor != Some(2)
        && !word.variables.iter().any(runners)
        && !word.text.starts_with("/dev/");
    own.then(|| file_name(&word.text))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    #[test]
    fn a_file_is_read_as_code_by_a_shell_alone() {
        let cases = [
            ("source ./a.env", Some("./a.env")),
            (". a.env", Some("a.env")),
            ("bash -e a.sh x", Some("a.sh")),
            ("sh a.sh", Some("a.sh")),
            ("sudo bash a.sh", Some("a.sh")),
            ("bash -ec 'a.sh'", None),
            ("bash", None),
            ("cat a.env", None),
            ("python3 a.py", None),
        ];
        for (text, expected) in cases {
            let script = parse(text, &Shell::Bash);
            let first = script.commands.first().unwrap();
            assert_eq!(
                read_as_code(first).map(|w| w.text.as_str()),
                expected,
                "{text}"
            );
        }
    }
}
