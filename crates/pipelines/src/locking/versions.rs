//! Versions as tags of actions name them: `v4`, `v4.2`, `v4.2.1`, `4.2.1-rc.1`.

/// A version. An option of it orders tags that are none before all others.
///
/// Whole versions come after parts of them, and stable ones after those that
/// are not, so that the greatest is the best name of a commit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    stable: bool,
    parts: usize,
    /// Major, minor and patch; zero where the tag does not name it.
    pub numbers: [u64; 3],
    rest: String,
}

impl Version {
    /// Reads a tag; `None` for one that is no version.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let text = tag.strip_prefix('v').unwrap_or(tag);
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (plain, rest) = text.split_at_checked(end)?;
        if !(rest.is_empty() || rest.starts_with(['-', '+'])) {
            return None;
        }
        let mut numbers = [0; 3];
        let mut parts = 0;
        for (slot, part) in numbers.iter_mut().zip(plain.split('.')) {
            *slot = part.parse().ok()?;
            parts += 1;
        }
        (plain.split('.').count() <= 3).then(|| Self {
            stable: rest.is_empty(),
            parts,
            numbers,
            rest: rest.to_owned(),
        })
    }

    /// What changes when something breaks: the first number, and of versions
    /// before 1.0.0 the second one with it.
    #[must_use]
    pub fn major(&self) -> (u64, u64) {
        match self.numbers {
            [0, minor, _] => (0, minor),
            [major, ..] => (major, 0),
        }
    }

    /// Whether it names one release.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.stable && self.parts == 3
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn whole_stable_versions_are_the_greatest() {
        let order = [
            "main",
            "v3.0.0-rc.1",
            "v9",
            "v4.2",
            "v2.10.0",
            "v4.2.1",
            "4.10.0",
        ];
        let parsed: Vec<Option<Version>> = order.iter().map(|tag| Version::parse(tag)).collect();
        assert!(parsed.is_sorted(), "{parsed:?}");
        for tag in ["", "v", "v1.2.3.4", "v1x", "release-1", "v1..2"] {
            assert_eq!(Version::parse(tag), None, "{tag}");
        }
        assert!(Version::parse("v1.2.3").unwrap().is_whole());
        assert!(!Version::parse("v1.2").unwrap().is_whole());
    }
}
