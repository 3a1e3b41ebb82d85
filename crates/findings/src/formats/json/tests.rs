use serde_json::Value;

use super::super::{Format, Options};
use super::*;
use crate::sample;

fn render(reports: &[Report]) -> Value {
    let text = Format::from_name("json")
        .unwrap()
        .render(reports, &Options::default());
    serde_json::from_str(&text).unwrap()
}

/// The schema with every field that it does not name forbidden: a field that
/// is written but not described fails the test.
fn strict() -> Value {
    let mut schema = schema();
    forbid_others(&mut schema);
    schema
}

fn forbid_others(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.contains_key("properties") && map.contains_key("type") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(forbid_others);
        }
        Value::Array(items) => items.iter_mut().for_each(forbid_others),
        _ => {}
    }
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    let validator = jsonschema::validator_for(&strict()).unwrap();
    let filter = crate::Filter {
        min_severity: Some(Severity::High),
        ..Default::default()
    };
    let filtered = sample::rich().filtered(&filter);
    let all = render(&[
        sample::rich(),
        filtered,
        sample::clean(),
        sample::unread(),
        sample::changed(),
    ]);
    let errors: Vec<_> = validator
        .iter_errors(&all)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(validator.is_valid(&render(&[])));
}

#[test]
fn what_a_place_exposes_is_written_as_the_schema_says() {
    let validator = jsonschema::validator_for(&strict()).unwrap();
    let mut report = sample::rich();
    let finding = report.findings.first_mut().unwrap();
    finding.exposure = Some(Box::new(crate::FindingExposure {
        pairs: vec![ExposedPair {
            position: "newcomer".to_owned(),
            asset: "tag:*".to_owned(),
            verdict: "after",
        }],
        total: 30,
        phrase: "exposes tag:* to newcomer, after an approval".to_owned(),
    }));
    finding.rank = Some(1);
    let all = render(&[report]);
    let errors: Vec<_> = validator.iter_errors(&all).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let at = |path: &str| all.pointer(&format!("/reports/0/findings/{path}"));
    assert_eq!(at("0/exposure/0/asset"), Some(&Value::from("tag:*")));
    assert_eq!(at("0/exposure_count"), Some(&Value::from(30)));
    assert_eq!(at("0/rank"), Some(&Value::from(1)));
    let absent = |value: Option<&Value>| value.is_none_or(Value::is_null);
    assert!(at("1").is_some());
    assert!(absent(at("1/exposure")) && absent(at("1/exposure_count")));
}

#[test]
fn a_standard_is_written_as_the_schema_says() {
    let validator = jsonschema::validator_for(&strict()).unwrap();
    for &standard in Standard::OF_PROJECTS {
        let options = Options {
            against: Some(standard),
            ..Options::default()
        };
        let text = (Format::from_name("json").unwrap()).render(&[sample::rich()], &options);
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> = (validator.iter_errors(&value))
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        let against = value.pointer("/reports/0/against").unwrap();
        assert_eq!(against.get("standard").unwrap(), standard.word());
        let requirements = against.get("requirements").unwrap().as_array().unwrap();
        assert_eq!(requirements.len(), standard.requirements().len());
    }
}

#[test]
fn the_schema_refuses_what_is_not_a_report() {
    let validator = jsonschema::validator_for(&strict()).unwrap();
    let good = render(&[sample::rich()]);
    let breaks: [(&str, Value); 6] = [
        ("/schema_version", 2.into()),
        ("/reports/0/findings/0/severity", "huge".into()),
        ("/reports/0/findings/0/fingerprint", "".into()),
        ("/reports/0/findings/0/location/line", 0.into()),
        ("/reports/0/controls/0/status", "fine".into()),
        ("/reports/0/not_checked/0/required", Value::Null),
    ];
    for (pointer, value) in breaks {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
    for pointer in [
        "/reports/0",
        "/reports/0/findings/0",
        "/reports/0/controls/0/evidence/0",
    ] {
        let mut bad = good.clone();
        let map = bad.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        map.shift_remove(&map.keys().next_back().unwrap().clone());
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
}

#[test]
fn nothing_of_the_report_is_lost() {
    let report = sample::rich();
    let written = render(std::slice::from_ref(&report));
    let findings = written
        .pointer("/reports/0/findings")
        .unwrap()
        .as_array()
        .unwrap();
    for (finding, value) in report.findings.iter().zip(findings) {
        assert_eq!(
            value.get("message").unwrap(),
            &Value::from(finding.message.as_str())
        );
        assert_eq!(
            value.pointer("/location/path").unwrap(),
            &*finding.location.path
        );
        assert_eq!(
            value.get("related").unwrap().as_array().unwrap().len(),
            finding.related.len()
        );
    }
    assert_eq!(findings.len(), report.findings.len());
    assert_eq!(written.pointer("/reports/0/counts/high").unwrap(), 15);
    assert_eq!(written.pointer("/reports/0/result").unwrap(), "findings");
    assert_eq!(
        written
            .pointer("/reports/0/controls")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        37
    );
}

#[test]
fn a_place_is_given_in_full() {
    let report = sample::rich();
    let written = render(std::slice::from_ref(&report));
    let place = written.pointer("/reports/0/findings/0/location").unwrap();
    let expected = serde_json::json!({
        "path": ".github/workflows/release.yml",
        "line": 5, "column": 7, "end_line": 7, "end_column": 57,
        "start": 56, "end": 154,
        "snippet": "      - uses: actions/checkout@v4",
        "extent": "text",
    });
    assert_eq!(place, &expected);
}

#[test]
fn a_long_line_is_cut() {
    let file = cofferdam_facts::SourceFile::new("a", "é".repeat(100_000));
    let location = file.locate(cofferdam_facts::Span::new(0, 2));
    assert_eq!(LocationView::of(&location).snippet.chars().count(), SNIPPET);
}
