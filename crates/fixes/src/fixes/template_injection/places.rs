//! What stands in the place of an expression, by what is quoted around it.

use std::ops::Range;

use cofferdam_rules::Context;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::shell::{self, Command, Script, Shell};

use crate::fix::NoFix;
use crate::quoting::{self, Around, bash, javascript, powershell};

/// The language of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    Bash,
    PowerShell,
    JavaScript,
}

/// Everything that is replaced, and what has to be checked for it.
#[derive(Debug, Default)]
pub(super) struct Replacements {
    pub(super) parts: Vec<(Range<usize>, String)>,
    pub(super) checks: Vec<String>,
}

/// Replaces each place of the same expression in a script.
pub(super) fn replacements(
    text: &Text,
    written: &str,
    name: &str,
    speech: Speech,
    cx: &Context<'_>,
    path: &str,
    step: &Step,
) -> Result<Replacements, NoFix> {
    let expressions: Vec<Range<usize>> = text
        .expressions
        .iter()
        .map(|one| one.range.clone())
        .collect();
    let quoted = quoting::Text {
        text: &text.value,
        expressions: &expressions,
    };
    let same = |range: &&Range<usize>| {
        let other = text.value.get((*range).clone()).unwrap_or_default();
        other.split_whitespace().eq(written.split_whitespace())
    };
    let mut all = Replacements::default();
    for range in expressions.iter().filter(same) {
        match speech {
            Speech::Bash => {
                let script = cx.script(path, step).ok_or(NoFix::NoPlace)?;
                of_bash(&quoted, script, range, name, &mut all)?;
            }
            Speech::PowerShell => of_powershell(&quoted, range, name, &mut all)?,
            Speech::JavaScript => of_javascript(&quoted, written, range, name, &mut all)?,
        }
    }
    if speech == Speech::Bash {
        same_commands(&text.value, cx.script(path, step), &all)?;
    }
    Ok(all)
}

fn of_bash(
    text: &quoting::Text<'_>,
    script: &Script,
    range: &Range<usize>,
    name: &str,
    all: &mut Replacements,
) -> Result<(), NoFix> {
    let inside = |of: &Range<usize>| of.start <= range.start && range.end <= of.end;
    let around = bash::around(text, range);
    // The innermost command.
    let command = (script.commands.iter())
        .filter(|command| inside(&command.range))
        .min_by_key(|command| command.range.len());
    if let Some(command) = command {
        if inside(&command.name.range) && around != Around::Comment {
            return Err(NoFix::not_here("the script runs the value as a command"));
        }
        if let Some(program) = takes_code(command) {
            all.checks.push(format!(
                "`{program}` does not take the text for code of its own"
            ));
        }
    }
    let variable = format!("${{{name}}}");
    let part = match around {
        Around::Open | Around::Comment => (range.clone(), variable),
        Around::Closed { whole: true, .. } => {
            (range.start - 1..range.end + 1, format!("\"{variable}\""))
        }
        Around::Closed { whole: false, .. } => (range.clone(), format!("'\"{variable}\"'")),
        Around::Bare => {
            let line = text
                .text
                .get(..range.start)
                .and_then(|t| t.rsplit('\n').next());
            if line.is_some_and(loops) {
                return Err(NoFix::not_here("a loop splits the value into words"));
            }
            if !assigns(line.unwrap_or_default()) {
                all.checks
                    .push("the value is one word, and never to be split or left out".into());
            }
            (range.clone(), format!("\"{variable}\""))
        }
        Around::No(reason) => return Err(NoFix::not_here(reason)),
    };
    all.parts.push(part);
    Ok(())
}

/// Whether a line up to a place is the head of a loop over words.
fn loops(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words
        .windows(3)
        .any(|three| matches!(three, ["for" | "select", _, "in"]))
}

/// Whether a place is all of the value of an assignment, which is never split.
fn assigns(line: &str) -> bool {
    let word = line
        .rsplit([' ', '\t', ';', '&', '|', '('])
        .next()
        .unwrap_or_default();
    word.strip_suffix('=').is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// The program of a command whose arguments may be code.
fn takes_code(command: &Command) -> Option<&str> {
    const PROGRAMS: &[&str] = &[
        "awk",
        "bash",
        "docker",
        "eval",
        "gawk",
        "jq",
        "kubectl",
        "mysql",
        "node",
        "perl",
        "php",
        "podman",
        "powershell",
        "psql",
        "pwsh",
        "python",
        "python3",
        "ruby",
        "sed",
        "sh",
        "sqlite3",
        "ssh",
        "su",
        "yq",
        "zsh",
    ];
    let name = command.effective().0.file_name()?;
    PROGRAMS.binary_search(&name).is_ok().then_some(name)
}

/// Whether the script is made of the same commands afterwards.
fn same_commands(text: &str, before: Option<&Script>, all: &Replacements) -> Result<(), NoFix> {
    let mut new = text.to_owned();
    for (range, part) in all.parts.iter().rev() {
        if new.get(range.clone()).is_some() {
            new.replace_range(range.clone(), part);
        }
    }
    let after = shell::parse(&new, &Shell::Bash);
    let names = |script: &Script| -> Vec<String> {
        (script.commands.iter())
            .map(|c| c.name.text.clone())
            .collect()
    };
    let same = before.is_some_and(|before| names(before) == names(&after));
    if after.understood && same {
        return Ok(());
    }
    Err(NoFix::not_here(
        "the script would be made of other commands",
    ))
}

fn of_powershell(
    text: &quoting::Text<'_>,
    range: &Range<usize>,
    name: &str,
    all: &mut Replacements,
) -> Result<(), NoFix> {
    let variable = format!("${{env:{name}}}");
    let part = match powershell::around(text, range) {
        Around::Open | Around::Comment => (range.clone(), variable),
        Around::Closed { whole: true, .. } => (range.start - 1..range.end + 1, variable),
        Around::Closed { whole: false, .. } => {
            return Err(NoFix::not_here("single quotes put no variable in"));
        }
        Around::Bare => {
            all.checks
                .push("the value is one text, and no number or code".to_owned());
            (range.clone(), variable)
        }
        Around::No(reason) => return Err(NoFix::not_here(reason)),
    };
    all.checks
        .push("the place is quoted as it looks, for PowerShell is not parsed".to_owned());
    all.parts.push(part);
    Ok(())
}

fn of_javascript(
    text: &quoting::Text<'_>,
    written: &str,
    range: &Range<usize>,
    name: &str,
    all: &mut Replacements,
) -> Result<(), NoFix> {
    let variable = format!("process.env.{name}");
    let part = match javascript::around(text, range) {
        Around::Closed { whole: true, .. } => (range.start - 1..range.end + 1, variable),
        Around::Closed { quote: '`', .. } => (range.clone(), format!("${{{variable}}}")),
        Around::Closed { quote, .. } => {
            let method = text.byte(range.end) == Some(b'.');
            if method {
                return Err(NoFix::not_here("a method is called on the string"));
            }
            (range.clone(), format!("{quote} + {variable} + {quote}"))
        }
        Around::Bare => {
            let lower: String = written.to_ascii_lowercase().split_whitespace().collect();
            if lower.starts_with("${{tojson(") {
                (range.clone(), format!("JSON.parse({variable})"))
            } else {
                all.checks
                    .push("the code takes the value as a text".to_owned());
                (range.clone(), variable)
            }
        }
        Around::Comment => (range.clone(), variable),
        Around::Open => return Err(NoFix::NoPlace),
        Around::No(reason) => return Err(NoFix::not_here(reason)),
    };
    all.parts.push(part);
    Ok(())
}
