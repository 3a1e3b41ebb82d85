//! A name for the variable that holds a value.

use cofferdam_workflows::documents::text::Pair;
use cofferdam_workflows::expressions::{Expr, PathPart};

/// What the name must not collide with.
pub(super) struct Surroundings<'s> {
    /// The step's own variables.
    pub(super) own: &'s [Pair],
    /// Those of the job and the workflow.
    pub(super) outer: Vec<&'s Pair>,
    /// The script without its expressions.
    pub(super) script: String,
    /// Whether it runs programs that are not known, which may read variables
    /// of common names.
    pub(super) foreign: bool,
}

/// The longest name that is made of an expression.
const LONGEST: usize = 40;

/// A variable of the step that holds just this expression, or else a new name.
pub(super) fn name(inner: &str, expr: Option<&Expr>, around: &Surroundings<'_>) -> String {
    let same = around.own.iter().find(|pair| {
        let value = pair.value.value.trim();
        let held = value.strip_prefix("${{").and_then(|v| v.strip_suffix("}}"));
        held.is_some_and(|held| held.split_whitespace().eq(inner.split_whitespace()))
            && is_name(&pair.key.value)
            && !assigned(&around.script, &pair.key.value)
    });
    if let Some(pair) = same {
        return pair.key.value.clone();
    }
    let mut base = of_path(expr).unwrap_or_else(|| "VALUE".to_owned());
    if around.foreign {
        // `REF_NAME` may mean something to a Makefile; this does not.
        base = format!("EXPRESSION_{base}");
    }
    let free = |name: &String| {
        let pairs = around.own.iter().chain(around.outer.iter().copied());
        !pairs
            .into_iter()
            .any(|pair| pair.key.value.eq_ignore_ascii_case(name))
            && !mentioned(&around.script, name)
    };
    let numbered = (2..).map(|number| format!("{base}_{number}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .take(1000)
        .find(free)
        .unwrap_or(base)
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The last names of the first path in an expression: `ISSUE_TITLE` of
/// `github.event.issue.title`.
fn of_path(expr: Option<&Expr>) -> Option<String> {
    let contexts = expr?.contexts();
    let path = contexts.first()?;
    let names: Vec<&str> = (path.parts.iter())
        .filter_map(|part| match part {
            PathPart::Name(name) => Some(name.as_str()),
            _ => None,
        })
        .filter(|name| !matches!(*name, "github" | "event" | "outputs" | "env"))
        .collect();
    let last = names.get(names.len().saturating_sub(2)..)?;
    let mut name: String = last
        .join("_")
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .take(LONGEST)
        .collect();
    // Names that the runner, shells and programs give a meaning to.
    let reserved = [
        "GITHUB_", "RUNNER_", "ACTIONS_", "INPUT_", "LD_", "BASH_", "NODE_", "GIT_",
    ];
    let short = !name.contains('_');
    if short || reserved.iter().any(|start| name.starts_with(start)) || !is_name(&name) {
        name = format!("VALUE_{name}");
    }
    Some(name)
}

/// Whether a script holds a name as a word.
fn mentioned(script: &str, name: &str) -> bool {
    let upper = script.to_ascii_uppercase();
    let inside = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    upper.match_indices(name).any(|(at, _)| {
        let before = at
            .checked_sub(1)
            .and_then(|at| upper.as_bytes().get(at).copied());
        let after = upper.as_bytes().get(at + name.len()).copied();
        !inside(before) && !inside(after)
    })
}

/// Whether a script may set a variable of this name.
fn assigned(script: &str, name: &str) -> bool {
    [
        format!("{name}="),
        format!("read {name}"),
        format!("unset {name}"),
        format!("{name} ="),
    ]
    .iter()
    .any(|text| script.contains(text))
}
