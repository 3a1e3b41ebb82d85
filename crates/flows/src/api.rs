//! What GitHub's API tells a script of what others write there.
//!
//! Whoever opens an issue or a pull request, or comments, writes what every run
//! reads that asks for it, whatever starts the run. What is asked for by author
//! or label is chosen, and so is what somebody has merged.
//!
//! Sources: <https://cli.github.com/manual/>, <https://docs.github.com/en/rest>.

use cofferdam_workflows::shell::{Command, Word};

use crate::class::{Class, Shape, Who};
use crate::filters;
use crate::flow::Source;
use crate::outputs::Holds;

/// Whose text the answer may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// Anybody's.
    Anyone,
    /// That of what somebody has merged.
    Merged,
    /// What the question chooses, or what the event is about.
    Chosen,
}

/// Parts of addresses below which others write.
const WRITTEN: &[&str] = &[
    "/comments",
    "/commits",
    "/discussions",
    "/forks",
    "/issues",
    "/pulls",
    "/reviews",
    "/stargazers",
    "graphql",
];

/// Objects of the event whose addresses lead to what others write.
const OBJECTS: &[&str] = &[
    "github.event.comment.",
    "github.event.discussion.",
    "github.event.issue.",
    "github.event.pull_request.",
    "github.event.review.",
];

/// Options of `gh` that choose by who somebody is.
const CHOOSING: &[&str] = &[
    "--app",
    "--assignee",
    "--author",
    "--label",
    "--search",
    "--user",
    "-A",
    "-S",
    "-a",
    "-l",
    "-u",
];

/// What a command prints of the API's answers. `known` says what a variable is
/// set to in the files.
pub(crate) fn of_command<'k>(
    command: &Command,
    known: &dyn Fn(&str) -> Option<&'k str>,
) -> Option<Source> {
    let (program, args) = command.effective();
    let name = program.file_name()?;
    let words: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    let (holds, from) = match name {
        "gh" => of_gh(&words, &|address| leads_to_others(address, args, known))?,
        "curl" | "wget" | "http" | "https" => of_request(args, known)?,
        _ => return None,
    };
    let shown = shown(name, &words);
    Some(match from {
        From::Chosen => Source::Read(holds, shown),
        From::Anyone | From::Merged => Source::Api(holds, from == From::Merged, shown),
    })
}

/// How freely what the API answers is shaped where the event says nothing of
/// it, and by whom.
pub(crate) fn shape(holds: Holds, merged: bool, event: &str) -> Option<Shape> {
    let who = match event {
        _ if event.starts_with("pull_request") || event == "workflow_call" => return None,
        _ if merged => Who::CommitAuthor,
        _ => Who::Anyone,
    };
    Some(Shape::new(holds.class()?, who))
}

fn shown(program: &str, words: &[&str]) -> String {
    let mut text = program.to_owned();
    for word in words.iter().take(3) {
        text.push(' ');
        text.extend(word.chars().take(30));
    }
    text
}

// gh pr view 1 --json title --jq .title; gh api repos/o/r/pulls/1 --jq .title
fn of_gh(words: &[&str], leads: &dyn Fn(&str) -> bool) -> Option<(Holds, From)> {
    let (first, rest) = words.split_first()?;
    let verb = rest.first().copied().unwrap_or("");
    // What the filter takes, or else what is asked for.
    let filter = value_of(rest, &["--jq", "-q", "--template", "-t"]);
    let filter = filter.filter(|filter| filter.contains(char::is_alphabetic));
    let asked = value_of(rest, &["--json"]);
    let fields = filter.or(asked);
    let from = chosen(rest);
    let holds = match (*first, verb) {
        ("pr", "diff") if rest.contains(&"--name-only") => Holds::FileNames,
        ("pr", "diff") => Holds::Body,
        ("pr" | "issue", "view") => fields.map_or(Some(Holds::Body), of_field)?,
        ("pr" | "issue", "list" | "ls") => fields.map_or(Some(Holds::Title), of_field)?,
        ("search", "issues" | "prs" | "commits") => fields.map_or(Some(Holds::Title), of_field)?,
        ("run", "view") if rest.iter().any(|word| word.starts_with("--log")) => {
            own_run(rest)?;
            Holds::Log
        }
        ("run", "view" | "list" | "ls") => {
            own_run(rest)?;
            of_run(fields?)?
        }
        ("api", _) => {
            let address = rest.iter().find(|word| leads(word))?;
            if is_sent(rest) && !address.contains("graphql") {
                return None;
            }
            match filter {
                Some(filter) => of_field(filter)?,
                // A query says itself what it asks for.
                None if address.contains("graphql") => of_field(&rest.join(" "))?,
                None => Holds::Body,
            }
        }
        _ => return None,
    };
    Some((holds, from))
}

