//! Versions of NuGet: up to four numbers, then as in semantic versioning without
//! regard to case.
//!
//! Source: NuGet documentation, "Package versioning".

use std::cmp::Ordering;

use super::semver::{Parts, early, numbers};

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    numbers(a.numbers, b.numbers)
        .then_with(|| early(&a.early.to_ascii_lowercase(), &b.early.to_ascii_lowercase()))
}
