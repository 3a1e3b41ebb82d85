//! What the jobs of a checkout do with their token, scope by scope, with what
//! needs it and what is not read.
//!
//! The knowledge of actions and programs stands in
//! [`cofferdam_workflows::semantics::needs`], each row with its source.

use std::collections::BTreeMap;

use cofferdam_facts::{Access, Scope};
use cofferdam_rules::{Context, JobView, expression_sites};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::semantics::checkouts;
use cofferdam_workflows::semantics::needs::actions::of_action;
use cofferdam_workflows::semantics::needs::commands::{self, Uses};
use cofferdam_workflows::semantics::permissions::Decider;
use cofferdam_workflows::semantics::secrets::{self, SecretName};
use cofferdam_workflows::shell::{Command, Script};

/// Calls and actions are followed this far; GitHub allows ten levels.
const MAX_DEPTH: usize = 10;

/// What a job does with its token.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobUses {
    /// What it is known to use, with what needs it.
    sure: BTreeMap<Scope, (Access, Vec<String>)>,
    /// What it writes only where an input or a configuration asks for it.
    perhaps: BTreeMap<Scope, Vec<String>>,
    unread: Vec<Unread>,
}

/// Something that is not read, and what it can reach.
#[derive(Clone, Debug)]
struct Unread {
    what: String,
    reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The token, and the job's identity.
    Token,
    /// The credentials that a checkout has left behind.
    Contents,
    /// The job's identity, which needs no token.
    Identity,
}

impl JobUses {
    /// The access that is known to be needed.
    pub(crate) fn access(&self, scope: Scope) -> Access {
        self.sure
            .get(&scope)
            .map_or(Access::None, |(access, _)| *access)
    }

    /// What may need more of a scope than is known, each as the subject of a
    /// sentence.
    pub(crate) fn open(&self, scope: Scope) -> Vec<&str> {
        let covers = |unread: &&Unread| match unread.reach {
            Reach::Token => true,
            Reach::Contents => scope == Scope::Contents,
            Reach::Identity => scope == Scope::IdToken,
        };
        let perhaps = self.perhaps.get(&scope).into_iter().flatten();
        let unread = self.unread.iter().filter(covers).map(|unread| &unread.what);
        let mut open: Vec<&str> = perhaps.chain(unread).map(String::as_str).collect();
        open.sort_unstable();
        open.dedup();
        open
    }

    /// The scopes that are known to be needed, but for one's own identity where
    /// it is not wanted.
    pub(crate) fn scopes(&self, identity: bool) -> Vec<(Scope, Access)> {
        let all = self
            .sure
            .iter()
            .map(|(scope, (access, _))| (*scope, *access));
        all.filter(|(scope, _)| identity || *scope != Scope::IdToken)
            .collect()
    }

    /// What each scope is for.
    pub(crate) fn why(&self, scope: Scope) -> String {
        let who = self.sure.get(&scope).map_or(&[][..], |(_, who)| who);
        match who {
            [] => String::new(),
            [one] => one.clone(),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        }
    }

    fn sure(&mut self, scopes: &[Scope], access: Access, who: &str) {
        for scope in scopes {
            let (now, whos) = self.sure.entry(*scope).or_default();
            if access > *now {
                whos.clear();
            }
            if access >= *now && !whos.iter().any(|known| known == who) {
                whos.push(who.to_owned());
            }
            *now = access.max(*now);
        }
    }

    fn perhaps(&mut self, scopes: &[Scope], who: &str) {
        for scope in scopes {
            self.perhaps.entry(*scope).or_default().push(who.to_owned());
        }
    }

    fn unread(&mut self, what: impl Into<String>, reach: Reach) {
        let what = what.into();
        self.unread.push(Unread { what, reach });
    }
}

/// What lies within the reach of a step.
#[derive(Clone, Copy)]
struct Held {
    /// The token is in the environment.
    token: bool,
    /// A checkout has left its credentials behind.
    persisted: bool,
    /// A registry was signed in to.
    registry: bool,
}

/// What a job does with its token.
pub(crate) fn of_job(cx: &Context<'_>, view: &JobView<'_>) -> JobUses {
    let mut uses = JobUses::default();
    follow(cx, view, 0, &mut uses);
    uses
}

