//! Manifests of crates that a change adds to the committed file.
//!
//! A manifest of a crate hashes to nothing that a lock names, and the base's
//! one is believed. One that is slipped in beside unchanged files would
//! therefore prove forged files by the next change, so that every new one has
//! to be the one of its archive, whether or not a crate is touched.

use std::path::Path;

use cofferdam_lockfiles::cargo::LockedCrate;
use cofferdam_trees::bundle::Subject;

use super::MANIFESTS;
use super::base::Base;
use super::cargo::{archived, parsed};
use super::discovery::Place;
use super::folder::bytes_of;
use super::list::joined;
use super::report::{Code, Ecosystem, NotChecked, Problem, VendorReport};
use super::sources::Sources;
use crate::git::GitError;

/// Adds what is wrong with new manifests, as far as no directory has said it.
pub(super) fn check(
    root: &Path,
    places: &[(Ecosystem, Place)],
    sources: &Sources<'_>,
    base: &Base,
    report: &mut VendorReport,
) -> Result<(), GitError> {
    let mut locked: Option<Vec<LockedCrate>> = None;
    for (subject, kept) in sources.all_new() {
        let Subject::Crate {
            name,
            version,
            archive,
        } = subject
        else {
            continue;
        };
        let mine = &kept.unpacked.manifest;
        let known = (base.bundle()?).and_then(|bundle| bundle.kept.get(subject));
        if known.is_some_and(|known| known.unpacked.manifest == *mine) {
            continue;
        }
        let module = format!("{name}@{version}");
        if known.is_some() {
            forged(report, module, "the base's for the same archive");
            continue;
        }
        let locked = locked.get_or_insert_with(|| locks(root, places));
        let hash = archive.to_string();
        let mut whys = Vec::new();
        let found = match locked.iter().find(|one| {
            one.name == *name
                && one.version == *version
                && one.checksum.as_deref() == Some(hash.as_str())
        }) {
            Some(one) => archived(one, *archive, subject, sources, &mut whys),
            None => {
                whys.push("no lock names the archive of the committed manifest".to_owned());
                None
            }
        };
        match found {
            Some((manifest, _)) if manifest == *mine => {}
            Some(_) => forged(report, module, "the one of the archive"),
            None => {
                whys.push("the manifest is new, and nobody vouches for it".to_owned());
                let mut trees = report.trees.iter().flat_map(|tree| &tree.not_checked);
                if !trees.any(|one| one.what == module) {
                    let (what, why) = (module, whys.join("; "));
                    report.not_checked.push(NotChecked { what, why });
                }
            }
        }
    }
    Ok(())
}

fn forged(report: &mut VendorReport, module: String, than: &str) {
    let mut said = report.trees.iter().flat_map(|tree| &tree.problems);
    let code = Code::ManifestForged;
    if said.any(|one| one.code == code && one.module.as_deref() == Some(&*module)) {
        return;
    }
    report.problems.push(Problem {
        code,
        path: MANIFESTS.to_owned(),
        line: None,
        text: format!("the manifest of {module} is another one than {than}"),
        module: Some(module),
        first: None,
    });
}

/// The crates of every lock beside a directory of crates.
fn locks(root: &Path, places: &[(Ecosystem, Place)]) -> Vec<LockedCrate> {
    let mut all = Vec::new();
    for (_, place) in places.iter().filter(|(kind, _)| *kind == Ecosystem::Cargo) {
        let path = root.join(joined(&place.home, "Cargo.lock"));
        // One that cannot be read is named where its directory is checked.
        let bytes = bytes_of(&path, super::MOST_BYTES).ok().flatten();
        let lock = parsed(bytes).unwrap_or_default();
        all.extend(lock.crates().iter().cloned());
    }
    all
}
