//! Which cache a step saves or restores: its key, and what lies in it.
//!
//! Source: GitHub, "Dependency caching reference", sections "`cache` action
//! usage", "Cache key matching" and "Cache version"; `action.yml` of
//! `actions/cache` and of its `restore` and `save`.

use std::collections::HashMap;

use cofferdam_facts::{SourceFile, Span};
use cofferdam_workflows::documents::text::{Pair, Text, lookup};
use cofferdam_workflows::documents::{Action, Step};

use crate::patterns::{self, Part};
use crate::scope::{Scope, Unit};

/// How deep local actions are followed into each other, and how many of their
/// steps are looked at for one list.
const MAX_DEPTH: usize = 4;
const MAX_STEPS: usize = 2_000;

/// The caches of a list of steps.
#[derive(Default)]
pub(crate) struct Entries<'r> {
    pub(crate) list: Vec<Entry<'r>>,
    /// Whether not all steps were looked at.
    pub(crate) cut: bool,
    seen: usize,
}

/// A step that saves a cache, restores one, or does both.
pub(crate) struct Entry<'r> {
    /// Around the step of the list.
    pub(crate) scope: Scope<'r>,
    /// The step of the list: the one itself, or the one that uses the action in
    /// which it stands.
    pub(crate) outer: &'r Step,
    pub(crate) step: &'r Step,
    pub(crate) file: &'r SourceFile,
    /// The key as it is written, and where.
    pub(crate) written: &'r str,
    pub(crate) key: (Vec<Part>, Span),
    /// Prefixes of other keys, in order.
    others: Vec<(Vec<Part>, Span)>,
    /// The lines of `path`.
    paths: Vec<Vec<Part>>,
    pub(crate) saves: bool,
    pub(crate) restores: bool,
}

impl<'r> Entries<'r> {
    /// Those of the steps around a scope, in order.
    pub(crate) fn of(scope: Scope<'r>, actions: &HashMap<usize, &'r Action>) -> Self {
        let mut found = Self::default();
        for step in scope.steps() {
            let inside = Inside {
                scope,
                outer: step,
                file: scope.file(),
                actions,
                caller: None,
            };
            inside.step(step, MAX_DEPTH, &mut found);
        }
        found
    }
}

impl<'r> Entry<'r> {
    /// Whether what it saves is there once all steps are done, and not before.
    pub(crate) fn saves_at_the_end(&self) -> bool {
        self.step.action() == Some("actions/cache")
    }

    /// The place of the key by which it may restore what another saves.
    pub(crate) fn finds(&self, saved: &Self) -> Option<Span> {
        let same = self.paths.len() == saved.paths.len()
            && self
                .paths
                .iter()
                .zip(&saved.paths)
                .all(|(own, other)| patterns::may_equal(own, other));
        if !same {
            return None;
        }
        // Of a key of the run itself there is no other outside of its workflow.
        let together = self.scope.file().path() == saved.scope.file().path();
        let (saved, _) = &saved.key;
        let keys = std::iter::once(&self.key).chain(&self.others);
        keys.into_iter()
            .find(|(wanted, _)| patterns::may_begin(saved, wanted, together))
            .map(|(_, span)| *span)
    }

    /// Whether a file is among those that it saves or restores.
    pub(crate) fn holds(&self, file: &str) -> bool {
        patterns::are_around(&self.paths, file)
    }
}

/// A list of steps, and by which step it is used.
struct Inside<'i, 'r> {
    scope: Scope<'r>,
    outer: &'r Step,
    file: &'r SourceFile,
    actions: &'i HashMap<usize, &'r Action>,
    caller: Option<(&'i Self, &'r Action, &'r [Pair])>,
}

impl<'r> Inside<'_, 'r> {
    fn step(&self, step: &'r Step, depth: usize, found: &mut Entries<'r>) {
        let Some(name) = step.action() else {
            let action = self.actions.get(&std::ptr::from_ref(step).addr());
            if let (Some(action), Some(depth)) = (action, depth.checked_sub(1)) {
                let inner = Inside {
                    file: action.file(),
                    caller: Some((self, *action, step.with())),
                    ..*self
                };
                for step in action.steps() {
                    found.seen += 1;
                    if found.seen > MAX_STEPS {
                        found.cut = true;
                        return;
                    }
                    inner.step(step, depth, found);
                }
            }
            return;
        };
        let saves = matches!(name, "actions/cache" | "actions/cache/save");
        let only_looks = step
            .input("lookup-only")
            .is_some_and(|text| text.value.trim() == "true");
        let restores = matches!(name, "actions/cache" | "actions/cache/restore") && !only_looks;
        let (Some(key), Some(path)) = (step.input("key"), step.input("path")) else {
            return;
        };
        if !saves && !restores {
            return;
        }
        let others = step.input("restore-keys").into_iter().flat_map(|text| {
            let lines = self.lines(text).into_iter();
            lines.map(|line| (line, text.span))
        });
        found.list.push(Entry {
            scope: self.scope,
            outer: self.outer,
            step,
            file: self.file,
            written: &key.value,
            key: (self.parts(key.value.trim(), 0), key.span),
            others: others.collect(),
            paths: self.lines(path),
            saves,
            restores,
        });
    }

    fn lines(&self, text: &Text) -> Vec<Vec<Part>> {
        let lines = text.value.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .map(|line| self.parts(line, 0))
            .collect()
    }

    // Expressions stay, unless what they stand for is written elsewhere.
    fn parts(&self, text: &str, depth: usize) -> Vec<Part> {
        let mut found = Vec::new();
        for part in patterns::parts(text) {
            let known = match &part {
                Part::Hole(hole) if depth < MAX_DEPTH => self.written(hole, depth),
                _ => None,
            };
            match known {
                Some(parts) => found.extend(parts),
                None => found.push(part),
            }
        }
        patterns::joined(found)
    }

    fn written(&self, hole: &str, depth: usize) -> Option<Vec<Part>> {
        match (hole.split_once('.')?, self.caller) {
            (("inputs", name), Some((outer, action, with))) => match lookup(with, name) {
                Some(text) => Some(outer.parts(text.value.trim(), depth + 1)),
                None => {
                    let inputs = &mut action.inputs.iter();
                    let input = inputs.find(|i| i.name.value.eq_ignore_ascii_case(name))?;
                    let default = input.default.as_ref()?;
                    Some(patterns::parts(default.value.trim()))
                }
            },
            (("env", name), _) => {
                let Unit::Workflow(workflow) = self.scope.unit else {
                    return None;
                };
                let own = self.scope.job.and_then(|job| lookup(&job.env, name));
                let text = own.or_else(|| lookup(&workflow.env, name))?.literal()?;
                Some(patterns::parts(text.trim()))
            }
            _ => None,
        }
    }
}
