//! What the steps of a job do: publish, prove, restore caches. Composite
//! actions of the checkout are followed; what they do is shown at the step
//! that uses them.

use std::cell::{Cell, OnceCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cofferdam_facts::{Access, Scope};
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Condition, Job, Pair, Step, Text, Workflow};
use cofferdam_workflows::expressions::ExprKind;
use cofferdam_workflows::semantics::caching::{self, Restore};
use cofferdam_workflows::semantics::logins::{self, Place};
use cofferdam_workflows::semantics::permissions::Effective;
use cofferdam_workflows::semantics::proving::{self, Proving};
use cofferdam_workflows::semantics::publishing::{self, Artifact, Publication};
use cofferdam_workflows::semantics::secrets;
use cofferdam_workflows::semantics::stages::Stage;
use cofferdam_workflows::semantics::surroundings::{self, Surroundings};
use cofferdam_workflows::semantics::wrappers;
use cofferdam_workflows::shell::{self, Script, Shell};
use cofferdam_workflows::yaml::Document;

use crate::context::{Scripts, script_of};

/// Actions that call actions are followed this far, as GitHub does.
const MAX_DEPTH: usize = 10;

/// So many deeds of one kind are kept for one job or action: actions that use
/// actions multiply what they do.
const MAX_DEEDS: usize = 256;

/// What a job does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) publications: Vec<Publication>,
    pub(crate) proving: Proving,
    pub(crate) restores: Vec<Restore>,
    /// Whether some were left out, because there are too many.
    pub(crate) cut: bool,
}

/// What actions of the checkout do, kept for the next job that uses them in
/// the same way.
#[derive(Debug, Default)]
pub(crate) struct Known<'c> {
    // `None` where it depends on the credential too, which not every use needs.
    deeds: Mutex<HashMap<Use<'c>, Option<Arc<Deeds>>>>,
}

/// All on which the deeds of an action depend.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Use<'c> {
    action: &'c str,
    depth: usize,
    id_token: Option<bool>,
    env: Vec<(&'c str, &'c str)>,
    // Those that the action hands on, in order of name.
    inputs: Vec<Option<String>>,
    // Where it was asked for.
    credential: Option<Credential>,
}

impl<'c> Known<'c> {
    fn get(&self, key: &Use<'c>) -> Option<Option<Arc<Deeds>>> {
        self.lock().get(key).cloned()
    }

    fn keep(&self, key: Use<'c>, deeds: Option<&Arc<Deeds>>) {
        self.lock().insert(key, deeds.cloned());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Use<'c>, Option<Arc<Deeds>>>> {
        self.deeds.lock().unwrap_or_else(PoisonError::into_inner)
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
            ..Deeds::default()
        };
    }
    // Asked for jobs with a step whose name says that it publishes only.
    let found = OnceCell::new();
    let credential =
        || *found.get_or_init(|| credential(repository, workflow, job, token, scripts));
    let walk = Walk {
        credential: &credential,
        asked: Cell::new(false),
        repository,
        scripts,
        known,
        env: vec![&job.env, &workflow.env],
        shell: (job.defaults.shell.as_ref()).or(workflow.defaults.shell.as_ref()),
        id_token: match token.access(Scope::IdToken) {
            Access::Write => Some(true),
            // A called workflow that names nothing has what its caller has.
            _ if token.assumed && workflow.is_reusable() => None,
            // A default never gives it.
            _ => Some(false),
        },
    };
    let mut deeds = walk.steps(&workflow.document, job.steps(), job.steps(), 0);
    // Beside what is read, a name adds nothing.
    let read = |p: &Publication| {
        !matches!(
            p.artifact,
            Artifact::Unread | Artifact::Tag | Artifact::Site | Artifact::Files
        )
    };
    if deeds.publications.iter().any(read) {
        deeds
            .publications
            .retain(|p| p.artifact != Artifact::Unread);
    }
    // A release with files of its own says more than its tag.
    let is_release = |p: &Publication| p.artifact == Artifact::Release && !p.bare;
    if deeds.publications.iter().any(is_release) {
        deeds.publications.retain(|p| p.artifact != Artifact::Tag);
    }
    deeds
}

/// What a job can publish with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Credential {
    None,
    /// An identity that may be for anything.
    Identity,
    /// A sign-in to a registry, or what publishing programs read.
    Registry,
}

fn credential(
    repository: &Repository,
    workflow: &Workflow,
    job: &Job,
    token: &Effective,
    scripts: &Scripts<'_>,
) -> Credential {
    let holds = |wanted: Scope| !token.assumed && token.writes().any(|scope| scope == wanted);
    let stored = |pair: &Pair| {
        logins::is_for_publishing(&pair.key.value)
            && pair
                .value
                .parsed()
                .any(|(_, expr)| !secrets::names(expr).is_empty())
    };
    let variables = job.steps().iter().flat_map(|step| &step.env);
    let logins = || {
        logins::of_job(Place {
            repository,
            workflow,
            job,
            publications: &[],
            script: &|step: &Step| script_of(scripts, &workflow.document, step),
        })
    };
    let registry = holds(Scope::Packages)
        || variables.chain(&job.env).chain(&workflow.env).any(stored)
        || logins().iter().any(|login| login.stage() != Stage::Local);
    if registry {
        Credential::Registry
    } else if holds(Scope::IdToken) {
        Credential::Identity
    } else {
        Credential::None
    }
}

