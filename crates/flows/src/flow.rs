//! What a flow is: from a source, hop by hop, to a sink.

use std::sync::Arc;

use cofferdam_facts::{SourceFile, Span};
use cofferdam_workflows::documents::{Action, Job, Step, Trigger, Workflow};
use cofferdam_workflows::expressions::Expr;
use cofferdam_workflows::semantics::cache_scopes;

use crate::api;
use crate::class::{Class, Shape, Who};
use crate::outputs::Holds;
use crate::sources;
use crate::tools::{Effect, Means};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A context, dotted and in lower case.
    Context(String),
    /// An input of `workflow_dispatch` that takes any text.
    Dispatch(String),
    /// An input of a reusable workflow or an action that nobody in this
    /// checkout calls.
    Caller(String),
    /// An output of a known action: `owner/name` and what it holds.
    Output(String, Holds),
    /// What a script reads, and a phrase for it.
    Read(Holds, String),
    /// What the API answers a script, which anybody may have written; whether
    /// somebody has merged it, and a phrase for the question.
    Api(Holds, bool, String),
    /// All that the event is about, for whoever looks it up: titles, bodies,
    /// comments, changes.
    Payload,
}

impl Source {
    /// How freely it can be shaped on an event, and by whom.
    #[must_use]
    pub fn shape(&self, event: &str) -> Option<Shape> {
        match self {
            Self::Context(path) => sources::shape(path, event),
            Self::Dispatch(_) => {
                (event == "workflow_dispatch").then_some(Shape::new(Class::Text, Who::Dispatcher))
            }
            Self::Caller(_) => Some(Shape::new(Class::Text, Who::Caller)),
            Self::Output(_, holds) | Self::Read(holds, _) => holds.shape(event),
            Self::Api(holds, merged, _) => {
                let of_event = holds.shape(event);
                of_event.or_else(|| api::shape(*holds, *merged, event))
            }
            Self::Payload => payload(event),
        }
    }

    /// What it is called, in code style where it has a name.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Context(path) => format!("`{path}`"),
            Self::Dispatch(name) => format!("the input `{name}` of `workflow_dispatch`"),
            Self::Caller(name) => format!("the input `{name}`"),
            Self::Output(action, holds) => format!("{} from {action}", holds.describe()),
            Self::Read(holds, how) | Self::Api(holds, _, how) => {
                format!("{} (`{how}`)", holds.describe())
            }
            Self::Payload => "what others write on the issue or pull request".to_owned(),
        }
    }
}

fn payload(event: &str) -> Option<Shape> {
    let who = match event {
        "issues"
        | "issue_comment"
        | "discussion"
        | "discussion_comment"
        | "pull_request_review"
        | "pull_request_review_comment" => Who::Anyone,
        "pull_request" | "pull_request_target" => Who::PullRequestAuthor,
        _ => return None,
    };
    Some(Shape::new(Class::Text, who))
}

/// One place on the way.
#[derive(Clone, Debug)]
pub struct Hop<'r> {
    /// The file.
    pub file: &'r SourceFile,
    /// The place in it.
    pub span: Span,
    /// What happens there, in one phrase.
    pub note: String,
}

/// What the value reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SinkKind {
    /// A script of `run:`, before the shell reads it.
    Script,
    /// A string that the script itself runs as code: `eval`, `bash -c`.
    Evaluated,
    /// An input of an action that is code.
    CodeInput,
    /// The command line of `shell:`.
    ShellCommand,
    /// The file behind `GITHUB_ENV`.
    EnvironmentFile,
    /// The file behind `GITHUB_PATH`.
    PathFile,
    /// The file behind `GITHUB_OUTPUT`.
    OutputFile,
    /// An argument of a tool that runs, reads or writes what it says.
    Argument(Means, Effect),
    /// The address of a request.
    Request {
        /// Whether a secret goes with it.
        secret: bool,
        /// Whether what comes back is run.
        runs: bool,
    },
    /// What an agent is told.
    Prompt,
    /// The issue, pull request or ref that a step writes to.
    Target,
}

