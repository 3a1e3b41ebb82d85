//! A newer database from OSV or a mirror.

use std::io::{self, Seek as _, Write};

use cofferdam_advisories::is_ecosystem;
use cofferdam_facts::Timestamp;
use cofferdam_registries::osv::{DumpError, Dumps};

use super::folder::{DatabaseFolder, Origin};
use super::opened::{Age, Database, Why, build, forget};
use crate::collect::plain;

/// What an update has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// What the database says of itself now.
    pub age: Age,
    /// Whether it is the same archive as before.
    pub unchanged: bool,
}

/// Why there is no newer database. The old one, if any, is as it was.
#[derive(Debug, thiserror::Error)]
pub enum UpdateFailure {
    /// No ecosystem has such a name.
    #[error("`{name}` cannot be the name of an ecosystem of OSV")]
    Name {
        /// What was said.
        name: String,
    },
    /// It could not be fetched.
    #[error("{ecosystem}: {source}")]
    Fetch {
        /// The ecosystem.
        ecosystem: String,
        /// Why.
        source: DumpError,
    },
    /// It could not be written.
    #[error("{ecosystem}: {}: {}", path.display(), plain(source))]
    Write {
        /// The ecosystem.
        ecosystem: String,
        /// The folder.
        path: std::path::PathBuf,
        /// What was said.
        source: io::Error,
    },
    /// What came is no database.
    #[error("{ecosystem}: what came is no database, and the old one stays: {why}")]
    Refused {
        /// The ecosystem.
        ecosystem: String,
        /// Why.
        why: Why,
    },
    /// What came is older than what is here, which a mirror must not do.
    #[error(
        "{ecosystem}: what came is of {came}, older than the database of {here}; `--force` takes \
         it all the same"
    )]
    Older {
        /// The ecosystem.
        ecosystem: String,
        /// The time of what came.
        came: Timestamp,
        /// The time of what is here.
        here: Timestamp,
    },
}

/// Takes the archive of an ecosystem from `dumps`. It is read whole before it takes the
/// place of the old one, and must not be older, unless `force`.
///
/// # Errors
/// [`UpdateFailure`].
pub fn update(
    folder: &DatabaseFolder,
    ecosystem: &str,
    dumps: &Dumps,
    now: Timestamp,
    force: bool,
) -> Result<Updated, UpdateFailure> {
    if !is_ecosystem(ecosystem) {
        return Err(UpdateFailure::Name {
            name: ecosystem.to_owned(),
        });
    }
    let name = || ecosystem.to_owned();
    let write = |source| UpdateFailure::Write {
        ecosystem: name(),
        path: folder.path().join(ecosystem),
        source,
    };
    let mut part = folder.part(ecosystem).map_err(write)?;
    let fetched = dumps.archive(ecosystem, &mut part);
    let fetched = fetched.map_err(|source| UpdateFailure::Fetch {
        ecosystem: name(),
        source,
    })?;
    part.flush().map_err(write)?;
    part.rewind().map_err(write)?;
    let file = part.reopen().map_err(write)?;
    let refused = |why| UpdateFailure::Refused {
        ecosystem: name(),
        why,
    };
    let header = build(file, io::sink(), ecosystem, now).map_err(refused)?;
    let as_of = fetched
        .last_modified
        .filter(|time| *time <= now)
        .max(header.newest);
    let old = Database::open(folder, ecosystem, now).ok();
    let old_age = old.as_ref().map(|old| old.age(now));
    if let (Some(came), Some(here)) = (as_of, old_age.as_ref().and_then(|age| age.as_of))
        && came < here
        && !force
    {
        return Err(UpdateFailure::Older {
            ecosystem: name(),
            came,
            here,
        });
    }
    let unchanged = old_age.is_some_and(|age| age.header.archive_sha256 == header.archive_sha256);
    let origin = Origin {
        source: fetched.address,
        taken: now,
        as_of: fetched.last_modified,
        sha256: header.archive_sha256,
    };
    folder.put(ecosystem, part, &origin).map_err(write)?;
    forget(folder, ecosystem);
    let age = Database::open(folder, ecosystem, now)
        .map_err(|error| refused(error.why))?
        .age(now);
    Ok(Updated { age, unchanged })
}
