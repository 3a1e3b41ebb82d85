//! Reading nodes against the documented schema, keeping what is understood
//! and naming what is not.

use cofferdam_facts::{Span, Spanned};

use super::step::Step;
use super::text::{Condition, Pair, Text};
use crate::expressions;
use crate::yaml::{Document, Kind, Node};

/// A place where a document differs from GitHub's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// Where.
    pub span: Span,
    /// What, one line without a full stop.
    pub message: String,
    /// Whether the key is one that this version does not know, so that what it
    /// does cannot be judged (GitHub adds keys), rather than a plain mistake.
    pub unknown_key: bool,
}

const AT_RUN_TIME: &str = "are known at run time only";

/// Said of `uses`, of jobs and steps alike: GitHub has no context there and
/// refuses the file (github/gh-actions-lock, pull request 99).
pub(crate) const NO_EXPRESSION: &str = "takes no expression";

impl SchemaProblem {
    /// Whether names are hidden behind an expression, so that what they decide
    /// is not known: keys that GitHub accepts so, or what is used, which it
    /// does not.
    #[must_use]
    pub fn hides_names(&self) -> bool {
        self.unknown_key && self.message.ends_with(AT_RUN_TIME)
            || self.message.ends_with(NO_EXPRESSION)
    }
}

/// Collects problems while a document is read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<SchemaProblem>,
}

impl Reader {
    pub(crate) fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(SchemaProblem {
            span,
            message: message.into(),
            unknown_key: false,
        });
    }

    /// Whether the node is a mapping; names unknown keys and wrong kinds.
    pub(crate) fn mapping(&mut self, node: Node<'_>, what: &str, known: &[&str]) -> bool {
        if node.kind() != Kind::Mapping {
            if !node.is_null() {
                self.problem(node.span(), format!("{what} must be a mapping"));
            }
            return false;
        }
        for (key, _) in node.entries() {
            let name = key.as_str().unwrap_or("");
            // Merge keys have a problem of their own from the YAML layer.
            if name != "<<" && !known.contains(&name) {
                self.problems.push(SchemaProblem {
                    span: key.span(),
                    message: format!("`{name}` is not a key that {what} is known to take"),
                    unknown_key: true,
                });
            }
        }
        true
    }

    /// A scalar, or a problem.
    pub(crate) fn text(&mut self, node: Node<'_>, what: &str) -> Option<Text> {
        let text = Text::read(node);
        if text.is_none() {
            self.problem(node.span(), format!("{what} must be a single value"));
        }
        text
    }

    /// The scalar of a key that is allowed to be missing.
    pub(crate) fn text_at(&mut self, node: Node<'_>, key: &str) -> Option<Text> {
        let value = node.get(key)?;
        self.text(value, &format!("`{key}`"))
    }

    /// A scalar or a sequence of scalars.
    pub(crate) fn texts(&mut self, node: Node<'_>, what: &str) -> Vec<Text> {
        match node.kind() {
            Kind::Scalar if node.is_null() => Vec::new(),
            Kind::Scalar => Text::read(node).into_iter().collect(),
            Kind::Sequence => node
                .items()
                .filter_map(|item| self.text(item, &format!("each entry of {what}")))
                .collect(),
            Kind::Mapping => {
                self.problem(
                    node.span(),
                    format!("{what} must be a value or a list of values"),
                );
                Vec::new()
            }
        }
    }

    /// Like [`Self::texts`], decoded only.
    pub(crate) fn strings(&mut self, node: Node<'_>, what: &str) -> Vec<Spanned<String>> {
        self.texts(node, what)
            .into_iter()
            .map(|t| Spanned::new(t.value, t.span))
            .collect()
    }

    /// A mapping from names to scalars. An expression in the place of the whole
    /// mapping is one pair without a name, so that what it takes is seen; which
    /// names it gives is known at run time only. So it is for a key.
    pub(crate) fn pairs(&mut self, node: Node<'_>, what: &str) -> Vec<Pair> {
        match node.kind() {
            Kind::Mapping => node
                .entries()
                .filter_map(|(key, value)| {
                    let name = name(key);
                    if name.is_none() {
                        self.names_unknown(key, what);
                    }
                    let written = key.as_str().unwrap_or("");
                    let text = self.text(value, &format!("`{written}` in {what}"))?;
                    Some(Pair {
                        key: Spanned::new(name.unwrap_or_default(), key.span()),
                        value: text,
                    })
                })
                .collect(),
            Kind::Scalar if node.is_null() => Vec::new(),
            Kind::Scalar if is_expression(node) => {
                self.names_unknown(node, what);
                let pair = |value| Pair {
                    key: Spanned::new(String::new(), node.span()),
                    value,
                };
                Text::read(node).map(pair).into_iter().collect()
            }
            _ => {
                self.problem(node.span(), format!("{what} must be a mapping"));
                Vec::new()
            }
        }
    }

    /// Says that which names a mapping has is known at run time only.
    pub(crate) fn names_unknown(&mut self, node: Node<'_>, what: &str) {
        // Which variables a script finds decides little; which inputs an
        // action gets may decide everything.
        if what != "`env`" {
            self.problems.push(SchemaProblem {
                span: node.span(),
                message: format!("the names in {what} {AT_RUN_TIME}"),
                unknown_key: true,
            });
        }
    }

    /// The pairs of a key that is allowed to be missing.
    pub(crate) fn pairs_at(&mut self, node: Node<'_>, key: &str) -> Vec<Pair> {
        node.get(key)
            .map_or_else(Vec::new, |value| self.pairs(value, &format!("`{key}`")))
    }
}

