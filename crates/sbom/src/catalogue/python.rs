//! Installed Python packages, by the metadata of wheels and eggs.
//!
//! Source: Python packaging user guide, "Core metadata specifications",
//! "Recording installed projects", "Names and normalization".

use super::paragraphs::{Field, paragraphs, value};
use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Place, Unread};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "python",
    interest,
    read,
};

/// The most names that one package is said to depend on.
const MOST_NEEDS: usize = 2000;

fn interest(candidate: Candidate<'_>) -> Interest {
    let name = candidate.name();
    let folder = || {
        let folder = candidate.path.len().checked_sub(name.len() + 1)?;
        candidate.path.get(..folder)
    };
    let of = |endings: [&str; 2]| {
        folder().is_some_and(|folder| endings.iter().any(|ending| folder.ends_with(ending)))
    };
    Interest::when(match name {
        "METADATA" => of(["dist-info", "DIST-INFO"]),
        "PKG-INFO" => of(["egg-info", "EGG-INFO"]),
        other => other.ends_with(".egg-info"),
    })
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let text = file.text()?;
    let Some(fields) = paragraphs(&text).next() else {
        return Ok(());
    };
    let (Some(name), Some(version)) = (value(&fields, "Name"), value(&fields, "Version")) else {
        return Ok(());
    };
    // The interpreter of Debian describes itself so; it is no package.
    if name.is_empty() || name == "Python" {
        return Ok(());
    }
    let mut package = Package::new(Kind::Pypi, normal(name), version);
    package.licences = licences(&fields);
    package.supplier = value(&fields, "Author-email")
        .or_else(|| value(&fields, "Author"))
        .map(str::to_owned)
        .filter(|text| !text.is_empty() && text != "UNKNOWN");
    let site = site(file.path);
    let place = |name: &str| Place {
        folder: site.to_owned(),
        name: normal(name),
    };
    let needs = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("Requires-Dist"))
        .filter_map(|field| required(field.value))
        .take(MOST_NEEDS)
        .map(|name| vec![place(name)])
        .collect();
    found.items.push(Item {
        place: Some(place(name)),
        needs,
        ..Item::new(package)
    });
    Ok(())
}

/// The folder that the package is imported from.
fn site(path: &str) -> &str {
    let above = |path: &'_ str| path.rfind('/').unwrap_or(0);
    let of_file = path.get(..above(path)).unwrap_or_default();
    if path.ends_with(".egg-info") {
        return of_file;
    }
    of_file.get(..above(of_file)).unwrap_or_default()
}

/// Lower case, with one dash for each run of `-`, `_` and `.`.
pub(super) fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.trim().chars() {
        if matches!(character, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(character.to_lowercase());
        }
    }
    out
}

/// The name of a requirement that no extra asks for.
fn required(text: &str) -> Option<&str> {
    let (requirement, marker) = text.split_once(';').unwrap_or((text, ""));
    if marker.contains("extra") {
        return None;
    }
    let end = requirement.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let name = requirement.get(..end.unwrap_or(requirement.len()))?;
    (!name.is_empty()).then_some(name)
}

/// The expression, or the field before it, or the classifiers. A whole text of
/// a licence is none.
fn licences(fields: &[Field<'_>]) -> Vec<String> {
    let short = |name: &str| {
        let text = value(fields, name)?;
        let fits =
            !text.is_empty() && text != "UNKNOWN" && text.len() <= 200 && !text.contains('\n');
        fits.then(|| vec![text.to_owned()])
    };
    let classified = || {
        fields
            .iter()
            .filter(|field| field.name.eq_ignore_ascii_case("Classifier"))
            .filter_map(|field| field.value.strip_prefix("License :: "))
            .filter_map(|text| text.rsplit(" :: ").next())
            .filter(|text| *text != "OSI Approved")
            .map(str::to_owned)
            .collect()
    };
    short("License-Expression")
        .or_else(|| short("License"))
        .unwrap_or_else(classified)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{purls, run};
    use super::*;

    #[test]
    fn wheels_and_eggs_are_listed() {
        let text = "Metadata-Version: 2.1\nName: Zope.Interface_x\nVersion: 5.0\n\
            License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n\
            Requires-Dist: Set-Up.Tools (>=1) ; python_version < '3'\n\
            Requires-Dist: docs ; extra == 'docs'\n\nName: of the description\n";
        let path = "usr/lib/python3/dist-packages/zope-5.dist-info/METADATA";
        let found = run(&CATALOGUER, path, text.as_bytes()).unwrap();
        assert_eq!(purls(&found), ["pkg:pypi/zope-interface-x@5.0"]);
        let item = found.items.first().unwrap();
        assert_eq!(item.package.licences, ["MIT License"]);
        assert_eq!(
            item.place.as_ref().unwrap().folder,
            "usr/lib/python3/dist-packages"
        );
        let needed: Vec<&str> = item
            .needs
            .iter()
            .flatten()
            .map(|place| place.name.as_str())
            .collect();
        assert_eq!(needed, ["set-up-tools"]);
        for path in [
            "a/b-1.egg-info",
            "a/b-1.egg-info/PKG-INFO",
            "a/b-1.egg/EGG-INFO/PKG-INFO",
        ] {
            let found = run(&CATALOGUER, path, b"Name: b\nVersion: 1\n").unwrap();
            assert_eq!(purls(&found), ["pkg:pypi/b@1"], "{path}");
        }
        for path in ["a/METADATA", "PKG-INFO", "a/PKG-INFO"] {
            assert_eq!(
                interest(Candidate {
                    path,
                    size: 1,
                    tree: super::super::Tree::Source
                }),
                Interest::No,
                "{path}"
            );
        }
    }
}
