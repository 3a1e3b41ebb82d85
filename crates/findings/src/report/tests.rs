//! Order, fingerprints, groups and the end of a run.

use cofferdam_facts::SourceFile;
use proptest::prelude::*;

use super::*;
use crate::sample;

fn one(rule: &'static str, text: &str, needle: &str, subject: &str) -> Finding {
    let file = SourceFile::new("ci.yml", text);
    let span = sample::find(&file, needle, 0);
    Finding::new(rule, Severity::High, file.locate(span), "m").subject(subject)
}

fn prints(findings: Vec<Finding>) -> Vec<(String, String)> {
    let report = Report {
        findings,
        ..Report::default()
    }
    .finish();
    report
        .findings
        .into_iter()
        .map(|f| (f.subject, f.fingerprint))
        .collect()
}

#[test]
fn a_fingerprint_survives_moved_lines_and_unrelated_findings() {
    let before = prints(vec![one("a", "x", "x", "jobs.a")]);
    let after = prints(vec![
        one("a", "# new\n# lines\n\n  x", "x", "jobs.a"),
        one("a", "y # new\n# lines\n\n  x", "y", "jobs.b"),
        one("b", "z", "z", "jobs.a"),
    ]);
    assert!(after.contains(before.first().unwrap()));
    let distinct: std::collections::BTreeSet<_> = after.iter().map(|(_, print)| print).collect();
    assert_eq!(distinct.len(), 3);
    assert!(
        distinct
            .iter()
            .all(|p| p.len() == 32 && p.bytes().all(|b| b.is_ascii_hexdigit()))
    );
}

#[test]
fn a_fingerprint_survives_another_grade() {
    let high = one("a", "x", "x", "s");
    let mut low = high.clone();
    low.severity = Severity::Low;
    assert_eq!(prints(vec![high]), prints(vec![low]));
}

#[test]
fn a_fingerprint_is_what_it_was_in_earlier_versions() {
    // Baselines and dismissed alerts of users hang on it.
    assert_eq!(
        prints(vec![one("a", "x", "x", "jobs.a")]),
        [(
            "jobs.a".to_owned(),
            "267ff7d725854e64b51a05385e02c94a".to_owned()
        )]
    );
}

#[test]
fn equal_subjects_are_numbered_in_order_of_place() {
    let first = one("a", "x y", "x", "s");
    let second = one("a", "x y", "y", "s");
    let both = prints(vec![second, first.clone()]);
    assert_eq!(both.first(), prints(vec![first]).first());
    assert_ne!(both.first(), both.last());
}

#[test]
fn the_grade_of_one_does_not_renumber_another() {
    let first = one("a", "x y", "x", "s");
    let second = one("a", "x y", "y", "s");
    let place = |severity| {
        let mut first = first.clone();
        first.severity = severity;
        let report = Report {
            findings: vec![first, second.clone()],
            ..Report::default()
        }
        .finish();
        let mut prints: Vec<_> = report
            .findings
            .into_iter()
            .map(|f| (f.location.column, f.fingerprint))
            .collect();
        prints.sort();
        prints
    };
    assert_eq!(place(Severity::Low), place(Severity::High));
}

#[test]
fn the_same_said_twice_is_said_once() {
    let finding = one("a", "x", "x", "s");
    assert_eq!(prints(vec![finding.clone(), finding]).len(), 1);
}

#[test]
fn worst_first_then_rule_path_and_place() {
    let report = sample::rich();
    let keys: Vec<_> = report
        .findings
        .iter()
        .map(|f| {
            (
                Reverse(f.severity),
                f.rule,
                f.location.path.to_string(),
                f.location.span,
            )
        })
        .collect();
    assert!(keys.is_sorted());
    assert_eq!(keys.len(), 19);
}

#[test]
fn one_cause_is_one_group() {
    let report = sample::rich();
    let groups = report.groups();
    let counts: Vec<_> = groups
        .iter()
        .map(|g| (g.severity.word(), g.rule, g.count()))
        .collect();
    assert_eq!(
        counts,
        [
            ("critical", "dangerous-trigger", 1),
            ("high", "unpinned-action", 13),
            ("high", "script-injection", 1),
            ("high", "script-injection", 1),
            ("medium", "token-permissions", 1),
            ("low", "dangerous-trigger", 1),
            ("low", "insights", 1),
        ]
    );
    let pins = groups.get(1).unwrap();
    assert_eq!(pins.text, "`docker/build-push-action` is named by a tag");
    assert_eq!(
        pins.first().unwrap().location.to_string(),
        ".github/workflows/ci.yml:1:15"
    );
    assert_eq!(
        groups.iter().map(Group::count).sum::<usize>(),
        report.findings.len()
    );
}

