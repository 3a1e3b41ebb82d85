use super::super::Format;
use super::*;
use crate::{Filter, Finding, sample};
use cofferdam_facts::{Control, SourceFile, Span};

fn render(reports: &[Report], options: &Options) -> String {
    Format::from_name("human").unwrap().render(reports, options)
}

#[test]
fn one_screen() {
    let screen = render(&[sample::rich()], &Options::default());
    insta::assert_snapshot!(screen);
}

#[test]
fn a_report_against_a_standard() {
    let options = Options {
        against: Some(crate::Standard::Scorecard),
        width: 80,
        ..Options::default()
    };
    let text = render(&[sample::rich()], &options);
    assert!(text.lines().all(|l| text::width(l) <= 100), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_change_beside_its_base() {
    let options = Options::default();
    insta::assert_snapshot!(render(&[sample::changed()], &options));
}

#[test]
fn one_narrow_screen() {
    let screen = render(
        &[sample::rich()],
        &Options {
            width: 60,
            ..Options::default()
        },
    );
    assert!(screen.lines().all(|l| text::width(l) <= 60), "{screen}");
    insta::assert_snapshot!(screen);
}

#[test]
fn everything() {
    let options = Options {
        all: true,
        ..Options::default()
    };
    insta::assert_snapshot!(render(&[sample::rich()], &options));
}

#[test]
fn one_control_with_its_evidence() {
    let filter = Filter {
        controls: vec![Control::D1],
        ..Filter::default()
    };
    insta::assert_snapshot!(render(
        &[sample::rich().filtered(&filter)],
        &Options::default()
    ));
}

#[test]
fn of_much_evidence_the_bad_comes_first() {
    let file = SourceFile::new("a", "x\n".repeat(100));
    let evidence = (0..100).map(|n| crate::Evidence {
        control: Control::D1,
        verdict: if n == 90 {
            crate::Verdict::Violated
        } else {
            crate::Verdict::Satisfied
        },
        location: Some(file.locate(Span::new(n * 2, n * 2 + 1))),
        note: format!("piece {n}"),
    });
    let controls = crate::controls::derive_all(evidence.collect(), |_| "elsewhere".to_owned());
    let filter = Filter {
        controls: vec![Control::D1],
        ..Filter::default()
    };
    let report = Report {
        controls,
        ..Report::default()
    }
    .finish()
    .filtered(&filter);
    let screen = render(std::slice::from_ref(&report), &Options::default());
    assert!(
        screen.contains("    - a:91 piece 90\n    + a:1 piece 0\n"),
        "{screen}"
    );
    assert!(screen.contains("and 92 more"));
    let all = render(
        &[report],
        &Options {
            all: true,
            ..Options::default()
        },
    );
    assert!(
        all.contains("    + a:90 piece 89\n    - a:91 piece 90\n    + a:92 piece 91\n"),
        "{all}"
    );
}

#[test]
fn several_repositories() {
    let reports = [sample::rich(), sample::clean(), sample::unread()];
    insta::assert_snapshot!(render(&reports, &Options::default()));
}

#[test]
fn of_a_handful_of_paths_each_is_shown_with_its_findings() {
    let reports = [sample::rich(), sample::clean()];
    let shown = |paths| {
        let options = Options {
            paths: Some(paths),
            ..Options::default()
        };
        render(&reports, &options)
    };
    let few = shown(2);
    assert!(few.contains("[unpinned-action]"), "{few}");
    assert!(
        few.contains("\n2 paths: 1 with findings that fail"),
        "{few}"
    );
    let many = shown(6);
    assert_eq!(many.lines().count(), 3, "{many}");
}

#[test]
fn a_list_is_cut_for_a_screen_only() {
    let mut report = sample::rich();
    let template = report.findings.first().unwrap().clone();
    for rule in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"] {
        let mut finding = template.clone();
        finding.rule = rule;
        finding.severity = Severity::Medium;
        report.findings.push(finding);
    }
    let report = report.finish();
    let shown = |cut| {
        let options = Options {
            cut,
            ..Options::default()
        };
        render(std::slice::from_ref(&report), &options)
    };
    assert!(shown(true).contains("more rules; `--all` shows them"));
    let whole = shown(false);
    assert!(whole.contains("\nmedium    1x k\n"), "{whole}");
    assert!(!whole.contains("more rules"), "{whole}");
    let place = |text: &str| whole.find(text).unwrap();
    assert!(place("medium    1x k") < place("low       1x "), "{whole}");
}

#[test]
fn what_is_decided_elsewhere_is_one_line() {
    let mut controls = crate::controls::derive_all(Vec::new(), |_| "elsewhere".to_owned());
    for state in &mut controls {
        state.elsewhere = matches!(state.control, Control::W2 | Control::W3);
    }
    let report = Report {
        files: 1,
        controls,
        ..Report::default()
    };
    let screen = render(&[report.finish()], &Options::default());
    let line = "\nNot part of this audit in this version: W2 W3\n";
    assert!(screen.contains(line), "{screen}");
    assert!(!screen.contains("? W2"), "{screen}");
}

#[test]
fn nothing_to_say() {
    insta::assert_snapshot!(render(&[sample::clean()], &Options::default()));
}

#[test]
fn what_was_not_checked_is_never_clean() {
    let screen = render(&[sample::unread()], &Options::default());
    assert!(
        screen.contains("Not settled: 1 needed thing could not be checked."),
        "{screen}"
    );
    assert!(!screen.contains("Passes"));
}

#[test]
fn a_screen_stays_a_screen_however_much_there_is() {
    let mut report = sample::rich();
    let template = report.findings.first().unwrap().clone();
    for n in 0..3_000 {
        let mut finding = template.clone();
        finding.group = format!("cause {n} {}", sample::HOSTILE);
        finding.subject = format!("{n}");
        finding.why = sample::HOSTILE.repeat(9);
        report.findings.push(finding);
    }
    for n in 0..50 {
        let mut item = report.not_checked.first().unwrap().clone();
        item.message = format!("{n} {}", sample::HOSTILE);
        report.not_checked.push(item);
    }
    let report = report.finish();
    let cut = Options {
        cut: true,
        ..Options::default()
    };
    let screen = render(std::slice::from_ref(&report), &cut);
    assert!(screen.lines().count() <= 50, "{screen}");
    assert!(screen.contains("more causes:\n"));
    assert!(screen.contains("more not checked"));
}

#[test]
fn colour_is_the_only_control_sequence() {
    let options = Options {
        colour: true,
        all: true,
        ..Options::default()
    };
    let screen = render(&[sample::rich()], &options);
    let plain = strip_colour(&screen);
    assert_ne!(screen, plain);
    assert!(
        !plain
            .chars()
            .any(|c| c != '\n' && crate::sanitise::is_unsafe(c))
    );
    assert_eq!(
        plain,
        render(
            &[sample::rich()],
            &Options {
                colour: false,
                ..options
            }
        )
    );
}

/// Removes "select graphic rendition" sequences and nothing else.
fn strip_colour(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (parameters, rest) = part.split_once('m').unwrap();
        assert!(parameters.bytes().all(|b| b.is_ascii_digit() || b == b';'));
        plain.push_str(rest);
    }
    plain
}

