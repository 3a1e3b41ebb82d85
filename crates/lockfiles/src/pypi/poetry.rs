//! `poetry.lock`, versions 0.x to 2.x of the format.
//!
//! Source: python-poetry/poetry, `src/poetry/packages/locker.py`. Until 1.x the
//! hashes stand in a table of their own, and `category` says what a package is
//! for; since 2.1 `groups` does.

use std::collections::HashMap;

use super::{ask_project, file_hash, places};
use crate::document::Document;
use crate::draft::{Draft, strongest};
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::purl::pypi_name;
use crate::tree::{self, Node, wanted};
use crate::{Ecosystem, Format, Integrity, Package, Scope, Source, Subject};

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::toml(file)?;
    let metadata = root.get("metadata");
    let metadata = wanted(file, root.span, "`[metadata]`", metadata)?;
    let version = match metadata.get("lock-version") {
        None => "0".to_owned(),
        Some(node) => {
            let found = node.text().unwrap_or_default();
            if !matches!(found.split('.').next(), Some("0" | "1" | "2")) {
                let found = crate::draft::shown(found);
                let known = "0 to 2 are";
                let problem = Problem::UnknownVersion { found, known };
                return Err(tree::at(file, node.span.start, problem));
            }
            found.to_owned()
        }
    };
    let hashes = old_hashes(metadata);
    let mut knows_scopes = true;
    for node in root.items_of("package") {
        let package = package(&draft, node, &hashes)?;
        knows_scopes &= package.scope != Scope::Unknown;
        draft.add(package)?;
    }
    let places = places(&draft);
    for (from, node) in root.items_of("package").iter().enumerate() {
        for entry in node.entries_of("dependencies") {
            match places.get(&pypi_name(&entry.key)) {
                Some(all) => {
                    for to in all {
                        draft.edge(from, *to)?;
                    }
                }
                // What another platform or an extra needs may not be locked.
                None if entry.node.get("markers").is_some() || entry.node.flag("optional") => {}
                None if entry
                    .node
                    .items()
                    .iter()
                    .any(|one| one.get("markers").is_some()) => {}
                None => draft.dangling(entry.span, &entry.key),
            }
        }
    }
    if ask_project(&mut draft, files, &places)? {
        if !knows_scopes {
            draft.spread();
        }
    } else {
        draft.roots_are_direct();
    }
    Ok(draft.finish(Format::PoetryLock, Some(version)))
}

/// The hashes of the table that old files have, by normalised name.
fn old_hashes(metadata: &Node<'_>) -> HashMap<String, Vec<Integrity>> {
    let mut all: HashMap<String, Vec<Integrity>> = HashMap::new();
    for entry in metadata.entries_of("files") {
        let hashes = entry.node.items().iter().filter_map(hash);
        all.entry(pypi_name(&entry.key)).or_default().extend(hashes);
    }
    for entry in metadata.entries_of("hashes") {
        let texts = entry.node.items().iter().filter_map(Node::text);
        let sha256 = crate::Algorithm::Sha256;
        let hashes = texts.map(|text| Integrity::hex(Subject::Archive, sha256.clone(), text));
        all.entry(pypi_name(&entry.key)).or_default().extend(hashes);
    }
    all
}

fn hash(node: &Node<'_>) -> Option<Integrity> {
    file_hash(node.text_of("file"), node.text_of("hash")?)
}

fn package(
    draft: &Draft<'_>,
    node: &Node<'_>,
    hashes: &HashMap<String, Vec<Integrity>>,
) -> Result<Package, Mistake> {
    let file = draft.file;
    let name = wanted(file, node.span, "`name` of a package", node.get("name"))?;
    let text = wanted(file, name.span, "a text as `name`", name.text())?;
    let version = wanted(
        file,
        node.span,
        "`version` of a package",
        node.text_of("version"),
    )?;
    let version = Some(version.to_owned());
    let mut package = draft.package(Ecosystem::PyPi, text, version, name.span);
    package.integrity = node.items_of("files").iter().filter_map(hash).collect();
    if package.integrity.is_empty() {
        package.integrity = hashes.get(&pypi_name(text)).cloned().unwrap_or_default();
    }
    package.source = source(node.get("source"));
    package.optional = node.flag("optional");
    package.marker = node.text_of("markers").map(str::to_owned);
    let groups = node.items_of("groups").iter().filter_map(Node::text);
    package.groups = groups.map(str::to_owned).collect();
    let category = node.text_of("category");
    package.groups.extend(category.map(str::to_owned));
    package.scope = strongest(package.groups.iter().map(|group| match group.as_str() {
        "main" => Scope::Runtime,
        _ => Scope::Development,
    }));
    Ok(package)
}

