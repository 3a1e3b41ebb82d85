//! Which actions, reusable workflows and images somebody wants to be used.

use crate::uses::UsesRef;

/// The longest pattern, in bytes.
pub const MAX_PATTERN: usize = 256;

/// One list of what may be used, or may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsesPolicy {
    /// Whose it is, for messages: the name of the file.
    pub of: String,
    /// Where this list is not empty, only what matches it may be used.
    pub allow: Vec<UsesPattern>,
    /// What may not be used, whatever the other list says.
    pub deny: Vec<UsesPattern>,
}

/// A pattern for what stands behind `uses:`: `OWNER/NAME[/PATH][@KIND]` or
/// `docker://IMAGE`, where `*` is any text, and `KIND` is `commit`, `version`
/// (`v1`, `1.2.3`) or `other`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsesPattern {
    /// As it is written.
    pub written: String,
    name: String,
    image: bool,
    kind: Option<RefKind>,
}

/// What stands behind the `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefKind {
    Commit,
    Version,
    Other,
}

/// Why a pattern is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsesPatternError {
    /// It has no owner and name.
    #[error("names no `owner/name`; `*` stands for any text, as in `actions/*`")]
    NoName,
    /// What stands behind the `@` is not known.
    #[error("ends in an `@` without `commit`, `version` or `other` behind it")]
    Kind,
    /// It is too long.
    #[error("is longer than {MAX_PATTERN} bytes")]
    TooLong,
}

impl UsesPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it can match nothing that GitHub takes, or says a kind of ref that
    /// is not known.
    pub fn parse(text: &str) -> Result<Self, UsesPatternError> {
        let written = text.trim();
        if written.len() > MAX_PATTERN {
            return Err(UsesPatternError::TooLong);
        }
        if let Some(image) = written.strip_prefix("docker://") {
            if image.is_empty() {
                return Err(UsesPatternError::NoName);
            }
            return Ok(Self {
                written: written.to_owned(),
                name: image.to_ascii_lowercase(),
                image: true,
                kind: None,
            });
        }
        let (name, kind) = match written.split_once('@') {
            Some((name, "commit")) => (name, Some(RefKind::Commit)),
            Some((name, "version")) => (name, Some(RefKind::Version)),
            Some((name, "other")) => (name, Some(RefKind::Other)),
            Some(_) => return Err(UsesPatternError::Kind),
            None => (written, None),
        };
        let plain = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'*'))
        };
        let mut parts = name.split('/');
        let named = parts.next().is_some_and(plain) && parts.next().is_some_and(plain);
        if name != "*" && !named {
            return Err(UsesPatternError::NoName);
        }
        Ok(Self {
            written: written.to_owned(),
            name: name.to_ascii_lowercase(),
            image: false,
            kind,
        })
    }

    /// Whether it matches. `owner/name` matches the actions in folders of that
    /// repository too; `*` matches no image.
    #[must_use]
    pub fn matches(&self, uses: &UsesRef) -> bool {
        match uses {
            UsesRef::Repository(repository) => {
                let kind = match repository.git_ref.as_deref() {
                    _ if repository.commit().is_some() => RefKind::Commit,
                    Some(text) if is_version(text) => RefKind::Version,
                    _ => RefKind::Other,
                };
                !self.image
                    && self.kind.is_none_or(|wanted| wanted == kind)
                    && (is_like(&self.name, &repository.name())
                        || is_like(&self.name, &repository.slug()))
            }
            UsesRef::Docker(image) => {
                self.image
                    && (is_like(&self.name, &image.name())
                        || is_like(&self.name, &image.to_string().to_ascii_lowercase()))
            }
            _ => false,
        }
    }
}

impl UsesPolicy {
    /// The pattern that forbids it, if one does.
    #[must_use]
    pub fn denied(&self, uses: &UsesRef) -> Option<&UsesPattern> {
        self.deny.iter().find(|pattern| pattern.matches(uses))
    }

    /// Whether nothing of a list that is there allows it. Images are asked only
    /// where the list names one.
    #[must_use]
    pub fn is_missing(&self, uses: &UsesRef) -> bool {
        let asked = match uses {
            UsesRef::Repository(_) => !self.allow.is_empty(),
            UsesRef::Docker(_) => self.allow.iter().any(|pattern| pattern.image),
            _ => false,
        };
        asked && !self.allow.iter().any(|pattern| pattern.matches(uses))
    }
}

fn is_version(text: &str) -> bool {
    let bare = text.strip_prefix('v').unwrap_or(text);
    bare.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a text is like a pattern in which `*` is any text.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some((_, behind)) = rest.split_once(piece) else {
            return false;
        };
        rest = behind;
    }
    true
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn matches(pattern: &str, uses: &str) -> bool {
        UsesPattern::parse(pattern)
            .unwrap()
            .matches(&UsesRef::parse(uses))
    }

    #[test]
    fn patterns_match_names_and_kinds_of_refs() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert!(matches("actions/*", "Actions/checkout@v4"));
        assert!(!matches("actions/*", "actionsx/checkout@v4"));
        assert!(matches(
            "github/codeql-action",
            "github/codeql-action/init@v3"
        ));
        assert!(!matches(
            "github/codeql-action/init",
            "github/codeql-action/analyze@v3"
        ));
        assert!(matches("*@commit", &format!("a/b@{commit}")));
        assert!(!matches("*@commit", "a/b@v4"));
        assert!(matches("a/b@version", "a/b@v4"));
        assert!(matches("a/b@other", "a/b@main"));
        assert!(matches(
            "docker://ghcr.io/org/*",
            "docker://ghcr.io/org/x:v1"
        ));
        assert!(!matches("*", "docker://ghcr.io/org/x:v1"));
        assert!(!matches("*", "./local"));
        assert!(matches("a/b*c*d", "a/bxxcyyd@v1"));
        assert!(!matches("a/b*c*d", "a/bxxcyy@v1"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (text, error) in [
            ("actions", UsesPatternError::NoName),
            ("", UsesPatternError::NoName),
            ("a b/c", UsesPatternError::NoName),
            ("docker://", UsesPatternError::NoName),
            ("a/b@v1", UsesPatternError::Kind),
            ("a/b@", UsesPatternError::Kind),
        ] {
            assert_eq!(UsesPattern::parse(text), Err(error), "{text}");
        }
        let long = format!("a/{}", "b".repeat(300));
        assert_eq!(UsesPattern::parse(&long), Err(UsesPatternError::TooLong));
    }

    #[test]
    fn the_list_of_what_is_denied_wins() {
        let list = |patterns: &[&str]| {
            patterns
                .iter()
                .map(|p| UsesPattern::parse(p).unwrap())
                .collect::<Vec<_>>()
        };
        let policy = UsesPolicy {
            of: "x".to_owned(),
            allow: list(&["actions/*"]),
            deny: list(&["actions/cache"]),
        };
        let uses = UsesRef::parse("actions/cache@v4");
        assert!(policy.denied(&uses).is_some() && !policy.is_missing(&uses));
        assert!(policy.is_missing(&UsesRef::parse("a/b@v1")));
        assert!(!policy.is_missing(&UsesRef::parse("docker://alpine:3")));
        assert!(!UsesPolicy::default().is_missing(&UsesRef::parse("a/b@v1")));
    }
}
