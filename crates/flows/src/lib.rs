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

pub mod class;
pub mod code_inputs;
mod constraints;
pub mod flow;
mod javascript;
pub mod outputs;
mod position;
mod reads;
mod scope;
mod scripts;
mod settle;
mod sinks;
pub mod sources;
mod trace;
mod trail;
mod words;
mod writes;

use std::collections::HashMap;
use std::rc::Rc;

use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Workflow};

pub use class::{Class, Shape, Who};
pub use flow::{Flow, Hop, Sink, SinkKind, Source, Stage};
pub use outputs::Holds;
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
    /// Follows every sink of a checkout.
    #[must_use]
    pub fn of<'s>(repository: &'r Repository, scripts: &'s Scripts<'s>) -> Self {
        let index = Rc::new(Index::of(repository));
        let mut all = Self::default();
        {
            let mut builder = Builder {
                repository,
                index,
                scripts,
                all: &mut all,
            };
            for workflow in &repository.workflows {
                builder.workflow(workflow);
            }
            for action in &repository.actions {
                builder.action(action);
            }
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

struct Builder<'b, 's, 'r> {
    repository: &'r Repository,
    index: Rc<Index<'r>>,
    scripts: &'s Scripts<'s>,
    all: &'b mut Flows<'r>,
}

impl<'r> Builder<'_, '_, 'r> {
    fn workflow(&mut self, workflow: &'r Workflow) {
        let scopes = workflow.jobs.iter().map(|job| Scope::of_job(workflow, job));
        self.file(workflow.path(), scopes);
    }

    fn action(&mut self, action: &'r Action) {
        self.file(action.path(), std::iter::once(Scope::of_action(action)));
    }

    fn file(&mut self, path: &str, scopes: impl Iterator<Item = Scope<'r>>) {
        let tracer = Tracer::new(self.repository, Rc::clone(&self.index), self.scripts);
        let start = self.all.flows.len();
        for scope in scopes {
            for reached in tracer.sinks(scope) {
                let sink = self.all.sinks.len();
                let before = self.all.flows.len();
                for trail in &reached.trails {
                    for arrival in tracer.settle(reached.scope, trail) {
                        if self.all.flows.len() - start >= MAX_FLOWS {
                            tracer.unfinished.set(true);
                            break;
                        }
                        self.all.flows.push(Flow {
                            source: arrival.source,
                            hops: arrival.hops,
                            route: arrival.route,
                            through: arrival.through,
                            guards: arrival.guards,
                            cap: arrival.cap,
                            sink,
                        });
                    }
                }
                if self.all.flows.len() > before {
                    self.all.sinks.push(reached.sink);
                }
            }
        }
        if tracer.unfinished.get() {
            self.all.unfinished.push(path.to_owned());
        }
        let range = start..self.all.flows.len();
        self.all.of_file.insert(path.to_owned(), range);
    }
}
