//! Patterns of Go's `path.Match`, and lists of them that name modules.

/// Whether a comma-separated list of patterns names a module, as `GOPRIVATE`
/// does: a pattern names whatever lies below what it matches.
///
/// Source: Go modules reference, "Private modules".
#[must_use]
pub fn names_module(list: &str, module: &str) -> bool {
    let parts: Vec<&str> = module.split('/').collect();
    list.split(',').map(str::trim).any(|pattern| {
        let elements: Vec<&str> = pattern.trim_end_matches('/').split('/').collect();
        !pattern.is_empty()
            && elements.len() <= parts.len()
            && (elements.iter().zip(&parts)).all(|(pattern, part)| matches(pattern, part))
    })
}

/// Matches one element of a path: `*`, `?`, `[…]` and `\` as in Go's
/// `path.Match`. A pattern that is none matches nothing.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last star stands, and how much it has taken.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            None if n == name.len() => return true,
            Some(_) if n < name.len() => {
                if let Some(next) = one(&pattern, p, name.get(n).copied()) {
                    p = next;
                    n += 1;
                    continue;
                }
            }
            _ => {}
        }
        match star {
            Some((at, taken)) if taken < name.len() => {
                star = Some((at, taken + 1));
                p = at + 1;
                n = taken + 1;
            }
            _ => return false,
        }
    }
}

/// The place behind the element of a pattern that a character matches.
fn one(pattern: &[char], at: usize, character: Option<char>) -> Option<usize> {
    let character = character?;
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' => (*pattern.get(at + 1)? == character).then_some(at + 2),
        '[' => class(pattern, at + 1, character),
        literal => (*literal == character).then_some(at + 1),
    }
}

fn class(pattern: &[char], mut at: usize, character: char) -> Option<usize> {
    let negated = pattern.get(at) == Some(&'^');
    if negated {
        at += 1;
    }
    let mut found = false;
    let mut first = true;
    let literal = |at: &mut usize| {
        if pattern.get(*at) == Some(&'\\') {
            *at += 1;
        }
        let value = pattern.get(*at).copied();
        *at += 1;
        value
    };
    while first || pattern.get(at) != Some(&']') {
        first = false;
        let low = literal(&mut at)?;
        let high = if pattern.get(at) == Some(&'-') {
            at += 1;
            literal(&mut at)?
        } else {
            low
        };
        found |= (low..=high).contains(&character);
    }
    (found != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_modules_as_go_reads_them() {
        let list = "*.corp.example.com,rsc.io/private/, example.org/[ab]/x";
        for (module, named) in [
            ("git.corp.example.com/xyzzy", true),
            ("rsc.io/private", true),
            ("rsc.io/private/quux", true),
            ("rsc.io/other", false),
            ("rsc.io", false),
            ("example.org/a/x/v2", true),
            ("example.org/c/x", false),
        ] {
            assert_eq!(names_module(list, module), named, "{module}");
        }
        assert!(!names_module("", "a"));
        assert!(matches("a*b*c", "a1b2b3c") && !matches("a*b", "a"));
    }
}
