//! By which name an artifact in a registry is signed.

use crate::documents::step::Step;
use crate::semantics::surroundings::Surroundings;
use crate::shell::{Script, Word};

/// By which name an artifact is signed or checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Naming {
    /// By its content.
    Digest,
    /// By a tag, which may mean something else by the time it is looked up.
    Tag,
    /// It is a file at hand.
    File,
    /// Cannot be told.
    Unknown,
}

// Assignments to assignments are followed this far.
const DEPTH: usize = 4;

/// How a word of a script names an image.
pub(super) fn of_word(
    around: &Surroundings<'_>,
    step: &Step,
    script: &Script,
    word: &Word,
) -> Naming {
    of_text(&word.text, &|name| {
        let assigned = script
            .assignments
            .iter()
            .filter(|a| a.name == name)
            .map(|a| a.value.text.clone());
        // `for tag in …; do`: a loop's variable is not an assignment.
        let mut values: Vec<String> = assigned.collect();
        if values.is_empty() {
            values.extend(
                around
                    .variable(step, name)
                    .map(|text| around.resolve(step, text)),
            );
        }
        values
    })
}

/// The value of a word that is one variable, where it is set once; otherwise
/// the word as it stands.
pub(super) fn value(
    around: &Surroundings<'_>,
    step: &Step,
    script: &Script,
    word: &Word,
) -> String {
    let known = sole_variable(&word.text).and_then(|name| {
        let mut assigned = script.assignments.iter().filter(|a| a.name == name);
        match (assigned.next(), assigned.next()) {
            (Some(only), None) => Some(only.value.text.clone()),
            (None, _) => Some(around.resolve(step, around.variable(step, name)?)),
            _ => None,
        }
    });
    known.unwrap_or_else(|| word.text.clone())
}

/// How a text names an image, given the values that its variables may have.
pub(super) fn of_text(text: &str, values: &dyn Fn(&str) -> Vec<String>) -> Naming {
    judge(text, values, 0)
}

fn judge(text: &str, values: &dyn Fn(&str) -> Vec<String>, depth: usize) -> Naming {
    let text = text.trim();
    if text.is_empty() {
        return Naming::Unknown;
    }
    if by_digest(text) {
        return Naming::Digest;
    }
    if let Some(name) = sole_variable(text) {
        let values_of = values(name);
        if depth == DEPTH || values_of.is_empty() {
            return Naming::Unknown;
        }
        let judged: Vec<Naming> = values_of
            .iter()
            .filter(|value| !value.is_empty())
            .map(|value| judge(value, values, depth + 1))
            .collect();
        if judged.contains(&Naming::Digest) {
            return Naming::Digest;
        }
        return match judged.as_slice() {
            [] => Naming::Unknown,
            all if all.iter().all(|n| *n == Naming::Tag) => Naming::Tag,
            _ => Naming::Unknown,
        };
    }
    // One expression, substitution or array alone can hold anything.
    let opaque =
        text.starts_with("${{") && text.ends_with("}}") && text.matches("${{").count() == 1;
    if opaque || text.contains("$(") || text.contains('`') || text.contains("[@]") {
        return Naming::Unknown;
    }
    let name = text.rsplit('/').next().unwrap_or("");
    if outside_of_expressions(name).contains(':') {
        return Naming::Tag;
    }
    // A part that is put in at run time may bring a tag or digest along.
    if name.contains('$') {
        return Naming::Unknown;
    }
    // Without a tag, `latest` is meant.
    if text.contains('/') || !text.contains('.') {
        Naming::Tag
    } else {
        Naming::Unknown
    }
}

// `x@sha256:…`, `$IMAGE@$DIGEST`, `${{ steps.push.outputs.digest }}`.
fn by_digest(text: &str) -> bool {
    let at = text.find('@').is_some_and(|at| at > 0) && !text.contains("[@]");
    at || text.to_ascii_lowercase().contains("digest")
}

fn sole_variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name
        .strip_prefix('{')
        .map_or(Some(name), |braced| braced.strip_suffix('}'))?;
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    plain.then_some(name)
}

fn outside_of_expressions(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        result.push_str(before);
        rest = after.split_once("}}").map_or("", |(_, rest)| rest);
    }
    result.push_str(rest);
    result
}
