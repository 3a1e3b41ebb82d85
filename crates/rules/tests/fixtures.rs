//! Every rule against its fixtures.
//!
//! A fixture is a checkout in one file: `-- path --` opens a member, as in Go's
//! txtar. In this form no scanner, ours included, takes it for a workflow of
//! this repository. `positive*` must give findings of its rule, `negative*`
//! and `near-miss*` must give none; what is given is kept as a snapshot.
#![expect(
    clippy::unwrap_used,
    reason = "a broken fixture should stop the test at once"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cofferdam_facts::SourceFile;
use cofferdam_facts::Timestamp;
use cofferdam_findings::Verdict;
use cofferdam_rules::context::Facts;
use cofferdam_rules::{Context, RULES, Rule, Sink};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::repository::{Repository, Tree};
use cofferdam_workflows::semantics::checkouts::{self, Guard};

mod checkout;

use checkout::{Checkout, read};

fn check(rule: &'static dyn Rule, fixture: &Path) -> Sink {
    run(rule, read(fixture))
}

fn run(rule: &'static dyn Rule, checkout: Checkout) -> Sink {
    let tree = Tree::new(checkout.files.iter().map(|f| Arc::from(f.path())).collect());
    let mut repository = Repository::read(checkout.files, tree);
    repository.slug = checkout.slug;
    repository.part = checkout.part;
    let pack = cofferdam_datapack::embedded::pack().unwrap();
    let facts = Facts {
        settings: checkout.settings.as_ref(),
        pack: checkout.pack.then_some(&pack.pack),
        policies: &checkout.policies,
        now: Timestamp::parse("2026-11-22T00:00:00Z"),
        ..Facts::default()
    };
    let cx = Context::new(&repository, facts);
    let mut sink = cofferdam_rules::run::run_one(&cx, rule);
    sink.findings.sort_by(|a, b| {
        a.location
            .cmp(&b.location)
            .then_with(|| a.message.cmp(&b.message))
    });
    sink
}

fn show(sink: &Sink) -> String {
    let mut text = String::new();
    for f in &sink.findings {
        writeln!(
            text,
            "{} {} {} ({})",
            f.location, f.severity, f.message, f.confidence
        )
        .unwrap();
        writeln!(
            text,
            "  why: {}\n  fix: {}\n  subject: {}\n  group: {}",
            f.why, f.fix, f.subject, f.group
        )
        .unwrap();
        for r in &f.related {
            writeln!(text, "  at {}: {}", r.location, r.note).unwrap();
        }
    }
    for e in &sink.evidence {
        let place = e
            .location
            .as_ref()
            .map(|l| format!(" {l}"))
            .unwrap_or_default();
        match &e.verdict {
            Verdict::Violated if !sink.findings.is_empty() => {}
            Verdict::Violated => {
                writeln!(text, "{} violated{place}: {}", e.control, e.note).unwrap()
            }
            Verdict::Satisfied => {
                writeln!(text, "{} satisfied{place}: {}", e.control, e.note).unwrap()
            }
            Verdict::NotApplicable => writeln!(text, "{} n/a: {}", e.control, e.note).unwrap(),
            Verdict::Unknown { missing, settle } => {
                writeln!(text, "{} unknown{place}: {missing}; {settle}", e.control).unwrap();
            }
        }
    }
    for n in &sink.not_checked {
        writeln!(
            text,
            "not checked ({}): {}; {}",
            n.code, n.message, n.settle
        )
        .unwrap();
    }
    if text.is_empty() {
        text.push_str("nothing\n");
    }
    text
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixtures(id: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join(id))
        .into_iter()
        .flatten()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "txtar"))
        .collect();
    paths.sort();
    paths
}

