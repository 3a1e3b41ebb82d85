//! One page of who may start what, on which event, and who approves.
//!
//! A row is one event of one workflow for one kind of starter. Jobs of called
//! workflows of the checkout stand in the rows of their callers, because the
//! caller's event starts them.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::Location;
use cofferdam_facts::settings::{DeploymentRefs, Environment, Fact, ForkApproval, Reviewer};
use cofferdam_workflows::documents::{Condition, Job, Trigger, Workflow};
use cofferdam_workflows::expressions::ContextPath;
use cofferdam_workflows::semantics::conditions::{Runs, Situation};
use cofferdam_workflows::semantics::events::{self, Starter};
use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::context::{Context, JobView};
use crate::starts::{self, Start};

/// The page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Rows, the least privileged starters first, then by path and event.
    pub rows: Vec<Row>,
    /// Facts that were not seen and would say more.
    pub missing: BTreeSet<String>,
}

/// Who starts a run, from the least privileged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// Anybody with an account.
    Anyone,
    /// Members of teams, by a comment that Ariane reads.
    Teams,
    /// Somebody with the triage role.
    Triage,
    /// Somebody who can write.
    Writer,
    /// The clock.
    Schedule,
    /// Another workflow.
    Workflow,
}

impl Who {
    /// Every kind, in order.
    pub const ALL: &'static [Self] = &[
        Self::Anyone,
        Self::Teams,
        Self::Triage,
        Self::Writer,
        Self::Schedule,
        Self::Workflow,
    ];

    /// A stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Teams => "teams",
            Self::Triage => "triage",
            Self::Writer => "writer",
            Self::Schedule => "schedule",
            Self::Workflow => "workflow",
        }
    }

    /// A heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anyone => "Anybody with an account",
            Self::Teams => "Members of teams, by a comment (Ariane)",
            Self::Triage => "Somebody with the triage role",
            Self::Writer => "Somebody with write access",
            Self::Schedule => "The clock",
            Self::Workflow => "Another workflow",
        }
    }
}

/// One event of one workflow for one kind of starter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Who.
    pub who: Who,
    /// What is special about them here: "from a fork", the command of a comment.
    pub how: Option<String>,
    /// The event.
    pub event: String,
    /// The path of the workflow.
    pub workflow: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Where the trigger stands.
    pub place: Location,
    /// `types`, `branches`, `paths` and the like.
    pub filters: Vec<String>,
    /// What has to happen first, for somebody without a role.
    pub gates: Vec<String>,
    /// Whether the event starts nothing for them, and what keeps it from doing so.
    pub closed: Option<String>,
    /// The jobs that start, called ones in place of their calls.
    pub jobs: Vec<JobRow>,
}

/// One job of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Its id, with those of its callers before it.
    pub job: String,
    /// Where it stands.
    pub place: Location,
    /// The conditions on the way to it, as written.
    pub conditions: Vec<String>,
    /// Who has to approve.
    pub approvals: Vec<Approval>,
    /// What its token may write in this run.
    pub writes: Vec<String>,
    /// Whether the token depends on a default that was not seen.
    pub token_assumed: bool,
    /// The secrets that it can see in this run.
    pub secrets: Vec<String>,
    /// What it publishes.
    pub publishes: Vec<String>,
}

/// One environment on the way to a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its name, as written.
    pub environment: String,
    /// What is known of its protection.
    pub protection: Protection,
}

/// What is known of an environment's protection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protection {
    /// These approve, from these refs.
    Known {
        /// People, teams and Apps; empty where nobody is asked.
        reviewers: Vec<String>,
        /// The refs that may use it, where they are limited.
        refs: Option<String>,
    },
    /// It does not exist: GitHub makes it on the spot, without protection.
    Missing,
    /// The settings were not seen.
    Unknown,
}

impl JobRow {
    /// Whether the job holds anything.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.writes.is_empty() || !self.secrets.is_empty() || !self.publishes.is_empty()
    }
}

/// Works out the page.
#[must_use]
pub fn page(cx: &Context<'_>) -> Page {
    let mut page = Page::default();
    for workflow in &cx.repository.workflows {
        let jobs = chains(cx, workflow);
        for trigger in &workflow.triggers {
            let builder = Builder {
                cx,
                workflow,
                trigger,
                jobs: &jobs,
            };
            page.rows.extend(builder.rows(&mut page.missing));
        }
    }
    page.rows.sort_by(|a, b| {
        (a.who, &a.workflow, &a.event, &a.how).cmp(&(b.who, &b.workflow, &b.event, &b.how))
    });
    page
}