/// A place where a value turns into something else.
#[derive(Clone, Debug)]
pub struct Sink<'r> {
    /// What it is.
    pub kind: SinkKind,
    /// The file.
    pub file: &'r SourceFile,
    /// The place of the expression or word.
    pub span: Span,
    /// The expression or variable as written there.
    pub written: String,
    /// The step.
    pub step: &'r Step,
    /// The action whose step it is, if it is not the job's own.
    pub action: Option<&'r Action>,
    /// The input of the action that takes the code, the variable that is set,
    /// the tool, or the agent; empty for scripts.
    pub input: String,
    /// The documentation that says what becomes of it there, for tools and
    /// agents; else empty.
    pub page: &'static str,
    /// The freest class that stays harmless there.
    pub holds_up_to: Class,
}

/// A job on the way.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'r> {
    /// Its workflow.
    pub workflow: &'r Workflow,
    /// The job.
    pub job: &'r Job,
}

/// Where a value lay between the run that had it and the one with the sink.
#[derive(Clone, Debug)]
pub struct Saved<'r> {
    /// The jobs by which it comes into the one that saves it, which is the last.
    pub route: Vec<Stage<'r>>,
    /// What starts these jobs in runs that may save it.
    pub triggers: Vec<&'r Trigger>,
    /// The step of that job that saves it, or uses the action that does.
    pub step: &'r Step,
    /// The file in which it lies.
    pub path: String,
    /// Conditions that hold wherever it comes through until then.
    pub guards: Vec<&'r Expr>,
}

impl Saved<'_> {
    /// How freely a value of a source can be shaped, and by whom, where a run on
    /// an event restores it.
    #[must_use]
    pub fn shape(&self, source: &Source, event: &str) -> Option<Shape> {
        let found = self.triggers.iter();
        let found = found.filter(|trigger| cache_scopes::finds(event, trigger));
        found
            .filter_map(|trigger| source.shape(trigger.name()))
            .max_by_key(|shape| (shape.class, std::cmp::Reverse(shape.who)))
    }
}

/// One way from a source to a sink.
#[derive(Clone, Debug)]
pub struct Flow<'r> {
    /// Where it comes from.
    pub source: Source,
    /// The way, from the source on; the sink itself is not part of it.
    pub hops: Vec<Hop<'r>>,
    /// The jobs by which the value comes into the one with the sink, which is
    /// the last. Empty for a sink in an action that nobody here uses, and in a
    /// reusable workflow's value that nobody here passes.
    pub route: Vec<Stage<'r>>,
    /// The steps of the last job that use the actions the sink stands in, from
    /// the outermost on.
    pub through: Vec<&'r Step>,
    /// Conditions that hold wherever the value comes through, after it was saved
    /// if it was.
    pub guards: Vec<&'r Expr>,
    /// The cache in which it lay in between, if it did.
    pub saved: Option<Arc<Saved<'r>>>,
    /// The freest that is left of the value on the way.
    pub cap: Class,
    /// Whether a command on the way may have made several lines out of one.
    pub split: bool,
    /// Whether only what stands behind a line break of the value gets here.
    pub behind_break: bool,
    /// Whether an action whose code is not here stands in between, so that it
    /// is not known what becomes of the value.
    pub opaque: bool,
    /// Numbers the sinks of a checkout.
    pub sink: usize,
}

impl<'r> Flow<'r> {
    /// The job in which the sink runs.
    #[must_use]
    pub fn stage(&self) -> Option<Stage<'r>> {
        self.route.last().copied()
    }

    /// How freely the value can be shaped where it arrives, on an event, and by
    /// whom.
    #[must_use]
    pub fn shape(&self, event: &str) -> Option<Shape> {
        let shape = match &self.saved {
            Some(saved) => saved.shape(&self.source, event)?,
            None => self.source.shape(event)?,
        };
        let fits = !self.behind_break || shape.class.has_lines();
        fits.then(|| self.left_of(shape))
    }

    /// What the way leaves of a value that can be shaped like this.
    #[must_use]
    pub fn left_of(&self, shape: Shape) -> Shape {
        let class = match shape.class.min(self.cap) {
            class if self.split && class.breaks_out() => Class::Text,
            class => class,
        };
        Shape::new(class, shape.who)
    }
}
