//! Versions of Debian packages.
//!
//! Source: Debian Policy Manual, section 5.6.12: `[epoch:]upstream[-revision]`;
//! runs of other signs and of digits by turns; letters before other signs, a tilde
//! before everything, even the end.

use std::cmp::Ordering;

use super::number;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (split(a), split(b));
    number::compare(a.0, b.0)
        .then_with(|| runs(a.1, b.1))
        .then_with(|| runs(a.2, b.2))
}

fn split(text: &str) -> (&str, &str, &str) {
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if number::is(epoch) => (epoch, rest),
        _ => ("0", text),
    };
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

fn runs(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() || !right.is_empty() {
        let word = |text| {
            let text: &str = text;
            text.split_at(
                text.find(|c: char| c.is_ascii_digit())
                    .unwrap_or(text.len()),
            )
        };
        let ((a, behind_a), (b, behind_b)) = (word(left), word(right));
        let order = words(a, b);
        if order != Ordering::Equal {
            return order;
        }
        let ((a, behind_a), (b, behind_b)) = (number::split(behind_a), number::split(behind_b));
        let order = number::compare(a, b);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (behind_a, behind_b);
    }
    Ordering::Equal
}

fn words(a: &str, b: &str) -> Ordering {
    let weight = |letter: Option<char>| match letter {
        Some('~') => (0, '~'),
        None => (1, '\0'),
        Some(letter) if letter.is_ascii_alphabetic() => (2, letter),
        Some(letter) => (3, letter),
    };
    let (mut left, mut right) = (a.chars(), b.chars());
    loop {
        let (a, b) = (left.next(), right.next());
        let order = weight(a).cmp(&weight(b));
        if order != Ordering::Equal || (a.is_none() && b.is_none()) {
            return order;
        }
    }
}
