//! What a word of a shell script is made of, and which commands pass on what
//! they are given.

use std::ops::Range;

use cofferdam_workflows::shell::{Command, Script, Word};

use crate::class::Class;
use crate::filters;
use crate::readers;

/// One piece of a word that is not constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A variable.
    Variable(String),
    /// `${{ … }}`, as bytes of the word's text.
    Expression(Range<usize>),
    /// `$(…)`, likewise.
    Substitution(Range<usize>),
}

/// The pieces of a part of a word.
pub(crate) fn pieces(word: &Word, part: Range<usize>) -> Vec<Piece> {
    let pieces = located(word, part).into_iter();
    pieces.map(|(piece, _)| piece).collect()
}

/// The same with the bytes of the word's text that each takes.
pub(crate) fn located(word: &Word, part: Range<usize>) -> Vec<(Piece, Range<usize>)> {
    let mut pieces = Vec::new();
    let text = word.text.as_str();
    let mut at = part.start;
    while at < part.end {
        let rest = text.get(at..part.end).unwrap_or("");
        let Some(found) = rest.find(['$', '`']) else {
            break;
        };
        let start = at + found;
        let here = text.get(start..part.end).unwrap_or("");
        if here.starts_with("${{") {
            let length = here.find("}}").map_or(here.len(), |end| end + 2);
            let range = start..start + length;
            pieces.push((Piece::Expression(range.clone()), range));
            at = start + length;
        } else if here.starts_with("$(") || here.starts_with('`') {
            let length = substitution_length(here);
            if word.holds_substitution {
                let range = start..start + length;
                pieces.push((Piece::Substitution(range.clone()), range));
            }
            at = start + length;
        } else if let Some(inner) = here.strip_prefix("${") {
            let length = inner.find('}').unwrap_or(inner.len());
            let inside = inner.get(..length).unwrap_or("");
            if let Some(name) = passed_on(inside)
                && word.variables.iter().any(|v| v == name)
            {
                let range = start..(start + 2 + length + 1).min(part.end);
                pieces.push((Piece::Variable(name.to_owned()), range));
            }
            at = start + 2 + length + 1;
        } else {
            let name: String = here
                .chars()
                .skip(1)
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            at = start + 1 + name.len();
            if word.variables.contains(&name) {
                pieces.push((Piece::Variable(name), start..at));
            }
        }
    }
    pieces
}

fn substitution_length(text: &str) -> usize {
    if let Some(rest) = text.strip_prefix('`') {
        return rest.find('`').map_or(text.len(), |end| end + 2);
    }
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// The variable of `${…}`, if its value is still in the result: not for a
/// length, an alternative, or where everything dangerous is taken out.
fn passed_on(inside: &str) -> Option<&str> {
    let inside = inside.strip_prefix('!').unwrap_or(inside);
    if inside.starts_with('#') {
        return None;
    }
    let end = inside
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(inside.len());
    let (name, rest) = (inside.get(..end)?, inside.get(end..)?);
    let replaced = rest.starts_with(":+") || rest.starts_with('+');
    // `@Q` quotes it for a shell.
    let cleaned = rest == "@Q"
        || rest
            .strip_prefix("//")
            .is_some_and(takes_everything_else_out);
    (!name.is_empty() && !replaced && !cleaned).then_some(name)
}

/// Whether a pattern `[^…]` keeps harmless characters only.
fn takes_everything_else_out(pattern: &str) -> bool {
    pattern
        .strip_prefix("[^")
        .and_then(|rest| rest.find(']').and_then(|end| rest.get(..end)))
        .is_some_and(is_harmless_set)
}

/// Whether a set of characters, as in `a-zA-Z0-9_`, holds no sign that a shell
/// or a script knows.
fn is_harmless_set(set: &str) -> bool {
    !set.contains([
        '$', '`', '\'', '"', ';', '|', '&', '(', ')', '<', '>', '{', '}', '\n',
    ]) && !set.contains("[:print:]")
        && !set.contains("[:punct:]")
        && !set.contains("[:graph:]")
}

/// What a command makes of the text it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    /// It comes out, changed or not.
    On,
    /// The same, and at most one line of it.
    OneLine,
    /// The same, and one line of it may come out as several.
    Lines,
    /// A field of it comes out: of GitHub's own JSON this is the freest, and
    /// nothing where GitHub makes it.
    Field(Option<Class>),
    /// What comes out holds nothing of it that could do harm.
    Cleaned,
    /// JSON with nothing but it comes out, in one line.
    Json,
    /// It comes out of somewhere else.
    Other,
}

