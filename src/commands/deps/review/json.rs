//! The result for programs.

use cofferdam_dependencies::Licence;
use cofferdam_findings::{Finding, Suppressed, formats};
use cofferdam_pipelines::dependencies::{Review, Touched};
use serde_json::{Value, json};

use super::super::listing::{SCHEMA_VERSION, bare, gap};

pub(super) fn render(review: &Review) -> std::io::Result<String> {
    let report = &review.report;
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "result": review.exit.word(),
        "base": { "name": review.base.name, "commit": review.base.commit },
        "head": { "name": review.head.name, "commit": review.head.commit },
        "merge_base": review.merge_base,
        "merge_bases": review.merge_bases,
        "settings": { "files": review.settings, "notes": review.notes },
        "changes": review.changes.iter().map(change).collect::<Vec<_>>(),
        "findings": (report.findings.iter())
            .map(|one| finding(one, review.failing.contains(&one.fingerprint)))
            .collect::<Vec<_>>(),
        "suppressed": report.suppressed.iter().map(suppressed).collect::<Vec<_>>(),
        "not_checked": report.not_checked.iter().map(gap).collect::<Vec<_>>(),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn change(change: &Touched) -> Value {
    let licence = match &change.licence {
        Licence::Unknown => Value::Null,
        other => json!(other.text()),
    };
    json!({
        "change": change.kind.word(),
        "path": change.path,
        "before": change.before.as_ref().map(bare),
        "after": change.after.as_ref().map(bare),
        "counts_for_hashes_alone": change.beside,
        "way": change.way,
        "licence": licence,
        "licence_verdict": change.licence_verdict.map(|verdict| verdict.word()),
        "advisories": change.advisories.iter().map(|one| json!({
            "id": one.id,
            "aliases": one.aliases,
            "summary": one.summary,
            "severity": one.severity.map(|severity| severity.word()),
            "fixed": one.fixed,
            "malicious": one.is_malicious,
            "url": one.url,
        })).collect::<Vec<_>>(),
        "ignored_advisories": change.ignored,
        "checks": change.checks.iter().map(|check| check.word()).collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding, fails: bool) -> Value {
    json!({
        "rule": finding.rule,
        "fails": fails,
        "severity": finding.severity.word(),
        "confidence": finding.confidence.word(),
        "message": finding.message,
        "why": finding.why,
        "fix": finding.fix,
        "subject": finding.subject,
        "fingerprint": finding.fingerprint,
        "path": &*finding.location.path,
        "line": finding.location.line,
    })
}

fn suppressed(one: &Suppressed) -> Value {
    let mut value = finding(&one.finding, false);
    if let Some(map) = value.as_object_mut() {
        let by = &one.by;
        map.insert(
            "suppressed_by".to_owned(),
            json!({ "reason": by.reason, "owner": by.owner, "expires": by.expires }),
        );
    }
    value
}
