//! Versions of Alpine packages.
//!
//! Source: Alpine documentation, `apk-package(5)`: numbers between dots, a letter,
//! suffixes as in `_rc1`, a hash behind `~`, a build as in `-r0`. A number with a
//! leading nought, other than the first, is a fraction. What follows and is none of
//! this makes a version older than the same without it.

use std::cmp::Ordering;

use super::number;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Parts::of(a), Parts::of(b));
    components(&a.numbers, &b.numbers)
        .then_with(|| a.letter.cmp(&b.letter))
        .then_with(|| number::compare(a.letter_number, b.letter_number))
        .then_with(|| suffixes(&a.suffixes, &b.suffixes))
        .then_with(|| a.hash.cmp(b.hash))
        .then_with(|| number::compare(a.build, b.build))
        .then_with(|| a.is_sound.cmp(&b.is_sound))
}

#[derive(Default)]
struct Parts<'v> {
    /// Empty where two dots follow each other.
    numbers: Vec<&'v str>,
    letter: Option<char>,
    letter_number: &'v str,
    suffixes: Vec<(i8, &'v str)>,
    hash: &'v str,
    build: &'v str,
    is_sound: bool,
}

/// The suffixes in their order; those below nought come before the release.
const SUFFIXES: [(&str, i8); 9] = [
    ("alpha", -4),
    ("beta", -3),
    ("pre", -2),
    ("rc", -1),
    ("cvs", 1),
    ("svn", 2),
    ("git", 3),
    ("hg", 4),
    ("p", 5),
];

impl<'v> Parts<'v> {
    fn of(text: &'v str) -> Self {
        let mut parts = Self::default();
        let (first, mut rest) = number::split(text);
        parts.numbers.push(first);
        while let Some(behind) = rest.strip_prefix('.') {
            let (next, behind) = number::split(behind);
            parts.numbers.push(next);
            rest = behind;
        }
        if let Some(letter) = rest.chars().next().filter(char::is_ascii_lowercase) {
            parts.letter = Some(letter);
            (parts.letter_number, rest) = number::split(rest.get(1..).unwrap_or(""));
        }
        while let Some(behind) = rest.strip_prefix('_') {
            let known = SUFFIXES.iter().find_map(|(word, rank)| {
                let (digits, rest) = number::split(behind.strip_prefix(word)?);
                let ends = !rest.starts_with(|c: char| c.is_ascii_alphabetic());
                ends.then_some((*rank, digits, rest))
            });
            let Some((rank, digits, behind)) = known else {
                break;
            };
            parts.suffixes.push((rank, digits));
            rest = behind;
        }
        if let Some(behind) = rest.strip_prefix('~') {
            let end = behind
                .find(|c: char| !c.is_ascii_hexdigit())
                .unwrap_or(behind.len());
            (parts.hash, rest) = behind.split_at(end);
        }
        if let Some(behind) = rest.strip_prefix("-r") {
            (parts.build, rest) = number::split(behind);
        }
        parts.is_sound = rest.is_empty();
        parts
    }
}

fn components(a: &[&str], b: &[&str]) -> Ordering {
    for at in 0..a.len().max(b.len()) {
        let order = match (a.get(at), b.get(at)) {
            (Some(a), Some(b)) => component(at, a, b),
            // Two dots in a row are less than nothing.
            (Some(a), None) => {
                if a.is_empty() {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (None, Some(b)) => {
                if b.is_empty() {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn component(at: usize, a: &str, b: &str) -> Ordering {
    if a.is_empty() || b.is_empty() {
        return b.is_empty().cmp(&a.is_empty());
    }
    if at > 0 && (a.starts_with('0') || b.starts_with('0')) {
        return a.cmp(b);
    }
    number::compare(a, b)
}

fn suffixes(a: &[(i8, &str)], b: &[(i8, &str)]) -> Ordering {
    for at in 0..a.len().max(b.len()) {
        let (left, a) = a.get(at).copied().unwrap_or((0, ""));
        let (right, b) = b.get(at).copied().unwrap_or((0, ""));
        let order = left.cmp(&right).then_with(|| number::compare(a, b));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}