/// Every job that a workflow starts, with the calls that lead to it.
fn chains<'c>(cx: &'c Context<'c>, workflow: &'c Workflow) -> Vec<Vec<&'c JobView<'c>>> {
    let mut found = Vec::new();
    let mut queue: Vec<Vec<&JobView<'_>>> = cx.jobs(workflow).iter().map(|j| vec![j]).collect();
    queue.reverse();
    while let Some(chain) = queue.pop() {
        let callee = chain
            .last()
            .and_then(|view| view.job.call())
            .and_then(|call| cx.repository.own_workflow(&call.uses.value));
        let again = callee.is_some_and(|w| chain.iter().any(|v| v.workflow.path() == w.path()));
        match callee {
            Some(callee) if !again && found.len() + queue.len() < MAX_JOBS => {
                for view in cx.jobs(callee).iter().rev() {
                    let mut longer = chain.clone();
                    longer.push(view);
                    queue.push(longer);
                }
            }
            _ => found.push(chain),
        }
    }
    found
}

/// More jobs than this behind one event are not followed into their callees.
const MAX_JOBS: usize = 2_000;

struct Builder<'c> {
    cx: &'c Context<'c>,
    workflow: &'c Workflow,
    trigger: &'c Trigger,
    jobs: &'c [Vec<&'c JobView<'c>>],
}

impl<'c> Builder<'c> {
    fn rows(&self, missing: &mut BTreeSet<String>) -> Vec<Row> {
        let event = self.trigger.name();
        let Some(info) = events::info(event) else {
            return vec![self.row(
                Who::Writer,
                Some("an event that is not known"),
                true,
                missing,
            )];
        };
        if info.privileged_from_outside {
            return self.outside(missing);
        }
        let mut rows = match info.starter {
            Starter::Anyone => vec![
                self.by_fork(missing),
                self.row(Who::Writer, Some("from a branch"), true, missing),
            ],
            Starter::Triage => vec![self.row(Who::Triage, None, true, missing)],
            Starter::Writer => vec![self.row(Who::Writer, None, true, missing)],
            Starter::Schedule => vec![self.row(Who::Schedule, None, true, missing)],
            Starter::Workflow => vec![self.called(missing)],
        };
        if event == "workflow_dispatch" {
            rows.extend(self.by_comment(missing));
        }
        rows
    }

    fn row(
        &self,
        who: Who,
        how: Option<&str>,
        privileged: bool,
        missing: &mut BTreeSet<String>,
    ) -> Row {
        let running = self.jobs.iter().filter(|chain| self.runs(chain));
        let jobs = running.map(|chain| {
            let start = starts::along(self.cx, self.workflow, self.trigger, chain);
            self.job(&start, privileged, missing)
        });
        let jobs = jobs.collect();
        Row {
            who,
            how: how.map(str::to_owned),
            event: self.trigger.name().to_owned(),
            workflow: self.workflow.path().to_owned(),
            name: self.workflow.name.as_ref().map(|n| n.value.clone()),
            place: self.workflow.file().locate(self.trigger.event.span),
            filters: filters(self.trigger),
            gates: Vec::new(),
            closed: None,
            jobs,
        }
    }

