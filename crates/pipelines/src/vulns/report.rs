//! What was found, and what was not checked.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use cofferdam_advisories::{Rating, Unjudged};
use cofferdam_facts::{Location, Timestamp};
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::{Document, Relation, Scope};
use cofferdam_reach::Verdict;

use super::ignoring::AllIgnores;
use super::{DatabaseAges, Query, grouping};

/// The most names that one sentence lists.
const MOST_NAMES: usize = 5;

/// Everything that is known of the packages of a checkout.
#[derive(Debug, Default)]
pub struct VulnReport {
    /// The files that name packages.
    pub files: Vec<FileRead>,
    /// How many packages were asked about, the same one in several files each time.
    pub packages: usize,
    /// How many packages come from folders of the checkout and are not asked about.
    pub local: usize,
    /// The databases that were asked.
    pub databases: DatabaseAges,
    /// What is found, the worst first.
    pub found: Vec<Vulnerability>,
    /// What is found and ignored.
    pub ignored: Vec<Ignored>,
    /// What was not checked.
    pub not_checked: Vec<NotChecked>,
}

/// A file that names packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// Its path.
    pub path: Arc<str>,
    /// Its format.
    pub format: &'static str,
    /// How many packages it names.
    pub packages: usize,
}

/// A package as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The ecosystem, in OSV's word.
    pub ecosystem: String,
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// Whether the version is the lowest that the file allows, and not the one that is
    /// used.
    pub is_assumed: bool,
}

/// One weakness of one package, wherever it is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Vulnerability {
    /// The id of the advisory that says most.
    pub id: String,
    /// The other ids of the same weakness.
    pub aliases: Vec<String>,
    /// One line of what it is about.
    pub summary: Option<String>,
    /// The page of the advisory.
    pub page: String,
    /// Whether the package itself is malicious.
    pub is_malicious: bool,
    /// What it is if it is no weakness: `unmaintained`, `unsound`, `notice`.
    pub informational: Option<String>,
    /// How bad it is.
    pub rating: Rating,
    /// The score, from 0 to 10.
    pub score: Option<f64>,
    /// The vector of the score.
    pub vector: Option<String>,
    /// The package.
    pub package: Named,
    /// The first version that is not affected.
    pub fixed: Option<String>,
    /// Where the weakness lies in the package, where the advisory says it for Go.
    pub imports: Vec<(String, Vec<String>)>,
    /// Where the package is named.
    pub places: Vec<Place>,
}

/// Where a package is named.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The file and the line.
    pub location: Location,
    /// How the package stands to the project.
    pub relation: Relation,
    /// What it is needed for.
    pub scope: Scope,
    /// What pulled it in, the project's own wish first, itself last.
    pub way: Vec<String>,
    /// The name by which the project imports it, where that is another one.
    pub alias: Option<String>,
    /// Whether the code uses what is weak; `None` where that is not looked into.
    pub reach: Option<Reach>,
}

/// Whether the code uses what is weak.
pub type Reach = Verdict;

/// Something that is found and that the project has decided to live with.
#[derive(Clone, Debug, PartialEq)]
pub struct Ignored {
    /// The advisory.
    pub id: String,
    /// The package.
    pub package: Named,
    /// The file that names the package.
    pub path: Arc<str>,
    /// By what.
    pub by: IgnoredBy,
}

/// What ignores something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoredBy {
    /// The file.
    pub path: String,
    /// Its line.
    pub line: usize,
    /// Why, as it says.
    pub reason: Option<String>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// See [`Vulnerability::key`].
type Key = (
    bool,
    u8,
    Reverse<Rating>,
    Reverse<u64>,
    bool,
    bool,
    Named,
    String,
);

/// A score as a whole number, to order by.
fn tenths(score: f64) -> u64 {
    let reaches = |tenths: &u32| f64::from(*tenths) <= score * 10.0 + 0.01;
    (0..=100).rev().find(reaches).map_or(0, u64::from)
}

impl Vulnerability {
    /// The best-founded answer of all places: what is worth the first look.
    #[must_use]
    pub fn reach(&self) -> Option<&Reach> {
        let all = self.places.iter().map(|place| place.reach.as_ref());
        // Where one place was not looked into, nothing is said for all.
        let all: Option<Vec<&Reach>> = all.collect();
        all?.into_iter().min_by_key(|reach| reach.rank())
    }

