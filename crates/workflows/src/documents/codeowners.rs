//! CODEOWNERS: who must review a change to a path.
//!
//! Source: GitHub, "About code owners". The patterns look like those of
//! gitignore and differ from them: negation, character ranges and an escaped
//! `#` do not work, and a final `/*` does not reach into subfolders.

use std::fmt;

use cofferdam_facts::{SourceFile, Span, Spanned};

use super::path_parts;
use super::problem::{Problem, ProblemKind, keep};

/// Where GitHub looks, in this order; the first file found is the only one used.
pub const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// GitHub does not load a file of this size or more.
const LONGEST_FILE: usize = 3_000_000;

/// The file among `paths` that GitHub uses.
#[must_use]
pub fn effective<'p>(paths: impl IntoIterator<Item = &'p str>) -> Option<&'p str> {
    let rank = |path: &str| PLACES.iter().position(|place| *place == path);
    paths
        .into_iter()
        .filter(|path| rank(path).is_some())
        .min_by_key(|path| rank(path))
}

/// A CODEOWNERS file as far as it was understood.
#[derive(Clone, Debug)]
pub struct CodeOwners {
    file: SourceFile,
    rules: Vec<Rule>,
    problems: Vec<Problem>,
}

/// One line: a pattern and the owners of what it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The pattern, with escaped spaces put back.
    pub pattern: Spanned<String>,
    /// The owners. A rule without owners takes paths out of ownership.
    pub owners: Vec<Spanned<Owner>>,
    /// The bytes of the line, without a comment.
    pub span: Span,
    matcher: Matcher,
}

impl Rule {
    /// Whether the pattern matches a file at `path`, relative to the root.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matcher.matches(path)
    }
}

/// Somebody who can own code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// `@NAME`.
    User(String),
    /// `@ORGANISATION/TEAM`.
    Team {
        /// The organisation.
        organisation: String,
        /// The slug of the team.
        team: String,
    },
    /// An e-mail address of an account.
    Email(String),
}

impl Owner {
    fn parse(text: &str) -> Option<Self> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        if let Some(name) = text.strip_prefix('@') {
            return match name.split_once('/') {
                Some((organisation, team)) if is_name(organisation) && is_name(team) => {
                    Some(Self::Team {
                        organisation: organisation.into(),
                        team: team.into(),
                    })
                }
                None if is_name(name) => Some(Self::User(name.into())),
                _ => None,
            };
        }
        let (local, domain) = text.split_once('@')?;
        let fits = !local.is_empty() && domain.contains('.') && !domain.contains('@');
        fits.then(|| Self::Email(text.into()))
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "@{name}"),
            Self::Team { organisation, team } => write!(f, "@{organisation}/{team}"),
            Self::Email(address) => f.write_str(address),
        }
    }
}

impl CodeOwners {
    /// Reads a CODEOWNERS file. A line that GitHub would skip is a problem and
    /// no rule.
    #[must_use]
    pub fn parse(file: SourceFile) -> Self {
        let mut parsed = Self {
            rules: Vec::new(),
            problems: Vec::new(),
            file,
        };
        let file = parsed.file.clone();
        if file.text().len() >= LONGEST_FILE {
            keep(
                &mut parsed.problems,
                Problem::new(
                    ProblemKind::TooLarge,
                    Span::default(),
                    "GitHub ignores a CODEOWNERS file of 3 MB or more",
                ),
            );
            return parsed;
        }
        let mut start = 0;
        for line in file.text().split_inclusive('\n') {
            parsed.line(line.trim_end_matches(['\n', '\r']), start);
            start += line.len();
        }
        parsed
    }

    fn line(&mut self, line: &str, start: usize) {
        let (line, start) = match line.strip_prefix('\u{feff}') {
            Some(rest) => (rest, start + line.len() - rest.len()),
            None => (line, start),
        };
        let words = words(line);
        let mut words = words.into_iter().map(|(at, text)| {
            let span = Span::new(start + at, start + at + text.len());
            Spanned::new(text, span)
        });
        let Some(pattern) = words.next() else { return };
        if pattern.value.starts_with('#') {
            return;
        }
        if let Some(message) = refusal(pattern.value) {
            keep(
                &mut self.problems,
                Problem::new(ProblemKind::Syntax, pattern.span, message),
            );
            return;
        }
        let mut owners = Vec::new();
        let mut span = pattern.span;
        for word in words {
            if word.value.starts_with('#') {
                break;
            }
            span.end = word.span.end;
            match Owner::parse(word.value) {
                Some(owner) => owners.push(Spanned::new(owner, word.span)),
                None => {
                    keep(
                        &mut self.problems,
                        Problem::new(
                            ProblemKind::BadValue,
                            word.span,
                            "this is no @user, @organisation/team or e-mail address, \
                         so GitHub skips the line",
                        ),
                    );
                    return;
                }
            }
        }
        let pattern = pattern.map(|text| text.replace("\\ ", " "));
        let matcher = Matcher::new(&pattern.value);
        self.rules.push(Rule {
            pattern,
            owners,
            span,
            matcher,
        });
    }

