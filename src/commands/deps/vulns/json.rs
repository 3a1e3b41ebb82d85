//! The result for programs.

use cofferdam_findings::{Exit, NotChecked, formats};
use cofferdam_pipelines::vulns::{Ignored, Named, Place, Reach, VulnReport, Vulnerability};
use serde_json::{Value, json};

use super::super::db;

/// The version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

pub(super) fn render(report: &VulnReport, exit: Exit) -> std::io::Result<String> {
    let databases = report.databases.iter();
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "result": exit.word(),
        "files": report.files.iter().map(|file| json!({
            "path": &*file.path,
            "format": file.format,
            "packages": file.packages,
        })).collect::<Vec<_>>(),
        "packages": report.packages,
        "local_packages": report.local,
        "databases": databases.map(|(name, state)| db::value(name, state, None)).collect::<Vec<_>>(),
        "vulnerabilities": report.found.iter().map(weakness).collect::<Vec<_>>(),
        "ignored": report.ignored.iter().map(ignored).collect::<Vec<_>>(),
        "not_checked": report.not_checked.iter().map(not_checked).collect::<Vec<_>>(),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn package(package: &Named) -> Value {
    json!({
        "ecosystem": package.ecosystem,
        "name": package.name,
        "version": package.version,
        "version_assumed": package.is_assumed,
    })
}

fn weakness(one: &Vulnerability) -> Value {
    json!({
        "id": one.id,
        "aliases": one.aliases,
        "summary": one.summary,
        "url": one.page,
        "malicious": one.is_malicious,
        "informational": one.informational,
        "severity": one.rating.word(),
        "score": one.score,
        "vector": one.vector,
        "package": package(&one.package),
        "fixed": one.fixed,
        "weak": one.imports.iter().map(|(path, symbols)| json!({
            "import": path,
            "symbols": symbols,
        })).collect::<Vec<_>>(),
        "reach": one.reach().map(reach),
        "places": one.places.iter().map(place).collect::<Vec<_>>(),
    })
}

fn place(place: &Place) -> Value {
    json!({
        "path": &*place.location.path,
        "line": place.location.line,
        "relation": place.relation.word(),
        "scope": place.scope.word(),
        "pulled_in_by": place.way,
        "reach": place.reach.as_ref().map(reach),
    })
}

fn reach(reach: &Reach) -> Value {
    let verdict = reach.word();
    match reach {
        Reach::Reachable { trace } => json!({ "verdict": verdict, "trace": trace }),
        Reach::Imported { trace, tests_only } => {
            json!({ "verdict": verdict, "trace": trace, "tests_only": tests_only })
        }
        Reach::NotImported { packages } => json!({ "verdict": verdict, "packages": packages }),
        Reach::Unreachable { functions } => json!({ "verdict": verdict, "functions": functions }),
        Reach::Unknown { why } => json!({ "verdict": verdict, "why": why }),
        _ => json!({ "verdict": verdict }),
    }
}

fn ignored(one: &Ignored) -> Value {
    json!({
        "id": one.id,
        "package": package(&one.package),
        "path": &*one.path,
        "by": {
            "path": one.by.path,
            "line": one.by.line,
            "reason": one.by.reason,
            "until": one.by.until,
        },
    })
}

fn not_checked(one: &NotChecked) -> Value {
    json!({
        "code": one.code,
        "message": one.message,
        "path": one.location.as_ref().map(|location| &*location.path),
        "line": one.location.as_ref().map(|location| location.line),
        "settle": one.settle,
        "required": one.required,
    })
}
