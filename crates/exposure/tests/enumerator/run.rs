//! The jobs that the files have, and what each holds. Nothing here knows how
//! anybody gets into one.

use crate::occurrence::{Occurrence, Ref};
use crate::settings::Gate;
use crate::ways::{Way, Ways};
use crate::world::{
    Access, Body, CacheMode, Event, Guard, Job, Passed, Permissions, Pin, Prod, Secret, Step, World,
};

/// A job as it runs for one event, also one of a called workflow.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The workflow with the event.
    pub(crate) workflow: usize,
    pub(crate) event: Event,
    /// Every guard on the way: of the calling jobs, and of the jobs that are
    /// needed. "A job that is skipped makes those that need it be skipped"
    /// (workflow syntax, `jobs.<job_id>.needs`).
    pub(crate) guards: Vec<Guard>,
    /// Whether it or a job that it needs is in `prod`.
    pub(crate) waits_for_prod: bool,
    /// The run of the job before, whose outputs it may read.
    pub(crate) needed: Option<usize>,
    pub(crate) steps: Vec<Step>,
    pub(crate) elsewhere: Option<Pin>,
    pub(crate) container: Option<Pin>,
    pub(crate) self_hosted: bool,
    pub(crate) boxed: bool,
    pub(crate) prod: bool,
    pub(crate) cache_mode: CacheMode,
    pub(crate) secrets: Ways<String>,
    /// Those among them that the job itself names.
    pub(crate) named: Vec<String>,
    pub(crate) writes: Ways<&'static str>,
    pub(crate) reads_contents: Option<Vec<Way>>,
    pub(crate) id_token: bool,
    /// No happening meets its conditions.
    pub(crate) never: bool,
    /// Takes artifacts of the run that it follows, not of its own.
    pub(crate) takes_of_before: bool,
}

/// The scopes that are compared.
pub(crate) const SCOPES: [&str; 5] = ["actions", "contents", "issues", "packages", "pull-requests"];

/// Every job for every event.
pub(crate) fn runs(world: &World) -> Vec<Run> {
    let mut all = Vec::new();
    for (number, workflow) in world.workflows.iter().enumerate() {
        for event in &workflow.events {
            if *event != Event::Call {
                let caller = Caller {
                    workflow: number,
                    event: *event,
                    guards: Vec::new(),
                    waits_for_prod: false,
                    scopes: None,
                    handed: Handed::Everything,
                };
                of_file(world, number, &caller, &mut all);
            }
        }
    }
    all
}

struct Caller {
    workflow: usize,
    event: Event,
    guards: Vec<Guard>,
    waits_for_prod: bool,
    /// What the calling job may do, which a called one only lowers.
    scopes: Option<Scopes>,
    handed: Handed,
}

/// The secrets that a file has in its context.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handed {
    /// Those of the repository: the file was started by an event.
    Everything,
    /// `secrets: inherit`.
    Inherited,
    One(Secret),
    Nothing,
}

fn of_file(world: &World, file: usize, caller: &Caller, all: &mut Vec<Run>) {
    let workflow = &world.workflows[file];
    let mut before: Option<(usize, Option<usize>)> = None;
    for (place, job) in workflow.jobs.iter().enumerate() {
        let mut guards = caller.guards.clone();
        guards.push(job.guard);
        let mut waits_for_prod = caller.waits_for_prod || job.prod;
        if job.needs {
            guards.push(workflow.jobs[place - 1].guard);
            // The run before: a reviewer of its environment is waited for.
            waits_for_prod |= needed_is_in_prod(world, &workflow.jobs[place - 1]);
        }
        let scopes = scopes(world, file, job, caller);
        match &job.body {
            Body::Call(to, passed) => {
                let handed = match (passed, caller.handed) {
                    (Passed::Nothing, _) | (_, Handed::Nothing) => Handed::Nothing,
                    (Passed::Inherit, Handed::Everything) => Handed::Inherited,
                    (Passed::Inherit, other) => other,
                    (Passed::One(secret), Handed::One(had)) if had != *secret => Handed::Nothing,
                    (Passed::One(secret), _) => Handed::One(*secret),
                };
                let next = Caller {
                    workflow: caller.workflow,
                    event: caller.event,
                    guards,
                    waits_for_prod,
                    scopes: Some(scopes),
                    handed,
                };
                of_file(world, *to, &next, all);
                before = Some((place, None));
            }
            Body::Steps(_) | Body::Elsewhere(..) => {
                let needed = match before {
                    Some((_, run)) if job.needs => run,
                    _ => None,
                };
                let run = one(world, file, place, caller, &scopes);
                all.push(Run {
                    guards,
                    waits_for_prod,
                    needed,
                    ..run
                });
                before = Some((place, Some(all.len() - 1)));
            }
        }
    }
}