fn source(node: Option<&Node<'_>>) -> Source {
    let Some(node) = node else {
        return Source::registry();
    };
    let text = |key: &str| node.text_of(key).map(str::to_owned);
    let url = text("url").unwrap_or_default();
    match node.text_of("type") {
        Some("git") => Source::Git {
            url,
            commit: text("resolved_reference"),
            reference: text("reference"),
        },
        Some("url") => Source::Url { url },
        Some("directory" | "file") => Source::Path { path: url },
        _ => Source::Registry {
            index: Some(url),
            archive: None,
        },
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Relation, Unreadable, parse};

    const SUM: &str = "37dd54208da7e1cd875388217d5e00ebd4179249f90fb72437e91a35459a0ad3";

    fn new() -> String {
        format!(
            "[[package]]\nname = \"Python_DateUtil\"\nversion = \"2.9.0.post0\"\noptional = false\n\
             groups = [\"main\"]\nfiles = [\n    {{file = \"d.tar.gz\", hash = \"sha256:{SUM}\"}},\n]\n\n\
             [package.dependencies]\nsix = \">=1.5\"\n\n[[package]]\nname = \"six\"\n\
             version = \"1.17.0\"\noptional = false\ngroups = [\"main\", \"dev\"]\n\
             files = [\n    {{file = \"s.tar.gz\", hash = \"sha256:{SUM}\"}},\n]\n\n[package.source]\ntype = \"legacy\"\n\
             url = \"https://pypi.example/simple\"\nreference = \"mine\"\n\n[metadata]\n\
             lock-version = \"2.1\"\npython-versions = \">=3.11\"\ncontent-hash = \"00\"\n"
        )
    }

    fn old() -> String {
        format!(
            "[[package]]\ncategory = \"main\"\nname = \"python-dateutil\"\noptional = false\n\
             version = \"2.9.0.post0\"\n\n[package.dependencies]\nsix = \">=1.5\"\n\n[[package]]\n\
             category = \"main\"\nname = \"six\"\noptional = false\nversion = \"1.17.0\"\n\n\
             [package.source]\nreference = \"main\"\nresolved_reference = \"abc\"\ntype = \"git\"\n\
             url = \"https://github.com/x/six\"\n\n[metadata]\nlock-version = \"1.1\"\n\n[metadata.files]\npython-dateutil = [\n\
             \x20   {{file = \"d.tar.gz\", hash = \"sha256:{SUM}\"}},\n]\nsix = []\n"
        )
    }

    fn read(text: &str, files: &dyn Files) -> Result<Document, crate::ParseError> {
        parse(
            Format::PoetryLock,
            &SourceFile::new("poetry.lock", text),
            files,
        )
    }

    #[test]
    fn old_and_new_forms_are_read() {
        let manifest = "[tool.poetry.dependencies]\npython = \"^3\"\npython-dateutil = \"*\"\n";
        let files = |path: &str| match path {
            "pyproject.toml" => Ok(SourceFile::new(path, manifest)),
            _ => Err(Unreadable::Missing),
        };
        for (text, word) in [(new(), "registry"), (old(), "git")] {
            let document = read(&text, &files).unwrap();
            let [date, six] = document.packages.as_slice() else {
                unreachable!("two packages, not {:?}", document.packages);
            };
            assert_eq!(
                (date.relation, six.relation),
                (Relation::Direct, Relation::Transitive)
            );
            assert_eq!((date.scope, six.scope), (Scope::Runtime, Scope::Runtime));
            assert_eq!(date.integrity.len(), 1);
            assert_eq!(six.source.word(), word);
            assert_eq!(document.path_to(1), [0, 1]);
            assert_eq!(document.notes, []);
        }
        let without = read(&new(), &NoFiles).unwrap();
        let relations: Vec<_> = without.packages.iter().map(|p| p.relation).collect();
        assert_eq!(relations, [Relation::Direct, Relation::Unknown]);
        let broken = |path: &str| Ok(SourceFile::new(path, "[x"));
        let document = read(&new(), &broken).unwrap();
        let notes: Vec<_> = document.notes.iter().map(|n| n.kind.to_string()).collect();
        assert_eq!(notes.len(), 1);
        assert!(
            notes.iter().all(|note| note.contains("pyproject.toml")),
            "{notes:?}"
        );
    }

    #[test]
    fn bad_files_are_told_with_their_line() {
        let cases = [
            (
                "[metadata]\nlock-version = \"3.0\"\n",
                "line 2, column 16: version `3.0`",
            ),
            ("", "`[metadata]`"),
            (
                "[metadata]\n[[package]]\nname = 1\nversion = \"1\"\n[",
                "line 5",
            ),
            ("[metadata]\n[[package]]\nname = \"a\"\n", "line 2"),
        ];
        for (text, expected) in cases {
            let error = read(text, &NoFiles).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