/// Programs that print what they are given.
const PASSING: &[&str] = &[
    "awk", "base64", "basename", "cat", "column", "cut", "dirname", "echo", "envsubst", "expand",
    "fmt", "fold", "grep", "gsed", "head", "iconv", "jq", "nl", "paste", "perl", "printf",
    "python", "python3", "rev", "ruby", "sed", "sort", "tac", "tail", "tee", "tr", "uniq", "xargs",
    "yq",
];

/// What a command passes on.
pub(crate) fn passing(command: &Command) -> Passing {
    let (program, args) = command.effective();
    let Some(name) = program.file_name() else {
        return Passing::Other;
    };
    if !PASSING.contains(&name) {
        return match name {
            "wc" | "sha256sum" | "sha1sum" | "sha512sum" | "md5sum" | "cksum" | "shasum"
            | "b2sum" | "date" | "seq" | "expr" | "bc" | "semver" => Passing::Cleaned,
            _ => Passing::Other,
        };
    }
    let texts: Vec<&str> = args.iter().map(|word| word.text.as_str()).collect();
    let flag = |letters: &str| {
        texts.iter().any(|text| {
            text.starts_with('-')
                && !text.starts_with("--")
                && text.chars().any(|c| letters.contains(c))
        })
    };
    let cleans = match name {
        // tr -cd 'a-z0-9': what is not in the set goes.
        "tr" => {
            flag("d")
                && flag("cC")
                && texts
                    .iter()
                    .rfind(|t| !t.starts_with('-'))
                    .is_some_and(|set| is_harmless_set(set))
                || flag("cC")
                    && texts
                        .iter()
                        .find(|t| !t.starts_with('-'))
                        .is_some_and(|set| is_harmless_set(set))
        }
        "sed" | "gsed" => texts.iter().any(|text| {
            let global = text.trim_end_matches(['I', 'i']).ends_with('g');
            global
                && text
                    .strip_prefix('s')
                    .and_then(|rest| rest.get(1..))
                    .is_some_and(takes_everything_else_out)
        }),
        "grep" => {
            let pattern = texts.iter().find(|text| !text.starts_with('-'));
            flag("cq") || flag("o") && pattern.is_some_and(|text| is_tight(text))
        }
        "base64" => !flag("dD") && !texts.contains(&"--decode"),
        "jq" => texts
            .iter()
            .any(|text| text.contains("@base64") || text.contains("@uri")),
        "printf" => texts.first().is_some_and(|format| {
            format.contains("%q") && !format.contains("%s") && !format.contains('$')
        }),
        _ => false,
    };
    let joins = match name {
        // Lines of one file become one.
        "paste" => texts.iter().any(|t| *t == "--serial" || is_letter(t, 's')),
        "head" | "tail" => texts.iter().any(|t| matches!(*t, "-1" | "-n1" | "1")),
        "tr" => texts
            .iter()
            .find(|text| !text.starts_with('-'))
            .is_some_and(|set| set.starts_with("\\n") || set.starts_with("\\r\\n")),
        "base64" => false,
        // JSON writes line breaks as `\\n`.
        "jq" => texts
            .iter()
            .any(|text| text.contains("tojson") || text.contains("@json")),
        _ => false,
    };
    if cleans {
        Passing::Cleaned
    } else if joins {
        Passing::OneLine
    } else if splits(name, &texts) {
        Passing::Lines
    } else {
        let filter = readers::filter(command).filter(|_| name == "jq");
        match filter.and_then(filtered) {
            Some(Passing::Field(Some(_))) | None if is_compact(name, &texts) => Passing::Json,
            passing => passing.unwrap_or(Passing::On),
        }
    }
}

// jq -c
fn is_compact(name: &str, texts: &[&str]) -> bool {
    let compact = texts
        .iter()
        .any(|t| *t == "--compact-output" || is_letter(t, 'c'));
    let raw = ["--raw-output", "--join-output", "--raw-output0"];
    let raw = |t: &&str| raw.contains(t) || is_letter(t, 'r') || is_letter(t, 'j');
    name == "jq" && compact && !texts.iter().any(raw)
}

// `-sd,`
fn is_letter(option: &str, letter: char) -> bool {
    let letters = option
        .strip_prefix('-')
        .filter(|rest| !rest.starts_with('-'));
    let short = letters.filter(|letters| letters.len() < 4 || letter == 's');
    short.is_some_and(|letters| match letter {
        's' => letters.starts_with('s'),
        letter => letters.contains(letter),
    })
}

