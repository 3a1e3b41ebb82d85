//! Which packages of a checkout are known to be weak or malicious, and whether the code
//! uses what is weak.

mod asked;
mod files;
mod grouping;
mod ignoring;
mod reaching;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cofferdam_advisories::{Mirrors, Rating};
use cofferdam_facts::Timestamp;
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::{Document, Ecosystem, Package, Source};
use cofferdam_registries::osv::Service;

use crate::advisories::{Age, Databases, Known, Matches, Unavailable, about};
use crate::collect::{CollectError, checkout};
use crate::limits::Limits;

pub use report::{FileRead, Ignored, IgnoredBy, Named, Place, Reach, VulnReport, Vulnerability};

/// What is looked for, and by whose word.
#[derive(Debug)]
pub struct VulnOptions {
    /// The root of the checkout.
    pub root: PathBuf,
    /// Whoever knows advisories.
    pub knows: Knows,
    /// Hosts that hand on public registries.
    pub mirrors: Mirrors,
    /// The version of Go that builds, where the user says it.
    pub go_version: Option<String>,
    /// Whether `osv-scanner.toml` of the checkout counts.
    pub ignores: bool,
    /// Whether Go files are read for what is imported.
    pub imports: bool,
    /// Go's module cache, for what is not vendored.
    pub module_cache: Option<PathBuf>,
    /// The time of this run.
    pub now: Timestamp,
    /// How much is read.
    pub limits: Limits,
}

/// Whoever knows advisories.
#[derive(Debug)]
pub enum Knows {
    /// The databases of a folder.
    Databases(Databases),
    /// OSV's service, which is told names and versions of packages.
    Service(Service),
}

/// Looks for what is known of the packages of a checkout.
///
/// # Errors
/// [`CollectError`] if the checkout cannot be read as a whole. Everything else that was
/// not checked is in the report.
pub fn vulns(options: &VulnOptions) -> Result<VulnReport, CollectError> {
    let mut collected = checkout(&options.root, &options.limits)?;
    let mut read = files::read(&mut collected, options);
    let mut report = VulnReport {
        files: read.files(),
        not_checked: std::mem::take(&mut read.not_checked),
        ..VulnReport::default()
    };
    report.has_files();
    let queries = queries(&read, options, &mut report);
    match &options.knows {
        Knows::Databases(databases) => {
            judged(&read, &queries, databases, options, &mut report);
            report.databases = databases.asked();
        }
        Knows::Service(service) => match asked::Answers::ask(service, &queries) {
            Ok(answers) => judged(&read, &queries, &answers, options, &mut report),
            Err(why) => report.unavailable(&why),
        },
    }
    if options.imports {
        reaching::reach(&read, options, &mut report);
    }
    report.finish();
    Ok(report)
}

/// One package of one file, and the version that is judged.
pub(super) struct Query<'d> {
    document: &'d Document,
    at: usize,
    package: &'d Package,
    version: String,
    /// Whether the version is the lowest that the file allows, and not the one that is
    /// used.
    is_assumed: bool,
}

impl Query<'_> {
    fn named(&self) -> Named {
        Named {
            ecosystem: self.package.osv_ecosystem().unwrap_or_default(),
            name: self.package.name.clone(),
            version: self.version.clone(),
            is_assumed: self.is_assumed,
        }
    }
}

/// Every package of which something can be asked. What cannot be asked is said.
fn queries<'d>(
    read: &'d files::Read,
    options: &VulnOptions,
    report: &mut VulnReport,
) -> Vec<Query<'d>> {
    let mut queries = Vec::new();
    for document in &read.documents {
        let go_version = options
            .go_version
            .as_deref()
            .or(read.go_version(&document.path));
        let mut unfixed: Vec<&str> = Vec::new();
        let mut unnamed: BTreeSet<&str> = BTreeSet::new();
        for (at, package) in document.dependencies() {
            if matches!(package.source, Source::Path { .. }) {
                report.local += 1;
                continue;
            }
            if package.osv_ecosystem().is_none() {
                unnamed.insert(package.ecosystem.title());
                continue;
            }
            let is_go = package.ecosystem == Ecosystem::Go && package.name == "stdlib";
            let lowest = || package.requirement.as_deref()?.strip_prefix(">=");
            let version = match (&package.version, go_version) {
                (None, Some(version)) if is_go => Some((version, false)),
                (None, None) if is_go => lowest().map(|version| (version, true)),
                (Some(version), _) => Some((version.as_str(), false)),
                _ => None,
            };
            match version {
                Some((version, is_assumed)) => queries.push(Query {
                    document,
                    at,
                    package,
                    version: version.to_owned(),
                    is_assumed,
                }),
                None => unfixed.push(&package.name),
            }
        }
        report.unfixed(document, &unfixed);
        report.unnamed(document, &unnamed);
    }
    queries
}

/// Judges every package; the same one in several files once.
fn judged(
    read: &files::Read,
    queries: &[Query<'_>],
    known: &dyn Known,
    options: &VulnOptions,
    report: &mut VulnReport,
) {
    let mut answers: BTreeMap<Asked, Result<Matches, Unavailable>> = BTreeMap::new();
    let mut found = grouping::Groups::default();
    for query in queries {
        let answer = answers
            .entry(Asked::of(query))
            .or_insert_with(|| about(known, query.package, &query.version, &options.mirrors));
        report.packages += 1;
        match answer {
            Err(why) => report.unavailable(why),
            Ok(matches) => {
                for (id, why) in &matches.unknown {
                    report.undecided(query, id, why);
                }
                for group in grouping::grouped(&matches.affected) {
                    match read.ignores.of(query, &group, options.now) {
                        Some(by) => report.ignore(query, &group, by),
                        None => found.add(query, &group),
                    }
                }
            }
        }
    }
    report.expired(&read.ignores, options.now);
    report.found = found.finish();
}

/// What makes the answer for two packages the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    ecosystem: Option<String>,
    name: String,
    version: String,
    source: Option<bool>,
    host: Option<String>,
}

impl Asked {
    fn of(query: &Query<'_>) -> Self {
        let package = query.package;
        Self {
            ecosystem: package.osv_ecosystem(),
            name: package.lookup_name(),
            version: query.version.clone(),
            source: package.source.is_public_registry(package.ecosystem),
            host: package.source.host(),
        }
    }
}

/// The end of a run as a gate.
impl VulnReport {
    /// Whether something is found at or above a threshold. What is not imported counts
    /// unless `only_used`; what nobody has rated always counts.
    #[must_use]
    pub fn fails(&self, fail_on: Rating, only_used: bool) -> bool {
        self.found.iter().any(|one| one.counts(fail_on, only_used))
    }

    /// Whether something that is needed could not be checked.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        self.not_checked.iter().any(|one| one.required)
    }

    fn unavailable(&mut self, why: &Unavailable) {
        let message = why.to_string();
        if self.not_checked.iter().any(|one| one.message == message) {
            return;
        }
        self.not_checked.push(NotChecked {
            code: "advisories",
            message,
            location: None,
            settle: why.why.hint().to_owned(),
            required: true,
        });
    }
}

/// What every database that was asked says of itself.
pub type DatabaseAges = Vec<(String, Result<Age, Unavailable>)>;
