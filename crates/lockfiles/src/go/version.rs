//! The version of the Go language, as `go` directives name it.

use std::fmt;

/// A version of the language, ordered by age: `1.17`, `1.21rc2`, `1.22.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoVersion {
    major: u32,
    minor: u32,
    /// A release candidate comes before the release: its number stands here,
    /// and `u32::MAX` for a release.
    candidate: u32,
    patch: u32,
}

impl GoVersion {
    /// What a module has that names none.
    ///
    /// Source: Go modules reference, `go` directive.
    pub const UNNAMED: Self = Self::release(1, 16);
    /// From here on `modules.txt` marks what `go.mod` requires.
    pub const MARKS_EXPLICIT: Self = Self::release(1, 14);
    /// From here on `go mod vendor` leaves out `go.mod` and `go.sum` of the
    /// dependencies, and names their Go versions.
    pub const LEAVES_OUT_GO_MOD: Self = Self::release(1, 17);
    /// From here on files that only tests embed are left out.
    pub const LEAVES_OUT_TEST_EMBEDS: Self = Self::release(1, 22);

    const fn release(major: u32, minor: u32) -> Self {
        Self {
            major,
            minor,
            candidate: u32::MAX,
            patch: 0,
        }
    }

    /// Reads a version; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, rest) = text.split_once('.')?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (minor, rest) = rest.split_at_checked(end)?;
        let mut version = Self::release(number(major)?, number(minor)?);
        if rest.is_empty() {
            return Some(version);
        }
        if let Some(patch) = rest.strip_prefix('.') {
            version.patch = number(patch)?;
        } else if let Some(candidate) = rest.strip_prefix("rc") {
            version.candidate = number(candidate)?;
        } else if let Some(beta) = rest.strip_prefix("beta") {
            // A beta comes before the candidates; there never were ten thousand.
            number(beta)?;
            version.candidate = 0;
        } else {
            return None;
        }
        Some(version)
    }

    /// Reads what older versions of Go let pass in the `go.mod` of a
    /// dependency: a `v` before the version, and anything behind it.
    ///
    /// Source: golang.org/x/mod, package `modfile`, `ParseLax`.
    #[must_use]
    pub fn parse_lax(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (major, rest) = text.split_once('.')?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (minor, _) = rest.split_at_checked(end)?;
        Some(Self::release(number(major)?, number(minor)?))
    }
}

fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for GoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.candidate != u32::MAX {
            return write!(f, "rc{}", self.candidate);
        }
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_age() {
        let ordered = ["1.9", "1.16", "1.17", "1.21rc2", "1.21", "1.21.3", "1.22"];
        let read: Vec<_> = ordered
            .iter()
            .map(|v| GoVersion::parse(v).unwrap())
            .collect();
        assert!(read.is_sorted());
        for wrong in [
            "",
            "1",
            "1.",
            "v1.2",
            "1.x",
            "1.2.",
            "1.2-x",
            "99999999999.1",
        ] {
            assert_eq!(GoVersion::parse(wrong), None, "{wrong}");
        }
    }
}
