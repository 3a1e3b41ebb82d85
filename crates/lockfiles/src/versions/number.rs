//! Numbers of any length: nothing says how many digits a version may have.

use std::cmp::Ordering;

/// The order of two texts of digits by their value; an empty one is nought.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let a = a.trim_start_matches('0');
    let b = b.trim_start_matches('0');
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Whether a text is a number.
pub(super) fn is(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits at the front of a text, and the rest.
pub(super) fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}
