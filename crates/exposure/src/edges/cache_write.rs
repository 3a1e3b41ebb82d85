//! Code in a run on the default branch writes its cache.

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::caches;
use crate::graph::{Cost, Drawn, Graph, Node, Place};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "cache-write",
    says: "A run on the default branch saves entries that the runs of every branch restore.",
    source: "https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#restrictions-for-accessing-a-cache",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in ground
        .scene
        .runs
        .iter()
        .filter(|run| caches::writes_default(run, ground.scene.cx.facts.now))
    {
        let mode = run.view.job.cache_mode.as_ref();
        let mode = mode.or(run.view.workflow.cache_mode.as_ref());
        let span = mode.map_or(run.view.job.id.span, |mode| mode.span);
        graph.draw(
            Drawn::new(RULE.id, Node::Code(run.id), Node::Asset(Asset::Cache))
                .at(Place::new(run.view.at(span), "saves into the cache"))
                .cut(
                    Cost::Line,
                    format!("Write `cache-mode: read` for job `{}`", run.view.job.name()),
                ),
        );
    }
}
