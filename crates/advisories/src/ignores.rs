//! What a project has decided to live with, in the file of OSV's own scanner.
//!
//! Source: osv-scanner, documentation, "Configuration": `osv-scanner.toml` in the
//! folder of a lockfile holds for that lockfile. What is ignored stays in the output
//! with its reason; what has expired is said, so that it can be taken out.

use cofferdam_facts::{SourceFile, Span, Timestamp};
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

/// The name of the file.
pub const FILE: &str = "osv-scanner.toml";

/// What one file ignores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignores {
    /// The path of the file, relative to the root of the checkout.
    pub path: String,
    /// Advisories.
    pub advisories: Vec<Ignore>,
    /// Packages.
    pub packages: Vec<PackageIgnore>,
    /// The version of Go that builds, where the file says it.
    pub go_version: Option<String>,
}

/// One advisory that is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// Its id, or one of its aliases.
    pub id: String,
    /// From when on it is not ignored any more.
    pub until: Option<Timestamp>,
    /// Why, as the file says.
    pub reason: Option<String>,
    /// The line.
    pub line: usize,
}

/// Packages that are ignored, whatever is said of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackageIgnore {
    /// Their name; any where none is said.
    pub name: Option<String>,
    /// Their version; any where none is said.
    pub version: Option<String>,
    /// Their ecosystem, in OSV's word; any where none is said.
    pub ecosystem: Option<String>,
    /// The group that asks for them; any where none is said.
    pub group: Option<String>,
    /// From when on they are not ignored any more.
    pub until: Option<Timestamp>,
    /// Why, as the file says.
    pub reason: Option<String>,
    /// The line.
    pub line: usize,
}

/// Why a file of ignores cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: line {line}: {what}")]
pub struct IgnoreError {
    /// The file.
    pub path: String,
    /// The line.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "IgnoredVulns")]
    advisories: Vec<Spanned<One>>,
    #[serde(default, rename = "PackageOverrides")]
    packages: Vec<Spanned<Override>>,
    #[serde(default, rename = "GoVersionOverride")]
    go_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    id: String,
    #[serde(default, rename = "ignoreUntil")]
    until: Option<Datetime>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    ecosystem: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    ignore: bool,
    #[serde(default)]
    vulnerability: Switch,
    #[serde(default, rename = "license")]
    _licence: Option<toml::Table>,
    #[serde(default, rename = "effectiveUntil")]
    until: Option<Datetime>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    #[serde(default)]
    ignore: bool,
}

impl Ignores {
    /// Reads a file.
    ///
    /// # Errors
    /// [`IgnoreError`]: it is no TOML, or has a key that is not known, whose meaning
    /// may be to ignore less.
    pub fn parse(file: &SourceFile) -> Result<Self, IgnoreError> {
        let line_of = |range: std::ops::Range<usize>| {
            let at = Span::new(range.start, range.end).start;
            file.line_column(at).0
        };
        let wrong = |line, what: &str| IgnoreError {
            path: file.path().to_owned(),
            line,
            what: what.to_owned(),
        };
        let read: File = toml::from_str(file.text()).map_err(|error| {
            let line = error.span().map_or(1, line_of);
            wrong(line, error.message())
        })?;
        let mut ignores = Self {
            path: file.path().to_owned(),
            go_version: read.go_version,
            ..Self::default()
        };
        for one in read.advisories {
            let line = line_of(one.span());
            let one = one.into_inner();
            let until = end(one.until).map_err(|what| wrong(line, what))?;
            ignores.advisories.push(Ignore {
                id: one.id,
                until,
                reason: one.reason,
                line,
            });
        }
        for one in read.packages {
            let line = line_of(one.span());
            let one = one.into_inner();
            // What overrides licences alone says nothing of weaknesses.
            if !one.ignore && !one.vulnerability.ignore {
                continue;
            }
            let until = end(one.until).map_err(|what| wrong(line, what))?;
            ignores.packages.push(PackageIgnore {
                name: one.name,
                version: one.version,
                ecosystem: one.ecosystem,
                group: one.group,
                until,
                reason: one.reason,
                line,
            });
        }
        Ok(ignores)
    }
}

fn end(until: Option<Datetime>) -> Result<Option<Timestamp>, &'static str> {
    let Some(until) = until else {
        return Ok(None);
    };
    let mut text = until.to_string();
    if until.time.is_some() && until.offset.is_none() {
        // A local time is of no zone; UTC is what the scanner takes.
        text.push('Z');
    }
    match Timestamp::parse(&text) {
        Some(time) => Ok(Some(time)),
        None => Err("the end is neither a date nor a time"),
    }
}

impl Ignore {
    /// Whether it still holds.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl PackageIgnore {
    /// Whether it still holds.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether a package is meant.
    #[must_use]
    pub fn is_of(&self, ecosystem: &str, name: &str, version: &str, groups: &[String]) -> bool {
        let fits = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        fits(&self.ecosystem, crate::base(ecosystem))
            && fits(&self.name, name)
            && fits(&self.version, version)
            && (self.group.as_ref()).is_none_or(|group| groups.contains(group))
    }
}

#[cfg(test)]
#[expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Ignores, IgnoreError> {
        Ignores::parse(&SourceFile::new("a/osv-scanner.toml", text))
    }

    #[test]
    fn the_files_of_the_scanner_are_read_as_they_are() {
        let found = parse(
            "GoVersionOverride = \"1.25.3\"\n\n[[IgnoredVulns]]\nid = \"GO-2022-0968\"\n\
             ignoreUntil = 2022-11-09\nreason = \"No ssh servers\"\n\n[[IgnoredVulns]]\n\
             id = \"GHSA-x\"\nignoreUntil = 2099-01-01T00:00:00Z\n\n[[PackageOverrides]]\n\
             name = \"lib\"\necosystem = \"Go\"\nvulnerability.ignore = true\n\n\
             [[PackageOverrides]]\nname = \"other\"\nlicense.override = [\"MIT\"]\n",
        )
        .unwrap();
        let now = Timestamp::parse("2026-01-01").unwrap();
        let holds: Vec<_> = (found.advisories.iter())
            .map(|one| (one.id.as_str(), one.line, one.holds(now)))
            .collect();
        assert_eq!(holds, [("GO-2022-0968", 3, false), ("GHSA-x", 8, true)]);
        let [lib] = found.packages.as_slice() else {
            panic!("{found:?}")
        };
        assert!(lib.is_of("Go", "lib", "v1", &[]) && !lib.is_of("npm", "lib", "v1", &[]));
        assert_eq!(found.go_version.as_deref(), Some("1.25.3"));
        assert_eq!(parse("").unwrap().advisories, []);
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (text, line) in [
            (
                "[[IgnoredVulns]]\nid = \"a\"\nignoreuntil = 2022-11-09\n",
                3,
            ),
            ("x = 1\n", 1),
            ("[[IgnoredVulns]]\nid = \"a\"\nignoreUntil = 12:00:00\n", 1),
            ("[[IgnoredVulns]\n", 1),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(
                (error.line, error.path.as_str()),
                (line, "a/osv-scanner.toml"),
                "{error}"
            );
        }
    }
}
