//! Versions of gems.
//!
//! Source: rubygems/rubygems documentation, `Gem::Version`: numbers and words,
//! where a word makes a version early; trailing noughts of either part count for
//! nothing; a hyphen means `.pre.`.

use std::cmp::Ordering;

use super::number;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.replace('-', ".pre."), b.replace('-', ".pre."));
    let (left, right) = (segments(&a), segments(&b));
    for at in 0..left.len().max(right.len()) {
        let a = left.get(at).copied().unwrap_or("0");
        let b = right.get(at).copied().unwrap_or("0");
        let order = match (number::is(a), number::is(b)) {
            (true, true) => number::compare(a, b),
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Runs of digits and runs of letters, without the noughts that count for nothing.
fn segments(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let is_letter = first.is_ascii_alphabetic();
        if !is_digit && !is_letter {
            rest = rest.get(first.len_utf8()..).unwrap_or("");
            continue;
        }
        let goes_on = |c: char| {
            if is_digit {
                c.is_ascii_digit()
            } else {
                c.is_ascii_alphabetic()
            }
        };
        let end = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(end);
        all.push(run);
        rest = behind;
    }
    let first_word = all.iter().position(|run| !number::is(run));
    let words = all.split_off(first_word.unwrap_or(all.len()));
    let without = |mut part: Vec<_>| {
        let is_nought = |run: &&str| run.bytes().all(|byte| byte == b'0');
        while part.last().is_some_and(is_nought) {
            part.pop();
        }
        part
    };
    let mut all = without(all);
    all.extend(without(words));
    all
}
