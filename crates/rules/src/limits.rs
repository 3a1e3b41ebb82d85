//! Where a limit was reached that several rules rest on: what lies behind it
//! was not looked at, and says nothing for a control.

use cofferdam_facts::{Control, Location};
use cofferdam_findings::report::NotChecked;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::semantics::constants::is_too_large;
use cofferdam_workflows::semantics::starts::Calls;

use crate::context::Context;
use crate::rule::Sink;

/// Controls that are decided by the ways in which a workflow starts.
const BY_STARTS: &[Control] = &[
    Control::C3,
    Control::D5,
    Control::S1,
    Control::S2,
    Control::S3,
    Control::S6,
    Control::W1,
    Control::X3,
];

/// Controls that are decided by what a job does.
const BY_DEEDS: &[Control] = &[
    Control::C3,
    Control::S1,
    Control::S2,
    Control::S3,
    Control::S6,
    Control::X3,
];

/// Reports every limit that was reached.
pub(crate) fn report(cx: &Context<'_>, out: &mut Sink) {
    ways(cx, out);
    deeds(cx, out);
    matrices(cx, out);
    programs(cx, out);
    parts_of_scripts(cx, out);
}

// Scripts of which the grammar understood a part only, in jobs that hold
// something. One gap for all of a repository; where the job publishes, what it
// does besides is not known.
fn parts_of_scripts(cx: &Context<'_>, out: &mut Sink) {
    let mut first: Option<(Location, &str)> = None;
    let mut count = 0_usize;
    for job in cx.all_jobs() {
        let path = job.workflow.path();
        let partly = |step: &&Step| {
            let script = cx.script(path, step);
            script.is_some_and(|s| !s.understood && !s.commands.is_empty())
        };
        let Some(step) = job.job.steps().iter().find(partly) else {
            continue;
        };
        let stakes = job.stakes();
        if !stakes.is_grave() {
            continue;
        }
        let place = job.at(step.head());
        count += 1;
        first.get_or_insert((place.clone(), job.job.name()));
        if stakes.publishes.is_empty() {
            continue;
        }
        for control in BY_DEEDS {
            let missing = format!(
                "what a part of a script of job `{}` does, which is not understood",
                job.job.name()
            );
            out.unknown(*control, Some(place.clone()), missing, PLAINLY);
        }
    }
    let Some((place, name)) = first else { return };
    let more = match count {
        1 => String::new(),
        n => format!(", and of {} more jobs", n - 1),
    };
    out.not_checked(NotChecked {
        code: "script-part-unread",
        message: format!("a part of a script of job `{name}` is not understood{more}"),
        location: Some(place),
        settle: PLAINLY.to_owned(),
        required: false,
    });
}

const PLAINLY: &str = "read the script by eye, or write it more plainly";

// Actions of the checkout that are programs: what they do stands in no step. One
// gap for all of a repository.
fn programs(cx: &Context<'_>, out: &mut Sink) {
    let mut first = None;
    let mut count = 0_usize;
    for action in &cx.repository.actions {
        let span = match &action.runs {
            Runs::JavaScript { using, .. } => using.span,
            // What another registry holds is no file of the checkout.
            Runs::Docker { .. } => match action.dockerfile() {
                Some(text) => text.span,
                None => continue,
            },
            Runs::Composite { .. } | Runs::Unknown(_) => continue,
        };
        let running = cx.usage().running(action.path()).iter();
        let mut jobs = running.filter_map(|running| cx.job(running.job));
        if let Some(job) = jobs.find(|job| job.stakes().is_grave()) {
            count += 1;
            first = first.or(Some((action, span, job)));
        }
    }
    let Some((action, span, job)) = first else {
        return;
    };
    let name = match action.folder() {
        "" => "the action of the repository".to_owned(),
        folder => format!("the action `{folder}`"),
    };
    let more = match count {
        1 => String::new(),
        n => format!(", and {} more like it", n - 1),
    };
    out.not_checked(NotChecked {
        code: "action-unread",
        message: format!(
            "{name} is a program, and what it does in job `{}`, which holds something, is not \
             read{more}",
            job.job.name()
        ),
        location: Some(action.file().locate(span)),
        settle: "read by eye what it checks out, runs and publishes".to_owned(),
        required: false,
    });
}

// Matrices with more values than are followed: rules say themselves what of
// theirs is not known for it.
fn matrices(cx: &Context<'_>, out: &mut Sink) {
    for job in cx.all_jobs() {
        let Some(matrix) = job.job.matrix.as_ref().filter(|m| is_too_large(m)) else {
            continue;
        };
        out.not_checked(NotChecked {
            code: "matrix-too-large",
            message: format!(
                "the matrix of job `{}` has more values than are followed",
                job.job.name()
            ),
            location: Some(job.at(matrix.span)),
            settle: "read by eye what its values lead to, or split the job".to_owned(),
            required: job.stakes().is_grave(),
        });
    }
}

// Jobs that do more than is kept of them.
fn deeds(cx: &Context<'_>, out: &mut Sink) {
    for job in cx.all_jobs().filter(|job| job.deeds_cut) {
        let place = job.at(job.job.id.span);
        let name = job.job.name();
        let settle = "split the job, or use fewer actions in each other";
        for control in BY_DEEDS {
            let missing = format!("what else job `{name}` publishes, proves and restores");
            out.unknown(*control, Some(place.clone()), missing, settle);
        }
        out.not_checked(NotChecked {
            code: "too-many-steps",
            message: format!("job `{name}` does more than is kept of it"),
            location: Some(place),
            settle: settle.to_owned(),
            required: true,
        });
    }
}

// Workflows that are called in more ways than are followed.
fn ways(cx: &Context<'_>, out: &mut Sink) {
    let calls = Calls::new(cx.repository);
    let called = |path: &str| !cx.repository.callers(path).is_empty();
    for workflow in &cx.repository.workflows {
        if !called(workflow.path()) || !calls.are_cut(workflow) {
            continue;
        }
        let grave = cx.jobs(workflow).iter().any(|job| job.stakes().is_grave());
        let place = workflow.file().locate(workflow.on_span);
        let settle = "call it from fewer places, or read the calls by eye";
        if grave {
            for control in BY_STARTS {
                let missing = format!("in which further ways `{}` starts", workflow.path());
                out.unknown(*control, Some(place.clone()), missing, settle);
            }
        }
        out.not_checked(NotChecked {
            code: "too-many-ways",
            message: format!(
                "`{}` is called in more ways than are followed",
                workflow.path()
            ),
            location: Some(place),
            settle: settle.to_owned(),
            required: grave,
        });
    }
}
