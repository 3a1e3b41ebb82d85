//! The versions of modules: which of two is the newer one.
//!
//! Source: Go modules reference, section "Versions": semantic versioning 2.0.0
//! with a `v` before it. What stands behind `+` decides nothing.

use std::cmp::Ordering;

/// The order of two versions. What is no version comes before every one.
#[must_use]
pub fn compare(a: &str, b: &str) -> Ordering {
    match (Parts::of(a), Parts::of(b)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => a.numbers.cmp(&b.numbers).then_with(|| a.compare_early(&b)),
    }
}

struct Parts<'v> {
    numbers: [Number<'v>; 3],
    /// What stands behind `-`; empty for a release.
    early: &'v str,
}

impl<'v> Parts<'v> {
    fn of(version: &'v str) -> Option<Self> {
        let version = version.strip_prefix('v')?;
        let (version, _) = version.split_once('+').unwrap_or((version, ""));
        let (numbers, early) = version.split_once('-').unwrap_or((version, ""));
        let mut parts = numbers.split('.');
        let mut next = || parts.next().and_then(Number::of);
        let numbers = [next()?, next()?, next()?];
        parts.next().is_none().then_some(Self { numbers, early })
    }

    fn compare_early(&self, other: &Self) -> Ordering {
        match (self.early.is_empty(), other.early.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        let (mut left, mut right) = (self.early.split('.'), other.early.split('.'));
        loop {
            let order = match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(a), Some(b)) => match (Number::of(a), Number::of(b)) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => a.cmp(b),
                },
            };
            if order != Ordering::Equal {
                return order;
            }
        }
    }
}

/// A number of any length: those in pseudo-versions have fourteen digits, and
/// nothing says how many others have.
#[derive(PartialEq, Eq)]
struct Number<'v>(&'v str);

impl<'v> Number<'v> {
    fn of(text: &'v str) -> Option<Self> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(text.trim_start_matches('0')))
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.len().cmp(&other.0.len())).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_go_orders_them() {
        let rising = [
            "main",
            "v0.0.0-20200101000000-0123456789ab",
            "v0.0.0-20210101000000-0123456789ab",
            "v0.0.0",
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-beta.2",
            "v1.0.0-beta.11",
            "v1.0.0-beta.x",
            "v1.0.0",
            "v1.9.9",
            "v1.10.0",
            "v2.0.0+incompatible",
            "v2.0.1-0.20220101000000-0123456789ab+incompatible",
            "v99999999999999999999999.0.0",
        ];
        for (at, a) in rising.iter().enumerate() {
            for (beside, b) in rising.iter().enumerate() {
                assert_eq!(compare(a, b), at.cmp(&beside), "{a} {b}");
            }
        }
        for (a, b) in [("v1.0.0", "v1.0.0+meta"), ("v1", "v1.0"), ("", "v1.0.0.0")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
