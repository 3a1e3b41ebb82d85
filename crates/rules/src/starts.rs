//! How somebody without a role can start a job that has the repository's
//! privileges, and what the job then holds.

mod search;

use std::collections::BTreeSet;

use cofferdam_facts::Location;
use cofferdam_facts::settings::{DeploymentRefs, Fact, ForkApproval};
use cofferdam_workflows::documents::ariane::{self, AllowedTeams};
use cofferdam_workflows::documents::job::CallSecrets;
use cofferdam_workflows::documents::text::lookup;
use cofferdam_workflows::documents::{Job, Step, Trigger, Workflow};
use cofferdam_workflows::expressions::{ContextPath, Expr, ExprKind, Operator};
use cofferdam_workflows::semantics::conditions::Situation;
use cofferdam_workflows::semantics::events::{self, Starter};
use cofferdam_workflows::semantics::gates::{self, Asked, Gate, Lookup, Stranger, Way};
use cofferdam_workflows::semantics::heads;
use cofferdam_workflows::semantics::permissions::{Decider, Effective};
use cofferdam_workflows::semantics::secrets::SecretName;

use crate::checks;
use crate::context::{Context, JobView};
use crate::merges;
use crate::policies::{self, Allowed};
use crate::stakes::Stakes;

pub(crate) use search::Kept;
pub use search::{all_of_job, of_job};

/// How many needed jobs are looked at for one way.
const MAX_NEEDED: usize = 256;

/// One way to a job.
#[derive(Clone, Debug)]
pub struct Start<'c> {
    /// The workflow whose trigger it is.
    pub workflow: &'c Workflow,
    /// The trigger.
    pub trigger: &'c Trigger,
    /// The jobs from the one in `workflow` to the job that runs, callers first.
    pub chain: Vec<&'c JobView<'c>>,
    /// The pattern of Ariane's trigger, where a comment starts it by a dispatch.
    pub command: Option<String>,
    /// Whether that trigger runs without a comment.
    pub unasked: bool,
    /// What it takes somebody without a role.
    pub way: Way,
    /// The same as far as the files alone decide: without policies, without
    /// environments, and without the run that it may follow.
    pub files: Way,
    /// What closes the way or makes it one for others.
    pub guards: Vec<Guard>,
    /// The token, under the callers' caps.
    pub token: Effective,
    /// What the job holds in this run.
    pub stakes: Stakes,
    /// A script that compares the head's repository with this one, which may
    /// keep forks out.
    pub fork_check: Option<Location>,
    /// Facts that were not seen and decide.
    pub missing: BTreeSet<String>,
    /// For `workflow_run`, the events by which strangers start the workflow
    /// before; empty where they are not known.
    pub before: Vec<&'static str>,
}

/// Something that keeps people from starting a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Where it stands.
    pub place: Location,
    /// What it is, for messages.
    pub note: String,
    /// Whether it shuts strangers out whatever anybody does.
    pub closes: bool,
}

impl<'c> Start<'c> {
    /// What keeps strangers out best, if anything does.
    #[must_use]
    pub fn guard(&self) -> Option<&Guard> {
        self.guards
            .iter()
            .find(|g| g.closes)
            .or_else(|| self.guards.first())
    }

    /// Whether an environment stands in the way whose protection was not seen.
    #[must_use]
    pub fn environment_unknown(&self) -> bool {
        self.missing.iter().any(|fact| fact.contains("environment"))
    }

    /// The job that runs.
    #[must_use]
    pub fn job(&self) -> Option<&'c JobView<'c>> {
        self.chain.last().copied()
    }

