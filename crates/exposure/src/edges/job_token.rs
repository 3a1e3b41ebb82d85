//! Code in a job takes the job's token.

use cofferdam_facts::{Access, Scope};

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "job-token",
    says: "An action gets the job's token without being handed it, with every scope that the job has.",
    source: "https://docs.github.com/en/actions/concepts/security/github_token",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let token = &run.start.token;
        let job = run.view.job.name();
        let decided = run.start.chain.iter().rev().find_map(|view| {
            let span = view.token.span?;
            Some(view.at(span))
        });
        let place = |scope: Scope, word: &str| {
            let what = format!("{scope}: {word}");
            match &decided {
                Some(place) => Place::new(place.clone(), what),
                None => Place::new(run.view.at(run.view.job.id.span), what),
            }
        };
        for scope in token.writes().filter(|scope| *scope != Scope::IdToken) {
            let mut edge = Drawn::new(
                RULE.id,
                Node::Code(run.id),
                Node::Asset(Asset::Token(scope)),
            )
            .at(place(scope, "write"))
            .cut(
                Cost::Line,
                format!("Take `{scope}: write` from job `{job}`"),
            );
            if token.assumed {
                edge = edge
                    .under(&Verdict::when(Fact::DefaultToken))
                    .cut(Cost::Setting, "Let tokens read by default");
            }
            graph.draw(edge);
        }
        let reads = token.access(Scope::Contents) >= Access::Read;
        if reads && ground.scene.settings.is_private() {
            let to = Node::Asset(Asset::ContentsRead);
            let edge = Drawn::new(RULE.id, Node::Code(run.id), to);
            graph.draw(edge.at(place(Scope::Contents, "read")));
        }
    }
}
