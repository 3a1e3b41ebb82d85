//! Checks of the keys of one mapping.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::arena::{Arena, Form, Slot};
use super::{Problem, ProblemKind, Style};

/// The problems with the keys of the closed mapping `id`.
pub(super) fn check(arena: &Arena, source: &str, id: u32) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen = Seen::default();
    let end = arena.slot(id).map_or(0, |slot| slot.next);
    let mut at = id + 1;
    while at < end
        && let Some(key) = arena.slot(at)
    {
        if let Some(problem) = check_key(arena, source, at, key, &mut seen) {
            problems.push(problem);
        }
        at = arena.slot(key.next).map_or(end, |value| value.next);
    }
    problems
}

fn check_key<'a>(
    arena: &'a Arena,
    source: &'a str,
    at: u32,
    key: &Slot,
    seen: &mut Seen<'a>,
) -> Option<Problem> {
    let target = arena.slot(arena.resolve(at))?;
    let found = |kind, message: String| {
        Some(Problem {
            kind,
            span: key.span(),
            message,
        })
    };
    if matches!(target.form, Form::Mapping | Form::Sequence) {
        return found(
            ProblemKind::ComplexKey,
            "GitHub takes scalars as keys alone".into(),
        );
    }
    let text = arena.text(source, target)?;
    if text == "<<" && target.style == Style::Plain {
        let message = "a merge key is not merged: GitHub takes it as an ordinary key";
        return found(ProblemKind::MergeKey, message.into());
    }
    // An expression as a key, as `${{ insert }}`, may stand several times.
    if text.contains("${{") {
        return None;
    }
    match seen.add(text)? {
        first if first == text => found(
            ProblemKind::DuplicateKey,
            format!("the key `{text}` is already defined"),
        ),
        first => found(
            ProblemKind::DuplicateKeyCase,
            format!("the key `{text}` is already defined as `{first}`"),
        ),
    }
}

/// The keys met so far. Most mappings have few: those are compared one by one.
#[derive(Default)]
struct Seen<'a> {
    few: Vec<&'a str>,
    many: HashMap<String, &'a str>,
}

impl<'a> Seen<'a> {
    const FEW: usize = 12;

    /// Adds a key; the first one that is the same without regard to case, if any.
    fn add(&mut self, key: &'a str) -> Option<&'a str> {
        if self.many.is_empty() {
            if let Some(first) = self.few.iter().find(|k| k.eq_ignore_ascii_case(key)) {
                return Some(first);
            }
            self.few.push(key);
            if self.few.len() > Self::FEW {
                self.many = self
                    .few
                    .iter()
                    .map(|k| (k.to_ascii_lowercase(), *k))
                    .collect();
            }
            return None;
        }
        match self.many.entry(key.to_ascii_lowercase()) {
            Entry::Occupied(first) => Some(first.get()),
            Entry::Vacant(place) => {
                place.insert(key);
                None
            }
        }
    }
}
