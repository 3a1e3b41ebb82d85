//! YAML: plain scalars stay texts as they are written, so that `1.10` is no
//! number. Anchors, aliases and merge keys are refused.

use std::borrow::Cow;

use cofferdam_facts::{SourceFile, Span};
use granit_parser as granit;

use super::{Entry, MAX_DEPTH, MOST_NODES, Node, Value, at, unique, unmarked};
use crate::mistake::{Mistake, Problem};

pub(super) fn read(file: &SourceFile) -> Result<Vec<Node<'_>>, Mistake> {
    let (text, shift) = unmarked(file);
    let options = granit::options! {
        emit_unresolved_aliases: true,
        max_buffered_comment_events: usize::MAX,
    };
    let mut parser = granit::Parser::new_from_str_with_options(text, options);
    let mut builder = Builder {
        file,
        open: Vec::new(),
        roots: Vec::new(),
        count: 0,
    };
    while let Some(next) = parser.next_event() {
        let (event, place) = next.map_err(|error| {
            let offset = error.marker().byte_offset().unwrap_or_default() + shift;
            let language = "YAML";
            let message = error.kind().to_string();
            at(file, offset, Problem::Syntax { language, message })
        })?;
        let range = place.byte_range().unwrap_or_default();
        let span = Span::new(range.start + shift, range.end + shift);
        builder.event(event, span)?;
    }
    Ok(builder.roots)
}

/// A collection that is not closed yet.
struct Open<'t> {
    span: Span,
    value: Value<'t>,
    /// The key whose value comes next.
    key: Option<(Cow<'t, str>, Span)>,
}

struct Builder<'f, 't> {
    file: &'f SourceFile,
    open: Vec<Open<'t>>,
    roots: Vec<Node<'t>>,
    /// How many nodes there are.
    count: usize,
}

impl<'t> Builder<'_, 't> {
    fn event(&mut self, event: granit::Event<'t>, span: Span) -> Result<(), Mistake> {
        match event {
            granit::Event::Scalar(text, style, anchor, _) => {
                self.no_anchor(anchor, span)?;
                let value = scalar(text, style);
                self.node(Node { span, value })
            }
            granit::Event::SequenceStart(_, anchor, _) => {
                self.no_anchor(anchor, span)?;
                self.begin(span, Value::List(Vec::new()))
            }
            granit::Event::MappingStart(_, anchor, _) => {
                self.no_anchor(anchor, span)?;
                self.begin(span, Value::Table(Vec::new()))
            }
            granit::Event::SequenceEnd | granit::Event::MappingEnd => {
                let Some(closed) = self.open.pop() else {
                    return Ok(());
                };
                if let Value::Table(entries) = &closed.value {
                    unique(self.file, entries)?;
                }
                let span = Span::new(closed.span.start, span.end);
                let value = closed.value;
                self.node(Node { span, value })
            }
            granit::Event::Alias(_) | granit::Event::UnresolvedAlias(_) => {
                Err(self.refuse(span, "an alias"))
            }
            _ => Ok(()),
        }
    }

    fn refuse(&self, span: Span, what: &'static str) -> Mistake {
        at(self.file, span.start, Problem::Refused { what })
    }

    fn no_anchor(&self, anchor: usize, span: Span) -> Result<(), Mistake> {
        if anchor == 0 {
            Ok(())
        } else {
            Err(self.refuse(span, "an anchor"))
        }
    }

    fn begin(&mut self, span: Span, value: Value<'t>) -> Result<(), Mistake> {
        if self.open.len() >= MAX_DEPTH {
            let limit = MAX_DEPTH;
            return Err(at(self.file, span.start, Problem::TooDeep { limit }));
        }
        let key = None;
        self.open.push(Open { span, value, key });
        Ok(())
    }

    fn node(&mut self, node: Node<'t>) -> Result<(), Mistake> {
        self.count += 1;
        if self.count > MOST_NODES {
            let limit = MOST_NODES;
            let unit = "values";
            return Err(at(
                self.file,
                node.span.start,
                Problem::TooLarge { limit, unit },
            ));
        }
        let Some(open) = self.open.last_mut() else {
            self.roots.push(node);
            return Ok(());
        };
        match &mut open.value {
            Value::List(items) => items.push(node),
            Value::Table(entries) => match open.key.take() {
                Some((key, span)) => entries.push(Entry { key, span, node }),
                None => {
                    let span = node.span;
                    let key = match node.value {
                        Value::Text(text) => text,
                        Value::Null => Cow::Borrowed(""),
                        Value::Bool(true) => Cow::Borrowed("true"),
                        Value::Bool(false) => Cow::Borrowed("false"),
                        _ => return Err(self.refuse(span, "a list or table as a key")),
                    };
                    if key == "<<" {
                        return Err(self.refuse(span, "a merge key"));
                    }
                    open.key = Some((key, span));
                }
            },
            _ => {}
        }
        Ok(())
    }
}

fn scalar(text: Cow<'_, str>, style: granit::ScalarStyle) -> Value<'_> {
    if !matches!(style, granit::ScalarStyle::Plain) {
        return Value::Text(text);
    }
    match text.as_ref() {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::Text(text),
    }
}
