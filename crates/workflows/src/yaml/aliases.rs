//! Anchors and the aliases to them, followed under a budget.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::arena::Arena;
use super::build::Extent;
use super::{ALIAS_BUDGET, MAX_DEPTH, ProblemKind};

/// How many aliases of one file are looked at for stale definitions. A file with
/// more is taken to have one: not checked is not clean.
const STALE_BUDGET: usize = 1_000_000;

/// The anchors met so far. Numbers are those that the parser gives definitions;
/// a name that is defined again has a new number.
#[derive(Default)]
pub(super) struct Aliases<'t> {
    targets: HashMap<usize, Target>,
    names: HashMap<usize, Cow<'t, str>>,
    /// The newest definition of each name.
    newest: HashMap<Cow<'t, str>, usize>,
    any_redefined: bool,
    /// Aliases by slot, ascending, with the definition they follow.
    used: Vec<(u32, usize)>,
    expanded: usize,
    /// How many aliases were looked at for stale definitions.
    looked_at: usize,
}

struct Target {
    slot: u32,
    /// `None` while the node is not closed.
    extent: Option<Extent>,
}

impl<'t> Aliases<'t> {
    /// Notes an anchored collection that has begun.
    pub(super) fn open(&mut self, anchor: usize, slot: u32) {
        self.targets.insert(anchor, Target { slot, extent: None });
    }

    /// Notes an anchored node that is complete.
    pub(super) fn define(&mut self, anchor: usize, slot: u32, extent: Extent) {
        self.targets.insert(
            anchor,
            Target {
                slot,
                extent: Some(extent),
            },
        );
    }

    pub(super) fn name(&mut self, anchor: usize, name: Cow<'t, str>) {
        self.any_redefined |= self.newest.insert(name.clone(), anchor).is_some();
        self.names.insert(anchor, name);
    }

    pub(super) fn used(&mut self, slot: u32, anchor: usize) {
        self.used.push((slot, anchor));
    }

    /// The slot and the extent that an alias stands for, if it may.
    pub(super) fn follow(
        &mut self,
        arena: &Arena,
        anchor: usize,
        depth: usize,
    ) -> Result<(u32, Extent), (ProblemKind, &'static str)> {
        let undefined = (ProblemKind::UndefinedAlias, "the alias stands for nothing");
        let target = self.targets.get(&anchor).ok_or(undefined)?;
        let cycle = (
            ProblemKind::AliasCycle,
            "the alias stands inside the node that it stands for",
        );
        let extent = target.extent.ok_or(cycle)?;
        if depth + extent.height > MAX_DEPTH {
            return Err((ProblemKind::TooDeep, "the alias leads deeper than is read"));
        }
        let expanded = self.expanded.saturating_add(extent.nodes);
        if expanded > ALIAS_BUDGET {
            return Err((
                ProblemKind::AliasBudget,
                "the aliases up to here expand to too many nodes",
            ));
        }
        self.expanded = expanded;
        // The anchor may stand on an alias in texts that a parser lets pass.
        Ok((arena.resolve(target.slot), extent))
    }

    /// Whether the target of a definition holds an alias, directly or by further
    /// ones, whose name has since been defined anew.
    pub(super) fn is_stale(&mut self, arena: &Arena, anchor: usize) -> bool {
        if !self.any_redefined {
            return false;
        }
        let mut reached = HashSet::from([anchor]);
        let mut waiting = vec![anchor];
        while let Some(anchor) = waiting.pop() {
            let Some(target) = self.targets.get(&anchor) else {
                continue;
            };
            let end = arena.slot(target.slot).map_or(0, |slot| slot.next);
            let first = self.used.partition_point(|&(slot, _)| slot <= target.slot);
            for &(_, inner) in self
                .used
                .iter()
                .skip(first)
                .take_while(|&&(slot, _)| slot < end)
            {
                self.looked_at += 1;
                if self.looked_at > STALE_BUDGET {
                    return true;
                }
                let newest = self
                    .names
                    .get(&inner)
                    .and_then(|name| self.newest.get(name));
                if newest != Some(&inner) {
                    return true;
                }
                if reached.insert(inner) {
                    waiting.push(inner);
                }
            }
        }
        false
    }
}
