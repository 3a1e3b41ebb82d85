//! Which changes the path filters of an event let through.
//!
//! Source: GitHub, "Workflow syntax", "Filter pattern cheat sheet": `*` is any
//! run of characters but `/`, `**` any run at all, `?` zero or one of the
//! character before it, `+` one or more, `[…]` one of a set, and `!` in front
//! takes back what patterns before it let through.

use cofferdam_facts::Spanned;

use crate::documents::trigger::Trigger;

/// The longest pattern and path that are compared.
const LONGEST: usize = 4096;

/// Whether a change of the file at `path` alone starts the workflow by this
/// trigger, as far as its path filters decide.
#[must_use]
pub fn passes(trigger: &Trigger, path: &str) -> bool {
    if let Some(patterns) = &trigger.paths {
        return last_word(patterns, path);
    }
    trigger
        .paths_ignore
        .as_ref()
        .is_none_or(|patterns| !last_word(patterns, path))
}

fn last_word(patterns: &[Spanned<String>], path: &str) -> bool {
    let mut matched = false;
    for pattern in patterns {
        match pattern.value.strip_prefix('!') {
            Some(pattern) if fits(pattern, path) => matched = false,
            None if fits(&pattern.value, path) => matched = true,
            _ => {}
        }
    }
    matched
}

#[derive(Clone, Debug)]
enum Piece {
    One(char),
    OneOf(Vec<(char, char)>),
    /// Characters but `/`.
    Star,
    /// Any characters.
    Stars,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    One,
    AtMostOne,
    AtLeastOne,
}

/// Whether the whole path fits a pattern without `!`. The time is bounded by
/// the product of both lengths.
#[must_use]
pub fn fits(pattern: &str, path: &str) -> bool {
    if pattern.len() > LONGEST || path.len() > LONGEST {
        return false;
    }
    let pieces = pieces(pattern);
    let path: Vec<char> = path.chars().collect();
    // For each number of leading characters, whether they fit the pieces so far.
    let mut reached = vec![false; path.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    for (piece, count) in &pieces {
        let mut next = vec![false; path.len() + 1];
        let mut before = false;
        for (index, slot) in next.iter_mut().enumerate() {
            let here = reached.get(index).copied().unwrap_or(false);
            let came = index.checked_sub(1).and_then(|at| path.get(at));
            let from = index
                .checked_sub(1)
                .and_then(|at| reached.get(at))
                .copied()
                .unwrap_or(false);
            let takes = came.is_some_and(|c| takes(piece, *c));
            *slot = match (piece, count) {
                (Piece::Star | Piece::Stars, _) => here || (before && takes),
                (_, Count::One) => from && takes,
                (_, Count::AtMostOne) => here || (from && takes),
                (_, Count::AtLeastOne) => (from || before) && takes,
            };
            before = *slot;
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

fn takes(piece: &Piece, c: char) -> bool {
    match piece {
        Piece::One(one) => *one == c,
        Piece::OneOf(ranges) => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)),
        Piece::Star => c != '/',
        Piece::Stars => true,
    }
}

fn pieces(pattern: &str) -> Vec<(Piece, Count)> {
    let mut pieces: Vec<(Piece, Count)> = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let piece = match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                // `**/x` also stands for `x` at the top.
                let at_start = pieces.is_empty() || ends_with_slash(&pieces);
                if at_start && chars.next_if_eq(&'/').is_some() {
                    folders(&mut pieces);
                    continue;
                }
                Piece::Stars
            }
            '*' => Piece::Star,
            '?' | '+' => {
                if let Some((Piece::One(_) | Piece::OneOf(_), count)) = pieces.last_mut() {
                    *count = if c == '?' {
                        Count::AtMostOne
                    } else {
                        Count::AtLeastOne
                    };
                    continue;
                }
                Piece::One(c)
            }
            '[' => set(&mut chars),
            '\\' => Piece::One(chars.next().unwrap_or('\\')),
            c => Piece::One(c),
        };
        pieces.push((piece, Count::One));
    }
    pieces
}

fn ends_with_slash(pieces: &[(Piece, Count)]) -> bool {
    matches!(pieces.last(), Some((Piece::One('/'), Count::One)))
}

/// Any number of whole folders: the slash before them, if there is one, has
/// been read already. A run of any characters is a little more than that, which
/// only ever lets more through.
fn folders(pieces: &mut Vec<(Piece, Count)>) {
    pieces.push((Piece::Stars, Count::One));
}

fn set(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Piece {
    let mut ranges = Vec::new();
    while let Some(low) = chars.next() {
        if low == ']' {
            break;
        }
        let mut high = low;
        if chars.peek() == Some(&'-') {
            chars.next();
            match chars.next() {
                Some(']') | None => {
                    ranges.push((low, low));
                    ranges.push(('-', '-'));
                    break;
                }
                Some(end) => high = end,
            }
        }
        ranges.push((low, high));
    }
    Piece::OneOf(ranges)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_cheat_sheet_hold() {
        let cases = [
            ("*", "README.md", true),
            ("*", "docs/README.md", false),
            ("*.jsx?", "page.js", true),
            ("*.jsx?", "page.jsx", true),
            ("**", "all/the/files.md", true),
            ("*.js", "src/js/index.js", false),
            ("**.js", "src/js/index.js", true),
            ("docs/*", "docs/file.txt", true),
            ("docs/*", "docs/a/file.txt", false),
            ("docs/**", "docs/mona/octocat.txt", true),
            ("docs/**/*.md", "docs/README.md", true),
            ("docs/**/*.md", "docs/a/markdown/file.md", true),
            ("**/docs/**", "dir/docs/my-file.txt", true),
            ("**/docs/**", "docs/hello.md", true),
            ("**/README.md", "README.md", true),
            ("**/README.md", "js/README.md", true),
            ("**/*src/**", "a/src/app.js", true),
            ("**/*-post.md", "path/their-post.md", true),
            ("v[12].[0-9]+", "v1.10", true),
            ("v[12].[0-9]+", "v3.10", false),
            ("go.mod", "go.mod", true),
            ("go.mod", "api/go.mod", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_later_pattern_takes_back_what_an_earlier_one_gave() {
        let list = |patterns: &[&str]| -> Vec<Spanned<String>> {
            let spanned =
                |p: &&str| Spanned::new((*p).to_owned(), cofferdam_facts::Span::default());
            patterns.iter().map(spanned).collect()
        };
        assert!(!last_word(&list(&["**", "!**/go.sum"]), "go.sum"));
        assert!(last_word(&list(&["**", "!**.md"]), "go.sum"));
        assert!(last_word(&list(&["!go.sum", "go.*"]), "go.sum"));
        assert!(!last_word(&[], "go.sum"));
    }

    proptest! {
        #[test]
        fn any_pattern_is_answered(pattern in "[*?+!a-c/\\[\\]\\\\-]{0,30}", path in "[a-c/]{0,30}") {
            let _ = fits(&pattern, &path);
        }

        #[test]
        fn a_literal_fits_itself_only(path in "[a-c/]{0,20}", other in "[a-c/]{0,20}") {
            prop_assert!(fits(&path, &path));
            prop_assert_eq!(fits(&path, &other), path == other);
        }
    }
}