#[test]
fn every_rule_against_its_fixtures() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let id = rule.info().id;
        let mut kinds = BTreeSet::new();
        for path in fixtures(id) {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let sink = check(*rule, &path);
            let kind = ["positive", "negative", "near-miss"]
                .into_iter()
                .find(|k| stem.starts_with(k));
            match kind {
                Some("positive") if sink.findings.is_empty() => {
                    wrong.push(format!("{id}/{stem}: no finding"))
                }
                Some("positive") => {}
                Some(_) if !sink.findings.is_empty() => {
                    wrong.push(format!("{id}/{stem}: {}", show(&sink)));
                }
                Some(_) => {}
                None => wrong.push(format!(
                    "{id}/{stem}: the name must begin with positive, negative or near-miss"
                )),
            }
            kinds.extend(kind);
            insta::with_settings!({
                snapshot_path => path.parent().unwrap(),
                prepend_module_to_snapshot => false,
                omit_expression => true,
            }, {
                insta::assert_snapshot!(stem, show(&sink));
            });
        }
        if kinds.len() < 3 {
            wrong.push(format!(
                "{id}: needs a positive, a negative and a near-miss fixture, has {kinds:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files that the examples under a heading of a rule's page stand for.
fn examples(docs: &str, heading: &str) -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut here = false;
    let mut block: Option<String> = None;
    for line in docs.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match &mut block {
            Some(text) if line == "```" => {
                files.push(whole(text));
                block = None;
            }
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line.starts_with("# ") => here = line == heading,
            None if here && line == "```yaml" => block = Some(String::new()),
            None => {}
        }
    }
    files
}

/// Documents of other kinds, by a key that they begin with.
const OTHERS: &[(&str, &str)] = &[
    ("header:", "SECURITY-INSIGHTS.yml"),
    ("repos:", ".pre-commit-config.yaml"),
    ("triggers:", ".github/ariane-config.yaml"),
    ("version: 2", ".github/dependabot.yml"),
    ("version: 'v0.", ".github/workflows/actions.lock"),
];

/// The smallest document around an example: keys of a step get a step, steps a
/// job, jobs an event.
fn whole(text: &str) -> SourceFile {
    const JOB: [&str; 8] = [
        "concurrency:",
        "container:",
        "environment:",
        "if:",
        "runs-on:",
        "secrets:",
        "services:",
        "uses:",
    ];
    const WORKFLOW: [&str; 3] = ["env:", "on:", "permissions:"];
    let has = |key: &str| text.lines().any(|line| line.starts_with(key));
    let indented =
        |by: &str| -> String { text.lines().map(|line| format!("{by}{line}\n")).collect() };
    let named = text.lines().next().and_then(|line| line.strip_prefix("# "));
    if let Some(path) = named.filter(|name| name.starts_with(".github/")) {
        return SourceFile::new(path, text);
    }
    let first = text.lines().find(|line| !line.starts_with('#')).unwrap();
    if first.starts_with("- package-ecosystem:") {
        let updates = format!("version: 2\nupdates:\n{}", indented("  "));
        return SourceFile::new(".github/dependabot.yml", updates);
    }
    if let Some((_, path)) = OTHERS.iter().find(|(key, _)| first.starts_with(key)) {
        return SourceFile::new(*path, text);
    }
    if has("runs:") {
        return SourceFile::new("action.yml", text);
    }
    let event = if has("on:") { "" } else { "on: push\n" };
    let runner = "    runs-on: ubuntu-latest\n";
    let step = "    steps:\n      - run: echo\n";
    let begins = |keys: &[&str]| keys.iter().any(|key| first.starts_with(key));
    let workflow = match () {
        () if has("jobs:") => format!("{event}{text}"),
        () if has("steps:") => format!("{event}jobs:\n  a:\n{runner}{}", indented("    ")),
        () if begins(&WORKFLOW) => format!("{event}{text}jobs:\n  a:\n{runner}{step}"),
        () if first.starts_with("- ") => format!(
            "{event}jobs:\n  a:\n{runner}    steps:\n{}",
            indented("      ")
        ),
        () if begins(&JOB) => {
            let runner = if has("runs-on:") { "" } else { runner };
            format!("{event}jobs:\n  a:\n{runner}{}{step}", indented("    "))
        }
        () if first.ends_with(':') && text.contains("\n  ") => {
            format!("{event}jobs:\n{}", indented("  "))
        }
        // An input of an action.
        () => format!(
            "{event}jobs:\n  a:\n{runner}    steps:\n      - uses: actions/setup-node@v6\n        \
             with:\n{}",
            indented("          ")
        ),
    };
    SourceFile::new(".github/workflows/example.yml", workflow)
}

/// Rules whose weak example needs something beside the file: a lockfile, a
/// publication, the repository's name, the number of runs, a list, a second
/// workflow. Fixtures hold these.
const NEEDS_MORE: &[&str] = &[
    "cache-bloat",
    "forbidden-action",
    "lockfile-bypass",
    "mutable-self-reference",
    "sbom-not-attested",
    "shared-credential",
    "update-cooldown",
    "vendor-verification",
    "vulnerability-scan",
];

/// Rules whose mended example is a part of a file that lacks the rest, or is still
/// listed, as every place of its kind is.
const STILL_FIRE: &[&str] = &["cloud-identity", "lock-coverage", "security-insights"];

#[test]
fn examples_on_pages_do_what_the_page_says() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for rule in RULES {
        let info = rule.info();
        for (heading, fires) in [("# Vulnerable", true), ("# Fixed", false)] {
            for file in examples(info.docs, heading) {
                seen += 1;
                let text = file.text();
                if text.contains("jobs:")
                    && !text.contains("runs-on:")
                    && !text.contains(".github/workflows/")
                {
                    wrong.push(format!("{} {heading}: no `runs-on`", info.id));
                }
                let sink = run(
                    *rule,
                    Checkout {
                        policies: Vec::new(),
                        files: vec![file],
                        settings: None,
                        slug: None,
                        pack: true,
                        part: false,
                    },
                );
                // The lists hold none that would do.
                let fires = fires && !NEEDS_MORE.contains(&info.id)
                    || !fires && STILL_FIRE.contains(&info.id);
                if sink.findings.is_empty() == fires {
                    wrong.push(format!("{} {heading}: {}", info.id, show(&sink)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 95, "only {seen} examples are tried");
}

#[test]
fn fixed_examples_use_versions_that_are_accepted() {
    let vulnerable = *RULES
        .iter()
        .find(|r| r.info().id == "vulnerable-action")
        .unwrap();
    let mut seen = 0;
    for rule in RULES {
        let docs = rule.info().docs;
        let fixed = docs.split("# Fixed").nth(1).unwrap();
        let fixed = fixed.split("# How it is decided").next().unwrap();
        for line in fixed.lines().filter(|line| line.contains("uses: ")) {
            seen += 1;
            let uses = line.split("uses: ").nth(1).unwrap();
            let text = format!(
                "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {uses}\n"
            );
            let file = SourceFile::new(".github/workflows/example.yml", text);
            let workflow = Workflow::parse(file.clone());
            let step = workflow.jobs.first().unwrap().steps().first().unwrap();
            let guard = checkouts::guard(&workflow.document, step);
            assert!(
                !checkouts::is_checkout(step) || guard != Guard::Missing,
                "{}: {uses} has no guard",
                rule.info().id
            );
            let sink = run(
                vulnerable,
                Checkout {
                    policies: Vec::new(),
                    files: vec![file],
                    settings: None,
                    slug: None,
                    pack: true,
                    part: false,
                },
            );
            assert!(
                sink.findings.is_empty(),
                "{}: {}",
                rule.info().id,
                show(&sink)
            );
        }
    }
    assert!(seen >= 20, "only {seen} actions in examples");
}

#[test]
fn every_folder_of_fixtures_belongs_to_a_rule() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(
            RULES.iter().any(|r| r.info().id == name),
            "`{name}` is no rule"
        );
    }
}

#[test]
fn the_registry_is_sorted_unique_and_documented() {
    let ids: Vec<_> = RULES.iter().map(|r| r.info().id).collect();
    assert!(
        ids.is_sorted_by(|a, b| a < b),
        "ids must be sorted and unique: {ids:?}"
    );
    for rule in RULES {
        let info = rule.info();
        assert!(
            !info.title.ends_with('.'),
            "{}: the title ends with a full stop",
            info.id
        );
        let headings = [
            "# What",
            "# Why",
            "# Vulnerable",
            "# Fixed",
            "# How it is decided",
            "# References",
        ];
        for heading in headings {
            assert!(
                info.docs.lines().any(|l| l.trim() == heading),
                "{}: no heading `{heading}`",
                info.id
            );
        }
    }
}

#[test]
fn every_rule_file_is_in_the_registry() {
    let source =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/registry.rs")).unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem != "mod" {
            assert!(
                source.contains(&format!("{stem}::")),
                "{stem}.rs is not in the registry"
            );
        }
    }
}
