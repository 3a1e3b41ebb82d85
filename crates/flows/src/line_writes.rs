//! Writes into the runner's files by scripts of shells without a grammar here.
//!
//! Only the plain forms are known: in PowerShell and cmd one line that appends
//! to the file, in Python a file that is opened by its variable and written to.
//! The rest of such scripts is not read, which is said elsewhere.

use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::shell::Shell;

use crate::class::Class;
use crate::evaluated;
use crate::flow::SinkKind;
use crate::plain;
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::trail::Trails;
use crate::writes::EnvFile;

/// Longer scripts are looked at so far.
const MAX_LINES: usize = 2_000;

/// Words by which PowerShell and cmd append.
const APPENDING: &[&str] = &[
    ">>",
    "add-content",
    "out-file",
    "appendalltext",
    "set-content",
    "tee-object",
];

/// A line that writes.
#[derive(Debug, PartialEq, Eq)]
struct Line<'t> {
    file: EnvFile,
    text: &'t str,
    name: Option<&'t str>,
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    pub(crate) fn line_writes(
        &self,
        at: &At<'r>,
        text: &'r Text,
        shell: &Shell,
        found: &mut Vec<Reached<'r>>,
    ) {
        for line in of_script(&text.value, shell) {
            let start = line.text.as_ptr().addr() - text.value.as_ptr().addr();
            let span = text.raw_span(at.scope.document(), start..start + line.text.len());
            let mut trails = Trails::default();
            for variable in variables(&text.value, line.text, shell) {
                trails.extend(self.variable(at.scope, variable));
            }
            let mut trails = self.take(trails);
            if trails.is_empty() {
                continue;
            }
            for trail in &mut trails {
                trail.place = Some((at.scope.file(), span));
                for condition in at.scope.conditions() {
                    trail.guard(condition);
                }
            }
            let kind = kind_of(line.file);
            let written = line.text.trim().chars().take(80).collect();
            let mut reached = at.reached(kind, span, written, trails);
            reached.sink.holds_up_to = holds_up_to(line.name);
            line.name.unwrap_or("").clone_into(&mut reached.sink.input);
            found.push(reached);
        }
    }
}

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// The same by code of Python that a shell's script holds.
    pub(crate) fn writes_of_code(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for command in &running.script.commands {
            let (program, _) = command.effective();
            if !matches!(program.file_name(), Some("python" | "python3")) {
                continue;
            }
            let words = evaluated::code_words(command).into_iter();
            for word in words.chain(&command.heredoc) {
                for line in of_script(&word.text, &Shell::Python) {
                    let mut trails = Trails::default();
                    for name in variables(&word.text, line.text, &Shell::Python) {
                        trails.extend(self.shell_variable(running, name, &mut Vec::new()));
                    }
                    let mut trails = self.take(trails);
                    if trails.is_empty() {
                        continue;
                    }
                    let span = running.span(word.range.clone());
                    for trail in &mut trails {
                        trail.place = Some((at.scope.file(), span));
                    }
                    let written = running.shown(line.text.trim());
                    let mut reached = at.reached(kind_of(line.file), span, written, trails);
                    reached.sink.holds_up_to = holds_up_to(line.name);
                    line.name.unwrap_or("").clone_into(&mut reached.sink.input);
                    found.push(reached);
                }
            }
        }
    }
}

fn kind_of(file: EnvFile) -> SinkKind {
    match file {
        EnvFile::Environment => SinkKind::EnvironmentFile,
        EnvFile::Path => SinkKind::PathFile,
        EnvFile::Output => SinkKind::OutputFile,
    }
}

// One line keeps to its line where a name stands before it.
fn holds_up_to(name: Option<&str>) -> Class {
    match name {
        Some(_) => Class::Line,
        None => Class::Word,
    }
}

fn of_script<'t>(text: &'t str, shell: &Shell) -> Vec<Line<'t>> {
    if !EnvFile::ALL
        .iter()
        .any(|file| text.contains(file.variable()))
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut opened: Vec<(&str, EnvFile)> = Vec::new();
    for line in text.lines().take(MAX_LINES) {
        let named = EnvFile::ALL
            .into_iter()
            .find(|file| line.contains(file.variable()));
        let file = match shell {
            Shell::Python => {
                if let Some(file) = named.filter(|_| line.contains("open(")) {
                    opened.extend(alias(line).map(|name| (name, file)));
                }
                let written = opened.iter().find(|(name, _)| writes(line, name));
                written
                    .map(|(_, file)| *file)
                    .or(named.filter(|_| line.contains(").write(")))
            }
            _ => {
                let lower = line.to_ascii_lowercase();
                named.filter(|_| APPENDING.iter().any(|word| lower.contains(word)))
            }
        };
        if let Some(file) = file {
            let name = name(line).filter(|_| file != EnvFile::Path);
            found.push(Line {
                file,
                text: line,
                name,
            });
        }
    }
    found
}

