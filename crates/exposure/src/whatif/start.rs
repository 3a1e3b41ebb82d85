//! Where in the graph somebody stands who has taken something over.

use super::{Study, Thing, places};
use crate::asset::Asset;
use crate::graph::{Drawn, Node, NodeId, Own, Place};
use crate::position::Position;
use crate::scene::Run;
use crate::settings::Ref;
use crate::verdict::{Fact, Verdict, Wait};

/// The id of the edges that lead from a thing into the graph.
const RULE: &str = "taken-over";

/// The point from which the one leads who has taken a thing over.
pub fn of_thing(study: &mut Study<'_>, thing: &Thing) -> NodeId {
    let here = |position: &Position| Node::Position(position.clone());
    match thing {
        Thing::One { position, by: None } => study.exposure.graph.node(here(position)),
        Thing::Asset(asset) if !is_entered(asset) => {
            study.exposure.graph.node(Node::Asset(asset.clone()))
        }
        _ => {
            let start = Node::Thing(study.asked);
            study.asked += 1;
            match thing {
                Thing::One { position, by } => again(study, &start, position, by.as_deref()),
                Thing::Many { positions, .. } => {
                    for position in positions {
                        again(study, &start, position, None);
                    }
                }
                _ => enter(study, &start, thing),
            }
            study.exposure.graph.node(start)
        }
    }
}

/// Whether holding it means to run something there.
fn is_entered(asset: &Asset) -> bool {
    matches!(asset, Asset::Environment(_) | Asset::Tag)
}

/// The edges of a position once more, those alone that name the ref if one is
/// given.
fn again(study: &mut Study<'_>, start: &Node, position: &Position, by: Option<&str>) {
    let graph = &mut study.exposure.graph;
    let Some(from) = graph.find(&Node::Position(position.clone())) else {
        return;
    };
    for at in graph.out(from).to_vec() {
        let named = |by: &str| {
            let place = graph.edge(at).and_then(places::entry);
            place.is_some_and(|place| is_by(&place.what, by))
        };
        if by.is_none_or(named) {
            graph.again(at, start.clone());
        }
    }
    // A commit that is bad itself needs no update.
    if by.is_some_and(is_commit) {
        let start = graph.node(start.clone());
        let own: Vec<usize> = graph.out(start).to_vec();
        let freed = own.into_iter().filter_map(|at| {
            let mut verdict = graph.edge(at)?.verdict.clone();
            verdict.waits.remove(&Wait::Update).then_some((at, verdict))
        });
        let freed = freed.collect();
        graph.exchange(freed);
    }
}

/// Whether a ref is written as a commit, or the beginning of one.
#[must_use]
pub fn is_commit(by: &str) -> bool {
    by.len() >= 7 && by.chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether something is named by a ref; a commit also by its beginning.
#[must_use]
pub fn is_by(written: &str, by: &str) -> bool {
    let Some((_, written)) = written.rsplit_once('@') else {
        return false;
    };
    let begins = written
        .to_ascii_lowercase()
        .starts_with(&by.to_ascii_lowercase());
    written == by || is_commit(by) && begins
}

fn enter(study: &mut Study<'_>, start: &Node, thing: &Thing) {
    let drawn = |to: Node| Drawn::new(RULE, start.clone(), to);
    let into = |run: &Run<'_>| {
        let job = Place::new(
            run.view.at(run.view.job.id.span),
            format!("job {}", run.view.job.name()),
        );
        drawn(Node::Code(run.id))
            .under(&run.gate)
            .over(run.places())
            .at(job)
    };
    let runs = &study.scene.runs;
    let graph = &mut study.exposure.graph;
    let mut own = |own: Own, what: &str| {
        graph.draw(drawn(Node::Own(own)).at(Place::without_file(what)));
    };
    match thing {
        Thing::App(name) => {
            let what = format!("the App {name} is taken as one that may write");
            graph.draw(
                drawn(Node::Position(Position::Writer))
                    .under(&Verdict::when(Fact::Apps))
                    .at(Place::without_file(what)),
            );
        }
        Thing::Branch(None) => {
            own(Own::Default, "pushes to the default branch");
            let to = Node::Asset(Asset::DefaultBranch);
            graph.draw(drawn(to).at(Place::without_file("pushes there")));
            for run in runs
                .iter()
                .filter(|run| is_about(run, &|r| *r == Ref::Default))
            {
                graph.draw(into(run));
            }
        }
        Thing::Branch(Some(name)) => {
            own(Own::Branch, "pushes to the branch");
            let here = |r: &Ref| match r {
                Ref::Branch(Some(other)) => other == name,
                Ref::Branch(None) => true,
                _ => false,
            };
            for run in runs.iter().filter(|run| is_about(run, &here)) {
                graph.draw(into(run));
            }
        }
        Thing::Asset(Asset::Tag) => {
            own(Own::Tag, "pushes a tag");
            for run in runs.iter().filter(|run| is_about(run, &|r| *r == Ref::Tag)) {
                graph.draw(into(run));
            }
        }
        Thing::Asset(Asset::Environment(name)) => {
            let inside = Node::Inside(name.clone());
            let what = Place::without_file(format!("`environment: {name}`"));
            graph.draw(drawn(inside).at(what));
            let here = |run: &&Run<'_>| run.environment.as_ref().is_some_and(|e| e.name == *name);
            for run in runs.iter().filter(here) {
                // Whoever is inside has passed the environment's rules.
                let place = run.environment.as_ref().map(|e| e.location.clone());
                let place = place.map(|at| Place::new(at, format!("job {}", run.view.job.name())));
                graph.draw(drawn(Node::Code(run.id)).over(run.places()).over(place));
            }
        }
        Thing::Workflow(path) => {
            let here = |run: &&Run<'_>| {
                run.view.workflow.path() == path.as_str() || run.workflow().path() == path.as_str()
            };
            for run in runs.iter().filter(here) {
                graph.draw(into(run));
            }
        }
        Thing::One { .. } | Thing::Many { .. } | Thing::Asset(_) => {}
    }
}

/// Whether a push to a ref runs it, with the files that were pushed.
fn is_about(run: &Run<'_>, wanted: &dyn Fn(&Ref) -> bool) -> bool {
    matches!(run.event(), "push" | "create") && run.refs.iter().any(wanted)
}

#[cfg(test)]
mod tests {
    use super::is_by;

    #[test]
    fn a_commit_is_named_by_its_beginning() {
        let commit = "o/a@0123456789abcdef0123456789abcdef01234567";
        for (written, by, same) in [
            ("o/a@v1", "v1", true),
            ("o/a@v1", "v", false),
            ("o/a@v1.2", "v1", false),
            (commit, "0123456", true),
            (commit, "012345", false),
            (commit, "1234567", false),
            ("o/b@main uses o/a@v1", "v1", true),
        ] {
            assert_eq!(is_by(written, by), same, "{written} {by}");
        }
    }
}
