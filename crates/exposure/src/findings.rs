//! Exposures and refuted claims as findings, for the formats that hold findings.

use std::collections::BTreeMap;

use cofferdam_facts::Location;
use cofferdam_findings::{Finding, RuleInfo, Severity};

use crate::Exposure;
use crate::claims::{Ruling, Standing};
use crate::graph::{Node, Place};
use crate::matrix::Row;
use crate::position::Position;
use crate::verdict::Level;

/// What is found is a way from a position to an asset.
pub static EXPOSURE: RuleInfo = RuleInfo {
    id: "exposure",
    title: "Somebody reaches something worth having",
    severity: Severity::High,
    controls: &[],
    peers: &[],
    standards: &[],
    docs: "A position from which an attacker may start, and the way from there to an asset: a secret, a token, an identity, something that users install. `cofferdam exposure --explain` prints the ways and the cheapest changes that close them.",
};

/// What is found is a way that contradicts a claim.
pub static CLAIM: RuleInfo = RuleInfo {
    id: "claim",
    title: "A claim of the project is refuted",
    severity: Severity::High,
    controls: &[],
    peers: &[],
    standards: &[],
    docs: "A sentence under `[[claim]]` in `cofferdam.toml` does not hold: the way is there that it rules out. `cofferdam claims check` prints the way and the cheapest changes that close it.",
};

/// So many assets are named in one message.
const NAMED: usize = 3;

/// The place at which somebody's code comes in, or where it cannot be told the
/// first on the way.
#[must_use]
pub fn place<'e>(exposure: &'e Exposure, row: &Row) -> Option<&'e Location> {
    let graph = &exposure.graph;
    let edges = || row.path.iter().filter_map(|at| graph.edge(*at));
    let located = |place: &'e Place| place.location.as_ref();
    let code = edges().find(|edge| {
        matches!(
            graph.nodes().get(edge.to),
            Some(Node::Code(_) | Node::Handed(..) | Node::Shapes(_))
        )
    });
    let last = code.and_then(|edge| edge.places.iter().rev().find_map(located));
    last.or_else(|| edges().flat_map(|edge| &edge.places).find_map(located))
}

/// A position, and the place at which its code comes in.
type Group<'e> = (&'e Position, Option<(&'e str, usize)>);

/// One finding for each position and place at which its code comes in, by its
/// worst way. What a control stops is none.
#[must_use]
pub fn of_rows(exposure: &Exposure, rows: &[&Row]) -> Vec<Finding> {
    let mut groups: BTreeMap<Group<'_>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if row.verdict.level() == Level::Blocked {
            continue;
        }
        let at = place(exposure, row).map(|at| (&*at.path, at.span.start));
        groups.entry((&row.position, at)).or_default().push(row);
    }
    let mut found = Vec::new();
    for mut group in groups.into_values() {
        group.sort_by_key(|row| (row.verdict.level(), row.verdict.conditions(), &row.asset));
        let Some(worst) = group.first() else { continue };
        let level = worst.verdict.level();
        let alike: Vec<String> = (group.iter())
            .filter(|row| row.verdict.level() == level)
            .map(|row| row.asset.to_string())
            .collect();
        let message = format!(
            "`{}` reaches {}: {}",
            worst.position,
            listed(&alike),
            worst.verdict
        );
        let finding = on_the_way(
            exposure,
            worst,
            Finding::new(
                EXPOSURE.id,
                severity(worst),
                whole(exposure, worst),
                message,
            ),
        );
        found.push(
            finding
                .why(format!(
                    "Whoever is in the place of {} has it",
                    worst.position.describe()
                ))
                .weight(group.len())
                .subject(format!("{} -> {}", worst.position, worst.asset)),
        );
    }
    found
}

/// A finding for each refuted claim, at the place of the way that opens it.
#[must_use]
pub fn of_claims(exposure: &Exposure, rulings: &[Ruling<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for ruling in rulings {
        let Standing::Refuted(all) = &ruling.standing else {
            continue;
        };
        let Some(first) = all.first() else { continue };
        let row = &first.row;
        let name = &ruling.claim.name.value;
        let message = format!(
            "\"{name}\" is refuted: `{}` reaches {} ({})",
            row.position, row.asset, row.verdict
        );
        let finding = Finding::new(CLAIM.id, Severity::High, whole(exposure, row), message)
            .why(match all.len() - 1 {
                0 => "This way contradicts it".to_owned(),
                more => format!("This way contradicts it, and {more} more pairs do"),
            })
            .weight(all.len())
            .subject(format!("{name}: {} -> {}", row.position, row.asset));
        found.push(on_the_way(exposure, row, finding).fix(cheapest(first)));
    }
    found
}

fn cheapest(refutation: &crate::claims::Refutation) -> String {
    match refutation.cuts.first() {
        Some(set) => {
            let words: Vec<&str> = set.iter().map(|cut| cut.what.as_str()).collect();
            words.join(" and ")
        }
        None => "Read the ways with `cofferdam claims check`".to_owned(),
    }
}

fn on_the_way(exposure: &Exposure, row: &Row, finding: Finding) -> Finding {
    let mut finding = finding;
    for place in row.places(&exposure.graph) {
        if let Some(location) = &place.location {
            finding = finding.related(location.clone(), place.what.clone());
        }
    }
    let cuts = row.cuts(&exposure.graph);
    let fix = cuts.first().map(|set| {
        let words: Vec<&str> = set.iter().map(|cut| cut.what.as_str()).collect();
        words.join(" and ")
    });
    finding.fix(fix.unwrap_or_else(|| "No one or two changes that are known close it".to_owned()))
}

/// Where it is shown: a way that begins in a file of the attacker's own may have
/// no place.
fn whole(exposure: &Exposure, row: &Row) -> Location {
    let found = place(exposure, row).cloned();
    found.unwrap_or_else(|| Location::whole_file(".github/workflows"))
}

fn severity(row: &Row) -> Severity {
    let outside = matches!(row.position, Position::Newcomer | Position::Contributor);
    match row.verdict.level() {
        Level::Reachable if outside => Severity::Critical,
        Level::Reachable => Severity::High,
        Level::ReachableIf => Severity::Medium,
        Level::After => Severity::Low,
        Level::Blocked => Severity::Info,
    }
}

fn listed(words: &[String]) -> String {
    let shown: Vec<&str> = words.iter().take(NAMED).map(String::as_str).collect();
    match words.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
