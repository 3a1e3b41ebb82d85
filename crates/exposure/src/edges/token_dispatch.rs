//! A token that writes actions starts workflows, with inputs and on a branch of
//! its own choosing.

use cofferdam_facts::{Access, Scope};
use cofferdam_rules::JobView;
use cofferdam_rules::foreign;
use cofferdam_workflows::documents::text::{Text, lookup};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::expressions::ContextPath;
use cofferdam_workflows::semantics::gates::Way;

use super::{EdgeRule, Ground};
use crate::asset::Asset;
use crate::graph::{Cost, Drawn, Graph, Node, Place, Rank};
use crate::passing::passing;
use crate::scene::Run;
use crate::verdict::{Fact, Verdict};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "token-dispatch",
    says: "`workflow_dispatch` and `repository_dispatch` are the events that a job's token starts workflows by, with whatever inputs; with `contents: write` on a branch that it has pushed.",
    source: "https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow#triggering-a-workflow-from-a-workflow",
    draw,
};

/// How many values are followed back to an input.
const MAX_HOPS: usize = 8;

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    let by_hand = |event: &str| -> Vec<ByHand<'_, '_>> {
        let runs = ground.scene.runs.iter();
        let runs = runs.filter(|run| run.event() == event && run.start.command.is_none());
        runs.map(|run| ByHand::of(ground, run)).collect()
    };
    let writing = |scope| {
        let mut runs = ground.scene.runs.iter();
        runs.any(|run| writes(run, scope).is_some())
    };
    let dispatched = match writing(Scope::Actions) {
        true => by_hand("workflow_dispatch"),
        false => Vec::new(),
    };
    let sent = match writing(Scope::Contents) {
        true => by_hand("repository_dispatch"),
        false => Vec::new(),
    };
    for run in &ground.scene.runs {
        let from = Node::Code(run.id);
        let contents = writes(run, Scope::Contents);
        // Sending a `repository_dispatch` takes `contents: write`.
        if let Some(given) = &contents {
            for other in &sent {
                other.start(&from, given, graph);
            }
        }
        let Some(given) = writes(run, Scope::Actions) else {
            continue;
        };
        for other in &dispatched {
            other.start(&from, &given, graph);
            // The files of the branch run, but for those below `.github`.
            if contents.is_some() && !other.run.view.job.steps().is_empty() {
                graph.draw(
                    Drawn::new(RULE.id, from.clone(), Node::Code(other.run.id))
                        .under(&given)
                        .under(&other.run.gate)
                        .at(other.place())
                        .cut(
                            Cost::Line,
                            format!("Take `actions: write` from job `{}`", run.view.job.name()),
                        ),
                );
            }
        }
    }
}

/// What it takes for a job's token to write a scope; `None` where it does not.
fn writes(run: &Run<'_>, scope: Scope) -> Option<Verdict> {
    let token = &run.start.token;
    (token.access(scope) == Access::Write).then(|| match token.assumed {
        true => Verdict::when(Fact::DefaultToken),
        false => Verdict::reachable(),
    })
}

/// A run that somebody starts by hand, or a token.
struct ByHand<'g, 'c> {
    run: &'g Run<'c>,
    /// What it takes; `None` where nobody with the role write starts it.
    verdict: Option<Verdict>,
    /// Where a ref is checked out that an input names, what runs it, and what
    /// that takes.
    chosen: Vec<(Place, Place, Verdict)>,
}

impl<'g, 'c> ByHand<'g, 'c> {
    fn of(ground: &Ground<'g, 'c>, run: &'g Run<'c>) -> Self {
        let verdict = match &run.start.files {
            Way::Closed if run.for_insiders => Some(Verdict::reachable()),
            way => passing(way, Rank::Writer),
        };
        let steps = run.view.job.steps();
        let chosen = if steps.iter().any(|step| chooses_ref(run, step)) {
            executed(ground, run)
        } else {
            Vec::new()
        };
        Self {
            run,
            verdict,
            chosen,
        }
    }

    fn place(&self) -> Place {
        Place::new(self.run.start.place(), self.run.event())
    }

    // Whoever has the token gives the inputs, as somebody with the role write
    // does, and asks nobody.
    fn start(&self, from: &Node, given: &Verdict, graph: &mut Graph) {
        let path = self.run.workflow().path().to_owned();
        let drawn = |to: Node| {
            let edge = Drawn::new(RULE.id, from.clone(), to).under(given);
            edge.at(self.place())
        };
        graph.draw(drawn(Node::Asset(Asset::Start(path))));
        let Some(verdict) = &self.verdict else {
            return;
        };
        graph.draw(drawn(Node::Started(self.run.id, Rank::Writer)).under(verdict));
        for (fetch, executes, passes) in &self.chosen {
            let cut = fetch.location.as_ref().map(|at| {
                format!(
                    "Check out no ref that an input names at {}:{}",
                    at.path, at.line
                )
            });
            graph.draw(
                drawn(Node::Code(self.run.id))
                    .under(verdict)
                    .under(passes)
                    .under(&self.run.gate)
                    .at(fetch.clone())
                    .at(executes.clone())
                    .cut(Cost::Line, cut.unwrap_or_default()),
            );
        }
    }
}

fn executed(ground: &Ground<'_, '_>, run: &Run<'_>) -> Vec<(Place, Place, Verdict)> {
    let found = foreign::of_head(ground.scene.cx, &run.start);
    let mut all = Vec::new();
    for one in found.runs.iter().filter(|one| !one.contained) {
        let Some(fetch) = found.fetches.get(one.fetch) else {
            continue;
        };
        let mut steps = run.view.job.steps().iter();
        let chosen = steps.any(|step| step.label() == fetch.label && chooses_ref(run, step));
        let way = one.way.clone().and(fetch.way.clone());
        if let (true, Some(passes)) = (chosen, passing(&way, Rank::Writer)) {
            let fetched = Place::new(fetch.place.clone(), "a ref that an input names");
            all.push((
                fetched,
                Place::new(one.place.clone(), one.means.clone()),
                passes,
            ));
        }
    }
    all
}

fn chooses_ref(run: &Run<'_>, step: &Step) -> bool {
    let callers = &run.start.chain;
    step.input("ref")
        .is_some_and(|text| of_input(callers, Some(step), text, MAX_HOPS))
}

// Whether a text holds an input of the event, handed on by callers and by `env`.
fn of_input(callers: &[&JobView<'_>], step: Option<&Step>, text: &Text, hops: usize) -> bool {
    let (Some((view, before)), Some(hops)) = (callers.split_last(), hops.checked_sub(1)) else {
        return false;
    };
    let leads = |path: &ContextPath| {
        let name = path.written_name(1).unwrap_or_default();
        match path.head() {
            "github" => ["github.event.inputs", "github.event.client_payload"]
                .iter()
                .any(|start| path.starts_with(start)),
            // The first workflow has the inputs of the event.
            "inputs" => match before.last() {
                None => true,
                Some(caller) => {
                    let with = caller.job.call().map(|call| call.with.as_slice());
                    let handed = with.and_then(|with| lookup(with, name));
                    handed.is_some_and(|text| of_input(before, None, text, hops))
                }
            },
            "env" => {
                let workflow: &Workflow = view.workflow;
                let own = step.into_iter().flat_map(|step| &step.env);
                let mut all = own.chain(&view.job.env).chain(&workflow.env);
                let pair = all.find(|pair| pair.key.value == name);
                pair.is_some_and(|pair| of_input(callers, None, &pair.value, hops))
            }
            _ => false,
        }
    };
    text.parsed()
        .any(|(_, expr)| expr.value_contexts().into_iter().any(leads))
}
