//! Makes the file of manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cofferdam_lockfiles::cargo::CargoLock;
use cofferdam_trees::bundle::{Kept, Subject};
use cofferdam_trees::go::parent;
use cofferdam_trees::{Bundle, Digest, H1};

use super::discovery::{Place, discover};
use super::folder::bytes_of;
use super::list::{List, joined};
use super::report::{Ecosystem, ManifestSource, NotChecked};
use super::sources::{Committed, Sources};
use super::{MANIFESTS, VendorError, VendorOptions, canonical, cargo, records};
use crate::collect::plain;

/// What is to be written.
#[derive(Clone, Debug)]
pub struct Written {
    /// The bytes of the file.
    pub bytes: Vec<u8>,
    /// Whether the file says the same already.
    pub unchanged: bool,
    /// The number of Go modules in it.
    pub modules: usize,
    /// The number of crates in it.
    pub crates: usize,
    /// The number of records of the checksum database in it.
    pub records: usize,
    /// The files of all manifests.
    pub files: usize,
    /// What has no manifest, and why.
    pub without: Vec<NotChecked>,
    /// What has no record, and why.
    pub without_record: Vec<NotChecked>,
}

/// What a module needs its witnesses for: folders of packages.
type Packages = BTreeMap<Subject, (Option<H1>, BTreeSet<String>)>;

/// Makes the file for every vendor directory of a checkout. Modules whose sum
/// is unknown, or that nothing at hand hashes to, are left out and named.
///
/// # Errors
/// [`VendorError`].
pub fn written(options: &VendorOptions) -> Result<Written, VendorError> {
    let root = canonical(&options.root)?;
    let found = discover(&root, &options.limits);
    if found.places.is_empty() && found.not_checked.is_empty() {
        let path = options.root.clone();
        return Err(VendorError::Nothing { path });
    }
    let before = read_bundle(&root);
    let sources = Sources::new(options, None);
    let mut bundle = Bundle::default();
    let mut without = found.not_checked;
    let mut packages = Packages::new();
    for (ecosystem, place) in &found.places {
        match ecosystem {
            Ecosystem::Go => go(&root, place, &mut packages, &mut without),
            Ecosystem::Cargo => crates(&root, place, &sources, &mut bundle, &mut without),
        }
    }
    modules(
        &sources,
        before.as_ref(),
        packages,
        &mut bundle,
        &mut without,
    );
    let modules = bundle
        .kept
        .keys()
        .filter(|one| matches!(one, Subject::Go { .. }));
    let modules = modules.count();
    let without_record = with_records(options, before.as_ref(), &mut bundle);
    let text = bundle.text();
    let unchanged = before.is_some_and(|before| before.text() == text);
    let bytes = bundle.to_gzip().map_err(|source| VendorError::Root {
        path: root.clone(),
        source,
    })?;
    let kept = bundle.kept.values();
    Ok(Written {
        bytes,
        unchanged,
        modules,
        crates: bundle.kept.len() - modules,
        records: kept.clone().filter(|one| one.record.is_some()).count(),
        files: kept.map(|one| one.unpacked.manifest.len()).sum(),
        without,
        without_record,
    })
}

/// What the checkout holds already; nothing where it cannot be read, which is
/// written anew.
fn read_bundle(root: &Path) -> Option<Bundle> {
    let bytes = bytes_of(&root.join(MANIFESTS), super::MOST_BYTES).ok()??;
    Bundle::from_gzip(&bytes).ok()
}

/// Collects the modules of one vendor directory.
fn go(root: &Path, place: &Place, packages: &mut Packages, without: &mut Vec<NotChecked>) {
    let read = |path: &str| match bytes_of(&root.join(path), super::MOST_BYTES) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok())),
        Err(error) => Err(plain(&error)),
    };
    let list = List::read(place, &read);
    without.extend(list.not_checked);
    for module in &list.listed.modules {
        let source = module.source();
        let Some(version) = &source.version else {
            continue;
        };
        if module.packages.is_empty() {
            continue;
        }
        let mut sums = list.sums.iter();
        let sum = sums.find_map(|(_, sums)| sums.of(&source.path, version).next());
        let Some(sum) = sum.and_then(|line| H1::parse(&line.sum)) else {
            without.push(NotChecked {
                what: source.to_string(),
                why: "no go.sum has a line for it".to_owned(),
            });
            continue;
        };
        let subject = Subject::Go {
            module: source.path.clone(),
            version: version.clone(),
        };
        let folders = &mut packages
            .entry(subject)
            .or_insert((Some(sum), BTreeSet::new()))
            .1;
        for package in &module.packages {
            let below = package
                .strip_prefix(&module.module.path)
                .unwrap_or_default();
            folders.insert(below.trim_start_matches('/').to_owned());
        }
    }
}

