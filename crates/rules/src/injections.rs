//! How bad a flow into code is: who causes a run in which it happens, and what
//! that run holds.

use std::collections::BTreeMap;

use cofferdam_facts::Location;
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_flows::{Class, Flow, Holds, Shape, Sink, Source, Stage, Who};
use cofferdam_workflows::documents::{Condition, Step, Workflow};
use cofferdam_workflows::expressions::{ContextPath, Expr};
use cofferdam_workflows::semantics::conditions::Situation;
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::semantics::gates::{Asked, Gate, Way};

use crate::checks;
use crate::context::{Context, JobView};
use crate::grades::{self, Held};
use crate::starts::{self, Start};
use crate::stored;

/// How deep calls are followed up, and how many ways up are looked at.
const MAX_DEPTH: usize = 10;
const MAX_CHAINS: usize = 64;

/// A flow in the worst of the runs in which it happens.
#[derive(Clone, Debug)]
pub struct Danger<'c> {
    /// The flow.
    pub flow: &'c Flow<'c>,
    /// Where it ends.
    pub sink: &'c Sink<'c>,
    /// How freely the value is shaped there, and by whom.
    pub shape: Shape,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The run; `None` where only a caller elsewhere could cause one.
    pub start: Option<Start<'c>>,
    /// The run before it that has saved the value in a cache, if one has.
    pub saver: Option<Start<'c>>,
    /// The event on which a caller elsewhere lets strangers in, without passing
    /// anything itself.
    pub elsewhere: Option<&'static str>,
    /// What it takes to cause it.
    pub way: Way,
}

/// The dangers of one file, the worst flow for each sink, in order of the file.
#[must_use]
pub fn of_file<'c>(
    cx: &'c Context<'c>,
    path: &str,
    wanted: &dyn Fn(&Sink<'_>) -> bool,
) -> Vec<Danger<'c>> {
    let mut known = Known::default();
    let mut worst: BTreeMap<usize, Danger<'c>> = BTreeMap::new();
    for flow in cx.flows.of_file(path).filter(|flow| !flow.opaque) {
        let Some(sink) = cx.flows.sink(flow).filter(|sink| wanted(sink)) else {
            continue;
        };
        for danger in of_flow(cx, flow, sink, &mut known) {
            let better = worst.get(&flow.sink).is_none_or(|old| {
                (danger.severity, danger.confidence) > (old.severity, old.confidence)
            });
            if better {
                worst.insert(flow.sink, danger);
            }
        }
    }
    worst.into_values().collect()
}

/// Steps with places of code that a stranger's value may reach behind an action
/// whose code is not here, and the first such place.
#[must_use]
pub fn unknown(cx: &Context<'_>, wanted: &dyn Fn(&Sink<'_>) -> bool) -> (usize, Option<Location>) {
    let mut known = Known::default();
    let mut steps: BTreeMap<(String, usize), Location> = BTreeMap::new();
    for flow in cx.flows.iter().filter(|flow| flow.opaque) {
        let Some(sink) = cx.flows.sink(flow).filter(|sink| wanted(sink)) else {
            continue;
        };
        let key = (sink.file.path().to_owned(), sink.step.span.start);
        let matters = |danger: &Danger<'_>| danger.severity >= Severity::Medium;
        if !steps.contains_key(&key) && of_flow(cx, flow, sink, &mut known).iter().any(matters) {
            steps.insert(key, sink.file.locate(sink.span));
        }
    }
    (steps.len(), steps.into_values().next())
}

// The starts of a route are the same for every flow that takes it.
#[derive(Default)]
pub(crate) struct Known<'c> {
    starts: BTreeMap<Vec<(usize, usize)>, Vec<Start<'c>>>,
}

