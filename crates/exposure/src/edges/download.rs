//! Whoever serves what a script downloads and runs has code in the job.

use cofferdam_facts::Location;
use cofferdam_rules::script_steps::{self, ScriptStep};
use cofferdam_workflows::semantics::downloads::{self, Fixed};
use cofferdam_workflows::shell::{Shell, Word};

use super::{EdgeRule, Ground};
use crate::graph::{Cost, Drawn, Graph, Node, Place};
use crate::position::Position;
use crate::running;
use crate::verdict::{Verdict, Wait};

pub(super) const RULE: EdgeRule = EdgeRule {
    id: "download",
    says: "Whoever decides what an address serves decides what runs, unless a checksum or a commit names the content.",
    source: "https://docs.github.com/en/actions/reference/security/secure-use#good-practices-for-mitigating-script-injection-attacks",
    draw,
};

fn draw(ground: &Ground<'_, '_>, graph: &mut Graph) {
    for site in script_steps::of(ground.scene.cx) {
        for download in downloads::of_script(site.script) {
            let address = address(&site, &download.address);
            let place = site.at(download.range.clone());
            reach(
                ground,
                &site,
                &address,
                download.checked.is_some(),
                &place,
                graph,
            );
        }
        if site.shell() == Shell::PowerShell {
            for (address, range) in downloads::of_powershell(&site.text.value) {
                reach(ground, &site, &address, false, &site.at(range), graph);
            }
        }
    }
}

fn reach(
    ground: &Ground<'_, '_>,
    site: &ScriptStep<'_>,
    address: &str,
    checked: bool,
    place: &Location,
    graph: &mut Graph,
) {
    let fixed = checked || downloads::fixed(address) == Fixed::Commit;
    let verdict = if fixed {
        Verdict::after(Wait::Update)
    } else {
        Verdict::reachable()
    };
    let name = address.split_once("://").map_or(address, |(_, rest)| rest);
    let name = name.split(['?', '#']).next().unwrap_or(name).to_owned();
    for (run, _) in running::of_home(ground.scene, &site.home, site.step) {
        graph.draw(
            Drawn::new(
                RULE.id,
                Node::Position(Position::Url(name.clone())),
                Node::Code(run.id),
            )
            .under(&verdict)
            .under(&run.gate)
            .over(run.places())
            .at(Place::new(place.clone(), address.to_owned()))
            .pin(
                Cost::Lines,
                format!("Compare {name} with a checksum before it runs"),
            ),
        );
    }
}

/// The address with what constants are known to be.
fn address(site: &ScriptStep<'_>, word: &Word) -> String {
    let values = site.surroundings().values_of_word(word, site.script);
    match values.known.as_slice() {
        [only] if values.complete => only.text.clone(),
        _ => word.text.clone(),
    }
}
