//! Small repositories in pairs, weak and mended, each with everything that is
//! expected of it. Every pair of a judged position and an asset of a judged
//! class that is not listed is expected to have no way at all.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a broken scenario should stop the test at once, and the numbers are to be seen"
)]

mod form;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use cofferdam_exposure::{Exposure, Place, RULES, Without};
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use rayon::prelude::*;

use form::{Expected, Scenario, Variant};

/// What was compared in one variant of one scenario.
#[derive(Debug, Default)]
struct Outcome {
    right: usize,
    wrong: Vec<String>,
    missed: usize,
    extra: usize,
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

fn scenarios() -> Vec<Scenario> {
    let mut paths: Vec<_> = std::fs::read_dir(folder().join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt" || e == "txtar"))
        .collect();
    paths.sort();
    paths.iter().map(|path| Scenario::read(path)).collect()
}

/// Scenarios that are not met yet, each with the reason.
fn open() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder().join("open.txt")).unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, why) = line.split_once(' ').expect("a name and a reason");
            (name.to_owned(), why.to_owned())
        })
        .collect()
}

fn exposure(variant: &Variant, without: &Without) -> Exposure {
    let facts = Facts {
        settings: Some(&variant.settings),
        registries: &variant.registries,
        ..Facts::default()
    };
    let cx = Context::new(&variant.repository, facts);
    cofferdam_exposure::without(&cx, without)
}

fn judge(variant: &Variant, without: &Without) -> Outcome {
    let found = exposure(variant, without);
    let mut outcome = Outcome::default();
    let mut expected: BTreeMap<(String, String), &Expected> = BTreeMap::new();
    for one in &variant.expected {
        expected.insert((one.from.to_string(), one.to.to_string()), one);
    }
    let judged = |row: &&cofferdam_exposure::Row| {
        variant.positions.contains(&row.position.to_string())
            && (variant.classes.contains(row.asset.class().word())
                || variant.classes.contains(&row.asset.to_string()))
    };
    for row in found.rows.iter().filter(judged) {
        let key = (row.position.to_string(), row.asset.to_string());
        let Some(one) = expected.remove(&key) else {
            outcome.extra += 1;
            let way: Vec<String> = row.places(&found.graph).map(form::show).collect();
            outcome.wrong.push(format!(
                "{} -> {}: found `{}`, nothing expected; {}",
                key.0,
                key.1,
                row.verdict,
                way.join(" | ")
            ));
            continue;
        };
        if row.verdict.plain() != one.verdict.plain() {
            outcome.missed += 1;
            outcome.extra += 1;
            let way: Vec<String> = row.places(&found.graph).map(form::show).collect();
            outcome.wrong.push(format!(
                "{} -> {}: found `{}`, expected `{}`; {}",
                key.0,
                key.1,
                row.verdict,
                one.verdict,
                way.join(" | ")
            ));
            continue;
        }
        let places: Vec<&Place> = row.places(&found.graph).collect();
        match form::missing_place(&one.path, &places, &variant.repository) {
            None => outcome.right += 1,
            Some(place) => {
                outcome.missed += 1;
                outcome.wrong.push(format!(
                    "{} -> {}: the way has no place `{place}`; it has {}",
                    key.0,
                    key.1,
                    places
                        .iter()
                        .map(|p| form::show(p))
                        .collect::<Vec<_>>()
                        .join(" | ")
                ));
            }
        }
    }
    let unread: BTreeSet<String> = found.unread.iter().map(|one| one.path.clone()).collect();
    let there = |path: &&String| variant.repository.document(path).is_some();
    let named: BTreeSet<String> = variant.unreadable.iter().filter(there).cloned().collect();
    if unread != named {
        outcome.missed += 1;
        outcome
            .wrong
            .push(format!("not read: {unread:?}, expected {named:?}"));
    }
    for (key, one) in expected {
        outcome.missed += 1;
        outcome.wrong.push(format!(
            "{} -> {}: nothing found, expected `{}`",
            key.0, key.1, one.verdict
        ));
    }
    outcome
}

#[test]
fn every_scenario_is_met() {
    let all = scenarios();
    let open = open();
    let outcomes: Vec<(&Scenario, Vec<(&Variant, Outcome)>)> = all
        .par_iter()
        .map(|scenario| {
            let variants = scenario.variants.iter();
            let judged = variants.map(|v| (v, judge(v, &Without::default())));
            (scenario, judged.collect())
        })
        .collect();
    let (mut right, mut missed, mut extra) = (0, 0, 0);
    let mut wrong = String::new();
    let mut failed: BTreeSet<&str> = BTreeSet::new();
    for (scenario, variants) in &outcomes {
        for (variant, outcome) in variants {
            right += outcome.right;
            missed += outcome.missed;
            extra += outcome.extra;
            for line in &outcome.wrong {
                failed.insert(&scenario.name);
                writeln!(wrong, "{} ({}): {line}", scenario.name, variant.name).unwrap();
            }
        }
    }
    let percent = |a: usize, b: usize| 100.0 * a as f64 / b.max(1) as f64;
    println!(
        "{} scenarios, {} not met; recall {:.2} %, precision {:.2} % of {} expected ways",
        all.len(),
        failed.len(),
        percent(right, right + missed),
        percent(right, right + extra),
        right + missed,
    );
    println!("{wrong}");
    let unknown: Vec<_> = failed
        .iter()
        .filter(|name| !open.contains_key(**name))
        .collect();
    assert!(
        unknown.is_empty(),
        "not met and not listed in open.txt: {unknown:?}"
    );
    let met: Vec<_> = open
        .keys()
        .filter(|name| !failed.contains(name.as_str()))
        .collect();
    assert!(met.is_empty(), "listed in open.txt and met: {met:?}");
}

#[test]
fn every_rule_is_needed() {
    let all = scenarios();
    let open = open();
    let met: Vec<&Scenario> = all.iter().filter(|s| !open.contains_key(&s.name)).collect();
    let unused: Vec<&str> = RULES
        .par_iter()
        .filter(|rule| {
            let without = Without {
                rules: [rule.id.to_owned()].into(),
            };
            let fails = |variant: &Variant| !judge(variant, &without).wrong.is_empty();
            !met.iter()
                .any(|scenario| scenario.variants.iter().any(fails))
        })
        .map(|rule| rule.id)
        .collect();
    assert!(
        unused.is_empty(),
        "no scenario fails without these rules: {unused:?}"
    );
}
