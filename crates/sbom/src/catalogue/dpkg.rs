//! The database of dpkg: `status`, and `status.d/`, which images without a
//! package manager keep instead.
//!
//! Source: Debian Policy Manual, chapters 5 and 7; `dpkg-query(1)`, "db:Status".

use std::collections::HashMap;

use super::paragraphs::{Field, paragraphs, value};
use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Unread};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "dpkg",
    interest,
    read,
};

fn interest(candidate: Candidate<'_>) -> Interest {
    let in_folder = || {
        let (folder, name) = candidate.path.rsplit_once('/')?;
        let folder = Candidate {
            path: folder,
            ..candidate
        };
        // Beside each lies the list of its files.
        Some(folder.is_at("lib/dpkg/status.d") && !name.ends_with(".md5sums"))
    };
    Interest::when(candidate.is_at("lib/dpkg/status") || in_folder().unwrap_or(false))
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let text = file.text()?;
    let all: Vec<Vec<Field<'_>>> = paragraphs(&text)
        .filter(|fields| is_installed(fields))
        .collect();
    let mut provided: HashMap<&str, usize> = HashMap::new();
    for fields in &all {
        let (Some(name), Some(version)) = (value(fields, "Package"), value(fields, "Version"))
        else {
            continue;
        };
        let index = found.items.len();
        let source = value(fields, "Source").unwrap_or_default();
        let source = match source.split_once(" (") {
            Some((name, version)) => format!("{name}@{}", version.trim_end_matches(')')),
            None => source.to_owned(),
        };
        let package = Package {
            supplier: value(fields, "Maintainer").map(str::to_owned),
            ..Package::new(Kind::Deb, name, version)
                .qualified("arch", value(fields, "Architecture").unwrap_or_default())
                .qualified("upstream", source)
        };
        found.items.push(Item {
            line: fields.first().map(|field| field.line),
            ..Item::new(package)
        });
        provided.insert(name, index);
        for name in names(value(fields, "Provides").unwrap_or_default()).flatten() {
            provided.entry(name).or_insert(index);
        }
    }
    let named = |fields: &&Vec<Field<'_>>| {
        value(fields, "Package").is_some() && value(fields, "Version").is_some()
    };
    for (index, fields) in all.iter().filter(named).enumerate() {
        for key in ["Depends", "Pre-Depends"] {
            for alternatives in names(value(fields, key).unwrap_or_default()) {
                let first = alternatives.iter().find_map(|name| provided.get(name));
                found.edges.extend(first.map(|&on| (index, on)));
            }
        }
    }
    Ok(())
}

/// Whether it is there; `status.d` has no word for it.
fn is_installed(fields: &[Field<'_>]) -> bool {
    match value(fields, "Status") {
        None => true,
        Some(status) => {
            let state = status.split_whitespace().last().unwrap_or_default();
            !matches!(state, "not-installed" | "config-files") && !status.starts_with("deinstall")
        }
    }
}

/// `a (>= 1), b | c:any`: the names, and for each the alternatives.
fn names(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.split(',').map(|part| {
        let alternatives = part.split('|').filter_map(|one| {
            let name = one.trim().split([' ', '(', ':', '\n', '\t']).next()?;
            (!name.is_empty()).then_some(name)
        });
        alternatives.collect()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{edges, purls, run};
    use super::*;

    const STATUS: &str = "\
Package: gcc-12-base\nStatus: install ok installed\nArchitecture: amd64\n\
Source: gcc-12\nVersion: 12.2.0-14\nDescription: x\n goes: on\n .\n\n\
Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n\
Package: mawk\nStatus: install ok installed\nVersion: 1.3\nArchitecture: amd64\nProvides: awk\n\
Source: mawk (1.3-0)\nMaintainer: A <a@x>\n\n\
Package: base-files\nStatus: hold ok unpacked\nVersion: 12\nArchitecture: amd64\n\
Pre-Depends: awk\nDepends: none | gcc-12-base (>= 1), libc6:any\n\n";

    #[test]
    fn what_is_installed_is_listed_with_what_it_depends_on() {
        let found = run(&CATALOGUER, "var/lib/dpkg/status", STATUS.as_bytes()).unwrap();
        assert_eq!(
            purls(&found),
            [
                "pkg:deb/gcc-12-base@12.2.0-14?arch=amd64&upstream=gcc-12",
                "pkg:deb/mawk@1.3?arch=amd64&upstream=mawk%401.3-0",
                "pkg:deb/base-files@12?arch=amd64",
            ]
        );
        assert_eq!(
            edges(&found),
            [("base-files", "gcc-12-base"), ("base-files", "mawk")]
        );
        assert_eq!(found.items.get(1).unwrap().line, Some(15));
    }

    #[test]
    fn the_folder_of_images_without_a_package_manager_is_read() {
        let text = "Package: tzdata\nVersion: 2024a\nArchitecture: all\n";
        let found = run(&CATALOGUER, "var/lib/dpkg/status.d/tzdata", text.as_bytes()).unwrap();
        assert_eq!(purls(&found), ["pkg:deb/tzdata@2024a?arch=all"]);
        let sums = Candidate {
            path: "var/lib/dpkg/status.d/tzdata.md5sums",
            size: 1,
            tree: super::super::Tree::Source,
        };
        assert_eq!(interest(sums), Interest::No);
        let other = Candidate {
            path: "srv/mylib/dpkg/status",
            size: 1,
            tree: super::super::Tree::Source,
        };
        assert_eq!(interest(other), Interest::No);
    }
}
