//! What a command brings into a script from outside: the event's payload, the
//! API, a commit, a file of another run's artifact.

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
        "gh" => of_gh(&words).and_then(read),
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

// gh pr view 1 --json title --jq .title; gh api repos/o/r/pulls/1 --jq .title
fn of_gh(words: &[&str]) -> Option<Holds> {
    let (first, rest) = words.split_first()?;
    let about = match *first {
        "pr" | "issue" => matches!(rest.first(), Some(&("view" | "list" | "diff"))),
        "api" => rest.iter().any(|w| {
            ["/pulls", "/issues", "/comments", "/commits", "graphql"]
                .iter()
                .any(|part| w.contains(part))
        }),
        _ => false,
    };
    if !about {
        return None;
    }
    // What the filter takes, or else what is asked for.
    let filter = rest
        .iter()
        .position(|w| matches!(*w, "--jq" | "-q" | "--template" | "-t"))
        .and_then(|at| rest.get(at + 1));
    let asked = rest
        .iter()
        .position(|w| *w == "--json")
        .and_then(|at| rest.get(at + 1));
    let words = filter.or(asked)?;
    of_field(words)
}

/// What a field of the API's answers holds.
pub(crate) fn of_field(words: &str) -> Option<Holds> {
    // A count, a test or a choice of a number is no text.
    if ["length", "test(", "contains(", "startswith(", "any("]
        .iter()
        .any(|w| words.contains(w))
    {
        return None;
    }
    let fields: Vec<&str> = words
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
        .collect();
    let has = |names: &[&str]| {
        fields.iter().any(|field| {
            names
                .iter()
                .any(|name| *field == *name || field.ends_with(&format!(".{name}")))
        })
    };
    if has(&["body", "comments", "bodyText"]) {
        Some(Holds::Body)
    } else if has(&[
        "commit.message",
        "messageHeadline",
        "messageBody",
        "message",
    ]) {
        Some(Holds::Commit)
    } else if has(&["title"]) {
        Some(Holds::Title)
    } else if has(&["headRefName", "head.ref", "head.label"]) {
        Some(Holds::HeadBranch)
    } else if has(&["files", "filename", "files.path"]) {
        Some(Holds::FileNames)
    } else {
        None
    }
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
            ("gh pr view 1 --json title --jq .title", Some(Holds::Title)),
            (
                "gh pr view 1 --json headRefName -q .headRefName",
                Some(Holds::HeadBranch),
            ),
            ("gh pr view 1 --json title,number --jq .number", None),
            (
                "gh api repos/o/r/pulls/1 --jq .head.ref",
                Some(Holds::HeadBranch),
            ),
            ("gh api repos/o/r/pulls/1 --jq .head.sha", None),
            ("gh issue view 1 --json body --jq .body", Some(Holds::Body)),
            (
                "gh pr view 1 --json comments --jq '.comments | length'",
                None,
            ),
            ("gh release view --json body", None),
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
