//! What the steps of a job do: publish, prove, restore caches. Composite
//! actions of the checkout are followed; what they do is shown at the step
//! that uses them.

use cofferdam_facts::{Access, Scope};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Job, Pair, Step, Workflow};
use cofferdam_workflows::semantics::caching::{self, Restore};
use cofferdam_workflows::semantics::permissions::Effective;
use cofferdam_workflows::semantics::proving::{self, Proving};
use cofferdam_workflows::semantics::publishing::{self, Artifact, Publication};
use cofferdam_workflows::semantics::surroundings::{self, Surroundings};
use cofferdam_workflows::yaml::Document;

use crate::context::{Scripts, script_of};

/// Actions that call actions are followed this far; GitHub allows ten.
const MAX_DEPTH: usize = 4;

/// What a job does.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) publications: Vec<Publication>,
    pub(crate) proving: Proving,
    pub(crate) restores: Vec<Restore>,
}

/// What a job does, by its steps or by the workflow that it calls.
pub(crate) fn of_job(
    repository: &Repository,
    workflow: &Workflow,
    job: &Job,
    token: &Effective,
    scripts: &Scripts<'_>,
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

struct Walk<'w> {
    repository: &'w Repository,
    scripts: &'w Scripts<'w>,
    env: Vec<&'w [Pair]>,
    id_token: Option<bool>,
}

impl Walk<'_> {
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
            let inner = surroundings::bound(action.steps(), &|name| {
                surroundings::given(step, action, name)
            });
            let inner = self.steps(&action.document, &inner, action.steps(), depth + 1);
            deeds.absorb(inner.moved(step.index, uses.span));
        }
        deeds
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