#[test]
fn no_line_is_a_workflow_command() {
    for all in [false, true] {
        for width in [40, 60, 100] {
            let options = Options {
                all,
                width,
                ..Options::default()
            };
            let screen = render(&[sample::rich(), sample::unread()], &options);
            assert!(!screen.contains("##["));
            assert!(!screen.lines().any(|l| l.trim_start().starts_with("::")));
        }
    }
}

#[test]
fn the_mark_stands_under_what_is_meant() {
    let cases = [
        ("      - uses: a/b@v1", "a/b@v1"),
        ("\tx: 漢字 end", "end"),
        ("x: 漢字", "漢字"),
        ("\u{1b}[31mx: y", "y"),
    ];
    for (source, needle) in cases {
        let file = SourceFile::new("a", source);
        let finding = Finding::new(
            "r",
            Severity::Low,
            file.locate(sample::find(&file, needle, 0)),
            "m",
        );
        let lines = render_one(finding);
        let (shown, marks) = (lines.get(2).unwrap(), lines.get(3).unwrap());
        let before = shown.split(needle).next().unwrap();
        assert_eq!(text::width(before), marks.find('^').unwrap(), "{lines:#?}");
        assert_eq!(marks.matches('^').count(), text::width(needle));
    }
}

fn render_one(finding: Finding) -> Vec<String> {
    let report = Report {
        findings: vec![finding],
        ..Report::default()
    }
    .finish();
    let options = Options {
        all: true,
        ..Options::default()
    };
    let screen = render(&[report], &options);
    screen.lines().skip(3).map(str::to_owned).collect()
}

#[test]
fn a_mark_far_out_in_a_long_line_is_still_seen() {
    let source = format!("{}here{}", "x".repeat(5_000), "y".repeat(5_000));
    let file = SourceFile::new("a", source);
    let finding = Finding::new(
        "r",
        Severity::Low,
        file.locate(Span::new(5_000, 5_004)),
        "m",
    );
    let lines = render_one(finding);
    let (shown, marks) = (lines.get(2).unwrap(), lines.get(3).unwrap());
    assert!(text::width(shown) <= 100);
    assert_eq!(
        text::width(shown.split("here").next().unwrap()),
        marks.find('^').unwrap()
    );
}

#[test]
fn a_long_list_of_everything_begins_with_the_files_and_leaves_none_out() {
    let mut report = sample::clean();
    let files: Vec<_> = (0..30)
        .map(|i| format!(".github/workflows/{i}.yml"))
        .collect();
    for path in &files {
        let file = SourceFile::new(path.as_str(), "a\n");
        for severity in [Severity::Low, Severity::High] {
            let place = file.locate(Span::new(0, 1));
            report
                .findings
                .push(Finding::new("r", severity, place, "m"));
        }
    }
    let options = Options {
        all: true,
        ..Options::default()
    };
    let text = render(&[report.finish()], &options);
    assert!(text.contains("60 findings in 30 files"), "{text}");
    for path in &files {
        assert!(
            text.contains(&format!("    2 {path} (1 high, 1 low)")),
            "{path}"
        );
    }
    assert_eq!(text.matches(" --> ").count(), 60);
}

#[test]
fn no_control_is_red_without_a_word() {
    let mut report = sample::clean();
    let file = SourceFile::new("ci.yml", "a\n");
    let piece = crate::Evidence {
        control: Control::D2,
        verdict: crate::Verdict::Violated,
        location: Some(file.locate(Span::new(0, 1))),
        note: "no lock; run `gh actions-lock`".to_owned(),
    };
    report.controls = vec![crate::ControlState::derive(Control::D2, vec![piece], "")];
    let screen = render(&[report], &Options::default());
    assert!(
        screen.contains("- D2: no lock; run `gh actions-lock`"),
        "{screen}"
    );
}
