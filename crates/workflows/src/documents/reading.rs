//! Reading YAML documents whose format is not GitHub's workflow format: keys
//! to typed values with their places, and a problem for everything else.

use cofferdam_facts::{Span, Spanned};

use super::problem::{Problem, ProblemKind, keep};
use crate::yaml::{self, Document, Kind, Node};

/// Collects problems while a document is read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) problems: Vec<Problem>,
}

impl Reading {
    /// Starts with what the YAML layer found. What may hide something is a
    /// problem of syntax; merge keys are, since they are not merged.
    pub(super) fn of(document: &Document) -> Self {
        let problems = document.problems().iter().map(|problem| {
            let kind = match problem.kind {
                yaml::ProblemKind::TooLarge | yaml::ProblemKind::TooDeep => ProblemKind::TooLarge,
                yaml::ProblemKind::MergeKey => ProblemKind::Syntax,
                kind if kind.hides_something() => ProblemKind::Syntax,
                _ => ProblemKind::BadValue,
            };
            Problem::new(kind, problem.span, problem.message.clone())
        });
        Self {
            problems: problems.collect(),
        }
    }

    pub(super) fn problem(&mut self, kind: ProblemKind, span: Span, message: impl Into<String>) {
        keep(&mut self.problems, Problem::new(kind, span, message));
    }

    /// The root, if it is a mapping of known keys.
    pub(super) fn root<'d>(&mut self, document: &'d Document, known: &[&str]) -> Option<Node<'d>> {
        match document.root().filter(|root| !root.is_null()) {
            Some(root) => self.mapping(root, "the document", known),
            None => {
                self.problem(
                    ProblemKind::Missing,
                    Span::default(),
                    "the document is empty",
                );
                None
            }
        }
    }

    /// The root, if it is a mapping with keys of any name.
    pub(super) fn any_root<'d>(&mut self, document: &'d Document) -> Option<Node<'d>> {
        let Some(root) = document.root().filter(|root| !root.is_null()) else {
            self.problem(
                ProblemKind::Missing,
                Span::default(),
                "the document is empty",
            );
            return None;
        };
        self.any_mapping(root, "the document")
    }

    /// The node, if it is a mapping; names its unknown keys.
    pub(super) fn mapping<'d>(
        &mut self,
        node: Node<'d>,
        what: &str,
        known: &[&str],
    ) -> Option<Node<'d>> {
        let node = self.any_mapping(node, what)?;
        for key in unknown_keys(node, known) {
            let message = format!("{what} has no key `{}`", key.value);
            self.problem(ProblemKind::UnknownKey, key.span, message);
        }
        Some(node)
    }

    /// The node, if it is a mapping with keys of any name.
    pub(super) fn any_mapping<'d>(&mut self, node: Node<'d>, what: &str) -> Option<Node<'d>> {
        if node.kind() == Kind::Mapping {
            return Some(node);
        }
        if !node.is_null() {
            self.wrong(node, &format!("{what} must be a mapping"));
        }
        None
    }

    /// The items of a list; a single value stands for a list of one only where
    /// the reader of the format takes it so.
    pub(super) fn list<'d>(&mut self, node: Node<'d>, what: &str) -> Vec<Node<'d>> {
        if node.kind() == Kind::Sequence {
            return node.items().collect();
        }
        if !node.is_null() {
            self.wrong(node, &format!("{what} must be a list"));
        }
        Vec::new()
    }

    pub(super) fn text(&mut self, node: Node<'_>, what: &str) -> Option<Spanned<String>> {
        match node.as_str() {
            Some(_) if node.is_null() => None,
            Some(text) => Some(Spanned::new(text.to_owned(), node.span())),
            None => {
                self.wrong(node, &format!("{what} must be a text"));
                None
            }
        }
    }

    pub(super) fn texts(&mut self, node: Node<'_>, what: &str) -> Vec<Spanned<String>> {
        let items = self.list(node, what);
        items
            .into_iter()
            .filter_map(|item| self.text(item, what))
            .collect()
    }

    pub(super) fn text_at(&mut self, node: Node<'_>, key: &str) -> Option<Spanned<String>> {
        let value = node.get(key)?;
        self.text(value, &format!("`{key}`"))
    }

    pub(super) fn texts_at(&mut self, node: Node<'_>, key: &str) -> Vec<Spanned<String>> {
        node.get(key)
            .map_or_else(Vec::new, |value| self.texts(value, &format!("`{key}`")))
    }

    pub(super) fn flag_at(&mut self, node: Node<'_>, key: &str) -> Option<Spanned<bool>> {
        let value = node.get(key).filter(|value| !value.is_null())?;
        let flag = value.as_bool().map(|flag| Spanned::new(flag, value.span()));
        if flag.is_none() {
            self.wrong(value, &format!("`{key}` must be true or false"));
        }
        flag
    }

    pub(super) fn count_at(&mut self, node: Node<'_>, key: &str) -> Option<Spanned<u64>> {
        let value = node.get(key).filter(|value| !value.is_null())?;
        let count = value.as_str().and_then(|text| text.trim().parse().ok());
        if count.is_none() {
            self.wrong(
                value,
                &format!("`{key}` must be a whole number of zero or more"),
            );
        }
        count.map(|count| Spanned::new(count, value.span()))
    }

    fn wrong(&mut self, node: Node<'_>, message: &str) {
        self.problem(ProblemKind::WrongType, node.span(), message);
    }
}

/// The keys of a mapping that are none of the known ones.
pub(super) fn unknown_keys(node: Node<'_>, known: &[&str]) -> Vec<Spanned<String>> {
    node.entries()
        .map(|(key, _)| Spanned::new(key.as_str().unwrap_or_default().to_owned(), key.span()))
        .filter(|key| !known.contains(&key.value.as_str()) && key.value != "<<")
        .collect()
}
