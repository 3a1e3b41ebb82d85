//! Jobs hand values on by outputs.

use cofferdam_workflows::documents::{Job, Step};
use cofferdam_workflows::expressions::ContextPath;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "needs",
    says: "An output of a job is put into a later job's script before a shell reads it, and the job's code writes it.",
    source: "https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/pass-job-outputs",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for run in &ground.scene.runs {
        let before = super::artifact::earlier(ground.scene, run);
        if before.is_empty() {
            continue;
        }
        for step in run.view.job.steps() {
            for (text, name) in named(step) {
                let from = before.iter().filter(|b| is_named(b.view.job, &name));
                for before in from {
                    graph.draw(
                        Drawn::new(RULE.id, Node::Code(before.id), Node::Code(run.id))
                            .under(&run.gate)
                            .at(Place::new(
                                run.view.at(text),
                                format!("needs.{name}.outputs"),
                            ))
                            .cut(
                                Cost::Line,
                                format!("Hand the output of `{name}` over by `env:`"),
                            ),
                    );
                }
            }
        }
    }
}

fn is_named(job: &Job, name: &str) -> bool {
    job.name().eq_ignore_ascii_case(name)
}

/// The jobs whose outputs a step's script names, with the places.
fn named(step: &Step) -> Vec<(cofferdam_facts::Span, String)> {
    let script = step.script();
    let code = match step.action() {
        Some("actions/github-script") => step.input("script"),
        _ => script,
    };
    let Some(text) = code else { return Vec::new() };
    let of_output = |path: &ContextPath| {
        (path.head() == "needs" && path.name(2) == Some("outputs"))
            .then(|| path.written_name(1).map(str::to_owned))
            .flatten()
    };
    text.parsed()
        .flat_map(|(_, expr)| {
            expr.value_contexts()
                .into_iter()
                .filter_map(of_output)
                .collect::<Vec<_>>()
        })
        .map(|name| (text.span, name))
        .collect()
}
