//! The identity of an action in a lock, and the commit it is locked to.
//!
//! Source: github/actions-lockfile, schemas v0.0.1 to v0.0.3. Both locks of a
//! checkout, GitHub's and ours, name an action in the same way.

use std::cmp::Ordering;
use std::fmt;

use crate::uses::{RepositoryUses, is_commit_id};

/// `OWNER/REPO@REF`: the identity of an action in a lock. A path inside the
/// repository is no part of it: the runner downloads a repository once.
///
/// Pins are in the order of their texts, which is the order of GitHub's lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pin {
    /// The account, in lower case.
    pub owner: String,
    /// The repository, in lower case.
    pub repo: String,
    /// The ref, as written.
    pub git_ref: String,
}

/// A commit with its hash function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit {
    /// `sha1` or `sha256`.
    pub algorithm: &'static str,
    /// The hexadecimal digits, in lower case.
    pub id: String,
}

impl Pin {
    /// Reads `OWNER/REPO@REF`; `None` for anything else, a path inside the
    /// repository included.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, git_ref) = text.split_once('@')?;
        let (owner, repo) = name.split_once('/')?;
        let is_name = |name: &str| {
            !name.is_empty()
                && !matches!(name, "." | "..")
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        let is_ref = |name: &str| {
            !name.is_empty()
                && !name.contains("..")
                && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == ':')
        };
        (is_name(owner) && is_name(repo) && is_ref(git_ref)).then(|| Self {
            owner: owner.to_ascii_lowercase(),
            repo: repo.to_ascii_lowercase(),
            git_ref: git_ref.to_owned(),
        })
    }

    /// Reads the older form of v0.0.1, which may have `:ALGORITHM-HEX` behind it.
    #[must_use]
    pub fn parse_first(text: &str) -> Option<(Self, Option<Commit>)> {
        match text.rsplit_once(':') {
            Some((pin, digest)) => Some((Self::parse(pin)?, Some(Commit::parse(digest)?))),
            None => Some((Self::parse(text)?, None)),
        }
    }

    /// The pin that stands for a `uses:`; `None` without a ref.
    #[must_use]
    pub fn of(uses: &RepositoryUses) -> Option<Self> {
        Some(Self {
            owner: uses.owner.to_ascii_lowercase(),
            repo: uses.repo.to_ascii_lowercase(),
            git_ref: uses.git_ref.clone()?,
        })
    }

    /// `owner/repo`, in lower case.
    #[must_use]
    pub fn slug(&self) -> String {
        format!("{}/{}", self.owner, self.repo)
    }

    /// The commit that the pin itself names, in lower case.
    #[must_use]
    pub fn commit(&self) -> Option<Commit> {
        let algorithm = match self.git_ref.len() {
            _ if !is_commit_id(&self.git_ref) => return None,
            40 => "sha1",
            _ => "sha256",
        };
        Some(Commit {
            algorithm,
            id: self.git_ref.to_ascii_lowercase(),
        })
    }

    fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        let parts = [&self.owner, "/", &self.repo, "@", &self.git_ref];
        parts.into_iter().flat_map(str::bytes)
    }
}

impl Ord for Pin {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for Pin {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.owner, self.repo, self.git_ref)
    }
}

impl Commit {
    /// Reads `sha1-` or `sha256-` and all digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (algorithm, id) = text.split_once('-')?;
        let (algorithm, length) = match algorithm.to_ascii_lowercase().as_str() {
            "sha1" => ("sha1", 40),
            "sha256" => ("sha256", 64),
            _ => return None,
        };
        (id.len() == length && is_commit_id(id)).then(|| Self {
            algorithm,
            id: id.to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.algorithm, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_in_the_order_of_their_texts() {
        let mut texts = ["a/cache@v1", "a/cache-save@v1", "a/cache.x@v1", "a-b/c@v1"];
        let mut pins: Vec<Pin> = texts.iter().filter_map(|text| Pin::parse(text)).collect();
        texts.sort_unstable();
        pins.sort_unstable();
        let sorted: Vec<String> = pins.iter().map(ToString::to_string).collect();
        assert_eq!(sorted, texts);
    }

    #[test]
    fn what_leads_out_of_a_folder_is_no_pin() {
        for text in [
            "../x@v1",
            "a/..@v1",
            "a/b@../../c",
            "a/b@",
            "a/b/c@v1",
            "a@v1",
            "a/b",
            "a/b@x:y",
            "a/b@x y",
        ] {
            assert_eq!(Pin::parse(text), None, "{text}");
        }
    }
}