    // Jobs that a condition keeps from running on this event, whoever causes it,
    // belong to other rows.
    fn runs(&self, chain: &[&JobView<'_>]) -> bool {
        chain
            .iter()
            .all(|view| view.runs_for_insider(self.trigger.name()) != Runs::No)
    }

    // An event by which strangers get the repository's privileges: one row for
    // what they start alone, one for what takes somebody with a role.
    fn outside(&self, missing: &mut BTreeSet<String>) -> Vec<Row> {
        let mut open = Vec::new();
        let mut gated = Vec::new();
        let mut closed = Vec::new();
        for chain in self.jobs.iter().filter(|chain| self.runs(chain)) {
            let start = starts::along(self.cx, self.workflow, self.trigger, chain);
            missing.extend(start.missing.iter().cloned());
            match &start.way {
                Way::Closed => closed.push(start),
                way if way.is_open() => open.push(start),
                _ => gated.push(start),
            }
        }
        let mut rows = Vec::new();
        if !open.is_empty() {
            rows.push(self.of_starts(Who::Anyone, &open, missing));
        }
        if !gated.is_empty() {
            let roles = gated.iter().flat_map(|s| s.way.gates());
            let triage = |gate: &Gate| matches!(gate, Gate::Label(_) | Gate::Triage);
            let who = if roles.clone().all(|gate| *gate == Gate::ForkGone) {
                Who::Anyone
            } else if roles.clone().all(triage) {
                Who::Triage
            } else {
                Who::Writer
            };
            rows.push(self.of_starts(who, &gated, missing));
        }
        if rows.is_empty() {
            let note = closed
                .iter()
                .find_map(Start::guard)
                .map_or_else(|| "no job runs on it".to_owned(), |g| g.note.clone());
            rows.push(Row {
                closed: Some(note),
                ..self.of_starts(Who::Anyone, &closed, missing)
            });
        }
        rows
    }

    fn of_starts(&self, who: Who, starts: &[Start<'_>], missing: &mut BTreeSet<String>) -> Row {
        let easiest = starts.iter().map(|s| s.way.clone()).reduce(Way::or);
        let gates = easiest.unwrap_or_default();
        Row {
            gates: gates.gates().iter().map(ToString::to_string).collect(),
            jobs: starts.iter().map(|s| self.job(s, true, missing)).collect(),
            ..self.row(who, None, true, &mut BTreeSet::new())
        }
    }

    // Forks get neither secrets nor a token that writes.
    fn by_fork(&self, missing: &mut BTreeSet<String>) -> Row {
        let mut row = self.row(Who::Anyone, Some("from a fork"), false, missing);
        row.gates = match self.cx.facts.settings.map(|s| &s.actions.fork_approval) {
            Some(Fact::Known(ForkApproval::AllExternalContributors)) => {
                vec!["somebody approves every run".to_owned()]
            }
            Some(Fact::Known(ForkApproval::FirstTimeContributors)) => {
                vec!["somebody approves the runs of first-time contributors".to_owned()]
            }
            Some(Fact::Known(_)) => {
                vec!["somebody approves the runs of accounts that are new to GitHub".to_owned()]
            }
            _ => {
                missing.insert("whose fork pull requests wait for approval".to_owned());
                Vec::new()
            }
        };
        row
    }

    fn called(&self, missing: &mut BTreeSet<String>) -> Row {
        let callers: BTreeSet<String> = self
            .cx
            .repository
            .callers(self.workflow.path())
            .into_iter()
            .map(|c| c.workflow.path().to_owned())
            .collect();
        let how = if callers.is_empty() {
            "other repositories; none here calls it".to_owned()
        } else {
            callers.into_iter().collect::<Vec<_>>().join(", ")
        };
        Row {
            jobs: Vec::new(),
            ..self.row(Who::Workflow, Some(&how), true, missing)
        }
    }

    fn by_comment(&self, missing: &mut BTreeSet<String>) -> Vec<Row> {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for chain in self.jobs.iter().filter(|chain| self.runs(chain)) {
            for start in starts::by_command(self.cx, self.workflow, self.trigger, chain) {
                let Some(command) = start.command.clone() else {
                    continue;
                };
                if start.way.is_closed() {
                    continue;
                }
                let job = self.job(&start, true, missing);
                let row = rows.entry(command).or_insert_with_key(|command| {
                    let who = if start.way.is_open() {
                        Who::Anyone
                    } else {
                        Who::Teams
                    };
                    let how = if start.unasked {
                        format!("opens a pull request (Ariane's `{command}`)")
                    } else {
                        format!("comments `{command}` (Ariane)")
                    };
                    Row {
                        gates: start.way.gates().iter().map(ToString::to_string).collect(),
                        jobs: Vec::new(),
                        ..self.row(who, Some(&how), true, &mut BTreeSet::new())
                    }
                });
                row.jobs.push(job);
            }
        }
        rows.into_values().collect()
    }

    fn job(&self, start: &Start<'_>, privileged: bool, missing: &mut BTreeSet<String>) -> JobRow {
        let mut conditions = Vec::new();
        let mut approvals = Vec::new();
        let mut names = Vec::new();
        for view in &start.chain {
            names.push(view.job.name());
            let mut seen = BTreeSet::new();
            on_the_way(view.workflow, view.job, &mut seen, &mut |job| {
                if let Some(condition) = &job.condition
                    && !self.is_settled(condition)
                {
                    conditions.push(squeeze(&condition.text.value));
                }
                if let Some(environment) = &job.environment {
                    approvals.push(self.approval(&environment.name.value, missing));
                }
            });
        }
        conditions.dedup();
        let place = start
            .job()
            .map_or_else(|| start.place(), |v| v.at(v.job.id.span));
        let stakes = &start.stakes;
        let mut row = JobRow {
            job: names.join(" / "),
            place,
            conditions,
            approvals,
            writes: start.token.writes().map(|s| s.to_string()).collect(),
            token_assumed: start.token.assumed,
            secrets: stakes.secrets.iter().cloned().collect(),
            publishes: stakes.publishes.iter().map(ToString::to_string).collect(),
        };
        if !privileged {
            row.writes.clear();
            row.secrets.clear();
            row.publishes.clear();
            row.token_assumed = false;
        }
        row
    }

    // Whether a condition says nothing about this event: it holds always, or it
    // only keeps forks from running their own copy.
    fn is_settled(&self, condition: &Condition) -> bool {
        let Some(expr) = condition.expr() else {
            return false;
        };
        let situation = Situation {
            event: self.trigger.name(),
            outsider: false,
            fork_exists: true,
        };
        expr.conjuncts().into_iter().all(|part| {
            let own = |path: &&ContextPath| {
                path.is("github.repository") || path.is("github.repository_owner")
            };
            situation.evaluate(part) == Some(true)
                || part.as_call("success").is_some()
                || !part.contexts().is_empty() && part.contexts().iter().all(own)
        })
    }

    fn approval(&self, name: &str, missing: &mut BTreeSet<String>) -> Approval {
        let known = self.cx.facts.settings.map(|s| s.environment(name));
        let protection = match known {
            _ if name.contains("${{") => Protection::Unknown,
            Some(Fact::Known(Some(environment))) => protection(environment),
            Some(Fact::Known(None)) => Protection::Missing,
            _ => Protection::Unknown,
        };
        if protection == Protection::Unknown {
            missing.insert(format!("the protection of environment `{name}`"));
        }
        Approval {
            environment: name.to_owned(),
            protection,
        }
    }
}

// The job, and the jobs without which it does not run.
fn on_the_way<'w>(
    workflow: &'w Workflow,
    job: &'w Job,
    seen: &mut BTreeSet<&'w str>,
    visit: &mut dyn FnMut(&'w Job),
) {
    if seen.len() > 256 || !seen.insert(job.name()) {
        return;
    }
    visit(job);
    for need in &job.needs {
        if let Some(needed) = workflow.job(&need.value) {
            on_the_way(workflow, needed, seen, visit);
        }
    }
}

fn protection(environment: &Environment) -> Protection {
    let (Fact::Known(protection), Fact::Known(custom)) =
        (&environment.protection, &environment.custom_rules)
    else {
        return Protection::Unknown;
    };
    let people = protection
        .required_reviewers
        .iter()
        .flat_map(|r| &r.reviewers);
    let people = people.map(|reviewer| match reviewer {
        Reviewer::User { login, .. } => format!("@{login}"),
        Reviewer::Team { slug, .. } => format!("team {slug}"),
        Reviewer::Other { kind } => kind.clone(),
    });
    let apps = custom.iter().filter(|rule| rule.enabled);
    let apps = apps.map(|rule| format!("App {}", rule.app));
    let refs = match &environment.deployment_refs {
        Fact::Known(DeploymentRefs::Any) => None,
        Fact::Known(DeploymentRefs::ProtectedBranches) => Some("protected branches".to_owned()),
        Fact::Known(DeploymentRefs::Named(Fact::Known(names))) => {
            let names: Vec<&str> = names.iter().map(|n| n.pattern.as_str()).collect();
            Some(names.join(", "))
        }
        _ => return Protection::Unknown,
    };
    Protection::Known {
        reviewers: people.chain(apps).collect(),
        refs,
    }
}

fn filters(trigger: &Trigger) -> Vec<String> {
    let lists = [
        ("types", trigger.types.as_ref()),
        ("branches", trigger.branches.as_ref()),
        ("branches-ignore", trigger.branches_ignore.as_ref()),
        ("tags", trigger.tags.as_ref()),
        ("tags-ignore", trigger.tags_ignore.as_ref()),
        ("paths", trigger.paths.as_ref()),
        ("paths-ignore", trigger.paths_ignore.as_ref()),
        (
            "workflows",
            Some(&trigger.workflows).filter(|l| !l.is_empty()),
        ),
        ("cron", Some(&trigger.crons).filter(|l| !l.is_empty())),
    ];
    lists
        .into_iter()
        .filter_map(|(key, list)| {
            let words: Vec<&str> = list?.iter().map(|w| w.value.as_str()).collect();
            Some(format!("{key}: {}", words.join(", ")))
        })
        .collect()
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
