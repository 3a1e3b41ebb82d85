//! Licences of packages whose files do not name them, from what lies in the
//! checkout: `node_modules`, and vendor directories of Cargo and Go.

use std::path::{Path, PathBuf};

use cofferdam_dependencies::licence::of_text;
use cofferdam_lockfiles::{Ecosystem, Package};
use toml::de::{DeTable, DeValue};

use super::canonical;
use crate::collect::text_at;
use crate::git::{Blob, Commit, GitError};
use crate::limits::Limits;

/// The most bytes of a manifest or a licence.
const MOST_BYTES: u64 = 1024 * 1024;
/// The names under which modules of Go keep their licence.
const LICENCE_FILES: &[&str] = &["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"];

/// Where manifests and licences of packages are looked for.
pub struct Licences {
    place: Place,
    limits: Limits,
}

enum Place {
    Folder(Option<PathBuf>),
    Commit(Box<Commit>),
}

impl Licences {
    /// Those that lie in a work tree.
    #[must_use]
    pub fn of_checkout(root: &Path, limits: &Limits) -> Self {
        Self {
            place: Place::Folder(canonical(root)),
            limits: Limits {
                document_bytes: MOST_BYTES,
                ..*limits
            },
        }
    }

    /// Those that a commit holds.
    ///
    /// # Errors
    /// [`GitError`] if there is no such commit.
    pub fn of_commit(root: &Path, revision: &str, limits: &Limits) -> Result<Self, GitError> {
        Ok(Self {
            place: Place::Commit(Box::new(Commit::open(root, revision, limits)?)),
            limits: *limits,
        })
    }

    /// The licence that a package states in what lies there, in the version that is
    /// used; none where nothing lies there, or another version.
    #[must_use]
    pub fn of(&self, package: &Package) -> Option<String> {
        let path = &*package.location.path;
        let home = path.rsplit_once('/').map_or("", |(home, _)| home);
        let at = |rest: String| {
            if home.is_empty() {
                rest
            } else {
                format!("{home}/{rest}")
            }
        };
        let version = package.version.as_deref()?;
        match package.ecosystem {
            Ecosystem::Npm => {
                let name = package.alias.as_deref().unwrap_or(&package.name);
                let text = self.text(&at(format!("node_modules/{name}/package.json")))?;
                of_package_json(&text, &package.name, version)
            }
            Ecosystem::Cargo => [
                format!("vendor/{}/Cargo.toml", package.name),
                format!("vendor/{}-{version}/Cargo.toml", package.name),
            ]
            .into_iter()
            .find_map(|path| of_cargo_toml(&self.text(&at(path))?, &package.name, version)),
            // Go's list of modules has bound the folder to the version already.
            Ecosystem::Go => LICENCE_FILES.iter().find_map(|name| {
                let text = self.text(&at(format!("vendor/{}/{name}", package.name)))?;
                of_text(&text).map(str::to_owned)
            }),
            _ => None,
        }
    }

    fn text(&self, path: &str) -> Option<String> {
        // A name of a package is foreign text.
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return None;
        }
        match &self.place {
            Place::Folder(root) => Some(text_at(root.as_ref()?, path, &self.limits)?.1),
            Place::Commit(commit) => match commit.file(path, MOST_BYTES) {
                Ok(Some(Blob::Bytes(bytes))) => String::from_utf8(bytes).ok(),
                _ => None,
            },
        }
    }
}

/// Source: npm documentation, "package.json", `license`; the older object with
/// `type` is still met.
fn of_package_json(text: &str, name: &str, version: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let is = |key: &str, wanted: &str| value.get(key).and_then(|v| v.as_str()) == Some(wanted);
    if !is("name", name) || !is("version", version) {
        return None;
    }
    let licence = value.get("license")?;
    let text = licence.as_str().or_else(|| licence.get("type")?.as_str());
    text.map(str::to_owned)
}

/// Source: The Cargo Book, "The Manifest Format", `license`.
fn of_cargo_toml(text: &str, name: &str, version: &str) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    let DeValue::Table(package) = value(root.get_ref(), "package")? else {
        return None;
    };
    let of = |key: &str| match value(package, key)? {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    };
    if of("name").as_deref() != Some(name) || of("version").as_deref() != Some(version) {
        return None;
    }
    of("license")
}

fn value<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t DeValue<'i>> {
    let found = table.iter().find(|(key, _)| key.get_ref() == name);
    found.map(|(_, value)| value.get_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_package_in_the_same_version_speaks() {
        let text = r#"{"name": "a", "version": "1.0.0", "license": {"type": "MIT"}}"#;
        assert_eq!(of_package_json(text, "a", "1.0.0").as_deref(), Some("MIT"));
        assert_eq!(of_package_json(text, "a", "1.0.1"), None);
        assert_eq!(of_package_json(text, "b", "1.0.0"), None);
        assert_eq!(of_package_json("{", "a", "1"), None);
        let text = "[package]\nname = \"a\"\nversion = \"1.0.0\"\nlicense = \"MIT/Apache-2.0\"\n";
        let found = of_cargo_toml(text, "a", "1.0.0");
        assert_eq!(found.as_deref(), Some("MIT/Apache-2.0"));
        assert_eq!(of_cargo_toml(text, "a", "2.0.0"), None);
    }
}
