//! `//go:embed`: which files a Go file takes along.
//!
//! Source: Go documentation, package `embed`, section "Directives".

use super::patterns::matches;
use crate::manifest::Manifest;

/// The most patterns of one file.
const MOST_PATTERNS: usize = 1000;

/// The patterns in a Go file that imports the package `embed`, as written,
/// with `all:` where it stands.
#[must_use]
pub fn patterns(source: &[u8]) -> Vec<String> {
    let mut patterns = Vec::new();
    let Ok(text) = str::from_utf8(source) else {
        return patterns;
    };
    if !text.contains("\"embed\"") && !text.contains("`embed`") {
        return patterns;
    }
    for line in directives(text) {
        words(line, &mut patterns);
        if patterns.len() >= MOST_PATTERNS {
            break;
        }
    }
    patterns
}

/// What stands behind each `//go:embed` that is a comment of its own line.
fn directives(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    // What has to come before anything else counts again.
    let mut until: Option<&str> = None;
    for line in text.lines() {
        if until.is_none()
            && let Some(rest) = line.trim_start().strip_prefix("//go:embed")
            && rest.starts_with([' ', '\t'])
        {
            found.push(rest);
            continue;
        }
        until = state_after(line, until);
    }
    found
}

/// Whether a comment or a raw string goes on behind a line.
fn state_after(line: &str, mut until: Option<&'static str>) -> Option<&'static str> {
    let mut rest = line;
    loop {
        if let Some(end) = until {
            let Some((_, after)) = rest.split_once(end) else {
                return until;
            };
            until = None;
            rest = after;
        }
        let at = rest.find(['"', '\'', '`', '/'])?;
        let (_, from) = rest.split_at_checked(at)?;
        let mut characters = from.chars();
        let sign = characters.next()?;
        let after = characters.as_str();
        match sign {
            '`' => {
                until = Some("`");
                rest = after;
            }
            '/' if after.starts_with('/') => return None,
            '/' if after.starts_with('*') => {
                until = Some("*/");
                rest = after.get(1..).unwrap_or_default();
            }
            '/' => rest = after,
            quote => rest = behind_quote(after, quote),
        }
    }
}

fn behind_quote(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == quote {
            return text.get(at + 1..).unwrap_or_default();
        }
    }
    ""
}

fn words(line: &str, patterns: &mut Vec<String>) {
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '"' | '`' => {
                let inner = rest.get(1..).unwrap_or_default();
                let end = inner.len() - behind_quote(inner, first).len();
                let word = inner.get(..end.saturating_sub(1)).unwrap_or_default();
                (word, inner.get(end..).unwrap_or_default())
            }
            _ => match rest.split_once(char::is_whitespace) {
                Some((word, after)) => (word, after),
                None => (rest, ""),
            },
        };
        patterns.push(word.to_owned());
        rest = after.trim_start();
    }
}

/// The files of a module that a pattern of the package in `folder` takes.
#[must_use]
pub fn resolve(manifest: &Manifest, folder: &str, pattern: &str) -> Vec<String> {
    let (pattern, all) = match pattern.strip_prefix("all:") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let elements: Vec<&str> = pattern.split('/').collect();
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let takes = |path: &str| {
        let parts: Vec<&str> = path
            .get(prefix.len()..)
            .unwrap_or_default()
            .split('/')
            .collect();
        let Some((head, rest)) = parts.split_at_checked(elements.len()) else {
            return false;
        };
        let named = elements
            .iter()
            .zip(head)
            .all(|(pattern, part)| matches(pattern, part));
        // In a folder that a pattern names, hidden files stay behind.
        named
            && rest.iter().all(|part| {
                let hidden = part.starts_with(['.', '_']);
                let of_version_control = matches!(*part, ".bzr" | ".hg" | ".git" | ".svn");
                !of_version_control && (all || !hidden)
            })
    };
    manifest
        .below(&prefix)
        .filter(|(path, _)| takes(path))
        .map(|(path, _)| path.to_owned())
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn patterns_are_read_where_they_are_directives() {
        let source = "package a\n\nimport \"embed\"\n\n//go:embed a.txt \"b c\" `d`\n\
                      //go:embed all:static\nvar f embed.FS // //go:embed no\n\
                      var s = `\n//go:embed raw\n`\n/*\n//go:embed comment\n*/\n\
                      var q = \"`\"\n\t//go:embed *.html\n//go:embedded x\n";
        assert_eq!(
            patterns(source.as_bytes()),
            ["a.txt", "b c", "d", "all:static", "*.html"]
        );
        assert!(patterns(b"package a\n//go:embed x\n").is_empty());
        assert!(patterns(b"\xff \"embed\"\n//go:embed x\n").is_empty());
    }

    #[test]
    fn files_are_taken_as_go_takes_them() {
        let files = [
            "p/a.txt",
            "p/b.html",
            "p/static/.hidden",
            "p/static/_x/y",
            "p/static/in.js",
            "p/.dot",
            "q/a.txt",
        ];
        let manifest = Manifest::new(files.map(|path| (path.into(), Digest::of(b"")))).unwrap();
        let of = |pattern: &str| resolve(&manifest, "p", pattern);
        assert_eq!(of("a.txt"), ["p/a.txt"]);
        assert_eq!(of("*.html"), ["p/b.html"]);
        assert_eq!(of("static"), ["p/static/in.js"]);
        assert_eq!(
            of("all:static"),
            ["p/static/.hidden", "p/static/_x/y", "p/static/in.js"]
        );
        assert_eq!(
            of("static/*"),
            ["p/static/.hidden", "p/static/_x/y", "p/static/in.js"]
        );
        assert_eq!(of("[ab].*"), ["p/a.txt", "p/b.html"]);
        assert_eq!(of("[^a-z]dot"), ["p/.dot"]);
        assert!(of("[").is_empty() && of("c*").is_empty());
        assert_eq!(resolve(&manifest, "", "q/a.txt"), ["q/a.txt"]);
    }
}
