//! What stands in a way, and the best ways to something.

use std::collections::{BTreeMap, BTreeSet};

/// What has to be so, to happen, or not to be there, in one way.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Way {
    pub(crate) facts: BTreeSet<String>,
    pub(crate) waits: BTreeSet<String>,
    pub(crate) controls: BTreeSet<String>,
}

impl Way {
    pub(crate) fn open() -> Self {
        Self::default()
    }

    pub(crate) fn fact(word: &str) -> Self {
        Self {
            facts: [word.to_owned()].into(),
            ..Self::default()
        }
    }

    pub(crate) fn wait(word: &str) -> Self {
        Self {
            waits: [word.to_owned()].into(),
            ..Self::default()
        }
    }

    pub(crate) fn control(word: &str) -> Self {
        Self {
            controls: [word.to_owned()].into(),
            ..Self::default()
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.facts.extend(other.facts.iter().cloned());
        both.waits.extend(other.waits.iter().cloned());
        both.controls.extend(other.controls.iter().cloned());
        both
    }

    /// Whether it asks for nothing that the other does not ask for.
    fn no_harder_than(&self, other: &Self) -> bool {
        self.facts.is_subset(&other.facts)
            && self.waits.is_subset(&other.waits)
            && self.controls.is_subset(&other.controls)
    }

    /// 0 is the worst for the project.
    pub(crate) fn level(&self) -> usize {
        match () {
            () if !self.controls.is_empty() => 3,
            () if !self.waits.is_empty() => 2,
            () if !self.facts.is_empty() => 1,
            () => 0,
        }
    }

    /// The verdict in its words.
    pub(crate) fn words(&self) -> String {
        let (word, list) = match self.level() {
            3 => ("blocked", &self.controls),
            2 => ("after", &self.waits),
            1 => ("reachable-if", &self.facts),
            _ => return "reachable".to_owned(),
        };
        let list: Vec<&str> = list.iter().map(String::as_str).collect();
        format!("{word} {}", list.join(", "))
    }
}

/// Ways to things, none of them needlessly hard.
#[derive(Clone, Debug)]
pub(crate) struct Ways<T>(pub(crate) BTreeMap<T, Vec<Way>>);

impl<T: Ord + Clone> Ways<T> {
    pub(crate) fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether this way is news.
    pub(crate) fn add(&mut self, to: T, way: Way) -> bool {
        let known = self.0.entry(to).or_default();
        if known.iter().any(|one| one.no_harder_than(&way)) {
            return false;
        }
        known.retain(|one| !way.no_harder_than(one));
        known.push(way);
        true
    }

    pub(crate) fn to(&self, to: &T) -> Vec<Way> {
        self.0.get(to).cloned().unwrap_or_default()
    }
}

/// All ways that go one and then another of these.
pub(crate) fn then(first: &[Way], second: &[Way]) -> Vec<Way> {
    let mut all = Vec::new();
    for one in first {
        for other in second {
            all.push(one.and(other));
        }
    }
    all
}
