//! Every fix over real repositories: `cargo xtask fixes FOLDER`, whose every
//! entry is a checkout. Nothing is written there.
#![cfg(feature = "fix")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a run over real repositories, whose figures are its result"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_facts::Timestamp;
use cofferdam_fixes::{Judged, Outcome, Wanted};
use cofferdam_pipelines::audit::fixing::trial;
use cofferdam_pipelines::{Data, Input, Judging, Limits, Options, Target};

#[path = "../../fixes/tests/properties/mod.rs"]
mod properties;

fn options() -> Options {
    let pack = cofferdam_datapack::embedded::pack().unwrap();
    let now = Timestamp::parse(&pack.pack.created_at.date()).unwrap();
    Options {
        settings: Vec::new(),
        data: Data::new(pack.pack, now),
        now,
        repository: None,
        fallback_repository: None,
        server: None,
        required: Vec::new(),
        limits: Limits::default(),
        only: true,
        judging: Judging {
            without_baseline: true,
            nothing_of_its_own: true,
            ..Judging::default()
        },
    }
}

/// Findings, and what became of them, by rule.
#[derive(Default)]
struct Figures {
    findings: usize,
    safe: usize,
    unsafe_ones: usize,
    reasons: BTreeMap<String, usize>,
}

fn checkouts(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = (fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn count(
    outcome: &Outcome,
    before: &Judged,
    unsafe_too: bool,
    figures: &mut BTreeMap<String, Figures>,
) {
    for applied in &outcome.applied {
        let figures = figures.entry(applied.finding.rule.to_owned()).or_default();
        match (unsafe_too, applied.fix.safety.is_safe()) {
            (false, _) => figures.safe += 1,
            (true, false) => figures.unsafe_ones += 1,
            (true, true) => {}
        }
    }
    if !unsafe_too {
        for finding in &before.findings {
            figures.entry(finding.rule.to_owned()).or_default().findings += 1;
        }
        return;
    }
    for left in &outcome.left {
        let figures = figures.entry(left.finding.rule.to_owned()).or_default();
        if let Err(reason) = &left.reason {
            *figures.reasons.entry(reason.to_string()).or_default() += 1;
        }
    }
}

#[test]
#[ignore = "needs a folder of checkouts: `cargo xtask fixes FOLDER`"]
fn every_fix_over_real_repositories() {
    let folder = PathBuf::from(std::env::var_os("COFFERDAM_CHECKOUTS").unwrap());
    let only = std::env::var("COFFERDAM_CHECKOUT").unwrap_or_default();
    let options = options();
    let mut figures = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut seen = 0;
    let chosen = checkouts(&folder);
    let chosen = chosen
        .iter()
        .filter(|path| path.to_string_lossy().contains(&only));
    for path in chosen {
        seen += 1;
        let target = Target {
            name: path.display().to_string(),
            input: Input::Path(path.clone()),
        };
        for unsafe_too in [false, true] {
            let wanted = Wanted {
                unsafe_too,
                rules: Vec::new(),
                ..Wanted::default()
            };
            let trial = trial(&target, &wanted, &options).unwrap();
            count(&trial.outcome, &trial.before.1, unsafe_too, &mut figures);
            let before = (&trial.before.0, &trial.before.1);
            let mut found = properties::violations(before, &trial.outcome, &trial.after);
            let again = trial.again.applied.iter();
            found.extend(again.map(|one| format!("mended again: {:?}", one.finding)));
            wrong.extend((found.into_iter()).map(|one| format!("{}: {one}", path.display())));
        }
    }
    show(seen, &figures);
    println!("{} violations", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen > 0, "no checkout in {}", folder.display());
}

fn show(seen: usize, figures: &BTreeMap<String, Figures>) {
    println!("\n{seen} checkouts");
    println!(
        "{:28} {:>8} {:>6} {:>7} {:>6}",
        "rule", "findings", "safe", "unsafe", "left"
    );
    let mut sums = [0; 3];
    for (rule, f) in figures {
        if cofferdam_fixes::fixer(rule).is_none() {
            continue;
        }
        let left: usize = f.reasons.values().sum();
        println!(
            "{rule:28} {:>8} {:>6} {:>7} {left:>6}",
            f.findings, f.safe, f.unsafe_ones
        );
        for (sum, number) in sums.iter_mut().zip([f.findings, f.safe, f.unsafe_ones]) {
            *sum += number;
        }
        let mut reasons: Vec<_> = f.reasons.iter().collect();
        reasons.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        for (reason, number) in reasons.iter().take(8) {
            println!("    {number:>5}  {reason}");
        }
    }
    let all: usize = figures.values().map(|f| f.findings).sum();
    println!("{all} findings in all, {sums:?} with a fixer: findings, safe, unsafe");
}
