//! Where the indicator of a node stands that the parser gives no place for.

/// The first of the `wanted` bytes in `text` from `from` to `to`, past the space,
/// comments, anchors, tags and other indicators that may stand between two nodes.
/// A wanted dash counts only where space or nothing follows it.
pub(super) fn find(text: &str, from: usize, to: usize, wanted: &[u8]) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    let mut after_space = true;
    while at < to {
        let byte = *bytes.get(at)?;
        if wanted.contains(&byte) && (byte != b'-' || followed_by_space(bytes, at)) {
            return Some(at);
        }
        match byte {
            b'#' if after_space => at += run(bytes, at, |b| !matches!(b, b'\n' | b'\r')),
            b'&' | b'!' if after_space => at += run(bytes, at, |b| !b.is_ascii_whitespace()),
            _ => at += 1,
        }
        after_space = byte.is_ascii_whitespace();
    }
    None
}

/// The place behind the colon that separates a key from its missing value, if
/// only blanks stand between `from` and that colon.
pub(super) fn behind_colon(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let colon = from + run(bytes, from, |b| matches!(b, b' ' | b'\t'));
    // A colon with text behind it begins the next key.
    let ends =
        followed_by_space(bytes, colon) || matches!(bytes.get(colon + 1), Some(b',' | b']' | b'}'));
    (bytes.get(colon) == Some(&b':') && ends).then_some(colon + 1)
}

fn followed_by_space(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace)
}

fn run(bytes: &[u8], from: usize, inside: impl Fn(u8) -> bool) -> usize {
    bytes
        .get(from..)
        .map_or(0, |rest| rest.iter().take_while(|&&b| inside(b)).count())
}
