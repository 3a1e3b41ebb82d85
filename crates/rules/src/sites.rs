//! Every place that names an action, a reusable workflow or an image.

use cofferdam_facts::{Location, SourceFile, Span, UsesRef};
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};

/// One `uses:`.
#[derive(Clone, Copy, Debug)]
pub struct UseSite<'c> {
    /// What is used.
    pub uses: &'c UsesRef,
    /// The value of `uses:`.
    pub span: Span,
    /// The document it stands in.
    pub document: &'c Document,
    /// Who uses it.
    pub holder: Holder<'c>,
}

/// Who uses an action.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'c> {
    /// A step of a job.
    Step(&'c JobView<'c>, &'c Step),
    /// A job that calls a reusable workflow.
    Call(&'c JobView<'c>),
    /// A step of a composite action of the checkout.
    Action(&'c Action, &'c Step),
}

impl<'c> UseSite<'c> {
    /// The file it stands in.
    #[must_use]
    pub fn file(&self) -> &'c SourceFile {
        self.document.file()
    }

    /// The place.
    #[must_use]
    pub fn location(&self) -> Location {
        self.file().locate(self.span)
    }

    /// The comment behind it on the same line, as in `# v4.2.2`.
    #[must_use]
    pub fn comment(&self) -> Option<&'c str> {
        self.document
            .comment_on_line(self.span.end)
            .map(|c| &*c.text)
    }

    /// The job, unless it stands in a composite action.
    #[must_use]
    pub fn job(&self) -> Option<&'c JobView<'c>> {
        match self.holder {
            Holder::Step(job, _) | Holder::Call(job) => Some(job),
            Holder::Action(..) => None,
        }
    }

    /// What it is about, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.holder {
            Holder::Step(job, step) => job.step_subject(step),
            Holder::Call(job) => job.subject(),
            Holder::Action(_, step) => format!("runs/{}", step.label()),
        }
    }

    /// "job `x`" or "action `y`", for messages.
    #[must_use]
    pub fn whom(&self) -> String {
        match self.holder {
            Holder::Step(job, _) | Holder::Call(job) => format!("job `{}`", job.job.name()),
            Holder::Action(action, _) if action.folder().is_empty() => {
                "the action of this repository".to_owned()
            }
            Holder::Action(action, _) => format!("action `{}`", action.folder()),
        }
    }
}

/// Every `uses:` of the checkout, in order of path and place.
#[must_use]
pub fn of<'c>(cx: &'c Context<'c>) -> Vec<UseSite<'c>> {
    let mut sites = Vec::new();
    for job in cx.all_jobs() {
        let document = &job.workflow.document;
        if let Some(call) = job.job.call() {
            let (uses, span) = (&call.uses.value, call.uses.span);
            sites.push(UseSite {
                uses,
                span,
                document,
                holder: Holder::Call(job),
            });
        }
        for step in job.job.steps() {
            if let Some(uses) = step.uses() {
                let holder = Holder::Step(job, step);
                sites.push(UseSite {
                    uses: &uses.value,
                    span: uses.span,
                    document,
                    holder,
                });
            }
        }
    }
    for action in &cx.repository.actions {
        for step in action.steps() {
            if let Some(uses) = step.uses() {
                let holder = Holder::Action(action, step);
                let document = &action.document;
                sites.push(UseSite {
                    uses: &uses.value,
                    span: uses.span,
                    document,
                    holder,
                });
            }
        }
    }
    sites
}
