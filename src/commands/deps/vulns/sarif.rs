//! SARIF 2.1.0, with a result at each line that names a weak package.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus
//! Errata 01"; GitHub, "SARIF support for code scanning", for `security-severity`.

use std::collections::BTreeMap;

use cofferdam_advisories::Rating;
use cofferdam_findings::{Exit, NotChecked, formats, sanitise};
use cofferdam_pipelines::vulns::{Place, VulnReport, Vulnerability};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Gate, human};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(report: &VulnReport, exit: Exit, gate: Gate) -> std::io::Result<String> {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    let mut results = Vec::new();
    for one in &report.found {
        // The worst of several packages stands first and names the rule.
        rules.entry(&one.id).or_insert_with(|| rule(one));
        for place in &one.places {
            results.push(result(one, place, gate));
        }
    }
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cofferdam",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": "https://github.com/cofferdam/cofferdam",
                "rules": rules.into_values().collect::<Vec<_>>(),
            } },
            "automationDetails": { "id": "cofferdam/deps/" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": !report.has_gaps(),
                "exitCode": exit.code(),
                "toolExecutionNotifications":
                    report.not_checked.iter().map(notification).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn rule(one: &Vulnerability) -> Value {
    let summary = one.summary.as_deref().unwrap_or(&one.id);
    let text = sanitise::clipped(summary, 300);
    // What nobody has rated is shown among the bad ones, not the harmless.
    let score = one.score.unwrap_or(match one.rating {
        Rating::Critical => 9.5,
        Rating::High | Rating::Unknown => 8.0,
        Rating::Medium => 5.5,
        Rating::Low => 2.0,
        Rating::Info => 0.0,
    });
    json!({
        "id": one.id,
        "shortDescription": { "text": text },
        "fullDescription": { "text": text },
        "helpUri": one.page,
        "properties": {
            "security-severity": format!("{score:.1}"),
            "tags": ["security", "vulnerability"],
        },
    })
}

fn result(one: &Vulnerability, place: &Place, gate: Gate) -> Value {
    let package = &one.package;
    let mut text = format!(
        "{} {}: {}.",
        sanitise::clipped(&package.name, 200),
        sanitise::clipped(&package.version, 80),
        sanitise::clipped(one.summary.as_deref().unwrap_or(&one.id), 300),
    );
    if let Some(fixed) = &one.fixed {
        text += &format!(" Fixed in {}.", sanitise::clipped(fixed, 80));
    }
    if let Some(reach) = &place.reach {
        text += &format!(" {}.", sanitise::clipped(&human::reached(reach), 400));
    }
    let level = if one.counts(gate.fail_on, gate.only_used) {
        "error"
    } else {
        "note"
    };
    let location = &place.location;
    let print = format!(
        "{}\0{}\0{}\0{}",
        one.id, package.ecosystem, package.name, location.path
    );
    let print: String = Sha256::digest(print)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "ruleId": one.id,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&location.path), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": location.line, "startColumn": location.column },
        } }],
        "partialFingerprints": { "cofferdam/v1": print },
    })
}

fn notification(one: &NotChecked) -> Value {
    json!({
        "descriptor": { "id": one.code },
        "level": if one.required { "error" } else { "note" },
        "message": { "text": sanitise::clipped(&one.message, 400) },
    })
}

/// A path as a relative reference. Source: RFC 3986, section 3.3.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/@+,=!$&'()*".contains(&byte);
    path.bytes()
        .fold(String::with_capacity(path.len()), |mut text, byte| {
            if plain(byte) {
                text.push(char::from(byte));
            } else {
                text += &format!("%{byte:02X}");
            }
            text
        })
}
