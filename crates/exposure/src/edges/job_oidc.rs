//! Code in a job asks for identity tokens in the job's name.

use cofferdam_facts::Scope;

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::universe::subjects;
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "job-oidc",
    says: "With `id-token: write` every step of the job can ask for a token of the job's subject, for any audience.",
    source: "https://docs.github.com/en/actions/reference/security/oidc",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        for subject in subjects(ground.scene, run) {
            let place = match run.view.token.span {
                Some(span) => run.view.at(span),
                None => run.view.at(run.view.job.id.span),
            };
            let job = run.view.job.name();
            let mut edge = Drawn::new(
                RULE.id,
                Node::Code(run.id),
                Node::Asset(Asset::Oidc(subject)),
            )
            .at(Place::new(place, format!("{}: write", Scope::IdToken)))
            .cut(
                Cost::Job,
                format!("Sign in a job of its own, apart from `{job}`"),
            );
            if run.start.token.assumed {
                edge = edge.under(&Verdict::when(Fact::DefaultToken));
            }
            graph.draw(edge);
        }
    }
}