    /// The event that starts it.
    #[must_use]
    pub fn event(&self) -> &'c str {
        self.trigger.name()
    }

    /// The place of the trigger.
    #[must_use]
    pub fn place(&self) -> Location {
        self.workflow.file().locate(self.trigger.event.span)
    }

    /// Who starts it, for messages: "anybody who comments starts it".
    #[must_use]
    pub fn starter(&self) -> String {
        match self.way.gates() {
            [] => format!("{} starts it", self.anybody()),
            gates => format!("it starts once {}", join(gates)),
        }
    }

    /// Who gets through, as the subject of a sentence: "anybody who comments",
    /// or "the author of a pull request, once …,".
    #[must_use]
    pub fn who(&self) -> String {
        match self.way.gates() {
            [] => self.anybody().to_owned(),
            [Gate::Contributor] => "anybody who has had a change merged before".to_owned(),
            gates if gates.iter().all(|gate| matches!(gate, Gate::Check(_))) => {
                format!("{}, once {},", self.anybody(), join(gates))
            }
            gates => format!("the author of a pull request, once {},", join(gates)),
        }
    }

    fn anybody(&self) -> &'static str {
        match self.event() {
            _ if self.unasked => "anybody who opens a pull request",
            _ if self.command.is_some() => "anybody who comments",
            "pull_request_target" => "anybody who opens a pull request",
            "issue_comment" | "discussion_comment" => "anybody who comments",
            "issues" => "anybody who opens an issue",
            "discussion" => "anybody who opens a discussion",
            "workflow_run" => "anybody whose pull request runs the workflow before",
            "gollum" => "anybody who may edit the wiki",
            "fork" => "anybody who forks",
            "watch" => "anybody who stars",
            _ => "anybody",
        }
    }
}

fn join(gates: &[Gate]) -> String {
    let words: Vec<String> = gates.iter().map(ToString::to_string).collect();
    words.join(" and ")
}

/// Whether the event is sent for a pull request: bots that answer to comments,
/// such as `peter-evans/slash-command-dispatch`, put the whole of it there.
fn hands_on_a_head(workflow: &Workflow, trigger: &Trigger) -> bool {
    let text = workflow.file().text();
    trigger.name() == "repository_dispatch" && text.contains("client_payload.pull_request.")
}

/// A comment that starts a workflow through Ariane.
struct Command {
    pattern: String,
    unasked: bool,
    way: Way,
    place: Location,
}

/// Whether a trigger of Ariane runs on every pull request that is opened or
/// pushed to, without a comment and without a look at who opens it. Ariane looks
/// for a trigger that matches `/default` then.
#[must_use]
pub fn runs_unasked(trigger: &ariane::Trigger) -> bool {
    let pattern = trigger.pattern.value.trim_matches(['^', '$']);
    trigger.is_default()
        || matches!(
            pattern,
            "/default" | "/.*" | "/.+" | ".*" | ".+" | "/(.*)" | "/(.+)" | "/\\w+" | "/\\S+"
        )
}

fn commands(cx: &Context<'_>, workflow: &Workflow) -> Vec<Command> {
    let file = workflow.path().rsplit('/').next().unwrap_or("");
    let mut found: Vec<Command> = Vec::new();
    for config in &cx.repository.ariane {
        for trigger in config.triggers_of(file) {
            let way = match &config.allowed_teams {
                // The handler of pull requests asks for no team.
                _ if runs_unasked(trigger) => Way::Open,
                AllowedTeams::Listed(teams) => {
                    let names: Vec<_> = teams.iter().map(|t| format!("`{}`", t.value)).collect();
                    Way::Gated(vec![Gate::Team(names.join(" or "))])
                }
                AllowedTeams::Empty(_) | AllowedTeams::Missing => Way::Open,
            };
            found.push(Command {
                pattern: trigger.pattern.value.clone(),
                unasked: runs_unasked(trigger),
                way,
                place: config.file().locate(trigger.pattern.span),
            });
        }
    }
    found
}

/// The way of one event of a workflow to the last job of a chain that starts in
/// it, whoever causes the event.
#[must_use]
pub fn along<'c>(
    cx: &'c Context<'c>,
    workflow: &'c Workflow,
    trigger: &'c Trigger,
    chain: &[&'c JobView<'c>],
) -> Start<'c> {
    build(cx, workflow, trigger, chain, None)
}

/// The same for the comments that start the workflow through Ariane.
#[must_use]
pub fn by_command<'c>(
    cx: &'c Context<'c>,
    workflow: &'c Workflow,
    trigger: &'c Trigger,
    chain: &[&'c JobView<'c>],
) -> Vec<Start<'c>> {
    commands(cx, workflow)
        .into_iter()
        .map(|command| build(cx, workflow, trigger, chain, Some(command)))
        .collect()
}

