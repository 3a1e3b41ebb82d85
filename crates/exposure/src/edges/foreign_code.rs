//! A run fetches what its starter wrote, and something runs it.

use cofferdam_facts::{Location, Timestamp};
use cofferdam_rules::foreign::{self, Fetch, Foreign, Means};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::checkouts::{GUARDED_SINCE, Guard};
use cofferdam_workflows::semantics::gates::{Gate, Way};

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::{is_comment, passing, passing_words};
use crate::scene::{Run, needs_success};
use crate::verdict::{Fact, Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "foreign-code",
    says: "A privileged run that checks out, or downloads, what its starter wrote and then builds, tests or installs it runs the starter's code.",
    source: "https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        if !run.takes_heads() && !looks_for_heads(run) {
            continue;
        }
        let found = foreign::of_start(ground.scene.cx, &run.start);
        for one in &found.runs {
            executed(ground, run, &found, one, &Verdict::reachable(), graph);
        }
        // Whether an action that is not read runs what lies there is not known.
        for one in &found.doubts {
            let fact = Verdict::when(Fact::Callee(one.means.clone()));
            executed(ground, run, &found, one, &fact, graph);
        }
        for one in &found.lost {
            let artifact = found.fetches.get(one.fetch);
            let fact = match artifact.filter(|fetch| fetch.means == Means::Artifact) {
                // Whose run it is of.
                Some(fetch) => Verdict::when(runs(&fetch.place)),
                None if is_callee(&one.means) => Verdict::when(Fact::Callee(one.means.clone())),
                None if run.takes_heads() => Verdict::reachable(),
                None => Verdict::when(runs(&one.place)),
            };
            executed(ground, run, &found, one, &fact, graph);
        }
        for one in &found.beside {
            let fact = Verdict::when(unknown(&one.place, &one.means));
            executed(ground, run, &found, one, &fact, graph);
        }
        for one in &found.unread {
            unread(run, one, graph);
        }
    }
}

/// Whether a run that nobody outside causes looks for what they have put there: a
/// schedule that goes through the pull requests, say.
fn looks_for_heads(run: &Run<'_>) -> bool {
    matches!(
        run.event(),
        "schedule" | "push" | "release" | "create" | "delete"
    )
}

// An action, or a workflow, of another repository.
fn is_callee(means: &str) -> bool {
    means.contains('/') && means.contains('@') && !means.contains([' ', '\n'])
}

/// What a place starts.
pub(super) fn runs(place: &Location) -> Fact {
    Fact::Runs(format!("{}:{}", place.path, place.line))
}

// What a program does that nobody has read.
fn unknown(place: &Location, means: &str) -> Fact {
    match is_callee(means) {
        true => Fact::Callee(means.to_owned()),
        false => runs(place),
    }
}

// A program that nobody has read may do what the starter says.
fn unread(run: &Run<'_>, one: &foreign::Unread, graph: &mut Graph) {
    let fact = unknown(&one.place, &one.means);
    let way = merged(run, one.way.clone());
    for rank in Rank::ALL {
        let Some(verdict) = passing(&way, rank) else {
            continue;
        };
        // Words that count only from somebody with a role are that person's.
        let own = one.words && is_comment(run.event());
        let whole = run.start.files.clone().and(one.way.clone());
        let gates = passing_words(&whole, rank, run.event());
        if own && gates.is_none_or(|gates| gates.waits.contains(&Wait::Fork)) {
            continue;
        }
        let from = starter(run, rank, step_needs_success(run, &one.place, &one.label));
        graph.draw(
            Drawn::new(RULE.id, from, Node::Code(run.id))
                .under(&verdict)
                .under(&Verdict::when(fact.clone()))
                .under(&run.gate)
                .at(Place::new(one.place.clone(), one.means.clone()))
                .cut(
                    Cost::Lines,
                    format!(
                        "Hand {}:{} nothing that the starter writes, or hold nothing in job `{}`",
                        one.place.path,
                        one.place.line,
                        run.view.job.name()
                    ),
                ),
        );
    }
}

/// Who has caused a run; where nobody did, whoever has put there what it looks
/// for.
pub(super) fn starter(run: &Run<'_>, rank: Rank, succeeded: bool) -> Node {
    if !run.takes_heads() {
        return Node::Position(rank.position());
    }
    match succeeded && run.event() == "workflow_run" {
        true => Node::Followed(run.id, rank),
        false => Node::Started(run.id, rank),
    }
}

