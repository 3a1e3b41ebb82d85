//! Versions of Maven artifacts.
//!
//! Source: Maven documentation, "POM Reference", "Version Order Specification":
//! tokens between dots, hyphens and changes between digits and other signs; tokens that mean nothing are trimmed before each hyphen and at the end.

use std::cmp::Ordering;

use super::number;

/// A token with what stands before it.
struct Token {
    is_hyphen: bool,
    text: String,
}

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (tokens(a), tokens(b));
    for at in 0..a.len().max(b.len()) {
        let order = match (a.get(at), b.get(at)) {
            (Some(a), Some(b)) => token(a, b),
            (Some(a), None) => token(a, &padding(a)),
            (None, Some(b)) => token(&padding(b), b),
            (None, None) => Ordering::Equal,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// What a shorter version has in the place of a token: nothing.
fn padding(other: &Token) -> Token {
    let is_dotted_number = !other.is_hyphen && number::is(&other.text);
    let text = if is_dotted_number { "0" } else { "" };
    Token {
        is_hyphen: other.is_hyphen,
        text: text.to_owned(),
    }
}

fn token(a: &Token, b: &Token) -> Ordering {
    match (number::is(&a.text), number::is(&b.text)) {
        (true, true) => {
            // `-1` comes before `.1`.
            let order = b.is_hyphen.cmp(&a.is_hyphen);
            order.then_with(|| number::compare(&a.text, &b.text))
        }
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            // `.x` comes before `-x`.
            let order = a.is_hyphen.cmp(&b.is_hyphen);
            order.then_with(|| qualifier(&a.text).cmp(&qualifier(&b.text)))
        }
    }
}

/// The known words in their order, then all others by letters.
fn qualifier(word: &str) -> (usize, &str) {
    const KNOWN: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
    match KNOWN.iter().position(|known| *known == word) {
        Some(at) => (at, ""),
        None => (KNOWN.len(), word),
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let lower = text.to_ascii_lowercase();
    let mut all: Vec<Token> = Vec::new();
    let mut current = String::new();
    let mut is_hyphen = false;
    for letter in lower.chars() {
        let is_sign = matches!(letter, '.' | '-');
        let last = current.chars().last();
        let changes = last.is_some_and(|last| last.is_ascii_digit() != letter.is_ascii_digit());
        if is_sign || changes {
            let is_before_digit = letter.is_ascii_digit();
            let text = std::mem::take(&mut current);
            all.push(named(&text, is_hyphen, is_before_digit));
            is_hyphen = letter != '.';
        }
        if !is_sign {
            current.push(letter);
        }
    }
    all.push(named(&current, is_hyphen, false));
    trim(all)
}

/// A token with its aliases resolved.
fn named(text: &str, is_hyphen: bool, is_before_digit: bool) -> Token {
    let text = match text {
        "" => "0",
        "a" if is_before_digit => "alpha",
        "b" if is_before_digit => "beta",
        "m" if is_before_digit => "milestone",
        "cr" => "rc",
        "ga" | "final" | "release" => "",
        other => other,
    }
    .to_owned();
    Token { is_hyphen, text }
}

/// Takes away what means nothing at the end, and before each hyphen.
fn trim(mut tokens: Vec<Token>) -> Vec<Token> {
    let means_nothing =
        |token: &Token| token.text.bytes().all(|byte| byte == b'0') || token.text.is_empty();
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    // From the end: a run is trimmed where a hyphen follows, or nothing.
    let mut is_end = true;
    while let Some(token) = tokens.pop() {
        if is_end && means_nothing(&token) && !tokens.is_empty() {
            continue;
        }
        is_end = token.is_hyphen;
        kept.push(token);
    }
    kept.reverse();
    kept
}
