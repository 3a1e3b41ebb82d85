//! Paths into contexts, such as `github.event.pull_request.head.sha`.

use std::ops::Range;

use super::Expr;

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum PathPart {
    /// `.name` or `['name']`, in lower case: GitHub ignores case here.
    Name(String),
    /// `.*` or `[*]`.
    Star,
    /// `[expression]` whose value is not constant.
    Computed(Box<Expr>),
    /// `[0]`: an index into a list.
    Number(u64),
}

/// A path into a context. `secrets['A']`, `secrets.A` and `SECRETS.a` are the
/// same path, and equality ignores where and how it was written.
#[derive(Clone, Debug)]
pub struct ContextPath {
    /// The steps, first the context's own name.
    pub parts: Vec<PathPart>,
    /// Where the path stands in the text that was handed in.
    pub range: Range<usize>,
    /// For each step its name as written; empty for steps that are no name.
    written: Vec<String>,
}

impl PartialEq for ContextPath {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl ContextPath {
    /// A path from nothing but a range; steps are added by [`Self::push_name`]
    /// and [`Self::push`].
    pub(super) fn empty(range: Range<usize>) -> Self {
        Self {
            parts: Vec::new(),
            range,
            written: Vec::new(),
        }
    }

    /// Adds a step that is a name.
    pub(super) fn push_name(&mut self, written: &str) {
        self.parts.push(PathPart::Name(written.to_lowercase()));
        self.written.push(written.to_owned());
    }

    /// Adds any step, a name taken as written.
    pub(super) fn push(&mut self, part: PathPart) {
        match part {
            PathPart::Name(name) => self.push_name(&name),
            other => {
                self.parts.push(other);
                self.written.push(String::new());
            }
        }
    }

    /// Adds the steps of another path after the first `skip` of them.
    pub(super) fn extend_from(&mut self, other: &Self, skip: usize) {
        self.parts.extend(other.parts.iter().skip(skip).cloned());
        self.written
            .extend(other.written.iter().skip(skip).cloned());
    }

    /// A path from dotted text such as `github.event_name`; `*` is a star and
    /// digits are an index. `None` for empty text or an empty step.
    #[must_use]
    pub fn parse(dotted: &str) -> Option<Self> {
        let mut path = Self::empty(0..dotted.len());
        for part in dotted.split('.') {
            match part {
                "" => return None,
                "*" => path.push(PathPart::Star),
                digits if !path.parts.is_empty() && digits.parse::<u64>().is_ok() => {
                    path.push(PathPart::Number(digits.parse().ok()?));
                }
                name => path.push_name(name),
            }
        }
        Some(path)
    }