fn follow(cx: &Context<'_>, view: &JobView<'_>, depth: usize, uses: &mut JobUses) {
    let job = view.job;
    if let Some(call) = job.call() {
        let called = cx.repository.own_workflow(&call.uses.value);
        let Some(called) = called.filter(|_| depth < MAX_DEPTH) else {
            uses.unread(format!("`{}`", call.uses.value), Reach::Token);
            return;
        };
        for inner in cx.jobs(called) {
            if inner.token.decider == Decider::Settings {
                follow(cx, inner, depth + 1, uses);
                continue;
            }
            // A call fails unless its caller holds what the called job asks for.
            let who = format!("job `{}` of `{}`", inner.job.name(), called.path());
            for (scope, access) in &inner.token.scopes {
                uses.sure(&[*scope], *access, &who);
            }
        }
        return;
    }
    let services = job.services.iter().map(|(_, container)| container);
    for container in job.container.iter().chain(services) {
        if holds_token(&container.credentials) {
            uses.sure(&[Scope::Packages], Access::Read, "the image of the job");
        }
    }
    let signs_in = |step: &Step| {
        step.action() == Some("docker/login-action")
            || step
                .script()
                .is_some_and(|text| text.value.contains("login"))
    };
    let held = Held {
        token: holds_token(&view.workflow.env) || holds_token(&job.env),
        persisted: checkouts::keeps_credentials(job.steps()),
        registry: job.steps().iter().any(signs_in),
    };
    for step in job.steps() {
        let script = cx.script(view.workflow.path(), step);
        of_step(cx, step, script, held, depth, uses);
    }
}

fn of_step(
    cx: &Context<'_>,
    step: &Step,
    script: Option<&Script>,
    held: Held,
    depth: usize,
    uses: &mut JobUses,
) {
    if let Some(reference) = step.uses() {
        let who = format!("`{}`", reference.value);
        if let Some(action) = cx.repository.own_action(&reference.value) {
            if !matches!(action.runs, Runs::Composite { .. }) || depth >= MAX_DEPTH {
                uses.unread(who, Reach::Token);
                return;
            }
            // What it is handed as an input is not told apart here.
            let held = Held {
                token: true,
                ..held
            };
            for inner in action.steps() {
                let script = cx.script(action.path(), inner);
                of_step(cx, inner, script, held, depth + 1, uses);
            }
            return;
        }
        let name = step.action();
        let Some(row) = name.as_deref().and_then(of_action) else {
            uses.unread(who, Reach::Token);
            return;
        };
        let who = format!("`{}`", row.name);
        uses.sure(row.reads, Access::Read, &who);
        uses.sure(row.writes, Access::Write, &who);
        uses.perhaps(row.perhaps, &who);
        if row.git && held.persisted {
            uses.unread(who.clone(), Reach::Contents);
        }
        if row.git && held.token {
            uses.unread(who, Reach::Token);
        }
        return;
    }
    let Some(text) = step.script() else { return };
    let held = Held {
        token: held.token || step.texts().any(|(_, text)| names_token(text)),
        ..held
    };
    let label = expression_sites::called(step);
    match script.filter(|script| script.understood) {
        Some(script) => {
            for command in &script.commands {
                of_command(command, held, &label, uses);
            }
        }
        None if text.value.trim().is_empty() => {}
        None => unread(&label, held, uses),
    }
}

fn unread(what: &str, held: Held, uses: &mut JobUses) {
    if held.token {
        uses.unread(what, Reach::Token);
    } else {
        uses.unread(what, Reach::Identity);
    }
    if held.persisted {
        uses.unread(what, Reach::Contents);
    }
}

fn of_command(command: &Command, held: Held, label: &str, uses: &mut JobUses) {
    let (name, args) = command.effective();
    let words = std::iter::once(name).chain(args).take(2);
    let words: Vec<&str> = words.map(|word| word.text.as_str()).collect();
    let what = format!("`{}` in {label}", words.join(" "));
    match commands::of_command(command) {
        Uses::Nothing => {
            if held.persisted && commands::reaches_remote(command) {
                uses.sure(&[Scope::Contents], Access::Read, &what);
            }
        }
        Uses::Token {
            reads,
            writes,
            perhaps,
        } => {
            let by_git = command.is("git") && held.persisted;
            let by_registry = held.registry && !command.is("gh") && !command.is("git");
            if held.token || by_git || by_registry || command.is("gh") {
                uses.sure(reads, Access::Read, &what);
                uses.sure(writes, Access::Write, &what);
                uses.perhaps(perhaps, &what);
            }
        }
        Uses::Signs | Uses::Unread => unread(&what, held, uses),
    }
}

fn holds_token(pairs: &[Pair]) -> bool {
    pairs.iter().any(|pair| names_token(&pair.value))
}

fn names_token(text: &Text) -> bool {
    let token = |name: &SecretName| matches!(name, SecretName::Token | SecretName::All);
    (text.parsed()).any(|(_, expr)| {
        secrets::names(expr).iter().any(token)
            || expr.contexts().iter().any(|c| c.text() == "github")
    })
}
