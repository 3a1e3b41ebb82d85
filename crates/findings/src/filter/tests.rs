use super::*;
use crate::{Exit, sample};

#[test]
fn a_rule_or_control_narrows_the_question() {
    let all = sample::rich();
    let rule = Filter {
        rules: vec!["insights".to_owned()],
        ..Filter::default()
    };
    let report = all.clone().filtered(&rule);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.exit_code(Some(Severity::High)), Exit::NotChecked);
    assert_eq!(report.not_checked, all.not_checked);
    assert_eq!(
        report
            .controls
            .iter()
            .map(|c| c.control)
            .collect::<Vec<_>>(),
        [Control::G2]
    );

    let control = Filter {
        controls: vec![Control::D1, Control::D4],
        ..Filter::default()
    };
    let report = all.filtered(&control);
    assert!(report.findings.iter().all(|f| f.rule == "unpinned-action"));
    assert_eq!(report.findings.len(), 13);
    assert_eq!(report.controls.len(), 2);
}

#[test]
fn a_hidden_finding_still_counts() {
    let filter = Filter {
        min_severity: Some(Severity::High),
        ..Filter::default()
    };
    let report = sample::rich().filtered(&filter);
    assert_eq!(report.findings.len(), 16);
    assert_eq!(
        report.view.hidden,
        [(Severity::Low, 2), (Severity::Medium, 1)].into()
    );
    assert_eq!(report.failing(Some(Severity::Medium)), 17);
    let critical = Filter {
        min_severity: Some(Severity::Critical),
        ..Filter::default()
    };
    let report = report.filtered(&critical);
    assert_eq!(report.failing(Some(Severity::High)), 16);
}

#[test]
fn the_default_shows_everything_and_keeps_fingerprints() {
    let all = sample::rich();
    assert_eq!(
        format!("{:?}", all.clone().filtered(&Filter::default())),
        format!("{all:?}")
    );
}