/// A way to the files of a pull request: where the run asks for a merged one, it
/// has to be theirs, and where it asks for one of somebody with a role, too.
pub(super) fn merged(run: &Run<'_>, way: Way) -> Way {
    let gates = run.start.files.gates().iter();
    let about = gates.filter(|gate| matches!(gate, Gate::Merge | Gate::AnotherAuthor));
    about.fold(way, |way, gate| way.and(Way::Gated(vec![gate.clone()])))
}

fn executed(
    ground: &Ground<'_, '_>,
    run: &Run<'_>,
    found: &Foreign,
    one: &foreign::Run,
    fact: &Verdict,
    graph: &mut Graph,
) {
    let Some(fetch) = found.fetches.get(one.fetch) else {
        return;
    };
    let way = merged(run, one.way.clone().and(fetch.way.clone()));
    for rank in Rank::ALL {
        if refuses(run, fetch, rank) && !is_before_guard(ground, fetch) {
            continue;
        }
        let Some(verdict) = passing(&way, rank) else {
            continue;
        };
        let succeeded =
            fetch.means == Means::Artifact || step_needs_success(run, &one.place, &one.label);
        let from = starter(run, rank, succeeded);
        let to = match step_of(run, &one.place, &one.label).filter(|_| one.contained) {
            Some(step) => Node::Handed(run.id, step),
            None => Node::Code(run.id),
        };
        graph.draw(
            Drawn::new(RULE.id, from, to)
                .under(&verdict)
                .under(fact)
                .under(&run.gate)
                .at(Place::new(fetch.place.clone(), fetch.what()))
                .at(Place::new(one.place.clone(), one.means.clone()))
                .cut(Cost::Line, cut(fetch)),
        );
    }
}

fn cut(fetch: &Fetch) -> String {
    let at = format!("{}:{}", fetch.place.path, fetch.place.line);
    match fetch.means {
        Means::Words => format!("Put nothing that the starter names into a file at {at}"),
        _ => format!("Check out the base at {at} instead of the head"),
    }
}

/// The place among the steps of the job of the one in which something stands.
/// Several steps may have one label, so that the place in the file decides; what
/// stands in an action is told by the label.
pub(super) fn step_of(run: &Run<'_>, place: &Location, label: &str) -> Option<usize> {
    step_at(run, place, label).map(|step| step.index)
}

fn step_at<'r>(run: &'r Run<'_>, place: &Location, label: &str) -> Option<&'r Step> {
    let steps = run.view.job.steps();
    let here = run.view.workflow.path() == &*place.path;
    let holds = |step: &&Step| {
        here && step.span.start <= place.span.start && place.span.end <= step.span.end
    };
    let mut named = steps.iter().filter(|step| step.label() == label);
    let first = named.next();
    steps.iter().find(holds).or(first)
}

fn step_needs_success(run: &Run<'_>, place: &Location, label: &str) -> bool {
    let step = step_at(run, place, label);
    step.and_then(|step| step.condition.as_ref())
        .is_some_and(needs_success)
}

/// Whether the way is looked for on a day on which the checkout did not refuse
/// yet: a tag that has the guard now had none before it was brought there. A
/// commit, and the seventh version, have had it ever since they exist.
pub(super) fn is_before_guard(ground: &Ground<'_, '_>, fetch: &Fetch) -> bool {
    let Means::Checkout(Guard::Holds { major, moves: true }) = fetch.means else {
        return false;
    };
    let now = ground.scene.cx.facts.now;
    let since = Timestamp::parse(GUARDED_SINCE);
    major.is_none_or(|major| major < 7) && now.zip(since).is_some_and(|(now, since)| now < since)
}

/// Whether the checkout itself refuses: it does so for the heads of forks, which
/// somebody who pushes branches does not need.
pub(super) fn refuses(run: &Run<'_>, fetch: &Fetch, rank: Rank) -> bool {
    let guarded = matches!(run.event(), "pull_request_target" | "workflow_run");
    guarded
        && rank < Rank::Writer
        && matches!(fetch.means, Means::Checkout(Guard::Holds { .. }))
        && fetch.head.is_code()
}
