//! The database of advisories: where it lies, how old it is, and what it says.
//!
//! The layout is the one of OSV's own scanner, so that both can share a folder:
//! `ROOT/osv-scanner/ECOSYSTEM/all.zip`. Beside each archive lie an index and a note of
//! where it came from; both are made anew where they do not fit the archive. The
//! archives are unsigned: whoever can write the folder, or answers for the mirror,
//! decides what is known.

mod advised;
mod folder;
mod importing;
mod opened;
mod updating;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cofferdam_advisories::{Advisory, Judgement, Mirrors, Severity, Unjudged, judge};
use cofferdam_facts::Timestamp;
use cofferdam_lockfiles::Package;

pub use advised::Advised;
pub use folder::{DatabaseFolder, Origin};
pub use importing::{ImportFailure, ImportOptions, Imported, import};
pub use opened::{Age, Database, Unavailable, Why};
pub use updating::{UpdateFailure, Updated, update};

/// The age in days up to which a database is believed to be complete.
pub const MOST_DAYS: u32 = 7;

/// Whoever knows advisories: a folder, or a service that was asked before.
pub trait Known: Sync {
    /// Everything that is said of a package name, withdrawn advisories included.
    ///
    /// # Errors
    /// [`Unavailable`]: what is said of this ecosystem is not known.
    fn said(&self, package: &Package) -> Result<Vec<Advisory>, Unavailable>;
}

/// One advisory that is about a package.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// The advisory, with what it says of this package alone.
    pub advisory: Advisory,
    /// How bad it is.
    pub severity: Severity,
    /// The first version that is not affected, where one is named.
    pub fixed: Option<String>,
}

/// What is known of one package.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matches {
    /// What is about it.
    pub affected: Vec<Match>,
    /// What may be about it: the id, and why that cannot be told.
    pub unknown: Vec<(String, Unjudged)>,
}

/// What is known of a package at a version.
///
/// # Errors
/// [`Unavailable`].
pub fn about(
    known: &dyn Known,
    package: &Package,
    version: &str,
    mirrors: &Mirrors,
) -> Result<Matches, Unavailable> {
    let mut matches = Matches::default();
    for advisory in known.said(package)? {
        match judge(package, version, &advisory, mirrors) {
            Judgement::Affected { fixed, by } => {
                let severity = Severity::of(&advisory, advisory.affected.get(by));
                matches.affected.push(Match {
                    severity,
                    fixed,
                    advisory,
                });
            }
            Judgement::Unknown(why) => matches.unknown.push((advisory.id, why)),
            Judgement::NotAffected => {}
        }
    }
    Ok(matches)
}

/// The databases of a folder, each opened when it is first asked.
#[derive(Debug)]
pub struct Databases {
    folder: DatabaseFolder,
    now: Timestamp,
    /// The most days of age; `None` for any.
    max_age: Option<u32>,
    open: Mutex<BTreeMap<String, Result<Database, Unavailable>>>,
}

impl Databases {
    /// The databases of a folder, none of which may be older than `max_age` days.
    #[must_use]
    pub fn new(folder: DatabaseFolder, now: Timestamp, max_age: Option<u32>) -> Self {
        Self {
            folder,
            now,
            max_age,
            open: Mutex::default(),
        }
    }

    /// What is known of a package at a version.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn about(
        &self,
        package: &Package,
        version: &str,
        mirrors: &Mirrors,
    ) -> Result<Matches, Unavailable> {
        about(self, package, version, mirrors)
    }

    /// What every database that was asked says of itself, by ecosystem.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, Result<Age, Unavailable>)> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let state = |found: &Result<Database, Unavailable>| match found {
            Ok(database) => Ok(database.age(self.now)),
            Err(why) => Err(why.clone()),
        };
        open.iter()
            .map(|(name, found)| (name.clone(), state(found)))
            .collect()
    }
}

impl Known for Databases {
    fn said(&self, package: &Package) -> Result<Vec<Advisory>, Unavailable> {
        let Some(ecosystem) = package.osv_ecosystem() else {
            return Ok(Vec::new());
        };
        let ecosystem = cofferdam_advisories::base(&ecosystem);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if !open.contains_key(ecosystem) {
            let database = Database::open(&self.folder, ecosystem, self.now)
                .and_then(|database| database.usable(self.now, self.max_age));
            open.insert(ecosystem.to_owned(), database);
        }
        let Some(found) = open.get_mut(ecosystem) else {
            return Ok(Vec::new());
        };
        let said = match found {
            Ok(database) => database.of(&package.name),
            Err(why) => return Err(why.clone()),
        };
        // What is damaged on the way is damaged for all.
        if let Err(why) = &said {
            *found = Err(why.clone());
        }
        said
    }
}
