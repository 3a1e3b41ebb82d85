//! An action's metadata file, `action.yml`.
//!
//! Source: GitHub, "Metadata syntax for GitHub Actions".

use cofferdam_facts::{ImageRef, SourceFile, Span, Spanned};

use super::reader::{Reader, SchemaProblem, step_problems, yaml_problems};
use super::step::{self, Step};
use super::text::{Pair, Text};
use crate::yaml::{Document, Kind, Node};

/// An action's metadata.
#[derive(Clone, Debug)]
pub struct Action {
    /// The file.
    pub document: Document,
    /// `name:`.
    pub name: Option<Text>,
    /// `inputs:`.
    pub inputs: Vec<ActionInput>,
    /// `outputs:`, for composite actions with their value.
    pub outputs: Vec<(Spanned<String>, Option<Text>)>,
    /// `runs:`.
    pub runs: Runs,
    /// What breaks the syntax or the schema.
    pub problems: Vec<SchemaProblem>,
}

/// One declared input.
#[derive(Clone, Debug)]
pub struct ActionInput {
    /// Its name.
    pub name: Spanned<String>,
    /// `default:`.
    pub default: Option<Text>,
    /// `required: true`.
    pub required: bool,
}

/// How an action runs.
#[derive(Clone, Debug)]
pub enum Runs {
    /// Steps inside the calling job.
    Composite {
        /// The steps.
        steps: Vec<Step>,
    },
    /// A script for Node.js.
    JavaScript {
        /// The runtime, as in `node24`.
        using: Spanned<String>,
        /// `main:`, `pre:` and `post:`.
        entry_points: Vec<Spanned<String>>,
    },
    /// A container.
    Docker {
        /// `image:`, a `docker://` reference or a path to a Dockerfile.
        image: Option<Text>,
        /// `env:`.
        env: Vec<Pair>,
        /// `args:`.
        args: Vec<Text>,
    },
    /// A value that this version does not know, or none.
    Unknown(Span),
}

impl Action {
    /// Reads an action. Never fails: what is wrong stands in `problems`.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        Self::from_document(Document::parse(file))
    }

    /// Reads a parsed document as an action.
    #[must_use]
    pub fn from_document(document: Document) -> Self {
        let source = document.clone();
        let mut reader = Reader::default();
        reader.problems.extend(yaml_problems(&source));
        let mut action = Self {
            document,
            name: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            runs: Runs::Unknown(Span::default()),
            problems: Vec::new(),
        };
        match source.root() {
            // Unknown keys are ignored by the runner in this file, unlike in workflows.
            Some(root) if root.kind() == Kind::Mapping => {
                action.read(&mut reader, root);
            }
            _ if reader.problems.is_empty() => {
                reader.problem(Span::default(), "the action is empty or not a mapping");
            }
            _ => {}
        }
        for step in action.steps() {
            step_problems(&action.document, step, &mut reader.problems);
        }
        reader.problems.sort_by_key(|p| p.span);
        action.problems = reader.problems;
        action
    }

    fn read(&mut self, reader: &mut Reader, root: Node<'_>) {
        self.name = reader.text_at(root, "name");
        self.inputs = root.get("inputs").map_or_else(Vec::new, |inputs| {
            inputs
                .entries()
                .map(|(key, value)| ActionInput {
                    name: named(key),
                    default: value.get("default").and_then(Text::read),
                    required: value
                        .get("required")
                        .and_then(|n| n.as_bool())
                        .unwrap_or(false),
                })
                .collect()
        });
        self.outputs = root.get("outputs").map_or_else(Vec::new, |outputs| {
            outputs
                .entries()
                .map(|(key, value)| (named(key), value.get("value").and_then(Text::read)))
                .collect()
        });
        match root.get("runs") {
            Some(runs) => self.runs = read_runs(reader, runs),
            // After a syntax error it may well stand in the part that was not read.
            None if self.document.problems().is_empty() => {
                reader.problem(root.span(), "the action has no `runs`");
            }
            None => {}
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        self.document.file()
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &str {
        self.file().path()
    }

    /// The folder of the file, without trailing slash; empty for the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
    }

    /// The steps of a composite action.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        match &self.runs {
            Runs::Composite { steps } => steps,
            _ => &[],
        }
    }

    /// The image of a Docker action that is pulled rather than built.
    #[must_use]
    pub fn pulled_image(&self) -> Option<(ImageRef, Span)> {
        let Runs::Docker {
            image: Some(image), ..
        } = &self.runs
        else {
            return None;
        };
        Some((ImageRef::parse(pulled(&image.value)?), image.span))
    }

    /// The Dockerfile of a Docker action that is built rather than pulled, as it
    /// is written.
    #[must_use]
    pub fn dockerfile(&self) -> Option<&Text> {
        match &self.runs {
            Runs::Docker {
                image: Some(image), ..
            } if pulled(&image.value).is_none() => Some(image),
            _ => None,
        }
    }
}

/// The image behind `docker://`, in whatever capitals.
///
/// Source: actions/runner, `ActionManager`: all else is a path of the action.
fn pulled(image: &str) -> Option<&str> {
    let (scheme, image) = image.split_at_checked("docker://".len())?;
    scheme.eq_ignore_ascii_case("docker://").then_some(image)
}

fn named(key: Node<'_>) -> Spanned<String> {
    Spanned::new(key.as_str().unwrap_or("").to_owned(), key.span())
}

fn read_runs(reader: &mut Reader, node: Node<'_>) -> Runs {
    let Some(using) = reader.text_at(node, "using") else {
        reader.problem(node.span(), "`runs` has no `using`");
        return Runs::Unknown(node.span());
    };
    match using.value.to_ascii_lowercase().as_str() {
        "composite" => Runs::Composite {
            steps: node
                .get("steps")
                .map_or_else(Vec::new, |n| step::read_all(reader, n)),
        },
        "docker" => Runs::Docker {
            image: reader.text_at(node, "image"),
            env: reader.pairs_at(node, "env"),
            args: node
                .get("args")
                .map_or_else(Vec::new, |n| reader.texts(n, "`args`")),
        },
        other if other.starts_with("node") => Runs::JavaScript {
            using: Spanned::new(using.value.clone(), using.span),
            entry_points: ["main", "pre", "post"]
                .into_iter()
                .filter_map(|key| reader.text_at(node, key))
                .map(|t| Spanned::new(t.value, t.span))
                .collect(),
        },
        other => {
            reader.problem(
                using.span,
                format!("`using: {other}` is not a runtime that is known"),
            );
            Runs::Unknown(using.span)
        }
    }
}
