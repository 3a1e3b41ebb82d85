//! A second answer to who reaches what, worked out in the slow and plain way, and
//! compared with the graph's on random small repositories and settings. The two
//! share no code: what is here was written from the documentation and from the
//! conventions of the scenarios. What the two once differed in, and which page
//! decided it, stands in README.md.
//!
//! `ENUMERATOR_CASES` says how many repositories are looked at, `ENUMERATOR_SEED`
//! which ones.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a broken case should stop the test at once, and the numbers are to be seen"
)]

#[path = "../form/mod.rs"]
#[expect(dead_code, reason = "no rows are expected here")]
mod form;
mod occurrence;
mod people;
mod print;
mod reach;
mod run;
mod settings;
mod tape;
mod ways;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use world::World;

/// How many in the test command, and how many differences are shrunk and shown.
const CASES: usize = 250;
const SHOWN: usize = 5;
/// How often a difference is made smaller at most.
const STEPS: usize = 3_000;

/// The graph's answer: a verdict, and the way, for each pair.
fn of_the_graph(text: &str) -> BTreeMap<(String, String), (String, String)> {
    let scenario = form::Scenario::parse("world".to_owned(), text);
    let variant = &scenario.variants[0];
    let facts = Facts {
        settings: Some(&variant.settings),
        pack: None,
        policies: &[],
        registries: &variant.registries,
        now: None,
        visibility: None,
    };
    let cx = Context::new(&variant.repository, facts);
    let found = cofferdam_exposure::without(&cx, &cofferdam_exposure::Without::default());
    assert!(found.unread.is_empty(), "{:?}\n{text}", found.unread);
    let rows = found.rows.iter();
    rows.map(|row| {
        let places: Vec<String> = row.places(&found.graph).map(form::show).collect();
        let pair = (row.position.to_string(), row.asset.to_string());
        let verdict = row.verdict.plain().to_string();
        (pair, (verdict, places.join(" | ")))
    })
    .collect()
}

/// Whether a pair is compared. Scopes beside the five do nothing that those do
/// not; people who see a private repository read it without a token; and who is
/// on a runner is there already.
fn is_judged((position, asset): &(String, String)) -> bool {
    let person = !position.contains(':') || position.starts_with("app:");
    let person = person && !["cache", "artifact", "runner-neighbour"].contains(&position.as_str());
    match asset.split_once(':') {
        Some(("token", "contents-read")) => !person,
        Some(("token", scope)) => run::SCOPES.contains(&scope),
        Some(("runner", _)) => position != "runner-neighbour",
        _ => true,
    }
}

/// The level and what stands in the way, in no order.
fn parts(verdict: &str) -> BTreeSet<&str> {
    let (word, list) = verdict.split_once(' ').unwrap_or((verdict, ""));
    let list = list.split(", ").filter(|one| !one.is_empty());
    std::iter::once(word).chain(list).collect()
}

/// One pair that is judged differently: what, both verdicts, the graph's way.
struct Difference {
    what: String,
    way: String,
}

/// What the two answers differ in, and how many pairs were compared.
fn compare(world: &World) -> (Vec<Difference>, BTreeMap<String, usize>) {
    let graph = of_the_graph(&print::scenario(world));
    let naive = reach::matrix(world);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    let pairs: BTreeSet<_> = graph.keys().chain(naive.keys()).collect();
    for pair in pairs.into_iter().filter(|pair| is_judged(pair)) {
        let found = graph.get(pair);
        let (verdict, way) = found.map_or(("nothing", ""), |(v, w)| (v.as_str(), w.as_str()));
        let expected = naive.get(pair);
        // The way that is shown is the shortest, which need not be the one that
        // asks for the least; its level has to be right, and it may leave
        // nothing out.
        let agree = match (found, expected) {
            (Some(_), Some(all)) => all.iter().any(|one| parts(one).is_subset(&parts(verdict))),
            (None, None) => true,
            _ => false,
        };
        let class = pair.1.split(':').next().unwrap();
        let kind = pair.0.split(':').next().unwrap();
        let level = verdict.split(' ').next().unwrap();
        for word in [class, kind, level] {
            *seen.entry(word.to_owned()).or_default() += 1;
        }
        if !agree {
            let expected: Vec<&str> = expected.into_iter().flatten().map(String::as_str).collect();
            all.push(Difference {
                what: format!(
                    "{} -> {}: the graph says `{verdict}`, counted out it is `{}`",
                    pair.0,
                    pair.1,
                    match expected.is_empty() {
                        true => "nothing".to_owned(),
                        false => expected.join("` or `"),
                    }
                ),
                way: way.to_owned(),
            });
        }
    }
    (all, seen)
}

fn number(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn the_graph_and_the_count_agree() {
    let cases = number("ENUMERATOR_CASES", CASES);
    let chosen = number("ENUMERATOR_SEED", 7);
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&(chosen as u64).to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let tapes = proptest::collection::vec(0u8..32, tape::LENGTH);
    let mut features: BTreeMap<String, usize> = BTreeMap::new();
    let mut pairs: BTreeMap<String, usize> = BTreeMap::new();
    let mut shown: BTreeSet<String> = BTreeSet::new();
    let mut differing = 0;
    for _ in 0..cases {
        let mut tree = tapes.new_tree(&mut runner).unwrap();
        let world = World::of(&tree.current());
        let (differences, seen) = compare(&world);
        if !seen.is_empty() {
            for word in world.features() {
                *features.entry(word).or_default() += 1;
            }
        }
        for (word, count) in seen {
            *pairs.entry(word).or_default() += count;
        }
        let Some(first) = differences.first() else {
            continue;
        };
        differing += 1;
        if shown.len() < SHOWN && shown.insert(first.what.clone()) {
            let what = first.what.clone();
            let differs = |tape: &[u8]| {
                let (all, _) = compare(&World::of(tape));
                all.into_iter().find(|one| one.what == what)
            };
            let mut smallest = tree.current();
            for _ in 0..STEPS {
                let moved = if differs(&tree.current()).is_some() {
                    smallest = tree.current();
                    tree.simplify()
                } else {
                    tree.complicate()
                };
                if !moved {
                    break;
                }
            }
            let way = differs(&smallest).map(|one| one.way).unwrap_or_default();
            println!(
                "{what}\n  {way}\n{}",
                print::scenario(&World::of(&smallest))
            );
        }
    }
    println!("seed {chosen}: {cases} repositories, {differing} judged differently");
    println!("pairs with a way: {pairs:?}");
    println!("repositories with a way that have: {features:?}");
    assert_eq!(differing, 0, "judged differently: {shown:#?}");
    for word in world::FEATURES {
        assert!(
            features.contains_key(*word),
            "no repository with a way has {word}"
        );
    }
    for word in reach::WORDS {
        assert!(pairs.contains_key(*word), "no pair is about {word}");
    }
}
