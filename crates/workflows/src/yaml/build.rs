//! From events to the arena: closes what an error left open, resolves aliases
//! under a budget, and notes every problem on the way.

use cofferdam_facts::Span;

use super::aliases::Aliases;
use super::arena::{Arena, Form, Slot, Text};
use super::comments::{Comment, line_start};
use super::document::Built;
use super::events::{Event, Events, Failure, Granit, Properties, Tag};
use super::scalar::{self, Refusal};
use super::{MAX_PROBLEMS, Problem, ProblemKind, Style, indicators, keys};

/// Reads a text that is no larger than the limit.
pub(super) fn build(text: &str) -> Built {
    build_from(text, &mut Granit::new(text))
}

fn build_from<'t>(text: &'t str, events: &mut impl Events<'t>) -> Built {
    let mut builder = Builder::new(text);
    builder.find_line_breaks();
    let mut understood_until = text.len();
    while let Some(next) = events.next() {
        match next {
            Ok((event, span)) => builder.event(event, span),
            Err(failure) => {
                understood_until = failure.offset.min(text.len());
                builder.failure(failure);
            }
        }
    }
    while !builder.frames.is_empty() {
        builder.close(None);
    }
    builder.find_swallowed_comments();
    let Builder {
        arena,
        mut problems,
        comments,
        ..
    } = builder;
    problems.sort_by_key(|p| p.span);
    Built {
        arena,
        problems,
        comments,
        understood_until,
    }
}

/// A collection that is not closed yet.
struct Frame {
    id: u32,
    children: usize,
    /// How many nodes a walk over it meets, aliases followed, and how deep it goes.
    extent: Extent,
    anchor: usize,
}

/// The size of a subtree with all aliases followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) nodes: usize,
    /// Levels of collections; 0 for a scalar.
    pub(super) height: usize,
}

impl Extent {
    pub(super) const SCALAR: Self = Self {
        nodes: 1,
        height: 0,
    };
}

