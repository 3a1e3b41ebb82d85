//! Versions as action authors tag them.
//!
//! Tags of actions are semantic versions with a `v`, often cut short: `v4` and
//! `v4.1` are by convention moving tags that follow the newest release under
//! them (GitHub, "About custom actions", release management).

use std::cmp::Ordering;

/// A version with up to four numbers, `v4`, `4.1`, `v4.1.2`, `v4.1.2-rc.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    numbers: Vec<u64>,
    pre_release: Option<String>,
}

impl Version {
    /// Reads a tag; `None` if it is not a version. Build metadata (`+…`) is
    /// left out, as it takes no part in precedence.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let text = text.strip_prefix("refs/tags/").unwrap_or(text);
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, pre_release) = match text.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (text, None),
        };
        let numbers: Option<Vec<u64>> = numbers
            .split('.')
            .map(|part| {
                let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                digits.then(|| part.parse().ok()).flatten()
            })
            .collect();
        let numbers = numbers.filter(|numbers| numbers.len() <= 4)?;
        let is_identifier = |pre: &str| {
            pre.split('.').all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        };
        if pre_release.is_some_and(|pre| !is_identifier(pre)) {
            return None;
        }
        Some(Self {
            numbers,
            pre_release: pre_release.map(str::to_owned),
        })
    }

    /// Whether it names a line of releases (`v4`, `v4.1`) rather than one.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.numbers.len() < 3 && self.pre_release.is_none()
    }

    /// The first version that lies above the whole line: 5 for `v4`, 4.2 for
    /// `v4.1`; `None` for a full version.
    #[must_use]
    pub fn end_of_line(&self) -> Option<Self> {
        if !self.is_partial() {
            return None;
        }
        let mut numbers = self.numbers.clone();
        let last = numbers.last_mut()?;
        *last = last.checked_add(1)?;
        Some(Self {
            numbers,
            pre_release: None,
        })
    }
}

impl Ord for Version {
    /// Precedence of semantic versioning 2.0.0 §11; missing numbers are zero.
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.numbers.len().max(other.numbers.len());
        let number = |version: &Self, at| version.numbers.get(at).copied().unwrap_or(0);
        for at in 0..longest {
            let order = number(self, at).cmp(&number(other, at));
            if order != Ordering::Equal {
                return order;
            }
        }
        match (&self.pre_release, &other.pre_release) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => compare_pre_releases(a, b),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn compare_pre_releases(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (x.parse::<u64>(), y.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.cmp(&y),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => x.cmp(y),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test stops at the first wrong step")]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_that_of_the_specification() {
        let rising = [
            "v1.0.0-alpha",
            "1.0.0-alpha.1",
            "v1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.10",
            "1.2",
            "v1.10.0",
            "2",
        ];
        for pair in rising.windows(2) {
            let [low, high] = pair else { unreachable!() };
            assert!(
                Version::parse(low).unwrap() < Version::parse(high).unwrap(),
                "{low} {high}"
            );
        }
        let same = Version::parse("v4")
            .unwrap()
            .cmp(&Version::parse("4.0.0+build").unwrap());
        assert_eq!(same, Ordering::Equal);
    }

    #[test]
    fn what_is_no_version_is_not_read() {
        for text in [
            "",
            "v",
            "main",
            "1..2",
            "1.2.3.4.5",
            "1.x",
            "release/v1",
            "v1.2-",
            "v-1",
            "١",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        assert_eq!(Version::parse(&"9".repeat(30)), None);
    }

    #[test]
    fn a_line_ends_below_the_next() {
        let end = |text| Version::parse(text).unwrap().end_of_line();
        assert_eq!(end("v4"), Version::parse("5"));
        assert_eq!(end("v4.1"), Version::parse("4.2"));
        assert_eq!(end("v4.1.0"), None);
        assert_eq!(end("v4-beta"), None);
    }
}
