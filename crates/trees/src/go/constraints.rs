//! Build constraints, as far as they decide whether a file is copied.
//!
//! `go mod vendor` copies for every system at once: each tag counts as set and
//! as not set, whichever builds the file, with the exception of `ignore`, which
//! is never set.
//!
//! Source: Go command documentation, "Build constraints"; observed with Go 1.26.

/// The most bytes of a file that comes along as a witness.
const MOST_WITNESS: usize = 4 * 1024 * 1024;

/// Whether the contents of a file of a module decide something; see
/// [`super::Witnesses`].
pub(crate) fn is_witness(path: &str, content: &[u8]) -> bool {
    content.len() <= MOST_WITNESS
        && (path == "go.mod" || (path.ends_with(".go") && is_left_out(content)))
}

/// Whether a Go file is left out because of its constraint.
#[must_use]
pub fn is_left_out(source: &[u8]) -> bool {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    match header(source) {
        // A file that says it twice is never built.
        Header::Twice => true,
        Header::Line(line) => match line.strip_prefix("//go:build") {
            Some(expression) => !Expression::builds(expression),
            None => false,
        },
        Header::Old(lines) => lines.iter().any(|line| !old_line_builds(line)),
    }
}

enum Header {
    /// The one `//go:build`.
    Line(String),
    /// Two of them.
    Twice,
    /// None, and these comments before the last empty line of the beginning.
    Old(Vec<String>),
}

fn header(source: &[u8]) -> Header {
    let mut comments: Vec<String> = Vec::new();
    // Old constraints count where an empty line follows.
    let mut counted = 0;
    let mut only_comments = true;
    let mut in_block = false;
    let mut constraint: Option<String> = None;
    for line in source.split(|&byte| byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() && only_comments {
            counted = comments.len();
            continue;
        }
        if !text.starts_with("//") {
            only_comments = false;
        }
        if !in_block && is_constraint(text) {
            if constraint.is_some() {
                return Header::Twice;
            }
            constraint = Some(text.to_owned());
        }
        if only_comments {
            comments.push(text.to_owned());
        }
        if !is_comment(text, &mut in_block) {
            break;
        }
    }
    comments.truncate(counted);
    constraint.map_or(Header::Old(comments), Header::Line)
}

fn is_constraint(line: &str) -> bool {
    line.strip_prefix("//go:build")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Whether a line holds nothing but comments; follows those of several lines.
fn is_comment(line: &str, in_block: &mut bool) -> bool {
    let mut rest = line;
    while !rest.is_empty() {
        if *in_block {
            let Some((_, after)) = rest.split_once("*/") else {
                return true;
            };
            *in_block = false;
            rest = after.trim();
        } else if rest.starts_with("//") {
            return true;
        } else if let Some(after) = rest.strip_prefix("/*") {
            *in_block = true;
            rest = after.trim();
        } else {
            return false;
        }
    }
    true
}

/// Whether a tag counts as set when that is what would build the file.
fn is_set(tag: &str, preferred: bool) -> bool {
    !tag.is_empty() && tag != "ignore" && preferred
}

fn is_tag_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.')
}

/// A line `// +build`: words of which one has to hold, each of parts of which
/// all have to. Other comments always hold.
fn old_line_builds(line: &str) -> bool {
    let rest = line.strip_prefix("//").map(str::trim_start);
    let Some(words) = rest.and_then(|rest| rest.strip_prefix("+build")) else {
        return true;
    };
    if !words.is_empty() && !words.starts_with(char::is_whitespace) {
        return true;
    }
    let part_holds = |part: &str| {
        let (tag, preferred) = match part.strip_prefix('!') {
            Some(tag) => (tag, false),
            None => (part, true),
        };
        if tag.is_empty() || !tag.chars().all(is_tag_character) {
            // What is no tag counts as `ignore`.
            return false;
        }
        is_set(tag, preferred) == preferred
    };
    words
        .split_whitespace()
        .any(|word| word.split(',').all(part_holds))
}

/// An expression of `//go:build`.
struct Expression<'e> {
    rest: &'e str,
    depth: usize,
}

/// Deeper expressions are taken as none, as for any that cannot be read.
const MOST_DEPTH: usize = 200;

impl Expression<'_> {
    fn builds(text: &str) -> bool {
        let mut expression = Expression {
            rest: text.trim(),
            depth: 0,
        };
        let value = expression.any(true);
        expression.rest.is_empty() && value == Some(true)
    }

    fn take(&mut self, sign: &str) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn any(&mut self, preferred: bool) -> Option<bool> {
        let mut value = self.all(preferred)?;
        while self.take("||") {
            value |= self.all(preferred)?;
        }
        Some(value)
    }

    fn all(&mut self, preferred: bool) -> Option<bool> {
        let mut value = self.not(preferred)?;
        while self.take("&&") {
            value &= self.not(preferred)?;
        }
        Some(value)
    }

    fn not(&mut self, preferred: bool) -> Option<bool> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return None;
        }
        if self.take("!") {
            return self.not(!preferred).map(|value| !value);
        }
        if self.take("(") {
            let value = self.any(preferred)?;
            return self.take(")").then_some(value);
        }
        let end = self
            .rest
            .find(|character| !is_tag_character(character))
            .unwrap_or(self.rest.len());
        let (tag, rest) = self.rest.split_at_checked(end)?;
        if tag.is_empty() {
            return None;
        }
        self.rest = rest.trim_start();
        Some(is_set(tag, preferred))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ignore_leaves_out() {
        let cases = [
            ("package a\n", false),
            ("//go:build linux\n\npackage a\n", false),
            ("//go:build linux && !linux\n\npackage a\n", false),
            ("//go:build ignore\n\npackage a\n", true),
            ("\u{feff}//go:build ignore\n\npackage a\n", true),
            ("//go:build !ignore\n\npackage a\n", false),
            (
                "//go:build (ignore && linux) || windows\n\npackage a\n",
                false,
            ),
            ("//go:build ignore && linux\n\npackage a\n", true),
            ("//go:build !(a || ignore)\n\npackage a\n", false),
            ("//go:build a &\n\npackage a\n", true),
            ("//go:build a\n//go:build b\n\npackage a\n", true),
            ("// Copyright\n\n// +build ignore\n\npackage a\n", true),
            ("// +build ignore\npackage a\n", false),
            ("// +build ignore linux\n\npackage a\n", false),
            ("// +build ignore,linux\n\npackage a\n", true),
            ("// +build !!x\n\npackage a\n", true),
            ("/* //go:build ignore */\n\npackage a\n", false),
            ("/*\n//go:build ignore\n*/\npackage a\n", false),
            ("/* x */\n//go:build ignore\n\npackage a\n", true),
            ("package a\n\n//go:build ignore\n", false),
            ("", false),
        ];
        for (source, out) in cases {
            assert_eq!(is_left_out(source.as_bytes()), out, "{source:?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("//go:build {}a\n", "(".repeat(100_000));
        assert!(is_left_out(deep.as_bytes()));
        let deep = format!("//go:build {}a\n", "!".repeat(100_000));
        assert!(is_left_out(deep.as_bytes()));
    }
}