struct Builder<'t> {
    text: &'t str,
    arena: Arena,
    problems: Vec<Problem>,
    comments: Vec<Comment>,
    frames: Vec<Frame>,
    aliases: Aliases<'t>,
    /// The plain scalars of more than one line.
    long_plain: Vec<Span>,
    /// The byte up to which events account for the text, comments aside.
    accounted: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        let mut arena = Arena::default();
        // Real files have a node about every 20 bytes.
        arena.slots.reserve(text.len() / 20);
        Self {
            text,
            arena,
            problems: Vec::new(),
            comments: Vec::new(),
            frames: Vec::new(),
            aliases: Aliases::default(),
            long_plain: Vec::new(),
            accounted: 0,
        }
    }

    fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem {
                kind,
                span,
                message: message.into(),
            });
        }
    }

    fn event(&mut self, event: Event<'t>, span: Span) {
        match event {
            Event::Document => {
                if self.arena.roots.len() == 1 {
                    let message = "a second document begins here, and GitHub reads files of one";
                    self.problem(ProblemKind::SeveralDocuments, span, message);
                }
                // Without a marker the parser gives the first token of the document.
                if self.text.get(span.start..span.end) != Some("---") {
                    return;
                }
            }
            Event::Scalar {
                value,
                style,
                properties,
            } => {
                self.scalar(&value, style, &properties, span);
            }
            Event::Sequence { style, properties } => {
                let start = self.first_dash(style, span);
                let span = Span::new(start.unwrap_or(span.start), span.end);
                self.open(Form::Sequence, style, &properties, span);
            }
            Event::Mapping { style, properties } => {
                self.open(Form::Mapping, style, &properties, span);
            }
            Event::CollectionEnd => self.close(Some(span.end)),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UndefinedAlias => {
                let message = "no anchor of this name stands before the alias";
                self.problem(ProblemKind::UndefinedAlias, span, message);
                self.leaf(
                    Form::Unresolved,
                    Style::Plain,
                    Text::Raw,
                    span,
                    Extent::SCALAR,
                );
            }
            Event::Anchor(anchor, name) => self.aliases.name(anchor, name),
            Event::Comment(text) => {
                self.comments.push(Comment {
                    span,
                    text: text.trim().into(),
                });
                return;
            }
            Event::Boundary => {}
        }
        self.accounted = self.accounted.max(span.end);
    }

    fn scalar(&mut self, value: &str, style: Style, properties: &Properties, span: Span) {
        let mut value = value;
        let span = match style {
            Style::Literal | Style::Folded => self.block_scalar_span(span),
            Style::Plain if span.is_empty() => {
                value = "";
                self.missing_value_span(span)
            }
            _ => span,
        };
        let text = self.keep(value, style, span);
        if style == Style::Plain && text != Text::Raw {
            self.long_plain.push(span);
        }
        let id = self.leaf(Form::Scalar, style, text, span, Extent::SCALAR);
        let tag = properties.tag.map(|(tag, tag_span)| {
            self.arena.tags.push((id, tag, tag_span));
            tag
        });
        if properties.anchor != 0 {
            self.aliases.define(properties.anchor, id, Extent::SCALAR);
        }
        self.check_scalar(value, style, tag, span);
    }

    fn check_scalar(&mut self, value: &str, style: Style, tag: Option<Tag>, span: Span) {
        let Err(refusal) = scalar::resolve(value, style, tag) else {
            return;
        };
        let (kind, message) = match refusal {
            Refusal::Tag => (ProblemKind::UnknownTag, "GitHub knows no such tag"),
            Refusal::Style => (
                ProblemKind::UnknownTag,
                "GitHub takes this tag for plain scalars alone",
            ),
            Refusal::Value => (ProblemKind::UnknownTag, "the value does not fit its tag"),
            Refusal::Range => (ProblemKind::NumberRange, "the number does not fit 32 bits"),
        };
        self.problem(kind, span, message);
    }

    /// The first dash of a block sequence that is a value. The parser places one
    /// that is not indented behind that dash.
    fn first_dash(&self, style: Style, span: Span) -> Option<usize> {
        let around = self.arena.slot(self.frames.last()?.id)?;
        (style == Style::Block && around.form == Form::Mapping)
            .then(|| indicators::find(self.text, self.accounted, span.end + 1, b"-"))?
    }

    /// From the indicator to the last line that holds more than space.
    fn block_scalar_span(&self, content: Span) -> Span {
        let indicator = indicators::find(self.text, self.accounted, content.end, b"|>");
        let start = indicator.unwrap_or(content.start);
        let body = self.text.get(start..content.end).unwrap_or_default();
        let held = body.trim_end_matches([' ', '\t', '\n', '\r']).len();
        let tail = body.get(held..).unwrap_or_default();
        let spaces = tail.find(['\n', '\r']).unwrap_or(tail.len());
        Span::new(start, start + held + spaces)
    }

    /// The parser places a missing value at the end of its key; it belongs behind
    /// the colon. (A colon that begins a line may be that of another key.)
    fn missing_value_span(&self, span: Span) -> Span {
        let is_value = self
            .frames
            .last()
            .is_some_and(|frame| frame.children % 2 == 1);
        let mapping = self
            .frames
            .last()
            .and_then(|frame| self.arena.slot(frame.id));
        let line = self
            .text
            .get(line_start(self.text, span.end)..span.end)
            .unwrap_or_default();
        if is_value
            && !line.trim().is_empty()
            && mapping.is_some_and(|slot| slot.form == Form::Mapping)
            && let Some(at) = indicators::behind_colon(self.text, span.end)
        {
            return Span::new(at, at);
        }
        span
    }

    /// Keeps a decoded text only where the file does not hold it as it is.
    fn keep(&mut self, value: &str, style: Style, span: Span) -> Text {
        let raw = self.text.get(span.start..span.end).unwrap_or_default();
        match style {
            Style::Plain if raw == value => return Text::Raw,
            Style::SingleQuoted | Style::DoubleQuoted
                if raw.len() >= 2 && raw.get(1..raw.len() - 1) == Some(value) =>
            {
                return Text::Inner;
            }
            _ => {}
        }
        let start = self.arena.decoded.len();
        self.arena.decoded.push_str(value);
        let at = self.arena.ranges.len();
        self.arena
            .ranges
            .push((number(start), number(self.arena.decoded.len())));
        Text::Decoded(number(at))
    }

    fn alias(&mut self, anchor: usize, span: Span) {
        let depth = self.frames.len();
        match self.aliases.follow(&self.arena, anchor, depth) {
            Ok((target, extent)) => {
                let id = self.leaf(
                    Form::Alias,
                    Style::Plain,
                    Text::Target(target),
                    span,
                    extent,
                );
                self.aliases.used(id, anchor);
                if self.aliases.is_stale(&self.arena, anchor) {
                    let message = "the target holds an alias whose anchor has since been \
                                   defined anew, and GitHub would follow the newer one";
                    self.problem(ProblemKind::AnchorRedefined, span, message);
                }
            }
            Err((kind, message)) => {
                self.problem(kind, span, message);
                self.leaf(
                    Form::Unresolved,
                    Style::Plain,
                    Text::Raw,
                    span,
                    Extent::SCALAR,
                );
            }
        }
    }

    /// Appends a slot below the innermost open collection, or as a root.
    fn push(&mut self, form: Form, style: Style, text: Text, span: Span) -> u32 {
        let id = number(self.arena.slots.len());
        let parent = match self.frames.last_mut() {
            Some(frame) => {
                frame.children += 1;
                frame.id
            }
            None => {
                self.arena.roots.push(id);
                id
            }
        };
        let (start, end) = (number(span.start), number(span.end));
        self.arena.slots.push(Slot {
            start,
            end,
            next: id + 1,
            parent,
            text,
            form,
            style,
        });
        id
    }

    fn leaf(&mut self, form: Form, style: Style, text: Text, span: Span, extent: Extent) -> u32 {
        let id = self.push(form, style, text, span);
        self.grow(extent);
        id
    }

    fn open(&mut self, form: Form, style: Style, properties: &Properties, span: Span) {
        let id = self.push(form, style, Text::Raw, span);
        if let Some((tag, tag_span)) = properties.tag {
            self.arena.tags.push((id, tag, tag_span));
        }
        if properties.anchor != 0 {
            self.aliases.open(properties.anchor, id);
        }
        let extent = Extent {
            nodes: 1,
            height: 1,
        };
        self.frames.push(Frame {
            id,
            children: 0,
            extent,
            anchor: properties.anchor,
        });
    }

    /// Counts a finished child to the collection around it.
    fn grow(&mut self, child: Extent) {
        if let Some(frame) = self.frames.last_mut() {
            frame.extent.nodes = frame.extent.nodes.saturating_add(child.nodes);
            frame.extent.height = frame.extent.height.max(child.height + 1);
        }
    }

    /// Closes the innermost collection; without an end, it is one that an error
    /// left open.
    fn close(&mut self, end: Option<usize>) {
        let Some(slot) = self
            .frames
            .last()
            .and_then(|frame| self.arena.slot(frame.id))
            .copied()
        else {
            return;
        };
        let last_end = self.last_child_end().unwrap_or(slot.end as usize);
        let odd = self
            .frames
            .last()
            .is_some_and(|frame| frame.children % 2 == 1);
        if slot.form == Form::Mapping && odd {
            let missing = Span::new(last_end, last_end);
            self.leaf(
                Form::Scalar,
                Style::Plain,
                Text::Raw,
                missing,
                Extent::SCALAR,
            );
        }
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let end = match end {
            Some(end) if slot.style == Style::Flow => end.max(last_end),
            _ => last_end,
        };
        let next = number(self.arena.slots.len());
        if let Some(slot) = self.arena.slots.get_mut(frame.id as usize) {
            slot.end = number(end);
            slot.next = next;
        }
        if frame.anchor != 0 {
            self.aliases.define(frame.anchor, frame.id, frame.extent);
        }
        if slot.form == Form::Mapping {
            let room = MAX_PROBLEMS.saturating_sub(self.problems.len());
            let found = keys::check(&self.arena, self.text, frame.id);
            self.problems.extend(found.into_iter().take(room));
        }
        self.grow(frame.extent);
    }

    /// Where the last child of the innermost open collection ends.
    fn last_child_end(&self) -> Option<usize> {
        let frame = self.frames.last().filter(|frame| frame.children > 0)?;
        // The last slot is the last child itself, or lies inside of it, where a
        // flow collection may end behind it.
        let mut id = number(self.arena.slots.len().checked_sub(1)?);
        let mut end = 0;
        while id > frame.id {
            let slot = self.arena.slot(id)?;
            end = end.max(slot.end as usize);
            id = slot.parent;
        }
        Some(end)
    }

    fn failure(&mut self, failure: Failure) {
        let at = failure.offset.min(self.text.len());
        // One problem is always kept for the reason why reading stopped.
        self.problems.truncate(MAX_PROBLEMS - 1);
        self.problem(failure.kind, Span::new(at, at), failure.message);
    }

    /// Comments within a plain scalar, which they end by the specification
    /// (YAML 1.2.2 §7.3.3). This parser reads on behind one that a tab indents.
    fn find_swallowed_comments(&mut self) {
        self.comments.sort_by_key(|comment| comment.span);
        for scalar in std::mem::take(&mut self.long_plain) {
            let behind = self
                .comments
                .partition_point(|comment| comment.span.start < scalar.start);
            let next = self.comments.get(behind).map(|comment| comment.span);
            if let Some(span) = next.filter(|span| span.start < scalar.end) {
                let message =
                    "a comment within a plain scalar ends it, and GitHub refuses the rest";
                self.problem(ProblemKind::Syntax, span, message);
            }
        }
    }

    /// Characters at which GitHub's scanner breaks a line and this one does not.
    fn find_line_breaks(&mut self) {
        if self.text.is_ascii() {
            return;
        }
        let exotic = |c| matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
        if let Some((at, found)) = self.text.match_indices(exotic).next() {
            let message = "GitHub ends a line at this character, and YAML 1.2 does not";
            self.problem(
                ProblemKind::LineBreak,
                Span::new(at, at + found.len()),
                message,
            );
        }
    }
}

/// A count that the limit on the size of a file keeps within 32 bits.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
