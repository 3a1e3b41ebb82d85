//! How much there is to read: our first screen and all our findings beside
//! zizmor's, over the same checkouts. What they hold stays where it is; names
//! and figures alone are written down.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::scanners::{self, Found, Scanner};
use super::{Options, audit};
use crate::error::Error;
use crate::measure;

/// Our words for how bad a finding is, worst first.
const OURS: [&str; 5] = ["critical", "high", "medium", "low", "info"];
/// zizmor's.
const THEIRS: [&str; 4] = ["high", "medium", "low", "informational"];
/// Rules that are named with their share.
const MOST: usize = 8;

/// What is said of one checkout.
struct Row {
    name: String,
    files: usize,
    screen: Screen,
    ours: Side,
    theirs: Side,
}

/// The findings of one scanner.
struct Side {
    code: Option<i32>,
    found: Vec<Found>,
}

/// What the default output for a terminal shows in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Screen {
    /// Groups of findings with one cause, each with why and fix.
    causes: usize,
    /// The findings that they stand for.
    findings: usize,
    /// All lines, the list of other causes included.
    lines: usize,
}

/// Runs both over every checkout that the command line names.
pub(super) fn run(options: &Options) -> Result<String, Error> {
    if options.corpora.is_empty() {
        return Err(Error::Usage(
            "`peers noise` takes `--corpus CHECKOUT`, once for each".to_owned(),
        ));
    }
    let [ours, zizmor] = scanners::both()?;
    let mut rows = Vec::new();
    for (label, folder) in &options.corpora {
        let name = label.replacen('+', "/", 1);
        println!("reading {name}");
        rows.push(row(name, folder, &ours, &zizmor)?);
    }
    let mut text = introduction(&ours, &zizmor, rows.len());
    text += &table(&rows);
    text += &rules("cofferdam", rows.iter().map(|row| &row.ours));
    text += &rules("zizmor", rows.iter().map(|row| &row.theirs));
    Ok(text)
}

fn row(name: String, folder: &Path, ours: &Scanner, zizmor: &Scanner) -> Result<Row, Error> {
    let audit = |arguments: &[&str]| {
        let mut command = Command::new(ours.program());
        command
            .current_dir(folder)
            .args(["audit", ".", "--no-config"]);
        // A clone would say it by its remote.
        if name.contains('/') {
            command.args(["--repository", &name]);
        }
        measure::once(command.args(arguments))
    };
    let shown = audit(&[])?;
    let screen = Screen::read(&String::from_utf8_lossy(&shown.stdout));
    let all = audit(&["--format", "json"])?;
    let theirs = zizmor.run(folder)?;
    Ok(Row {
        files: audit::yaml_paths(folder).len(),
        screen,
        ours: Side {
            code: shown.code,
            found: report(&all.stdout)
                .ok_or_else(|| Error::output(format!("no report on {name}")))?,
        },
        theirs: Side {
            code: theirs.code,
            found: zizmor.findings(&theirs)?,
        },
        name,
    })
}

fn report(json: &[u8]) -> Option<Vec<Found>> {
    let value: Value = serde_json::from_slice(json).ok()?;
    let findings = value.pointer("/reports/0/findings")?.as_array()?;
    let found = |finding: &Value| {
        let text = |key: &str| Some(finding.get(key)?.as_str()?.to_owned());
        Some(Found {
            rule: text("rule")?,
            severity: text("severity")?,
        })
    };
    findings.iter().map(found).collect()
}

impl Screen {
    fn read(text: &str) -> Self {
        let mut screen = Self {
            lines: text.lines().count(),
            ..Self::default()
        };
        let is_rest = |line: &&str| {
            let mut words = line.split(' ');
            let number = words
                .next()
                .is_some_and(|word| word.parse::<usize>().is_ok());
            number && words.next() == Some("more")
        };
        for line in text.lines().take_while(|line| !is_rest(line)) {
            let Some(cause) = OURS.iter().find_map(|word| {
                let rest = line.strip_prefix(word)?;
                rest.starts_with("  ").then(|| rest.trim_start())
            }) else {
                continue;
            };
            let number = cause.split_once("x ").and_then(|(n, _)| n.parse().ok());
            screen.causes += 1;
            screen.findings += number.unwrap_or(1);
        }
        screen
    }
}

impl Side {
    fn count(&self, severity: &str) -> usize {
        let found = self.found.iter();
        found.filter(|one| one.severity == severity).count()
    }

