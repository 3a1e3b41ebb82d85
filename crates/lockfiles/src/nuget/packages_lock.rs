//! `packages.lock.json`, versions 1 to 3 of the format.
//!
//! Source: NuGet documentation, "Locking dependencies", and NuGet/NuGet.Client,
//! `PackagesLockFileFormat.cs`: one table for each target framework. The hash is
//! that of the package in base64.

use std::collections::HashMap;

use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Entry, wanted};
use crate::{Algorithm, Ecosystem, Format, Integrity, Package, Relation, Source, Subject};

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::json(file)?;
    let node = root.get("version");
    let node = wanted(file, root.span, "`version` of the format", node)?;
    let version = node.text().unwrap_or_default().to_owned();
    if !matches!(version.as_str(), "1" | "2" | "3") {
        let found = crate::draft::shown(file.slice(node.span));
        let known = "1 to 3 are";
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    let mut known: HashMap<(String, Option<String>), usize> = HashMap::new();
    let mut frameworks: HashMap<&str, HashMap<String, usize>> = HashMap::new();
    for framework in root.entries_of("dependencies") {
        let mut places = HashMap::new();
        let mut nodes = Vec::new();
        for entry in framework.node.entries() {
            let what = "a table for a package";
            wanted(
                file,
                entry.node.span,
                what,
                entry.node.is_table().then_some(()),
            )?;
            let mut package = package(&draft, entry);
            package.groups.push(framework.key.to_string());
            let key = (package.name.to_lowercase(), package.version.clone());
            let at = match known.get(&key) {
                Some(&at) => {
                    if let Some(first) = draft.packages.get_mut(at) {
                        first.groups.append(&mut package.groups);
                        first.relation = first.relation.min(package.relation);
                    }
                    at
                }
                None => draft.add(package)?,
            };
            known.insert(key, at);
            places.insert(entry.key.to_lowercase(), at);
            nodes.push((at, entry));
        }
        for (from, entry) in nodes {
            for need in entry.node.entries_of("dependencies") {
                let name = need.key.to_lowercase();
                // A runtime, as in `net8.0/win-x64`, has what differs alone. What the
                // framework brings along itself is left out everywhere.
                let base = framework.key.split('/').next().unwrap_or_default();
                let above = || frameworks.get(base)?.get(&name);
                if let Some(&to) = places.get(&name).or_else(above) {
                    draft.edge(from, to)?;
                }
            }
        }
        frameworks.insert(&framework.key, places);
    }
    Ok(draft.finish(Format::PackagesLockJson, Some(version)))
}

fn package(draft: &Draft<'_>, entry: &Entry<'_>) -> Package {
    let node = &entry.node;
    let version = node.text_of("resolved").map(str::to_owned);
    let name = entry.key.as_ref();
    let mut package = draft.package(Ecosystem::NuGet, name, version, entry.span);
    package.requirement = node.text_of("requested").map(str::to_owned);
    package.source = Source::registry();
    package.relation = match node.text_of("type") {
        Some("Direct") => Relation::Direct,
        Some("Transitive" | "CentralTransitive") => Relation::Transitive,
        Some("Project") => {
            package.source = Source::Path {
                path: String::new(),
            };
            Relation::Project
        }
        _ => Relation::Unknown,
    };
    let hash = node.text_of("contentHash").filter(|hash| !hash.is_empty());
    let hash = hash.map(|hash| Integrity::base64(Subject::Archive, Algorithm::Sha512, hash));
    package.integrity.extend(hash);
    package
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    const TEXT: &str = r#"{"version": 1, "dependencies": {
 "net6.0": {
  "A": {"type": "Direct", "requested": "[1.0.0, )", "resolved": "1.0.0", "dependencies": {"b": "2.0.0", "gone": "1"},
   "contentHash": "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
  "B": {"type": "Transitive", "resolved": "2.0.0"},
  "own": {"type": "Project", "dependencies": {"B": "2.0.0"}}},
 "net8.0": {
  "b": {"type": "Direct", "resolved": "2.0.0"}},
 "net8.0/win-x64": {
  "C": {"type": "Transitive", "resolved": "3.0.0", "dependencies": {"b": "2.0.0"}}}}}"#;

    #[test]
    fn frameworks_are_joined() {
        let file = SourceFile::new("packages.lock.json", TEXT);
        let document = parse(Format::PackagesLockJson, &file, &NoFiles).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| {
                (
                    p.name.as_str(),
                    p.relation,
                    p.groups.join(" "),
                    p.integrity.len(),
                    p.location.line,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("A", Relation::Direct, "net6.0".to_owned(), 1, 3),
                ("B", Relation::Direct, "net6.0 net8.0".to_owned(), 0, 5),
                ("own", Relation::Project, "net6.0".to_owned(), 0, 6),
                (
                    "C",
                    Relation::Transitive,
                    "net8.0/win-x64".to_owned(),
                    0,
                    10
                ),
            ]
        );
        assert!(
            document
                .packages
                .iter()
                .flat_map(|p| &p.integrity)
                .all(Integrity::is_well_formed)
        );
        assert_eq!(document.notes, []);
        assert_eq!(document.packages.get(1).unwrap().requirers, [0, 2, 3]);
        let file = SourceFile::new("packages.lock.json", "{\"version\": 9}");
        let error = parse(Format::PackagesLockJson, &file, &NoFiles)
            .unwrap_err()
            .to_string();
        assert!(error.contains("version `9`"), "{error}");
    }
}