    /// The file that was read.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The rules that GitHub applies, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The lines that GitHub skips.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The rule that decides for a file at `path`, relative to the root of the
    /// repository: the last one that matches. `None` if no rule does. A rule
    /// without owners means that nobody owns the file.
    ///
    /// A path that does not exist yet is as good as one that does: ask with a
    /// made-up name to learn who owns files that a change adds.
    #[must_use]
    pub fn owners_of(&self, path: &str) -> Option<&Rule> {
        self.rules.iter().rev().find(|rule| rule.matches(path))
    }

    /// Whether somebody must review a change to `path`.
    #[must_use]
    pub fn is_owned(&self, path: &str) -> bool {
        self.owners_of(path)
            .is_some_and(|rule| !rule.owners.is_empty())
    }
}

/// The words of a line with their offsets. A backslash keeps a space in a word.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    let mut escaped = false;
    for (at, character) in line.char_indices() {
        if character.is_whitespace() && !escaped {
            if let Some(start) = start.take() {
                words.push((start, line.get(start..at).unwrap_or_default()));
            }
        } else {
            start.get_or_insert(at);
        }
        escaped = character == '\\' && !escaped;
    }
    if let Some(start) = start {
        words.push((start, line.get(start..).unwrap_or_default()));
    }
    words
}

/// Why GitHub skips a line with this pattern.
fn refusal(pattern: &str) -> Option<&'static str> {
    if pattern.starts_with('!') {
        return Some("negation with ! does not work in CODEOWNERS, so GitHub skips the line");
    }
    if pattern.starts_with("\\#") {
        return Some("an escaped # does not work in CODEOWNERS, so GitHub skips the line");
    }
    if pattern.starts_with('[') || pattern.starts_with("^[") {
        return Some("GitHub knows no sections in CODEOWNERS and skips the line");
    }
    if pattern.contains(['[', ']']) {
        return Some("[ ] does not work in CODEOWNERS, so GitHub skips the line");
    }
    None
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Matcher {
    /// The parts of the pattern between slashes; `**` stands for any number.
    parts: Vec<String>,
    /// Whether a match of the whole pattern also covers everything below it.
    covers_below: bool,
    /// Whether the pattern names a folder, so that it matches only below it.
    folder: bool,
}

impl Matcher {
    fn new(pattern: &str) -> Self {
        let folder = pattern.ends_with('/');
        let body = pattern.trim_matches('/');
        let anchored = pattern.starts_with('/') || body.contains('/');
        let mut parts: Vec<String> = Vec::new();
        if !anchored {
            parts.push("**".to_owned());
        }
        for part in path_parts::parts(body) {
            if !(part == "**" && parts.last().is_some_and(|last| last == "**")) {
                parts.push(part.to_owned());
            }
        }
        let ends_in_star = anchored && parts.last().is_some_and(|last| last == "*");
        Self {
            parts,
            covers_below: folder || !ends_in_star,
            folder,
        }
    }

    fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = path_parts::parts(path).collect();
        if path.is_empty() {
            return false;
        }
        let reached = path_parts::reached(&self.parts, &path);
        let whole = reached.last().copied().unwrap_or(false);
        let above = reached.iter().take(path.len()).skip(1).any(|fits| *fits);
        // A pattern of slashes alone names the root.
        let root = self.parts.is_empty();
        (whole && !self.folder) || (self.covers_below && above) || root
    }
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "a test fails by panicking"
    )]

    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> CodeOwners {
        CodeOwners::parse(SourceFile::new("CODEOWNERS", text))
    }

    fn matches(pattern: &str, path: &str) -> bool {
        parse(&format!("{pattern} @a")).owners_of(path).is_some()
    }

    /// The example of GitHub's documentation, shortened.
    const REAL: &str = "\
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
";

    #[test]
    fn the_last_match_wins() {
        let owners = parse(REAL);
        assert_eq!(owners.problems(), []);
        let of = |path: &str| -> Vec<String> {
            let rule = owners.owners_of(path).unwrap();
            rule.owners
                .iter()
                .map(|owner| owner.value.to_string())
                .collect()
        };
        assert_eq!(of("README.md"), ["@global-owner1", "@global-owner2"]);
        assert_eq!(of("src/a.js"), ["@js-owner"]);
        assert_eq!(of("a/b.txt"), ["@octo-org/octocats"]);
        assert_eq!(of("build/logs/x/y.go"), ["@octocat"]);
        assert_eq!(of("docs/getting-started.md"), ["@doctocat"]);
        assert_eq!(of("deep/logs/x.js"), ["@octocat"]);
        assert_eq!(of("x/apps/y.js"), ["@octocat"]);
        assert!(of("apps/github/main.go").is_empty());
        assert!(owners.is_owned("apps/main.go") && !owners.is_owned("apps/github/main.go"));
        let rule = owners.owners_of("a.go").unwrap();
        assert_eq!(owners.file().slice(rule.span), "*.go docs@example.com");
        assert_eq!(
            rule.owners[0].value,
            Owner::Email("docs@example.com".to_owned())
        );
    }

    #[test]
    fn patterns_reach_as_far_as_documented() {
        for (pattern, path) in [
            ("*", "a/b/c"),
            ("/.github/", ".github/workflows/ci.yml"),
            (".github/", ".github/CODEOWNERS"),
            (".github/", "sub/.github/x"),
            (".github", ".github/workflows/ci.yml"),
            ("/.github/**", ".github/workflows/ci.yml"),
            ("/.github/workflows/*", ".github/workflows/ci.yml"),
            ("**/workflows/**", ".github/workflows/ci.yml"),
            ("/docs/a?.md", "docs/ab.md"),
            ("/a*b*c", "aXbYbc"),
            ("/folder", "folder/deep/file"),
            ("/with\\ space/", "with space/x"),
            ("/", "anything"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/.github/", "sub/.github/x"),
            ("/.github/", ".github"),
            (".github/*", ".github/workflows/ci.yml"),
            ("/.github/workflows/*.yml", ".github/workflows/ci.yaml"),
            ("workflows/ci.yml", ".github/workflows/ci.yml"),
            ("*.yml", "ci.yaml"),
            (".GitHub/", ".github/x"),
            ("/docs/a?.md", "docs/a.md"),
            ("githu", ".github/x"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn lines_that_github_skips_are_problems_and_no_rules() {
        let owners = parse("!x @a\na[bc] @a\n[Section] @a\n\\#x @a\nok @a\nx user\ny @a/b/c\n");
        assert_eq!(owners.rules().len(), 1);
        let places: Vec<_> = owners
            .problems()
            .iter()
            .map(|p| owners.file().slice(p.span))
            .collect();
        assert_eq!(
            places,
            ["!x", "a[bc]", "[Section]", "\\#x", "user", "@a/b/c"]
        );
    }

    #[test]
    fn the_first_place_is_the_only_one() {
        assert_eq!(
            effective(["docs/CODEOWNERS", "CODEOWNERS", "a"]),
            Some("CODEOWNERS")
        );
        assert_eq!(
            effective([".github/CODEOWNERS", "CODEOWNERS"]),
            Some(".github/CODEOWNERS")
        );
        assert_eq!(effective([".github/codeowners", "src/CODEOWNERS"]), None);
    }

    #[test]
    fn hostile_patterns_end_soon() {
        let pattern = "*a".repeat(5_000) + "b";
        assert!(!matches(&pattern, &"a".repeat(10_000)));
        let deep = "**/a/".repeat(2_000);
        assert!(!matches(&deep, &"a/".repeat(1_000)));
        let owners = parse(&"x".repeat(LONGEST_FILE));
        assert_eq!(owners.problems()[0].kind, ProblemKind::TooLarge);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}", path in "\\PC{0,60}") {
            let owners = parse(&text);
            let _ = owners.owners_of(&path);
            for rule in owners.rules() {
                prop_assert!(text.get(rule.span.start..rule.span.end).is_some());
            }
        }

        #[test]
        fn a_path_without_wildcards_matches_itself(path in "[a-z.]{1,8}(/[a-z.]{1,8}){0,4}") {
            let pattern = format!("/{path}");
            prop_assert!(matches(&pattern, &path));
            let below = format!("{path}/x");
            prop_assert!(matches(&pattern, &below));
        }
    }
}
