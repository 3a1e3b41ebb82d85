//! A run writes into the repository what its starter wrote.

use cofferdam_facts::{Access, Scope};
use cofferdam_rules::foreign::{self, Push};

use super::foreign_code::{merged, runs, starter};
use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Own, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "pushes",
    says: "A job that merges the pull request of whoever causes it, or pushes what they wrote, puts their files on a branch of the repository; with a credential of its own, what it pushes starts workflows too.",
    source: "https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let by_itself = matches!(run.event(), "schedule" | "push" | "release");
        if !run.takes_heads() && !by_itself {
            continue;
        }
        let token = writes(run);
        let own = run.held.all.is_some() || !run.held.named.is_empty();
        if token.is_none() && !own {
            continue;
        }
        let found = foreign::of_start(ground.scene.cx, &run.start);
        for push in &found.pushes {
            for rank in Rank::ALL {
                let way = merged(run, push.way.clone());
                let Some(verdict) = passing(&way, rank) else {
                    continue;
                };
                let verdict = verdict.and(&run.gate);
                if let Some(token) = &token {
                    by_token(ground, run, push, rank, &verdict.clone().and(token), graph);
                }
                if own {
                    by_credential(run, push, rank, &verdict, graph);
                }
            }
        }
    }
}

// Whether the token of the job may push, and what that takes.
fn writes(run: &Run<'_>) -> Option<Verdict> {
    let token = &run.start.token;
    (token.access(Scope::Contents) == Access::Write).then(|| match token.assumed {
        true => Verdict::when(Fact::DefaultToken),
        false => Verdict::reachable(),
    })
}

fn by_token(
    ground: &Ground<'_, '_>,
    run: &Run<'_>,
    push: &Push,
    rank: Rank,
    verdict: &Verdict,
    graph: &mut Graph,
) {
    let settings = ground.scene.settings;
    let default = &ground.scene.default_branch;
    let to_default = push.branch.as_ref().is_none_or(|branch| branch == default);
    let (asset, rules) = match to_default {
        true => (Asset::DefaultBranch, settings.token_to_default()),
        false => (Asset::Branch, settings.token_to_branches()),
    };
    // What a push without a name takes along, and where to, is git's to say.
    let named = push
        .branch
        .as_ref()
        .is_some_and(|branch| !branch.contains('$'));
    let fact = match push.merges || named {
        true => Verdict::reachable(),
        false => Verdict::when(runs(&push.place)),
    };
    let edge = Drawn::new(RULE.id, starter(run, rank, false), Node::Asset(asset));
    let edge = edge.under(verdict).under(&rules).under(&fact);
    graph.draw(drawn(edge, push));
}

// A secret of the job may be a key or a token that pushes: workflows start then.
fn by_credential(run: &Run<'_>, push: &Push, rank: Rank, verdict: &Verdict, graph: &mut Graph) {
    let own = match push.merges {
        true => Own::Default,
        false => Own::Branch,
    };
    let edge = Drawn::new(RULE.id, starter(run, rank, false), Node::Own(own));
    let fact = Verdict::when(runs(&push.place));
    graph.draw(drawn(edge.under(verdict).under(&fact), push));
}

fn drawn(edge: Drawn, push: &Push) -> Drawn {
    let at = format!("{}:{}", push.place.path, push.place.line);
    let what = match push.merges {
        true => format!("Let a person merge, instead of {at}"),
        false => format!("Push nothing at {at} that a stranger wrote"),
    };
    edge.at(Place::new(push.place.clone(), push.means.clone()))
        .cut(Cost::Lines, what)
}
