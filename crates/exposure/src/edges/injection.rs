//! A value that the starter writes becomes a part of a script.

use std::collections::HashMap;

use cofferdam_flows::{Effect, Flow, Holds, Sink, SinkKind, Source, Who};
use cofferdam_rules::Context;
use cofferdam_rules::agents::Use;
use cofferdam_rules::injections;
use cofferdam_rules::starts::Start;

use super::outsider_start::is_review;
use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::passing_words;
use crate::scene::{Run, needs_success};
use crate::verdict::{Fact, Verdict};
use cofferdam_workflows::semantics::agents::Power;
use cofferdam_workflows::semantics::events;
use cofferdam_workflows::semantics::gates::Way;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "injection",
    says: "An expression is put into a script before a shell reads it, so that whoever writes the value writes code.",
    source: "https://docs.github.com/en/actions/concepts/security/script-injections",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let scene = ground.scene;
    // The runs of a job with their starts as the files have them.
    let mut starts: HashMap<usize, Vec<(&Run<'_>, Start<'_>)>> = HashMap::new();
    for run in scene.runs.iter().filter(|run| holds_something(run)) {
        let mut start = run.start.clone();
        start.way = match &start.files {
            Way::Closed if run.for_insiders => Way::Open,
            files => files.clone(),
        };
        let job = std::ptr::from_ref(run.view.job).addr();
        starts.entry(job).or_default().push((run, start));
    }
    for flow in scene.cx.flows.iter() {
        let (Some(stage), Some(sink)) = (flow.stage(), scene.cx.flows.sink(flow)) else {
            continue;
        };
        let Some(becomes) = Becomes::of(sink) else {
            continue;
        };
        let job = std::ptr::from_ref(stage.job).addr();
        for (run, start) in starts.get(&job).into_iter().flatten() {
            arrive(scene.cx, run, start, flow, sink, becomes, graph);
        }
    }
}

/// Whether somebody may put words into a run that holds something: by an event
/// that anybody causes, by a review of a pull request of the repository's own
/// branch, by the inputs of a dispatch.
fn takes_words(run: &Run<'_>) -> bool {
    run.takes_heads() || is_review(run)
}

/// The same, and the runs that nobody outside causes: they may ask the API for
/// what strangers have written.
fn holds_something(run: &Run<'_>) -> bool {
    takes_words(run) || !events::is_pull_request(run.event())
}

/// What a value gets where it arrives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Becomes {
    /// It is code.
    Code,
    /// It learns what the step is handed.
    Reader,
}

impl Becomes {
    fn of(sink: &Sink<'_>) -> Option<Self> {
        Some(match sink.kind {
            SinkKind::Script
            | SinkKind::Evaluated
            | SinkKind::CodeInput
            | SinkKind::ShellCommand
            | SinkKind::EnvironmentFile
            | SinkKind::PathFile
            | SinkKind::Argument(_, Effect::Runs | Effect::Writes)
            | SinkKind::Request { runs: true, .. } => Self::Code,
            SinkKind::Argument(_, Effect::Reads) | SinkKind::Request { secret: true, .. } => {
                Self::Reader
            }
            SinkKind::Prompt => match Use::of_sink(sink).power {
                Power::Answers => return None,
                Power::Confined | Power::Limited | Power::Unbound => Self::Code,
            },
            SinkKind::Request { .. } | SinkKind::OutputFile | SinkKind::Target => return None,
        })
    }
}

