//! `pdm.lock`, versions 2 to 4 of the format.
//!
//! Source: pdm-project/pdm, `src/pdm/models/repositories/lock.py`: what a package
//! needs is written as requirements; a package with extras stands apart.

use std::collections::HashMap;

use super::requirement::Requirement;
use super::{ask_project, file_hash, file_name, places, source_of};
use crate::document::Document;
use crate::draft::{Draft, strongest};
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::purl::pypi_name;
use crate::tree::{self, Node, wanted};
use crate::{Ecosystem, Format, Integrity, Package, Scope, Source};

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::toml(file)?;
    let metadata = root.get("metadata");
    let metadata = wanted(file, root.span, "`[metadata]`", metadata)?;
    let node = metadata.get("lock_version");
    let node = wanted(file, metadata.span, "`lock_version`", node)?;
    let version = node.text().unwrap_or_default().to_owned();
    if !matches!(version.split('.').next(), Some("2" | "3" | "4")) {
        let found = crate::draft::shown(&version);
        let known = "2 to 4 are";
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    let hashes: HashMap<&str, Vec<Integrity>> = (metadata.entries_of("files").iter())
        .map(|entry| (entry.key.as_ref(), hashes(&entry.node)))
        .collect();
    // The same package with other extras is one package.
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    let mut nodes = Vec::new();
    for node in root.items_of("package") {
        let package = package(&draft, node, &hashes)?;
        let version = package.version.clone().unwrap_or_default();
        let key = (pypi_name(&package.name), version);
        let at = match known.get(&key) {
            Some(&at) => {
                if let Some(first) = draft.packages.get_mut(at) {
                    first.groups.extend(package.groups);
                    first.scope = strongest([first.scope, package.scope]);
                }
                at
            }
            None => draft.add(package)?,
        };
        known.insert(key, at);
        nodes.push((at, node));
    }
    for package in &mut draft.packages {
        package.groups.sort();
        package.groups.dedup();
    }
    let places = places(&draft);
    for (from, node) in nodes {
        for item in node.items_of("dependencies") {
            let text = item.text().unwrap_or_default();
            let Some(requirement) = Requirement::parse(text) else {
                draft.not_understood(item.span, "a requirement", text);
                continue;
            };
            match places.get(&pypi_name(requirement.name)) {
                Some(all) => {
                    for to in all.iter().filter(|to| **to != from) {
                        draft.edge(from, *to)?;
                    }
                }
                None if requirement.marker.is_some() => {}
                None => draft.dangling(item.span, text),
            }
        }
    }
    let knows_scopes = draft.packages.iter().all(|p| p.scope != Scope::Unknown);
    if ask_project(&mut draft, files, &places)? {
        if !knows_scopes {
            draft.spread();
        }
    } else {
        draft.roots_are_direct();
    }
    Ok(draft.finish(Format::PdmLock, Some(version)))
}

fn hashes(node: &Node<'_>) -> Vec<Integrity> {
    let files = node.items().iter();
    let hashes = files.filter_map(|file| {
        let name = file.text_of("file");
        let name = name.or_else(|| file.text_of("url").map(file_name));
        file_hash(name, file.text_of("hash")?)
    });
    hashes.collect()
}

fn package(
    draft: &Draft<'_>,
    node: &Node<'_>,
    old: &HashMap<&str, Vec<Integrity>>,
) -> Result<Package, Mistake> {
    let file = draft.file;
    let name = wanted(file, node.span, "`name` of a package", node.get("name"))?;
    let text = wanted(file, name.span, "a text as `name`", name.text())?;
    let version = node.text_of("version").map(str::to_owned);
    let key = format!("{text} {}", version.as_deref().unwrap_or_default());
    let mut package = draft.package(Ecosystem::PyPi, text, version, name.span);
    package.integrity = node.get("files").map(hashes).unwrap_or_default();
    if package.integrity.is_empty() {
        package.integrity = old.get(key.as_str()).cloned().unwrap_or_default();
    }
    let owned = |key: &str| node.text_of(key).map(str::to_owned);
    package.source = if let Some(url) = owned("git") {
        Source::Git {
            url,
            commit: owned("revision"),
            reference: owned("ref"),
        }
    } else if let Some(url) = node.text_of("url") {
        source_of(url)
    } else if let Some(path) = owned("path") {
        Source::Path { path }
    } else {
        Source::registry()
    };
    package.marker = owned("marker");
    let groups = node.items_of("groups").iter().filter_map(Node::text);
    package.groups = groups.map(str::to_owned).collect();
    // Other groups may be extras of the project or groups for development.
    let is_default = package.groups.iter().any(|group| group == "default");
    package.scope = match (is_default, package.groups.as_slice()) {
        (true, _) => Scope::Runtime,
        (false, [one]) if one == "dev" => Scope::Development,
        _ => Scope::Unknown,
    };
    Ok(package)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Relation, parse};

    const TEXT: &str = "[metadata]\ngroups = [\"default\", \"dev\"]\nstrategy = [\"inherit_metadata\"]\n\
        lock_version = \"4.5.0\"\ncontent_hash = \"sha256:00\"\n\n[[package]]\nname = \"python-dateutil\"\n\
        version = \"2.9.0.post0\"\ngroups = [\"default\"]\ndependencies = [\n    \"six>=1.5\",\n\
        \x20   \"gone; sys_platform == 'win32'\",\n]\nfiles = [\n    {file = \"d.whl\", hash = \
        \"sha256:a8b2bc7bffae282281c8140a97d3aa9c14da0b136dfe83f850eea9a5f7470427\"},\n]\n\n[[package]]\n\
        name = \"six\"\nversion = \"1.17.0\"\ngroups = [\"default\", \"dev\"]\nfiles = [\n    {url = \
        \"https://x/s.whl\", hash = \"sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\"},\n]\n\n\
        [[package]]\nname = \"six\"\nversion = \"1.17.0\"\nextras = [\"x\"]\ndependencies = [\"six==1.17.0\"]\n\
        groups = [\"default\"]\n";

    #[test]
    fn packages_with_extras_are_one() {
        let file = SourceFile::new("pdm.lock", TEXT);
        let document = parse(Format::PdmLock, &file, &NoFiles).unwrap();
        let [date, six] = document.packages.as_slice() else {
            unreachable!("two packages, not {:?}", document.packages);
        };
        assert_eq!(
            (date.relation, six.relation),
            (Relation::Direct, Relation::Unknown)
        );
        assert_eq!((date.scope, six.scope), (Scope::Runtime, Scope::Runtime));
        assert_eq!(six.requirers, [0]);
        assert_eq!((date.integrity.len(), six.integrity.len()), (1, 1));
        assert_eq!(document.notes, []);
    }

    #[test]
    fn unknown_versions_are_named() {
        let file = SourceFile::new("pdm.lock", "[metadata]\nlock_version = \"9\"\n");
        let error = parse(Format::PdmLock, &file, &NoFiles)
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 2, column 16: version `9`"), "{error}");
    }
}
