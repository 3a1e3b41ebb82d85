//! The nodes of a file, side by side in the order in which they stand in it.
//!
//! A collection is followed directly by its children, and every slot knows
//! where the next one behind its own subtree is. So no node owns another one:
//! there is nothing to recurse into when a tree is dropped, and a child costs
//! no allocation.

use cofferdam_facts::Span;

use super::Style;
use super::events::Tag;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Scalar,
    Mapping,
    Sequence,
    /// An alias; the value is the slot it stands for.
    Alias,
    /// An alias that stands for nothing: undefined, cyclic, or over the budget.
    Unresolved,
}

/// Where the decoded text of a scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// The span itself.
    Raw,
    /// The span without the quotes.
    Inner,
    /// A range of [`Arena::decoded`].
    Decoded(u32),
    /// For an alias: the slot that it stands for.
    Target(u32),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The slot behind this subtree.
    pub(super) next: u32,
    /// The slot of the collection around this one; its own number for a root.
    pub(super) parent: u32,
    pub(super) text: Text,
    pub(super) form: Form,
    pub(super) style: Style,
}

impl Slot {
    pub(super) fn span(&self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }
}

#[derive(Default)]
pub(super) struct Arena {
    pub(super) slots: Vec<Slot>,
    /// Decoded text of the scalars whose bytes in the file differ from it.
    pub(super) decoded: String,
    pub(super) ranges: Vec<(u32, u32)>,
    /// Tags, by slot, ascending.
    pub(super) tags: Vec<(u32, Tag, Span)>,
    /// The root of each document.
    pub(super) roots: Vec<u32>,
}

impl Arena {
    pub(super) fn slot(&self, id: u32) -> Option<&Slot> {
        self.slots.get(id as usize)
    }

    /// The slot that `id` stands for: itself, or the target of an alias.
    pub(super) fn resolve(&self, id: u32) -> u32 {
        match self.slot(id) {
            Some(Slot {
                form: Form::Alias,
                text: Text::Target(target),
                ..
            }) => *target,
            _ => id,
        }
    }

    pub(super) fn tag(&self, id: u32) -> Option<(Tag, Span)> {
        let at = self
            .tags
            .binary_search_by_key(&id, |&(slot, ..)| slot)
            .ok()?;
        self.tags.get(at).map(|&(_, tag, span)| (tag, span))
    }

    /// The decoded text of a scalar slot.
    pub(super) fn text<'a>(&'a self, source: &'a str, slot: &Slot) -> Option<&'a str> {
        let (start, end) = (slot.start as usize, slot.end as usize);
        match (slot.form, slot.text) {
            (Form::Scalar, Text::Raw) => source.get(start..end),
            (Form::Scalar, Text::Inner) => source.get(start + 1..end.saturating_sub(1)),
            (Form::Scalar, Text::Decoded(at)) => {
                let &(from, to) = self.ranges.get(at as usize)?;
                self.decoded.get(from as usize..to as usize)
            }
            _ => None,
        }
    }
}
