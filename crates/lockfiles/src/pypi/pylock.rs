//! `pylock.toml` and `pylock.NAME.toml`, version 1 of the format.
//!
//! Source: Python packaging specifications, "pylock.toml" (PEP 751).

use super::{file_name, places};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::purl::pypi_name;
use crate::tree::{self, Node, wanted};
use crate::{Algorithm, Ecosystem, Format, Integrity, Package, Relation, Source, Subject};

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::toml(file)?;
    let node = root.get("lock-version");
    let node = wanted(file, root.span, "`lock-version`", node)?;
    let version = node.text().unwrap_or_default().to_owned();
    if version.split('.').next() != Some("1") {
        let found = crate::draft::shown(file.slice(node.span));
        let known = "1 is";
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    for node in root.items_of("packages") {
        let package = package(&draft, node)?;
        draft.add(package)?;
    }
    let places = places(&draft);
    for (from, node) in root.items_of("packages").iter().enumerate() {
        for item in node.items_of("dependencies") {
            let name = item.text_of("name").unwrap_or_default();
            let version = item.text_of("version");
            let count = places.get(&pypi_name(name)).map_or(0, Vec::len);
            draft.look(count)?;
            let all = places.get(&pypi_name(name)).into_iter().flatten().copied();
            let fitting: Vec<usize> = all
                .filter(|at| {
                    let package = draft.packages.get(*at);
                    version.is_none() || package.is_some_and(|p| p.version.as_deref() == version)
                })
                .collect();
            if fitting.is_empty() {
                draft.dangling(item.span, name);
            }
            for to in fitting {
                draft.edge(from, to)?;
            }
        }
    }
    super::ask_project(&mut draft, files, &places)?;
    Ok(draft.finish(Format::Pylock, Some(version)))
}

fn package(draft: &Draft<'_>, node: &Node<'_>) -> Result<Package, Mistake> {
    let file = draft.file;
    let name = wanted(file, node.span, "`name` of a package", node.get("name"))?;
    let text = wanted(file, name.span, "a text as `name`", name.text())?;
    let version = node.text_of("version").map(str::to_owned);
    let mut package = draft.package(Ecosystem::PyPi, text, version, name.span);
    package.marker = node.text_of("marker").map(str::to_owned);
    let archives = node.get("sdist").into_iter().chain(node.items_of("wheels"));
    for archive in archives.chain(node.get("archive")) {
        let address = archive.text_of("url").or_else(|| archive.text_of("path"));
        let name = archive.text_of("name").or_else(|| address.map(file_name));
        for hash in archive.entries_of("hashes") {
            let subject = match name {
                Some(name) => Subject::File(name.to_owned()),
                None => Subject::Archive,
            };
            let algorithm = Algorithm::named(&hash.key);
            let digest = hash.node.text().unwrap_or_default();
            package
                .integrity
                .push(Integrity::hex(subject, algorithm, digest));
        }
    }
    package.source = source(node);
    let is_own = node
        .get("directory")
        .is_some_and(|folder| folder.flag("editable"));
    if is_own && matches!(&package.source, Source::Path { path } if path == "." || path == "./") {
        package.relation = Relation::Project;
    }
    Ok(package)
}

fn source(node: &Node<'_>) -> Source {
    let owned = |node: &Node<'_>, key: &str| node.text_of(key).map(str::to_owned);
    if let Some(vcs) = node.get("vcs") {
        let url = owned(vcs, "url").or_else(|| owned(vcs, "path"));
        return Source::Git {
            url: url.unwrap_or_default(),
            commit: owned(vcs, "commit-id"),
            reference: owned(vcs, "requested-revision"),
        };
    }
    if let Some(folder) = node.get("directory") {
        let path = owned(folder, "path").unwrap_or_default();
        return Source::Path { path };
    }
    if let Some(archive) = node.get("archive") {
        return match (owned(archive, "url"), owned(archive, "path")) {
            (Some(url), _) => Source::Url { url },
            (None, path) => Source::Path {
                path: path.unwrap_or_default(),
            },
        };
    }
    let files = node.get("sdist").into_iter().chain(node.items_of("wheels"));
    Source::Registry {
        index: owned(node, "index"),
        archive: files.into_iter().find_map(|file| owned(file, "url")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Unreadable, parse};

    #[test]
    fn what_uv_exports_is_read() {
        let text = include_str!("../../tests/files/python/pylock.toml");
        let manifest = include_str!("../../tests/files/python/pyproject.toml");
        let files = |path: &str| match path {
            "pyproject.toml" => Ok(SourceFile::new(path, manifest)),
            _ => Err(Unreadable::Missing),
        };
        let file = SourceFile::new("pylock.toml", text);
        let document = parse(Format::Pylock, &file, &files).unwrap();
        let shown: Vec<_> = document
            .dependencies()
            .map(|(_, p)| (p.name.as_str(), p.relation, p.integrity.len()))
            .collect();
        assert_eq!(
            shown,
            [
                ("iniconfig", Relation::Direct, 2),
                ("pluggy", Relation::Direct, 2),
                ("python-dateutil", Relation::Direct, 2),
                ("six", Relation::Transitive, 2),
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
    }

    #[test]
    fn edges_and_versions_are_read() {
        let text = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\n\
                    dependencies = [{name = \"b\", version = \"2\"}, {name = \"gone\"}]\n\
                    [[packages]]\nname = \"b\"\nversion = \"2\"\nvcs = {type = \"git\", url = \"https://x/b\", commit-id = \"00\"}\n";
        let file = SourceFile::new("pylock.toml", text);
        let document = parse(Format::Pylock, &file, &NoFiles).unwrap();
        assert_eq!(document.packages.get(1).unwrap().requirers, [0]);
        assert_eq!(document.notes.len(), 1);
        let file = SourceFile::new("pylock.toml", "lock-version = \"2.0\"\n");
        let error = parse(Format::Pylock, &file, &NoFiles)
            .unwrap_err()
            .to_string();
        assert!(error.contains("version `\"2.0\"`"), "{error}");
    }
}
