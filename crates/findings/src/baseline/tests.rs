use cofferdam_facts::{SourceFile, Span};

use super::*;
use crate::Report;

fn findings(of: &[(Severity, &str)]) -> Vec<Finding> {
    let text: String = of.iter().map(|(_, line)| format!("{line}\n")).collect();
    let file = SourceFile::new("a.yml", text);
    let mut start = 0;
    let mut all = Vec::new();
    for (severity, line) in of {
        let span = Span::new(start, start + line.len());
        all.push(Finding::new("rule", *severity, file.locate(span), "m").subject("s"));
        start += line.len() + 1;
    }
    Report {
        findings: all,
        ..Report::default()
    }
    .finish()
    .findings
}

fn known(baseline: &Baseline, of: &[Finding]) -> usize {
    let mut open = baseline.open();
    of.iter().filter(|f| open.take(f)).count()
}

#[test]
fn it_is_read_as_it_was_written_and_fits_its_schema() {
    let all = findings(&[
        (Severity::High, "x"),
        (Severity::Low, "y \u{202e} ##[z]"),
        (Severity::High, "x"),
    ]);
    let baseline = Baseline::of(&all);
    let bytes = baseline.render();
    assert_eq!(Baseline::parse(&bytes).unwrap(), baseline);
    assert_eq!(baseline.total(), 3);
    let text = String::from_utf8(bytes).unwrap();
    // One line an entry, and one each before and behind.
    assert_eq!(text.lines().count(), 4);
    assert!(text.is_ascii(), "{text}");
    let value = serde_json::from_str(&text).unwrap();
    let schema = jsonschema::validator_for(&schema()).unwrap();
    assert!(schema.is_valid(&value), "{text}");
    assert_eq!(
        Baseline::of(&[]).render(),
        b"{\"version\":1,\"entries\":[\n]}\n"
    );
}

#[test]
fn a_second_copy_and_a_graver_one_are_new() {
    let baseline = Baseline::of(&findings(&[(Severity::Medium, "x")]));
    assert_eq!(known(&baseline, &findings(&[(Severity::Medium, "x")])), 1);
    assert_eq!(known(&baseline, &findings(&[(Severity::Low, "x")])), 1);
    assert_eq!(known(&baseline, &findings(&[(Severity::High, "x")])), 0);
    assert_eq!(known(&baseline, &findings(&[(Severity::Medium, "y")])), 0);
    let twice = findings(&[(Severity::Medium, "x"), (Severity::Medium, "x")]);
    assert_eq!(known(&baseline, &twice), 1);
}

#[test]
fn it_shrinks_and_never_grows() {
    let two = findings(&[(Severity::High, "x"), (Severity::High, "x")]);
    let baseline = Baseline::of(&two);
    let other = findings(&[(Severity::High, "x"), (Severity::High, "y")]);
    let shrunk = baseline.shrunk(&other);
    assert_eq!(shrunk.total(), 1);
    assert_eq!(shrunk.shrunk(&two).total(), 1);
    assert!(shrunk.beyond(&baseline).is_empty());
    assert_eq!(baseline.beyond(&shrunk).first().map(|(_, n)| *n), Some(1));
    let mut open = baseline.open();
    assert_eq!(other.iter().filter(|f| open.take(f)).count(), 1);
    assert_eq!(open.unused().first().map(|(_, n)| *n), Some(1));
}

#[test]
fn what_is_not_understood_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        "{\"version\":1}",
        "{\"version\":2,\"entries\":[]}",
        "{\"version\":1,\"entries\":[],\"more\":1}",
        "{\"version\":1,\"entries\":[{\"rule\":\"r\"}]}",
        "{\"version\":1,\"entries\":[{\"rule\":\"r\",\"path\":\"p\",\"subject\":\"s\",\
         \"severity\":\"huge\",\"fingerprint\":\"f\",\"count\":1}]}",
        "{\"version\":1,\"entries\":[{\"rule\":\"r\",\"path\":\"p\",\"subject\":\"s\",\
         \"severity\":\"low\",\"fingerprint\":\"f\",\"count\":-1}]}",
    ] {
        assert!(Baseline::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn an_entry_is_found_in_its_line() {
    let text = "{\"entries\":[\n{\"fingerprint\":\"abc\"},\n{\"fingerprint\":\"def\"}\n]}\n";
    let span = lines(text)["def"];
    assert_eq!(
        text.get(span.start..span.end),
        Some("{\"fingerprint\":\"def\"}")
    );
}
