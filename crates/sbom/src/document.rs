//! What was found, put together: every package once, with all its places.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use cofferdam_facts::Timestamp;
use sha2::{Digest, Sha256};

use crate::catalogue::{FileDigests, FileFound, Found, Item, OsRelease, Place};
use crate::package::{Kind, Package};
use crate::tree::unpack::hex;
use crate::tree::{Files, Harvest, Options, Subject};

/// Where a package was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The file, below the root of the target.
    pub path: String,
    /// The file inside of an archive.
    pub inner: Option<String>,
    /// The line, from 1 on.
    pub line: Option<usize>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(inner) = &self.inner {
            write!(f, "!{inner}")?;
        }
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// A package with everything that tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The package.
    pub package: Package,
    /// Its package URL, by which it is known.
    pub purl: String,
    /// The cataloguers that found it.
    pub cataloguers: BTreeSet<&'static str>,
    /// Where.
    pub locations: BTreeSet<Location>,
}

/// Something that could not be looked into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The file or folder.
    pub path: String,
    /// The cataloguer that wanted it; none where it could not be opened.
    pub cataloguer: Option<&'static str>,
    /// Why.
    pub why: String,
}

/// The whole.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is about.
    pub subject: Subject,
    /// The distribution at the root of the target.
    pub os: Option<OsRelease>,
    /// Every package, in the order of package URLs.
    pub packages: Vec<Entry>,
    /// Pairs of packages of which the first depends on the second.
    pub edges: BTreeSet<(usize, usize)>,
    /// Whether every file of the target is listed.
    pub all_files: bool,
    /// Files with their digests, in order.
    pub files: BTreeMap<String, FileDigests>,
    /// What could not be looked into, in order.
    pub gaps: Vec<Gap>,
    /// Paths that were left out because the caller said so.
    pub excluded: Vec<String>,
    /// When it is said to be made; of an image when that was made.
    pub created: Option<Timestamp>,
}

impl Document {
    pub(crate) fn assemble(subject: Subject, mut harvest: Harvest, options: &Options) -> Self {
        harvest
            .found
            .sort_by(|one, other| one.path.cmp(&other.path));
        let systems = systems(&harvest.found);
        let mut gaps: BTreeSet<Gap> = harvest
            .unread
            .iter()
            .map(|(path, why)| Gap {
                path: path.clone(),
                cataloguer: None,
                why: why.to_string(),
            })
            .collect();
        let mut files: BTreeMap<String, FileDigests> = harvest.listed.into_iter().collect();
        let mut all = All::default();
        for file in harvest.found {
            let mut tells = false;
            let path = file.path;
            for (cataloguer, result) in file.by {
                let mut gap = |why: String| {
                    let path = path.clone();
                    gaps.insert(Gap {
                        path,
                        cataloguer: Some(cataloguer),
                        why,
                    });
                };
                match result {
                    Err(why) => gap(why.to_string()),
                    Ok(found) => {
                        tells |= !found.items.is_empty();
                        found.partly.iter().for_each(|why| gap(why.to_string()));
                        all.add(&path, cataloguer, found, &systems);
                    }
                }
            }
            if options.files == Files::Evidence && tells {
                files.extend(file.digests.map(|digests| (path, digests)));
            }
        }
        let (packages, edges) = all.finish();
        let os = systems
            .into_iter()
            .find(|(root, _)| root.is_empty())
            .map(|(_, os)| os);
        let all_files =
            options.files == Files::All && options.exclude.is_empty() && gaps.is_empty();
        Self {
            created: subject.created,
            all_files,
            subject,
            os,
            packages,
            edges,
            files,
            gaps: gaps.into_iter().collect(),
            excluded: options.exclude.clone(),
        }
    }

    /// A digest of everything in it, so that two documents with the same name
    /// are the same.
    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        // Lengths before texts: no two documents are written alike.
        let mut text = |text: &str| {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        };
        text(&format!(
            "{:?} {:?} {:?}",
            self.subject, self.os, self.created
        ));
        for entry in &self.packages {
            text(&entry.purl);
            text(&format!("{:?}", entry.package));
            for location in &entry.locations {
                text(&format!("{location:?}"));
            }
        }
        text(&format!(
            "{:?} {:?} {:?}",
            self.edges, self.gaps, self.excluded
        ));
        for (path, digests) in &self.files {
            text(path);
            text(&digests.sha256);
        }
        hasher.finalize().into()
    }

    /// The same as hexadecimal.
    #[must_use]
    pub fn identity_hex(&self) -> String {
        hex(&self.identity())
    }

    /// Packages on which no other depends.
    pub(crate) fn tops(&self) -> impl Iterator<Item = usize> {
        let below: BTreeSet<usize> = self.edges.iter().map(|&(_, on)| on).collect();
        (0..self.packages.len()).filter(move |index| !below.contains(index))
    }
}