impl<'c> Known<'c> {
    pub(crate) fn starts(&mut self, cx: &'c Context<'c>, route: &[Stage<'c>]) -> &[Start<'c>] {
        let key = route
            .iter()
            .map(|s| {
                let workflow = std::ptr::from_ref(s.workflow).addr();
                (workflow, s.job.span.start)
            })
            .collect();
        self.starts.entry(key).or_insert_with(|| {
            chains(cx, route)
                .iter()
                .flat_map(|chain| starts_of(cx, chain))
                .collect()
        })
    }
}

fn starts_of<'c>(cx: &'c Context<'c>, chain: &[&'c JobView<'c>]) -> Vec<Start<'c>> {
    let Some(workflow) = chain.first().map(|view| view.workflow) else {
        return Vec::new();
    };
    let own = workflow
        .triggers
        .iter()
        .filter(|t| t.name() != "workflow_call");
    own.flat_map(|trigger| {
        let mut starts = vec![starts::along(cx, workflow, trigger, chain)];
        if trigger.name() == "workflow_dispatch" {
            starts.extend(starts::by_command(cx, workflow, trigger, chain));
        }
        starts
    })
    .collect()
}

/// Every chain of jobs from a workflow with events of its own to the end of a
/// route.
fn chains<'c>(cx: &'c Context<'c>, route: &[Stage<'c>]) -> Vec<Vec<&'c JobView<'c>>> {
    let view = |workflow: &Workflow, span: usize| {
        cx.jobs_at(workflow.path())
            .iter()
            .find(|view| view.job.span.start == span)
    };
    let first: Option<Vec<_>> = route
        .iter()
        .map(|s| view(s.workflow, s.job.span.start))
        .collect();
    let mut found = Vec::new();
    let mut waiting: Vec<Vec<&JobView<'_>>> = first.into_iter().filter(|c| !c.is_empty()).collect();
    while let Some(chain) = waiting.pop() {
        let Some(outermost) = chain.first().map(|v| v.workflow) else {
            continue;
        };
        if outermost.is_reusable() && chain.len() < MAX_DEPTH {
            for caller in cx.repository.callers(outermost.path()).iter().rev() {
                let Some(next) = view(caller.workflow, caller.job.span.start) else {
                    continue;
                };
                let again = chain.iter().any(|v| std::ptr::eq(*v, next));
                if !again && waiting.len() + found.len() < MAX_CHAINS {
                    let mut longer = vec![next];
                    longer.extend(&chain);
                    waiting.push(longer);
                }
            }
        }
        found.push(chain);
    }
    found
}

fn of_flow<'c>(
    cx: &'c Context<'c>,
    flow: &'c Flow<'c>,
    sink: &'c Sink<'c>,
    known: &mut Known<'c>,
) -> Vec<Danger<'c>> {
    if let Source::Caller(_) = flow.source {
        return by_caller(flow, sink, Shape::new(Class::Text, Who::Caller))
            .into_iter()
            .collect();
    }
    if let Some(saved) = &flow.saved {
        return stored::of_flow(cx, flow, saved, sink, known);
    }
    let starts = known.starts(cx, &flow.route);
    let dangers: Vec<Danger<'c>> = starts
        .iter()
        .filter_map(|start| of_start(cx, flow, sink, start))
        .collect();
    // A reusable workflow or action that nobody here uses, or that is there for
    // others, runs on any event.
    if starts.is_empty() {
        let shapes = events::EVENTS.iter().filter_map(|e| flow.shape(e.name));
        let freest = shapes.max_by_key(|shape| shape.class);
        return freest
            .and_then(|shape| by_caller(flow, sink, shape))
            .map(|danger| elsewhere(flow, sink, danger))
            .into_iter()
            .collect();
    }
    dangers
}

// What comes from the event itself is there in every run of a caller, who has
// done nothing but choose the event.
fn elsewhere<'c>(flow: &Flow<'_>, sink: &Sink<'_>, danger: Danger<'c>) -> Danger<'c> {
    // What lies below `.github/` is there for this repository.
    let own = sink
        .action
        .is_some_and(|a| a.folder().starts_with(".github/"));
    let open = events::EVENTS
        .iter()
        .filter(|event| {
            let situation = Situation {
                event: event.name,
                outsider: true,
                fork_exists: true,
            };
            events::is_privileged_from_outside(event.name)
                && !flow
                    .guards
                    .iter()
                    .any(|guard| situation.evaluate(guard) == Some(false))
        })
        .find(|event| {
            flow.shape(event.name)
                .is_some_and(|shape| shape.who.is_outsider() && shape.class > sink.holds_up_to)
        });
    match open {
        Some(event) if !own => Danger {
            severity: Severity::Medium,
            elsewhere: Some(event.name),
            ..danger
        },
        _ => danger,
    }
}

fn by_caller<'c>(flow: &'c Flow<'c>, sink: &'c Sink<'c>, shape: Shape) -> Option<Danger<'c>> {
    (shape.class > sink.holds_up_to).then(|| Danger {
        flow,
        sink,
        shape: Shape::new(shape.class, Who::Caller),
        severity: Severity::Low,
        confidence: Confidence::Medium,
        start: None,
        saver: None,
        elsewhere: None,
        way: Way::Unknown,
    })
}

