//! `uv.lock`, version 1 of the format.
//!
//! Source: astral-sh/uv, `crates/uv-resolver/src/lock`. The project stands among
//! the packages, with what it asks for: `dependencies`, each extra under
//! `optional-dependencies`, each group under `dev-dependencies`.

use super::{Places, file_hash, file_name, places};
use crate::document::{Ask, Document};
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::purl::pypi_name;
use crate::tree::{self, Node, wanted};
use crate::{Ecosystem, Format, Package, Relation, Source};

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::toml(file)?;
    let node = root.get("version");
    let node = wanted(file, root.span, "`version` of the format", node)?;
    let found = node.text().unwrap_or_default();
    if found != "1" {
        let found = crate::draft::shown(file.slice(node.span));
        let known = "1 is";
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    let version = match root.text_of("revision") {
        Some(revision) => format!("{found}.{revision}"),
        None => found.to_owned(),
    };
    let members = root
        .get("manifest")
        .map_or(&[][..], |node| node.items_of("members"));
    let members: Vec<&str> = members.iter().filter_map(Node::text).collect();
    for node in root.items_of("package") {
        let mut package = package(&draft, node)?;
        let is_project =
            |source: &Node<'_>| source.get("editable").is_some() || source.get("virtual").is_some();
        let is_own = node.get("source").is_some_and(is_project);
        let is_member = members.contains(&package.name.as_str());
        let is_single = members.is_empty() && is_own;
        if is_single || (is_member && matches!(package.source, Source::Path { .. })) {
            package.relation = Relation::Project;
        }
        draft.add(package)?;
    }
    let places = places(&draft);
    for (from, node) in root.items_of("package").iter().enumerate() {
        let package = draft.packages.get(from);
        let is_project = package.is_some_and(|package| package.relation == Relation::Project);
        for (to, ask) in needs(&mut draft, &places, node)? {
            draft.edge(from, to)?;
            if is_project {
                draft.ask(to, ask)?;
            }
        }
    }
    if let Some(manifest) = root.get("manifest") {
        for list in ["requirements", "dependency-groups"] {
            let groups = manifest.entries_of(list).iter().map(|entry| &entry.node);
            for group in groups.chain(manifest.get(list)) {
                for item in group.items() {
                    let name = item.text_of("name").map(pypi_name);
                    let all = name.and_then(|name| places.get(&name));
                    for to in all.into_iter().flatten() {
                        draft.ask(*to, Ask::DEVELOPMENT)?;
                    }
                }
            }
        }
    }
    draft.spread();
    Ok(draft.finish(Format::UvLock, Some(version)))
}

/// What a package needs, with what the project would ask for it by.
fn needs(
    draft: &mut Draft<'_>,
    places: &Places,
    node: &Node<'_>,
) -> Result<Vec<(usize, Ask)>, Mistake> {
    let mut all = Vec::new();
    let own = node
        .items_of("dependencies")
        .iter()
        .map(|item| (item, Ask::RUNTIME));
    let extras = node.entries_of("optional-dependencies").iter();
    let extras = extras
        .flat_map(|entry| entry.node.items())
        .map(|item| (item, Ask::OPTIONAL));
    let groups = ["dev-dependencies", "dependency-groups"];
    let groups = groups.iter().flat_map(|list| node.entries_of(list));
    let groups = groups
        .flat_map(|entry| entry.node.items())
        .map(|item| (item, Ask::DEVELOPMENT));
    for (item, ask) in own.chain(extras).chain(groups) {
        let name = item.text_of("name").unwrap_or_default();
        let version = item.text_of("version");
        let candidates = places.get(&pypi_name(name));
        let before = all.len();
        draft.look(candidates.map_or(0, Vec::len))?;
        for at in candidates.into_iter().flatten() {
            let package = draft.packages.get(*at);
            let is_it = version.is_none()
                || package.is_some_and(|package| package.version.as_deref() == version);
            if is_it {
                all.push((*at, ask));
            }
        }
        if all.len() == before {
            draft.dangling(item.span, name);
        }
    }
    Ok(all)
}