/// Whether `printf` writes an argument by `%q`, as a shell would read it back.
/// The format is used again and again until no argument is left.
pub(crate) fn is_quoted_by_printf(program: &Word, args: &[Word], at: usize) -> bool {
    if program.file_name() != Some("printf") {
        return false;
    }
    let Some((format, after)) = args.split_first().filter(|(format, _)| format.is_static) else {
        return false;
    };
    let conversions: Vec<char> = (format.text.replace("%%", "").split('%').skip(1))
        .filter_map(|rest| rest.chars().find(char::is_ascii_alphabetic))
        .collect();
    let turn = at.checked_sub(1).filter(|at| *at < after.len());
    let turn = turn.and_then(|at| at.checked_rem(conversions.len()));
    turn.is_some_and(|turn| conversions.get(turn) == Some(&'q'))
}

/// Whether a command may write a line break where it was given none: each
/// match on a line of its own, an escape that becomes one, a decoded one.
fn splits(name: &str, texts: &[&str]) -> bool {
    let short = |letters: &str| {
        texts.iter().any(|text| {
            text.starts_with('-')
                && !text.starts_with("--")
                && text.contains(|c| letters.contains(c))
        })
    };
    match name {
        "grep" => short("o") || texts.contains(&"--only-matching"),
        "base64" => short("dD") || texts.contains(&"--decode"),
        "echo" => texts
            .iter()
            .take_while(|text| text.starts_with('-'))
            .any(|text| text.contains('e')),
        "printf" => texts
            .iter()
            .find(|text| !matches!(**text, "-v" | "--"))
            .is_some_and(|format| format.contains("%b") || format.contains('$')),
        "tr" => texts
            .iter()
            .rfind(|text| !text.starts_with('-'))
            .is_some_and(|set| set.contains("\\n")),
        "sed" | "gsed" => texts.iter().any(|text| {
            let mut letters = text.strip_prefix('s').unwrap_or_default().chars();
            let delimiter = letters.next().unwrap_or('/');
            let mut parts = letters.as_str().split(delimiter);
            parts.nth(1).is_some_and(|new| new.contains("\\n"))
        }),
        "fold" | "fmt" => true,
        "xargs" => short("nL"),
        _ => false,
    }
}

// What a filter of jq lets through; `None` where it puts in values of its own.
fn filtered(filter: &str) -> Option<Passing> {
    if filters::measures(filter) {
        return Some(Passing::Cleaned);
    }
    let own = filter.contains('$') || !filter.contains('.');
    (!own).then(|| Passing::Field(filters::class_of(filter)))
}

/// Whether what a pattern matches holds harmless characters only: classes and
/// letters, no dot and no negation.
fn is_tight(pattern: &str) -> bool {
    let mut inside = false;
    let mut set = String::new();
    let mut escaped = false;
    for c in pattern.chars() {
        match c {
            _ if escaped => {
                if !inside && matches!(c, 'S' | 'D' | 'W') {
                    return false;
                }
                escaped = false;
            }
            '\\' => escaped = true,
            '[' if !inside => {
                inside = true;
                set.clear();
            }
            ']' if inside => {
                if set.starts_with('^') || !is_harmless_set(&set) {
                    return false;
                }
                inside = false;
            }
            c if inside => set.push(c),
            '.' => return false,
            _ => {}
        }
    }
    !pattern.is_empty()
}

/// Whether a script gives up unless a variable matches a tight pattern:
/// `[[ "$X" =~ ^[0-9]+$ ]] || exit 1`.
pub(crate) fn is_validated(script: &Script, name: &str) -> bool {
    let tests = |command: &&Command| {
        command.name.text == "[["
            && command.args.windows(3).any(|words| match words {
                [value, sign, pattern] => {
                    sign.text == "=~"
                        && value.variables.iter().any(|own| own == name)
                        && pattern
                            .text
                            .strip_prefix('^')
                            .and_then(|rest| rest.strip_suffix('$'))
                            .is_some_and(is_tight)
                }
                _ => false,
            })
    };
    let Some(test) = script.commands.iter().find(tests) else {
        return false;
    };
    script.commands.iter().any(|command| {
        command.range.start >= test.range.end
            && command.conditional
            && matches!(command.name.text.as_str(), "exit" | "return")
            && command.args.first().is_none_or(|code| code.text != "0")
    })
}

