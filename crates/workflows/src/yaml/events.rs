//! The events a tree is built from, and the one parser that yields them.
//!
//! The rest of the layer sees the trait alone, so that the parser crate can be
//! changed or held against another one.

use std::borrow::Cow;

use cofferdam_facts::Span;
use granit_parser as granit;

use super::{ProblemKind, Style};

/// Spans are those of the parser: a block collection has an empty one at its
/// start, a block scalar one that begins with its content.
pub(super) enum Event<'t> {
    Document,
    Scalar {
        value: Cow<'t, str>,
        style: Style,
        properties: Properties,
    },
    Sequence {
        style: Style,
        properties: Properties,
    },
    Mapping {
        style: Style,
        properties: Properties,
    },
    CollectionEnd,
    Alias(usize),
    UndefinedAlias,
    /// The name of the anchor of the node just begun.
    Anchor(usize, Cow<'t, str>),
    Comment(Cow<'t, str>),
    /// Nothing to build from, but it moves the place up to which text is accounted for.
    Boundary,
}

/// What may stand before a node.
pub(super) struct Properties {
    /// The number of the anchor; 0 for none.
    pub(super) anchor: usize,
    pub(super) tag: Option<(Tag, Span)>,
}

/// A tag as far as GitHub tells tags apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Str,
    Bool,
    Int,
    Float,
    Null,
    Other,
}

/// Why there are no more events.
pub(super) struct Failure {
    pub(super) kind: ProblemKind,
    pub(super) offset: usize,
    pub(super) message: String,
}

/// A source of events over one text.
pub(super) trait Events<'t> {
    /// The next event; `None` at the end and after a failure.
    fn next(&mut self) -> Option<Result<(Event<'t>, Span), Failure>>;
}

/// The events of granit-parser.
pub(super) struct Granit<'t> {
    parser: granit::Parser<'t, granit::StrInput<'t>>,
    failed: bool,
}

impl<'t> Granit<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let options = granit::options! {
            // YamlDotNet adds no line feed that is not in the file.
            block_scalar_eof_without_line_feed: true,
            emit_unresolved_aliases: true,
            emit_anchor_events: true,
            // A licence header of more lines than the default is no error; the
            // size of the file is the bound.
            max_buffered_comment_events: usize::MAX,
        };
        Self {
            parser: granit::Parser::new_from_str_with_options(text, options),
            failed: false,
        }
    }
}

impl<'t> Events<'t> for Granit<'t> {
    fn next(&mut self) -> Option<Result<(Event<'t>, Span), Failure>> {
        if self.failed {
            return None;
        }
        match self.parser.next_event()? {
            Ok((event, place)) => Some(Ok((translate(event, &place), bytes(&place)))),
            Err(error) => {
                self.failed = true;
                Some(Err(failure(&error)))
            }
        }
    }
}

fn bytes(place: &granit::Span) -> Span {
    place.byte_range().map(Span::from).unwrap_or_default()
}

fn translate<'t>(event: granit::Event<'t>, place: &granit::Span) -> Event<'t> {
    let properties = |anchor, tag: Option<Cow<'_, granit::Tag>>| Properties {
        anchor,
        tag: tag.map(|tag| {
            (
                translate_tag(&tag),
                place.tag_span().map_or_else(|| bytes(place), |s| bytes(&s)),
            )
        }),
    };
    match event {
        granit::Event::DocumentStart(..) => Event::Document,
        granit::Event::Scalar(value, style, anchor, tag) => Event::Scalar {
            value,
            style: match style {
                granit::ScalarStyle::Plain => Style::Plain,
                granit::ScalarStyle::SingleQuoted => Style::SingleQuoted,
                granit::ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                granit::ScalarStyle::Literal => Style::Literal,
                granit::ScalarStyle::Folded => Style::Folded,
            },
            properties: properties(anchor, tag),
        },
        granit::Event::SequenceStart(style, anchor, tag) => Event::Sequence {
            style: translate_style(style),
            properties: properties(anchor, tag),
        },
        granit::Event::MappingStart(style, anchor, tag) => Event::Mapping {
            style: translate_style(style),
            properties: properties(anchor, tag),
        },
        granit::Event::SequenceEnd | granit::Event::MappingEnd => Event::CollectionEnd,
        granit::Event::Alias(anchor) => Event::Alias(anchor),
        granit::Event::UnresolvedAlias(_) => Event::UndefinedAlias,
        granit::Event::Anchor(anchor, name) => Event::Anchor(anchor, name),
        granit::Event::Comment(text, _) => Event::Comment(text),
        _ => Event::Boundary,
    }
}

fn translate_style(style: granit::StructureStyle) -> Style {
    match style {
        granit::StructureStyle::Block => Style::Block,
        granit::StructureStyle::Flow => Style::Flow,
    }
}

fn translate_tag(tag: &granit::Tag) -> Tag {
    match tag.core_suffix() {
        Some("str") => Tag::Str,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("null") => Tag::Null,
        _ => Tag::Other,
    }
}

fn failure(error: &granit::ScanError) -> Failure {
    use granit::ErrorKind as Kind;
    let kind = match error.kind() {
        Kind::RecursionLimitExceeded => ProblemKind::TooDeep,
        Kind::TabNotAllowed
        | Kind::TabInBlockIndentation
        | Kind::TabAtBlockScalarStart
        | Kind::TabInIndentation
        | Kind::TabInPlainScalar => ProblemKind::Tab,
        _ => ProblemKind::Syntax,
    };
    Failure {
        kind,
        offset: error.marker().byte_offset().unwrap_or_default(),
        message: error.kind().to_string(),
    }
}
