//! One step of a job or of a composite action.
//!
//! Source: GitHub, "Workflow syntax", `jobs.<id>.steps[*]`; parallel steps
//! (`background`, `wait`, `wait-all`, `cancel`, `parallel`) since 2026-06.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{Span, Spanned, UsesRef};

use super::reader::Reader;
use super::text::{Condition, Pair, Text, lookup};
use crate::yaml::{Kind, Node};

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Zero-based place in its job, counted after parallel groups are flattened.
    pub index: usize,
    /// The group of parallel steps that it belongs to, if any.
    pub parallel_group: Option<usize>,
    /// `background: true`.
    pub background: bool,
    /// `id:`.
    pub id: Option<Spanned<String>>,
    /// `name:`.
    pub name: Option<Text>,
    /// The whole step.
    pub span: Span,
    /// `if:`.
    pub condition: Option<Condition>,
    /// `env:`.
    pub env: Vec<Pair>,
    /// `continue-on-error:`.
    pub continue_on_error: Option<Text>,
    /// What it does.
    pub kind: StepKind,
    pub(crate) action: Option<Box<str>>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// A script.
    Run {
        /// The script.
        script: Text,
        /// `shell:`.
        shell: Option<Text>,
        /// `working-directory:`.
        working_directory: Option<Text>,
    },
    /// An action.
    Uses {
        /// What is used.
        uses: Spanned<UsesRef>,
        /// `with:`.
        with: Vec<Pair>,
    },
    /// `wait`, `wait-all` or `cancel`: runs nothing of its own.
    Control,
    /// Neither: a problem says why.
    Unknown,
}

impl Step {
    /// The action used, if it is one.
    #[must_use]
    pub fn uses(&self) -> Option<&Spanned<UsesRef>> {
        match &self.kind {
            StepKind::Uses { uses, .. } => Some(uses),
            _ => None,
        }
    }

    /// `owner/repo[/path]` in lower case, if an action of a repository is used.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// `with:`; empty for scripts.
    #[must_use]
    pub fn with(&self) -> &[Pair] {
        match &self.kind {
            StepKind::Uses { with, .. } => with,
            _ => &[],
        }
    }

    /// One input, compared without case.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Text> {
        lookup(self.with(), name)
    }

    /// The script, if it is one.
    #[must_use]
    pub fn script(&self) -> Option<&Text> {
        match &self.kind {
            StepKind::Run { script, .. } => Some(script),
            _ => None,
        }
    }

    /// The place to point at when the step as a whole is meant: what it runs.
    #[must_use]
    pub fn head(&self) -> Span {
        match &self.kind {
            StepKind::Uses { uses, .. } => uses.span,
            StepKind::Run { script, .. } => self.name.as_ref().map_or(script.span, |n| n.span),
            _ => self.span,
        }
    }

    /// A name for messages and fingerprints that has no line number in it:
    /// id, name, action, or the place in the list.
    #[must_use]
    pub fn label(&self) -> String {
        if let Some(id) = &self.id {
            return id.value.clone();
        }
        if let Some(name) = &self.name {
            return name.value.clone();
        }
        match self.uses() {
            Some(uses) => match uses.value.repository() {
                Some(repository) => repository.name(),
                None => uses.value.to_string(),
            },
            None => format!("step {}", self.index + 1),
        }
    }

    /// Every scalar of the step whose expressions are evaluated on the runner,
    /// with the word for its place.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &Text)> {
        let (script, with) = match &self.kind {
            StepKind::Run {
                script,
                shell,
                working_directory,
            } => (
                [
                    Some(("run", script)),
                    shell.as_ref().map(|t| ("shell", t)),
                    working_directory.as_ref().map(|t| ("working-directory", t)),
                ],
                [].as_slice(),
            ),
            StepKind::Uses { with, .. } => ([None, None, None], with.as_slice()),
            _ => ([None, None, None], [].as_slice()),
        };
        script
            .into_iter()
            .flatten()
            .chain(with.iter().map(|p| ("with", &p.value)))
            .chain(self.env.iter().map(|p| ("env", &p.value)))
            .chain(self.condition.iter().map(|c| ("if", &c.text)))
            .chain(self.name.iter().map(|t| ("name", t)))
            .chain(
                self.continue_on_error
                    .iter()
                    .map(|t| ("continue-on-error", t)),
            )
    }
}

const KEYS: &[&str] = &[
    "id",
    "if",
    "name",
    "uses",
    "run",
    "working-directory",
    "shell",
    "with",
    "env",
    "continue-on-error",
    "timeout-minutes",
    "background",
    "wait",
    "wait-all",
    "cancel",
    "parallel",
];

/// Reads a list of steps; parallel groups are flattened in order.
pub(crate) fn read_all(reader: &mut Reader, node: Node<'_>) -> Vec<Step> {
    if node.kind() != Kind::Sequence {
        if !node.is_null() {
            reader.problem(node.span(), "`steps` must be a list");
        }
        return Vec::new();
    }
    let mut steps = Vec::new();
    let mut groups = 0;
    for item in node.items() {
        match item.get("parallel") {
            Some(group) if group.kind() == Kind::Sequence => {
                for member in group.items() {
                    let step = read(reader, member, steps.len(), Some(groups));
                    steps.push(step);
                }
                groups += 1;
            }
            _ => {
                let step = read(reader, item, steps.len(), None);
                steps.push(step);
            }
        }
    }
    steps
}

fn read(reader: &mut Reader, node: Node<'_>, index: usize, parallel_group: Option<usize>) -> Step {
    reader.mapping(node, "a step", KEYS);
    let kind = kind(reader, node);
    let action = match &kind {
        StepKind::Uses { uses, .. } => uses.value.repository().map(RepositoryUses::name),
        _ => None,
    };
    Step {
        index,
        parallel_group,
        background: node
            .get("background")
            .and_then(|n| n.as_bool())
            .unwrap_or(false),
        id: reader
            .text_at(node, "id")
            .map(|t| Spanned::new(t.value, t.span)),
        name: reader.text_at(node, "name"),
        span: node.span(),
        condition: node.get("if").and_then(Condition::read),
        env: reader.pairs_at(node, "env"),
        continue_on_error: reader.text_at(node, "continue-on-error"),
        kind,
        action: action.map(String::into_boxed_str),
    }
}

fn kind(reader: &mut Reader, node: Node<'_>) -> StepKind {
    let uses = node.get("uses");
    let run = node.get("run");
    match (uses, run) {
        (Some(uses), other) => {
            if other.is_some() {
                reader.problem(node.span(), "a step has both `uses` and `run`");
            }
            let Some(text) = reader.text(uses, "`uses`") else {
                return StepKind::Unknown;
            };
            StepKind::Uses {
                uses: Spanned::new(UsesRef::parse(&text.value), text.span),
                with: reader.pairs_at(node, "with"),
            }
        }
        (None, Some(run)) => {
            let Some(script) = reader.text(run, "`run`") else {
                return StepKind::Unknown;
            };
            StepKind::Run {
                script,
                shell: reader.text_at(node, "shell"),
                working_directory: reader.text_at(node, "working-directory"),
            }
        }
        (None, None) => {
            if ["wait", "wait-all", "cancel"]
                .iter()
                .any(|key| node.get(key).is_some())
            {
                return StepKind::Control;
            }
            if node.kind() == Kind::Mapping {
                reader.problem(node.span(), "a step has neither `uses` nor `run`");
            }
            StepKind::Unknown
        }
    }
}
