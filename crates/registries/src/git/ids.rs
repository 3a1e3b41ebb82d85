//! The numbers that a host gives to a repository and its owner. A name can be
//! given up and taken by somebody else; a number never comes back.

use serde::Deserialize;

use super::cache::Key;
use super::client::{GitClient, Mode};
use super::error::GitError;
use super::repository::Repository;

/// The numbers of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepositoryIds {
    /// Of the account.
    pub owner: u64,
    /// Of the repository.
    pub repository: u64,
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    full_name: String,
    owner: Owner,
}

#[derive(Deserialize)]
struct Owner {
    id: u64,
}

impl GitClient {
    /// The numbers of a repository from the cache, or else by one question to
    /// the REST API of its host.
    ///
    /// # Errors
    /// [`GitError`]; the numbers are never guessed.
    pub fn repository_ids(&self, repository: &Repository) -> Result<RepositoryIds, GitError> {
        match self.cached_repository_ids(repository) {
            Some(ids) => Ok(ids),
            None => self.ask_repository_ids(repository),
        }
    }

    /// The numbers as they were when they were asked for last.
    #[must_use]
    pub fn cached_repository_ids(&self, repository: &Repository) -> Option<RepositoryIds> {
        let kept = self.cached(Key::Ids(repository))?;
        let text = std::str::from_utf8(&kept).ok()?;
        let (owner, id) = text.trim_end().split_once(' ')?;
        Some(RepositoryIds {
            owner: owner.parse().ok()?,
            repository: id.parse().ok()?,
        })
    }

    /// The numbers as they are now, by one question to the REST API.
    ///
    /// # Errors
    /// [`GitError::Moved`] if the answer is about a repository of another name.
    pub fn ask_repository_ids(&self, repository: &Repository) -> Result<RepositoryIds, GitError> {
        if self.mode() == Mode::Offline {
            return Err(GitError::NotCached {
                repository: repository.clone(),
                what: "its numeric ids",
            });
        }
        let answer = self.rest(repository, &format!("/repos/{}", repository.slug()))?;
        let found: Answer =
            serde_json::from_slice(&answer.body).map_err(|error| GitError::Ids {
                repository: repository.clone(),
                reason: format!("the answer is malformed: {error}"),
            })?;
        if !found.full_name.eq_ignore_ascii_case(&repository.slug()) {
            return Err(GitError::Moved {
                repository: repository.clone(),
                to: found.full_name.chars().take(250).collect(),
            });
        }
        let ids = RepositoryIds {
            owner: found.owner.id,
            repository: found.id,
        };
        let text = format!("{} {}\n", ids.owner, ids.repository);
        self.keep(Key::Ids(repository), text.as_bytes());
        Ok(ids)
    }
}
