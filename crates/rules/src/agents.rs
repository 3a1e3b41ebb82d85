//! Agents in jobs: where they are used, what they may do, and who can talk to
//! them.

use cofferdam_facts::{Location, Span};
use cofferdam_flows::Sink;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::agents::{self, Power, Said};
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::semantics::gates::Gate;
use cofferdam_workflows::yaml::Document;

use crate::context::{Context, JobView};
use crate::starts::{self, Start};

/// An agent as a step sets it up.
#[derive(Clone, Debug)]
pub struct Use<'c> {
    /// The step.
    pub step: &'c Step,
    /// The program or action, as it is called.
    pub called: String,
    /// What it may do.
    pub power: Power,
    /// What lets it do more than usual.
    pub loose: Option<Said>,
    /// What opens it to people without write access.
    pub opened: Option<Said>,
    checks: bool,
}

impl<'c> Use<'c> {
    /// The agent at a sink of the kind `Prompt`.
    #[must_use]
    pub fn of_sink(sink: &Sink<'c>) -> Self {
        Self::of_action(sink.step).unwrap_or_else(|| {
            let programs = &mut agents::PROGRAMS.iter();
            let program = programs.find(|program| program.name() == sink.input);
            let (power, loose) = program.map_or((Power::Unbound, None), |program| {
                program.power_of_words(&mut sink.written.split_whitespace())
            });
            let loose = loose.map(|text| Said {
                span: sink.span,
                text,
            });
            Self {
                step: sink.step,
                called: sink.input.clone(),
                power,
                loose,
                opened: None,
                checks: false,
            }
        })
    }

    /// The agent that a step's action runs.
    #[must_use]
    pub fn of_action(step: &'c Step) -> Option<Self> {
        let agent = agents::of_step(step)?;
        let (power, loose) = agent.power(step);
        Some(Self {
            step,
            called: agent.slug.to_owned(),
            power,
            loose,
            opened: agent.opened(step),
            checks: agent.asks_for_write,
        })
    }

    /// Whether it refuses runs that people without write access cause.
    #[must_use]
    pub fn asks_for_write(&self) -> bool {
        self.checks && self.opened.is_none()
    }

    /// Whether it would refuse them if nothing opened it to them.
    #[must_use]
    pub fn would_ask_for_write(&self) -> bool {
        self.checks
    }

    /// "the agent `x`", for messages.
    #[must_use]
    pub fn name(&self) -> String {
        format!("the agent `{}`", self.called)
    }

    /// What it does with what it is told, for messages.
    #[must_use]
    pub fn does(&self) -> &'static str {
        match self.power {
            Power::Answers => "only answers",
            Power::Confined => "runs commands in a sandbox",
            Power::Limited => "may edit files and use its token",
            Power::Unbound => "may run any command",
        }
    }
}

/// A place where an agent runs.
#[derive(Clone, Debug)]
pub struct Site<'c> {
    /// The agent.
    pub used: Use<'c>,
    /// The step.
    pub step: &'c Step,
    /// The document it stands in.
    pub document: &'c Document,
    /// The job, unless it stands in a composite action.
    pub job: Option<&'c JobView<'c>>,
    place: Span,
}

impl<'c> Site<'c> {
    /// The place.
    #[must_use]
    pub fn location(&self) -> Location {
        self.document.file().locate(self.place)
    }

    /// What it is about, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.job {
            Some(job) => job.step_subject(self.step),
            None => format!("runs/{}", self.step.label()),
        }
    }

    /// "job `x`" or "the action", for messages.
    #[must_use]
    pub fn whom(&self) -> String {
        match self.job {
            Some(job) => format!("job `{}`", job.job.name()),
            None => "the action".to_owned(),
        }
    }

    /// The run in which strangers cause it to start, if there is one.
    #[must_use]
    pub fn stranger(&self, cx: &'c Context<'c>) -> Option<Start<'c>> {
        let talks = |start: &Start<'_>| {
            start.command.is_some() || events::is_privileged_from_outside(start.event())
        };
        starts::of_job(cx, self.job?)
            .into_iter()
            // What is merged has been read.
            .find(|start| {
                !start.way.is_closed() && !start.way.gates().contains(&Gate::Merge) && talks(start)
            })
    }
}

/// Every agent of the checkout, in order of path and place.
#[must_use]
pub fn sites<'c>(cx: &'c Context<'c>) -> Vec<Site<'c>> {
    let mut found = Vec::new();
    for job in cx.all_jobs() {
        for step in job.job.steps() {
            let document = &job.workflow.document;
            found.extend(of_step(cx, step, document).map(|site| Site {
                job: Some(job),
                ..site
            }));
        }
    }
    for action in &cx.repository.actions {
        for step in action.steps() {
            found.extend(of_step(cx, step, &action.document));
        }
    }
    found
}

fn of_step<'c>(cx: &'c Context<'c>, step: &'c Step, document: &'c Document) -> Option<Site<'c>> {
    let site = |used, place| Site {
        used,
        step,
        document,
        job: None,
        place,
    };
    if let Some(used) = Use::of_action(step) {
        return Some(site(used, step.head()));
    }
    let script = cx.script(document.file().path(), step)?;
    let text = step.script()?;
    let (program, command) = script
        .commands
        .iter()
        .find_map(|command| Some((agents::of_command(command)?, command)))?;
    let (power, loose) = program.power(command);
    let place = text.raw_span(document, command.range.clone());
    let used = Use {
        step,
        called: program.name().to_owned(),
        power,
        loose: loose.map(|text| Said { span: place, text }),
        opened: None,
        checks: false,
    };
    Some(site(used, place))
}
