//! How bad a flow is that goes through a cache: the run that saves it is
//! another one than the run in which it arrives.
//!
//! Who can shape the value, and what that takes, is a matter of the first run;
//! what is lost, of the second.

use cofferdam_findings::{Confidence, Severity};
use cofferdam_flows::{Flow, Holds, Saved, Shape, Sink, Source, Who};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::cache_scopes;
use cofferdam_workflows::semantics::checkouts::Guard;
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::context::Context;
use crate::foreign::{self, Fetch, Means};
use crate::grades;
use crate::injections::{self, Danger, Known};
use crate::starts::{self, Start};

/// A way to shape what is saved.
struct Shaping<'c> {
    start: Start<'c>,
    shape: Shape,
    way: Way,
    /// The most that can be said of it.
    most: (Severity, Confidence),
}

/// The dangers of a flow, one for each run that restores the value.
pub(crate) fn of_flow<'c>(
    cx: &'c Context<'c>,
    flow: &'c Flow<'c>,
    saved: &Saved<'c>,
    sink: &'c Sink<'c>,
    known: &mut Known<'c>,
) -> Vec<Danger<'c>> {
    let readers: Vec<Start<'c>> = known
        .starts(cx, &flow.route)
        .iter()
        .filter(|start| start.command.is_none() && restores(start))
        .filter(|start| !injections::is_ruled_out(&flow.guards, start.event()))
        .cloned()
        .collect();
    if readers.is_empty() {
        return Vec::new();
    }
    let mut shapings = Vec::new();
    for start in known.starts(cx, &saved.route) {
        shapings.extend(shaping(cx, flow, saved, start));
    }
    let mut found = Vec::new();
    for shaping in &shapings {
        for reader in &readers {
            found.extend(danger(flow, sink, shaping, reader));
        }
    }
    found
}

fn restores(start: &Start<'_>) -> bool {
    let modes = start.chain.iter();
    cache_scopes::may_restore(modes.map(|view| cache_scopes::mode(view.workflow, view.job)))
}

fn shaping<'c>(
    cx: &'c Context<'c>,
    flow: &Flow<'c>,
    saved: &Saved<'c>,
    start: &Start<'c>,
) -> Option<Shaping<'c>> {
    let view = start.job()?;
    let modes = start.chain.iter();
    let modes = modes.map(|view| cache_scopes::mode(view.workflow, view.job));
    if !cache_scopes::may_save(start.trigger, modes)
        || injections::is_ruled_out(&saved.guards, start.event())
    {
        return None;
    }
    let steps: [&Step; 1] = [saved.step];
    let way = injections::way(cx, &saved.guards, &steps, start, view);
    let way = injections::of_words(flow, way);
    if matches!(flow.source, Source::Read(Holds::Cache, _)) {
        let shape = flow.source.shape(start.event())?;
        let (gate, most) = strangers(cx, start, saved)?;
        return Some(Shaping {
            start: start.clone(),
            shape: flow.left_of(shape),
            way: way.and(gate),
            most,
        });
    }
    let shape = match &start.command {
        Some(_) => injections::by_comment(&flow.source)?,
        None => flow.source.shape(start.event())?,
    };
    let shape = if injections::own_words(flow, &way) {
        Shape::new(shape.class, Who::Dispatcher)
    } else {
        shape
    };
    Some(Shaping {
        start: start.clone(),
        shape: flow.left_of(shape),
        way,
        most: (Severity::High, Confidence::Medium),
    })
}