/// Whether the groups of a regular expression, or all of it where it has none,
/// match harmless characters only. `literal` begins behind the opening slash.
pub(crate) fn captures_are_tight(literal: &str) -> bool {
    let mut end = literal.len();
    let mut escaped = false;
    let mut inside = false;
    for (at, c) in literal.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => inside = true,
            ']' => inside = false,
            '/' if !inside => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    let pattern = literal.get(..end).unwrap_or("");
    let groups: Vec<&str> = pattern
        .split('(')
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|group| !group.starts_with("?:") && !group.starts_with("?="))
        .collect();
    if groups.is_empty() {
        return is_tight(pattern);
    }
    groups.iter().all(|group| is_tight(group))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    fn first(script: &str) -> Passing {
        passing(parse(script, &Shell::Bash).commands.first().unwrap())
    }

    #[test]
    fn commands_pass_on_clean_or_replace() {
        let cases = [
            ("echo \"$X\"", Passing::On),
            ("cat file", Passing::On),
            ("tr -cd 'a-z0-9'", Passing::Cleaned),
            ("tr -dc '[:alnum:]-'", Passing::Cleaned),
            ("tr -c 'a-z0-9' '-'", Passing::Cleaned),
            ("tr -cd 'a-z$'", Passing::On),
            ("tr 'A-Z' 'a-z'", Passing::On),
            ("tr '\\n' ' '", Passing::OneLine),
            ("head -n1", Passing::OneLine),
            ("head -n 20", Passing::On),
            ("sed 's/[^a-z0-9]/-/g'", Passing::Cleaned),
            ("sed 's/[^a-z0-9]/-/'", Passing::On),
            ("sed 's/a/b/g'", Passing::On),
            ("grep -oE '[0-9]+'", Passing::Cleaned),
            ("grep -oP '(?<=v)[0-9.]+'", Passing::Cleaned),
            ("grep -o 'x.*'", Passing::Lines),
            ("grep 'x.*'", Passing::On),
            ("echo -e \"$X\"", Passing::Lines),
            ("echo \"$X\" -e", Passing::On),
            ("printf '%s\\n' \"$X\"", Passing::On),
            ("printf %b \"$X\"", Passing::Lines),
            ("printf \"$X\"", Passing::Lines),
            ("tr , '\\n'", Passing::Lines),
            ("sed 's/, /\\n/g'", Passing::Lines),
            ("sed 's/\\n/ /g'", Passing::On),
            ("grep -c x", Passing::Cleaned),
            ("sha256sum", Passing::Cleaned),
            ("base64 -w0", Passing::Cleaned),
            ("base64 -d", Passing::Lines),
            ("curl \"$URL\"", Passing::Other),
            ("jq -r .number", Passing::Field(None)),
            ("jq -r '\"n=\\(.number)\"'", Passing::Field(None)),
            ("jq -r .title", Passing::Field(Some(Class::Line))),
            ("jq length <<< \"$X\"", Passing::Cleaned),
            ("jq -n --arg t \"$X\" '{a: $t}'", Passing::On),
            ("paste -sd, -", Passing::OneLine),
            ("jq -c .a", Passing::Json),
            ("jq -rc .a", Passing::Field(Some(Class::Text))),
            ("jq -r '\"x=\\(tojson)\"'", Passing::OneLine),
            ("printf %q \"$X\"", Passing::Cleaned),
        ];
        for (script, expected) in cases {
            assert_eq!(first(script), expected, "{script}");
        }
    }

    #[test]
    fn pieces_of_a_word_are_told_apart() {
        let script = parse(
            "echo \"a $X ${Y%%-*} ${#Z} ${Q//[^a-z]/} $(date) ${{ github.ref }}\" '$N'",
            &Shell::Bash,
        );
        let command = script.commands.first().unwrap();
        let word = command.args.first().unwrap();
        let found = pieces(word, 0..word.text.len());
        let variables: Vec<&str> = found
            .iter()
            .filter_map(|piece| match piece {
                Piece::Variable(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(variables, ["X", "Y"]);
        let has = |wanted: fn(&Piece) -> bool| found.iter().any(wanted);
        assert!(has(|p| matches!(p, Piece::Substitution(_))));
        assert!(has(|p| matches!(p, Piece::Expression(_))));
        let quoted = command.args.get(1).unwrap();
        assert_eq!(pieces(quoted, 0..quoted.text.len()), []);
    }

    #[test]
    fn groups_of_a_pattern_decide() {
        for tight in [
            "^\\/go ([a-z\\d]+)/;",
            "(minor|major)/",
            "[0-9]+/g",
            "v(\\d+)\\.(\\d+)/",
        ] {
            assert!(captures_are_tight(tight), "{tight}");
        }
        for open in ["^go (.*)/", "go ([^ ]+)/", ".+/", "a (b) (\\S+)/"] {
            assert!(!captures_are_tight(open), "{open}");
        }
    }
}
