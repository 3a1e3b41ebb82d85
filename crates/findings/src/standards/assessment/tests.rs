use cofferdam_facts::{Control, SourceFile, Span};

use super::*;
use crate::evidence::{Evidence, Verdict};
use crate::finding::Severity;
use crate::report::NotChecked;
use crate::standards::{Entry, Osps, Scorecard, Slsa};

const RULE: RuleInfo = RuleInfo {
    id: "injection",
    title: "Text becomes code",
    severity: Severity::High,
    controls: &[Control::X2],
    peers: &[],
    standards: &[Requirement::Osps(Osps::Br0101)],
    docs: "",
};

fn state(control: Control, verdicts: &[Verdict]) -> ControlState {
    let file = SourceFile::new("ci.yml", "a\nb\n");
    let evidence = verdicts.iter().enumerate().map(|(i, verdict)| Evidence {
        control,
        verdict: verdict.clone(),
        location: Some(file.locate(Span::new(0, 1))),
        note: format!("piece {i}"),
    });
    ControlState::derive(control, evidence.collect(), "nothing was read that tells")
}

fn unknown() -> Verdict {
    Verdict::Unknown {
        missing: "x".to_owned(),
        settle: "y".to_owned(),
    }
}

fn report(controls: Vec<ControlState>) -> Report {
    Report {
        name: "demo".to_owned(),
        controls,
        rules: vec![RULE],
        ..Report::default()
    }
}

fn of(report: &Report, requirement: Requirement) -> (Met, String) {
    let all = assess(report, requirement.standard());
    let one = all.into_iter().find(|a| a.requirement == requirement);
    one.map(|a| (a.status, a.summary))
        .unwrap_or((Met::Outside, "missing".to_owned()))
}

fn finding() -> Finding {
    let file = SourceFile::new("ci.yml", "a\nb\n");
    Finding::new(
        RULE.id,
        Severity::Low,
        file.locate(Span::new(0, 1)),
        "text becomes code",
    )
}

const BR0101: Requirement = Requirement::Osps(Osps::Br0101);

#[test]
fn controls_decide() {
    for (verdicts, status) in [
        (vec![Verdict::Satisfied], Met::Met),
        (vec![Verdict::Satisfied, Verdict::Violated], Met::Partly),
        (vec![Verdict::Violated], Met::NotMet),
        (vec![Verdict::Satisfied, unknown()], Met::NotChecked),
        (vec![unknown()], Met::NotChecked),
        (vec![], Met::NotChecked),
        (vec![Verdict::NotApplicable], Met::NotApplicable),
    ] {
        let report = report(vec![state(Control::X2, &verdicts)]);
        assert_eq!(of(&report, BR0101).0, status, "{verdicts:?}");
    }
    // A control that is not in the report is no control that holds.
    assert_eq!(of(&report(vec![]), BR0101).0, Met::NotChecked);
}

#[test]
fn a_finding_speaks_against_it_even_where_it_is_silenced_or_known() {
    let good = || vec![state(Control::X2, &[Verdict::Satisfied])];
    let mut open = report(good());
    open.findings.push(finding());
    let mut known = report(good());
    known.comparison = Some(crate::Comparison {
        unchanged: vec![finding()],
        ..crate::Comparison::default()
    });
    let mut silenced = report(good());
    silenced.suppressed.push(crate::Suppressed {
        finding: finding(),
        by: crate::Suppression {
            kind: crate::SuppressionKind::Ignore,
            location: None,
            reason: String::new(),
            owner: None,
            expires: None,
        },
    });
    for report in [open, known, silenced] {
        let (status, summary) = of(&report, BR0101);
        assert_eq!(status, Met::Partly);
        assert!(summary.contains("found: 1x `injection`"), "{summary}");
    }
}

#[test]
fn what_is_seen_in_part_is_never_met() {
    let all = |controls: &[Control]| {
        report(
            controls
                .iter()
                .map(|&c| state(c, &[Verdict::Satisfied]))
                .collect(),
        )
    };
    let everything = all(Control::ALL);
    for &standard in Standard::OF_PROJECTS {
        for assessment in assess(&everything, standard) {
            let Entry { decided, .. } = assessment.requirement.entry();
            let expected = match decided {
                Decided::Whole(_) => Met::Met,
                Decided::Part([], _) | Decided::NotYet(_) => Met::NotChecked,
                Decided::Part(..) => Met::Partly,
                Decided::Outside(_) | Decided::Weakness => Met::Outside,
            };
            assert_eq!(assessment.status, expected, "{:?}", assessment.requirement);
            assert!(!assessment.summary.is_empty());
        }
    }
    let slsa = Requirement::Slsa(Slsa::TwoPartyReview);
    let (status, summary) = of(&all(&[Control::T3]), slsa);
    assert_eq!(status, Met::Partly);
    assert!(summary.contains("not seen here: "), "{summary}");
}

#[test]
fn nothing_is_met_in_a_report_that_saw_nothing() {
    let mut blind = report(Vec::new());
    for &standard in Standard::OF_PROJECTS {
        for assessment in assess(&blind, standard) {
            assert!(
                matches!(assessment.status, Met::NotChecked | Met::Outside),
                "{assessment:?}"
            );
        }
    }
    // A needed thing that could not be read may hold the exception.
    blind.controls = (Control::ALL.iter())
        .map(|&c| state(c, &[Verdict::Satisfied]))
        .collect();
    blind.not_checked.push(NotChecked {
        code: "syntax",
        message: "broken".to_owned(),
        location: None,
        settle: String::new(),
        required: true,
    });
    for &standard in Standard::OF_PROJECTS {
        assert!(
            assess(&blind, standard)
                .iter()
                .all(|a| a.status != Met::Met)
        );
    }
    let pinned = Requirement::Scorecard(Scorecard::TokenPermissions);
    assert!(of(&blind, pinned).1.contains("could not be checked"));
}