// Whether a stranger's code runs in the job, or the file is one of a stranger's
// checkout; what that takes, and the most that can be said of it.
fn strangers(
    cx: &Context<'_>,
    start: &Start<'_>,
    saved: &Saved<'_>,
) -> Option<(Way, (Severity, Confidence))> {
    // Only runs that a stranger causes with the repository's privileges, or by
    // a comment, can be told to take a stranger's head.
    if start.command.is_none() && !is_from_outside(cx, start) {
        return None;
    }
    let foreign = foreign::of_start(cx, start);
    let file = Folder::workspace().join(&saved.path);
    let inside = |fetch: &&Fetch| match &fetch.folder {
        Folder::Inside(folder) => fetch.means != Means::Artifact && file.is_in(folder),
        Folder::Elsewhere => false,
    };
    let sure = foreign.runs.iter().map(|run| (run, true));
    let perhaps = foreign.doubts.iter().map(|run| (run, false));
    let by_runs = sure.chain(perhaps).filter_map(|(run, certain)| {
        let fetch = foreign.fetches.get(run.fetch)?;
        Some((fetch, run.way.clone(), certain && !run.contained))
    });
    let by_files = foreign.files().filter(inside);
    let by_files = by_files.map(|fetch| (fetch, Way::Open, true));
    by_runs
        .chain(by_files)
        .filter_map(|(fetch, way, certain)| {
            let way = way.and(fetch.way.clone());
            let whole = start.way.clone().and(way.clone());
            if whole.keeps_files_out() {
                return None;
            }
            let mut most = most(start, fetch);
            if !certain {
                most = (most.0.min(Severity::Medium), Confidence::Low);
            }
            Some((way, most))
        })
        .max_by_key(|(_, most)| *most)
}

fn is_from_outside(cx: &Context<'_>, start: &Start<'_>) -> bool {
    let Some(view) = start.job() else {
        return false;
    };
    let (ways, _) = starts::all_of_job(cx, view);
    ways.iter()
        .any(|way| std::ptr::eq(way.trigger, start.trigger))
}

fn most(start: &Start<'_>, fetch: &Fetch) -> (Severity, Confidence) {
    let guarded = matches!(start.event(), "pull_request_target" | "workflow_run");
    let severity = match fetch.means {
        Means::Checkout(Guard::Holds { moves: false, .. }) if guarded && fetch.head.is_code() => {
            Severity::Low
        }
        // Who owns the tag decides each day what runs.
        Means::Checkout(Guard::Holds { .. }) if guarded && fetch.head.is_code() => Severity::Medium,
        Means::Artifact => Severity::High,
        _ if fetch.head.is_code() => Severity::High,
        _ => Severity::Low,
    };
    let unclear = start.fork_check.is_some() || fetch.head.is_lost();
    if unclear {
        return (severity.min(Severity::Low), Confidence::Low);
    }
    (severity, Confidence::Medium)
}

fn danger<'c>(
    flow: &'c Flow<'c>,
    sink: &'c Sink<'c>,
    shaping: &Shaping<'c>,
    reader: &Start<'c>,
) -> Option<Danger<'c>> {
    let view = reader.job()?;
    if shaping.shape.class <= sink.holds_up_to
        || !cache_scopes::finds(reader.event(), shaping.start.trigger)
    {
        return None;
    }
    // Approvals of the run that restores come before anybody has looked at what
    // it restores, but somebody has to give them.
    let approvals = reader.way.gates().iter();
    let approvals = approvals.filter(|gate| matches!(gate, Gate::Environment(_)));
    let way = match approvals.cloned().collect::<Vec<_>>() {
        none if none.is_empty() => shaping.way.clone(),
        some => shaping.way.clone().and(Way::Gated(some)),
    };
    let held = grades::held(view, reader);
    let (severity, confidence) = injections::grade(held, &shaping.start, shaping.shape, &way)?;
    let mut severity = severity.min(shaping.most.0);
    // A fork's run holds nothing; one of the repository's own branches may.
    if events::is_pull_request(reader.event())
        && !events::is_privileged_from_outside(reader.event())
    {
        severity = severity.lowered();
    }
    Some(Danger {
        flow,
        sink,
        shape: shaping.shape,
        severity,
        confidence: confidence.min(shaping.most.1),
        start: Some(reader.clone()),
        saver: Some(shaping.start.clone()),
        elsewhere: None,
        way,
    })
}