fn needed_is_in_prod(world: &World, job: &Job) -> bool {
    match &job.body {
        Body::Call(to, _) => {
            let called = &world.workflows[*to].jobs;
            called
                .iter()
                .any(|job| job.prod || needed_is_in_prod(world, job))
        }
        _ => job.prod,
    }
}

fn one(world: &World, file: usize, place: usize, caller: &Caller, scopes: &Scopes) -> Run {
    let workflow = &world.workflows[file];
    let job = &workflow.jobs[place];
    let (steps, elsewhere) = match &job.body {
        Body::Steps(steps) => (steps.clone(), None),
        Body::Elsewhere(pin, _) => (Vec::new(), Some(*pin)),
        Body::Call(..) => (Vec::new(), None),
    };
    let mut writes = Ways::new();
    for scope in SCOPES {
        for way in scopes.writes(scope) {
            writes.add(scope, way);
        }
    }
    let (secrets, named) = secrets(world, file, job, caller);
    Run {
        workflow: caller.workflow,
        event: caller.event,
        guards: Vec::new(),
        waits_for_prod: false,
        needed: None,
        steps,
        elsewhere,
        container: job.container,
        self_hosted: job.self_hosted,
        boxed: job.boxed,
        prod: job.prod,
        cache_mode: workflow.cache_mode,
        secrets,
        named,
        writes,
        reads_contents: scopes.reads_contents(),
        id_token: scopes.id_token(),
        never: false,
        takes_of_before: workflow.follows(),
    }
}

/// What is asked for, and by whom it is bounded.
#[derive(Clone)]
struct Scopes {
    asked: Permissions,
    default_writes: Option<bool>,
    bound: Option<Box<Scopes>>,
}

/// "`permissions` in a job wins over that of the workflow; where neither says,
/// the default of the settings holds" (assigning permissions to jobs). "A called
/// workflow can only keep or lower what the calling job has; where it says
/// nothing, it has what the caller has" (reusing workflows, access and
/// permissions).
fn scopes(world: &World, file: usize, job: &Job, caller: &Caller) -> Scopes {
    let whole = world.workflows[file].permissions;
    let asked = job.permissions.unwrap_or(whole);
    match (&caller.scopes, asked) {
        (Some(bound), Permissions::Unsaid) => bound.clone(),
        (bound, asked) => Scopes {
            asked,
            default_writes: world.settings.default_token_writes,
            bound: bound.clone().map(Box::new),
        },
    }
}

impl Scopes {
    fn writes(&self, scope: &str) -> Vec<Way> {
        // "Once one is named, all that are not are none" (workflow syntax,
        // permissions). The permissive default writes every scope but
        // id-token, the restricted one none (GITHUB_TOKEN reference, table).
        let own = match self.asked {
            Permissions::Unsaid => match self.default_writes {
                Some(true) => vec![Way::open()],
                Some(false) => Vec::new(),
                None => vec![Way::fact("settings:default-token")],
            },
            Permissions::WriteAll => vec![Way::open()],
            Permissions::Contents(Access::Write) if scope == "contents" => vec![Way::open()],
            Permissions::Issues if scope == "issues" => vec![Way::open()],
            Permissions::Packages if scope == "packages" => vec![Way::open()],
            Permissions::Actions if scope == "actions" => vec![Way::open()],
            _ => Vec::new(),
        };
        match &self.bound {
            Some(bound) => crate::ways::then(&own, &bound.writes(scope)),
            None => own,
        }
    }

    fn reads_contents(&self) -> Option<Vec<Way>> {
        let own = match self.asked {
            // Both defaults read contents (GITHUB_TOKEN reference, table).
            Permissions::Unsaid
            | Permissions::WriteAll
            | Permissions::ReadAll
            | Permissions::Contents(_)
            | Permissions::Packages
            | Permissions::IdToken => vec![Way::open()],
            Permissions::None | Permissions::Issues | Permissions::Actions => return None,
        };
        match &self.bound {
            Some(bound) => Some(crate::ways::then(&own, &bound.reads_contents()?)),
            None => Some(own),
        }
    }

    fn id_token(&self) -> bool {
        // Neither default has it: it is asked for by name, or by write-all.
        matches!(self.asked, Permissions::IdToken | Permissions::WriteAll)
            && self.bound.as_ref().is_none_or(|bound| bound.id_token())
    }
}

