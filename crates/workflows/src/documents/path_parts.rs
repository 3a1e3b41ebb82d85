//! Patterns of paths, part by part: `*` and `?` inside a part, `**` for any
//! number of parts. The time is bounded by the product of both lengths.

/// For every number of leading parts of `path`, whether exactly they fit all
/// parts of the pattern. The result has one more item than the path has parts.
pub(super) fn reached(pattern: &[impl AsRef<str>], path: &[&str]) -> Vec<bool> {
    let mut reached = vec![false; path.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for part in pattern {
        let part = part.as_ref();
        let mut next = vec![false; path.len() + 1];
        let mut any = false;
        for (index, slot) in next.iter_mut().enumerate() {
            let here = reached.get(index).copied().unwrap_or(false);
            if part == "**" {
                any |= here;
                *slot = any;
            } else if let Some(before) = index.checked_sub(1) {
                *slot = reached.get(before).copied().unwrap_or(false)
                    && path.get(before).is_some_and(|name| part_fits(part, name));
            }
        }
        reached = next;
    }
    reached
}

/// Whether the whole path fits the whole pattern. Empty parts do not count.
pub(super) fn fits(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = parts(pattern).collect();
    let path: Vec<&str> = parts(path).collect();
    reached(&pattern, &path).last().copied().unwrap_or(false)
}

/// The parts of a path between slashes, without empty ones.
pub(super) fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

/// Matches one part: `*` is any run of characters, `?` any one.
fn part_fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || text.get(t) == Some(&c) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_keep_to_their_part_and_double_stars_do_not() {
        for (pattern, path) in [
            ("a/*/c", "a/b/c"),
            ("a/**", "a/b/c"),
            ("**/c", "c"),
            ("**", ""),
            ("", ""),
            ("a*c/?", "abbc/x"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("a/*", "a/b/c"),
            ("a", "a/b"),
            ("a?", "a"),
            ("", "a"),
            ("*", ""),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }
}
