//! Patterns of paths: `*` stays within one folder, `**` does not, `?` is one
//! character. A pattern means the whole path from the root.

/// A pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Glob {
    text: String,
}

impl Glob {
    /// The longest pattern, in bytes.
    pub const MAX: usize = 256;

    /// Takes a pattern.
    ///
    /// # Errors
    /// What is wrong with it, as a half sentence.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("is empty");
        }
        if text.len() > Self::MAX {
            return Err("is too long");
        }
        if text.starts_with('/') || text.starts_with("./") {
            return Err("starts at the root already; leave out what stands before the first name");
        }
        if text.contains('\\') || text.split('/').any(|part| part == "..") {
            return Err("names its folders by `/` and stays inside of the repository");
        }
        if text.contains(['[', ']', '{', '}', '!']) {
            return Err("has a sign that means nothing here: only `*`, `**` and `?` do");
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a path is meant.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        matches(self.text.as_bytes(), path.as_bytes(), b'/')
    }
}

/// Whether `text` is meant by a pattern in which `*` is any text.
#[must_use]
pub fn matches_text(pattern: &str, text: &str) -> bool {
    // No text holds a zero byte that `*` would have to stop at.
    matches(pattern.as_bytes(), text.as_bytes(), 0)
}

/// One row of the table "pattern from here on matches text from here on" at a
/// time: the time is the product of both lengths, whatever the pattern.
fn matches(pattern: &[u8], text: &[u8], separator: u8) -> bool {
    let parts = parts(pattern);
    let mut row = vec![false; text.len() + 1];
    if let Some(last) = row.last_mut() {
        *last = true;
    }
    for part in parts.iter().rev() {
        let mut next = vec![false; text.len() + 1];
        for at in (0..=text.len()).rev() {
            let here = row.get(at).copied().unwrap_or_default();
            let byte = text.get(at).copied();
            let behind = |row: &[bool]| row.get(at + 1).copied().unwrap_or_default();
            let value = match part {
                Part::Byte(wanted) => byte == Some(*wanted) && behind(&row),
                Part::One => byte.is_some_and(|b| b != separator) && behind(&row),
                Part::Some => here || (byte.is_some_and(|b| b != separator) && behind(&next)),
                Part::All => here || (byte.is_some() && behind(&next)),
                // Nothing, or whole folders.
                Part::Folders => {
                    let starts = at == 0 || text.get(at - 1) == Some(&separator);
                    (starts && here) || (byte.is_some() && behind(&next))
                }
            };
            if let Some(cell) = next.get_mut(at) {
                *cell = value;
            }
        }
        row = next;
    }
    row.first().copied().unwrap_or_default()
}

enum Part {
    Byte(u8),
    One,
    Some,
    All,
    Folders,
}

fn parts(pattern: &[u8]) -> Vec<Part> {
    let mut parts = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((first, behind)) = rest.split_first() {
        let at_start = parts.is_empty() || matches!(parts.last(), Some(Part::Byte(b'/')));
        match rest {
            [b'*', b'*', b'/', behind @ ..] if at_start => {
                parts.push(Part::Folders);
                rest = behind;
                continue;
            }
            [b'*', b'*', behind @ ..] => {
                parts.push(Part::All);
                rest = behind;
                continue;
            }
            _ => {}
        }
        parts.push(match first {
            b'*' => Part::Some,
            b'?' => Part::One,
            byte => Part::Byte(*byte),
        });
        rest = behind;
    }
    parts
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns_mean_paths() {
        let cases = [
            (".github/workflows/*.yml", ".github/workflows/ci.yml", true),
            (
                ".github/workflows/*.yml",
                ".github/workflows/a/ci.yml",
                false,
            ),
            (
                ".github/workflows/*.yml",
                "x/.github/workflows/ci.yml",
                false,
            ),
            ("**/action.yml", "action.yml", true),
            ("**/action.yml", "a/b/action.yml", true),
            ("**/action.yml", "a/my-action.yml", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("testdata/**", "testdata/a/b", true),
            ("testdata/**", "testdata", false),
            ("ci-?.yml", "ci-1.yml", true),
            ("ci-?.yml", "ci-/.yml", false),
            ("ci.yml", "ci.yml", true),
            ("ci.yml", "ciXyml", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(
                Glob::new(pattern).unwrap().matches(path),
                expected,
                "{pattern} {path}"
            );
        }
        assert!(matches_text("jobs.*", "jobs.build/step 1"));
        assert!(!matches_text("jobs.build", "jobs.build/step 1"));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for pattern in ["", "/a", "./a", "a/../b", "a\\b", "[ab]", "{a,b}", "!a"] {
            assert!(Glob::new(pattern).is_err(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_path_means_itself_and_stars_do_not_blow_up(path in "[a-c/]{1,40}", stars in "[*a/]{0,60}") {
            prop_assert!(matches(path.as_bytes(), path.as_bytes(), b'/'));
            prop_assert!(matches(b"**", path.as_bytes(), b'/'));
            let _ = matches(stars.as_bytes(), path.as_bytes(), b'/');
        }
    }
}
