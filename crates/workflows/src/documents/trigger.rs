//! `on:`, the events that start a workflow.
//!
//! Source: GitHub, "Workflow syntax", `on`, and "Events that trigger workflows".

use cofferdam_facts::{Span, Spanned};

use super::reader::Reader;
use super::text::Text;
use crate::yaml::{Kind, Node};

/// One event with its filters.
#[derive(Clone, Debug)]
pub struct Trigger {
    /// The event, as in `pull_request_target`.
    pub event: Spanned<String>,
    /// The whole entry, filters included.
    pub span: Span,
    /// `types:`; `None` where GitHub's default applies.
    pub types: Option<Vec<Spanned<String>>>,
    /// `branches:`.
    pub branches: Option<Vec<Spanned<String>>>,
    /// `branches-ignore:`.
    pub branches_ignore: Option<Vec<Spanned<String>>>,
    /// `tags:`.
    pub tags: Option<Vec<Spanned<String>>>,
    /// `tags-ignore:`.
    pub tags_ignore: Option<Vec<Spanned<String>>>,
    /// `paths:`.
    pub paths: Option<Vec<Spanned<String>>>,
    /// `paths-ignore:`.
    pub paths_ignore: Option<Vec<Spanned<String>>>,
    /// `workflows:` of `workflow_run`.
    pub workflows: Vec<Spanned<String>>,
    /// `cron:` lines of `schedule`.
    pub crons: Vec<Spanned<String>>,
    /// `inputs:` of `workflow_dispatch` and `workflow_call`.
    pub inputs: Vec<Input>,
    /// `secrets:` of `workflow_call`: name and whether it is required.
    pub secrets: Vec<(Spanned<String>, bool)>,
    /// `outputs:` of `workflow_call`: name and value.
    pub outputs: Vec<(Spanned<String>, Option<Text>)>,
}

/// One declared input.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: Spanned<String>,
    /// `type:`, as written (`string`, `boolean`, `choice`, …).
    pub kind: Option<String>,
    /// `default:`.
    pub default: Option<Text>,
    /// `options:` of a choice.
    pub options: Vec<String>,
}

impl Trigger {
    fn bare(event: Spanned<String>, span: Span) -> Self {
        Self {
            event,
            span,
            types: None,
            branches: None,
            branches_ignore: None,
            tags: None,
            tags_ignore: None,
            paths: None,
            paths_ignore: None,
            workflows: Vec::new(),
            crons: Vec::new(),
            inputs: Vec::new(),
            secrets: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// The event's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.event.value
    }

    /// Whether the trigger lists this activity type.
    #[must_use]
    pub fn has_type(&self, name: &str) -> bool {
        self.types
            .as_ref()
            .is_some_and(|types| types.iter().any(|t| t.value == name))
    }
}

/// Reads the value of `on:`.
pub(crate) fn read(reader: &mut Reader, node: Node<'_>) -> Vec<Trigger> {
    let triggers: Vec<Trigger> = match node.kind() {
        Kind::Scalar => node
            .as_str()
            .filter(|s| !s.is_empty())
            .map(|s| Trigger::bare(Spanned::new(s.to_owned(), node.span()), node.span()))
            .into_iter()
            .collect(),
        Kind::Sequence => reader
            .strings(node, "`on`")
            .into_iter()
            .map(|event| {
                let span = event.span;
                Trigger::bare(event, span)
            })
            .collect(),
        Kind::Mapping => node
            .entries()
            .map(|(key, value)| {
                let name = key.as_str().unwrap_or("").to_owned();
                let event = Spanned::new(name, key.span());
                let span = Span::new(key.span().start, value.span().end.max(key.span().end));
                filters(reader, Trigger::bare(event, span), value)
            })
            .collect(),
    };
    // GitHub compares names letter by letter, and has none with a blank.
    for trigger in &triggers {
        let name = trigger.name();
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            reader.problem(
                trigger.event.span,
                format!(
                    "`{}` is not an event that GitHub knows",
                    name.escape_debug()
                ),
            );
        }
    }
    triggers
}

const KEYS: &[&str] = &[
    "types",
    "branches",
    "branches-ignore",
    "tags",
    "tags-ignore",
    "paths",
    "paths-ignore",
    "workflows",
    "inputs",
    "secrets",
    "outputs",
    "names",
];

fn filters(reader: &mut Reader, mut trigger: Trigger, node: Node<'_>) -> Trigger {
    if trigger.name() == "schedule" {
        for item in node.items() {
            if let Some(cron) = reader.text_at(item, "cron") {
                trigger.crons.push(Spanned::new(cron.value, cron.span));
            }
        }
        return trigger;
    }
    let what = format!("`on.{}`", trigger.name());
    if !reader.mapping(node, &what, KEYS) {
        return trigger;
    }
    let mut list = |key: &str| {
        node.get(key)
            .map(|n| reader.strings(n, &format!("`{key}`")))
    };
    trigger.types = list("types");
    trigger.branches = list("branches");
    trigger.branches_ignore = list("branches-ignore");
    trigger.tags = list("tags");
    trigger.tags_ignore = list("tags-ignore");
    trigger.paths = list("paths");
    trigger.paths_ignore = list("paths-ignore");
    trigger.workflows = list("workflows").unwrap_or_default();
    if let Some(inputs) = node.get("inputs") {
        trigger.inputs = inputs
            .entries()
            .map(|(key, value)| input(key, value))
            .collect();
    }
    if let Some(secrets) = node.get("secrets") {
        trigger.secrets = secrets
            .entries()
            .map(|(key, value)| {
                let required = value
                    .get("required")
                    .and_then(|n| n.as_bool())
                    .unwrap_or(false);
                (named(key), required)
            })
            .collect();
    }
    if let Some(outputs) = node.get("outputs") {
        trigger.outputs = outputs
            .entries()
            .map(|(key, value)| (named(key), value.get("value").and_then(Text::read)))
            .collect();
    }
    trigger
}

fn named(key: Node<'_>) -> Spanned<String> {
    Spanned::new(key.as_str().unwrap_or("").to_owned(), key.span())
}

fn input(key: Node<'_>, value: Node<'_>) -> Input {
    Input {
        name: named(key),
        kind: value
            .get("type")
            .and_then(|n| n.as_str())
            .map(str::to_owned),
        default: value.get("default").and_then(Text::read),
        options: value
            .get("options")
            .map(|n| {
                n.items()
                    .filter_map(|o| o.as_str().map(str::to_owned))
                    .collect()
            })
            .unwrap_or_default(),
    }
}
