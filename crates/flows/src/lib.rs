//! From where a value that somebody else writes can come to a place where it
//! is code.
//!
//! Every file of a checkout is followed by itself, from its sinks back to
//! sources or to its inputs; inputs are then taken on to whoever passes them.
//! What comes out says for each sink where the value comes from, over which
//! hops, and through which jobs. How bad that is, is for others to say.
//!
//! The work is bounded: each definition is followed once, cycles of calls are
//! cut, and where a limit is hit, [`Flows::unfinished`] names the file.

mod api;
mod arguments;
mod caches;
mod calculated;
pub mod class;
pub mod code_inputs;
mod constraints;
mod evaluated;
mod fetched;
mod filters;
pub mod flow;
mod javascript;
mod leavings;
mod line_code;
mod line_writes;
pub mod outputs;
mod owners;
mod patterns;
mod plain;
mod position;
mod programs;
mod prompts;
mod readers;
mod reads;
mod requests;
mod scope;
mod scripts;
mod settle;
mod sinks;
mod sourced;
pub mod sources;
mod stores;
mod targets;
pub mod tools;
mod trace;
mod trail;
mod whole;
mod words;
mod writes;

use std::collections::HashMap;
use std::sync::Arc;

use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Workflow};
use rayon::prelude::*;

pub use class::{Class, Shape, Who};
pub use flow::{Flow, Hop, Saved, Sink, SinkKind, Source, Stage};
pub use outputs::Holds;
pub use tools::{Effect, Means};
pub use trace::Scripts;

use scope::{Index, Scope};
use trace::Tracer;

/// All flows of a checkout.
#[derive(Debug, Default)]
pub struct Flows<'r> {
    sinks: Vec<Sink<'r>>,
    flows: Vec<Flow<'r>>,
    unfinished: Vec<String>,
    of_file: HashMap<String, std::ops::Range<usize>>,
}

/// More flows than this into one file are not told apart.
const MAX_FLOWS: usize = 20_000;

impl<'r> Flows<'r> {
    /// Follows every sink of a checkout, file by file.
    #[must_use]
    pub fn of<'s>(repository: &'r Repository, scripts: &'s Scripts<'s>) -> Self
    where
        'r: 's,
    {
        let index = Arc::new(Index::of(repository));
        let of_workflow = |workflow: &'r Workflow| {
            let jobs = workflow.jobs.iter();
            let scopes = jobs.map(|job| Scope::of_job(workflow, job)).collect();
            of_file(repository, &index, scripts, workflow.path(), scopes)
        };
        let of_action = |action: &'r Action| {
            let scopes = vec![Scope::of_action(action)];
            of_file(repository, &index, scripts, action.path(), scopes)
        };
        let mut files: Vec<OfFile<'r>> = repository.workflows.par_iter().map(of_workflow).collect();
        files.par_extend(repository.actions.par_iter().map(of_action));
        let mut all = Self::default();
        for file in files {
            let before = all.sinks.len();
            let start = all.flows.len();
            all.sinks.extend(file.sinks);
            all.flows.extend(file.flows.into_iter().map(|mut flow| {
                flow.sink += before;
                flow
            }));
            if file.unfinished {
                all.unfinished.push(file.path.clone());
            }
            all.of_file.insert(file.path, start..all.flows.len());
        }
        all
    }

    /// The flows into the sinks of one file, in the order of the file.
    pub fn of_file(&self, path: &str) -> impl Iterator<Item = &Flow<'r>> {
        let range = self.of_file.get(path).cloned().unwrap_or_default();
        self.flows.get(range).unwrap_or_default().iter()
    }

    /// All flows, in the order of files.
    pub fn iter(&self) -> impl Iterator<Item = &Flow<'r>> {
        self.flows.iter()
    }

    /// The sink of a flow.
    #[must_use]
    pub fn sink(&self, flow: &Flow<'r>) -> Option<&Sink<'r>> {
        self.sinks.get(flow.sink)
    }

    /// Files in which a limit was hit, so that there may be more flows.
    #[must_use]
    pub fn unfinished(&self) -> &[String] {
        &self.unfinished
    }
}

struct OfFile<'r> {
    path: String,
    sinks: Vec<Sink<'r>>,
    flows: Vec<Flow<'r>>,
    unfinished: bool,
}

// What is remembered is remembered for one file, so that files are independent
// of each other and of the number of threads.
fn of_file<'s, 'r: 's>(
    repository: &'r Repository,
    index: &Arc<Index<'r>>,
    scripts: &'s Scripts<'s>,
    path: &str,
    scopes: Vec<Scope<'r>>,
) -> OfFile<'r> {
    let tracer = Tracer::new(repository, Arc::clone(index), scripts);
    let mut file = OfFile {
        path: path.to_owned(),
        sinks: Vec::new(),
        flows: Vec::new(),
        unfinished: false,
    };
    for reached in scopes.into_iter().flat_map(|scope| tracer.sinks(scope)) {
        let sink = file.sinks.len();
        let before = file.flows.len();
        for trail in &reached.trails {
            for arrival in tracer.settle(reached.scope, trail) {
                // Who hands over the input may as well hand over this one.
                let own = matches!(arrival.source, Source::Caller(_) | Source::Dispatch(_));
                if own && arrival.behind_break {
                    continue;
                }
                if file.flows.len() >= MAX_FLOWS {
                    tracer.unfinished.set(true);
                    break;
                }
                file.flows.push(Flow {
                    source: arrival.source,
                    hops: arrival.hops,
                    route: arrival.route,
                    through: arrival.through,
                    guards: arrival.guards,
                    saved: arrival.saved,
                    cap: arrival.cap,
                    split: arrival.split,
                    behind_break: arrival.behind_break,
                    opaque: arrival.opaque,
                    sink,
                });
            }
        }
        if file.flows.len() > before {
            file.sinks.push(reached.sink);
        }
    }
    file.unfinished = tracer.unfinished.get();
    file
}