/// How freely a value is shaped where it arrives in the run of a start, by whom,
/// and what it takes to get it there; `None` where it stays harmless or does not
/// get there.
#[must_use]
pub fn arrives(
    cx: &Context<'_>,
    flow: &Flow<'_>,
    sink: &Sink<'_>,
    start: &Start<'_>,
) -> Option<(Shape, Way)> {
    let shape = match &start.command {
        Some(_) => by_comment(&flow.source)?,
        None => flow.shape(start.event())?,
    };
    if shape.class <= sink.holds_up_to {
        return None;
    }
    let view = start.job()?;
    if is_ruled_out(&flow.guards, start.event()) {
        return None;
    }
    if looked_up(flow, start) {
        return Some((shape, Way::Open));
    }
    let steps: Vec<&Step> = flow.through.iter().copied().chain([sink.step]).collect();
    let way = of_words(flow, way(cx, &flow.guards, &steps, start, view));
    let shape = if own_words(flow, &way) {
        Shape::new(shape.class, Who::Dispatcher)
    } else {
        shape
    };
    Some((shape, way))
}

/// Whether a run that no stranger causes asks the API for what strangers have
/// written there: a schedule, a push, a release. Its conditions are about whoever
/// causes it.
#[must_use]
pub fn looked_up(flow: &Flow<'_>, start: &Start<'_>) -> bool {
    let event = start.event();
    matches!(flow.source, Source::Api(..))
        && start.command.is_none()
        && !events::is_privileged_from_outside(event)
        && !events::is_pull_request(event)
        && !matches!(event, "repository_dispatch" | "workflow_dispatch")
}

fn of_start<'c>(
    cx: &Context<'_>,
    flow: &'c Flow<'c>,
    sink: &'c Sink<'c>,
    start: &Start<'c>,
) -> Option<Danger<'c>> {
    let (shape, way) = arrives(cx, flow, sink, start)?;
    let view = start.job()?;
    let held = grades::held(view, start);
    let api = matches!(flow.source, Source::Api(..));
    let (mut severity, confidence) = match (looked_up(flow, start), start.event()) {
        (true, _) => (of_lookup(held, view, shape), Confidence::Medium),
        // Somebody with a role has to start it.
        (false, "workflow_dispatch") if api && start.command.is_none() => {
            (of_lookup(held, view, shape).lowered(), Confidence::Medium)
        }
        _ => grade(held, start, shape, &way)?,
    };
    // Names of files stand out in a review, next to code that runs anyway.
    if let (
        Source::Read(Holds::FileNames, _)
        | Source::Api(Holds::FileNames, ..)
        | Source::Output(_, Holds::FileNames),
        Who::CommitAuthor,
    ) = (&flow.source, shape.who)
    {
        severity = severity.min(Severity::Low);
    }
    let confidence = match flow.source {
        // What a script looks up may be of another pull request than the one
        // that the stranger opened.
        Source::Read(..) | Source::Api(..) => confidence.min(Confidence::Medium),
        _ => confidence,
    };
    let severity = match (severity, way == Way::Unknown, start.environment_unknown()) {
        // Where a gate may stand, nobody can say that there is none.
        (Severity::Critical, true, _) | (Severity::Critical, _, true) => Severity::High,
        (severity, ..) => severity,
    };
    Some(Danger {
        flow,
        sink,
        shape,
        severity,
        confidence,
        start: Some(start.clone()),
        saver: None,
        elsewhere: None,
        way,
    })
}

// What a comment bot hands over, by the name of the input: the rest of the
// comment is free, everything else the bot looks up.
pub(crate) fn by_comment(source: &Source) -> Option<Shape> {
    let Source::Dispatch(name) = source else {
        return None;
    };
    let free = name.to_ascii_lowercase().contains("args");
    free.then_some(Shape::new(Class::Text, Who::Anyone))
}

// Whoever causes the run, it is not for this event; what keeps strangers out is
// part of the way.
pub(crate) fn is_ruled_out(guards: &[&Expr], event: &str) -> bool {
    let situation = Situation {
        event,
        outsider: false,
        fork_exists: true,
    };
    let mut guards = guards.iter();
    guards.any(|guard| situation.evaluate(guard) == Some(false))
}

// Whether the words are those of a comment or review, which may stand anywhere.
fn is_comment(flow: &Flow<'_>) -> bool {
    let Source::Context(path) = &flow.source else {
        return false;
    };
    ["github.event.comment.", "github.event.review."]
        .iter()
        .any(|start| path.starts_with(start))
}

