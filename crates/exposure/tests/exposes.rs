//! What places expose, against the verdicts that are found by searching a way for
//! each pair: two algorithms over one graph, on every scenario.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken scenario should stop the test at once"
)]

#[expect(dead_code, reason = "the form has more than is asked here")]
mod form;

use std::collections::BTreeMap;
use std::path::Path;

use cofferdam_exposure::exposes::Places;
use cofferdam_exposure::{Level, Node};
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use rayon::prelude::*;

use form::{Scenario, Variant};

#[test]
fn all_places_together_expose_what_the_matrix_says() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios"));
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path());
    let paths: Vec<_> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "txt" || e == "txtar"))
        .collect();
    let counts: Vec<usize> = paths
        .par_iter()
        .flat_map_iter(|path| {
            let scenario = Scenario::read(path);
            let name = scenario.name.clone();
            let judged = scenario.variants.into_iter();
            judged.map(move |variant| compared(&name, &variant))
        })
        .collect();
    assert!(counts.len() >= 240, "{}", counts.len());
    let looked: usize = counts.iter().sum();
    assert!(looked > 300, "{looked}");
}

/// Compares one variant, and counts the places that were looked at.
fn compared(name: &str, variant: &Variant) -> usize {
    let facts = Facts {
        settings: Some(&variant.settings),
        ..Facts::default()
    };
    let cx = Context::new(&variant.repository, facts);
    let exposure = cofferdam_exposure::of(&cx);
    let mut places = Places::of(&cx).unwrap();
    let open = exposure
        .rows
        .iter()
        .filter(|row| row.verdict.level() != Level::Blocked);
    let rows: BTreeMap<_, _> = open.map(|row| ((&row.position, &row.asset), row)).collect();
    let all = places.everything();
    let side = variant.name;
    assert_eq!(
        all.as_ref().map_or(0, |all| all.total),
        rows.len(),
        "{name} {side}"
    );
    for pair in all.iter().flat_map(|all| &all.pairs) {
        let row = rows.get(&(&pair.position, &pair.asset)).expect("a row");
        assert_eq!(pair.level, row.verdict.level(), "{name} {side}: {pair:?}");
    }
    // Where a worst way comes in, that pair is exposed.
    let mut looked = 0;
    for row in rows.values() {
        let edges = row.path.iter().filter_map(|at| exposure.graph.edge(*at));
        for edge in edges {
            let to = exposure.graph.nodes().get(edge.to);
            let Some(Node::Code(_)) = to else { continue };
            let Some(place) = edge.places.last().and_then(|p| p.location.as_ref()) else {
                continue;
            };
            if exposure.unread.iter().any(|one| one.path == *place.path) {
                continue;
            }
            let exposed = places
                .at(place)
                .unwrap_or_else(|| panic!("{name} {side} {place:?}"));
            looked += 1;
            let mut pairs = exposed.pairs.iter();
            let found = pairs.find(|p| p.position == row.position && p.asset == row.asset);
            let level = found.map(|pair| pair.level);
            let more = exposed.total > exposed.pairs.len();
            assert!(
                level == Some(row.verdict.level()) || (level.is_none() && more),
                "{name} {side}: {} {} {:?} {exposed:?}",
                row.position,
                row.asset,
                place
            );
        }
    }
    looked
}
