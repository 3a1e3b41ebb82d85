//! Versions of which the last numbers may be missing or a star.

use super::super::number;

/// A version as a range names it.
pub(super) struct Partial<'t> {
    /// The numbers that are there, up to a star.
    pub(super) numbers: Vec<&'t str>,
    /// Whether a star, or an end before the third number, leaves some open.
    pub(super) is_open: bool,
    /// Whether it is a star.
    pub(super) has_star: bool,
    /// What stands behind `-`.
    pub(super) early: &'t str,
}

impl<'t> Partial<'t> {
    /// Takes a version apart; `None` where it is none.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        let text = text.trim_start_matches(['v', '=']);
        let (text, _) = text.split_once('+').unwrap_or((text, ""));
        let (plain, early) = text.split_once('-').unwrap_or((text, ""));
        let mut numbers = Vec::new();
        let mut has_star = false;
        if !plain.is_empty() {
            for part in plain.split('.') {
                if matches!(part, "x" | "X" | "*") {
                    has_star = true;
                } else if has_star || !number::is(part) {
                    return None;
                } else {
                    numbers.push(part);
                }
            }
        }
        if numbers.len() > 4 || (!early.is_empty() && numbers.len() < 3) {
            return None;
        }
        let is_open = has_star || numbers.len() < 3;
        Some(Self {
            numbers,
            is_open,
            has_star,
            early,
        })
    }

    /// The lowest version that fits.
    pub(super) fn floor(&self) -> String {
        let mut text = self.padded(3);
        if !self.early.is_empty() {
            text.push('-');
            text.push_str(self.early);
        }
        text
    }

    fn padded(&self, count: usize) -> String {
        let mut parts = self.numbers.clone();
        while parts.len() < count {
            parts.push("0");
        }
        parts.join(".")
    }

    /// The version whose number at a place is one higher, and all behind it nought.
    pub(super) fn raised(&self, at: usize) -> String {
        let mut parts: Vec<String> = Vec::new();
        for place in 0..self.numbers.len().max(3) {
            let number = self.numbers.get(place).copied().unwrap_or("0");
            parts.push(match place.cmp(&at) {
                std::cmp::Ordering::Less => number.to_owned(),
                std::cmp::Ordering::Equal => increment(number),
                std::cmp::Ordering::Greater => "0".to_owned(),
            });
        }
        parts.join(".")
    }

    /// The place of the first number that is not nought, or of the last one.
    pub(super) fn leading(&self) -> usize {
        let is_nought = |number: &&str| number.bytes().all(|byte| byte == b'0');
        let first = self.numbers.iter().position(|number| !is_nought(number));
        first.unwrap_or(self.numbers.len().saturating_sub(1))
    }
}

/// A number of any length, one higher.
pub(super) fn increment(number: &str) -> String {
    let mut digits: Vec<u8> = number.bytes().collect();
    for digit in digits.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return String::from_utf8(digits).unwrap_or_default();
        }
    }
    format!("1{}", String::from_utf8(digits).unwrap_or_default())
}
