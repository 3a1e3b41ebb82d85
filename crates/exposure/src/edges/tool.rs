//! The publisher of a package that a step installs runs code in the job.

use cofferdam_rules::script_steps;

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::packages;
use crate::position::Position;
use crate::running;
use crate::verdict::{Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "tool",
    says: "A package that is installed by its name runs its publisher's code; an exact version names the same package until somebody changes it.",
    source: "https://docs.npmjs.com/cli/commands/npm-install",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for site in script_steps::of(ground.scene.cx) {
        for command in &site.script.commands {
            for package in packages::of_command(command, ground.scene.cx.repository) {
                let verdict = if package.fixed {
                    Verdict::after(Wait::Update)
                } else {
                    Verdict::reachable()
                };
                let place = site.at(command.range.clone());
                for (run, _) in running::of_home(ground.scene, &site.home, site.step) {
                    let from = Node::Position(Position::Tool(package.name.clone()));
                    graph.draw(
                        Drawn::new(RULE.id, from, Node::Code(run.id))
                            .under(&verdict)
                            .under(&run.gate)
                            .over(run.places())
                            .at(Place::new(place.clone(), package.by.clone()))
                            .pin(Cost::Line, fixing(&package.name)),
                    );
                }
            }
        }
    }
}

/// What would make a package the same until somebody changes it.
fn fixing(name: &str) -> String {
    if name.starts_with("pypi/") {
        format!("Install {name} with its hash, by `--require-hashes`")
    } else {
        format!("Name the exact version of {name}")
    }
}
