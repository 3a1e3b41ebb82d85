//! Locks: from a checkout to what its locks cover, and at run time from the
//! runner's folder to whether it holds what was locked.

use std::path::{Path, PathBuf};

use cofferdam_findings::NotChecked;
use cofferdam_locking::graph::Graph;
use cofferdam_locking::references::{self, Reference};
use cofferdam_locking::{Checked, Problem, check};
use cofferdam_workflows::Repository;

use crate::audit::{AuditError, Input, collect};
use crate::collect::{Links, regular};
use crate::limits::Limits;

pub mod diff;
pub mod folders;
pub mod place;
pub mod resolve;
pub mod unpacked;
pub mod update;
pub mod verify;
pub mod versions;
pub mod write;

/// Opens a file that somebody has named. What is no regular file, a pipe for
/// instance, neither blocks nor is read.
///
/// # Errors
/// What the operating system says.
pub fn regular_file(path: &Path) -> std::io::Result<std::fs::File> {
    regular(path, Links::Followed)
}

/// A checkout, or a commit of one, with what it refers to.
#[derive(Debug)]
pub struct Opened {
    /// The root of the checkout; `None` for a commit.
    pub root: Option<PathBuf>,
    /// Its documents.
    pub repository: Repository,
    /// What it refers to.
    pub references: Vec<Reference>,
    /// What of it was not read.
    pub not_checked: Vec<NotChecked>,
}

/// Reads a checkout.
///
/// # Errors
/// [`AuditError`] if there is none.
pub fn open(root: &Path, limits: &Limits) -> Result<Opened, AuditError> {
    let mut opened = of(&Input::Path(root.to_owned()), limits)?;
    opened.root = Some(root.to_owned());
    Ok(opened)
}

/// Reads a commit.
///
/// # Errors
/// [`AuditError`] if there is none.
pub fn open_revision(root: &Path, revision: &str, limits: &Limits) -> Result<Opened, AuditError> {
    let revision = revision.to_owned();
    let root = root.to_owned();
    of(&Input::Revision { root, revision }, limits)
}

fn of(input: &Input, limits: &Limits) -> Result<Opened, AuditError> {
    let mut collected = collect(input, limits)?;
    let repository = collected.repository(None, limits);
    let gaps = collected.gaps.into_iter().map(NotChecked::from);
    Ok(Opened {
        root: None,
        references: references::of_repository(&repository),
        repository,
        not_checked: gaps.collect(),
    })
}

impl Opened {
    /// Checks the locks.
    #[must_use]
    pub fn check(&self, limits: &Limits) -> Checked {
        let local = match &self.root {
            Some(root) => folders::local(root, &self.repository, &self.references, limits),
            None => std::collections::BTreeMap::new(),
        };
        check::check_references(&self.repository, &self.references, &local)
    }

    /// The documents of which not everything was read.
    #[must_use]
    pub fn unread(&self) -> Vec<Problem> {
        check::unread(&self.repository, &self.references)
    }

    /// The first problem of a lock, with the path of the file.
    #[must_use]
    pub fn first_problem(&self) -> Option<(String, String)> {
        let ours = self.repository.cofferdam_locks.iter();
        let theirs = self.repository.actions_locks.iter();
        let found = ours
            .filter_map(|lock| Some((lock.file(), lock.problems().first()?)))
            .chain(theirs.filter_map(|lock| Some((lock.file(), lock.problems().first()?))))
            .next();
        found.map(|(file, problem)| {
            let at = file.locate(problem.span);
            let place = format!("line {}, column {}", at.line, at.column);
            (
                file.path().to_owned(),
                format!("{place}: {}", problem.message),
            )
        })
    }

    /// Who leads to what.
    #[must_use]
    pub fn graph(&self) -> Graph {
        let empty = cofferdam_workflows::documents::cofferdam_lock::Contents::default();
        let lock = self.repository.cofferdam_locks.first();
        Graph::new(
            &self.references,
            lock.map_or(&empty, |lock| lock.contents()),
        )
    }
}