// `with open(…) as NAME:`, `NAME = open(…)`
fn alias(line: &str) -> Option<&str> {
    let name = match line.rsplit_once(" as ") {
        Some((_, name)) => name.trim().trim_end_matches(':'),
        None => line.split_once('=')?.0.trim(),
    };
    is_name(name).then_some(name)
}

fn writes(line: &str, name: &str) -> bool {
    let words = [
        format!("{name}.write("),
        format!("{name}.writelines("),
        format!("file={name}"),
    ];
    words.iter().any(|word| line.contains(word.as_str()))
}

// The name of `"NAME=…"`, `'NAME=' +`, `echo NAME=`.
fn name(line: &str) -> Option<&str> {
    let (before, _) = line.split_once('=').filter(|(before, _)| {
        let quotes = before.matches(['"', '\'']).count();
        quotes % 2 == 1 || before.trim_start().starts_with("echo")
    })?;
    let start = before
        .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
        .map_or(0, |at| at + 1);
    before.get(start..).filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

// Variables of the environment in the line, and in the lines that set the
// names in it.
pub(crate) fn variables<'t>(text: &'t str, line: &'t str, shell: &Shell) -> Vec<&'t str> {
    let mut found = Vec::new();
    if plain::is_cleaned(line) {
        return found;
    }
    found.extend(plain::variables(line));
    let sign = if *shell == Shell::PowerShell { "$" } else { "" };
    for other in text.lines().take(MAX_LINES) {
        let Some((target, value)) = other.split_once('=') else {
            continue;
        };
        let target = target.trim();
        let local = target.strip_prefix(sign).unwrap_or("");
        let used = is_name(local)
            && line
                .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '$' | ':'))
                .any(|word| word == target);
        if used && !plain::is_cleaned(value) {
            found.extend(plain::variables(value));
        }
    }
    found.retain(|name| !EnvFile::ALL.iter().any(|file| file.variable() == *name));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, shell: &Shell) -> Vec<String> {
        let lines = of_script(text, shell);
        let shown = lines.iter().map(|line| {
            let variables = variables(text, line.text, shell).join(",");
            format!("{:?} {} {variables}", line.file, line.name.unwrap_or("-"))
        });
        shown.collect()
    }

    #[test]
    fn plain_forms_of_three_shells() {
        let cases = [
            (
                "\"V=$env:T\" >> $env:GITHUB_ENV",
                Shell::PowerShell,
                "Environment V T",
            ),
            (
                "$x = $env:T\n\"V=$x\" | Out-File $env:GITHUB_OUTPUT -Append",
                Shell::PowerShell,
                "Output V T",
            ),
            (
                "Add-Content $env:GITHUB_PATH $env:T",
                Shell::PowerShell,
                "Path - T",
            ),
            ("echo V=%T%>>%GITHUB_ENV%", Shell::Cmd, "Environment V T"),
            (
                "with open(os.environ['GITHUB_ENV'], 'a') as f:\n  f.write('V=' + os.environ['T'])",
                Shell::Python,
                "Environment V T",
            ),
            (
                "t = os.getenv('T')\nf = open(os.environ[\"GITHUB_OUTPUT\"], 'a')\nprint(f'V={t}', file=f)",
                Shell::Python,
                "Output V T",
            ),
        ];
        for (text, shell, expected) in cases {
            assert_eq!(shown(text, &shell), [expected], "{text}");
        }
        let none = [
            ("\"V=$env:T\" -match $env:GITHUB_ENV", Shell::PowerShell),
            ("print(os.environ['GITHUB_ENV'])", Shell::Python),
        ];
        for (text, shell) in none {
            assert_eq!(shown(text, &shell), Vec::<String>::new(), "{text}");
        }
        let number = "\"V=$([int]$env:T)\" >> $env:GITHUB_ENV";
        assert_eq!(shown(number, &Shell::PowerShell), ["Environment V "]);
    }
}