/// What it takes for words to be a stranger's: those of a comment may stand below
/// anything, others are of whoever opened it.
pub(crate) fn of_words(flow: &Flow<'_>, way: Way) -> Way {
    if is_comment(flow) {
        way.for_comment()
    } else {
        way.for_own()
    }
}

// A comment that counts only from somebody with a role is that person's text. A
// check of which nothing is proven leaves it anybody's.
pub(crate) fn own_words(flow: &Flow<'_>, way: &Way) -> bool {
    is_comment(flow)
        && way.gates().iter().any(|gate| {
            matches!(
                gate,
                Gate::Comment | Gate::PermissionCheck | Gate::Team(_) | Gate::Person
            )
        })
}

/// What it takes a stranger to start the job and to get past the conditions of
/// the steps on the way.
pub(crate) fn way(
    cx: &Context<'_>,
    guards: &[&Expr],
    steps: &[&Step],
    start: &Start<'_>,
    view: &JobView<'_>,
) -> Way {
    let plain = start.stranger(cx, &|_, _| None);
    let file = view.workflow.file();
    let own = view.job.steps();
    let lookup = |path: &ContextPath, asked: &Asked<'_>| {
        checks::of_step(&plain, file, own, path, asked)
            .or_else(|| checks::of_need(&plain, view.workflow, path, asked))
    };
    let stranger = start.stranger(cx, &lookup);
    let mut way = start.way.clone();
    for step in steps {
        way = way.and(stranger.passes(step.condition.as_ref()));
        if own.iter().any(|other| std::ptr::eq(other, *step)) {
            let asked = checks::Asked::before(own, step);
            way = way.and(asked.way(&plain, file, step));
        }
    }
    for guard in guards {
        let of_job = view.job.condition.as_ref().and_then(Condition::expr);
        if !of_job.is_some_and(|own| std::ptr::eq(own, *guard)) {
            let next = stranger.way(guard, true);
            // What is not known of a hop is not known of the attack, but the
            // run itself is open.
            way = match (way, next) {
                (way, Way::Unknown) => way,
                (way, next) => way.and(next),
            };
        }
    }
    way
}

// What is looked up may be another's than the stranger's, and a run of its own
// comes only after it was written.
fn of_lookup(held: Held, view: &JobView<'_>, shape: Shape) -> Severity {
    match shape.who {
        Who::Anyone => {
            let severity = grades::severity(held, &[], true).lowered();
            match view.job.environment {
                Some(_) => severity.lowered(),
                None => severity,
            }
        }
        _ if held == Held::Grave => Severity::Medium,
        _ => Severity::Low,
    }
}

// By what is held where the value arrives, and by the run in which it is shaped.
pub(crate) fn grade(
    held: Held,
    start: &Start<'_>,
    shape: Shape,
    way: &Way,
) -> Option<(Severity, Confidence)> {
    let event = start.event();
    let mut confidence = Confidence::High;
    if !start.missing.is_empty() || *way == Way::Unknown || held == Held::Perhaps {
        confidence = Confidence::Medium;
    }
    let privileged = events::is_privileged_from_outside(event) || start.command.is_some();
    let reviews = matches!(event, "pull_request_review" | "pull_request_review_comment");
    let severity = match shape.who {
        Who::Anyone | Who::PullRequestAuthor if privileged => {
            // What is merged has been reviewed.
            if way.is_closed() || way.gates().contains(&Gate::Merge) {
                return None;
            }
            grades::severity(held, way.gates(), true)
        }
        // GitHub withholds secrets from runs of forks. Anybody may review a
        // pull request from a branch of the repository itself.
        Who::Anyone if reviews && !way.is_closed() => {
            confidence = Confidence::Medium;
            grades::severity(held, way.gates(), true).lowered()
        }
        // The author of the pull request writes this very workflow too.
        Who::Anyone | Who::PullRequestAuthor => Severity::Low,
        Who::CommitAuthor if held == Held::Grave => Severity::Medium,
        Who::CommitAuthor | Who::Triage => Severity::Low,
        Who::Dispatcher | Who::Pusher if held == Held::Nothing => Severity::Info,
        Who::Dispatcher | Who::Pusher | Who::Caller => Severity::Low,
    };
    Some((severity, confidence))
}

