//! What a rule may look at, worked out once for all rules.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use cofferdam_datapack::DataPack;
use cofferdam_facts::Timestamp;
use cofferdam_facts::registry::RegistryDeclaration;
use cofferdam_facts::settings::{DefaultPermissions, Fact, Snapshot, Visibility};
use cofferdam_facts::uses_policy::UsesPolicy;
use cofferdam_facts::{Location, Span};
use cofferdam_flows::Flows;
use cofferdam_workflows::Repository;
use cofferdam_workflows::documents::{Action, Job, Step, Workflow};
use cofferdam_workflows::repository::EntryEvents;
use cofferdam_workflows::semantics::caching::Restore;
use cofferdam_workflows::semantics::conditions::{Runs, Situation};
use cofferdam_workflows::semantics::logins::Login;
use cofferdam_workflows::semantics::permissions::{self, Effective, TokenDefault};
use cofferdam_workflows::semantics::proving::Proving;
use cofferdam_workflows::semantics::publishing::Publication;
use cofferdam_workflows::semantics::secrets::{self, SecretUse};
use cofferdam_workflows::semantics::shells;
use cofferdam_workflows::shell::{self, Script};
use cofferdam_workflows::yaml::Document;
use rayon::prelude::*;

use crate::deeds::{self, Known};
use crate::dependencies::{self, Dependencies};
use crate::foreign::Walks;
use crate::starts::Kept;
use crate::usage::{JobPlace, Usage};
use crate::waiting::Waiting;

/// The parsed scripts of every document, by its path.
pub(crate) type Scripts<'c> = HashMap<&'c str, FileScripts>;

/// The parsed scripts of one document, in order of the places of their steps.
#[derive(Debug, Default)]
pub(crate) struct FileScripts(Vec<(usize, Script)>);

impl FileScripts {
    fn new(mut scripts: Vec<(usize, Script)>) -> Self {
        scripts.sort_by_key(|(start, _)| *start);
        Self(scripts)
    }

    /// The script of a step.
    pub(crate) fn of(&self, step: &Step) -> Option<&Script> {
        let found = self.0.binary_search_by_key(&step.span.start, |(at, _)| *at);
        self.0.get(found.ok()?).map(|(_, script)| script)
    }
}

/// Everything that was read and fetched for one checkout.
#[derive(Debug)]
pub struct Context<'c> {
    /// The documents.
    pub repository: &'c Repository,
    /// Facts from outside the checkout.
    pub facts: Facts<'c>,
    /// The project's own dependency files.
    pub dependencies: Dependencies<'c>,
    /// How values that others write reach code.
    pub flows: Flows<'c>,
    jobs: HashMap<&'c str, Vec<JobView<'c>>>,
    scripts: Scripts<'c>,
    usage: OnceLock<Usage>,
    pub(crate) walks: Walks,
    // See `steps::live`.
    pub(crate) live_steps: OnceLock<Vec<bool>>,
}

/// Facts from outside the checkout; each may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'c> {
    /// The settings, if a snapshot was given.
    pub settings: Option<&'c Snapshot>,
    /// Who can see the repository, where the project says so itself; what the
    /// settings say goes before.
    pub visibility: Option<&'c Visibility>,
    /// The data pack, if it is fresh enough to be believed.
    pub pack: Option<&'c DataPack>,
    /// Lists of what may be used, the organisation's first.
    pub policies: &'c [UsesPolicy],
    /// What secrets of registries can do, as far as it is declared.
    pub registries: &'c [RegistryDeclaration],
    /// The day of the run, for what expires; unknown in tests on fixed bytes.
    pub now: Option<Timestamp>,
}