/// Each root of a system in the tree, and its distribution; longer paths first.
fn systems(files: &[FileFound]) -> Vec<(String, OsRelease)> {
    let mut roots: BTreeMap<String, (bool, OsRelease)> = BTreeMap::new();
    for file in files {
        let found = file.by.iter().filter_map(|(_, found)| found.as_ref().ok());
        let Some(os) = found.filter_map(|found| found.os.as_ref()).next() else {
            continue;
        };
        let own = file.path.strip_suffix("etc/os-release");
        let root = own.or_else(|| file.path.strip_suffix("usr/lib/os-release"));
        let root = root.or_else(|| file.path.strip_suffix("lib/os-release"));
        let root = root.unwrap_or_default().to_owned();
        // The file below `etc` goes before the one of the vendor.
        let known = roots.get(&root).is_some_and(|(is_own, _)| *is_own);
        if own.is_some() || !known {
            roots.insert(root, (own.is_some(), os.clone()));
        }
    }
    let mut all: Vec<(String, OsRelease)> = roots
        .into_iter()
        .map(|(root, (_, os))| (root, os))
        .collect();
    all.sort_by_key(|(root, _)| std::cmp::Reverse(root.len()));
    all
}

#[derive(Default)]
struct All {
    packages: BTreeMap<String, Entry>,
    edges: BTreeSet<(String, String)>,
    places: HashMap<Place, String>,
    needs: Vec<(String, Vec<Place>)>,
    owned: Vec<(Place, String)>,
}

impl All {
    fn add(
        &mut self,
        path: &str,
        cataloguer: &'static str,
        found: Found,
        systems: &[(String, OsRelease)],
    ) {
        let mut names = Vec::with_capacity(found.items.len());
        for item in found.items {
            let Item {
                mut package,
                line,
                inner,
                place,
                needs,
                of,
            } = item;
            if package.kind.of_distribution()
                && let Some((_, os)) = systems
                    .iter()
                    .find(|(root, _)| path.starts_with(root.as_str()))
            {
                let vendor = namespace(package.kind, os);
                package = package.within(vendor).qualified("distro", os.qualifier());
            }
            let purl = package.purl();
            if let Some(place) = place {
                self.places.entry(place).or_insert_with(|| purl.clone());
            }
            self.needs
                .extend(needs.into_iter().map(|places| (purl.clone(), places)));
            self.owned.extend(of.map(|place| (place, purl.clone())));
            let location = Location {
                path: path.to_owned(),
                inner,
                line,
            };
            let entry = self.packages.entry(purl.clone()).or_insert_with(|| Entry {
                package: package.clone(),
                purl: purl.clone(),
                cataloguers: BTreeSet::new(),
                locations: BTreeSet::new(),
            });
            merge(&mut entry.package, package);
            entry.cataloguers.insert(cataloguer);
            entry.locations.insert(location);
            names.push(purl);
        }
        let name = |at: usize| names.get(at).cloned();
        let edges = found
            .edges
            .iter()
            .filter_map(|&(from, on)| Some((name(from)?, name(on)?)));
        self.edges.extend(edges);
    }

    fn finish(mut self) -> (Vec<Entry>, BTreeSet<(usize, usize)>) {
        for (from, places) in self.needs {
            let on = places.iter().find_map(|place| self.places.get(place));
            self.edges.extend(on.map(|on| (from, on.clone())));
        }
        for (place, on) in self.owned {
            let from = self.places.get(&place);
            self.edges.extend(from.map(|from| (from.clone(), on)));
        }
        let numbers: HashMap<&str, usize> = self
            .packages
            .keys()
            .enumerate()
            .map(|(at, purl)| (purl.as_str(), at))
            .collect();
        let number = |purl: &str| numbers.get(purl).copied();
        let edges = self
            .edges
            .iter()
            .filter(|(from, on)| from != on)
            .filter_map(|(from, on)| Some((number(from)?, number(on)?)))
            .collect();
        (self.packages.into_values().collect(), edges)
    }
}

/// What one file knows of a package and another does not.
fn merge(into: &mut Package, from: Package) {
    for licence in from.licences {
        if !into.licences.contains(&licence) {
            into.licences.push(licence);
        }
    }
    for checksum in from.checksums {
        if !into.checksums.contains(&checksum) {
            into.checksums.push(checksum);
        }
    }
    into.development &= from.development;
    into.supplier = into.supplier.take().or(from.supplier);
    into.download = into.download.take().or(from.download);
}

/// The vendor of a package of a distribution.
fn namespace(kind: Kind, os: &OsRelease) -> String {
    match (kind, os.id.as_str()) {
        (Kind::Rpm, "rhel") => "redhat".to_owned(),
        (Kind::Rpm, id) if id.starts_with("opensuse") => "opensuse".to_owned(),
        (_, id) => id.to_owned(),
    }
}
