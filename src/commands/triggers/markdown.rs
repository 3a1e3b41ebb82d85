//! The page as a Markdown table.

use cofferdam_findings::sanitise;
use cofferdam_pipelines::Triggers;
use cofferdam_rules::triggers::{Row, Who};

use super::{approvals, conditions, filters, held, matters};

pub(super) fn render(found: &Triggers, all: bool) -> String {
    let mut text = String::from("# Who may start what\n");
    for who in Who::ALL {
        let rows: Vec<&Row> = found.page.rows.iter().filter(|r| r.who == *who).collect();
        let shown: Vec<&&Row> = rows.iter().filter(|r| all || matters(r)).collect();
        if rows.is_empty() {
            continue;
        }
        text.push_str(&format!("\n## {}\n\n", who.title()));
        if !shown.is_empty() {
            text.push_str(
                "| event | workflow | under which conditions | who approves | what it holds |\n",
            );
            text.push_str("|---|---|---|---|---|\n");
        }
        for row in &shown {
            text.push_str(&line(row, all));
        }
        let quiet = rows.len() - shown.len();
        if quiet > 0 {
            let gap = if shown.is_empty() { "" } else { "\n" };
            let events = if quiet == 1 { "event" } else { "events" };
            text.push_str(&format!(
                "{gap}{quiet} more {events}, with jobs that hold nothing, or no more than the \
                 repository's default token.\n"
            ));
        }
    }
    if !found.page.missing.is_empty() {
        text.push_str("\n## Not known without settings\n\n");
        for fact in &found.page.missing {
            text.push_str(&format!("- {}\n", cell(fact)));
        }
    }
    if !found.not_checked.is_empty() {
        text.push_str("\n## Not checked\n\n");
        for one in &found.not_checked {
            text.push_str(&format!(
                "- {}; {}\n",
                cell(&one.message),
                cell(&one.settle)
            ));
        }
    }
    text
}

fn line(row: &Row, all: bool) -> String {
    let how = row
        .how
        .as_deref()
        .map_or_else(String::new, |how| format!(", {}", cell(how)));
    let mut under: Vec<String> = filters(row, all).into_iter().map(cell).collect();
    under.extend(row.closed.iter().map(|c| format!("shut: {}", cell(c))));
    under.extend(row.gates.iter().map(|g| format!("once {}", cell(g))));
    under.extend(
        conditions(row)
            .into_iter()
            .map(|c| cell(&format!("if `{c}`"))),
    );
    let approvals: Vec<String> = approvals(row).iter().map(|a| cell(a)).collect();
    format!(
        "| {}{how} | {} | {} | {} | {} |\n",
        cell(&format!("`{}`", row.event)),
        cell(&format!("`{}`", row.workflow)),
        under.join("<br>"),
        approvals.join("<br>"),
        cell(&held(row).text()),
    )
}

fn cell(text: &str) -> String {
    sanitise::markdown_prose(text)
}
