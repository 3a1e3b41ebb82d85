//! Hashes.

use cofferdam_lockfiles::{Ecosystem, Package, Source};

use super::{Asked, Check, Judged, finding, title};
use crate::change::contradiction;

pub(super) fn check(package: &Package, _: &Asked<'_>, judged: &mut Judged<'_>) {
    // An image's digest names what is used, and a commit as well: another one is
    // another version.
    let names_itself = matches!(
        package.ecosystem,
        Ecosystem::Docker | Ecosystem::GitHubActions
    );
    if names_itself {
        return;
    }
    if other_bytes(package, judged) {
        return;
    }
    missing(package, judged);
}

/// The same version with other bytes, here or in any file of the base.
fn other_bytes(package: &Package, judged: &mut Judged<'_>) -> bool {
    let of_file = (judged.change.before).filter(|before| before.version == package.version);
    let known: Vec<&Package> = of_file
        .into_iter()
        .chain(judged.change.known.clone())
        .collect();
    for before in known {
        if before.source.word() != package.source.word() {
            continue;
        }
        let Some((old, new)) = contradiction(before, package) else {
            continue;
        };
        let message = format!(
            "{} has another hash than in the base, and is the same version",
            title(package)
        );
        let finding = finding(Check::Integrity, package, message)
            .why(format!(
                "A published version does not change: {old} became {new}, so that one of them is \
                 not what was published"
            ))
            .fix(
                "Compare both archives with what the registry has, and find out who wrote the hash",
            )
            .related(before.location.clone(), "the hash of the base");
        judged.found(Check::Integrity, finding);
        return true;
    }
    false
}

/// A package from a registry without a hash, in a file that has them.
fn missing(package: &Package, judged: &mut Judged<'_>) {
    let format = judged.change.to.map(|document| document.format);
    let has_hashes = format.is_some_and(cofferdam_lockfiles::Format::has_integrity);
    let is_archive = matches!(
        package.source,
        Source::Registry { .. } | Source::Url { .. } | Source::Unknown
    );
    if !has_hashes || !is_archive || !package.integrity.is_empty() || package.version.is_none() {
        return;
    }
    let had = (judged.change.before).filter(|before| !before.integrity.is_empty());
    // Where the whole file has none, its writer was told to leave them out.
    let others = judged.change.to.is_some_and(|document| {
        (document.dependencies()).any(|(_, one)| !one.integrity.is_empty())
    });
    if had.is_none() && !others {
        return;
    }
    let message = match had {
        Some(_) => format!("{} has lost its hash", title(package)),
        None => format!(
            "{} has no hash, and others in the file have",
            title(package)
        ),
    };
    let mut finding = finding(Check::Integrity, package, message)
        .why("Whatever is served under its name will be installed")
        .fix("Let the package manager write the file anew, and find out who took the hash away");
    if let Some(before) = had {
        finding = finding.related(before.location.clone(), "the hash of the base");
    }
    judged.found(Check::Integrity, finding);
}
