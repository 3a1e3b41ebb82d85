//! Checks in scripts of `actions/github-script`. They are not parsed: what looks
//! like a call outside of comments may be a check, and a few forms are proven.

use super::{LEVELS, PATHS, REFUSALS, are_levels};

const CALL: &str = "getCollaboratorPermissionLevel(";

/// Calls that fail for others.
const FAILING: &[&str] = &[
    "checkCollaborator(",
    "checkMembershipForUser(",
    "getMembershipForUserInOrg(",
];

/// Whether a script calls the API, or uses the association that the event says.
pub(super) fn asks(text: &str) -> bool {
    let code = code(text);
    let shown = |line: &str| {
        let line = line.trim_start();
        line.starts_with("console.") || line.starts_with("core.info(")
    };
    code.lines().filter(|line| !shown(line)).any(|line| {
        line.contains(CALL)
            || FAILING.iter().chain(PATHS).any(|call| line.contains(call))
            || line.contains("author_association")
    })
}

/// Whether the script may fail by the answer.
pub(super) fn may_fail(text: &str) -> bool {
    const STOPS: &[&str] = &["setFailed(", "throw ", "process.exit("];
    let code = code(text);
    asks(text) && STOPS.iter().chain(FAILING).any(|word| code.contains(word))
}

/// Whether an output has one of the words only where the API said that the
/// starter may write.
pub(super) fn proves(text: &str, output: &str, words: &[String]) -> bool {
    let code = code(text);
    let Some(held) = answer(&code) else {
        return false;
    };
    // Whatever else writes outputs, or the answer.
    let names = pieces(&code, "setOutput").count() != pieces(&code, "core.setOutput(").count();
    let written = ["permission", "role_name"].iter().any(|field| {
        pieces(&code, field).any(|(_, rest)| {
            let rest = rest.trim_start();
            rest.starts_with('=') && !rest.starts_with("==")
        })
    });
    let odd = ["GITHUB_OUTPUT", "Object.assign", "core =", "github ="];
    if names || written || odd.iter().any(|text| code.contains(text)) {
        return false;
    }
    let mut values: Vec<&str> = Vec::new();
    for (_, rest) in pieces(&code, "setOutput(") {
        let Some((name, value)) = rest.split_once(',') else {
            return false;
        };
        let name = name.trim().trim_matches(['"', '\'', '`']);
        if name.eq_ignore_ascii_case(output) {
            values.push(argument(value));
        } else if !name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        {
            return false;
        }
    }
    if output.eq_ignore_ascii_case("result") {
        let returned = pieces(&code, "return ");
        values.extend(returned.filter_map(|(_, rest)| rest.split([';', '\n']).next()));
    }
    !values.is_empty()
        && values
            .iter()
            .all(|value| admits(&code, &held, value, words, 0))
}

// The variable that holds the answer of the one call, about the starter.
fn answer(code: &str) -> Option<String> {
    const STARTERS: &[&str] = &[
        "context.actor",
        "context.payload.comment.user.login",
        "context.payload.sender.login",
    ];
    let mut calls = pieces(code, CALL);
    let (before, rest) = calls.next()?;
    if calls.next().is_some() {
        return None;
    }
    let arguments = rest.split_once(')')?.0;
    // Of another repository the stranger may be an owner.
    let own = arguments.contains("...context.repo")
        && !arguments.contains("owner:")
        && !arguments.contains("repo:")
        || arguments.contains("owner: context.repo.owner")
            && arguments.contains("repo: context.repo.repo");
    let client = before.ends_with("github.rest.repos.") || before.ends_with("github.repos.");
    if !own || !client {
        return None;
    }
    let (_, who) = arguments.split_once("username:")?;
    let who = who.split([',', '}', '\n']).next()?.trim();
    if !STARTERS.contains(&who) {
        return None;
    }
    let declared = before.rsplit_once("const ")?.1;
    let (left, right) = declared.split_once('=')?;
    let direct = right.trim_start().starts_with("await ") && !right.contains([';', '\n', '?', '|']);
    let left = left.trim();
    let held = match left.strip_prefix('{').and_then(|l| l.strip_suffix('}')) {
        Some(inner) => match inner.trim().split_once(':') {
            Some(("data", name)) => name.trim().to_owned(),
            None if inner.trim() == "data" => "data".to_owned(),
            _ => return None,
        },
        None => format!("{left}.data"),
    };
    let plain = held
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"_.$".contains(&b));
    (direct && plain).then_some(held)
}

// Whether a value is one of the words only for those who may write.
fn admits(code: &str, held: &str, value: &str, words: &[String], depth: usize) -> bool {
    let value = value.trim();
    let bare = value.trim_matches(['"', '\'', '`']);
    if REFUSALS.contains(&bare) || value == "undefined" {
        return true;
    }
    let level = |text: &str| {
        let text = text.trim();
        text == format!("{held}.permission") || text == format!("{held}.role_name")
    };
    if level(value) {
        return are_levels(words);
    }
    if let Some((list, rest)) = value
        .strip_prefix('[')
        .and_then(|v| v.split_once("].includes("))
    {
        let names: Vec<&str> = list
            .split(',')
            .map(str::trim)
            .filter(|n| !n.is_empty())
            .collect();
        let named = names
            .iter()
            .all(|n| LEVELS.contains(&n.trim_matches(['"', '\''])));
        return named && rest.strip_suffix(')').is_some_and(level) && words == ["true"];
    }
    if value.contains("===") && !value.contains(['&', '!', '?']) {
        let compares = |part: &str| {
            part.split_once("===").is_some_and(|(left, right)| {
                level(left) && LEVELS.contains(&right.trim().trim_matches(['"', '\'']))
            })
        };
        return value.split("||").all(compares) && words == ["true"];
    }
    // A constant of the script.
    let name = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let mut set = pieces(code, &format!("const {value} ="))
        .map(|(_, rest)| rest)
        .collect::<Vec<_>>();
    match (set.pop(), set.is_empty(), name && depth < 3) {
        (Some(rest), true, true) => rest
            .split([';', '\n'])
            .next()
            .is_some_and(|value| admits(code, held, value, words, depth + 1)),
        _ => false,
    }
}

// An argument up to the bracket that closes the call.
fn argument(rest: &str) -> &str {
    let mut depth = 0_usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => return rest.get(..at).unwrap_or(rest),
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    rest
}

/// What stands before and behind each place of a word.
fn pieces<'c>(code: &'c str, word: &str) -> impl Iterator<Item = (&'c str, &'c str)> {
    let found: Vec<_> = code
        .match_indices(word)
        .filter_map(|(at, word)| Some((code.get(..at)?, code.get(at + word.len()..)?)))
        .collect();
    found.into_iter()
}

// The script without comments. What stands in quotes stays.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut quote = None;
    while let Some(letter) = letters.next() {
        match (quote, letter, letters.peek()) {
            (Some(_), '\\', Some(_)) => {
                code.push(letter);
                code.extend(letters.next());
                continue;
            }
            (Some(open), _, _) if letter == open || letter == '\n' && open != '`' => quote = None,
            (Some(_), _, _) => {}
            (None, '"' | '\'' | '`', _) => quote = Some(letter),
            (None, '/', Some('/')) => {
                let _ = letters.by_ref().find(|next| *next == '\n');
                code.push('\n');
                continue;
            }
            (None, '/', Some('*')) => {
                let mut last = ' ';
                let _ = letters.by_ref().skip(1).find(|next| {
                    let ends = last == '*' && *next == '/';
                    last = *next;
                    ends
                });
                continue;
            }
            _ => {}
        }
        code.push(letter);
    }
    code
}
