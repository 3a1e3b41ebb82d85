//! Scalars that may hold expressions.

use std::ops::Range;

use cofferdam_facts::{Span, Spanned};

use crate::expressions::{self, Embedded, Expr, ExpressionError};
use crate::yaml::{Document, Node, NodeId};

/// A decoded scalar with the expressions that stand in it.
#[derive(Clone, Debug)]
pub struct Text {
    /// The decoded value.
    pub value: String,
    /// The raw bytes, quotes included.
    pub span: Span,
    /// The node, for mapping decoded offsets to raw bytes.
    pub node: NodeId,
    /// Every `${{ … }}`, in order.
    pub expressions: Vec<Embedded>,
}

impl Text {
    /// Reads a scalar; `None` for a mapping or sequence.
    #[must_use]
    pub fn read(node: Node<'_>) -> Option<Self> {
        let value = node.as_str()?;
        Some(Self {
            value: value.to_owned(),
            span: node.span(),
            node: node.id(),
            expressions: expressions::embedded(value),
        })
    }

    /// Whether the value is the same on every run.
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.expressions.is_empty()
    }

    /// The value, if it is the same on every run.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.is_static().then_some(self.value.as_str())
    }

    /// The raw bytes of a range of the decoded value.
    #[must_use]
    pub fn raw_span(&self, document: &Document, range: Range<usize>) -> Span {
        document
            .node(self.node)
            .map_or(self.span, |node| node.raw_span(range))
    }

    /// Every expression that could be understood.
    pub fn parsed(&self) -> impl Iterator<Item = (&Embedded, &Expr)> {
        self.expressions
            .iter()
            .filter_map(|e| e.parsed.as_ref().ok().map(|expr| (e, expr)))
    }

    /// The only expression, if the value is one expression and nothing else.
    #[must_use]
    pub fn sole_expression(&self) -> Option<&Expr> {
        let [only] = self.expressions.as_slice() else {
            return None;
        };
        (self.value.trim().len() == only.range.len())
            .then_some(only.parsed.as_ref().ok())
            .flatten()
    }
}

/// One entry of `env:`, `with:`, `secrets:` or `outputs:`.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The key as written.
    pub key: Spanned<String>,
    /// The value.
    pub value: Text,
}

/// The value of a key, compared as GitHub compares input names: without case.
#[must_use]
pub fn lookup<'p>(pairs: &'p [Pair], key: &str) -> Option<&'p Text> {
    pairs
        .iter()
        .find(|p| p.key.value.eq_ignore_ascii_case(key))
        .map(|p| &p.value)
}

/// An `if:`.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The text as it stands.
    pub text: Text,
    /// What it means, with or without `${{ }}`.
    pub parsed: Result<Expr, ExpressionError>,
}

impl Condition {
    /// Reads the scalar of an `if:`.
    #[must_use]
    pub fn read(node: Node<'_>) -> Option<Self> {
        let text = Text::read(node)?;
        let parsed = expressions::condition(&text.value);
        Some(Self { text, parsed })
    }

    /// The expression, where it could be understood.
    #[must_use]
    pub fn expr(&self) -> Option<&Expr> {
        self.parsed.as_ref().ok()
    }
}
