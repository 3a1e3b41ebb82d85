//! Installed Node.js packages, by their `package.json`.
//!
//! Source: npm documentation, "package.json"; Node.js documentation, "Modules:
//! loading from node_modules folders".

use serde_json::Value;

use super::{Candidate, Cataloguer, Found, Interest, Item, Opened, Place, Unread};
use crate::package::{Kind, Package};

pub(super) const CATALOGUER: Cataloguer = Cataloguer {
    name: "npm",
    interest,
    read,
};

/// The most names that one package is said to depend on.
const MOST_NEEDS: usize = 2000;

fn interest(candidate: Candidate<'_>) -> Interest {
    Interest::when(candidate.name() == "package.json")
}

fn read(file: &mut Opened<'_>, found: &mut Found) -> Result<(), Unread> {
    let bytes = file.bytes()?;
    let installed = installed_as(file.folder());
    let value: Value = match serde_json::from_slice(without_mark(&bytes)) {
        Ok(value) => value,
        // A tree has broken ones on purpose, as what its tests try; a package
        // that is installed has not.
        Err(error) if installed.is_some() => return Err(error.into()),
        Err(_) => return Ok(()),
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, version) = (text("name"), text("version"));
    if name.is_empty() || version.is_empty() {
        return Ok(());
    }
    let mut package = match name.split_once('/') {
        Some((scope, bare)) => Package::new(Kind::Npm, bare, version).within(scope),
        None => Package::new(Kind::Npm, name, version),
    };
    package.licences = licences(&value);
    let place = installed.as_ref().map(|(folder, name)| Place {
        folder: (*folder).to_owned(),
        name: (*name).to_owned(),
    });
    let dependencies = value.get("dependencies").and_then(Value::as_object);
    let needs = match &installed {
        Some(_) => dependencies
            .into_iter()
            .flatten()
            .take(MOST_NEEDS)
            .map(|(name, _)| places(file.folder(), name))
            .collect(),
        None => Vec::new(),
    };
    found.items.push(Item {
        place,
        needs,
        ..Item::new(package)
    });
    Ok(())
}

/// Editors of some systems put a byte order mark before a text.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The folder of modules and the name in it, where a folder lies right below
/// one.
fn installed_as(folder: &str) -> Option<(&str, &str)> {
    let (parent, bare) = folder.rsplit_once('/')?;
    let is_modules = |path: &str| path == "node_modules" || path.ends_with("/node_modules");
    if is_modules(parent) {
        return Some((parent, bare));
    }
    let (modules, scope) = parent.rsplit_once('/')?;
    let name = folder.get(modules.len() + 1..)?;
    (scope.starts_with('@') && is_modules(modules)).then_some((modules, name))
}

/// Where Node.js looks for a module: in the folder of modules of each folder up
/// to the root.
fn places(folder: &str, name: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut here = Some(folder);
    while let Some(folder) = here {
        if !folder.ends_with("node_modules") {
            places.push(Place {
                folder: format!("{folder}/node_modules"),
                name: name.to_owned(),
            });
        }
        here = folder.rsplit_once('/').map(|(above, _)| above);
    }
    places.push(Place {
        folder: "node_modules".to_owned(),
        name: name.to_owned(),
    });
    places
}

fn licences(value: &Value) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => map.get("type").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let many = value.get("licenses").and_then(Value::as_array);
    let all = value
        .get("license")
        .into_iter()
        .chain(many.into_iter().flatten());
    all.filter_map(one)
        .filter(|text| !text.trim().is_empty())
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::testing::{purls, run};
    use super::*;

    #[test]
    fn packages_are_listed_with_scope_and_licence() {
        let text = "\u{feff}{\"name\":\"@a/b\",\"version\":\"1.0.0\",\"license\":{\"type\":\"MIT\"},\
                    \"dependencies\":{\"c\":\"^1\"}}";
        let path = "app/node_modules/@a/b/package.json";
        let found = run(&CATALOGUER, path, text.as_bytes()).unwrap();
        assert_eq!(purls(&found), ["pkg:npm/%40a/b@1.0.0"]);
        let item = found.items.first().unwrap();
        assert_eq!(item.package.licences, ["MIT"]);
        let place = item.place.as_ref().unwrap();
        assert_eq!(
            (place.folder.as_str(), place.name.as_str()),
            ("app/node_modules", "@a/b")
        );
        let looked: Vec<&str> = item
            .needs
            .first()
            .unwrap()
            .iter()
            .map(|place| place.folder.as_str())
            .collect();
        assert_eq!(
            looked,
            [
                "app/node_modules/@a/b/node_modules",
                "app/node_modules/@a/node_modules",
                "app/node_modules",
                "node_modules"
            ]
        );
    }

    #[test]
    fn a_broken_one_is_a_gap_only_where_a_package_is_installed() {
        assert!(run(&CATALOGUER, "node_modules/a/package.json", b"{").is_err());
        assert!(
            run(&CATALOGUER, "node_modules/a/test/package.json", b"{")
                .unwrap()
                .items
                .is_empty()
        );
        let unnamed = run(&CATALOGUER, "package.json", b"{\"private\":true}").unwrap();
        assert!(unnamed.items.is_empty());
    }
}
