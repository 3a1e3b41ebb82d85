//! Code in a container takes what the step hands to it.

use cofferdam_facts::Scope;
use cofferdam_rules::Context;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::{checkouts, versions};

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::containers;
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::scene::Run;

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "handed",
    says: "A container sees the variables, build arguments, secrets and mounts that it is given, and nothing else of the job.",
    source: "https://docs.docker.com/reference/cli/docker/container/run/#env",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let ids = graph.nodes().iter().filter_map(|node| match node {
        Node::Handed(run, step) => Some((*run, *step)),
        _ => None,
    });
    let ids: Vec<_> = ids.collect();
    for (id, index) in ids {
        if let Some(run) = ground.scene.runs.get(id) {
            of_step(ground.scene.cx, run, index, graph);
        }
    }
}

fn of_step(cx: &Context<'_>, run: &Run<'_>, index: usize, graph: &mut Graph) {
    let steps = run.view.job.steps();
    let Some(step) = steps.iter().find(|step| step.index == index) else {
        return;
    };
    let around = [
        run.view.job.env.as_slice(),
        run.view.workflow.env.as_slice(),
    ];
    let script = cx.script(run.view.workflow.path(), step);
    let mut names = containers::handed(step, &around, script);
    let sees_files =
        |script| containers::mounts_workspace(script) || containers::builds_workspace(script);
    if script.is_some_and(sees_files) {
        let before = steps.iter().filter(|other| other.index <= index);
        let path = run.view.workflow.path();
        names
            .extend(before.flat_map(|step| containers::left_in_files(step, cx.script(path, step))));
    }
    if let Some(checkout) = credentials_in_workspace(run, index)
        && script.is_some_and(containers::mounts_workspace)
    {
        for scope in run.start.token.writes().filter(|s| *s != Scope::IdToken) {
            let to = Node::Asset(Asset::Token(scope));
            graph.draw(
                Drawn::new(RULE.id, Node::Handed(run.id, index), to)
                    .at(Place::new(
                        run.view.at(checkouts::place(checkout)),
                        "keeps the token in the workspace",
                    ))
                    .cut(
                        Cost::Line,
                        "Set `persist-credentials: false` for the checkout",
                    ),
            );
        }
    }
    for (asset, place) in &run.held.named {
        let Asset::Secret {
            name: Some(name), ..
        } = asset
        else {
            continue;
        };
        if names.contains(name) {
            graph.draw(
                Drawn::new(
                    RULE.id,
                    Node::Handed(run.id, index),
                    Node::Asset(asset.clone()),
                )
                .at(Place::new(place.clone(), asset.to_string()))
                .cut(
                    Cost::Line,
                    format!("Do not hand {asset} to `{}`", step.label()),
                ),
            );
        }
    }
}

/// A checkout before a step that leaves the token in the files of the workspace.
/// Since its sixth version it is kept elsewhere.
fn credentials_in_workspace<'r>(run: &'r Run<'_>, index: usize) -> Option<&'r Step> {
    let document = &run.view.workflow.document;
    let before = run
        .view
        .job
        .steps()
        .iter()
        .filter(|step| step.index < index);
    let mut checkouts = before.filter(|step| checkouts::is_checkout(step));
    checkouts.find(|step| {
        let old = versions::of_step(document, step).is_none_or(|version| version.major < 6);
        old && checkouts::persists(step) != Some(false)
    })
}