// What a run says of itself is its own.
fn own_run(words: &[&str]) -> Option<()> {
    let own = words.iter().any(|word| word.contains("GITHUB_RUN_ID"));
    (!own).then_some(())
}

fn of_run(fields: &str) -> Option<Holds> {
    let result = filters::result(fields);
    let has = |name: &str| result.contains(name);
    if has("displayTitle") || has("name") && has("jobs") || result.trim() == "jobs" {
        Some(Holds::Title)
    } else if has("headBranch") {
        Some(Holds::HeadBranch)
    } else {
        None
    }
}

fn value_of<'w>(words: &[&'w str], options: &[&str]) -> Option<&'w str> {
    let at = words.iter().position(|word| options.contains(word));
    let next = at.and_then(|at| words.get(at + 1)).copied();
    next.or_else(|| {
        words.iter().find_map(|word| {
            let (option, value) = word.split_once('=')?;
            options.contains(&option).then_some(value)
        })
    })
}

fn chosen(words: &[&str]) -> From {
    let option = |word: &&&str| CHOOSING.contains(&word.split('=').next().unwrap_or(""));
    let merged = value_of(words, &["--state", "-s"]) == Some("merged");
    if merged {
        From::Merged
    } else if words.iter().any(|word| option(&word)) {
        From::Chosen
    } else {
        From::Anyone
    }
}

// A field that is sent makes a request that writes.
fn is_sent(words: &[&str]) -> bool {
    let method = value_of(words, &["--method", "-X", "--request"]);
    let sends = |word: &&&str| {
        matches!(
            word.split('=').next().unwrap_or(""),
            "-f" | "-F"
                | "--field"
                | "--raw-field"
                | "--input"
                | "-d"
                | "--data"
                | "--data-raw"
                | "--data-binary"
                | "--json"
                | "--form"
                | "--post-data"
        )
    };
    method.map_or_else(
        || words.iter().any(|word| sends(&word)),
        |method| !method.eq_ignore_ascii_case("get"),
    )
}

// Whether a word is an address below which others write, by itself or by the
// variable that holds it.
fn leads_to_others<'k>(
    address: &str,
    args: &[Word],
    known: &dyn Fn(&str) -> Option<&'k str>,
) -> bool {
    if address.starts_with('-') {
        return false;
    }
    if WRITTEN.iter().any(|part| address.contains(part)) {
        return true;
    }
    let word = args.iter().find(|word| word.text == address);
    let event = |text: &str| OBJECTS.iter().any(|object| text.contains(object));
    let url = |text: &str| {
        let text = text.trim_end_matches(['}', ' ']);
        event(text) && (text.ends_with("url") || text.ends_with("_href"))
    };
    url(address)
        || word.is_some_and(|word| {
            let mut held = word.variables.iter().filter_map(|name| known(name));
            held.any(url)
        })
}

// curl https://api.github.com/repos/o/r/issues
fn of_request<'k>(args: &[Word], known: &dyn Fn(&str) -> Option<&'k str>) -> Option<(Holds, From)> {
    let words: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    if is_sent(&words) {
        return None;
    }
    let of_api = |word: &&Word| {
        let text = word.text.as_str();
        let host = text.contains("api.github.com/")
            || text.contains("GITHUB_API_URL")
            || text.contains("github.api_url");
        let named = !text.contains("://") && text.starts_with('$');
        (host || named) && leads_to_others(text, args, known)
    };
    let found = args.iter().any(|word| of_api(&word));
    found.then_some((Holds::Body, From::Anyone))
}

