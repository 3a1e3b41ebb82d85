//! What a filter of jq gives out, as far as its fields tell.
//!
//! Source: <https://jqlang.github.io/jq/manual/>.

use crate::class::Class;

/// Fields that GitHub makes, in its API and in the events: numbers, commits,
/// states.
const FACTS: &[&str] = &[
    "additions",
    "baseRefName",
    "baseRefOid",
    "base_ref",
    "changedFiles",
    "closed",
    "conclusion",
    "createdAt",
    "databaseId",
    "deletions",
    "headRefOid",
    "headSha",
    "head_sha",
    "id",
    "isCrossRepository",
    "isDraft",
    "mergeable",
    "merged",
    "node_id",
    "number",
    "oid",
    "sha",
    "state",
    "status",
    "updatedAt",
];

/// Fields that hold a name of letters and digits there.
const WORDS: &[&str] = &[
    "actor",
    "author",
    "full_name",
    "login",
    "nameWithOwner",
    "user",
];

/// Fields that hold one line there.
const LINES: &[&str] = &["filename", "title"];

/// Fields that hold a branch or tag there.
const REFS: &[&str] = &["headRefName", "headBranch", "head_branch", "ref"];

/// The part of a filter that says what comes out: what is behind its last `|`
/// if that names fields, without conditions of `select`.
pub(crate) fn result(filter: &str) -> String {
    let filter = without_selects(filter);
    let last = last_stage(&filter);
    if has_field(last) {
        last.to_owned()
    } else {
        filter
    }
}

/// What a stage gives out that is a number or a truth, whatever it is given.
const MEASURES: &[&str] = &[
    "all",
    "any",
    "contains(",
    "endswith(",
    "has(",
    "index(",
    "length",
    "not",
    "startswith(",
    "test(",
    "tonumber",
    "type",
];

/// Whether a filter gives out numbers or truths only.
pub(crate) fn measures(filter: &str) -> bool {
    let filter = without_selects(filter);
    let last = last_stage(&filter).trim();
    let compares = [
        " == ", " != ", " > ", " < ", " >= ", " <= ", " and ", " or ",
    ];
    let built = last.contains(['{', '[']) || last.contains("\\(") || last.contains(" + ");
    MEASURES.iter().any(|word| last.starts_with(word))
        || !built && !last.contains("if ") && compares.iter().any(|sign| last.contains(sign))
}

/// How free a value is that a filter takes out of what GitHub answers; `None`
/// where only GitHub makes it.
pub(crate) fn class_of(filter: &str) -> Option<Class> {
    let result = result(filter);
    let fields: Vec<&str> = fields(&result).collect();
    let all = |names: &[&[&str]]| {
        let made = |field: &str| {
            ["_url", "_at", "_sha", "_id", "Url", "At", "Sha", "Oid"]
                .iter()
                .any(|end| field.ends_with(end))
        };
        let known = |field: &&str| names.iter().any(|names| names.contains(field)) || made(field);
        // `.user.login`: what is on the way is no value.
        let ends = ends(&result);
        !fields.is_empty() && ends.iter().all(known)
    };
    if all(&[FACTS]) {
        None
    } else if all(&[FACTS, WORDS]) {
        Some(Class::Word)
    } else if all(&[FACTS, WORDS, REFS]) {
        Some(Class::Ref)
    } else if all(&[FACTS, WORDS, REFS, LINES]) {
        Some(Class::Line)
    } else {
        Some(Class::Text)
    }
}

fn fields(text: &str) -> impl Iterator<Item = &str> {
    text.split('.').skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        rest.get(..end).filter(|field| !field.is_empty())
    })
}

// The last field of each path.
fn ends(text: &str) -> Vec<&str> {
    let paths = text.split(|c: char| !is_word(c) && !matches!(c, '.' | '[' | ']' | '?'));
    let ends = paths.filter(|path| path.contains('.'));
    ends.filter_map(|path| fields(path).last()).collect()
}

fn has_field(text: &str) -> bool {
    fields(text).next().is_some()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

// `select(.title == "x")` chooses, and gives nothing of it out.
fn without_selects(filter: &str) -> String {
    let mut kept = String::new();
    let mut rest = filter;
    while let Some(at) = rest.find("select(") {
        kept.push_str(rest.get(..at).unwrap_or(""));
        let inside = rest.get(at + "select".len()..).unwrap_or("");
        let end = closing(inside);
        kept.push_str("select");
        rest = inside.get(end..).unwrap_or("");
    }
    kept.push_str(rest);
    kept
}

// Where the parenthesis with which a text begins is closed.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
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

fn last_stage(filter: &str) -> &str {
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    let mut start = 0;
    for (at, c) in filter.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            '|' if !quoted && depth == 0 => start = at + 1,
            _ => {}
        }
    }
    filter.get(start..).unwrap_or(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_stage_says_what_comes_out() {
        let cases = [
            (".number", None),
            (".[] | select(.title == \"a | b\") | .number", None),
            ("map(select(.body | test(\"x\"))) | .[0].number", None),
            ("\"n=\\(.number)\"", None),
            (".user.login", Some(Class::Word)),
            (".head.ref", Some(Class::Ref)),
            (".[0].title", Some(Class::Line)),
            (".[] | \"\\(.number) \\(.title)\"", Some(Class::Line)),
            ("[.[] | .title] | join(\", \")", Some(Class::Line)),
            (".title | ascii_downcase", Some(Class::Line)),
            (".[0].html_url", None),
            (".body", Some(Class::Text)),
            (".", Some(Class::Text)),
        ];
        for (filter, expected) in cases {
            assert_eq!(class_of(filter), expected, "{filter}");
        }
        for filter in [
            "length",
            ".[] | length",
            ".a == \"x\" and (.b | not)",
            "map(.a) | any",
        ] {
            assert!(measures(filter), "{filter}");
        }
        for filter in [
            ".title",
            "[.[] | {title, n: (.a == 1)}]",
            "if .a == 1 then .b else .c end",
        ] {
            assert!(!measures(filter), "{filter}");
        }
    }
}