fn arrive(
    cx: &Context<'_>,
    run: &Run<'_>,
    start: &Start<'_>,
    flow: &Flow<'_>,
    sink: &Sink<'_>,
    becomes: Becomes,
    graph: &mut Graph,
) {
    let looked_up = injections::looked_up(flow, start);
    if !takes_words(run) && !looked_up {
        return;
    }
    let Some((shape, way)) = injections::arrives(cx, flow, sink, start) else {
        return;
    };
    // An agent that refuses people without write access obeys the others.
    let refuses = sink.kind == SinkKind::Prompt && Use::of_sink(sink).asks_for_write();
    let artifact = matches!(
        flow.source,
        Source::Read(Holds::Artifact, _) | Source::Output(_, Holds::Artifact)
    );
    let success = artifact || sink.step.condition.as_ref().is_some_and(needs_success);
    let step = flow.through.first().copied().unwrap_or(sink.step);
    let dispatched = matches!(run.event(), "repository_dispatch" | "workflow_dispatch");
    let by_hand = dispatched && run.start.command.is_none();
    // What keeps every stranger out lets those in who are none.
    let insiders = run.start.files.is_closed() && !looked_up;
    for rank in Rank::ALL {
        let Some(verdict) = passing_words(&way, rank, run.event()) else {
            continue;
        };
        if insiders && rank < Rank::Writer {
            continue;
        }
        let writes = match shape.who {
            Who::Anyone | Who::PullRequestAuthor if refuses => rank >= Rank::Writer,
            // The pull request is of the repository's own branch.
            Who::PullRequestAuthor if is_review(run) => rank >= Rank::Writer,
            Who::Anyone | Who::PullRequestAuthor => true,
            Who::Triage => rank >= Rank::Triager,
            // Whoever starts it by hand types the inputs too, and nobody types a
            // stranger's; with a command in a comment they are the commenter's.
            Who::Dispatcher if by_hand => rank >= Rank::Writer,
            // Words that count only from somebody with a role are that person's.
            // A check, proven or not, makes nobody else's of them.
            Who::Dispatcher => {
                let checked = |fact: &Fact| matches!(fact, Fact::Check(_));
                verdict.waits.is_empty() && !verdict.facts.iter().any(checked)
            }
            Who::Pusher => rank >= Rank::Writer,
            Who::CommitAuthor | Who::Caller => false,
        };
        if !writes {
            continue;
        }
        let to = match becomes {
            Becomes::Code => Node::Code(run.id),
            Becomes::Reader => Node::Handed(run.id, step.index),
        };
        let from = match success && run.event() == "workflow_run" {
            true => Node::Followed(run.id, rank),
            // It runs without them, and finds what they have put there.
            false if looked_up => Node::Position(rank.position()),
            false => Node::Started(run.id, rank),
        };
        let mut edge = Drawn::new(RULE.id, from, to)
            .under(&verdict)
            .under(&run.gate);
        if flow.opaque {
            let by = sink.step.action().unwrap_or("an action").to_owned();
            edge = edge.under(&Verdict::when(Fact::Callee(by)));
        }
        for hop in &flow.hops {
            edge = edge.at(Place::new(hop.file.locate(hop.span), hop.note.clone()));
        }
        edge = edge.at(Place::new(
            sink.file.locate(sink.span),
            sink.written.clone(),
        ));
        for (cost, what) in cuts(sink, rank) {
            edge = edge.cut(cost, what);
        }
        graph.draw(edge);
    }
}

/// What takes the value away from where it is code.
fn cuts(sink: &Sink<'_>, rank: Rank) -> Vec<(Cost, String)> {
    let place = sink.file.locate(sink.span);
    let at = format!("{}:{}", place.path, place.line);
    let written = injections::one_line(&sink.written);
    vec![match sink.kind {
        SinkKind::Script | SinkKind::CodeInput | SinkKind::ShellCommand => (
            Cost::Line,
            format!("Hand `{written}` over by `env:` at {at}"),
        ),
        SinkKind::Evaluated => (
            Cost::Lines,
            format!("Do not run `{written}` as code at {at}: quote it as one argument"),
        ),
        SinkKind::EnvironmentFile | SinkKind::PathFile => (
            Cost::Lines,
            format!(
                "Hand `{written}` on by a step's output at {at}, not by `GITHUB_ENV` or `GITHUB_PATH`"
            ),
        ),
        // What it is told in a variable or a file tells it the same.
        SinkKind::Prompt => return of_agent(sink, rank),
        _ => (
            Cost::Lines,
            format!("Take `{written}` at {at} only if it is one of a list of known values"),
        ),
    }]
}

/// Whom the agent obeys, and what lies in its reach.
fn of_agent(sink: &Sink<'_>, rank: Rank) -> Vec<(Cost, String)> {
    let place = sink.file.locate(sink.step.head());
    let at = format!("{}:{}", place.path, place.line);
    let mut cuts = vec![(
        Cost::Job,
        format!(
            "Run the agent at {at} in a job of its own, which holds nothing and whose answer is only text"
        ),
    )];
    let used = Use::of_sink(sink);
    if let Some(opened) = used.opened.as_ref().filter(|_| used.would_ask_for_write())
        && rank < Rank::Writer
    {
        let place = sink.file.locate(opened.span);
        cuts.push((
            Cost::Line,
            format!(
                "Take {} away at {}:{}, so that the agent refuses whoever may not write",
                opened.text, place.path, place.line
            ),
        ));
    }
    cuts
}