/// What a field of the API's answers holds.
pub(crate) fn of_field(words: &str) -> Option<Holds> {
    let words = filters::result(words);
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
    } else if has(&["login", "full_name", "clone_url"]) {
        Some(Holds::Login)
    } else {
        None
    }
}

impl Holds {
    /// How free it is at most; `None` for what no answer of the API holds.
    pub(crate) fn class(self) -> Option<Class> {
        Some(match self {
            Self::Login => Class::Word,
            Self::HeadBranch => Class::Ref,
            Self::FileNames | Self::Title => Class::Line,
            Self::Body | Self::Commit | Self::Log => Class::Text,
            Self::Artifact | Self::Cache | Self::Agent | Self::Head { .. } => return None,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    fn read(script: &str) -> Option<(Holds, &'static str)> {
        let script = parse(script, &Shell::Bash);
        let known = |name: &str| (name == "U").then_some("${{ github.event.comment.url }}");
        match of_command(script.commands.first().unwrap(), &known)? {
            Source::Read(holds, _) => Some((holds, "chosen")),
            Source::Api(holds, true, _) => Some((holds, "merged")),
            Source::Api(holds, false, _) => Some((holds, "anyone")),
            _ => None,
        }
    }

    #[test]
    fn answers_hold_other_peoples_text() {
        let anyone = |holds| Some((holds, "anyone"));
        let cases = [
            (
                "gh pr view 1 --json title --jq .title",
                anyone(Holds::Title),
            ),
            (
                "gh pr view 1 --json headRefName -q .headRefName",
                anyone(Holds::HeadBranch),
            ),
            ("gh pr view 1 --json title,number --jq .number", None),
            (
                "gh api repos/o/r/pulls/1 --jq .head.ref",
                anyone(Holds::HeadBranch),
            ),
            ("gh api repos/o/r/pulls/1 --jq .head.sha", None),
            ("gh api repos/o/r/pulls/1", anyone(Holds::Body)),
            ("gh api repos/o/r/issues/1/comments -f body=x", None),
            ("gh api repos/o/r/releases --jq .body", None),
            ("gh api \"$U\" -q .body", anyone(Holds::Body)),
            ("gh api \"$V\" -q .body", None),
            (
                "gh issue view 1 --json body --jq .body",
                anyone(Holds::Body),
            ),
            ("gh issue view 1", anyone(Holds::Body)),
            ("gh issue list --json number -q .[0].number", None),
            (
                "gh issue list --json number,title -q '.[] | select(.title == \"x\") | .number'",
                None,
            ),
            (
                "gh pr list --author app/dependabot --json title -q .[0].title",
                Some((Holds::Title, "chosen")),
            ),
            (
                "gh pr list --state merged --json title -q .[0].title",
                Some((Holds::Title, "merged")),
            ),
            (
                "gh pr view 1 --json comments --jq '.comments | length'",
                None,
            ),
            ("gh release view --json body", None),
            ("gh run view $R --log", anyone(Holds::Log)),
            ("gh run view $GITHUB_RUN_ID --log", None),
            (
                "gh run view $R --json jobs -q .jobs[0].name",
                anyone(Holds::Title),
            ),
            ("gh run view $R --json conclusion -q .conclusion", None),
            (
                "gh api repos/o/r/stargazers -q .[-1].login",
                anyone(Holds::Login),
            ),
            (
                "curl -s https://api.github.com/repos/o/r/issues/1",
                anyone(Holds::Body),
            ),
            ("curl -s \"$U\"", anyone(Holds::Body)),
            ("curl -X POST https://api.github.com/repos/o/r/issues", None),
            ("curl -s https://example.com/issues", None),
            ("cat file", None),
        ];
        for (script, expected) in cases {
            assert_eq!(read(script), expected, "{script}");
        }
    }
}
