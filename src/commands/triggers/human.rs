//! The page for a terminal.

use std::collections::BTreeMap;

use cofferdam_findings::sanitise;
use cofferdam_pipelines::Triggers;
use cofferdam_rules::triggers::{Row, Who};

use super::{approvals, conditions, filters, held, matters};

/// So many conditions of an entry are shown without `--all`.
const CONDITIONS: usize = 2;

pub(super) fn render(found: &Triggers, all: bool, colour: bool, columns: usize) -> String {
    let mut page = Page {
        text: String::new(),
        all,
        colour,
        columns,
    };
    let of = (found.repository.as_deref()).map_or_else(String::new, |slug| format!(" in {slug}"));
    page.line(0, &format!("Who may start what{of}"), Some("1"));
    for who in Who::ALL {
        let rows: Vec<&Row> = found.page.rows.iter().filter(|r| r.who == *who).collect();
        if !rows.is_empty() {
            page.section(*who, &rows);
        }
    }
    if found.page.rows.is_empty() {
        page.line(0, "There is no workflow.", None);
    }
    page.missing(found);
    page.text
}

struct Page {
    text: String,
    all: bool,
    colour: bool,
    columns: usize,
}

impl Page {
    /// Writes a text over as many lines as it takes; the later ones stand two
    /// columns deeper.
    fn line(&mut self, indent: usize, text: &str, style: Option<&str>) {
        let text = sanitise::line(text);
        let mut depth = indent;
        let mut line = String::new();
        for word in text.split(' ') {
            let length = line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && depth + length > self.columns {
                self.put(depth, &line, style);
                line.clear();
                depth = indent + 2;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.put(depth, &line, style);
    }

    fn put(&mut self, indent: usize, text: &str, style: Option<&str>) {
        self.text.push_str(&" ".repeat(indent));
        match style.filter(|_| self.colour) {
            Some(code) => self
                .text
                .push_str(&format!("\u{1b}[{code}m{text}\u{1b}[0m")),
            None => self.text.push_str(text),
        }
        self.text.push('\n');
    }

    fn section(&mut self, who: Who, rows: &[&Row]) {
        self.text.push('\n');
        self.line(0, who.title(), Some("1"));
        let (shown, quiet): (Vec<&Row>, Vec<&Row>) =
            rows.iter().partition(|row| self.all || matters(row));
        // Events that start the same with the same stand in one entry.
        let mut entries: Vec<(Vec<&Row>, String)> = Vec::new();
        for row in shown {
            let body = self.body(row);
            match entries
                .iter_mut()
                .find(|(rows, b)| *b == body && rows.iter().all(|r| r.workflow == row.workflow))
            {
                Some((rows, _)) => rows.push(row),
                None => entries.push((vec![row], body)),
            }
        }
        for (rows, body) in entries {
            if let Some(first) = rows.first() {
                self.line(2, &first.workflow, Some("36"));
            }
            for row in rows {
                self.event(row);
            }
            for line in body.lines() {
                self.line(6, line, None);
            }
        }
        self.quiet(&quiet);
    }

    fn event(&mut self, row: &Row) {
        let how = (row.how.as_deref()).map_or_else(String::new, |how| format!(", {how}"));
        let filters = match filters(row, self.all).as_slice() {
            [] => String::new(),
            words => format!("  ({})", words.join("; ")),
        };
        self.line(4, &format!("on {}{how}{filters}", row.event), None);
    }

    fn body(&self, row: &Row) -> String {
        let mut lines = Vec::new();
        if let Some(closed) = &row.closed {
            lines.push(format!("shut: {closed}"));
        }
        lines.extend(row.gates.iter().map(|gate| format!("once {gate}")));
        let conditions = conditions(row);
        let most = if self.all {
            conditions.len()
        } else {
            CONDITIONS
        };
        let more = conditions.len().saturating_sub(most);
        lines.extend(conditions.into_iter().take(most).map(|c| format!("if {c}")));
        if more > 0 {
            lines.push(format!("and {more} more conditions"));
        }
        lines.extend(
            approvals(row)
                .into_iter()
                .map(|a| format!("environment {a}")),
        );
        lines.push(format!("holds {}", held(row).text()));
        if self.all {
            let jobs: Vec<&str> = row.jobs.iter().map(|j| j.job.as_str()).collect();
            if !jobs.is_empty() {
                lines.push(format!("jobs {}", jobs.join(", ")));
            }
        }
        // Names and conditions may hold line breaks of their own.
        let lines: Vec<String> = lines
            .iter()
            .map(|l| sanitise::line(l).into_owned())
            .collect();
        lines.join("\n")
    }

    fn quiet(&mut self, rows: &[&Row]) {
        let perhaps = |row: &&&Row| row.closed.is_none() && held(row).perhaps;
        let count = |rows: Vec<&&Row>| {
            let mut events: BTreeMap<&str, usize> = BTreeMap::new();
            for row in rows {
                *events.entry(row.event.as_str()).or_default() += 1;
            }
            let words: Vec<String> = events.iter().map(|(e, n)| format!("{e} ({n})")).collect();
            words.join(", ")
        };
        let default = count(rows.iter().filter(perhaps).collect());
        let nothing = count(rows.iter().filter(|r| !perhaps(r)).collect());
        if !default.is_empty() {
            let text = format!("no more than the repository's default token: {default}");
            self.line(2, &text, Some("2"));
        }
        if !nothing.is_empty() {
            self.line(
                2,
                &format!("nothing that holds anything: {nothing}"),
                Some("2"),
            );
        }
    }

    fn missing(&mut self, found: &Triggers) {
        let facts = &found.page.missing;
        if !facts.is_empty() {
            self.text.push('\n');
            self.line(0, "Not known without settings", Some("1"));
            for fact in facts {
                self.line(2, fact, None);
            }
            let settle = "`cofferdam settings snapshot OWNER/NAME` writes them for `--settings`";
            self.line(2, settle, Some("2"));
        }
        if !found.not_checked.is_empty() {
            self.text.push('\n');
            self.line(0, "Not checked", Some("1"));
            for one in &found.not_checked {
                self.line(2, &format!("{}; {}", one.message, one.settle), None);
            }
        }
    }
}
