//! Ranges with `~>`: RubyGems and Hex.
//!
//! Source: RubyGems guides, "Patterns", "Pessimistic version constraint"; Elixir
//! documentation, `Version`, "Requirements".

use super::words::Partial;
use super::{Alternatives, Bound, LOWEST, MOST, Sign};

pub(super) fn gems(range: &str) -> Option<Alternatives> {
    let mut bounds = Vec::new();
    for part in range.split(',').take(MOST) {
        let part = part.trim();
        if let Some(rest) = part.strip_prefix("~>") {
            bounds.extend(pessimistic(rest.trim(), ".a")?);
            continue;
        }
        let (sign, version) = Sign::split(part);
        let version = version.trim();
        let is_version = version.starts_with(|c: char| c.is_ascii_digit())
            && !version.contains([' ', '*', '^', '|']);
        if !is_version {
            return None;
        }
        bounds.push(Bound::new(sign.unwrap_or(Sign::Equal), version));
    }
    Some(vec![bounds])
}

/// All but the last number stays, numbers behind it may grow.
fn pessimistic(text: &str, lowest: &str) -> Option<[Bound; 2]> {
    let is_number = |part: &&str| super::super::number::is(part);
    let text_numbers: Vec<&str> = text.split(['.', '-']).take_while(is_number).collect();
    if text_numbers.is_empty() || text.contains([' ', '*']) {
        return None;
    }
    let kept = text_numbers.len().saturating_sub(2);
    let mut high: Vec<String> = Vec::new();
    for (at, number) in text_numbers.iter().enumerate().take(kept + 1) {
        high.push(if at == kept {
            super::words::increment(number)
        } else {
            (*number).to_owned()
        });
    }
    Some([
        Bound::new(Sign::AtLeast, text),
        Bound::new(Sign::Less, format!("{}{lowest}", high.join("."))),
    ])
}

pub(super) fn hex(range: &str) -> Option<Alternatives> {
    let mut all = Vec::new();
    for alternative in range.split(" or ").take(MOST) {
        let mut bounds = Vec::new();
        for part in alternative.split(" and ").take(MOST) {
            let part = part.trim();
            if let Some(rest) = part.strip_prefix("~>") {
                let rest = rest.trim();
                if rest.contains(['x', 'X', '*']) {
                    return None;
                }
                let [low, high] = pessimistic(rest, "")?;
                let padded = Partial::of(&high.version)?.floor();
                bounds.push(Bound::new(low.sign, Partial::of(rest)?.floor()));
                bounds.push(Bound::new(Sign::Less, format!("{padded}-{LOWEST}")));
                continue;
            }
            let (sign, version) = Sign::split(part);
            let version = Partial::of(version.trim())?;
            if version.is_open {
                return None;
            }
            bounds.push(Bound::new(sign.unwrap_or(Sign::Equal), version.floor()));
        }
        all.push(bounds);
    }
    Some(all)
}
