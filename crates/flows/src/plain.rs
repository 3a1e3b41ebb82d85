//! Scripts of shells without a grammar here: PowerShell, Python, cmd.
//!
//! They are read line by line, as JavaScript is: a line that sets a name in the
//! runner's file, and the lines that set the names in it. What is found is
//! there; that nothing is found proves nothing, and such scripts stay sinks for
//! what GitHub splices into them.

use cofferdam_workflows::documents::Step;
use cofferdam_workflows::semantics::lookups;

use crate::scope::Scope;
use crate::trace::{Tracer, output_name};
use crate::trail::{Trail, Trails};
use crate::writes::EnvFile;

/// How a variable of the environment is written.
const OPENERS: &[&str] = &[
    "$env:",
    "${env:",
    "environ[\"",
    "environ['",
    "environ.get(\"",
    "environ.get('",
    "getenv(\"",
    "getenv('",
    "%",
];

/// Words after which nothing free is left.
const CLEANING: &[&str] = &[
    "-eq ",
    "-ne ",
    "-match ",
    "-like ",
    ".Length",
    ".Count",
    "Get-FileHash",
    "len(",
    "int(",
    "hashlib",
    "[int]",
];

impl<'s, 'r: 's> Tracer<'s, 'r> {
    pub(crate) fn set_by_lines(
        &self,
        scope: Scope<'r>,
        step: &'r Step,
        file: EnvFile,
        name: Option<&str>,
    ) -> Vec<Trail<'r>> {
        let (Some(text), Some(name)) = (step.script(), name) else {
            return Vec::new();
        };
        if !text.value.contains(file.variable()) {
            return Vec::new();
        }
        let target = match file {
            EnvFile::Output => output_name(step, name),
            EnvFile::Environment => format!("the variable `{name}`"),
            EnvFile::Path => "the path".to_owned(),
        };
        let counts = |piece: &str| !is_cleaned(piece);
        let mut found = Trails::default();
        for piece in lookups::pieces(&text.value, name, &counts).pieces {
            let start = piece.as_ptr().addr() - text.value.as_ptr().addr();
            let span = text.raw_span(scope.document(), start..start + piece.len());
            let mut trails = Vec::new();
            for (embedded, expr) in text.parsed() {
                if embedded.range.start >= start && embedded.range.end <= start + piece.len() {
                    trails.extend(self.expression(scope, expr, span));
                }
            }
            for variable in variables(piece) {
                trails.extend(self.variable(scope, variable));
            }
            trails.extend(self.files_of_code(scope, piece));
            for mut trail in trails {
                trail.place = Some((scope.file(), span));
                for condition in scope.conditions() {
                    trail.guard(condition);
                }
                found.push(trail.put(&target));
            }
        }
        self.take(found)
    }
}

/// Whether a piece leaves nothing free.
pub(crate) fn is_cleaned(piece: &str) -> bool {
    // `print(` is not `int(`.
    let whole = |at: usize, word: &str| {
        let before = piece.get(..at).unwrap_or("");
        !(word.ends_with('(') && before.ends_with(|c: char| c.is_ascii_alphanumeric()))
    };
    CLEANING
        .iter()
        .any(|word| piece.match_indices(word).any(|(at, _)| whole(at, word)))
}

/// Variables of the environment that a piece reads.
pub(crate) fn variables(piece: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for opener in OPENERS {
        for rest in piece.split(opener).skip(1) {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            if let Some(name) = rest.get(..end).filter(|name| !name.is_empty())
                && !found.contains(&name)
            {
                found.push(name);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_three_languages() {
        assert_eq!(
            variables("$env:TITLE\" >> $env:GITHUB_OUTPUT"),
            ["TITLE", "GITHUB_OUTPUT"]
        );
        assert_eq!(
            variables("os.environ['TITLE'] + os.getenv(\"B\")"),
            ["TITLE", "B"]
        );
        assert_eq!(
            variables("%TITLE%>>%GITHUB_OUTPUT%"),
            ["TITLE", "GITHUB_OUTPUT"]
        );
    }
}
