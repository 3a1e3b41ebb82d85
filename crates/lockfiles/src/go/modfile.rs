//! `go.mod`: what a module requires, and what it puts in the place of what.
//!
//! Source: Go modules reference, section "go.mod files".

use super::statements::{Statement, statements};
use super::{GoVersion, ModuleVersion};
use crate::mistake::Mistake;

/// One `require`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    /// What is required, with a version.
    pub module: ModuleVersion,
    /// Whether only another dependency needs it.
    pub indirect: bool,
    /// The one-based line.
    pub line: usize,
}

/// One `replace`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replace {
    /// What is replaced; without a version, every one.
    pub old: ModuleVersion,
    /// What stands in its place: a module with a version, or a folder.
    pub new: ModuleVersion,
    /// The one-based line.
    pub line: usize,
}

/// What vendoring needs to know of a `go.mod`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoMod {
    /// The path of the module itself.
    pub module: Option<String>,
    /// The version of the language that it names.
    pub go: Option<GoVersion>,
    /// What it requires, in order of lines.
    pub require: Vec<Require>,
    /// What it replaces, in order of lines.
    pub replace: Vec<Replace>,
    /// Versions that do not count, whoever requires them.
    pub exclude: Vec<ModuleVersion>,
}

impl GoMod {
    /// Reads a file. Statements that say nothing about vendoring are skipped.
    ///
    /// # Errors
    /// A [`Mistake`] with its place.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let mut file = Self::default();
        for statement in statements(text)? {
            match statement.verb.as_str() {
                "module" => {
                    let path = statement.word(0);
                    let path = path.ok_or_else(|| statement.expected("the path of the module"))?;
                    file.module = Some(path.to_owned());
                }
                "go" => file.go = Some(go(&statement)?),
                "require" => file.require.push(require(&statement)?),
                "replace" => file.replace.push(replace(&statement)?),
                "exclude" => match statement.words.as_slice() {
                    [path, version] => file.exclude.push(ModuleVersion::new(path, version)),
                    _ => return Err(statement.expected("a module path and its version")),
                },
                _ => {}
            }
        }
        Ok(file)
    }

    /// The version of the language whose rules hold.
    #[must_use]
    pub fn go(&self) -> GoVersion {
        self.go.unwrap_or(GoVersion::UNNAMED)
    }
}

pub(super) fn go(statement: &Statement) -> Result<GoVersion, Mistake> {
    statement
        .word(0)
        .and_then(|word| GoVersion::parse(word).or_else(|| GoVersion::parse_lax(word)))
        .ok_or_else(|| statement.expected("a version of Go, as in `1.24`"))
}

fn require(statement: &Statement) -> Result<Require, Mistake> {
    let [path, version] = statement.words.as_slice() else {
        return Err(statement.expected("a module path and its version"));
    };
    Ok(Require {
        module: ModuleVersion::new(path, version),
        indirect: statement.comment == "indirect" || statement.comment.starts_with("indirect;"),
        line: statement.line,
    })
}

pub(super) fn replace(statement: &Statement) -> Result<Replace, Mistake> {
    let what = "`MODULE [VERSION] => MODULE VERSION` or `=> ./FOLDER`";
    let wrong = || statement.expected(what);
    let arrow = statement.words.iter().position(|word| word == "=>");
    let arrow = arrow.ok_or_else(wrong)?;
    let side = |words: &[String]| match words {
        [path] => Some(ModuleVersion {
            path: path.clone(),
            version: None,
        }),
        [path, version] => Some(ModuleVersion::new(path, version)),
        _ => None,
    };
    let (old, new) = statement.words.split_at_checked(arrow).ok_or_else(wrong)?;
    let old = side(old).ok_or_else(wrong)?;
    let new = side(new.get(1..).unwrap_or_default()).ok_or_else(wrong)?;
    if new.version.is_none() && !new.is_folder() {
        return Err(wrong());
    }
    Ok(Replace {
        old,
        new,
        line: statement.line,
    })
}

/// The replacement that holds for a module: one for its version before one
/// for every version.
#[must_use]
pub fn replacement<'r>(replace: &'r [Replace], module: &ModuleVersion) -> Option<&'r Replace> {
    let of = |exact: bool| {
        replace.iter().rev().find(|one| {
            one.old.path == module.path
                && if exact {
                    one.old.version.is_some() && one.old.version == module.version
                } else {
                    one.old.version.is_none()
                }
        })
    };
    of(true).or_else(|| of(false))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const FILE: &str = "\
module example.org/m // a comment

go 1.22.0

toolchain go1.24.1

require example.org/a v1.0.0
require (
\texample.org/b v1.2.3 // indirect
\t\"example.org/c\" v0.0.0-20200101000000-0123456789ab
)
exclude example.org/x v1.0.0
replace (
\texample.org/a => ./a
\texample.org/b v1.2.3 => example.org/fork/b v1.2.4
)
retract [v1.0.0, v1.1.0]
";

    #[test]
    fn a_file_is_read() {
        let file = GoMod::parse(FILE).unwrap();
        assert_eq!(file.module.as_deref(), Some("example.org/m"));
        assert_eq!(file.go().to_string(), "1.22");
        let names: Vec<_> = file
            .require
            .iter()
            .map(|one| (one.module.to_string(), one.indirect, one.line))
            .collect();
        assert_eq!(
            names,
            [
                ("example.org/a@v1.0.0".to_owned(), false, 7),
                ("example.org/b@v1.2.3".to_owned(), true, 9),
                (
                    "example.org/c@v0.0.0-20200101000000-0123456789ab".to_owned(),
                    false,
                    10
                ),
            ]
        );
        let of = |path: &str, version: &str| {
            replacement(&file.replace, &ModuleVersion::new(path, version))
                .map(|one| one.new.to_string())
        };
        assert_eq!(of("example.org/a", "v9.0.0").as_deref(), Some("./a"));
        assert_eq!(
            of("example.org/b", "v1.2.3").as_deref(),
            Some("example.org/fork/b@v1.2.4")
        );
        assert_eq!(of("example.org/b", "v1.2.5"), None);
        assert_eq!(
            file.exclude,
            [ModuleVersion::new("example.org/x", "v1.0.0")]
        );
        let old = |text: &str| GoMod::parse(text).unwrap().go().to_string();
        assert_eq!(old("go v1.12\n"), "1.12");
        assert_eq!(old("go 1.15.x\n"), "1.15");
    }

    #[test]
    fn mistakes_have_places() {
        let said = |text: &str| GoMod::parse(text).unwrap_err().to_string();
        assert_eq!(
            said("module m\nrequire example.org/a\n"),
            "line 2, column 1: expected a module path and its version, and found `example.org/a`"
        );
        assert_eq!(
            said("require (\n"),
            "line 1, column 1: the block that begins here has no end"
        );
        assert_eq!(
            said("module \"m\n"),
            "line 1, column 8: the quoted word has no end"
        );
        assert_eq!(
            said("module m\n<<<<<<< HEAD\n"),
            "line 2, column 1: a merge has left its marks here"
        );
        assert!(said("replace a => b\n").contains("expected `MODULE"));
        assert!(said("go x\n").contains("a version of Go"));
    }
}
