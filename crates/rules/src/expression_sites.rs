//! Every scalar that may hold an expression, with who holds it.

use std::ops::Range;

use cofferdam_facts::{Location, Span};
use cofferdam_workflows::documents::text::{Pair, Text};
use cofferdam_workflows::documents::{Action, Condition, Step, Workflow};
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};

/// One scalar.
#[derive(Clone, Copy, Debug)]
pub struct ExpressionSite<'c> {
    /// The scalar.
    pub text: &'c Text,
    /// The word for its place: `if`, `env`, `with`, `run` and so on.
    pub key: &'static str,
    /// The document it stands in.
    pub document: &'c Document,
    /// Who holds it.
    pub holder: Holder<'c>,
}

/// One `if:`.
#[derive(Clone, Copy, Debug)]
pub struct ConditionSite<'c> {
    /// The condition.
    pub condition: &'c Condition,
    /// The document it stands in.
    pub document: &'c Document,
    /// Who holds it.
    pub holder: Holder<'c>,
}

/// Who holds a scalar.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'c> {
    /// The workflow itself.
    Workflow,
    /// A job.
    Job(&'c JobView<'c>),
    /// A step of a job.
    Step(&'c JobView<'c>, &'c Step),
    /// A step of a composite action of the checkout.
    Action(&'c Action, &'c Step),
}

impl<'c> Holder<'c> {
    /// The job, if it is one or stands in one.
    #[must_use]
    pub fn job(&self) -> Option<&'c JobView<'c>> {
        match self {
            Self::Job(job) | Self::Step(job, _) => Some(job),
            Self::Workflow | Self::Action(..) => None,
        }
    }

    /// What it is about, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Workflow => "workflow".to_owned(),
            Self::Job(job) => job.subject(),
            Self::Step(job, step) => job.step_subject(step),
            Self::Action(_, step) => format!("runs/{}", step.label()),
        }
    }

    /// "step `x` of job `y`" and the like, for messages.
    #[must_use]
    pub fn whom(&self) -> String {
        match self {
            Self::Workflow => "the workflow".to_owned(),
            Self::Job(job) => format!("job `{}`", job.job.name()),
            Self::Step(job, step) => {
                format!("{} of job `{}`", called(step), job.job.name())
            }
            Self::Action(action, step) => format!("{} of {}", called(step), action_called(action)),
        }
    }
}

/// "step `x`", or "step 3" for one without any name of its own.
#[must_use]
pub fn called(step: &Step) -> String {
    let label = step.label();
    if step.id.is_none() && step.name.is_none() && step.uses().is_none() {
        label
    } else {
        format!("step `{label}`")
    }
}

/// "action `x`", or "the action of this repository" for the one at its root.
#[must_use]
pub fn action_called(action: &Action) -> String {
    match action.folder() {
        "" => "the action of this repository".to_owned(),
        folder => format!("action `{folder}`"),
    }
}

impl ConditionSite<'_> {
    /// The place of a part of the condition.
    #[must_use]
    pub fn at(&self, range: Range<usize>) -> Location {
        let span = self.condition.text.raw_span(self.document, range);
        self.document.file().locate(span)
    }

    /// The place of the whole of it.
    #[must_use]
    pub fn location(&self) -> Location {
        self.document.file().locate(self.condition.text.span)
    }
}

impl ExpressionSite<'_> {
    /// The place of a part of the scalar.
    #[must_use]
    pub fn at(&self, range: Range<usize>) -> Location {
        let span: Span = self.text.raw_span(self.document, range);
        self.document.file().locate(span)
    }
}

/// The `if:` of a job and of its steps, in order.
#[must_use]
pub fn conditions_of_job<'c>(view: &'c JobView<'c>) -> Vec<ConditionSite<'c>> {
    let document = &view.workflow.document;
    let own = view.job.condition.iter().map(|c| (c, Holder::Job(view)));
    let steps = view.job.steps().iter().filter_map(|step| {
        let condition = step.condition.as_ref()?;
        Some((condition, Holder::Step(view, step)))
    });
    own.chain(steps)
        .map(|(condition, holder)| ConditionSite {
            condition,
            document,
            holder,
        })
        .collect()
}

/// The `if:` of the steps of a composite action.
#[must_use]
pub fn conditions_of_action(action: &Action) -> Vec<ConditionSite<'_>> {
    let site = |step| {
        let step: &Step = step;
        Some(ConditionSite {
            condition: step.condition.as_ref()?,
            document: &action.document,
            holder: Holder::Action(action, step),
        })
    };
    action.steps().iter().filter_map(site).collect()
}

/// Every scalar of a workflow that GitHub or the runner evaluates.
#[must_use]
pub fn of_workflow<'c>(cx: &'c Context<'_>, workflow: &'c Workflow) -> Vec<ExpressionSite<'c>> {
    let mut sites = Collector {
        document: &workflow.document,
        sites: Vec::new(),
    };
    sites.pairs(&workflow.env, "env", Holder::Workflow);
    for view in cx.jobs(workflow) {
        let job = view.job;
        let holder = Holder::Job(view);
        sites.pairs(&job.env, "env", holder);
        sites.pairs(&job.outputs, "outputs", holder);
        if let Some(call) = job.call() {
            sites.pairs(&call.with, "with", holder);
        }
        let texts = [
            ("name", job.name.as_ref()),
            ("environment", job.environment.as_ref().map(|e| &e.name)),
            ("continue-on-error", job.continue_on_error.as_ref()),
            ("timeout-minutes", job.timeout_minutes.as_ref()),
            ("if", job.condition.as_ref().map(|c| &c.text)),
        ];
        for (key, text) in texts {
            sites.texts(text, key, holder);
        }
        sites.texts(&job.runs_on.labels, "runs-on", holder);
        sites.texts(&job.runs_on.group, "runs-on", holder);
        let services = job.services.iter().map(|(_, container)| container);
        for container in job.container.iter().chain(services) {
            sites.texts(&container.image, "image", holder);
            sites.texts(&container.options, "options", holder);
            sites.pairs(&container.env, "env", holder);
        }
        if let Some(matrix) = &job.matrix {
            sites.texts(matrix.values.iter().map(|(_, t)| t), "matrix", holder);
        }
        for step in job.steps() {
            sites.step(step, Holder::Step(view, step));
        }
    }
    sites.sites
}

/// The same for a composite action.
#[must_use]
pub fn of_action(action: &Action) -> Vec<ExpressionSite<'_>> {
    let mut sites = Collector {
        document: &action.document,
        sites: Vec::new(),
    };
    for step in action.steps() {
        sites.step(step, Holder::Action(action, step));
    }
    sites.sites
}

struct Collector<'c> {
    document: &'c Document,
    sites: Vec<ExpressionSite<'c>>,
}

impl<'c> Collector<'c> {
    // Most scalars hold no expression.
    fn texts(
        &mut self,
        texts: impl IntoIterator<Item = &'c Text>,
        key: &'static str,
        holder: Holder<'c>,
    ) {
        let document = self.document;
        let sites = texts.into_iter().filter(|t| !t.is_static() || key == "if");
        self.sites.extend(sites.map(|text| ExpressionSite {
            text,
            key,
            document,
            holder,
        }));
    }

    fn pairs(&mut self, pairs: &'c [Pair], key: &'static str, holder: Holder<'c>) {
        self.texts(pairs.iter().map(|p| &p.value), key, holder);
    }

    fn step(&mut self, step: &'c Step, holder: Holder<'c>) {
        for (key, text) in step.texts() {
            self.texts([text], key, holder);
        }
    }
}