    /// The path in lower case with dots: `github.event.commits.*.message`. A
    /// step that is computed is written `[…]`, a name with a dot `['a.b']`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                // A name with a dot is one step, and looks like one.
                PathPart::Name(name) if name.contains(['.', '[', ']']) => {
                    text.push_str(&format!("['{name}']"));
                    continue;
                }
                _ if text.is_empty() => {}
                _ => text.push('.'),
            }
            match part {
                PathPart::Name(name) => text.push_str(name),
                PathPart::Star => text.push('*'),
                PathPart::Computed(_) => text.push_str("[…]"),
                PathPart::Number(number) => text.push_str(&number.to_string()),
            }
        }
        text
    }

    /// The context's own name in lower case, such as `github`.
    #[must_use]
    pub fn head(&self) -> &str {
        self.name(0).unwrap_or_default()
    }

    /// The name at a step, in lower case.
    #[must_use]
    pub fn name(&self, step: usize) -> Option<&str> {
        match self.parts.get(step)? {
            PathPart::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The name at a step, as written in the file.
    #[must_use]
    pub fn written_name(&self, step: usize) -> Option<&str> {
        self.name(step)?;
        self.written.get(step).map(String::as_str)
    }

    /// For `secrets.NAME` in any spelling, the name as written.
    #[must_use]
    pub fn secret_name(&self) -> Option<&str> {
        if self.head() == "secrets" {
            self.written_name(1)
        } else {
            None
        }
    }

    /// Whether the path certainly is `pattern`, a dotted path in which `*`
    /// stands for any one step. Names are compared without case.
    #[must_use]
    pub fn is(&self, pattern: &str) -> bool {
        self.matches(pattern, false)
            .is_some_and(|length| length == self.parts.len())
    }

    /// Whether the path certainly is `prefix` or lies below it.
    #[must_use]
    pub fn starts_with(&self, prefix: &str) -> bool {
        self.matches(prefix, false).is_some()
    }

    /// Whether the path may be `pattern`: steps that are `*` or computed may
    /// have any name. `secrets[matrix.name]` could be `secrets.token`.
    #[must_use]
    pub fn could_be(&self, pattern: &str) -> bool {
        self.matches(pattern, true)
            .is_some_and(|length| length == self.parts.len())
    }

    /// Whether the path may be `prefix` or lie below it.
    #[must_use]
    pub fn could_start_with(&self, prefix: &str) -> bool {
        self.matches(prefix, true).is_some()
    }

    /// Whether the value of the path may hold the value of `pattern`: the path
    /// is it, lies above it, or may be so. `toJSON(github)` covers
    /// `github.token`.
    #[must_use]
    pub fn covers(&self, pattern: &str) -> bool {
        let mut wanted = pattern.split('.');
        for part in &self.parts {
            match wanted.next() {
                Some(step) if matches(part, step, true) => {}
                _ => return false,
            }
        }
        true
    }

    /// The number of steps of `pattern` if they all match, else nothing.
    fn matches(&self, pattern: &str, open: bool) -> Option<usize> {
        let mut parts = self.parts.iter();
        let mut length = 0;
        for step in pattern.split('.') {
            if !matches(parts.next()?, step, open) {
                return None;
            }
            length += 1;
        }
        Some(length)
    }
}

/// Whether one step is what the pattern wants; `open` if a step of unknown name
/// counts as any name.
fn matches(part: &PathPart, step: &str, open: bool) -> bool {
    if step == "*" {
        return true;
    }
    match part {
        PathPart::Name(name) => name.eq_ignore_ascii_case(step),
        PathPart::Number(number) => step.parse() == Ok(*number),
        PathPart::Star | PathPart::Computed(_) => open,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::super::{ExprKind, condition};
    use super::*;

    fn path(text: &str) -> ContextPath {
        match condition(text).unwrap().kind {
            ExprKind::Context(path) => path,
            other => unreachable!("{text} is {other:?}"),
        }
    }

    #[test]
    fn spelling_does_not_matter_but_is_kept() {
        let plain = path("secrets.Deploy_Key");
        let quoted = path("SECRETS['Deploy_Key']");
        assert_eq!(plain, quoted);
        assert_eq!(plain.text(), "secrets.deploy_key");
        assert_eq!(quoted.secret_name(), Some("Deploy_Key"));
        assert_eq!(path("vars.A").secret_name(), None);
        assert_eq!(
            path("secrets[format('{0}_{1}', 'A', 'b')]").secret_name(),
            Some("A_b")
        );
    }

    #[test]
    fn a_name_with_a_dot_is_one_step() {
        let dotted = path("steps['a.b'].outputs.c");
        assert_eq!(dotted.parts.len(), 4);
        assert_eq!(dotted.text(), "steps['a.b'].outputs.c");
        assert!(!dotted.is("steps.a.b.outputs.c"));
        assert!(dotted.is("steps.*.outputs.c"));
    }

    #[test]
    fn certain_and_possible_matches_differ() {
        let star = path("github.event.commits.*.message");
        assert_eq!(star.text(), "github.event.commits.*.message");
        assert!(star.is("github.event.commits.*.message"));
        assert!(path("github.event.commits[0].message").is("github.event.commits.*.message"));
        assert!(!star.is("github.event.commits.0.message"));
        assert!(star.could_be("github.event.commits.0.message"));

        let computed = path("secrets[matrix.name]");
        assert!(computed.starts_with("secrets"));
        assert!(!computed.is("secrets.token"));
        assert!(computed.could_be("secrets.token"));
        assert!(!computed.could_be("secrets.token.more"));
        assert!(computed.could_start_with("secrets.token"));
        assert!(!computed.could_be("vars.token"));
    }

    #[test]
    fn a_prefix_ends_at_a_step() {
        assert!(path("github.event_name").starts_with("github"));
        assert!(!path("github.event_name").starts_with("github.event"));
        assert!(path("github").covers("github.token"));
        assert!(path("github.token").covers("github.token"));
        assert!(!path("github.token").covers("github"));
    }

    #[test]
    fn dotted_text_gives_the_same_path() {
        let parsed = ContextPath::parse("github.event.commits.*.message").unwrap();
        assert_eq!(parsed, path("github.event.commits.*.message"));
        assert_eq!(ContextPath::parse("a.0").unwrap(), path("a[0]"));
        assert_eq!(ContextPath::parse("a..b"), None);
        assert_eq!(ContextPath::parse(""), None);
    }
}