fn package(draft: &Draft<'_>, node: &Node<'_>) -> Result<Package, Mistake> {
    let file = draft.file;
    let name = wanted(file, node.span, "`name` of a package", node.get("name"))?;
    let text = wanted(file, name.span, "a text as `name`", name.text())?;
    // A project whose version is not fixed has none.
    let version = node.text_of("version").map(str::to_owned);
    let mut package = draft.package(Ecosystem::PyPi, text, version, name.span);
    package.source = source(node);
    for file in node.get("sdist").into_iter().chain(node.items_of("wheels")) {
        let name = file.text_of("url").map(file_name);
        let name = name
            .or_else(|| file.text_of("filename"))
            .or_else(|| file.text_of("path"));
        let hash = file.text_of("hash").and_then(|hash| file_hash(name, hash));
        package.integrity.extend(hash);
    }
    let markers = node
        .items_of("resolution-markers")
        .iter()
        .filter_map(Node::text);
    let markers: Vec<&str> = markers.collect();
    package.marker = (!markers.is_empty()).then(|| markers.join(" or "));
    Ok(package)
}

fn source(node: &Node<'_>) -> Source {
    let Some(source) = node.get("source") else {
        return Source::Unknown;
    };
    let text = |key: &str| source.text_of(key).map(str::to_owned);
    if let Some(index) = text("registry") {
        let sdist = node.get("sdist").and_then(|sdist| sdist.text_of("url"));
        let wheel = || node.items_of("wheels").first()?.text_of("url");
        let archive = sdist.or_else(wheel).map(str::to_owned);
        return Source::Registry {
            index: Some(index),
            archive,
        };
    }
    if let Some(address) = text("git") {
        let (url, commit) = match address.split_once('#') {
            Some((url, commit)) => (url, Some(commit.to_owned())),
            None => (address.as_str(), None),
        };
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        let reference = query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            matches!(key, "branch" | "tag" | "rev").then(|| value.to_owned())
        });
        return Source::Git {
            url: url.to_owned(),
            commit,
            reference,
        };
    }
    if let Some(url) = text("url") {
        return Source::Url { url };
    }
    let places = ["editable", "virtual", "directory", "path"];
    match places.iter().find_map(|key| text(key)) {
        Some(path) => Source::Path { path },
        None => Source::Unknown,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Scope, parse};

    fn read(text: &str) -> Result<Document, crate::ParseError> {
        parse(Format::UvLock, &SourceFile::new("uv.lock", text), &NoFiles)
    }

    #[test]
    fn what_uv_writes_is_read() {
        let text = include_str!("../../tests/files/python/uv.lock");
        let document = read(text).unwrap();
        let shown: Vec<_> = document
            .dependencies()
            .map(|(_, p)| {
                (
                    p.name.as_str(),
                    p.relation,
                    p.scope,
                    p.optional,
                    p.integrity.len(),
                )
            })
            .collect();
        use Relation::{Direct, Transitive};
        assert_eq!(
            shown,
            [
                ("colorama", Direct, Scope::Runtime, true, 2),
                ("iniconfig", Direct, Scope::Runtime, false, 2),
                ("pluggy", Direct, Scope::Development, false, 2),
                ("python-dateutil", Direct, Scope::Runtime, false, 2),
                ("six", Transitive, Scope::Runtime, false, 2),
            ]
        );
        let six = document.packages.last().unwrap();
        assert_eq!(six.source.is_public_registry(Ecosystem::PyPi), Some(true));
        assert_eq!(
            text.lines().nth(six.location.line - 1),
            Some("name = \"six\"")
        );
        assert_eq!(document.path_to(5).len(), 3);
        assert_eq!(document.notes, []);
    }

    #[test]
    fn forks_and_sources_are_followed() {
        let text = "version = 1\n[[package]]\nname = \"app\"\nversion = \"1\"\nsource = { virtual = \".\" }\n\
                    dependencies = [{ name = \"a\", version = \"2\" }, { name = \"gone\" }]\n[[package]]\nname = \"a\"\n\
                    version = \"1\"\nsource = { registry = \"https://pypi.org/simple\" }\n[[package]]\nname = \"a\"\n\
                    version = \"2\"\nsource = { git = \"https://github.com/x/a?tag=v2#abc\" }\n";
        let document = read(text).unwrap();
        let requirers: Vec<_> = document
            .packages
            .iter()
            .map(|p| p.requirers.clone())
            .collect();
        assert_eq!(requirers, [vec![], vec![], vec![0]]);
        assert_eq!(document.packages.last().unwrap().source.word(), "git");
        assert_eq!(document.notes.len(), 1);
    }

    #[test]
    fn unknown_versions_are_named() {
        let error = read("revision = 1\nversion = 2\n").unwrap_err().to_string();
        assert!(error.contains("line 2, column 11: version `2`"), "{error}");
        assert!(read("").is_err());
    }
}
