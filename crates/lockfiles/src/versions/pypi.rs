//! Versions of Python packages.
//!
//! Source: PEP 440. What breaks it comes before everything that keeps it, in the
//! order that setuptools had before (its documentation of `parse_version`).

use std::cmp::Ordering;

use super::number;
use super::semver::numbers;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    match (Parts::of(a), Parts::of(b)) {
        (Some(a), Some(b)) => a.compare(&b),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => old(a).cmp(&old(b)),
    }
}

pub(super) fn is_version(text: &str) -> bool {
    Parts::of(text).is_some()
}

/// The numbers of a version between the epoch and everything else.
pub(super) fn release(text: &str) -> Option<&str> {
    Parts::of(text).map(|parts| parts.release)
}

/// Whether a version comes before its release: `a`, `b`, `rc` or `dev`.
pub(super) fn is_early(text: &str) -> bool {
    Parts::of(text).is_some_and(|parts| parts.early.is_some() || parts.dev.is_some())
}

/// Whether a version comes behind its release.
pub(super) fn is_post(text: &str) -> bool {
    Parts::of(text).is_some_and(|parts| parts.post.is_some())
}

#[derive(Default)]
struct Parts<'v> {
    epoch: &'v str,
    release: &'v str,
    /// `a`, `b` or `rc` as 0 to 2, with its number.
    early: Option<(u8, &'v str)>,
    post: Option<&'v str>,
    dev: Option<&'v str>,
    local: Option<&'v str>,
}

impl<'v> Parts<'v> {
    fn of(text: &'v str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut parts = Self::default();
        let text = match text.split_once('+') {
            Some((text, local)) => {
                let is_word = |word: &str| {
                    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
                };
                if !local.split(['.', '-', '_']).all(is_word) {
                    return None;
                }
                parts.local = Some(local);
                text
            }
            None => text,
        };
        let text = match text.split_once('!') {
            Some((epoch, text)) if number::is(epoch) => {
                parts.epoch = epoch;
                text
            }
            Some(_) => return None,
            None => text,
        };
        let mut end = 0;
        let mut rest = text;
        loop {
            let (digits, behind) = number::split(rest);
            if digits.is_empty() {
                return None;
            }
            end += digits.len();
            match behind.strip_prefix('.') {
                Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => {
                    end += 1;
                    rest = next;
                }
                _ => {
                    rest = behind;
                    break;
                }
            }
        }
        parts.release = text.get(..end)?;
        parts.suffixes(rest).then_some(parts)
    }

    /// What stands behind the release; `false` where it is no version.
    fn suffixes(&mut self, mut rest: &'v str) -> bool {
        const EARLY: [(&str, u8); 8] = [
            ("alpha", 0),
            ("beta", 1),
            ("preview", 2),
            ("pre", 2),
            ("rc", 2),
            ("a", 0),
            ("b", 1),
            ("c", 2),
        ];
        for (word, rank) in EARLY {
            if let Some((digits, behind)) = suffix(rest, word) {
                self.early = Some((rank, digits));
                rest = behind;
                break;
            }
        }
        // A hyphen and a number alone is a post release.
        if let Some(behind) = rest.strip_prefix('-')
            && behind.starts_with(|c: char| c.is_ascii_digit())
        {
            let (digits, behind) = number::split(behind);
            self.post = Some(digits);
            rest = behind;
        } else {
            for word in ["post", "rev", "r"] {
                if let Some((digits, behind)) = suffix(rest, word) {
                    self.post = Some(digits);
                    rest = behind;
                    break;
                }
            }
        }
        if let Some((digits, behind)) = suffix(rest, "dev") {
            self.dev = Some(digits);
            rest = behind;
        }
        rest.is_empty()
    }

    fn compare(&self, other: &Self) -> Ordering {
        number::compare(self.epoch, other.epoch)
            .then_with(|| numbers(self.release, other.release))
            .then_with(|| self.stage().cmp(&other.stage()))
            .then_with(|| match (self.early, other.early) {
                (Some((_, a)), Some((_, b))) => number::compare(a, b),
                _ => Ordering::Equal,
            })
            .then_with(|| last_of(self.post, other.post))
            // Without `dev` it is newer than with it.
            .then_with(|| match (self.dev, other.dev) {
                (Some(a), Some(b)) => number::compare(a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            })
            .then_with(|| match (self.local, other.local) {
                (Some(a), Some(b)) => local(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
    }

    /// Development, early ones by their word, everything else.
    fn stage(&self) -> u8 {
        match (self.early, self.post, self.dev) {
            (Some((rank, _)), _, _) => rank + 1,
            (None, None, Some(_)) => 0,
            _ => 4,
        }
    }
}

/// None before some, then by value.
fn last_of(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => number::compare(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// A word with its number, separators between them allowed.
fn suffix<'t>(text: &'t str, word: &str) -> Option<(&'t str, &'t str)> {
    let is_separator = |c: char| matches!(c, '.' | '-' | '_');
    let start = text.strip_prefix(is_separator).unwrap_or(text);
    let head = start.get(..word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    let behind = start.get(word.len()..)?;
    let inner = behind.strip_prefix(is_separator).unwrap_or(behind);
    let (digits, rest) = number::split(inner);
    if digits.is_empty() {
        return Some(("", behind));
    }
    Some((digits, rest))
}

/// Words of a local version: numbers are newer than letters, more newer than fewer.
fn local(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
    let signs = ['.', '-', '_'];
    let (mut left, mut right) = (a.split(signs), b.split(signs));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (number::is(a), number::is(b)) {
                (true, true) => number::compare(a, b),
                (false, false) => a.cmp(b),
                (is, _) => is.cmp(&!is),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The parts of a version in the older order, as texts that compare by letters.
fn old(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut parts: Vec<String> = Vec::new();
    let words = old_words(&lower);
    for word in words.iter().map(String::as_str).chain(["final"]) {
        let word = match word {
            "pre" | "preview" | "rc" => "c",
            "-" => "final-",
            "dev" => "@",
            "." | "" => continue,
            other => other,
        };
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            parts.push(format!("{word:0>8}"));
            continue;
        }
        let word = format!("*{word}");
        if word.as_str() < "*final" {
            while parts.last().is_some_and(|last| last == "*final-") {
                parts.pop();
            }
        }
        while parts.last().is_some_and(|last| last == "00000000") {
            parts.pop();
        }
        parts.push(word);
    }
    parts
}

/// Runs of digits, runs of letters, dots, hyphens, and whatever lies between.
fn old_words(text: &str) -> Vec<String> {
    let kind = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' => 2,
        '-' => 3,
        _ => 4,
    };
    let mut words: Vec<String> = Vec::new();
    let mut last = None;
    for letter in text.chars() {
        let this = kind(letter);
        match words.last_mut() {
            Some(word) if last == Some(this) && !matches!(this, 2 | 3) => word.push(letter),
            _ => words.push(letter.to_string()),
        }
        last = Some(this);
    }
    words
}