/// One job with what follows from its documents.
#[derive(Clone, Debug)]
pub struct JobView<'c> {
    /// Its workflow.
    pub workflow: &'c Workflow,
    /// The job.
    pub job: &'c Job,
    /// What its token may do, before a caller's cap.
    pub token: Effective,
    /// Every place that names a secret in its reach.
    pub secrets: Vec<SecretUse>,
    /// The events that can start it, callers included.
    pub entry: EntryEvents,
    /// What it publishes, through the composite actions of the checkout too.
    pub publications: Vec<Publication>,
    /// What it proves of that, likewise.
    pub proving: Proving,
    /// Where it restores a cache, likewise.
    pub restores: Vec<Restore>,
    /// Whether it does more than is kept of it.
    pub deeds_cut: bool,
    // See `releases::logins`.
    pub(crate) logins: OnceLock<Vec<Login>>,
    pub(crate) place: JobPlace,
    pub(crate) waiting: Arc<Waiting>,
    // See `starts::of_job`.
    pub(crate) kept_starts: OnceLock<Kept>,
}

impl<'c> Context<'c> {
    /// Works out what follows from the documents.
    #[must_use]
    pub fn new(repository: &'c Repository, facts: Facts<'c>) -> Self {
        let default = token_default(facts.settings);
        let scripts: Scripts<'c> = repository
            .workflows
            .par_iter()
            .map(|workflow| (workflow.path(), workflow_scripts(workflow)))
            .chain(
                repository
                    .actions
                    .par_iter()
                    .map(|action| (action.path(), action_scripts(action))),
            )
            .collect();
        let known = Known::default();
        let jobs = repository
            .workflows
            .par_iter()
            .enumerate()
            .map(|(at, workflow)| {
                let views = views(repository, (at, workflow), default, &scripts, &known);
                (workflow.path(), views)
            })
            .collect();
        // Here and not on first use: rules run on the same threads.
        let (flows, dependencies) = rayon::join(
            || Flows::of(repository, &|path, step| scripts.get(path)?.of(step)),
            || dependencies::by_ecosystem(&repository.tree),
        );
        Self {
            repository,
            facts,
            flows,
            dependencies,
            jobs,
            scripts,
            usage: OnceLock::new(),
            walks: Walks::default(),
            live_steps: OnceLock::new(),
        }
    }

    /// Takes it apart on all threads.
    pub fn discard(self) {
        let Self { scripts, jobs, .. } = self;
        rayon::join(move || drop(scripts), move || drop(jobs));
    }

    /// Who uses the actions of the checkout.
    pub(crate) fn usage(&self) -> &Usage {
        self.usage.get_or_init(|| Usage::of(self.repository))
    }

    /// The job at a place.
    pub(crate) fn job(&self, place: JobPlace) -> Option<&JobView<'c>> {
        let workflow = self.repository.workflows.get(place.workflow)?;
        self.jobs(workflow).get(place.job)
    }

    /// The token default of the repository's settings.
    #[must_use]
    pub fn token_default(&self) -> TokenDefault {
        token_default(self.facts.settings)
    }

    /// The jobs of a workflow, with what follows for each.
    #[must_use]
    pub fn jobs(&self, workflow: &Workflow) -> &[JobView<'c>] {
        self.jobs.get(workflow.path()).map_or(&[], Vec::as_slice)
    }

    /// The jobs of the workflow at a path.
    #[must_use]
    pub fn jobs_at(&self, path: &str) -> &[JobView<'c>] {
        self.jobs.get(path).map_or(&[], Vec::as_slice)
    }

    /// The jobs of every workflow, in order of path.
    pub fn all_jobs(&self) -> impl Iterator<Item = &JobView<'c>> {
        self.repository.workflows.iter().flat_map(|w| self.jobs(w))
    }

    /// The parsed script of a step, in the file at `path`.
    #[must_use]
    pub fn script(&self, path: &str, step: &Step) -> Option<&Script> {
        self.scripts_at(path)?.of(step)
    }

    /// The parsed scripts of the file at `path`.
    pub(crate) fn scripts_at(&self, path: &str) -> Option<&FileScripts> {
        self.scripts.get(path)
    }
}

