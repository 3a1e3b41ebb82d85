//! One parsed file.

use std::fmt;
use std::sync::{Arc, Mutex};

use cofferdam_facts::{SourceFile, Span};

use super::arena::Arena;
use super::build::build;
use super::comments::Comment;
use super::spans::RawMap;
use super::{MAX_BYTES, Node, NodeId, Problem, ProblemKind};

/// A YAML file, understood as far as it can be. Cheap to clone, and it may be
/// shared between threads.
#[derive(Clone)]
pub struct Document {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) file: SourceFile,
    pub(super) arena: Arena,
    problems: Vec<Problem>,
    comments: Vec<Comment>,
    understood_until: usize,
    /// The map of the scalar that was asked for last: several expressions of one
    /// long script must not each walk all of it.
    pub(super) last_map: Mutex<Option<(u32, Option<Arc<RawMap>>)>>,
}

impl Document {
    /// Reads a file. This never fails: what could not be understood is in
    /// [`problems`](Self::problems), and everything before it in the tree.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        if file.text().len() > MAX_BYTES {
            let problem = Problem {
                kind: ProblemKind::TooLarge,
                span: Span::default(),
                message: format!(
                    "the file has {} bytes, and more than {MAX_BYTES} are not read",
                    file.text().len()
                ),
            };
            return Self::from_parts(
                file,
                Built {
                    problems: vec![problem],
                    ..Built::default()
                },
            );
        }
        let built = build(file.text());
        Self::from_parts(file, built)
    }

    /// Reads a file that may not be UTF-8: the text before the first wrong byte
    /// is parsed, and becomes the text of [`file`](Self::file). A problem
    /// [`NotUtf8`](ProblemKind::NotUtf8) says that there was more.
    #[must_use]
    pub fn parse_bytes(path: impl Into<Arc<str>>, bytes: &[u8]) -> Self {
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Self::parse(SourceFile::new(path, text)),
            Err(error) => error,
        };
        let end = error.valid_up_to();
        let prefix = bytes
            .get(..end)
            .and_then(|b| std::str::from_utf8(b).ok())
            .unwrap_or_default();
        let file = SourceFile::new(path, prefix);
        let problem = Problem {
            kind: ProblemKind::NotUtf8,
            span: Span::new(end, end),
            message: format!("byte {end} is not UTF-8, and nothing behind it was read"),
        };
        if prefix.len() > MAX_BYTES {
            let mut document = Self::parse(file);
            if let Some(inner) = Arc::get_mut(&mut document.inner) {
                inner.problems.push(problem);
            }
            return document;
        }
        let mut built = build(prefix);
        // The cut itself may look like a failure of the parser in the text before
        // it. A failure has a place and no length; what was found wrong has both.
        built.problems.retain(|p| {
            !(p.span.is_empty() && matches!(p.kind, ProblemKind::Syntax | ProblemKind::Tab))
        });
        built.problems.push(problem);
        Self::from_parts(file, built)
    }

    fn from_parts(file: SourceFile, built: Built) -> Self {
        let Built {
            arena,
            problems,
            comments,
            understood_until,
        } = built;
        let last_map = Mutex::new(None);
        Self {
            inner: Arc::new(Inner {
                file,
                arena,
                problems,
                comments,
                understood_until,
                last_map,
            }),
        }
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.inner.file
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.inner.file.text()
    }

    /// The root of the first document; `None` for a file without any.
    #[must_use]
    pub fn root(&self) -> Option<Node<'_>> {
        self.roots().next()
    }

    /// The root of every document in the file.
    pub fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.inner.arena.roots.iter().map(|&id| Node::at(self, id))
    }

    /// Everything that keeps the tree from being the whole truth, in the order
    /// of the file. At most [`MAX_PROBLEMS`](super::MAX_PROBLEMS) are kept.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.inner.problems
    }

    /// Every comment, in the order of the file.
    #[must_use]
    pub fn comments(&self) -> &[Comment] {
        &self.inner.comments
    }

    /// The byte up to which the text was understood: its length, unless there is
    /// a problem that [hides the rest](ProblemKind::hides_rest).
    #[must_use]
    pub fn understood_until(&self) -> usize {
        self.inner.understood_until
    }

    /// A node by the number that it gave.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<Node<'_>> {
        self.inner.arena.slot(id.0).map(|_| Node::at(self, id.0))
    }

    /// The innermost node whose bytes hold all of `span`.
    #[must_use]
    pub fn node_at(&self, span: Span) -> Option<Node<'_>> {
        let arena = &self.inner.arena;
        let mut found = None;
        let mut id = 0;
        while let Some(slot) = arena.slot(id) {
            if slot.span().contains(span) {
                found = Some(id);
                id += 1;
            } else if slot.start as usize > span.end {
                break;
            } else {
                id = slot.next;
            }
        }
        found.map(|id| Node::at(self, id))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("file", &self.inner.file)
            .field("nodes", &self.inner.arena.slots.len())
            .field("problems", &self.inner.problems)
            .finish_non_exhaustive()
    }
}

/// What reading a text gives.
#[derive(Default)]
pub(super) struct Built {
    pub(super) arena: Arena,
    pub(super) problems: Vec<Problem>,
    pub(super) comments: Vec<Comment>,
    pub(super) understood_until: usize,
}
