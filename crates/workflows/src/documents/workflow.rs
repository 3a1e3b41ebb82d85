//! A workflow file.
//!
//! Source: GitHub, "Workflow syntax for GitHub Actions".

use std::collections::HashMap;
use std::sync::OnceLock;

use cofferdam_facts::{SourceFile, Span, Spanned};

use super::job::{self, CacheMode, CallSecrets, Defaults, Job, Permissions};
use super::reader::{
    Reader, SchemaProblem, condition_problems, expression_problems, step_problems, yaml_problems,
};
use super::text::{Pair, Text};
use super::trigger::{self, Trigger};
use crate::yaml::{Document, Kind};

/// A workflow, with everything that was understood of it.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// The file.
    pub document: Document,
    /// `name:`.
    pub name: Option<Text>,
    /// `on:`.
    pub triggers: Vec<Trigger>,
    /// Where `on:` stands: its key; the start of the file where it is missing.
    pub on_span: Span,
    /// `permissions:`.
    pub permissions: Option<Permissions>,
    /// `cache-mode:`.
    pub cache_mode: Option<Spanned<CacheMode>>,
    /// `env:`.
    pub env: Vec<Pair>,
    /// `defaults.run`.
    pub defaults: Defaults,
    /// Whether `concurrency:` is set.
    pub concurrency: bool,
    /// `jobs:`.
    pub jobs: Vec<Job>,
    /// What breaks the syntax or the schema.
    pub problems: Vec<SchemaProblem>,
    // The places of the jobs, by id as written and in small letters.
    by_id: OnceLock<HashMap<String, usize>>,
}

const KEYS: &[&str] = &[
    "name",
    "run-name",
    "on",
    "permissions",
    "cache-mode",
    "env",
    "defaults",
    "concurrency",
    "jobs",
    "description",
];

impl Workflow {
    /// Reads a workflow. Never fails: what is wrong stands in `problems`.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        Self::from_document(Document::parse(file))
    }

    /// Reads a parsed document as a workflow.
    #[must_use]
    pub fn from_document(document: Document) -> Self {
        let source = document.clone();
        let mut reader = Reader::default();
        reader.problems.extend(yaml_problems(&source));
        let mut workflow = Self {
            name: None,
            triggers: Vec::new(),
            on_span: Span::default(),
            permissions: None,
            cache_mode: None,
            env: Vec::new(),
            defaults: Defaults::default(),
            concurrency: false,
            jobs: Vec::new(),
            problems: Vec::new(),
            by_id: OnceLock::new(),
            document,
        };
        match source.root() {
            Some(root) if reader.mapping(root, "a workflow", KEYS) => {
                workflow.read(&mut reader, root);
            }
            _ if reader.problems.is_empty() => {
                reader.problem(Span::default(), "the workflow is empty or not a mapping");
            }
            _ => {}
        }
        reader.problems.extend(workflow.unparsed_expressions());
        reader.problems.sort_by_key(|p| p.span);
        workflow.problems = reader.problems;
        workflow
    }

    fn read(&mut self, reader: &mut Reader, root: crate::yaml::Node<'_>) {
        self.name = reader.text_at(root, "name");
        match root.get_entry("on") {
            Some((key, value)) => {
                self.on_span = key.span();
                self.triggers = trigger::read(reader, value);
            }
            // After a syntax error it may well stand in the part that was not read.
            None if self.document.problems().is_empty() => {
                reader.problem(root.span(), "the workflow has no `on`");
            }
            None => {}
        }
        self.permissions = root.get("permissions").map(|n| job::permissions(reader, n));
        self.cache_mode = root.get("cache-mode").map(|n| job::cache_mode(reader, n));
        self.env = reader.pairs_at(root, "env");
        self.defaults = job::defaults(reader, root);
        self.concurrency = root.get("concurrency").is_some();
        match root.get("jobs") {
            Some(jobs) if jobs.kind() == Kind::Mapping => {
                self.jobs = jobs
                    .entries()
                    .map(|(key, node)| job::read(reader, key, node))
                    .collect();
            }
            Some(jobs) => reader.problem(jobs.span(), "`jobs` must be a mapping"),
            None if self.document.problems().is_empty() => {
                reader.problem(root.span(), "the workflow has no `jobs`");
            }
            None => {}
        }
    }

    fn unparsed_expressions(&self) -> Vec<SchemaProblem> {
        let mut found = Vec::new();
        let mut pairs = |pairs: &[Pair]| {
            for pair in pairs {
                expression_problems(&self.document, &pair.value, &mut found);
            }
        };
        pairs(&self.env);
        for job in &self.jobs {
            pairs(&job.env);
            pairs(&job.outputs);
            if let Some(call) = job.call() {
                pairs(&call.with);
                if let CallSecrets::Named(named) = &call.secrets {
                    pairs(named);
                }
            }
        }
        for job in &self.jobs {
            if let Some(condition) = &job.condition {
                condition_problems(condition, &mut found);
            }
            if let Some(environment) = &job.environment {
                expression_problems(&self.document, &environment.name, &mut found);
            }
            for label in &job.runs_on.labels {
                expression_problems(&self.document, label, &mut found);
            }
            for step in job.steps() {
                step_problems(&self.document, step, &mut found);
            }
        }
        found
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

    /// The trigger of an event.
    #[must_use]
    pub fn trigger(&self, event: &str) -> Option<&Trigger> {
        self.triggers.iter().find(|t| t.name() == event)
    }

    /// Whether an event starts it.
    #[must_use]
    pub fn has_trigger(&self, event: &str) -> bool {
        self.trigger(event).is_some()
    }

    /// The job with an id. `needs` and the contexts of expressions take it in
    /// any case of letters; one that is written alike comes first.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&Job> {
        self.jobs.get(self.position(id)?)
    }

    /// Its place among the jobs.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<usize> {
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id = HashMap::new();
            for (at, job) in self.jobs.iter().enumerate() {
                by_id.entry(job.id.value.clone()).or_insert(at);
            }
            for (at, job) in self.jobs.iter().enumerate() {
                by_id.entry(job.id.value.to_ascii_lowercase()).or_insert(at);
            }
            by_id
        });
        let exact = by_id.get(id);
        exact
            .or_else(|| by_id.get(&id.to_ascii_lowercase()))
            .copied()
    }

    /// The places of the jobs, so that each comes behind those that it needs,
    /// as far as they do not need each other.
    #[must_use]
    pub fn in_order_of_needs(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.jobs.len());
        let mut seen = vec![false; self.jobs.len()];
        for first in 0..self.jobs.len() {
            // What is entered once more has had its needs placed.
            let mut waiting = vec![(first, false)];
            while let Some((at, placed)) = waiting.pop() {
                if placed {
                    order.push(at);
                    continue;
                }
                let Some(seen) = seen.get_mut(at).filter(|seen| !**seen) else {
                    continue;
                };
                *seen = true;
                waiting.push((at, true));
                let needs = self.jobs.get(at).map_or(&[][..], |job| &job.needs);
                let needed = needs.iter().filter_map(|need| self.position(&need.value));
                waiting.extend(needed.map(|need| (need, false)));
            }
        }
        order
    }

    /// Whether other workflows may call it.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.has_trigger("workflow_call")
    }
}
