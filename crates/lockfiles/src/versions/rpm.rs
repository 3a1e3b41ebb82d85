//! Versions of RPM packages.
//!
//! Source: RPM documentation, "Package version comparison": runs of digits and of
//! letters, whatever lies between; digits are newer than letters, more runs newer
//! than fewer; a tilde is older than the end, a caret newer than the end and older
//! than everything else.

use std::cmp::Ordering;

use super::number;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    runs(a.0, b.0)
        .then_with(|| runs(a.1, b.1))
        .then_with(|| match (a.2, b.2) {
            (Some(a), Some(b)) => runs(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        })
}

/// Epoch, version, release.
fn split(text: &str) -> (&str, &str, Option<&str>) {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    match rest.rsplit_once('-') {
        Some((version, release)) => (epoch, version, Some(release)),
        None => (epoch, rest, None),
    }
}

fn runs(a: &str, b: &str) -> Ordering {
    let is_between = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
    let (mut left, mut right) = (a, b);
    loop {
        left = left.trim_start_matches(is_between);
        right = right.trim_start_matches(is_between);
        match (left.strip_prefix('~'), right.strip_prefix('~')) {
            (Some(a), Some(b)) => {
                (left, right) = (a, b);
                continue;
            }
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (left.strip_prefix('^'), right.strip_prefix('^')) {
            (Some(a), Some(b)) => {
                (left, right) = (a, b);
                continue;
            }
            (Some(_), None) if right.is_empty() => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) if left.is_empty() => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => {}
        }
        match (left.chars().next(), right.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(first), Some(other)) => {
                let digits = first.is_ascii_digit();
                if digits != other.is_ascii_digit() {
                    return digits.cmp(&!digits);
                }
                let ((a, behind_a), (b, behind_b)) = (run(left, digits), run(right, digits));
                let order = if digits {
                    number::compare(a, b)
                } else {
                    a.cmp(b)
                };
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (behind_a, behind_b);
            }
        }
    }
}

fn run(text: &str, digits: bool) -> (&str, &str) {
    let goes_on = |c: char| {
        if digits {
            c.is_ascii_digit()
        } else {
            c.is_ascii_alphabetic()
        }
    };
    text.split_at(text.find(|c| !goes_on(c)).unwrap_or(text.len()))
}