#[test]
fn the_title_of_the_rule_stands_for_many_without_a_group() {
    let findings = ["a", "b"].map(|s| one("insights", "x", "x", s)).to_vec();
    let report = Report {
        findings,
        rules: sample::RULES.to_vec(),
        ..Report::default()
    }
    .finish();
    assert_eq!(
        report.groups().first().unwrap().text,
        "Security insights are missing or untrue"
    );
}

#[test]
fn findings_win_over_what_was_not_checked() {
    let report = sample::rich();
    assert_eq!(report.exit_code(Some(Severity::High)), Exit::Findings);
    assert_eq!(report.failing(Some(Severity::High)), 16);
    assert_eq!(report.exit_code(None), Exit::NotChecked);
    assert_eq!(
        sample::unread().exit_code(Some(Severity::Info)),
        Exit::NotChecked
    );
    assert_eq!(sample::clean().exit_code(Some(Severity::Info)), Exit::Clean);
    let mut optional = sample::unread();
    optional
        .not_checked
        .iter_mut()
        .for_each(|n| n.required = false);
    assert_eq!(optional.exit_code(Some(Severity::Info)), Exit::Clean);
    assert_eq!(Exit::NotChecked.and(Exit::Findings), Exit::Findings);
    assert_eq!(Exit::NotChecked.and(Exit::Clean).code(), 3);
    assert_eq!(Exit::Findings.and(Exit::Usage).code(), 2);
}

proptest! {
    #[test]
    fn the_order_of_collection_does_not_matter(seed in prop::collection::vec(any::<u32>(), 19)) {
        let expected = format!("{:?}", sample::rich());
        let mut shuffled = sample::rich();
        let mut keyed: Vec<_> = seed.iter().zip(shuffled.findings).collect();
        keyed.sort_by_key(|(key, _)| **key);
        shuffled.findings = keyed.into_iter().map(|(_, f)| f).collect();
        shuffled.not_checked.reverse();
        shuffled.controls.reverse();
        prop_assert_eq!(format!("{:?}", shuffled.finish()), expected);
    }
}

#[test]
fn what_merely_does_not_fail_is_not_clean() {
    assert_eq!(sample::clean().result(None), "clean");
    assert_eq!(sample::unread().result(None), "not checked");
    let mut unread = sample::unread();
    for item in &mut unread.not_checked {
        item.required = false;
    }
    assert_eq!(unread.result(None), "passes");
    let mut found = sample::rich();
    found.not_checked.clear();
    assert_eq!(found.result(None), "passes");
    assert_eq!(found.result(Some(Severity::High)), "findings");
    let mut undecided = sample::clean();
    undecided.controls = crate::controls::derive_all(Vec::new(), |_| String::new());
    assert_eq!(undecided.result(None), "passes");
    for state in &mut undecided.controls {
        state.elsewhere = true;
    }
    assert_eq!(undecided.result(None), "clean");
}

#[test]
fn the_place_where_reading_stopped_comes_first_and_its_path_stands_once() {
    let file = SourceFile::new("a.yml", "x: [1\ny: 2\n");
    let item = |message: &str, start, end| NotChecked {
        code: "syntax",
        message: message.to_owned(),
        location: Some(file.locate(cofferdam_facts::Span::new(start, end))),
        settle: String::new(),
        required: true,
    };
    let report = Report {
        not_checked: vec![
            item("a.yml: a key is missing", 0, 2),
            item("a.yml: it ends too soon", 7, 7),
        ],
        ..Report::default()
    };
    let report = report.finish();
    let messages: Vec<_> = report.not_checked.iter().map(|n| &*n.message).collect();
    assert_eq!(messages, ["it ends too soon", "a key is missing"]);
}

#[test]
fn a_rank_orders_and_changes_nothing_else() {
    let plain = sample::rich();
    let ids = |report: &Report| -> std::collections::BTreeSet<(String, Severity)> {
        let all = report.findings.iter();
        all.map(|f| (f.fingerprint.clone(), f.severity)).collect()
    };
    let mut ranked = plain.clone();
    for (at, finding) in ranked.findings.iter_mut().enumerate() {
        // The other way round.
        finding.rank = Some(u32::try_from(at).unwrap());
    }
    let ranked = ranked.finish();
    assert_eq!(ids(&plain), ids(&ranked));
    let last = plain.findings.last().unwrap();
    assert_eq!(
        ranked.findings.first().unwrap().fingerprint,
        last.fingerprint
    );
    for fail_on in [None, Some(Severity::Low), Some(Severity::High)] {
        assert_eq!(plain.exit_code(fail_on), ranked.exit_code(fail_on));
    }
    assert_eq!(plain.groups().len(), ranked.groups().len());
    assert_eq!(ranked.groups().first().unwrap().rule, last.rule);
}