/// "A secret is sent to the runner where the job names it" (secure use
/// reference); the `env` of the file is that of each of its jobs.
fn secrets(world: &World, file: usize, job: &Job, caller: &Caller) -> (Ways<String>, Vec<String>) {
    let workflow = &world.workflows[file];
    let mut named: Vec<Secret> = workflow.env.into_iter().collect();
    let mut whole = caller.handed == Handed::Inherited;
    match &job.body {
        Body::Steps(steps) => {
            named.extend(steps.iter().filter_map(|step| step.secret()));
            whole |= steps.contains(&Step::AllSecrets);
        }
        // `env` of the calling file does not reach the called one (reusing
        // workflows, limitations).
        Body::Elsewhere(_, Passed::One(secret)) => named = vec![*secret],
        Body::Elsewhere(_, Passed::Inherit) => {
            named.clear();
            whole = true;
        }
        _ => named.clear(),
    }
    let mut all = Ways::new();
    for secret in &named {
        for (asset, way) in homes(world, job, *secret, caller) {
            all.add(asset, way);
        }
    }
    let names: Vec<String> = all.0.keys().cloned().collect();
    if whole {
        // Those of the job's own environment are in it, whoever calls.
        if let (true, Prod::There(rules)) = (job.prod, &world.settings.prod)
            && rules.keeps_deploy_key
        {
            all.add("secret:DEPLOY_KEY@prod".to_owned(), Way::open());
        }
        // The context holds the name and value of every secret that the run
        // may have (contexts reference, secrets; convention 7).
        match caller.handed {
            Handed::Everything | Handed::Inherited => {
                all.add("secret:*".to_owned(), Way::open());
                for secret in named_anywhere(world) {
                    let home = match named_outside(world, secret) {
                        false if world.settings.prod == Prod::NotSeen => {
                            Way::fact("settings:environment:prod")
                        }
                        _ => Way::open(),
                    };
                    for (asset, way) in homes(world, job, secret, caller) {
                        all.add(asset, way.and(&home));
                    }
                }
            }
            Handed::One(secret) => {
                for (asset, way) in homes(world, job, secret, caller) {
                    all.add(asset, way);
                }
            }
            Handed::Nothing => {}
        }
    }
    (all, names)
}

/// Under which asset's name a job has a secret.
fn homes(world: &World, job: &Job, secret: Secret, caller: &Caller) -> Vec<(String, Way)> {
    let plain = format!("secret:{}", secret.name());
    let passed = match caller.handed {
        Handed::Everything | Handed::Inherited => true,
        Handed::One(one) => one == secret,
        Handed::Nothing => false,
    };
    if job.prod {
        match &world.settings.prod {
            // "If a called job names an environment, the environment's secret
            // is used and not the one that the caller passes" (reusing
            // workflows, using inputs and secrets).
            Prod::There(rules) if rules.keeps_deploy_key && secret == Secret::Deploy => {
                return vec![(format!("{plain}@prod"), Way::open())];
            }
            Prod::NotSeen => {
                // It may be the environment's, which needs no passing.
                return vec![(plain, Way::fact("settings:environment:prod"))];
            }
            _ => {}
        }
    }
    match passed {
        true => vec![(plain, Way::open())],
        false => Vec::new(),
    }
}

