//! Semantic versioning, with as many numbers as a version has.
//!
//! Source: Semantic Versioning 2.0.0, section 11; of Pub: dart-lang/pub_semver,
//! README, "Semantics": a build orders versions that are equal otherwise.

use std::cmp::Ordering;

use super::number;

/// A version taken apart.
pub(super) struct Parts<'v> {
    pub(super) numbers: &'v str,
    /// What stands behind `-`; empty for a release.
    pub(super) early: &'v str,
    /// What stands behind `+`.
    pub(super) build: &'v str,
}

impl<'v> Parts<'v> {
    pub(super) fn of(text: &'v str) -> Self {
        let text = text.strip_prefix(['v', 'V', '=']).unwrap_or(text);
        let (text, build) = text.split_once('+').unwrap_or((text, ""));
        let is_inside = |c: char| c.is_ascii_digit() || c == '.';
        let end = text.find(|c| !is_inside(c)).unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let early = rest.strip_prefix('-').unwrap_or(rest);
        Self {
            numbers,
            early,
            build,
        }
    }
}

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    numbers(a.numbers, b.numbers).then_with(|| early(a.early, b.early))
}

pub(super) fn compare_with_build(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    numbers(a.numbers, b.numbers)
        .then_with(|| early(a.early, b.early))
        .then_with(|| identifiers(a.build, b.build))
}

/// Numbers between dots; missing ones are nought.
pub(super) fn numbers(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => number::compare(a.unwrap_or(""), b.unwrap_or("")),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A release comes behind everything early of it.
pub(super) fn early(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => identifiers(a, b),
    }
}

/// Identifiers between dots: numbers by value and before words, fewer before more.
fn identifiers(a: &str, b: &str) -> Ordering {
    let words = |text| {
        let text: &str = text;
        text.split('.').filter(move |_| !text.is_empty())
    };
    let (mut left, mut right) = (words(a), words(b));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (number::is(a), number::is(b)) {
                (true, true) => number::compare(a, b),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// One to four numbers, and behind them nothing or what is marked as early or build.
pub(super) fn is_version(text: &str) -> bool {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (text, _) = text.split_once('+').unwrap_or((text, ""));
    let (numbers, _) = text.split_once('-').unwrap_or((text, ""));
    let mut count = 0;
    for part in numbers.split('.') {
        count += 1;
        if !number::is(part) {
            return false;
        }
    }
    count <= 4
}
