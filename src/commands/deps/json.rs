//! The result for programs.

use cofferdam_findings::{Exit, formats};
use cofferdam_pipelines::vendoring::{NotChecked, Problem, TreeReport, VendorReport};
use serde_json::{Value, json};

/// The version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

pub(super) fn render(report: &VendorReport, exit: Exit) -> std::io::Result<String> {
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "result": exit.word(),
        "base": report.base,
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
        "not_checked": report.not_checked.iter().map(not_checked).collect::<Vec<_>>(),
        "trees": report.trees.iter().map(tree).collect::<Vec<_>>(),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn tree(tree: &TreeReport) -> Value {
    json!({
        "ecosystem": tree.ecosystem.word(),
        "folder": tree.folder,
        "files": tree.files,
        "bytes": tree.bytes,
        "modules": tree.modules.iter().map(|module| json!({
            "name": module.name,
            "version": module.version,
            "replacement": module.replacement,
            "state": module.state.word(),
            "anchor": module.anchor.word(),
            "source": module.source.map(|source| source.word()),
            "files": module.files,
        })).collect::<Vec<_>>(),
        "problems": tree.problems.iter().map(problem).collect::<Vec<_>>(),
        "not_checked": tree.not_checked.iter().map(not_checked).collect::<Vec<_>>(),
    })
}

fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.code.word(),
        "path": problem.path,
        "line": problem.line,
        "module": problem.module,
        "message": problem.text,
        "remedy": problem.code.remedy(),
        "first_difference": problem.first.as_ref().map(|first| json!({
            "line": first.line,
            "expected": first.expected,
            "found": first.found,
        })),
    })
}

fn not_checked(one: &NotChecked) -> Value {
    json!({ "what": one.what, "why": one.why })
}
