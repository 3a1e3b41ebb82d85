//! Versions of Haskell packages: numbers between dots; of two that begin alike, the
//! longer is newer.
//!
//! Source: Haskell Package Versioning Policy.

use std::cmp::Ordering;

use super::cran::sequence;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    sequence(a.split('.'), b.split('.'))
}