fn modules(
    sources: &Sources<'_>,
    before: Option<&Bundle>,
    packages: Packages,
    bundle: &mut Bundle,
    without: &mut Vec<NotChecked>,
) {
    use rayon::prelude::*;

    let all: Vec<_> = packages.into_iter().collect();
    let made: Vec<_> = all
        .into_par_iter()
        .with_max_len(1)
        .map(|(subject, (sum, folders))| {
            let Subject::Go { module, version } = &subject else {
                return Err(NotChecked {
                    what: subject.prefix(),
                    why: "it is no module".to_owned(),
                });
            };
            let obtained = sources.go(module, version, sum, false);
            let old = || {
                let old = before?.kept.get(&subject)?.unpacked.clone();
                (Some(old.manifest.h1(&subject.prefix())) == sum).then_some(old)
            };
            let found = obtained.manifest.as_ref().map(|(found, _)| found.clone());
            let Some(mut unpacked) = found.or_else(old) else {
                let wrong = obtained.wrong.iter().map(|(_, _, text)| text.clone());
                let whys: Vec<String> = wrong.chain(obtained.why.iter().cloned()).collect();
                return Err(NotChecked {
                    what: format!("{module}@{version}"),
                    why: whys.join("; "),
                });
            };
            (unpacked.witnesses)
                .retain(|path, _| &**path == "go.mod" || folders.contains(parent(path)));
            Ok((subject, unpacked))
        })
        .collect();
    for one in made {
        match one {
            Ok((subject, unpacked)) => {
                let kept = Kept {
                    unpacked,
                    record: None,
                };
                bundle.kept.insert(subject, kept);
            }
            Err(why) => without.push(why),
        }
    }
}

/// Collects the crates of one vendor directory.
fn crates(
    root: &Path,
    place: &Place,
    sources: &Sources<'_>,
    bundle: &mut Bundle,
    without: &mut Vec<NotChecked>,
) {
    let path = joined(&place.home, "Cargo.lock");
    let lock = match bytes_of(&root.join(&path), super::MOST_BYTES) {
        Ok(Some(bytes)) => String::from_utf8(bytes)
            .map_err(|_| "it is not UTF-8".to_owned())
            .and_then(|text| CargoLock::parse(&text).map_err(|error| error.to_string())),
        Ok(None) => Err("there is none".to_owned()),
        Err(error) => Err(plain(&error)),
    };
    let lock = match lock {
        Ok(lock) => lock,
        Err(why) => return without.push(NotChecked { what: path, why }),
    };
    for locked in lock.crates() {
        let Some(sum) = locked.checksum.as_deref().and_then(Digest::from_hex) else {
            continue;
        };
        let subject = cargo::subject(locked, sum);
        if bundle.kept.contains_key(&subject) {
            continue;
        }
        let mut whys = Vec::new();
        for source in [ManifestSource::LocalArchive, ManifestSource::Registry] {
            match cargo::archive(source, locked, sources) {
                Ok(Some(bytes)) => match cargo::made(&bytes, sum, &subject) {
                    Ok(manifest) => {
                        let kept = bundle.kept.entry(subject.clone()).or_default();
                        kept.unpacked.manifest = manifest;
                        break;
                    }
                    Err(why) => whys.push(why),
                },
                Ok(None) => {}
                Err(why) => whys.push(why),
            }
        }
        if !bundle.kept.contains_key(&subject) {
            whys.push("its archive is not at hand".to_owned());
            without.push(NotChecked {
                what: format!("{}@{}", locked.name, locked.version),
                why: whys.join("; "),
            });
        }
    }
}

/// Adds the records: the old ones where they prove every module, and else new
/// ones.
fn with_records(
    options: &VendorOptions,
    before: Option<&Bundle>,
    bundle: &mut Bundle,
) -> Vec<NotChecked> {
    let wanted: Vec<(String, String)> = (bundle.kept.keys())
        .filter_map(|subject| match subject {
            Subject::Go { module, version } => Some((module.clone(), version.clone())),
            Subject::Crate { .. } => None,
        })
        .collect();
    let old = Sources::new(options, before.cloned().map(Committed::read));
    let old_records = records::Records::new(&old);
    let missing = (wanted.iter())
        .filter(|(module, version)| !matches!(old_records.sum(module, version), Some(Ok(_))));
    let missing = missing.count();
    let fetched = match &options.database {
        Some(database) if missing > 0 => Some(records::fetch(options, database, &wanted)),
        _ => None,
    };
    if let Some(fetched) = fetched.filter(|new| new.records.len() + missing >= wanted.len()) {
        bundle.unverified_note = fetched.note;
        for ((module, version), record) in fetched.records {
            let subject = Subject::Go { module, version };
            if let Some(kept) = bundle.kept.get_mut(&subject) {
                kept.record = Some(record);
            }
        }
        let without = fetched.without.into_iter();
        return without
            .map(|(what, why)| NotChecked { what, why })
            .collect();
    }
    let mut without = Vec::new();
    for (module, version) in wanted {
        let subject = Subject::Go {
            module: module.clone(),
            version: version.clone(),
        };
        let record = old.kept(&subject).and_then(|kept| kept.record.clone());
        match (old_records.sum(&module, &version), record) {
            (Some(Ok(_)), Some(record)) => {
                bundle.unverified_note = old.note().map(ToOwned::to_owned);
                if let Some(kept) = bundle.kept.get_mut(&subject) {
                    kept.record = Some(record);
                }
            }
            _ => without.push(NotChecked {
                what: format!("{module}@{version}"),
                why: "the checksum database was not asked".to_owned(),
            }),
        }
    }
    without
}