struct Walk<'w, 'c> {
    repository: &'c Repository,
    scripts: &'w Scripts<'w>,
    known: &'w Known<'c>,
    env: Vec<&'c [Pair]>,
    id_token: Option<bool>,
    shell: Option<&'w Text>,
    credential: &'w dyn Fn() -> Credential,
    // Whether it was, in the action that is walked.
    asked: Cell<bool>,
}

impl<'c> Walk<'_, 'c> {
    // `steps` are what the caller made of `written`.
    fn steps(&self, document: &Document, steps: &[Step], written: &[Step], depth: usize) -> Deeds {
        let around = Surroundings {
            document,
            steps,
            env: self.env.clone(),
            id_token: self.id_token,
            shell: self.shell.filter(|_| depth == 0),
        };
        let mut deeds = Deeds::default();
        for (step, as_written) in steps.iter().zip(written) {
            let mut own = self.step(&around, step, as_written);
            // Conditions of the job's own steps are judged for each start.
            if depth > 0 && never_runs(step) {
                own.proving = Proving::default();
            }
            deeds.absorb(own);
            if let (Some(inner), Some(uses)) = (wrappers::action(step), step.uses()) {
                let own = self.step(&around, &inner, &inner);
                deeds.absorb(own.moved(step.index, uses.span));
            }
            let called = step
                .uses()
                .and_then(|uses| Some((uses, self.repository.own_action(&uses.value)?)));
            let Some((uses, action)) = called.filter(|_| depth < MAX_DEPTH) else {
                continue;
            };
            let inner = self.action(step, action, depth);
            deeds.absorb(Deeds::clone(&inner).moved(step.index, uses.span));
        }
        deeds
    }

    fn action(&self, caller: &Step, action: &'c Action, depth: usize) -> Arc<Deeds> {
        let free = self.key(caller, action, depth);
        let by_credential = |credential| Use {
            credential: Some(credential),
            ..free.clone()
        };
        match self.known.get(&free) {
            Some(Some(deeds)) => return deeds,
            Some(None) => {
                self.asked.set(true);
                if let Some(Some(deeds)) = self.known.get(&by_credential((self.credential)())) {
                    return deeds;
                }
            }
            None => {}
        }
        let before = self.asked.replace(false);
        let steps = surroundings::bound(action.steps(), &|name| {
            surroundings::given(caller, action, name)
        });
        let deeds = Arc::new(self.steps(&action.document, &steps, action.steps(), depth + 1));
        if self.asked.get() {
            let key = by_credential((self.credential)());
            self.known.keep(key, Some(&deeds));
            self.known.keep(free, None);
        } else {
            self.known.keep(free, Some(&deeds));
            self.asked.set(before);
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
            credential: None,
        }
    }

    // A name that says "publish" counts only in a job that can.
    fn unread(
        &self,
        step: &Step,
        script: &Script,
        at: impl Fn(std::ops::Range<usize>) -> cofferdam_facts::Span,
    ) -> Option<Publication> {
        publishing::by_name(step, script, true, &at)?;
        self.asked.set(true);
        match (self.credential)() {
            Credential::None => None,
            Credential::Identity => publishing::by_name(step, script, false, at),
            Credential::Registry => publishing::by_name(step, script, true, at),
        }
    }

    fn step(&self, around: &Surroundings<'_>, step: &Step, written: &Step) -> Deeds {
        // An action that retries a command runs it by bash unless it is told
        // otherwise.
        let wrapped = wrappers::command(step);
        let parsed = wrapped.map(|text| shell::parse(&text.value, &Shell::Bash));
        let script = script_of(self.scripts, around.document, step).or(parsed.as_ref());
        let at = |range| {
            step.script()
                .or(wrapped)
                .map_or(step.span, |text| text.raw_span(around.document, range))
        };
        let mut publications = publishing::of_step(around, step, script, at);
        if let Some(script) = script.filter(|_| publications.is_empty()) {
            publications.extend(self.unread(step, script, at));
        }
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
            cut: false,
        }
    }
}

// Whether a condition is false whatever the run, or true after a failure only.
fn never_runs(step: &Step) -> bool {
    let expr = step.condition.as_ref().and_then(Condition::expr);
    expr.is_some_and(|expr| {
        expr.conjuncts().into_iter().any(|part| {
            part.fold().is_some_and(|value| !value.is_truthy())
                || matches!(&part.kind, ExprKind::Call { function, .. }
                    if matches!(function.as_str(), "failure" | "cancelled"))
        })
    })
}

impl Deeds {
    fn absorb(&mut self, other: Self) {
        self.cut |= other.cut;
        let proving = self.proving.len() + other.proving.len();
        if proving <= MAX_DEEDS {
            self.proving.absorb(other.proving);
        } else {
            self.cut = true;
        }
        self.cut |= self.publications.len() + other.publications.len() > MAX_DEEDS
            || self.restores.len() + other.restores.len() > MAX_DEEDS;
        let room = MAX_DEEDS.saturating_sub(self.publications.len());
        self.publications
            .extend(other.publications.into_iter().take(room));
        let room = MAX_DEEDS.saturating_sub(self.restores.len());
        self.restores.extend(other.restores.into_iter().take(room));
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