fn token_default(settings: Option<&Snapshot>) -> TokenDefault {
    match settings.map(Snapshot::default_token_permissions) {
        Some(Fact::Known(DefaultPermissions::Read)) => TokenDefault::Restricted,
        Some(Fact::Known(DefaultPermissions::Write)) => TokenDefault::Permissive,
        _ => TokenDefault::Unknown,
    }
}

pub(crate) fn script_of<'s>(
    scripts: &'s Scripts<'_>,
    document: &Document,
    step: &Step,
) -> Option<&'s Script> {
    scripts.get(document.file().path())?.of(step)
}

fn views<'c>(
    repository: &'c Repository,
    (at, workflow): (usize, &'c Workflow),
    default: TokenDefault,
    scripts: &Scripts<'c>,
    known: &Known<'c>,
) -> Vec<JobView<'c>> {
    let entry = repository.entry_events(workflow);
    let waiting = Arc::new(Waiting::default());
    let view = |(place, job)| {
        let token = permissions::effective(workflow, job, default);
        let deeds = deeds::of_job(repository, workflow, job, &token, scripts, known);
        JobView {
            workflow,
            job,
            token,
            secrets: secrets::of_job(workflow, job),
            entry: entry.clone(),
            publications: deeds.publications,
            proving: deeds.proving,
            restores: deeds.restores,
            deeds_cut: deeds.cut,
            logins: OnceLock::new(),
            place: JobPlace {
                workflow: at,
                job: place,
            },
            waiting: Arc::clone(&waiting),
            kept_starts: OnceLock::new(),
        }
    };
    workflow.jobs.iter().enumerate().map(view).collect()
}

fn workflow_scripts(workflow: &Workflow) -> FileScripts {
    let mut scripts = Vec::new();
    for job in &workflow.jobs {
        for step in job.steps() {
            if let Some(script) = step.script() {
                let shell = shells::of_step(workflow, job, step);
                scripts.push((step.span.start, shell::parse(&script.value, &shell)));
            }
        }
    }
    FileScripts::new(scripts)
}

fn action_scripts(action: &Action) -> FileScripts {
    let scripts = action.steps().iter().filter_map(|step| {
        let script = step.script()?;
        let shell = shells::of_composite_step(step);
        Some((step.span.start, shell::parse(&script.value, &shell)))
    });
    FileScripts::new(scripts.collect())
}

impl JobView<'_> {
    /// Turns a span of the workflow's file into a place.
    #[must_use]
    pub fn at(&self, span: Span) -> Location {
        self.workflow.file().locate(span)
    }

    /// `jobs.ID`, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("jobs.{}", self.job.name())
    }

    /// `jobs.ID/STEP`, for fingerprints.
    #[must_use]
    pub fn step_subject(&self, step: &Step) -> String {
        format!("jobs.{}/{}", self.job.name(), step.label())
    }

    /// Whether the job runs when a stranger causes `event`, from a fork that
    /// still exists or from one that was deleted.
    #[must_use]
    pub fn runs_for_outsider(&self, event: &str) -> Runs {
        self.runs_in(Situation {
            event,
            outsider: true,
            fork_exists: false,
        })
    }

    /// Whether the job runs when a stranger causes `event` from a fork.
    #[must_use]
    pub fn runs_for_fork(&self, event: &str) -> Runs {
        self.runs_in(Situation {
            event,
            outsider: true,
            fork_exists: true,
        })
    }

    /// Whether the job runs when somebody with write access causes `event`.
    #[must_use]
    pub fn runs_for_insider(&self, event: &str) -> Runs {
        self.runs_in(Situation {
            event,
            outsider: false,
            fork_exists: true,
        })
    }

    fn runs_in(&self, situation: Situation<'_>) -> Runs {
        self.waiting.runs(self.workflow, self.place.job, situation)
    }
}
