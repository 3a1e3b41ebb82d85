//! Values that scripts of shells without a grammar here run as code.
//!
//! `cmd` puts variables into a line before it reads it. PowerShell and Python do
//! so where they hand a text to another shell or evaluate it; those lines are
//! told by their words, and the lines that set the names in them are read.
//!
//! Sources: <https://learn.microsoft.com/windows-server/administration/windows-commands/cmd>,
//! <https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/invoke-expression>,
//! <https://docs.python.org/3/library/subprocess.html#security-considerations>.

use cofferdam_workflows::documents::text::Text;
use cofferdam_workflows::shell::Shell;

use crate::flow::SinkKind;
use crate::line_writes;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::trail::Trails;

/// Longer scripts are looked at so far.
const MAX_LINES: usize = 2_000;

/// Words of a line of PowerShell, in lower case, that runs a text.
const POWERSHELL: &[&str] = &[
    "bash -c",
    "cmd /c",
    "cmd.exe /c",
    "expandstring(",
    "iex ",
    "iex(",
    "invoke-expression",
    "powershell -c",
    "powershell.exe -c",
    "pwsh -c",
    "scriptblock]::create(",
    "sh -c",
];

/// The same of Python.
const PYTHON: &[&str] = &[
    "eval(",
    "exec(",
    "getoutput(",
    "os.popen(",
    "os.system(",
    "shell=True",
];

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// Lines of a script that run a value.
    pub(crate) fn line_code(
        &self,
        at: &At<'r>,
        text: &'r Text,
        shell: &Shell,
        found: &mut Vec<Reached<'r>>,
    ) {
        for line in text.value.lines().take(MAX_LINES) {
            let names = names(&text.value, line, shell);
            if names.is_empty() {
                continue;
            }
            let start = line.as_ptr().addr() - text.value.as_ptr().addr();
            let span = text.raw_span(at.scope.document(), start..start + line.len());
            let mut trails = Trails::default();
            for name in names {
                trails.extend(self.variable(at.scope, name));
                trails.extend(crate::scripts::default_variable(name));
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
            let written = line.trim().chars().take(80).collect();
            found.push(at.reached(SinkKind::Evaluated, span, written, trails));
        }
    }
}

// The variables of the environment that a line runs.
fn names<'t>(script: &'t str, line: &'t str, shell: &Shell) -> Vec<&'t str> {
    let lower = line.trim_start().to_ascii_lowercase();
    match shell {
        Shell::Cmd if lower.starts_with("rem ") || lower.starts_with("::") => Vec::new(),
        Shell::Cmd => of_cmd(line),
        Shell::PowerShell if POWERSHELL.iter().any(|word| has(&lower, word)) => {
            line_writes::variables(script, line, shell)
        }
        Shell::Python if PYTHON.iter().any(|word| has(line, word)) => {
            line_writes::variables(script, line, shell)
        }
        _ => Vec::new(),
    }
}

// As a word of its own: `get-iex` is not `iex`.
fn has(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or("");
        !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            || !word.starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

// `%NAME%`; `%~1` and `%%i` are none.
fn of_cmd(line: &str) -> Vec<&str> {
    let mut parts = line.split('%').skip(1);
    let mut found = Vec::new();
    while let Some(name) = parts.next() {
        let name = name.split(':').next().unwrap_or("");
        let known =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if known && parts.next().is_some() && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_run_a_text_are_told_from_others() {
        let cases: &[(&str, Shell, &[&str])] = &[
            ("echo %B%", Shell::Cmd, &["B"]),
            ("if \"%B%\"==\"x\" echo %C:~0,3%", Shell::Cmd, &["B", "C"]),
            ("rem %B%", Shell::Cmd, &[]),
            ("for %%i in (*) do echo %%i", Shell::Cmd, &[]),
            ("iex $env:B", Shell::PowerShell, &["B"]),
            ("cmd /c \"echo $env:B\"", Shell::PowerShell, &["B"]),
            (
                "powershell -Command \"echo $env:B\"",
                Shell::PowerShell,
                &["B"],
            ),
            (
                "[scriptblock]::Create($env:B).Invoke()",
                Shell::PowerShell,
                &["B"],
            ),
            ("echo $env:B", Shell::PowerShell, &[]),
            ("os.system('x ' + os.environ['B'])", Shell::Python, &["B"]),
            ("print(os.environ['B'])", Shell::Python, &[]),
        ];
        for (line, shell, expected) in cases {
            assert_eq!(names(line, line, shell), *expected, "{line}");
        }
        let script = "$x = $env:B\niex $x";
        assert_eq!(names(script, "iex $x", &Shell::PowerShell), ["B"]);
    }
}