fn build<'c>(
    cx: &'c Context<'c>,
    workflow: &'c Workflow,
    trigger: &'c Trigger,
    chain: &[&'c JobView<'c>],
    command: Option<Command>,
) -> Start<'c> {
    let mut start = Start {
        workflow,
        trigger,
        chain: chain.to_vec(),
        command: command.as_ref().map(|c| c.pattern.clone()),
        unasked: command.as_ref().is_some_and(|c| c.unasked),
        way: Way::Open,
        files: Way::Open,
        guards: Vec::new(),
        token: token(chain),
        stakes: Stakes::default(),
        fork_check: None,
        missing: BTreeSet::new(),
        before: before(cx, trigger),
    };
    start.stakes = stakes(chain, &start.token);
    match command {
        Some(command) => start.by_files(
            command.way,
            command.place,
            "commands are for members of teams",
        ),
        None => start.by_trigger(cx),
    }
    for view in chain {
        start.by_job(cx, view, view.place.job, &mut BTreeSet::new());
    }
    start
}

impl Start<'_> {
    /// Somebody without a role, in this run.
    #[must_use]
    pub fn stranger<'s>(&'s self, cx: &'s Context<'_>, lookup: &'s Lookup<'s>) -> Stranger<'s> {
        Stranger::new(self.trigger, lookup).knowing(cx.repository.slug.as_deref(), &self.before)
    }

    /// What the files ask of somebody without a role where the run before was
    /// caused by one event: conditions may ask for that, or for its repository.
    #[must_use]
    pub fn files_after(&self, cx: &Context<'_>, event: &str) -> Way {
        let Some(event) = events::info(event).filter(|_| self.event() == "workflow_run") else {
            return self.files.clone();
        };
        let before = [event.name];
        let stranger = self
            .stranger(cx, &|_, _| None)
            .knowing(cx.repository.slug.as_deref(), &before);
        let closed = self
            .chain
            .iter()
            .any(|view| stranger.passes(view.job.condition.as_ref()).is_closed());
        if closed {
            Way::Closed
        } else {
            self.files.clone()
        }
    }

    // What an output of another job says of who has started the run, or whether
    // something was merged.
    fn of_need(
        &self,
        cx: &Context<'_>,
        workflow: &Workflow,
        path: &ContextPath,
        asked: &Asked<'_>,
    ) -> Option<Way> {
        let plain = self.stranger(cx, &|_, _| None);
        if let Some(way) = checks::of_need(&plain, workflow, path, asked) {
            return Some(way);
        }
        // What holds once it is merged says nothing of the opposite.
        let opposite = match asked {
            Asked::Truth(wanted) => !wanted,
            Asked::Equal(value, wanted) => !wanted || value.as_str() == Some("false"),
            Asked::Listed(..) | Asked::Other => false,
        };
        let job = workflow.job(path.written_name(1)?)?;
        let output = path
            .written_name(3)
            .filter(|_| path.name(0) == Some("needs") && path.name(2) == Some("outputs"))?;
        (!opposite && merges::decide(job, output)).then(|| Way::Gated(vec![Gate::Merge]))
    }

    fn narrow(&mut self, way: Way, place: Location, note: impl Into<String>) {
        if matches!(way, Way::Closed | Way::Gated(_)) {
            self.guards.push(Guard {
                place,
                note: note.into(),
                closes: way.is_closed(),
            });
        }
        self.way = std::mem::take(&mut self.way).and(way);
    }

    fn by_files(&mut self, way: Way, place: Location, note: impl Into<String>) {
        self.files = std::mem::take(&mut self.files).and(way.clone());
        self.narrow(way, place, note);
    }

    fn by_trigger(&mut self, cx: &Context<'_>) {
        let file = self.workflow.file();
        let place = file.locate(self.trigger.span);
        let note = "its activities take somebody with a role";
        let way = if hands_on_a_head(self.workflow, self.trigger) {
            Way::Gated(vec![Gate::Dispatch])
        } else {
            gates::of_trigger(self.trigger)
        };
        self.by_files(way, place.clone(), note);
        match policies::allow(cx, self.event(), self.workflow.path()) {
            Allowed::Yes => {}
            Allowed::No(what) => {
                self.narrow(
                    Way::Closed,
                    place.clone(),
                    format!("{what} does not allow `{}`", self.event()),
                );
            }
            Allowed::Unknown => {
                self.missing
                    .insert("whether an Actions policy allows `pull_request_target`".to_owned());
            }
        }
        if self.event() == "workflow_run" {
            let way = upstream(cx, self.trigger);
            let note = "a stranger's run of the workflow before it waits for approval";
            self.narrow(way, place, note);
        }
    }

    // The job at a place, and the jobs without which it does not run.
    fn by_job(
        &mut self,
        cx: &Context<'_>,
        view: &JobView<'_>,
        at: usize,
        seen: &mut BTreeSet<usize>,
    ) {
        let Some(job) = view.workflow.jobs.get(at) else {
            return;
        };
        if seen.len() > MAX_NEEDED || !seen.insert(at) {
            return;
        }
        let workflow = view.workflow;
        if let Some(condition) = &job.condition {
            let lookup =
                |path: &ContextPath, asked: &Asked<'_>| self.of_need(cx, workflow, path, asked);
            let way = self.stranger(cx, &lookup).passes(Some(condition));
            let place = workflow.file().locate(condition.text.span);
            self.by_files(way, place, "the condition lets no stranger pass alone");
        }
        let plain = self.stranger(cx, &|_, _| None);
        // A job that is needed has to succeed; of the job itself only what comes
        // before all else stands in every way.
        let checked = match at == view.place.job {
            true => checks::of_job(&plain, workflow.file(), job),
            false => checks::of_needed(&plain, workflow.file(), job),
        };
        if checked != Way::Open {
            let place = workflow.file().locate(job.id.span);
            self.by_files(
                checked,
                place,
                "a check of what the starter may do stands before it",
            );
        }
        if let Some(step) = job.steps().iter().find(|s| compares_repositories(s)) {
            self.fork_check
                .get_or_insert_with(|| workflow.file().locate(step.head()));
        }
        self.by_environment(cx, view, job);
        if checks::ignores_failure(job.condition.as_ref()) {
            return;
        }
        for need in view.waiting.needs_of(view.workflow, at) {
            if seen.len() > MAX_NEEDED {
                return;
            }
            if !seen.contains(need) {
                self.by_job(cx, view, *need, seen);
            }
        }
    }

    fn by_environment(&mut self, cx: &Context<'_>, view: &JobView<'_>, job: &Job) {
        let Some(environment) = &job.environment else {
            return;
        };
        let place = view.workflow.file().locate(environment.span);
        let name = match environment.name.literal() {
            Some(name) => name.to_owned(),
            None => match environment
                .name
                .sole_expression()
                .and_then(|e| chosen(e, self.event()))
            {
                Some(name) => name,
                None => {
                    self.missing.insert(format!(
                        "the protection of the environment that `{}` names",
                        environment.name.value
                    ));
                    return;
                }
            },
        };
        let found = match cx.facts.settings.map(|s| s.environment(&name)) {
            Some(Fact::Known(found)) => found,
            _ => {
                self.missing
                    .insert(format!("the protection of environment `{name}`"));
                return;
            }
        };
        // An environment that does not exist is made on the spot, without protection.
        let Some(found) = found else { return };
        if events::is_privileged_from_outside(self.event()) {
            match takes_default_branch(cx, &found.deployment_refs) {
                Some(true) => {}
                Some(false) => {
                    let note = format!("environment `{name}` does not take the default branch");
                    self.narrow(Way::Closed, place, note);
                    return;
                }
                None => {
                    self.missing
                        .insert(format!("the branches that may use environment `{name}`"));
                }
            }
        }
        let reviewed = found.required_reviewers().map(|who| who.is_some());
        let gated = found
            .custom_rules
            .as_ref()
            .map(|rules| rules.iter().any(|rule| rule.enabled));
        if [&reviewed, &gated].iter().any(|f| f.known() == Some(&true)) {
            let note = format!("environment `{name}` asks for approval");
            self.narrow(Way::Gated(vec![Gate::Environment(name)]), place, note);
        } else if reviewed.known().is_none() || gated.known().is_none() {
            self.missing
                .insert(format!("the protection of environment `{name}`"));
        }
    }
}

