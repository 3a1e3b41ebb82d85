//! For reading in a terminal: one screen that says what to do today, a line a
//! repository where there are several, or everything with its source.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Options, Render, counted, notes, severities, verdict};
use crate::filter::Filter;
use crate::finding::Severity;
use crate::report::{Exit, Group, NotChecked, PASSES, Report};
use crate::sanitise::{clipped, inert_for_log};

mod against;
mod causes;
mod controls;
mod silenced;
mod text;

use text::{BOLD, DIM, Paint, labelled, wrap};

/// Causes shown on one screen: at most, and at least where there are so many.
const MOST_CAUSES: usize = 8;
const LEAST_CAUSES: usize = 3;

/// Lines that a cause has for why it matters, and as many for how to fix it:
/// where there is room, and where a screen has none.
const LONG_TEXT: usize = 3;
const SHORT_TEXT: usize = 2;

/// Rules named on a screen whose causes found no room.
const MORE_CAUSES: usize = 2;

/// The code of what stands for a folder that holds nothing to audit.
const NOTHING_TO_READ: &str = "nothing-to-read";

/// Lines on one screen about what was not checked.
const NOT_CHECKED: usize = 3;

/// Findings that a change removes, shown on one screen.
const GONE: usize = 5;

/// From so many findings on, a list of everything begins with the files.
const LONG_LIST: usize = 20;

/// Pieces of evidence shown of one control on one screen.
const EVIDENCE: usize = 8;

/// Begins an output for a terminal.
pub(super) fn open(options: &Options) -> Box<dyn Render> {
    Box::new(Human {
        paint: Paint::new(options.colour),
        columns: options.width.clamp(40, 160),
        options: options.clone(),
        ends: BTreeMap::new(),
    })
}

struct Human {
    paint: Paint,
    columns: usize,
    options: Options,
    /// Reports by how they end, for the last line over several.
    ends: BTreeMap<&'static str, usize>,
}

impl Render for Human {
    fn report(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let exit = report.exit_code(self.options.fail_on);
        let result = report.result(self.options.fail_on);
        let first = self.ends.is_empty();
        *self.ends.entry(result).or_default() += 1;
        let lines = if let Some(standard) = self.options.against {
            let lines = self.against(report, standard);
            if first { lines } else { spaced(lines) }
        } else if self.options.all {
            self.everything(report)
        } else if self.options.each() {
            let lines = self.screen(report);
            if first { lines } else { spaced(lines) }
        } else if self.options.several {
            vec![self.row(report, exit)]
        } else {
            self.screen(report)
        };
        print(&lines, out)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !self.options.several {
            return Ok(());
        }
        let count = |word: &str| self.ends.get(word).copied().unwrap_or_default();
        let total: usize = self.ends.values().sum();
        let line = format!(
            "{}: {} with findings that fail, {} not settled, {} that {}, {} clean.",
            match (total, self.options.paths) {
                (_, Some(_)) => counted(total, "path"),
                (1, None) => "1 repository".to_owned(),
                (_, None) => format!("{total} repositories"),
            },
            count(Exit::Findings.word()),
            count(Exit::NotChecked.word()),
            count(PASSES),
            if count(PASSES) == 1 { "passes" } else { "pass" },
            count(Exit::Clean.word()),
        );
        let line = self.paint.paint(BOLD, &line);
        if self.options.each() {
            print(&spaced(vec![line]), out)
        } else {
            print(&[line], out)
        }
    }
}

fn print(lines: &[String], out: &mut dyn Write) -> io::Result<()> {
    let mut text = lines.join("\n");
    text.push('\n');
    out.write_all(inert_for_log(&text).as_bytes())
}

impl Human {
    /// One line for one of several repositories.
    fn row(&self, report: &Report, exit: Exit) -> String {
        let mut line = self.paint.paint(
            if exit == Exit::Clean { DIM } else { BOLD },
            &format!("{:12}", report.result(self.options.fail_on)),
        );
        for &severity in Severity::ALL.iter().rev() {
            let count = report.total(severity);
            let cell = format!("{count:>5} {severity}  ");
            let look = self.paint.severity(severity, &cell);
            line.push_str(&if count > 0 {
                look
            } else {
                self.paint.paint(DIM, &cell)
            });
        }
        let unchecked = report.not_checked.len();
        line.push_str(&format!(
            "{unchecked:>4} not checked  {}",
            clipped(&report.name, 80)
        ));
        if !report.suppressed.is_empty() {
            line.push_str(&format!("  ({} silenced)", report.suppressed.len()));
        }
        line
    }

