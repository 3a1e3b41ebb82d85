use serde_json::Value;

use super::super::{Format, Options};
use super::*;
use crate::sample;

fn render(reports: &[Report]) -> Value {
    let text = Format::from_name("sarif")
        .unwrap()
        .render(reports, &Options::default());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_rich_report_as_sarif() {
    let sarif = render(&[sample::rich()]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&sarif).unwrap());
}

#[test]
fn a_change_tells_the_state_of_every_result() {
    let sarif = render(&[sample::changed()]);
    let results = sarif
        .pointer("/runs/0/results")
        .unwrap()
        .as_array()
        .unwrap();
    let count = |state: &str| {
        let of = results.iter().filter(|r| r["baselineState"] == state);
        of.count()
    };
    assert_eq!((count("new"), count("absent")), (1, 1));
    assert_eq!(count("unchanged"), results.len() - 2);
    let silenced: Vec<_> = results
        .iter()
        .filter_map(|r| r["suppressions"][0]["kind"].as_str())
        .collect();
    assert_eq!(silenced.iter().filter(|k| **k == "inSource").count(), 2);
    assert_eq!(silenced.len(), 6);
    // A run without a base has no states.
    assert!(
        render(&[sample::rich()])
            .pointer("/runs/0/results/0/baselineState")
            .is_none()
    );
}

#[test]
fn every_result_names_a_rule_of_its_own_grade() {
    let sarif = render(&[sample::rich()]);
    let rules = sarif
        .pointer("/runs/0/tool/driver/rules")
        .unwrap()
        .as_array()
        .unwrap();
    let ids: std::collections::BTreeSet<_> = rules.iter().map(|r| r["id"].to_string()).collect();
    assert_eq!(ids.len(), rules.len(), "identifiers are unique");
    for result in sarif
        .pointer("/runs/0/results")
        .unwrap()
        .as_array()
        .unwrap()
    {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(result["ruleId"], rule["id"]);
        assert_eq!(result["level"], rule["defaultConfiguration"]["level"]);
        let severity = Severity::from_word(result["properties"]["severity"].as_str().unwrap());
        assert_eq!(
            rule["properties"]["security-severity"],
            security_severity(severity.unwrap())
        );
    }
}

#[test]
fn a_rule_that_the_report_does_not_list_still_has_a_descriptor() {
    let location = cofferdam_facts::Location::whole_file("a");
    let findings = vec![Finding::new("syntax", Severity::Low, location, "m")];
    let sarif = render(&[Report {
        findings,
        ..Report::default()
    }
    .finish()]);
    assert_eq!(
        sarif["runs"][0]["tool"]["driver"]["rules"][0]["id"],
        "syntax"
    );
    assert_eq!(
        sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"],
        1
    );
}

#[test]
fn what_was_not_checked_makes_the_run_unsuccessful() {
    let sarif = render(&[sample::clean(), sample::unread()]);
    assert_eq!(
        sarif["runs"][0]["invocations"][0]["executionSuccessful"],
        true
    );
    let unread = &sarif["runs"][1]["invocations"][0];
    assert_eq!(unread["executionSuccessful"], false);
    assert_eq!(unread["toolExecutionNotifications"][0]["level"], "error");
    assert_eq!(unread["exitCode"], 3);
}

#[test]
fn several_repositories_are_several_categories() {
    let sarif = render(&[sample::clean(), sample::rich()]);
    assert_eq!(
        sarif["runs"][0]["automationDetails"]["id"],
        "cofferdam/tidy/"
    );
    assert_eq!(
        sarif["runs"][1]["automationDetails"]["id"],
        "cofferdam/acme/app/"
    );
    assert_eq!(
        render(&[sample::rich()])["runs"][0]["automationDetails"]["id"],
        "cofferdam/"
    );
}

#[test]
fn a_path_is_a_relative_reference() {
    assert_eq!(result::uri("a b/c:d%é.yml"), "a%20b/c%3Ad%25%C3%A9.yml");
}

#[test]
fn columns_and_snippet_agree_in_characters() {
    let file = cofferdam_facts::SourceFile::new("a", "x: 漢字🙂 end");
    let span = sample::find(&file, "字🙂", 0);
    let finding = Finding::new("r", Severity::Low, file.locate(span), "m");
    let sarif = render(&[Report {
        findings: vec![finding],
        ..Report::default()
    }
    .finish()]);
    let region = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(sarif["runs"][0]["columnKind"], "unicodeCodePoints");
    assert_eq!(
        (region["startColumn"].as_u64(), region["endColumn"].as_u64()),
        (Some(5), Some(7))
    );
    assert_eq!(region["snippet"]["text"], "字🙂");
    assert_eq!(region["byteLength"], 7);
}
