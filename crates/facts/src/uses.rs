//! What stands behind `uses:`.
//!
//! Source: GitHub, "Workflow syntax", `jobs.<id>.steps[*].uses` and
//! `jobs.<id>.uses`; the `$/` form is the self-repository reference of 2026.

use std::fmt;

use crate::image::ImageRef;

/// A parsed `uses:` value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UsesRef {
    /// `OWNER/REPO[/PATH]@REF`: an action or reusable workflow of a repository.
    Repository(RepositoryUses),
    /// `./PATH`: a path in the work tree of the job, whatever it holds by then.
    Local(String),
    /// `$/PATH`: a path of this repository at the commit that is running.
    SelfRepository(String),
    /// `docker://IMAGE`.
    Docker(ImageRef),
    /// Nothing that GitHub documents; the text as it stands.
    Unknown(String),
}

/// `OWNER/REPO[/PATH]@REF`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryUses {
    /// The account, as written.
    pub owner: String,
    /// The repository, as written.
    pub repo: String,
    /// The path inside the repository, without leading slash; empty for its root.
    pub path: String,
    /// The git ref or commit after `@`; `None` where it is missing.
    pub git_ref: Option<String>,
}

impl RepositoryUses {
    /// `owner/repo`, in lower case: GitHub compares names so.
    #[must_use]
    pub fn slug(&self) -> String {
        let mut slug = String::with_capacity(self.owner.len() + self.repo.len() + 1);
        slug.extend([&self.owner, "/", &self.repo]);
        slug.make_ascii_lowercase();
        slug
    }

    /// `owner/repo[/path]`, in lower case, without the ref.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = self.slug();
        if !self.path.is_empty() {
            name.extend(["/", &self.path]);
        }
        name
    }

    /// `owner/repo[/path]` as the file writes it, without the ref: for messages.
    #[must_use]
    pub fn as_written(&self) -> String {
        let mut name = format!("{}/{}", self.owner, self.repo);
        if !self.path.is_empty() {
            name.push('/');
            name.push_str(&self.path);
        }
        name
    }

    /// The commit, if the ref is a full SHA-1 or SHA-256 id.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.git_ref.as_deref().filter(|r| is_commit_id(r))
    }

    /// Whether this names a reusable workflow file rather than an action.
    #[must_use]
    pub fn is_reusable_workflow(&self) -> bool {
        self.path.starts_with(".github/workflows/")
            && (self.path.ends_with(".yml") || self.path.ends_with(".yaml"))
    }
}

/// Whether `text` is a full commit id: 40 or 64 hexadecimal digits.
#[must_use]
pub fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl UsesRef {
    /// Parses the decoded value of `uses:`. Never fails: what GitHub does not
    /// document becomes [`UsesRef::Unknown`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Some(image) = text.strip_prefix("docker://") {
            return Self::Docker(ImageRef::parse(image));
        }
        if let Some(path) = text.strip_prefix("$/") {
            return Self::SelfRepository(path.to_owned());
        }
        if text.starts_with("./") || text.starts_with(".\\") || text == "." {
            return Self::Local(text.to_owned());
        }
        Self::parse_repository(text)
            .map_or_else(|| Self::Unknown(text.to_owned()), Self::Repository)
    }

    fn parse_repository(text: &str) -> Option<RepositoryUses> {
        let (name, git_ref) = match text.split_once('@') {
            Some((name, git_ref)) => (name, Some(git_ref.to_owned())),
            None => (text, None),
        };
        let mut parts = name.splitn(3, '/');
        let owner = parts.next().filter(|s| is_name(s))?;
        let repo = parts.next().filter(|s| is_name(s))?;
        let path = parts.next().unwrap_or("").trim_matches('/');
        Some(RepositoryUses {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
            path: path.to_owned(),
            git_ref: git_ref.filter(|r| !r.is_empty()),
        })
    }

    /// The repository form, if it is one.
    #[must_use]
    pub fn repository(&self) -> Option<&RepositoryUses> {
        match self {
            Self::Repository(uses) => Some(uses),
            _ => None,
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

impl fmt::Display for UsesRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repository(uses) => {
                write!(f, "{}/{}", uses.owner, uses.repo)?;
                if !uses.path.is_empty() {
                    write!(f, "/{}", uses.path)?;
                }
                match &uses.git_ref {
                    Some(git_ref) => write!(f, "@{git_ref}"),
                    None => Ok(()),
                }
            }
            Self::Local(path) => f.write_str(path),
            Self::SelfRepository(path) => write!(f, "$/{path}"),
            Self::Docker(image) => write!(f, "docker://{image}"),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_form_is_told_apart() {
        let cases = [
            ("actions/checkout@v4", "actions/checkout"),
            ("Owner/Repo/sub/dir@main", "owner/repo/sub/dir"),
        ];
        for (text, name) in cases {
            let uses = UsesRef::parse(text);
            assert_eq!(
                uses.repository().map(RepositoryUses::name).as_deref(),
                Some(name)
            );
            assert_eq!(uses.to_string(), text);
        }
        assert!(matches!(
            UsesRef::parse("./.github/actions/x"),
            UsesRef::Local(_)
        ));
        assert!(matches!(
            UsesRef::parse("$/.github/actions/x"),
            UsesRef::SelfRepository(_)
        ));
        assert!(matches!(
            UsesRef::parse("docker://alpine:3"),
            UsesRef::Docker(_)
        ));
        assert!(matches!(UsesRef::parse("checkout@v4"), UsesRef::Unknown(_)));
    }

    #[test]
    fn only_a_full_id_is_a_commit() {
        let sha = "a".repeat(40);
        let full = UsesRef::parse(&format!("a/b@{sha}"));
        assert!(full.repository().is_some_and(|u| u.commit().is_some()));
        let short = UsesRef::parse("a/b@abcdef0");
        assert!(short.repository().is_some_and(|u| u.commit().is_none()));
    }
}
