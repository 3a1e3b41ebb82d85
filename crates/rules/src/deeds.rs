//! What the steps of a job do: publish, prove, restore caches. Composite
//! actions of the checkout are followed; what they do is shown at the step
//! that uses them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cofferdam_facts::{Access, Scope};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Job, Pair, Step, Workflow};
use cofferdam_workflows::semantics::caching::{self, Restore};
use cofferdam_workflows::semantics::permissions::Effective;
use cofferdam_workflows::semantics::proving::{self, Proving};
use cofferdam_workflows::semantics::publishing::{self, Artifact, Publication};
use cofferdam_workflows::semantics::surroundings::{self, Surroundings};
use cofferdam_workflows::yaml::Document;

use crate::context::{Scripts, script_of};

/// Actions that call actions are followed this far, as GitHub does.
const MAX_DEPTH: usize = 10;

/// What a job does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) publications: Vec<Publication>,
    pub(crate) proving: Proving,
    pub(crate) restores: Vec<Restore>,
}

/// What actions of the checkout do, kept for the next job that uses them in
/// the same way.
#[derive(Debug, Default)]
pub(crate) struct Known<'c> {
    deeds: Mutex<HashMap<Use<'c>, Arc<Deeds>>>,
}

/// All on which the deeds of an action depend.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Use<'c> {
    action: &'c str,
    depth: usize,
    id_token: Option<bool>,
    env: Vec<(&'c str, &'c str)>,
    // Those that the action hands on, in order of name.
    inputs: Vec<Option<String>>,
}

impl<'c> Known<'c> {
    fn get(&self, key: Use<'c>, walk: impl FnOnce() -> Deeds) -> Arc<Deeds> {
        let lock = || self.deeds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(deeds) = lock().get(&key) {
            return Arc::clone(deeds);
        }
        // Not under the lock: actions use actions.
        let deeds = Arc::new(walk());
        lock().insert(key, Arc::clone(&deeds));
        deeds
    }
}

/// What a job does, by its steps or by the workflow that it calls.
pub(crate) fn of_job<'c>(
    repository: &'c Repository,
    workflow: &'c Workflow,
    job: &'c Job,
    token: &Effective,
    scripts: &Scripts<'_>,
    known: &Known<'c>,
) -> Deeds {
    if job.call().is_some() {
        return Deeds {
            publications: publishing::by_call(job).into_iter().collect(),
            proving: proving::by_call(job),
            restores: Vec::new(),
        };
    }
    let walk = Walk {
        repository,
        scripts,
        known,
        env: vec![&job.env, &workflow.env],
        id_token: match token.access(Scope::IdToken) {
            Access::Write => Some(true),
            // A called workflow that names nothing has what its caller has.
            _ if token.assumed && workflow.is_reusable() => None,
            // A default never gives it.
            _ => Some(false),
        },
    };
    walk.steps(&workflow.document, job.steps(), job.steps(), 0)
}

struct Walk<'w, 'c> {
    repository: &'c Repository,
    scripts: &'w Scripts<'w>,
    known: &'w Known<'c>,
    env: Vec<&'c [Pair]>,
    id_token: Option<bool>,
}

impl<'c> Walk<'_, 'c> {
    // `steps` are what the caller made of `written`.
    fn steps(&self, document: &Document, steps: &[Step], written: &[Step], depth: usize) -> Deeds {
        let around = Surroundings {
            document,
            steps,
            env: self.env.clone(),
            id_token: self.id_token,
        };
        let mut deeds = Deeds::default();
        for (step, as_written) in steps.iter().zip(written) {
            let own = self.step(&around, step, as_written);
            deeds.absorb(own);
            let called = step
                .uses()
                .and_then(|uses| Some((uses, self.repository.own_action(&uses.value)?)));
            let Some((uses, action)) = called.filter(|_| depth < MAX_DEPTH) else {
                continue;
            };
            let inner = self.known.get(self.key(step, action, depth), || {
                let inner = surroundings::bound(action.steps(), &|name| {
                    surroundings::given(step, action, name)
                });
                self.steps(&action.document, &inner, action.steps(), depth + 1)
            });
            deeds.absorb(Deeds::clone(&inner).moved(step.index, uses.span));
        }
        deeds
    }

    fn key(&self, caller: &Step, action: &'c Action, depth: usize) -> Use<'c> {
        let env = self.env.iter().flat_map(|pairs| pairs.iter());
        let inputs = surroundings::inputs(action.steps());
        let given = |name| surroundings::given(caller, action, name).map(|text| text.value);
        Use {
            action: action.path(),
            depth,
            id_token: self.id_token,
            env: env.map(|p| (&*p.key.value, &*p.value.value)).collect(),
            inputs: inputs.into_iter().map(given).collect(),
        }
    }

    fn step(&self, around: &Surroundings<'_>, step: &Step, written: &Step) -> Deeds {
        let script = script_of(self.scripts, around.document, step);
        let at = |range| {
            step.script()
                .map_or(step.span, |text| text.raw_span(around.document, range))
        };
        let mut publications = publishing::of_step(around, step, script, at);
        // What decides at run time is asked where it is written, so that a
        // start can tell what the caller hands in.
        if publications.iter().any(|p| p.decided_by.is_some()) {
            let raw = publishing::by_action(around, written).and_then(|p| p.decided_by);
            for publication in &mut publications {
                publication.decided_by = publication.decided_by.take().and(raw.clone());
            }
        }
        let mut proving = proving::of_step(around, step, script, &at);
        if let Some(run) = publishing::runs_goreleaser(step, script) {
            let config = publishing::configuration(&run, &self.repository.goreleasers);
            let release = publications
                .iter()
                .position(|p| p.artifact == Artifact::Release && p.means.starts_with("goreleaser"));
            match (release, config) {
                (Some(at), Some(config)) => {
                    let release = publications.remove(at);
                    proving.absorb(proving::by_goreleaser(
                        step.index,
                        release.span,
                        &run,
                        config,
                    ));
                    publications.extend(publishing::by_goreleaser(&release, &run, config));
                }
                (Some(at), None) => {
                    if let Some(release) = publications.get(at) {
                        proving.hints.push(proving::Hint {
                            step: step.index,
                            span: release.span,
                            means: "GoReleaser's configuration, which was not read".to_owned(),
                        });
                    }
                }
                (None, _) => {}
            }
        }
        Deeds {
            publications,
            proving,
            restores: caching::of_step(around, step, script, &at)
                .into_iter()
                .collect(),
        }
    }
}

impl Deeds {
    fn absorb(&mut self, other: Self) {
        self.publications.extend(other.publications);
        self.proving.absorb(other.proving);
        self.restores.extend(other.restores);
    }

    fn moved(mut self, step: usize, span: cofferdam_facts::Span) -> Self {
        for publication in &mut self.publications {
            publication.step = step;
            publication.span = span;
        }
        for restore in &mut self.restores {
            restore.step = step;
            restore.span = span;
        }
        self.proving = self.proving.moved(step, span);
        self
    }
}
