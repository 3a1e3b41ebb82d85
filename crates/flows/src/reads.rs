//! What a command brings into a script from outside: the event's payload, a
//! commit. What the API answers is next door.

use cofferdam_workflows::shell::Command;

use crate::flow::Source;
use crate::outputs::Holds;

/// What a command prints of somebody else's text, by itself.
pub(crate) fn of_command(command: &Command) -> Option<Source> {
    let (program, args) = command.effective();
    let words: Vec<&str> = args.iter().map(|w| w.text.as_str()).collect();
    let read = |holds| Some(Source::Read(holds, shown(program.file_name(), &words)));
    match program.file_name()? {
        "jq" if words.iter().any(|w| w.contains("GITHUB_EVENT_PATH")) => {
            let filter = words.iter().find(|w| w.contains('.') && !w.contains('$'))?;
            payload(filter)
        }
        "git" => of_git(&words).and_then(read),
        _ => None,
    }
}

fn shown(program: Option<&str>, words: &[&str]) -> String {
    let mut text = program.unwrap_or("").to_owned();
    for word in words.iter().take(3) {
        text.push(' ');
        text.extend(word.chars().take(30));
    }
    text
}

/// `.pull_request.title` of the payload.
fn payload(filter: &str) -> Option<Source> {
    let start = filter.find('.')?;
    let path: String = filter
        .get(start + 1..)?
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']'))
        .filter(|c| !matches!(c, '[' | ']'))
        .collect();
    let path = path.trim_end_matches('.');
    (!path.is_empty()).then(|| Source::Context(format!("github.event.{path}")))
}

// git log -1 --format=%s
fn of_git(words: &[&str]) -> Option<Holds> {
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        match word {
            "-C" | "-c" => {
                words.next();
            }
            _ if word.starts_with('-') => {}
            "log" | "show" => return of_format(&words.collect::<Vec<_>>()),
            "diff" | "diff-tree" => {
                return words
                    .any(|w| matches!(w, "--name-only" | "--name-status"))
                    .then_some(Holds::FileNames);
            }
            _ => return None,
        }
    }
    None
}

fn of_format(words: &[&str]) -> Option<Holds> {
    let format = words.iter().find_map(|w| {
        w.strip_prefix("--format=")
            .or_else(|| w.strip_prefix("--pretty=format:"))
            .or_else(|| w.strip_prefix("--pretty=tformat:"))
            .or_else(|| w.strip_prefix("--pretty="))
    });
    match format {
        Some(format) => [
            "%s", "%B", "%b", "%an", "%ae", "%cn", "%ce", "%f", "%N", "%d", "%D",
        ]
        .iter()
        .any(|sign| format.contains(sign))
        .then_some(Holds::Commit),
        None if words.contains(&"--name-only") => Some(Holds::FileNames),
        None if words.iter().any(|w| w.starts_with("--oneline")) => Some(Holds::Commit),
        None => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    fn read(script: &str) -> Option<Holds> {
        let script = parse(script, &Shell::Bash);
        match of_command(script.commands.first().unwrap())? {
            Source::Read(holds, _) => Some(holds),
            _ => None,
        }
    }

    #[test]
    fn commands_that_bring_in_other_peoples_text() {
        let cases = [
            ("git log -1 --format=%s", Some(Holds::Commit)),
            ("git log -1 --format=%H", None),
            ("git diff --name-only HEAD^", Some(Holds::FileNames)),
            ("git rev-parse HEAD", None),
            ("cat file", None),
        ];
        for (script, expected) in cases {
            assert_eq!(read(script), expected, "{script}");
        }
    }

    #[test]
    fn the_payload_is_a_context() {
        let script = parse(
            "jq -r '.pull_request.title' \"$GITHUB_EVENT_PATH\"",
            &Shell::Bash,
        );
        let found = of_command(script.commands.first().unwrap());
        let path = "github.event.pull_request.title".to_owned();
        assert_eq!(found, Some(Source::Context(path)));
    }
}