    /// Whether it counts at a threshold.
    #[must_use]
    pub fn counts(&self, fail_on: Rating, only_used: bool) -> bool {
        let is_unused = self.reach().is_some_and(Verdict::is_unused);
        self.rating >= fail_on && !(only_used && is_unused)
    }

    /// Whether the project asks for it by itself, in some file.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.places
            .iter()
            .any(|place| place.relation == Relation::Direct)
    }

    /// The order in which weaknesses are worth a look: what is malicious, then what is
    /// used, then the worst, then what can be mended, then what is asked for directly.
    fn key(&self) -> Key {
        let used = self.reach().map_or(2, Verdict::rank);
        (
            !self.is_malicious,
            used,
            Reverse(self.rating),
            Reverse(self.score.map_or(0, tenths)),
            self.fixed.is_none(),
            !self.is_direct(),
            self.package.clone(),
            self.id.clone(),
        )
    }
}

impl VulnReport {
    /// Says so where there is nothing to look at: a gate in the wrong folder would be
    /// open for ever.
    pub(super) fn has_files(&mut self) {
        if self.files.is_empty() && self.not_checked.is_empty() {
            self.not_checked.push(NotChecked {
                code: "no-lockfile",
                message: "there is no file here that names packages".to_owned(),
                location: None,
                settle: "name the root of a checkout, and commit its lockfiles".to_owned(),
                required: true,
            });
        }
    }

    pub(super) fn unfixed(&mut self, document: &Document, names: &[&str]) {
        if names.is_empty() {
            return;
        }
        self.not_checked.push(NotChecked {
            code: "no-version",
            message: format!(
                "{}: which version is used is not said of {}",
                document.path,
                listed(names.iter().copied(), names.len())
            ),
            location: Some(Location::whole_file(Arc::clone(&document.path))),
            settle: "commit the lockfile that the package manager writes".to_owned(),
            required: true,
        });
    }

    pub(super) fn unnamed(&mut self, document: &Document, titles: &BTreeSet<&str>) {
        if titles.is_empty() {
            return;
        }
        self.not_checked.push(NotChecked {
            code: "no-advisories",
            message: format!(
                "{}: OSV has no advisories of {}",
                document.path,
                listed(titles.iter().copied(), titles.len())
            ),
            location: Some(Location::whole_file(Arc::clone(&document.path))),
            settle: "look for them elsewhere".to_owned(),
            required: false,
        });
    }

    pub(super) fn undecided(&mut self, query: &Query<'_>, id: &str, why: &Unjudged) {
        let (package, version) = (query.package, &query.version);
        self.not_checked.push(NotChecked {
            code: "undecided",
            message: format!(
                "whether {id} is about {} {version} cannot be told: {}",
                package.name,
                why.reason()
            ),
            location: Some(package.location.clone()),
            settle: format!("read {id} by eye"),
            required: true,
        });
    }

    pub(super) fn ignore(&mut self, query: &Query<'_>, group: &grouping::Group<'_>, by: IgnoredBy) {
        self.ignored.push(Ignored {
            id: group.id().to_owned(),
            package: query.named(),
            path: Arc::clone(&query.document.path),
            by,
        });
    }

    /// Says which ignores have expired.
    pub(super) fn expired(&mut self, ignores: &AllIgnores, now: Timestamp) {
        for (path, line, what, until) in ignores.expired(now) {
            self.not_checked.push(NotChecked {
                code: "ignore-expired",
                message: format!("{path}:{line}: {what} was ignored until {}", until.date()),
                location: Some(Location::whole_file(path)),
                settle: "take the entry out, or decide anew".to_owned(),
                required: false,
            });
        }
    }

    pub(super) fn finish(&mut self) {
        self.found.sort_by_cached_key(Vulnerability::key);
        self.not_checked.sort_by(|a, b| {
            let key = |one: &NotChecked| (!one.required, one.location.clone(), one.message.clone());
            key(a).cmp(&key(b))
        });
        self.not_checked.dedup();
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>, count: usize) -> String {
    let first: Vec<&str> = names.take(MOST_NAMES).collect();
    let more = match count.saturating_sub(MOST_NAMES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", first.join(", "))
}
