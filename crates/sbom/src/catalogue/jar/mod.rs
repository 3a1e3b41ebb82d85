//! Java archives: what their manifest, their Maven files and their names say,
//! and the archives that lie inside of them.
//!
//! Source: Oracle, "JAR File Specification"; Apache Maven, "Maven Archiver",
//! `pom.properties`.

mod filename;
mod manifest;
mod maven;
mod opened;

use std::io::Cursor;

use self::filename::FileName;
use self::manifest::Manifest;
use self::maven::Coordinates;
use self::opened::Archive;
use super::file::Content;
use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Unread};
use crate::limits::Limits;
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "java",
    interest,
    read,
};

/// Endings of archives that hold Java programs.
const ENDINGS: [&str; 13] = [
    "jar", "war", "ear", "par", "sar", "nar", "jpi", "hpi", "kar", "far", "lpkg", "rar", "zap",
];

fn is_archive(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && ENDINGS.iter().any(|one| ending.eq_ignore_ascii_case(one))
    })
}

fn interest(candidate: Candidate<'_>) -> Interest {
    Interest::when(is_archive(candidate.path) && candidate.size > 0)
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let (path, limits) = (file.path, file.limits);
    let mut budget = Budget {
        bytes: limits.nested_bytes.saturating_mul(8),
        limits,
    };
    let head = file.at(0, 4)?;
    let archive = match Archive::open(file.content(), limits) {
        // Archives of another kind have one of these endings too; and one that
        // begins with a script which starts it is a zip archive all the same.
        Err(Unread::Damaged { .. }) if !head.starts_with(b"PK") => return Ok(()),
        archive => archive?,
    };
    one(archive, path, "", 0, &mut budget, found)?;
    Ok(())
}

/// What may still be unpacked of one file.
struct Budget<'l> {
    bytes: u64,
    limits: &'l Limits,
}

impl Budget<'_> {
    fn take(&mut self, bytes: u64) -> Result<(), Unread> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Unread::TooLarge {
            most: self.limits.nested_bytes.saturating_mul(8),
        })?;
        Ok(())
    }
}

/// Reads one archive and those inside of it, and gives its own package.
fn one<C: Content>(
    mut archive: Archive<C>,
    path: &str,
    inner: &str,
    depth: usize,
    budget: &mut Budget<'_>,
    found: &mut Found,
) -> Result<Option<usize>, Unread> {
    let names = FileName::of(path);
    let mut read = |archive: &mut Archive<C>, index: usize| {
        let bytes = archive.bytes(index, budget.limits.nested_bytes)?;
        budget.take(bytes.len() as u64)?;
        Ok::<_, Unread>(bytes)
    };
    let mut manifest = None;
    let mut properties = Vec::new();
    let mut nested = Vec::new();
    for index in 0..archive.len() {
        let Some(name) = archive.name(index) else {
            continue;
        };
        if name.eq_ignore_ascii_case("META-INF/MANIFEST.MF") {
            manifest = Some(index);
        } else if name.ends_with("pom.properties") {
            properties.push(index);
        } else if is_archive(&name) {
            nested.push((index, name));
        }
    }
    let manifest = match manifest {
        Some(index) => Some(Manifest::parse(&read(&mut archive, index)?)),
        None => None,
    };
    let mut all = Vec::new();
    for index in properties {
        all.extend(Coordinates::parse(&read(&mut archive, index)?));
    }
    all.sort();
    all.dedup();
    let main = add(&names, manifest.as_ref(), &all, inner, found);
    for (index, name) in nested {
        let within = if inner.is_empty() {
            name.clone()
        } else {
            format!("{inner}!{name}")
        };
        let result = if depth + 1 >= budget.limits.nested_depth {
            Err(Unread::Format {
                what: "an archive so deep inside of others",
            })
        } else {
            archive
                .bytes(index, budget.limits.nested_bytes)
                .and_then(|bytes| {
                    budget.take(bytes.len() as u64)?;
                    let nested = Archive::open(Cursor::new(bytes), budget.limits)?;
                    one(nested, &name, &within, depth + 1, budget, found)
                })
        };
        match result {
            Ok(child) => {
                if let (Some(main), Some(child)) = (main, child) {
                    found.edges.push((main, child));
                }
            }
            Err(why) => found.partly.push(Unread::Inside {
                inner: within,
                why: Box::new(why),
            }),
        }
    }
    Ok(main)
}

/// Adds the packages of one archive, its own first.
fn add(
    names: &FileName,
    manifest: Option<&Manifest>,
    all: &[Coordinates],
    inner: &str,
    found: &mut Found,
) -> Option<usize> {
    let own = all
        .iter()
        .find(|one| one.artifact == names.name)
        .or_else(|| all.iter().find(|one| fits(&one.artifact, &names.name)));
    if manifest.is_some_and(|manifest| manifest.get("Weave-Classes").is_some()) {
        // It changes another library and carries that one's name.
        return None;
    }
    let mut push = |package: Package| {
        let inner = Some(inner.to_owned()).filter(|inner| !inner.is_empty());
        found.items.push(Item {
            inner,
            ..Item::new(package)
        });
        found.items.len() - 1
    };
    let main = match (own, manifest) {
        (Some(own), _) => Some(push(own.package())),
        (None, Some(manifest)) => {
            let name = manifest.name(names);
            // One of its parts may be the archive itself under a longer name.
            let same = all.iter().find(|one| one.artifact == name);
            let package = match same {
                Some(same) => same.package(),
                None => {
                    let group = manifest.group();
                    Package {
                        licences: manifest.licences(),
                        ..Package::new(Kind::Maven, name.as_str(), manifest.version(names))
                            .within(group.unwrap_or_else(|| name.clone()))
                    }
                }
            };
            (!name.is_empty()).then(|| push(package))
        }
        (None, None) => None,
    };
    let main_purl = main
        .and_then(|main| found.items.get(main))
        .map(|item| item.package.purl());
    for one in all {
        let package = one.package();
        if Some(package.purl()) == main_purl {
            continue;
        }
        let inner = Some(inner.to_owned()).filter(|inner| !inner.is_empty());
        found.items.push(Item {
            inner,
            ..Item::new(package)
        });
        let index = found.items.len() - 1;
        found.edges.extend(main.map(|main| (main, index)));
    }
    main
}

/// Whether a name of Maven may be that of the file.
fn fits(artifact: &str, file: &str) -> bool {
    !artifact.is_empty()
        && !file.is_empty()
        && (artifact.starts_with(file) || file.ends_with(artifact))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
