//! The numbers that a host gives to a repository and its owner. A name can be
//! given up and taken by somebody else; a number never comes back.

use std::time::Duration;

use serde::Deserialize;

use super::cache::Key;
use super::client::{GitClient, Mode, now};
use super::error::GitError;
use super::repository::Repository;

/// How long numbers are taken from the cache while they could be asked for. A
/// name can change hands at any time, and whoever can write the cache decides
/// what it says.
pub const MOST_AGE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

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

    /// The numbers as they were when they were asked for last: while others can
    /// be asked, no longer ago than [`MOST_AGE`].
    #[must_use]
    pub fn cached_repository_ids(&self, repository: &Repository) -> Option<RepositoryIds> {
        let kept = self.cached_with_time(Key::Ids(repository))?;
        // A time to come is none that this program has written.
        let age = now().checked_sub(kept.at);
        if self.mode() == Mode::Online && age.is_none_or(|age| age > MOST_AGE.as_secs()) {
            return None;
        }
        let text = std::str::from_utf8(&kept.bytes).ok()?;
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
