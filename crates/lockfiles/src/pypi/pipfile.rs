//! `Pipfile.lock`, version 6 of the format.
//!
//! Source: pypa/pipfile and pypa/pipenv, `docs/locking.md`. Who needs what is not
//! said; what the project asks for stands in the `Pipfile`.

use std::collections::HashMap;

use super::{file_hash, places};
use crate::document::{Ask, Document};
use crate::draft::{Draft, strongest};
use crate::files::{Files, beside};
use crate::mistake::{Mistake, Problem};
use crate::purl::pypi_name;
use crate::tree::{self, Entry, Node, wanted};
use crate::{Ecosystem, Format, Package, Scope, Source};

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::json(file)?;
    let meta = root.get("_meta");
    let meta = wanted(file, root.span, "`_meta`", meta)?;
    let node = meta.get("pipfile-spec");
    let node = wanted(file, meta.span, "`pipfile-spec`", node)?;
    let version = node.text().unwrap_or_default().to_owned();
    if version != "6" {
        let found = crate::draft::shown(file.slice(node.span));
        let known = "6 is";
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    let mut indexes = HashMap::new();
    for source in meta.items_of("sources") {
        if let (Some(name), Some(url)) = (source.text_of("name"), source.text_of("url")) {
            indexes.insert(name, url);
        }
    }
    let mut known: HashMap<(String, Option<String>), usize> = HashMap::new();
    for list in root.entries().iter().filter(|entry| entry.key != "_meta") {
        let scope = match list.key.as_ref() {
            "develop" => Scope::Development,
            // Other lists are groups that the project names itself.
            "default" => Scope::Runtime,
            _ => Scope::Unknown,
        };
        for entry in list.node.entries() {
            let what = "a table for a package";
            wanted(
                file,
                entry.node.span,
                what,
                entry.node.is_table().then_some(()),
            )?;
            let mut package = package(&draft, entry, &indexes);
            package.scope = scope;
            package.groups.push(list.key.to_string());
            let key = (pypi_name(&package.name), package.version.clone());
            match known.get(&key).and_then(|&at| draft.packages.get_mut(at)) {
                Some(first) => {
                    first.scope = strongest([first.scope, scope]);
                    first.groups.append(&mut package.groups);
                }
                None => {
                    let at = draft.add(package)?;
                    known.insert(key, at);
                }
            }
        }
    }
    ask_pipfile(&mut draft, files)?;
    Ok(draft.finish(Format::PipfileLock, Some(version)))
}

fn ask_pipfile(draft: &mut Draft<'_>, files: &dyn Files) -> Result<(), Mistake> {
    let Some(path) = beside(draft.file.path(), "Pipfile") else {
        return Ok(());
    };
    let Ok(file) = files.read(&path) else {
        return Ok(());
    };
    let Ok(root) = tree::toml(&file) else {
        draft.no_manifest(&path);
        return Ok(());
    };
    let places = places(draft);
    for list in root.entries() {
        if matches!(
            list.key.as_ref(),
            "source" | "requires" | "scripts" | "pipenv"
        ) {
            continue;
        }
        for entry in list.node.entries() {
            for at in places.get(&pypi_name(&entry.key)).into_iter().flatten() {
                draft.ask(*at, Ask::RUNTIME)?;
            }
        }
    }
    Ok(())
}

fn package(draft: &Draft<'_>, entry: &Entry<'_>, indexes: &HashMap<&str, &str>) -> Package {
    let node = &entry.node;
    let asked = node.text_of("version");
    let version = asked.and_then(|text| text.strip_prefix("=="));
    let version = version.map(|text| text.trim_start_matches('=').to_owned());
    let mut package = (draft).package(Ecosystem::PyPi, entry.key.as_ref(), version, entry.span);
    if package.version.is_none() {
        package.requirement = asked.map(str::to_owned);
    }
    let hashes = node.items_of("hashes").iter().filter_map(Node::text);
    package.integrity = hashes.filter_map(|hash| file_hash(None, hash)).collect();
    package.marker = node.text_of("markers").map(str::to_owned);
    let owned = |key: &str| node.text_of(key).map(str::to_owned);
    package.source = if let Some(url) = owned("git") {
        let is_commit = |text: &String| text.len() == 40;
        Source::Git {
            url,
            commit: owned("ref").filter(is_commit),
            reference: owned("ref").filter(|text| !is_commit(text)),
        }
    } else if let Some(url) = owned("file").filter(|text| text.contains("://")) {
        Source::Url { url }
    } else if let Some(path) = owned("path").or_else(|| owned("file")) {
        Source::Path { path }
    } else {
        // Without a name of its own, a package is from the first index.
        let index = node.text_of("index").and_then(|name| indexes.get(name));
        let only = indexes.values().next().filter(|_| indexes.len() == 1);
        Source::Registry {
            index: index.or(only).map(|url| (*url).to_owned()),
            archive: None,
        }
    };
    package
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Relation, Unreadable, parse};

    #[test]
    fn what_pipenv_writes_is_read() {
        let text = include_str!("../../tests/files/python/Pipfile.lock");
        let manifest = include_str!("../../tests/files/python/Pipfile");
        let files = |path: &str| match path {
            "Pipfile" => Ok(SourceFile::new(path, manifest)),
            _ => Err(Unreadable::Missing),
        };
        let file = SourceFile::new("Pipfile.lock", text);
        let document = parse(Format::PipfileLock, &file, &files).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| (p.name.as_str(), p.relation, p.scope, p.integrity.len()))
            .collect();
        use Relation::{Direct, Transitive};
        assert_eq!(
            shown,
            [
                ("iniconfig", Direct, Scope::Runtime, 2),
                ("python-dateutil", Direct, Scope::Runtime, 2),
                ("six", Transitive, Scope::Runtime, 2),
                ("pluggy", Direct, Scope::Development, 2),
            ]
        );
        let version = document.packages.first().unwrap().version.as_deref();
        assert_eq!(version, Some("2.0.0"));
        assert_eq!(document.notes, []);
        let alone = parse(Format::PipfileLock, &file, &NoFiles).unwrap();
        assert!(
            alone
                .packages
                .iter()
                .all(|p| p.relation == Relation::Unknown)
        );
    }

    #[test]
    fn bad_files_are_told() {
        for (text, expected) in [
            ("{\"_meta\": {\"pipfile-spec\": 7}}", "version `7`"),
            ("{}", "`_meta`"),
            (
                "{\"_meta\": {\"pipfile-spec\": 6},\n\"default\": {\"a\": 1}}",
                "line 2",
            ),
        ] {
            let file = SourceFile::new("Pipfile.lock", text);
            let error = parse(Format::PipfileLock, &file, &NoFiles)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
