//! Texts that are expected, to the letter unless somebody asks for more.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// The most bytes of a pattern, and of what it is compared with.
const MOST_BYTES: usize = 4096;

/// A text that is expected.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// This text and no other.
    Exact(String),
    /// `*` stands for any characters but `/`, `**` for any at all, and every
    /// other character for itself.
    Glob(Glob),
    /// A regular expression that the whole text must match, so that a name
    /// which only contains the expected one is refused.
    Regex(WholeRegex),
}

/// A text with places for others.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    compiled: Regex,
}

/// A regular expression that is anchored at both ends.
#[derive(Clone, Debug)]
pub struct WholeRegex {
    text: String,
    compiled: Regex,
}

/// Why a pattern cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// It is empty, and would match nothing or everything.
    #[error("a pattern is empty")]
    Empty,
    /// It is longer than any name.
    #[error("a pattern has more than {MOST_BYTES} bytes")]
    TooLong,
    /// It is no regular expression, or too large a one.
    #[error("`{text}` is no regular expression that can be used: {source}")]
    Regex {
        /// The text.
        text: String,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
}

impl Pattern {
    /// This text and no other.
    #[must_use]
    pub fn exact(text: impl Into<String>) -> Self {
        Self::Exact(text.into())
    }

    /// A text in which `*` and `**` stand for others.
    ///
    /// # Errors
    /// [`PatternError`] if it is empty or too long.
    pub fn glob(text: &str) -> Result<Self, PatternError> {
        let mut source = String::new();
        for (index, part) in bounded(text)?.split("**").enumerate() {
            source.push_str(if index > 0 { ".*" } else { "" });
            for (index, part) in part.split('*').enumerate() {
                source.push_str(if index > 0 { "[^/]*" } else { "" });
                source.push_str(&regex::escape(part));
            }
        }
        Ok(Self::Glob(Glob {
            text: text.to_owned(),
            compiled: whole(text, &source)?,
        }))
    }

    /// A regular expression for the whole of a text.
    ///
    /// # Errors
    /// [`PatternError`] if it is none, or empty, or too large.
    pub fn regex(text: &str) -> Result<Self, PatternError> {
        Ok(Self::Regex(WholeRegex {
            text: text.to_owned(),
            compiled: whole(text, bounded(text)?)?,
        }))
    }

    /// Whether a text is the one that is expected.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(expected) => expected == text,
            Self::Glob(Glob { compiled, .. }) | Self::Regex(WholeRegex { compiled, .. }) => {
                text.len() <= MOST_BYTES && compiled.is_match(text)
            }
        }
    }
}

fn bounded(text: &str) -> Result<&str, PatternError> {
    match text.len() {
        0 => Err(PatternError::Empty),
        length if length > MOST_BYTES => Err(PatternError::TooLong),
        _ => Ok(text),
    }
}

fn whole(text: &str, source: &str) -> Result<Regex, PatternError> {
    let build = |source: &str| {
        RegexBuilder::new(source)
            .size_limit(1024 * 1024)
            .dot_matches_new_line(true)
            .build()
    };
    let wrong = |source| PatternError::Regex {
        text: text.to_owned(),
        source: Box::new(source),
    };
    // By itself first: `a)|(b` would otherwise close our group and escape the anchors.
    build(source).map_err(wrong)?;
    build(&format!(r"\A(?:{source})\z")).map_err(wrong)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(text) => f.write_str(text),
            Self::Glob(Glob { text, .. }) => write!(f, "{text} (with places for others)"),
            Self::Regex(WholeRegex { text, .. }) => write!(f, "{text} (a regular expression)"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_glob_stays_within_a_segment_unless_it_is_doubled() {
        let tags = Pattern::glob("refs/tags/v*").unwrap();
        assert!(tags.matches("refs/tags/v1.2.3"));
        assert!(!tags.matches("refs/tags/v1/evil"));
        assert!(!tags.matches("refs/heads/refs/tags/v1"));
        assert!(!tags.matches("refs/tags/v1\nrefs/heads/x/y"));
        let any = Pattern::glob("refs/tags/**").unwrap();
        assert!(any.matches("refs/tags/v1/x"));
        assert!(!any.matches("refs/heads/main"));
        let dots = Pattern::glob("https://github.com/a/b").unwrap();
        assert!(!dots.matches("https://githubXcom/a/b"));
    }

    #[test]
    fn a_regular_expression_matches_the_whole_text() {
        let pattern = Pattern::regex("https://github\\.com/a/.*|b").unwrap();
        assert!(pattern.matches("https://github.com/a/x"));
        assert!(pattern.matches("b"));
        assert!(!pattern.matches("xb"));
        assert!(!pattern.matches("https://evil.example/https://github.com/a/x"));
    }

    #[test]
    fn what_would_escape_the_anchors_is_refused() {
        assert!(Pattern::regex("a)|(?:b").is_err());
        assert!(Pattern::regex("(?x)a # comment").is_err());
        assert!(matches!(Pattern::regex(""), Err(PatternError::Empty)));
        assert!(matches!(Pattern::glob(""), Err(PatternError::Empty)));
        assert!(Pattern::regex(&"a".repeat(5000)).is_err());
        assert!(Pattern::regex("(?:a{1000}){1000}").is_err());
    }
}