/// Whether a scalar holds an expression, so that its shape is known at run time only.
pub(crate) fn is_expression(node: Node<'_>) -> bool {
    node.as_str().is_some_and(|s| s.contains("${{"))
}

/// The name that a key stands for. GitHub evaluates expressions in the keys of
/// mappings that have a context: `${{ 'ref' }}` is `ref`, and `${{ insert }}`
/// puts in the names of another mapping. `None` for what is known at run time
/// only.
pub(crate) fn name(key: Node<'_>) -> Option<String> {
    let written = key.as_str().unwrap_or("");
    if !written.contains("${{") {
        return Some(written.to_owned());
    }
    let mut name = String::new();
    let mut from = 0;
    for embedded in expressions::embedded(written) {
        name.push_str(written.get(from..embedded.range.start)?);
        name.push_str(&embedded.parsed.ok()?.fold()?.to_text()?);
        from = embedded.range.end;
    }
    name.push_str(written.get(from..)?);
    Some(name)
}

/// Turns what the YAML layer found wrong into the same kind of problem.
pub(crate) fn yaml_problems(document: &Document) -> impl Iterator<Item = SchemaProblem> + '_ {
    document.problems().iter().map(|p| SchemaProblem {
        span: p.span,
        message: p.message.clone(),
        unknown_key: false,
    })
}

/// Names every expression of a scalar that does not parse: GitHub refuses the
/// file, and no rule can tell what stands there.
pub(crate) fn expression_problems(
    document: &Document,
    text: &Text,
    found: &mut Vec<SchemaProblem>,
) {
    for embedded in &text.expressions {
        if let Err(error) = &embedded.parsed {
            found.push(SchemaProblem {
                span: text.raw_span(document, embedded.range.clone()),
                message: format!("an expression does not parse: {error}"),
                unknown_key: false,
            });
        }
    }
}

/// The same for an `if:`, which needs no braces.
pub(crate) fn condition_problems(condition: &Condition, found: &mut Vec<SchemaProblem>) {
    if let Err(error) = &condition.parsed {
        found.push(SchemaProblem {
            span: condition.text.span,
            message: format!("the condition does not parse: {error}"),
            unknown_key: false,
        });
    }
}

/// Both, for everything in a step that is evaluated.
pub(crate) fn step_problems(document: &Document, step: &Step, found: &mut Vec<SchemaProblem>) {
    for (place, text) in step.texts() {
        if place != "if" {
            expression_problems(document, text, found);
        }
    }
    if let Some(condition) = &step.condition {
        condition_problems(condition, found);
    }
}
