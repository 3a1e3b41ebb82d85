//! Nodes of a tree, as the layers above see them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use cofferdam_facts::Span;

use super::arena::{Form, Slot, Text};
use super::scalar::{self, Scalar};
use super::spans::RawMap;
use super::{Document, Kind, Style};

/// The number of a node in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

/// One node of a [`Document`].
///
/// Aliases are followed without further ado: a node reached by one is the node
/// that it stands for, and [`alias_span`](Self::alias_span) tells the way. No
/// walk over the tree meets more than
/// [`ALIAS_BUDGET`](super::ALIAS_BUDGET) nodes more than the file has, nor goes
/// deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    id: u32,
    /// The slot of the alias by which this node was reached, or `id`.
    via: u32,
}

impl<'d> Node<'d> {
    pub(super) fn at(document: &'d Document, id: u32) -> Self {
        Self {
            document,
            id: document.inner.arena.resolve(id),
            via: id,
        }
    }

    fn slot(&self) -> Option<&'d Slot> {
        self.document.inner.arena.slot(self.id)
    }

    /// The document that holds this node.
    #[must_use]
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// The number of this node; a node reached by an alias has that of its target.
    #[must_use]
    pub fn id(&self) -> NodeId {
        NodeId(self.id)
    }

    /// The bytes of the node: a scalar with its quotes, or from the `|` or `>` of
    /// a block scalar to the end of its last line that holds more than space; a
    /// flow collection with its brackets; a block collection from its first key
    /// or dash to the end of its last child. Anchors and tags stand before it.
    /// A missing value is empty, behind the colon or dash.
    #[must_use]
    pub fn span(&self) -> Span {
        self.slot().map(Slot::span).unwrap_or_default()
    }

    /// The bytes of the alias, for a node reached by one.
    #[must_use]
    pub fn alias_span(&self) -> Option<Span> {
        (self.via != self.id).then(|| self.here())
    }

    /// The bytes at the place where the node was asked for: those of the alias if
    /// there is one, else its own.
    #[must_use]
    pub fn here(&self) -> Span {
        self.document
            .inner
            .arena
            .slot(self.via)
            .map(Slot::span)
            .unwrap_or_default()
    }

    /// Scalar, mapping or sequence.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.slot().map(|slot| slot.form) {
            Some(Form::Mapping) => Kind::Mapping,
            Some(Form::Sequence) => Kind::Sequence,
            _ => Kind::Scalar,
        }
    }

    /// How the node is written.
    #[must_use]
    pub fn style(&self) -> Style {
        self.slot().map_or(Style::Plain, |slot| slot.style)
    }

    /// Whether this is an alias that stands for nothing. A problem says why; the
    /// node is a scalar without a value.
    #[must_use]
    pub fn is_unresolved(&self) -> bool {
        self.slot().is_none_or(|slot| slot.form == Form::Unresolved)
    }

    /// The decoded text of a scalar of any type; empty where a value is missing.
    #[must_use]
    pub fn as_str(&self) -> Option<&'d str> {
        self.document
            .inner
            .arena
            .text(self.document.text(), self.slot()?)
    }

    /// The value of a scalar with its type; `None` for a collection, and for a
    /// scalar that GitHub refuses, of which a problem tells.
    #[must_use]
    pub fn scalar(&self) -> Option<Scalar<'d>> {
        let tag = self.document.inner.arena.tag(self.id).map(|(tag, _)| tag);
        scalar::resolve(self.as_str()?, self.style(), tag).ok()
    }

    /// Whether this is a null: `null`, `~`, or no value at all.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.scalar() == Some(Scalar::Null)
    }

    /// The value of a boolean. A quoted `"true"` is a string and so none.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.scalar()? {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a number.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self.scalar()? {
            Scalar::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The bytes of an explicit tag.
    #[must_use]
    pub fn tag_span(&self) -> Option<Span> {
        self.document.inner.arena.tag(self.id).map(|(_, span)| span)
    }

    /// The collection around the place where the node was asked for. A node
    /// inside the target of an alias has the parents of that target.
    #[must_use]
    pub fn parent(&self) -> Option<Node<'d>> {
        let parent = self.document.inner.arena.slot(self.via)?.parent;
        (parent != self.via).then(|| Node::at(self.document, parent))
    }

    /// The value of a key in a mapping; of several equal keys, that of the first,
    /// since GitHub skips every later one.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Node<'d>> {
        self.get_entry(key).map(|(_, value)| value)
    }

    /// The key and the value of a key in a mapping, as [`get`](Self::get) finds it.
    #[must_use]
    pub fn get_entry(&self, key: &str) -> Option<(Node<'d>, Node<'d>)> {
        self.entries().find(|(name, _)| name.as_str() == Some(key))
    }

    /// The entries of a mapping in the order of the file, equal keys among them;
    /// nothing for other nodes.
    #[must_use]
    pub fn entries(&self) -> Entries<'d> {
        Entries(self.children(Form::Mapping))
    }

    /// The items of a sequence; nothing for other nodes.
    #[must_use]
    pub fn items(&self) -> Items<'d> {
        self.children(Form::Sequence)
    }

    fn children(&self, form: Form) -> Items<'d> {
        let end = self
            .slot()
            .filter(|slot| slot.form == form)
            .map_or(0, |slot| slot.next);
        Items {
            document: self.document,
            next: self.id + 1,
            end,
        }
    }

    /// The bytes in the file of a range of bytes of [`as_str`](Self::as_str).
    ///
    /// An escape, a folded line break or a doubled quote counts as a whole. For
    /// a range that does not fit, and for what is no scalar, the whole node.
    #[must_use]
    pub fn raw_span(&self, decoded: Range<usize>) -> Span {
        self.map(decoded).unwrap_or_else(|| self.span())
    }

    fn map(&self, decoded: Range<usize>) -> Option<Span> {
        let slot = self.slot()?;
        let text = self.as_str()?;
        text.get(decoded.clone())?;
        let offset = match slot.text {
            Text::Raw => 0,
            Text::Inner => 1,
            _ => return self.raw_map(slot, text)?.raw(decoded),
        };
        let start = slot.start as usize + offset;
        Some(Span::new(start + decoded.start, start + decoded.end))
    }

    fn raw_map(&self, slot: &Slot, text: &str) -> Option<Arc<RawMap>> {
        let make =
            || RawMap::new(self.document.text(), slot.span(), slot.style, text).map(Arc::new);
        let Ok(mut last) = self.document.inner.last_map.try_lock() else {
            return make();
        };
        match &*last {
            Some((id, map)) if *id == self.id => map.clone(),
            _ => last.insert((self.id, make())).1.clone(),
        }
    }
}

impl PartialEq for Node<'_> {
    /// Whether both are the same node of the same document, whichever way it was
    /// reached.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.document.inner, &other.document.inner) && self.id == other.id
    }
}

impl Eq for Node<'_> {}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:?}", self.kind(), self.span())?;
        match self.as_str() {
            Some(text) => write!(f, ": {text:?}"),
            None => Ok(()),
        }
    }
}

/// The items of a sequence, from [`Node::items`].
#[derive(Clone)]
pub struct Items<'d> {
    document: &'d Document,
    next: u32,
    end: u32,
}

impl<'d> Iterator for Items<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        if self.next >= self.end {
            return None;
        }
        let id = self.next;
        self.next = self.document.inner.arena.slot(id)?.next;
        Some(Node::at(self.document, id))
    }
}

/// The entries of a mapping, from [`Node::entries`].
#[derive(Clone)]
pub struct Entries<'d>(Items<'d>);

impl<'d> Iterator for Entries<'d> {
    type Item = (Node<'d>, Node<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}
