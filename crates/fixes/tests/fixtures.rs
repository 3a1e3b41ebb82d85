//! Every fixer against its fixtures, and every fixture of the rules against what
//! must hold for every fix.
//!
//! A fixture is a checkout in one file, as for the rules. The members below
//! `fixed/` are what the changed files become. `safe*` is mended without asking;
//! `unsafe*` only with unsafe fixes, and its member `check` is what somebody has
//! to check; `none*` is not mended at all, and its member `reason` says why.
//! With `UPDATE_FIXTURES=1` these members are written.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a broken fixture should stop the test at once"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_datapack::DataPack;
use cofferdam_facts::{SourceFile, Timestamp};
use cofferdam_findings::Report;
use cofferdam_fixes::{Engine, FIXERS, Judged, NoFix, Outcome, Wanted};
use cofferdam_rules::context::Facts;
use cofferdam_rules::{Context, RULES};
use cofferdam_workflows::Repository;
use cofferdam_workflows::repository::Tree;

#[path = "../../rules/tests/checkout/mod.rs"]
mod checkout;
mod joint;
mod properties;

use checkout::Checkout;

fn judge(cx: &Context<'_>) -> Judged {
    let report = Report {
        findings: cofferdam_rules::run(cx).findings,
        ..Report::default()
    };
    Judged {
        findings: report.finish().findings,
        silenced: Vec::new(),
    }
}

fn repository(checkout: &Checkout) -> Repository {
    let tree = Tree::new(checkout.files.iter().map(|f| Arc::from(f.path())).collect());
    let mut repository = Repository::read(checkout.files.clone(), tree);
    repository.slug.clone_from(&checkout.slug);
    repository.part = checkout.part;
    repository
}

struct Known {
    pack: DataPack,
}

impl Known {
    fn new() -> Self {
        Self {
            pack: cofferdam_datapack::embedded::pack().unwrap().pack,
        }
    }

    fn facts<'k>(&'k self, checkout: &'k Checkout) -> Facts<'k> {
        Facts {
            settings: checkout.settings.as_ref(),
            pack: checkout.pack.then_some(&self.pack),
            policies: &checkout.policies,
            now: Timestamp::parse("2026-11-22T00:00:00Z"),
            ..Facts::default()
        }
    }

    fn run(&self, checkout: &Checkout, wanted: &Wanted) -> Outcome {
        let engine = Engine {
            facts: self.facts(checkout),
            judge: Box::new(judge),
        };
        engine.run(&repository(checkout), wanted)
    }
}

/// The checkout with the new texts, read afresh.
fn afresh(checkout: &Checkout, outcome: &Outcome) -> Checkout {
    let files = checkout.files.iter().map(|file| {
        let new = outcome.files.get(file.path()).map(|(_, new)| new.text());
        SourceFile::new(file.shared_path(), new.unwrap_or(file.text()))
    });
    Checkout {
        files: files.collect(),
        settings: checkout.settings.clone(),
        slug: checkout.slug.clone(),
        pack: checkout.pack,
        part: checkout.part,
        policies: checkout.policies.clone(),
    }
}

fn violations(
    known: &Known,
    checkout: &Checkout,
    wanted: &Wanted,
    outcome: &Outcome,
) -> Vec<String> {
    let before = repository(checkout);
    let new = afresh(checkout, outcome);
    let judged = |checkout: &Checkout, repository: &Repository| {
        judge(&Context::new(repository, known.facts(checkout)))
    };
    let mut wrong = properties::violations(
        (&before, &judged(checkout, &before)),
        outcome,
        &judged(&new, &repository(&new)),
    );
    let again = known.run(&new, wanted);
    for applied in &again.applied {
        wrong.push(format!("mended again: {}", applied.finding.message));
    }
    for applied in &outcome.applied {
        let fixer = cofferdam_fixes::fixer(applied.finding.rule).unwrap();
        if !fixer.offer.allows(&applied.fix.safety) {
            wrong.push(format!("{} offers what it says it does not", fixer.rule));
        }
        if !wanted.unsafe_too && !applied.fix.safety.is_safe() {
            wrong.push(format!("{} was not asked for", fixer.rule));
        }
    }
    wrong
}

fn folder(of: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of)
}

