use super::*;
use cofferdam_facts::SourceFile;

fn seen(verdict: Verdict, note: &str) -> Evidence {
    let file = SourceFile::new("ci.yml", "a\nb\nc\n");
    let at = sample_span(note);
    Evidence {
        control: Control::C4,
        verdict,
        location: Some(file.locate(at)),
        note: note.to_owned(),
    }
}

fn sample_span(note: &str) -> cofferdam_facts::Span {
    let line = note.bytes().next().map_or(0, |b| usize::from(b % 3));
    cofferdam_facts::Span::new(line * 2, line * 2 + 1)
}

fn unknown(missing: &str) -> Verdict {
    Verdict::Unknown {
        missing: missing.to_owned(),
        settle: "cofferdam settings".to_owned(),
    }
}

fn state(evidence: Vec<Evidence>) -> (Status, String) {
    let state = ControlState::derive(Control::C4, evidence, "decided by `cofferdam verify`");
    (state.status, state.summary)
}

fn is(evidence: Vec<Evidence>, status: Status, summary: &str) {
    assert_eq!(state(evidence), (status, summary.to_owned()));
}

#[test]
fn what_was_seen_decides() {
    let held = || seen(Verdict::Satisfied, "a holds");
    let also = || seen(Verdict::Satisfied, "b holds");
    let broken = || seen(Verdict::Violated, "c broken");
    let open = || seen(unknown("the protection of `x`"), "a open");
    let none = || seen(Verdict::NotApplicable, "no secret");

    is(vec![held()], Status::Present, "ci.yml:2 a holds");
    is(vec![held(), also()], Status::Present, "at all 2 places");
    is(vec![held(), none()], Status::Present, "ci.yml:2 a holds");
    is(
        vec![held(), also(), broken()],
        Status::Partial,
        "at 2 of 3 places; not: ci.yml:1 c broken",
    );
    is(vec![broken()], Status::Absent, "ci.yml:1 c broken");
    is(vec![none()], Status::NotApplicable, "no secret");
    is(vec![], Status::NotChecked, "decided by `cofferdam verify`");
    is(
        vec![held(), open()],
        Status::NotChecked,
        "needs the protection of `x`: cofferdam settings",
    );
    is(
        vec![held(), broken(), open()],
        Status::Partial,
        "at 1 of 2 places; not: ci.yml:1 c broken; needs the protection of `x`: cofferdam settings",
    );
    is(
        vec![broken(), open()],
        Status::Absent,
        "ci.yml:1 c broken; needs the protection of `x`: cofferdam settings",
    );
}

#[test]
fn a_missing_fact_is_named_once() {
    let twice = vec![
        seen(unknown("x"), "a"),
        seen(unknown("x"), "b"),
        seen(unknown("y"), "c"),
        seen(unknown("z"), "c"),
    ];
    let state = ControlState::derive(Control::C4, twice, "");
    assert_eq!(
        state.summary,
        "needs x and 2 more facts: cofferdam settings"
    );
    assert_eq!(state.missing().count(), 3);
}

#[test]
fn never_present_without_evidence_for_it() {
    // Every mixture of the four verdicts, each absent or there.
    for mask in 0_u8..16 {
        let pieces = [
            (1, seen(Verdict::Satisfied, "a")),
            (2, seen(Verdict::Violated, "b")),
            (4, seen(unknown("x"), "c")),
            (8, seen(Verdict::NotApplicable, "d")),
        ];
        let evidence: Vec<_> = pieces
            .into_iter()
            .filter(|(bit, _)| mask & bit != 0)
            .map(|(_, e)| e)
            .collect();
        let (status, summary) = state(evidence);
        assert_eq!(
            status == Status::Present,
            mask & 7 == 1,
            "{mask:04b} {summary}"
        );
        assert_eq!(
            status == Status::NotApplicable,
            mask == 8,
            "{mask:04b} {summary}"
        );
        assert!(!summary.is_empty());
    }
}

#[test]
fn every_control_has_a_state_and_the_order_of_evidence_does_not_matter() {
    let mut evidence = vec![seen(Verdict::Satisfied, "a"), seen(Verdict::Violated, "b")];
    let states = derive_all(evidence.clone(), |c| format!("{c} elsewhere"));
    assert!(
        states
            .iter()
            .map(|s| s.control)
            .eq(Control::ALL.iter().copied())
    );
    assert!(
        states
            .iter()
            .any(|s| s.summary == "T4 elsewhere" && s.status == Status::NotChecked)
    );
    evidence.reverse();
    let again = derive_all(evidence, |c| format!("{c} elsewhere"));
    assert_eq!(format!("{states:?}"), format!("{again:?}"));
}

#[test]
fn every_control_belongs_to_one_family() {
    for control in Control::ALL {
        assert_eq!(
            FAMILIES
                .iter()
                .filter(|(f, _)| control.id().starts_with(f))
                .count(),
            1
        );
        assert!((1..=20).contains(&label(*control).len()), "{control}");
    }
}
