//! The first line in which two files differ.

/// A line of one of them, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstDifference {
    /// The one-based line.
    pub line: usize,
    /// What the original has there; `None` behind its end.
    pub expected: Option<String>,
    /// What was found there; `None` behind the end.
    pub found: Option<String>,
}

/// The most bytes of a line that are kept.
const MOST_SHOWN: usize = 240;

/// Finds the first line that differs; `None` where the files are equal.
#[must_use]
pub fn first_difference(expected: &[u8], found: &[u8]) -> Option<FirstDifference> {
    if expected == found {
        return None;
    }
    let mut originals = expected.split_inclusive(|&byte| byte == b'\n');
    let mut others = found.split_inclusive(|&byte| byte == b'\n');
    let mut line = 1;
    loop {
        let (original, other) = (originals.next(), others.next());
        if original != other || original.is_none() {
            return Some(FirstDifference {
                line,
                expected: original.map(shown),
                found: other.map(shown),
            });
        }
        line += 1;
    }
}

fn shown(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let head = line.get(..MOST_SHOWN).unwrap_or(line);
    String::from_utf8_lossy(head).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_named() {
        let of = |a: &str, b: &str| {
            first_difference(a.as_bytes(), b.as_bytes()).map(|d| (d.line, d.expected, d.found))
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of("a\nb\n", "a\nb\n"), None);
        assert_eq!(of("a\nb\nc", "a\nx\nc"), Some((2, text("b"), text("x"))));
        assert_eq!(of("a\n", "a\nb\n"), Some((2, None, text("b"))));
        assert_eq!(of("a\nb", ""), Some((1, text("a"), None)));
        // A line break at the end is a difference too.
        assert_eq!(of("a", "a\n"), Some((1, text("a"), text("a"))));
    }
}
