//! Versions of Composer packages.
//!
//! Source: PHP documentation, `version_compare`: signs and changes between digits
//! and letters separate parts; a part that is no number has its place in the order
//! any word, `dev`, `alpha`, `beta`, `RC`, a number, `pl`.

use std::cmp::Ordering;

use super::number;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let strip = |text| {
        let text: &str = text;
        text.strip_prefix(['v', 'V']).unwrap_or(text).to_owned()
    };
    let (a, b) = (parts(&strip(a)), parts(&strip(b)));
    let (mut left, mut right) = (a.iter(), b.iter());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => match (number::is(a), number::is(b)) {
                (true, true) => number::compare(a, b),
                _ => rank(a).cmp(&rank(b)),
            },
            // One part more: a number makes newer, a word by its place.
            (Some(more), None) => longer(more),
            (None, Some(more)) => longer(more).reverse(),
        };
        if order != Ordering::Equal {
            return order;
        }
        if left.len() == 0 && right.len() == 0 {
            return Ordering::Equal;
        }
    }
}

fn longer(part: &str) -> Ordering {
    if number::is(part) {
        Ordering::Greater
    } else {
        rank(part).cmp(&NUMBER)
    }
}

const NUMBER: i8 = 4;

fn rank(part: &str) -> i8 {
    if part.starts_with(|c: char| c.is_ascii_digit() || c == '#') {
        return NUMBER;
    }
    let ranks = [
        ("dev", 0),
        ("alpha", 1),
        ("a", 1),
        ("beta", 2),
        ("b", 2),
        ("RC", 3),
        ("rc", 3),
        ("pl", 5),
        ("p", 5),
    ];
    let found = ranks.iter().find(|(word, _)| part.starts_with(word));
    found.map_or(-1, |(_, rank)| *rank)
}

fn parts(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut before: Option<char> = None;
    for letter in text.chars() {
        let is_sign = matches!(letter, '.' | '-' | '_' | '+');
        let changes =
            before.is_some_and(|before| before.is_ascii_digit() != letter.is_ascii_digit());
        if (is_sign || changes) && !current.is_empty() {
            all.push(std::mem::take(&mut current));
        }
        if is_sign {
            before = None;
        } else {
            current.push(letter);
            before = Some(letter);
        }
    }
    if !current.is_empty() {
        all.push(current);
    }
    all
}