    /// The short form.
    fn screen(&self, report: &Report) -> Vec<String> {
        let nothing = |item: &&NotChecked| item.code == NOTHING_TO_READ;
        if let Some(item) = report.not_checked.iter().find(nothing) {
            let text = format!("{}: {}", report.name, not_checked_text(item, 2_000));
            return (wrap(&text, self.columns, 20).iter())
                .map(|line| self.paint.severity(Severity::Medium, line))
                .collect();
        }
        let mut lines = self.head(report);
        let mut tail = self.not_checked(report, NOT_CHECKED);
        if !self.options.each() {
            tail.extend(self.hint(report));
        }
        if report.files == 0 && report.view.filter == Filter::default() {
            lines.push("There is no workflow or action here that runs anything.".to_owned());
        } else if self.options.each() {
            // The findings of each are what was asked for.
        } else if report.view.filter.is_narrow() {
            lines.extend(spaced(controls::detail(
                report,
                self.paint,
                self.columns,
                EVIDENCE,
            )));
        } else {
            lines.extend(spaced(controls::table(report, self.paint, self.columns)));
            lines.extend(controls::unexplained(report, self.columns));
        }
        let groups = report.groups();
        let room = self
            .options
            .lines
            .saturating_sub(lines.len() + tail.len() + 2 + MORE_CAUSES);
        let (blocks, shown) = self.blocks(&groups, room);
        lines.extend(blocks);
        lines.extend(self.rest(groups.get(shown..).unwrap_or_default()));
        lines.extend(spaced(silenced::change(report, self.columns, GONE)));
        lines.extend(spaced(tail));
        lines
    }

    /// What it is about, the counts, and how it ends.
    fn head(&self, report: &Report) -> Vec<String> {
        let mut about = clipped(&report.name, 120);
        if let Some(revision) = &report.revision {
            about.push_str(&format!(" at {}", clipped(short_revision(revision), 40)));
        }
        about.push_str(&format!(": {}; ", counted(report.files, "file")));
        let counts = severities(report);
        let compared = report.comparison.is_some();
        about.push_str(match (counts.is_empty(), compared) {
            (true, true) => "no new findings",
            (true, false) => "no findings",
            (false, _) => &counts,
        });
        if compared && !counts.is_empty() {
            about.push_str(" new");
        }
        if !report.not_checked.is_empty() {
            let things = counted(report.not_checked.len(), "thing");
            about.push_str(&format!("; {things} could not be checked"));
        }
        let hidden = report.view.hidden();
        if hidden > 0 {
            about.push_str(&format!(
                "; {} of these not shown",
                counted(hidden, "finding")
            ));
        }
        let look = match report.exit_code(self.options.fail_on) {
            Exit::Findings => Severity::High,
            Exit::NotChecked | Exit::Usage => Severity::Medium,
            Exit::Clean => Severity::Info,
        };
        let bold = |line: &String| self.paint.paint(BOLD, line);
        let verdict = verdict(report, self.options.fail_on);
        let mut lines: Vec<_> = wrap(&about, self.columns, 4).iter().map(bold).collect();
        lines.extend(
            wrap(&verdict, self.columns, 2)
                .iter()
                .map(|line| self.paint.severity(look, line)),
        );
        for note in notes(report) {
            lines.extend(wrap(&note, self.columns, 3));
        }
        lines
    }