impl Danger<'_> {
    /// The place of the sink.
    #[must_use]
    pub fn place(&self) -> Location {
        self.sink.file.locate(self.sink.span)
    }

    // The run in which the value is shaped.
    fn cause(&self) -> Option<&Start<'_>> {
        self.saver.as_ref().or(self.start.as_ref())
    }

    /// The run, where a stranger causes it and it holds the repository's
    /// privileges.
    #[must_use]
    pub fn privileged(&self) -> Option<&Start<'_>> {
        let start = self.cause()?;
        let outside = events::is_privileged_from_outside(start.event()) || start.command.is_some();
        (outside && self.shape.who.is_outsider()).then_some(start)
    }

    /// Who shapes the value, as the subject of a sentence.
    #[must_use]
    pub fn who(&self) -> String {
        match self.privileged() {
            Some(start) => Start {
                way: self.way.clone(),
                ..start.clone()
            }
            .who(),
            None => self.shape.who.describe().to_owned(),
        }
    }

    /// What is lost, as a sentence without capital letter and full stop.
    #[must_use]
    pub fn loss(&self) -> String {
        if let Some(event) = self.elsewhere {
            return format!(
                "in a repository that uses it on `{event}`, anybody gets to run code with that \
                 repository's secrets and token"
            );
        }
        let Some(start) = &self.start else {
            return "whoever calls it with a value that others write runs their code with the \
                    caller's secrets and token"
                .to_owned();
        };
        let taken = start
            .job()
            .map_or_else(String::new, |view| grades::taken(view, start));
        let who = self.who();
        let cause = self.cause().unwrap_or(start);
        let pull = events::is_pull_request(cause.event());
        if self.privileged().is_some() {
            return match cause.missing.first() {
                Some(missing) => format!("{who} takes {taken} ({missing} is not known)"),
                None => format!("{who} takes {taken}"),
            };
        }
        match self.shape.who {
            Who::Anyone | Who::PullRequestAuthor if pull && self.severity <= Severity::Low => {
                "a fork's run on this event holds no secret and may not write, and its author \
                 could change this workflow in the same pull request"
                    .to_owned()
            }
            Who::Anyone if pull => format!(
                "on a pull request from a branch of this repository the run is no fork's: {who} \
                 takes {taken}"
            ),
            Who::CommitAuthor => {
                format!("{who} takes {taken}, though somebody has read it before")
            }
            Who::Anyone => format!("{who} takes {taken}: the run asks for what they have written"),
            _ => format!("{who} has rights here already, and comes by this to {taken}"),
        }
    }

    /// What distinguishes it, free of line numbers: the job, the step, the
    /// expression.
    #[must_use]
    pub fn subject(&self) -> String {
        let step = self.sink.step.label();
        let written = one_line(&self.sink.written);
        match (self.sink.action, self.flow.stage()) {
            (Some(_), _) | (None, None) => format!("{step}/{written}"),
            (None, Some(stage)) => format!("jobs.{}/{step}/{written}", stage.job.name()),
        }
    }

    /// What runs, for messages: "job `build`" or "the action".
    #[must_use]
    pub fn runs(&self) -> String {
        match (self.sink.action, self.flow.stage()) {
            (None, Some(stage)) => format!("job `{}`", stage.job.name()),
            (Some(action), _) if action.folder().is_empty() => "the action".to_owned(),
            (Some(action), _) => format!("the action `{}`", action.folder()),
            (None, None) => "the job".to_owned(),
        }
    }

    /// Adds the way, hop by hop, and what the run holds.
    #[must_use]
    pub fn trace(&self, mut finding: Finding) -> Finding {
        if let Some(start) = self.cause() {
            let note = match self.privileged() {
                Some(start) => start.starter(),
                None => format!("`{}` starts it", start.event()),
            };
            finding = finding.related(start.place(), note);
        }
        for hop in &self.flow.hops {
            finding = finding.related(hop.file.locate(hop.span), hop.note.clone());
        }
        if let (Some(_), Some(start)) = (&self.saver, &self.start) {
            let note = format!("`{}` starts the job that restores it", start.event());
            finding = finding.related(start.place(), note);
        }
        if let (Some(view), Some(start)) = (self.start.as_ref().and_then(Start::job), &self.start)
            && self.severity >= Severity::Medium
        {
            let holds = view.token.span.unwrap_or(view.job.id.span);
            finding = finding.related(
                view.at(holds),
                format!("the job holds {}", start.stakes.describe()),
            );
        }
        finding
    }
}

/// White space of any kind as one space, and not more than a line of it.
#[must_use]
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(100).collect()
}

/// The same with a capital letter at the start.
#[must_use]
pub fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}
