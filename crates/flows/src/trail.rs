//! A value on its way, seen from where it arrives.

use std::sync::Arc;

use cofferdam_facts::{SourceFile, Span};
use cofferdam_workflows::expressions::Expr;

use crate::class::Class;
use crate::flow::{Hop, Saved, Source, Stage};
use crate::outputs::Holds;
use crate::sources;
use cofferdam_workflows::documents::Step;

/// Where a way begins, as far as one unit knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    /// At a source.
    Source(Source),
    /// At an input of the unit: whoever uses it knows more.
    Input(String),
    /// At a variable of whoever uses the action.
    Variable(String),
}

/// One way by which a value comes.
#[derive(Clone, Debug)]
pub(crate) struct Trail<'r> {
    pub(crate) end: End,
    /// What the value is called where it was last put.
    pub(crate) name: String,
    pub(crate) hops: Vec<Hop<'r>>,
    pub(crate) guards: Vec<&'r Expr>,
    /// The cache in which it lay in between.
    pub(crate) saved: Option<Arc<Saved<'r>>>,
    /// Where it is read.
    pub(crate) place: Option<(&'r SourceFile, Span)>,
    /// Whether GitHub has put it into the script's text, where it is code
    /// whatever the script does with it.
    pub(crate) spliced: bool,
    /// The freest that is left of it.
    pub(crate) cap: Class,
    /// Whether what was one line of it may be several now.
    pub(crate) split: bool,
    /// Whether its line breaks are escaped, as in JSON, until something reads it.
    pub(crate) flat: bool,
    /// Whether only what stands behind a line break of it gets here.
    pub(crate) behind_break: bool,
    /// Whether it is JSON, which is a safe literal in JavaScript.
    pub(crate) json: bool,
    /// Whether an action whose code is not here stands in between.
    pub(crate) opaque: bool,
}

impl<'r> Trail<'r> {
    pub(crate) fn from(end: End, name: String) -> Self {
        Self {
            end,
            name,
            hops: Vec::new(),
            guards: Vec::new(),
            saved: None,
            place: None,
            spliced: false,
            cap: Class::Text,
            split: false,
            flat: false,
            behind_break: false,
            json: false,
            opaque: false,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        self.end == other.end
            && self.cap == other.cap
            && self.split == other.split
            && self.flat == other.flat
            && self.behind_break == other.behind_break
            && self.json == other.json
            && self.opaque == other.opaque
            && is_same(self.saved.as_deref(), other.saved.as_deref())
            && self.guards.len() == other.guards.len()
            && self
                .guards
                .iter()
                .zip(&other.guards)
                .all(|(a, b)| std::ptr::eq(*a, *b))
    }

    /// Whether it is a name that breaks out of nothing.
    pub(crate) fn is_name(&self) -> bool {
        match &self.end {
            End::Source(Source::Context(path)) => sources::names_owner(path),
            End::Source(Source::Api(holds, ..)) => *holds == Holds::Login,
            _ => false,
        }
    }

    pub(crate) fn guard(&mut self, guard: &'r Expr) {
        if !self.guards.iter().any(|g| std::ptr::eq(*g, guard)) {
            self.guards.push(guard);
        }
    }

    /// The value is put into something with a name.
    pub(crate) fn put(mut self, name: &str) -> Self {
        if let Some((file, span)) = self.place.take()
            && self.hops.len() < MAX_HOPS
        {
            self.hops.push(Hop {
                file,
                span,
                note: format!("{} goes into {name}", self.name),
            });
        }
        name.clone_into(&mut self.name);
        self.spliced = false;
        self
    }
}

// Saved by the same step; who restores it tells where it lies then.
fn is_same(one: Option<&Saved<'_>>, other: Option<&Saved<'_>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => std::ptr::eq(one.step, other.step) && one.path == other.path,
        _ => false,
    }
}

/// A way is followed further than this, but its later hops are not written
/// down: nobody reads them, and a thousand jobs in a row would copy a million.
const MAX_HOPS: usize = 64;

/// More ways than this to one value are not told apart.
pub(crate) const MAX_TRAILS: usize = 32;

/// A bounded set of trails; the first of its kind stays.
#[derive(Default)]
pub(crate) struct Trails<'r> {
    pub(crate) list: Vec<Trail<'r>>,
    pub(crate) full: bool,
}

impl<'r> Trails<'r> {
    pub(crate) fn push(&mut self, trail: Trail<'r>) {
        if self.list.iter().any(|known| known.is_like(&trail)) {
            return;
        }
        if self.list.len() >= MAX_TRAILS {
            self.full = true;
            return;
        }
        self.list.push(trail);
    }

    pub(crate) fn extend(&mut self, trails: impl IntoIterator<Item = Trail<'r>>) {
        for trail in trails {
            self.push(trail);
        }
    }
}

/// A value that has arrived, with the jobs it came through.
#[derive(Clone, Debug)]
pub(crate) struct Arrival<'r> {
    pub(crate) source: Source,
    pub(crate) name: String,
    pub(crate) hops: Vec<Hop<'r>>,
    pub(crate) guards: Vec<&'r Expr>,
    pub(crate) route: Vec<Stage<'r>>,
    pub(crate) through: Vec<&'r Step>,
    pub(crate) saved: Option<Arc<Saved<'r>>>,
    pub(crate) cap: Class,
    pub(crate) split: bool,
    pub(crate) behind_break: bool,
    pub(crate) opaque: bool,
}

impl<'r> Arrival<'r> {
    /// The same arrival, and what happens to it further inside.
    pub(crate) fn then(mut self, rest: &Self) -> Self {
        self.hops.extend(rest.hops.iter().cloned());
        for guard in &rest.guards {
            if !self.guards.iter().any(|g| std::ptr::eq(*g, *guard)) {
                self.guards.push(guard);
            }
        }
        if !rest.name.is_empty() {
            self.name.clone_from(&rest.name);
        }
        self.split = rest.split || self.split && rest.cap.has_lines();
        self.cap = self.cap.min(rest.cap);
        self.behind_break |= rest.behind_break;
        self.opaque |= rest.opaque;
        self.route.extend(&rest.route);
        self.through.extend(&rest.through);
        if self.saved.is_none() {
            self.saved.clone_from(&rest.saved);
        }
        self
    }
}