// All events that somebody without a role causes run on the default branch,
// `pull_request_target` since 2025-12-08, and an environment looks at the ref that
// runs (GitHub changelog of 2025-11-07).
fn takes_default_branch(cx: &Context<'_>, refs: &Fact<DeploymentRefs>) -> Option<bool> {
    match refs.known()? {
        DeploymentRefs::Any => Some(true),
        // Where no branch is protected, GitHub takes every ref; where another
        // one is, the default branch may be left out.
        DeploymentRefs::ProtectedBranches => {
            let settings = cx.facts.settings?;
            let classic = settings.default_branch_protection.known();
            let rules = settings.default_branch_rules.known();
            let protected = classic.is_some_and(Option::is_some)
                || rules.is_some_and(|rules| !rules.is_empty());
            protected.then_some(true)
        }
        DeploymentRefs::Named(names) => {
            let default = cx.facts.settings?.repository.known()?;
            let default = default.default_branch.as_str();
            let names = names.known()?;
            if names.iter().any(|n| n.pattern == default) {
                return Some(true);
            }
            let may = names.iter().any(|n| n.pattern.contains(['*', '?', '[']));
            if may { None } else { Some(false) }
        }
    }
}

/// The word that `condition && 'a' || 'b'` gives for a stranger.
fn chosen(expr: &Expr, event: &str) -> Option<String> {
    if let Some(text) = expr.as_str() {
        return Some(text.to_owned());
    }
    let ExprKind::Binary { op, left, right } = &expr.kind else {
        return None;
    };
    if *op != Operator::Or {
        return None;
    }
    let ExprKind::Binary {
        op: Operator::And,
        left: condition,
        right: then,
    } = &left.kind
    else {
        return None;
    };
    let situation = Situation {
        event,
        outsider: true,
        fork_exists: false,
    };
    match situation.evaluate(condition)? {
        true => then.as_str().map(str::to_owned),
        false => chosen(right, event),
    }
}

