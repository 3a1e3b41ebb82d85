//! The page for programs.

use cofferdam_findings::formats;
use cofferdam_pipelines::Triggers;
use cofferdam_rules::triggers::{Approval, JobRow, Protection, Row};
use serde_json::{Value, json};

/// The version of the JSON that this command prints.
const SCHEMA_VERSION: u32 = 1;

pub(super) fn render(found: &Triggers) -> std::io::Result<String> {
    let document = json!({
        "schema_version": SCHEMA_VERSION,
        "repository": found.repository,
        "revision": found.revision,
        "rows": found.page.rows.iter().map(row).collect::<Vec<_>>(),
        "not_known": found.page.missing,
        "not_checked": found.not_checked.iter().map(|one| json!({
            "code": one.code,
            "message": one.message,
            "settle": one.settle,
        })).collect::<Vec<_>>(),
    });
    let mut page = formats::inert_json::pretty(&document)?;
    page.push('\n');
    Ok(page)
}

fn row(row: &Row) -> Value {
    json!({
        "starter": row.who.word(),
        "how": row.how,
        "event": row.event,
        "workflow": row.workflow,
        "name": row.name,
        "line": row.place.line,
        "filters": row.filters,
        "gates": row.gates,
        "shut_by": row.closed,
        "jobs": row.jobs.iter().map(job).collect::<Vec<_>>(),
    })
}

fn job(job: &JobRow) -> Value {
    json!({
        "job": job.job,
        "path": &*job.place.path,
        "line": job.place.line,
        "conditions": job.conditions,
        "approvals": job.approvals.iter().map(approval).collect::<Vec<_>>(),
        "writes": job.writes,
        "token_depends_on_default": job.token_assumed,
        "secrets": job.secrets,
        "publishes": job.publishes,
    })
}

fn approval(approval: &Approval) -> Value {
    let (protection, reviewers, refs) = match &approval.protection {
        Protection::Known { reviewers, refs } => ("known", Some(reviewers), refs.as_ref()),
        Protection::Missing => ("missing", None, None),
        Protection::Unknown => ("not known", None, None),
    };
    json!({
        "environment": approval.environment,
        "protection": protection,
        "reviewers": reviewers,
        "refs": refs,
    })
}