fn txtars(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(txtars(&path));
        } else if path.extension().is_some_and(|e| e == "txtar") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_fixer_against_its_fixtures() {
    let known = Known::new();
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong = Vec::new();
    for path in txtars(&folder("fixtures")) {
        let rule = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let (expected, given): (Vec<_>, Vec<_>) =
            checkout::members(&text).into_iter().partition(|(name, _)| {
                name.starts_with("fixed/") || name == "check" || name == "reason"
            });
        let checkout = checkout::of_members(given.clone());
        let found = told(&known, &checkout, &rule, &stem, &mut wrong);
        if update {
            let members = given.iter().chain(&found);
            let mut text = String::new();
            for (name, body) in members {
                write!(text, "-- {name} --\n{body}").unwrap();
            }
            fs::write(&path, text).unwrap();
        } else if expected != found {
            wrong.push(format!(
                "{rule}/{stem}: expected {expected:#?}\nfound {found:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn told(
    known: &Known,
    checkout: &Checkout,
    rule: &str,
    stem: &str,
    wrong: &mut Vec<String>,
) -> Vec<(String, String)> {
    let wanted = |unsafe_too| Wanted {
        unsafe_too,
        rules: vec![rule.to_owned()],
        ..Wanted::default()
    };
    let safe = known.run(checkout, &wanted(false));
    let all = known.run(checkout, &wanted(true));
    let kind = stem.split('-').next().unwrap_or_default();
    let (outcome, sound) = match kind {
        "safe" => (&safe, !safe.files.is_empty() && safe.left.is_empty()),
        "unsafe" => (&all, safe.files.is_empty() && !all.files.is_empty()),
        "none" => (&all, all.files.is_empty() && !all.left.is_empty()),
        _ => (&all, false),
    };
    if !sound {
        wrong.push(format!(
            "{rule}/{stem}: is not what its name says: {:?} {:?}",
            safe.left, all.left
        ));
    }
    let mut members: BTreeMap<String, String> = BTreeMap::new();
    for (path, (_, new)) in &outcome.files {
        members.insert(format!("fixed/{path}"), new.text().to_owned());
    }
    for applied in &outcome.applied {
        if let cofferdam_fixes::Safety::Unsafe { check } = &applied.fix.safety {
            let all = members.entry("check".to_owned()).or_default();
            writeln!(all, "{check}").unwrap();
        }
    }
    for left in &outcome.left {
        let reason: &NoFix = left.reason.as_ref().unwrap_err();
        let all = members.entry("reason".to_owned()).or_default();
        writeln!(all, "{reason}").unwrap();
    }
    members.into_iter().collect()
}

#[test]
fn every_fixture_of_every_rule_is_mended_without_harm() {
    let known = Known::new();
    let mut wrong = Vec::new();
    let mut mended = 0;
    for path in [
        txtars(&folder("../rules/fixtures")),
        txtars(&folder("fixtures")),
    ]
    .concat()
    {
        let mut checkout = checkout::read(&path);
        checkout
            .files
            .retain(|file| !file.path().starts_with("fixed/"));
        for unsafe_too in [false, true] {
            let wanted = Wanted {
                unsafe_too,
                rules: Vec::new(),
                ..Wanted::default()
            };
            let outcome = known.run(&checkout, &wanted);
            mended += usize::from(!outcome.applied.is_empty());
            for violation in violations(&known, &checkout, &wanted, &outcome) {
                wrong.push(format!("{} ({unsafe_too}): {violation}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(mended > 100, "only {mended} fixtures were mended");
}

#[test]
fn the_registry_is_sorted_of_rules_and_has_fixtures() {
    let ids: Vec<&str> = FIXERS.iter().map(|fixer| fixer.rule).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    for fixer in FIXERS {
        assert!(
            RULES.iter().any(|rule| rule.info().id == fixer.rule),
            "{}",
            fixer.rule
        );
        let fixtures = txtars(&folder("fixtures").join(fixer.rule));
        assert!(!fixtures.is_empty(), "{} has no fixture", fixer.rule);
        assert!(fixer.summary.ends_with('.'), "{}", fixer.rule);
    }
    for entry in fs::read_dir(folder("fixtures")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(ids.contains(&name.as_str()), "`{name}` has no fixer");
    }
    let registry = fs::read_to_string(folder("src/registry.rs")).unwrap();
    for entry in fs::read_dir(folder("src/fixes")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(
            stem == "mod" || path.is_dir() || registry.contains(&format!("{stem}::")),
            "{stem}"
        );
    }
}