// A line that compares the repository of a head, in a script that can fail.
fn compares_repositories(step: &Step) -> bool {
    const WORDS: &[&str] = &[
        "head.repo.fork",
        "head.repo.full_name",
        "head.repo.id",
        "head.repo.owner",
        "headRepository",
        "head_repository",
        "isCrossRepository",
    ];
    const STOPS: &[&str] = &["setFailed", "exit 1", "throw ", "return", "setOutput"];
    heads::script_of(step).is_some_and(|script| {
        STOPS.iter().any(|word| script.contains(word))
            && script.lines().map(str::trim_start).any(|line| {
                if line.starts_with('#') || line.starts_with("//") {
                    return false;
                }
                let compares = ["==", "!=", "if ", "-eq", "-ne"];
                WORDS.iter().any(|word| line.contains(word))
                    && compares.iter().any(|sign| line.contains(sign))
            })
    })
}

/// The events by which anybody outside starts a workflow that this one follows;
/// empty where that is not known.
fn before(cx: &Context<'_>, trigger: &Trigger) -> Vec<&'static str> {
    if trigger.name() != "workflow_run" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for name in &trigger.workflows {
        let mut named = cx.repository.workflows.iter().filter(|w| {
            let named = w.name.as_ref().map_or(w.path(), |n| n.value.as_str());
            named == name.value
        });
        let Some(first) = named.next() else {
            return Vec::new();
        };
        for workflow in std::iter::once(first).chain(named) {
            let events = workflow
                .triggers
                .iter()
                .filter_map(|t| events::info(t.name()));
            found.extend(
                events
                    .filter(|e| e.starter == Starter::Anyone)
                    .map(|e| e.name),
            );
            if !commands(cx, workflow).is_empty() {
                found.push("workflow_dispatch");
            }
        }
        // A pull request may bring a workflow of that name that it starts itself.
        found.push("pull_request");
    }
    found
}

/// Whether anybody outside can start a workflow that this one follows.
fn upstream(cx: &Context<'_>, trigger: &Trigger) -> Way {
    let mut way = Way::Closed;
    for name in &trigger.workflows {
        let mut named = cx.repository.workflows.iter().filter(|w| {
            let named = w.name.as_ref().map_or(w.path(), |n| n.value.as_str());
            named == name.value
        });
        let first = named.next().map_or(Way::Unknown, |w| of_upstream(cx, w));
        // Runs of each workflow of that name are followed, and a fork's pull
        // request runs the files that it brings: it gives one of them the name.
        way = way.or(first).or(by_fork(cx));
        way = named.fold(way, |way, w| way.or(of_upstream(cx, w)));
    }
    if trigger.workflows.is_empty() {
        Way::Unknown
    } else {
        way
    }
}

fn of_upstream(cx: &Context<'_>, workflow: &Workflow) -> Way {
    let mut way = Way::Closed;
    for trigger in &workflow.triggers {
        let Some(event) = events::info(trigger.name()) else {
            continue;
        };
        let next = match event.name {
            "workflow_run" => Way::Unknown,
            _ if event.starter != Starter::Anyone => continue,
            _ if event.privileged_from_outside => Way::Open,
            _ => by_fork(cx),
        };
        way = way.or(next);
    }
    way
}

// Runs of forks wait for an approval where the author is new.
fn by_fork(cx: &Context<'_>) -> Way {
    match cx.facts.settings.map(|s| &s.actions.fork_approval) {
        Some(Fact::Known(ForkApproval::NewToGitHub)) => Way::Open,
        Some(Fact::Known(ForkApproval::AllExternalContributors)) => {
            Way::Gated(vec![Gate::RunApproval])
        }
        _ => Way::Gated(vec![Gate::Contributor]),
    }
}

/// The token of the last job: a called workflow holds what its caller gives it,
/// at most.
#[must_use]
pub fn token(chain: &[&JobView<'_>]) -> Effective {
    let mut held: Option<Effective> = None;
    for view in chain {
        held = Some(match held {
            None => view.token.clone(),
            Some(caller) if view.token.decider == Decider::Settings => caller,
            Some(caller) => {
                let mut capped = view.token.capped_by(&caller);
                // What the settings would give is at least what is written here
                // only if they allow it; what is written is the most.
                capped.assumed = caller.assumed && capped.can_write();
                capped
            }
        });
    }
    held.unwrap_or(Effective {
        scopes: std::collections::BTreeMap::new(),
        decider: Decider::Settings,
        span: None,
        write_all: false,
        assumed: true,
    })
}

/// What the last job of a chain of calls holds.
#[must_use]
pub fn stakes(chain: &[&JobView<'_>], token: &Effective) -> Stakes {
    let Some((last, callers)) = chain.split_last() else {
        return Stakes::default();
    };
    let mut stakes = last.stakes();
    if token.assumed {
        stakes.writes.clear();
        stakes.perhaps_writes = token.can_write();
    } else {
        stakes.writes = token.writes().collect();
        stakes.perhaps_writes = false;
    }
    // With an environment, its secrets come without the caller.
    if !callers.is_empty() && last.job.environment.is_none() {
        stakes.secrets = handed_on(last, callers);
    }
    stakes
}

fn handed_on(last: &JobView<'_>, callers: &[&JobView<'_>]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = last
        .secrets
        .iter()
        .filter(|used| used.name != SecretName::Token)
        .map(|used| used.name.label().to_owned())
        .collect();
    for caller in callers.iter().rev() {
        let Some(call) = caller.job.call() else {
            continue;
        };
        names = match &call.secrets {
            CallSecrets::None => BTreeSet::new(),
            CallSecrets::Inherit(_) => names,
            CallSecrets::Named(pairs) => names
                .iter()
                .filter_map(|name| lookup(pairs, name))
                .flat_map(|text| {
                    text.parsed()
                        .flat_map(|(_, e)| cofferdam_workflows::semantics::secrets::names(e))
                        .filter(|n| *n != SecretName::Token)
                        .map(|n| n.label().to_owned())
                        .collect::<Vec<_>>()
                })
                .collect(),
        };
    }
    names
}
