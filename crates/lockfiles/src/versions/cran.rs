//! Versions of R packages: numbers between dots and hyphens; of two that begin
//! alike, the longer is newer.
//!
//! Source: R documentation, "Writing R Extensions", section 1.1.1, and
//! `package_version`.

use std::cmp::Ordering;

use super::number;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    sequence(a.split(['.', '-']), b.split(['.', '-']))
}

/// Numbers one by one; the longer sequence is the greater one.
pub(super) fn sequence<'a>(
    mut left: impl Iterator<Item = &'a str>,
    mut right: impl Iterator<Item = &'a str>,
) -> Ordering {
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) if number::is(a) && number::is(b) => number::compare(a, b),
            (Some(a), Some(b)) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}
