//! Intervals: Maven and NuGet.
//!
//! Source: Maven documentation, "POM Reference", "Dependency Version Requirement
//! Specification"; NuGet documentation, "Version ranges".

use super::{Alternatives, Bound, MOST, Sign};

/// A version alone is a wish that any other version may overrule.
pub(super) fn maven(range: &str) -> Option<Alternatives> {
    if !range.starts_with(['[', '(']) {
        return None;
    }
    let mut all = Vec::new();
    let mut rest = range;
    while !rest.is_empty() && all.len() < MOST {
        let end = rest.find([']', ')'])?;
        let (interval, behind) = rest.split_at(end + 1);
        all.push(self::interval(interval)?);
        rest = behind.trim_start().trim_start_matches(',').trim_start();
    }
    Some(all)
}

/// A version alone is the lowest one; a star takes whatever is there.
pub(super) fn nuget(range: &str) -> Option<Alternatives> {
    if range.starts_with(['[', '(']) {
        return Some(vec![interval(range)?]);
    }
    let lowest = match range.split_once('*') {
        Some((before, "")) => before.trim_end_matches(['.', '-']),
        Some(_) => return None,
        None => range,
    };
    if lowest.is_empty() {
        return Some(vec![Vec::new()]);
    }
    plain(lowest)?;
    Some(vec![vec![Bound::new(Sign::AtLeast, lowest)]])
}

fn plain(version: &str) -> Option<&str> {
    let is_sound = version.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !version.contains([' ', '[', '(', ']', ')', ',', '$', '*']);
    is_sound.then_some(version)
}

fn interval(text: &str) -> Option<Vec<Bound>> {
    let (low, high) = match text.strip_prefix('[') {
        Some(inside) => (Sign::AtLeast, inside),
        None => (Sign::More, text.strip_prefix('(')?),
    };
    let (inside, high) = match high.strip_suffix(']') {
        Some(inside) => (inside, Sign::AtMost),
        None => (high.strip_suffix(')')?, Sign::Less),
    };
    let Some((from, to)) = inside.split_once(',') else {
        // `[1.0]` is this version, `(1.0)` is nothing.
        let is_closed = low == Sign::AtLeast && high == Sign::AtMost;
        return is_closed.then_some(vec![Bound::new(Sign::Equal, plain(inside.trim())?)]);
    };
    let mut bounds = Vec::new();
    for (sign, version) in [(low, from.trim()), (high, to.trim())] {
        if !version.is_empty() {
            bounds.push(Bound::new(sign, plain(version)?));
        }
    }
    Some(bounds)
}
