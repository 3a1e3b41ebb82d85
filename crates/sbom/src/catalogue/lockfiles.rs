//! What the lockfiles of a source tree name. Their formats are read by the
//! crate of lockfiles; what an image holds beside the packages that are
//! installed in it is no sign that they are there, and is left alone.

use std::borrow::Cow;

use cofferdam_lockfiles::{
    Algorithm as Hash, Format, NoteKind, Package as Locked, PackageUrl, Scope, Source, Subject,
    Unreadable, parse, text,
};

use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Tree, Unread};
use crate::package::{Algorithm, Checksum, Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "lockfile",
    interest,
    read,
};

/// The formats that name what a tree is built with; others of the crate compare
/// or verify, or are documents such as this one makes.
fn format(path: &str) -> Option<Format> {
    Format::of(path).filter(|format| {
        matches!(
            format,
            Format::CargoLock
                | Format::PackageLock
                | Format::YarnLock
                | Format::PnpmLock
                | Format::BunLock
                | Format::PoetryLock
                | Format::UvLock
                | Format::PdmLock
                | Format::Pylock
                | Format::PipfileLock
                | Format::Requirements
                | Format::GoMod
                | Format::GoModulesTxt
                | Format::GemfileLock
                | Format::ComposerLock
                | Format::GradleLockfile
                | Format::Pom
                | Format::PackagesLockJson
                | Format::DepsJson
                | Format::PubspecLock
                | Format::MixLock
        )
    })
}

fn interest(candidate: Candidate<'_>) -> Interest {
    let wanted = match candidate.tree {
        Tree::Source => true,
        // A published .NET program has this one beside it.
        Tree::Installed => candidate.path.ends_with(".deps.json"),
    };
    // What others published may hold the locks with which they built it.
    let of_others = ["node_modules", "site-packages", "dist-packages"];
    let mut parts = candidate.path.split('/');
    let foreign = parts.any(|part| of_others.contains(&part));
    Interest::when(wanted && !foreign && format(candidate.path).is_some())
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let Some(format) = format(file.path) else {
        return Ok(());
    };
    let source = text(file.path, file.bytes()?).map_err(|error| Unread::Lockfile(error.mistake))?;
    let beside = file.beside;
    let files = |path: &str| beside(path);
    let document =
        parse(format, &source, &files).map_err(|error| Unread::Lockfile(error.mistake))?;
    let mut places: Vec<Option<usize>> = Vec::with_capacity(document.packages.len());
    for one in &document.packages {
        let package = package(one);
        places.push(package.as_ref().map(|_| found.items.len()));
        found.items.extend(package.map(|package| Item {
            line: Some(one.location.line),
            ..Item::new(package)
        }));
    }
    let place = |at: usize| places.get(at).copied().flatten();
    for (index, one) in document.packages.iter().enumerate() {
        let Some(on) = place(index) else {
            continue;
        };
        let from = one.requirers.iter().filter_map(|requirer| place(*requirer));
        found.edges.extend(from.map(|from| (from, on)));
    }
    for note in document.notes {
        // A file of the same kind that is included is read by itself.
        let is_read = matches!(&note.kind, NoteKind::Unread { path, why }
            if *why == Unreadable::Missing && self::format(path).is_some());
        if note.kind.is_gap() && !is_read {
            found.partly.push(Unread::LockfilePart(note.kind));
        }
    }
    Ok(())
}

/// A package of a lockfile; none without a version: a range names no package.
fn package(locked: &Locked) -> Option<Package> {
    let url = PackageUrl::parse(&locked.purl()?)?;
    let kind = Kind::from_word(&url.kind)?;
    let commit = match &locked.source {
        Source::Git { commit, .. } => commit.clone(),
        _ => None,
    };
    let version = url.version.or(commit)?;
    let mut package = Package::new(kind, url.name, version).within(url.namespace);
    for (key, value) in url.qualifiers {
        package.qualifiers.insert(Cow::Owned(key), value);
    }
    package.licences.extend(locked.licence.clone());
    package.checksums = locked
        .integrity
        .iter()
        .filter(|one| one.subject == Subject::Archive && one.is_well_formed())
        .filter_map(|one| {
            let algorithm = match one.algorithm {
                Hash::Sha1 => Algorithm::Sha1,
                Hash::Sha256 => Algorithm::Sha256,
                Hash::Sha384 => Algorithm::Sha384,
                Hash::Sha512 => Algorithm::Sha512,
                _ => return None,
            };
            let hex = one.digest.clone();
            Some(Checksum { algorithm, hex })
        })
        .collect();
    package.download = locked.source.address().map(str::to_owned);
    package.development = locked.scope == Scope::Development;
    Some(package)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{edges, purls, run};
    use super::*;

    #[test]
    fn packages_and_what_they_depend_on_are_taken_over() {
        let text = "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"libc\"]\n\n\
            [[package]]\nname = \"libc\"\nversion = \"0.2.1\"\n\
            source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
            checksum = \"0000000000000000000000000000000000000000000000000000000000000001\"\n";
        let found = run(&CATALOGUER, "x/Cargo.lock", text.as_bytes()).unwrap();
        assert_eq!(
            purls(&found),
            ["pkg:cargo/app@0.1.0", "pkg:cargo/libc@0.2.1"]
        );
        assert_eq!(edges(&found), [("app", "libc")]);
        let libc = found.items.last().unwrap();
        assert_eq!(libc.package.checksums.len(), 1);
        assert_eq!(libc.line, Some(8));
    }

    #[test]
    fn a_lockfile_that_cannot_be_read_is_a_gap_and_one_of_others_none() {
        let broken = run(&CATALOGUER, "Cargo.lock", b"version = 9\n").unwrap_err();
        assert!(matches!(broken, Unread::Lockfile(_)), "{broken}");
        let of = |path, tree| {
            interest(Candidate {
                path,
                size: 1,
                tree,
            })
        };
        assert_eq!(of("node_modules/a/yarn.lock", Tree::Source), Interest::No);
        assert_eq!(of("app/yarn.lock", Tree::Installed), Interest::No);
        assert_eq!(of("app/a.deps.json", Tree::Installed), Interest::Yes);
        assert_eq!(of("go.sum", Tree::Source), Interest::No);
    }

    #[test]
    fn ranges_are_no_packages_and_what_is_not_there_is_said() {
        let text = "a>=1\nB_c==2.0\n-r elsewhere/list.in\n";
        let found = run(&CATALOGUER, "requirements.txt", text.as_bytes()).unwrap();
        assert_eq!(purls(&found), ["pkg:pypi/b-c@2.0"]);
        let gap = found.partly.first().unwrap().to_string();
        assert!(gap.contains("elsewhere/list.in"), "{gap}");
    }
}