    /// As many causes as there is room for, and how many those are.
    fn blocks(&self, groups: &[Group<'_>], room: usize) -> (Vec<String>, usize) {
        let block = |group, rows| spaced(causes::block(group, self.paint, self.columns, rows));
        // Words are cut only where a screen has no room for them.
        let least: usize = (groups.iter().take(LEAST_CAUSES))
            .map(|group| block(group, LONG_TEXT).len())
            .sum();
        let rows = if self.options.cut && least > room {
            SHORT_TEXT
        } else {
            LONG_TEXT
        };
        let mut lines = Vec::new();
        let mut shown = 0;
        for group in groups.iter().take(MOST_CAUSES) {
            let block = block(group, rows);
            if shown >= LEAST_CAUSES && lines.len() + block.len() > room {
                break;
            }
            lines.extend(block);
            shown += 1;
        }
        (lines, shown)
    }

    /// What found no room, one line a rule with its count, worst first.
    fn rest(&self, groups: &[Group<'_>]) -> Vec<String> {
        if groups.is_empty() {
            return Vec::new();
        }
        let mut order: Vec<(Severity, &str, usize)> = Vec::new();
        for group in groups {
            let same = order
                .iter_mut()
                .find(|(s, r, _)| (*s, *r) == (group.severity, group.rule));
            match same {
                Some((_, _, count)) => *count += group.count(),
                None => order.push((group.severity, group.rule, group.count())),
            }
        }
        let most = if self.options.cut {
            MORE_CAUSES
        } else {
            usize::MAX
        };
        let mut lines = vec![format!("{}:", counted(groups.len(), "more cause"))];
        for (severity, rule, count) in order.iter().take(most) {
            lines.push(format!("{:10}{count}x {rule}", severity.word()));
        }
        if order.len() > most {
            let more = counted(order.len() - most, "more rule");
            lines.push(format!("{:10}and {more}; `--all` shows them", ""));
        }
        spaced(lines.iter().map(|l| self.paint.paint(DIM, l)).collect())
    }

    fn not_checked(&self, report: &Report, most: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let (characters, rows) = if self.options.all {
            (2_000, 20)
        } else {
            (160, 2)
        };
        for item in report.not_checked.iter().take(most) {
            let text = not_checked_text(item, characters);
            lines.extend(labelled("!", &text, 0, self.columns, rows));
        }
        if report.not_checked.len() > most {
            let more = report.not_checked.len() - most;
            lines.push(format!("! and {more} more not checked; `--all` shows them"));
        }
        lines.extend(controls::settles(report, self.columns, most));
        lines
            .iter()
            .map(|l| self.paint.severity(Severity::Medium, l))
            .collect()
    }

    fn hint(&self, report: &Report) -> Vec<String> {
        let rule = report.findings.first().map_or("ID", |f| f.rule);
        let hint = format!(
            "`--all` shows every place, `--control ID` the evidence, `cofferdam rules {rule}` the rule."
        );
        wrap(&hint, self.columns, 3)
            .iter()
            .map(|line| self.paint.paint(DIM, line))
            .collect()
    }

    /// Where a long list of findings lies, and how to see less of it at once.
    fn files(&self, report: &Report) -> Vec<String> {
        if report.findings.len() < LONG_LIST {
            return Vec::new();
        }
        let mut counts: BTreeMap<&str, BTreeMap<Reverse<Severity>, usize>> = BTreeMap::new();
        for finding in &report.findings {
            let of_file = counts.entry(&finding.location.path).or_default();
            *of_file.entry(Reverse(finding.severity)).or_default() += 1;
        }
        let hint = format!(
            "{} in {}, all of them below, worst first. `--rule ID`, `--control ID` or a file's path in place of the folder's show a part.",
            counted(report.findings.len(), "finding"),
            counted(counts.len(), "file"),
        );
        let mut lines = wrap(&hint, self.columns, 3);
        for (path, severities) in counts {
            let total: usize = severities.values().sum();
            let parts: Vec<_> = (severities.iter())
                .map(|(severity, count)| format!("{count} {}", severity.0))
                .collect();
            let text = format!("{} ({})", clipped(path, 200), parts.join(", "));
            lines.extend(labelled(&format!("{total:>5}"), &text, 0, self.columns, 3));
        }
        lines
    }

    /// The long form.
    fn everything(&self, report: &Report) -> Vec<String> {
        let mut lines = self.head(report);
        lines.extend(spaced(controls::detail(
            report,
            self.paint,
            self.columns,
            usize::MAX,
        )));
        lines.extend(spaced(self.files(report)));
        for finding in &report.findings {
            lines.extend(spaced(causes::full(finding, self.paint, self.columns)));
        }
        lines.extend(spaced(silenced::change(report, self.columns, usize::MAX)));
        lines.extend(spaced(silenced::list(report, self.columns)));
        lines.extend(spaced(self.not_checked(report, usize::MAX)));
        lines
    }
}

/// The first twelve digits of a commit id; another name as it is.
fn short_revision(revision: &str) -> &str {
    let is_id = cofferdam_facts::uses::is_commit_id(revision);
    revision.get(..12).filter(|_| is_id).unwrap_or(revision)
}

fn not_checked_text(item: &NotChecked, characters: usize) -> String {
    let place = match &item.location {
        Some(location) => format!(" {}{}", clipped(&location.path, 120), location.suffix()),
        None => String::new(),
    };
    let needed = if item.required { "needed, " } else { "" };
    let settle = if item.settle.is_empty() {
        String::new()
    } else {
        format!(" — {}", item.settle)
    };
    format!(
        "not checked ({needed}{}){place}: {}{settle}",
        item.code,
        clipped(&item.message, characters)
    )
}

/// A block with an empty line before it, if there is one.
fn spaced(mut block: Vec<String>) -> Vec<String> {
    if !block.is_empty() {
        block.insert(0, String::new());
    }
    block
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests;
