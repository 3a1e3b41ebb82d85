//! Ranges with carets and tildes: npm, Cargo, Pub, Composer.
//!
//! Source: npm documentation, "semver", "Ranges"; the Cargo book, "Specifying
//! Dependencies"; dart.dev, "Package dependencies"; Composer documentation,
//! "Versions and constraints".

use super::words::Partial;
use super::{Alternatives, Bound, LOWEST, MOST, Sign};

/// The differences between the grammars.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Npm,
    Cargo,
    Pub,
    Composer,
}

pub(super) fn npm(range: &str) -> Option<Alternatives> {
    alternatives(range, "||", Grammar::Npm)
}

pub(super) fn cargo(range: &str) -> Option<Alternatives> {
    let bounds = all(range.split(','), Grammar::Cargo)?;
    Some(vec![bounds])
}

pub(super) fn of_pub(range: &str) -> Option<Alternatives> {
    if range == "any" {
        return Some(vec![Vec::new()]);
    }
    alternatives(range, "||", Grammar::Pub)
}

pub(super) fn composer(range: &str) -> Option<Alternatives> {
    let range = range.replace("||", "|");
    // A stability behind `@` says nothing of the version.
    let words: Vec<&str> = range
        .split(' ')
        .map(|word| word.split('@').next().unwrap_or(word))
        .collect();
    alternatives(&words.join(" "), "|", Grammar::Composer)
}

fn alternatives(range: &str, or: &str, grammar: Grammar) -> Option<Alternatives> {
    let mut all = Vec::new();
    for part in range.split(or).take(MOST) {
        all.push(conjunction(part.trim(), grammar)?);
    }
    Some(all)
}

/// Bounds between spaces, or two ends around a hyphen.
fn conjunction(text: &str, grammar: Grammar) -> Option<Vec<Bound>> {
    if let Some((low, high)) = text.split_once(" - ") {
        let (low, high) = (Partial::of(low.trim())?, Partial::of(high.trim())?);
        return Some(vec![
            Bound::new(Sign::AtLeast, low.floor()),
            ceiling(&high, grammar),
        ]);
    }
    // A space may stand between a sign and its version.
    let mut joined = text.replace(',', " ");
    for sign in [">=", "<=", "!=", "==", ">", "<", "=", "^", "~"] {
        while joined.contains(&format!("{sign} ")) {
            joined = joined.replace(&format!("{sign} "), sign);
        }
    }
    all(joined.split_ascii_whitespace(), grammar)
}

fn all<'t>(parts: impl Iterator<Item = &'t str>, grammar: Grammar) -> Option<Vec<Bound>> {
    let mut bounds = Vec::new();
    for part in parts.take(MOST) {
        bounds.extend(simple(part.trim(), grammar)?);
    }
    Some(bounds)
}

fn ceiling(high: &Partial<'_>, grammar: Grammar) -> Bound {
    match (high.is_open, high.numbers.len().checked_sub(1)) {
        (true, Some(last)) => Bound::new(Sign::Less, below(&high.raised(last), grammar)),
        (true, None) => Bound::new(Sign::AtLeast, "0.0.0"),
        (false, _) => Bound::new(Sign::AtMost, high.floor()),
    }
}

/// A version so that even what is early of it lies above.
fn below(version: &str, grammar: Grammar) -> String {
    let lowest = match grammar {
        Grammar::Composer => "dev",
        _ => LOWEST,
    };
    format!("{version}-{lowest}")
}

fn simple(text: &str, grammar: Grammar) -> Option<Vec<Bound>> {
    if let Some(rest) = text.strip_prefix('^') {
        return caret(&Partial::of(rest.trim())?, grammar);
    }
    if let Some(rest) = text.strip_prefix("~>").or_else(|| text.strip_prefix('~')) {
        return tilde(&Partial::of(rest.trim())?, grammar);
    }
    let (sign, rest) = Sign::split(text);
    let version = Partial::of(rest.trim())?;
    match sign {
        None => bare(&version, grammar),
        Some(sign) => signed(sign, &version, grammar),
    }
}

fn between(low: String, high: &str, grammar: Grammar) -> Option<Vec<Bound>> {
    let low = Bound::new(Sign::AtLeast, low);
    Some(vec![low, Bound::new(Sign::Less, below(high, grammar))])
}

/// Nothing that changes the first number that is not nought.
fn caret(version: &Partial<'_>, grammar: Grammar) -> Option<Vec<Bound>> {
    if version.numbers.is_empty() {
        return Some(Vec::new());
    }
    between(version.floor(), &version.raised(version.leading()), grammar)
}

/// Nothing that changes the second number; of Composer, all but the last one.
fn tilde(version: &Partial<'_>, grammar: Grammar) -> Option<Vec<Bound>> {
    let count = version.numbers.len();
    if count == 0 {
        return Some(Vec::new());
    }
    let at = match grammar {
        Grammar::Composer => count.saturating_sub(2),
        _ => count.min(2) - 1,
    };
    between(version.floor(), &version.raised(at), grammar)
}

/// Without a sign: a caret for Cargo, this version for all others, or whatever its
/// open numbers may be.
fn bare(version: &Partial<'_>, grammar: Grammar) -> Option<Vec<Bound>> {
    let Some(last) = version.numbers.len().checked_sub(1) else {
        return Some(Vec::new());
    };
    let opens = match grammar {
        Grammar::Npm => version.is_open,
        // Of Composer, `1.2` is `1.2.0`; of Cargo it has a caret.
        _ => version.has_star,
    };
    if opens {
        return between(version.floor(), &version.raised(last), grammar);
    }
    match grammar {
        Grammar::Cargo => caret(version, grammar),
        _ => Some(vec![Bound::new(Sign::Equal, version.floor())]),
    }
}

fn signed(sign: Sign, version: &Partial<'_>, grammar: Grammar) -> Option<Vec<Bound>> {
    let Some(last) = version.numbers.len().checked_sub(1) else {
        // `>=*` is anything; nothing is above or below everything.
        return matches!(sign, Sign::AtLeast | Sign::AtMost | Sign::Equal).then(Vec::new);
    };
    let opens = version.is_open && matches!(grammar, Grammar::Npm | Grammar::Cargo);
    Some(match (sign, opens) {
        (Sign::More, true) => vec![Bound::new(Sign::AtLeast, version.raised(last))],
        (Sign::AtMost, true) => vec![Bound::new(
            Sign::Less,
            below(&version.raised(last), grammar),
        )],
        (Sign::Equal, true) => return between(version.floor(), &version.raised(last), grammar),
        (Sign::Less, true) => vec![Bound::new(Sign::Less, below(&version.floor(), grammar))],
        (sign, _) => vec![Bound::new(sign, version.floor())],
    })
}