    fn exit(&self) -> String {
        self.code
            .map_or_else(|| "signal".to_owned(), |code| code.to_string())
    }
}

fn introduction(ours: &Scanner, zizmor: &Scanner, count: usize) -> String {
    format!(
        "{count} checkouts that were given by hand; nothing of them is kept here. Both work offline \
         on the same folders and heed no configuration of the project.\n\n\
         | scanner | version | called as |\n|---|---|---|\n\
         | cofferdam | {} | `audit . --no-config --repository OWNER/NAME`, and once more with \
         `--format json` |\n\
         | zizmor | {} | `--offline --no-config --quiet --no-progress --format sarif .`, the \
         regular persona |\n\n\
         The *first screen* is what the audit prints unless it is asked for more: so many causes in \
         full, each with its reason and its fix, and the findings behind them; all others are one \
         line a rule. Counts of findings are no score: the two look for different things.\n\n",
        ours.version, zizmor.version
    )
}

fn table(rows: &[Row]) -> String {
    let mut text =
        "| repository | YAML files | first screen: causes (findings), lines | cofferdam: \
                    critical, high, medium, low, info | exit | zizmor: high, medium, low, \
                    informational | exit |\n|---|--:|---|---|--:|---|--:|\n"
            .to_owned();
    for row in rows {
        let Screen {
            causes,
            findings,
            lines,
        } = row.screen;
        let _ = writeln!(
            text,
            "| {} | {} | {causes} ({findings}), {lines} | {} | {} | {} | {} |",
            row.name,
            row.files,
            counts(&OURS, |word| row.ours.count(word)),
            row.ours.exit(),
            counts(&THEIRS, |word| row.theirs.count(word)),
            row.theirs.exit(),
        );
    }
    let all = |side: fn(&Row) -> &Side, word: &str| -> usize {
        rows.iter().map(|row| side(row).count(word)).sum()
    };
    let sum = |of: fn(&Screen) -> usize| -> usize { rows.iter().map(|row| of(&row.screen)).sum() };
    let _ = writeln!(
        text,
        "| **all** | {} | {} ({}), {} | {} | | {} | |",
        rows.iter().map(|row| row.files).sum::<usize>(),
        sum(|screen| screen.causes),
        sum(|screen| screen.findings),
        sum(|screen| screen.lines),
        counts(&OURS, |word| all(|row| &row.ours, word)),
        counts(&THEIRS, |word| all(|row| &row.theirs, word)),
    );
    text
}

/// Counts by severity, and their sum.
fn counts(words: &[&str], of: impl Fn(&str) -> usize) -> String {
    let each: Vec<usize> = words.iter().map(|word| of(word)).collect();
    let sum: usize = each.iter().sum();
    let each: Vec<String> = each.iter().map(usize::to_string).collect();
    format!("{} = {sum}", each.join(" + "))
}

/// The rules with the most findings, each with its share.
fn rules<'r>(name: &str, sides: impl Iterator<Item = &'r Side>) -> String {
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for found in sides.flat_map(|side| &side.found) {
        *by_rule.entry(&found.rule).or_default() += 1;
    }
    let all: usize = by_rule.values().sum();
    let mut by_count: Vec<_> = by_rule.into_iter().collect();
    by_count.sort_by_key(|(rule, count)| (std::cmp::Reverse(*count), *rule));
    let named: Vec<String> = (by_count.iter().take(MOST))
        .map(|(rule, count)| format!("`{rule}` {count}"))
        .collect();
    format!(
        "\nMost of the {all} findings of {name} are of these rules, of {} that speak: {}.\n",
        by_count.len(),
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_read_up_to_the_list_of_the_rest() {
        let text = "./x: 4 files; 1 high, 20 low\n\n\
                    high      job `a` runs it [untrusted-checkout]\n          Why: high stakes\n\n\
                    medium    4x jobs of releases that restore a cache [release-cache]\n\n\
                    2 more causes:\nlow       19x template-injection\n";
        let expected = Screen {
            causes: 2,
            findings: 5,
            lines: 9,
        };
        assert_eq!(Screen::read(text), expected);
        assert_eq!(Screen::read("./x: clean\n").causes, 0);
    }

    #[test]
    fn counts_are_added_up() {
        assert_eq!(counts(&["a", "b"], |word| word.len()), "1 + 1 = 2");
    }
}
