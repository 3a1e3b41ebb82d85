//! From the place of a finding to what stands there.

use std::collections::HashSet;

use cofferdam_facts::Span;
use cofferdam_findings::Finding;
use cofferdam_rules::{Context, JobView};
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::yaml::edit::{Change, Position, Value};
use cofferdam_workflows::yaml::{Document, Node, NodeId};

use crate::fix::NoFix;

/// Where a finding stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'c> {
    pub(crate) cx: &'c Context<'c>,
    pub(crate) document: &'c Document,
    pub(crate) span: Span,
}

impl<'c> Place<'c> {
    pub(crate) fn of(cx: &'c Context<'c>, finding: &Finding) -> Result<Self, NoFix> {
        let document = (cx.repository)
            .document(&finding.location.path)
            .ok_or(NoFix::NoPlace)?;
        Ok(Self {
            cx,
            document,
            span: finding.location.span,
        })
    }

    pub(crate) fn path(&self) -> &'c str {
        self.document.file().path()
    }

    /// The innermost node.
    pub(crate) fn node(&self) -> Result<Node<'c>, NoFix> {
        self.document.node_at(self.span).ok_or(NoFix::NoPlace)
    }

    pub(crate) fn action(&self) -> Option<&'c Action> {
        let mut actions = self.cx.repository.actions.iter();
        actions.find(|action| action.path() == self.path())
    }

    /// The job around the place.
    pub(crate) fn job(&self) -> Option<&'c JobView<'c>> {
        let mut jobs = self.cx.jobs_at(self.path()).iter();
        jobs.find(|view| view.job.span.contains(self.span))
    }

    /// The step around the place, with its job where it has one.
    pub(crate) fn step(&self) -> Option<(Option<&'c JobView<'c>>, &'c Step)> {
        let around = |step: &&Step| step.span.contains(self.span);
        if let Some(action) = self.action() {
            return action.steps().iter().find(around).map(|step| (None, step));
        }
        let job = self.job()?;
        job.job
            .steps()
            .iter()
            .find(around)
            .map(|step| (Some(job), step))
    }

    /// The mapping of a step.
    pub(crate) fn step_node(&self, step: &Step) -> Result<Node<'c>, NoFix> {
        mapping_at(self.document, step.span).ok_or(NoFix::NoPlace)
    }

    /// The mapping of a job.
    pub(crate) fn job_node(&self, view: &JobView<'_>) -> Result<Node<'c>, NoFix> {
        let jobs = self.root()?.get("jobs");
        jobs.and_then(|jobs| jobs.get(view.job.name()))
            .ok_or(NoFix::NoPlace)
    }

    pub(crate) fn root(&self) -> Result<Node<'c>, NoFix> {
        self.document.root().ok_or(NoFix::NoPlace)
    }
}

/// The outermost node with these bytes that has entries.
fn mapping_at(document: &Document, span: Span) -> Option<Node<'_>> {
    let mut node = document.node_at(span)?;
    let mut found = None;
    loop {
        if node.entries().next().is_some() && node.span() == span {
            found = Some(node);
        }
        match node.parent() {
            Some(parent) if parent.span().contains(span) && node.span().len() <= span.len() => {
                node = parent;
            }
            _ => return found,
        }
    }
}

/// Takes a key out of a mapping, and the mapping out of the one around it where
/// nothing else is in it.
pub(crate) fn remove(mapping: Node<'_>, key: &str) -> Result<Change, NoFix> {
    if mapping.entries().count() == 1
        && let Some(parent) = mapping.parent()
        && let Some((name, _)) = parent.entries().find(|(_, value)| *value == mapping)
        && let Some(name) = name.as_str()
    {
        return Ok(Change::Remove {
            mapping: parent.id(),
            key: name.to_owned(),
        });
    }
    mapping.get(key).ok_or(NoFix::NoPlace)?;
    Ok(Change::Remove {
        mapping: mapping.id(),
        key: key.to_owned(),
    })
}

/// Puts an entry into a mapping below a key, and makes that mapping where it is
/// not there.
pub(crate) fn put_below(around: Node<'_>, below: &str, key: &str, value: Value) -> Change {
    match around.get(below) {
        Some(mapping) => Change::Insert {
            mapping: mapping.id(),
            key: key.to_owned(),
            value,
            position: Position::Last,
        },
        None => Change::Insert {
            mapping: around.id(),
            key: below.to_owned(),
            value: Value::Mapping(vec![(key.to_owned(), value)]),
            position: Position::Last,
        },
    }
}

/// The nodes that aliases stand for.
pub(crate) fn aliased(document: &Document) -> HashSet<NodeId> {
    let mut found = HashSet::new();
    if !document.text().contains('*') {
        return found;
    }
    let mut waiting: Vec<Node<'_>> = document.roots().collect();
    while let Some(node) = waiting.pop() {
        if node.alias_span().is_some() {
            found.insert(node.id());
            continue;
        }
        for (key, value) in node.entries() {
            waiting.extend([key, value]);
        }
        waiting.extend(node.items());
    }
    found
}

/// The node that a change is about.
pub(crate) fn target(change: &Change) -> NodeId {
    match change {
        Change::Replace { node, .. }
        | Change::ReplacePart { node, .. }
        | Change::Comment { node, .. } => *node,
        Change::Insert { mapping, .. } | Change::Remove { mapping, .. } => *mapping,
        Change::Append { sequence, .. } | Change::RemoveItem { sequence, .. } => *sequence,
    }
}

/// Whether a change reaches further than its place.
pub(crate) fn reaches_further(
    document: &Document,
    change: &Change,
    aliased: &HashSet<NodeId>,
) -> bool {
    if aliased.is_empty() {
        return false;
    }
    let mut node = document.node(target(change));
    while let Some(here) = node {
        if aliased.contains(&here.id()) {
            return true;
        }
        node = here.parent();
    }
    false
}

/// The way from the root to a node: keys, and the numbers of items.
pub(crate) fn path_of(node: Node<'_>) -> Vec<String> {
    let mut path = Vec::new();
    let mut here = node;
    while let Some(parent) = here.parent() {
        let key = parent.entries().find(|(_, value)| *value == here);
        let name = match key {
            Some((key, _)) => key.as_str().unwrap_or_default().to_owned(),
            None => parent
                .items()
                .position(|item| item == here)
                .map_or_else(String::new, |at| at.to_string()),
        };
        path.push(name);
        here = parent;
    }
    path.reverse();
    path
}