/// The names that stand in the files.
fn named_anywhere(world: &World) -> Vec<Secret> {
    let mut all: Vec<Secret> = Vec::new();
    for workflow in &world.workflows {
        all.extend(workflow.env);
        for job in &workflow.jobs {
            all.extend(named_by(job));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Whether something names it that is in no environment, so that it must be the
/// repository's.
fn named_outside(world: &World, secret: Secret) -> bool {
    world.workflows.iter().any(|workflow| {
        let pushed = |event: &Event| matches!(event, Event::PushMain | Event::PushTags);
        let runs = |job: &&Job| match job.guard {
            Guard::False => false,
            Guard::EventIsPush => workflow.events.iter().any(pushed),
            _ => true,
        };
        let mut jobs = workflow.jobs.iter().filter(|job| !job.prod).filter(runs);
        workflow.env == Some(secret) || jobs.any(|job| named_by(job).contains(&secret))
    })
}

fn named_by(job: &Job) -> Vec<Secret> {
    match &job.body {
        Body::Steps(steps) => steps.iter().filter_map(|step| step.secret()).collect(),
        Body::Call(_, Passed::One(secret)) | Body::Elsewhere(_, Passed::One(secret)) => {
            vec![*secret]
        }
        _ => Vec::new(),
    }
}

impl Run {
    /// Whether the guards let this happen through.
    pub(crate) fn starts(&self, one: &Occurrence) -> bool {
        self.guards.iter().all(|guard| {
            // What the project does day by day takes every condition that some
            // day may be met (README.md, "Wider on purpose").
            let some_day = one.of_the_project
                && !matches!(guard, Guard::False | Guard::EventIsPush)
                && (*guard != Guard::RefIsMain || one.event != Event::PullRequest);
            some_day || passes(*guard, one)
        })
    }

    /// What the environments before it ask for.
    pub(crate) fn gate(&self, world: &World, who: &Gate, at: Ref) -> Vec<Way> {
        if self.waits_for_prod {
            crate::settings::environment(&world.settings, who, at)
        } else {
            vec![Way::open()]
        }
    }

    /// The tail of the subject of its identity (OpenID Connect reference:
    /// example subject claims).
    pub(crate) fn subjects(&self) -> &'static [&'static str] {
        match self.event {
            _ if !self.id_token => &[],
            _ if self.prod => &["oidc:environment:prod"],
            Event::PullRequest => &["oidc:pull_request"],
            Event::PushTags | Event::Release => &["oidc:ref:refs/tags/*"],
            Event::MergeGroup => &["oidc:ref:refs/heads/*"],
            // Started by hand on whatever branch or tag (manually running a
            // workflow).
            Event::Dispatch => &[
                "oidc:ref:refs/heads/main",
                "oidc:ref:refs/heads/*",
                "oidc:ref:refs/tags/*",
            ],
            Event::Call => &[],
            _ => &["oidc:ref:refs/heads/main"],
        }
    }

    /// Whether code in it stores entries that the default branch's runs find.
    /// Since 26 June 2026 events that anybody causes read only, and since
    /// 10 September 2026 `cache-mode` decides where it is written; pull
    /// requests, tags and the queue have scopes of their own (changelog,
    /// dependency caching reference).
    pub(crate) fn writes_the_default_cache(&self) -> bool {
        let trusted = match self.event {
            Event::PullRequest
            | Event::PushTags
            | Event::Release
            | Event::MergeGroup
            | Event::Call => {
                return false;
            }
            Event::PushMain | Event::Schedule | Event::Dispatch => true,
            Event::Target(_)
            | Event::IssueComment
            | Event::Issues(_)
            | Event::WorkflowRun(_)
            | Event::Watch => false,
        };
        match self.cache_mode {
            CacheMode::Unsaid => trusted,
            CacheMode::Write => true,
            CacheMode::None | CacheMode::Read => false,
        }
    }

    /// The workflow after which it runs.
    pub(crate) fn run_before(&self) -> Option<usize> {
        match self.event {
            Event::WorkflowRun(after) => Some(after),
            _ => None,
        }
    }

    pub(crate) fn may_restore(&self) -> bool {
        self.cache_mode != CacheMode::None
    }

    pub(crate) fn restores(&self) -> bool {
        self.may_restore() && self.steps.contains(&Step::Cache)
    }

    /// What it publishes.
    pub(crate) fn published(&self) -> Vec<&'static str> {
        let mut all = Vec::new();
        if self.steps.contains(&Step::NpmPublish) {
            all.push("publish:npm:widget");
        }
        if self.steps.contains(&Step::GithubRelease) {
            all.push("publish:github-release");
        }
        all
    }
}

/// A guard on what happened. A context that the event does not have is null;
/// null becomes 0 where types differ, as does false, and a text that is no number
/// becomes NaN, which equals nothing (expressions, operators).
fn passes(guard: Guard, one: &Occurrence) -> bool {
    let pr = one.pull_request.as_ref();
    let comment = one.comment.as_ref();
    let before = one.run_before.as_ref();
    match guard {
        Guard::None => true,
        Guard::False => false,
        Guard::OwnHead => pr.is_some_and(|pr| pr.own_head),
        Guard::ForkFlag => pr.is_none_or(|pr| pr.own_head || pr.fork_is_gone),
        Guard::Labels => pr.is_some_and(|pr| pr.labelled),
        Guard::Label => one.label,
        Guard::CommentByMember => comment.is_some_and(|c| c.association == "MEMBER"),
        Guard::CommentByCollaborator => {
            comment.is_some_and(|c| ["OWNER", "MEMBER", "COLLABORATOR"].contains(&c.association))
        }
        Guard::AuthorContributor => pr.is_some_and(|pr| pr.association == "CONTRIBUTOR"),
        Guard::AuthorMember => pr.is_some_and(|pr| pr.association == "MEMBER"),
        Guard::DependabotActs => one.by_dependabot,
        Guard::DependabotAuthor => pr.is_some_and(|pr| pr.by_dependabot),
        Guard::EventIsPush => matches!(one.event, Event::PushMain | Event::PushTags),
        Guard::RefIsMain => one.at == Ref::Main,
        Guard::RunSucceeded => before.is_some_and(|b| b.succeeded),
        Guard::RunOfPush => before.is_some_and(|b| b.of_push),
        Guard::Merged => pr.is_some_and(|pr| pr.merged),
        Guard::Command => comment.is_some_and(|c| c.command),
    }
}
