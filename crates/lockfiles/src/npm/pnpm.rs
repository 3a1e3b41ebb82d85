//! `pnpm-lock.yaml`, versions 5 to 9 of the format.
//!
//! Source: pnpm/spec, "lockfile/5.md", "6.0.md" and "9.0.md". Up to version 8 a
//! package stands once with everything; since version 9 `packages` has what is
//! fetched and `snapshots` what it needs, once for each set of peers. Those are
//! one package here. A file may hold two documents: pnpm's own tools first.

use std::collections::HashMap;

use super::{cut, source_of};
use crate::document::{Ask, Document};
use crate::draft::Draft;
use crate::files::{Files, beside};
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Entry, Node, wanted};
use crate::{Ecosystem, Format, Integrity, Package, Relation, Source};

const LISTS: [(&str, Ask); 4] = [
    ("dependencies", Ask::RUNTIME),
    ("optionalDependencies", Ask::OPTIONAL),
    ("devDependencies", Ask::DEVELOPMENT),
    // What pnpm itself is configured with.
    ("configDependencies", Ask::DEVELOPMENT),
];

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let roots = tree::yaml(file)?;
    let mut version = None;
    for root in &roots {
        if matches!(root.value, tree::Value::Null) {
            continue;
        }
        let found = self::version(&draft, root)?;
        Lock::default().read(&mut draft, root)?;
        version = Some(found);
    }
    let whole = cofferdam_facts::Span::default();
    let version = wanted(file, whole, "`lockfileVersion`", version)?;
    draft.spread();
    Ok(draft.finish(Format::PnpmLock, Some(version)))
}

fn version(draft: &Draft<'_>, root: &Node<'_>) -> Result<String, Mistake> {
    let file = draft.file;
    let node = root.get("lockfileVersion");
    let node = wanted(file, root.span, "`lockfileVersion`", node)?;
    let found = wanted(file, node.span, "a number", node.text())?;
    let major = found.split('.').next().unwrap_or(found);
    if matches!(major, "5" | "6" | "7" | "8" | "9") {
        return Ok(found.to_owned());
    }
    let found = crate::draft::shown(found);
    let known = "5 to 9 are";
    let problem = Problem::UnknownVersion { found, known };
    Err(tree::at(file, node.span.start, problem))
}

#[derive(Default)]
struct Lock {
    /// The packages by their key, and by their key without peers.
    places: HashMap<String, usize>,
    importers: HashMap<String, usize>,
}

impl Lock {
    fn read(&mut self, draft: &mut Draft<'_>, root: &Node<'_>) -> Result<(), Mistake> {
        let file = draft.file;
        for entry in root.entries_of("packages") {
            let what = "a table for a package";
            wanted(
                file,
                entry.node.span,
                what,
                entry.node.is_table().then_some(()),
            )?;
            let base = without_peers(&entry.key).to_owned();
            let at = match self.places.get(&base) {
                Some(&at) => at,
                None => {
                    let package = package(draft, entry);
                    draft.add(package)?
                }
            };
            self.places.insert(base, at);
            self.places.insert(entry.key.to_string(), at);
        }
        for list in ["packages", "snapshots"] {
            for entry in root.entries_of(list) {
                self.needs(draft, entry)?;
            }
        }
        let mut projects = Vec::new();
        for entry in root.entries_of("importers") {
            let at = project(draft, &entry.key, entry.span)?;
            self.importers.insert(entry.key.to_string(), at);
            projects.push((at, entry.key.to_string(), &entry.node));
        }
        if projects.is_empty() && LISTS.iter().any(|(list, _)| root.get(list).is_some()) {
            let at = project(draft, ".", cofferdam_facts::Span::default())?;
            projects.push((at, ".".to_owned(), root));
        }
        for (at, folder, node) in projects {
            self.asks(draft, at, &folder, node)?;
        }
        Ok(())
    }

    fn needs(&self, draft: &mut Draft<'_>, entry: &Entry<'_>) -> Result<(), Mistake> {
        let key = entry.key.as_ref();
        let from = self
            .places
            .get(key)
            .or_else(|| self.places.get(without_peers(key)));
        let Some(&from) = from else {
            draft.dangling(entry.span, key);
            return Ok(());
        };
        for list in ["dependencies", "optionalDependencies"] {
            for need in entry.node.entries_of(list) {
                let reference = need.node.text().unwrap_or_default();
                match self.find(&need.key, reference) {
                    Some(to) => {
                        call(draft, to, &need.key);
                        draft.edge(from, to)?;
                    }
                    None if reference.starts_with("link:") => {}
                    None => draft.dangling(need.span, &format!("{}@{reference}", need.key)),
                }
            }
        }
        Ok(())
    }

    fn asks(
        &self,
        draft: &mut Draft<'_>,
        project: usize,
        folder: &str,
        node: &Node<'_>,
    ) -> Result<(), Mistake> {
        for (list, ask) in LISTS {
            for wish in node.entries_of(list) {
                // Since version 6 what was asked for stands beside what was found.
                let reference = wish.node.text_of("version").or_else(|| wish.node.text());
                let reference = reference.unwrap_or_default();
                if let Some(path) = reference.strip_prefix("link:") {
                    let from = format!("{folder}/package.json");
                    let target = beside(&from, path).unwrap_or_else(|| ".".to_owned());
                    if let Some(&to) = self.importers.get(&target) {
                        draft.edge(project, to)?;
                    }
                    continue;
                }
                match self.find(&wish.key, reference) {
                    Some(to) => {
                        call(draft, to, &wish.key);
                        draft.edge(project, to)?;
                        draft.ask(to, ask)?;
                    }
                    None => draft.dangling(wish.span, &format!("{}@{reference}", wish.key)),
                }
            }
        }
        Ok(())
    }

    /// The package that a name with a reference means: a version with its peers, a
    /// key where the name is an alias, or an address.
    fn find(&self, name: &str, reference: &str) -> Option<usize> {
        let bare = without_peers(reference);
        let candidates = [
            reference.to_owned(),
            format!("{name}@{reference}"),
            format!("{name}@{bare}"),
            format!("/{name}@{reference}"),
            format!("/{name}/{reference}"),
            format!("/{name}@{bare}"),
            format!("/{name}/{bare}"),
            bare.to_owned(),
        ];
        candidates
            .iter()
            .find_map(|key| self.places.get(key).copied())
    }
}

/// Keeps the name by which a package is called, where it is not its own.
fn call(draft: &mut Draft<'_>, at: usize, called: &str) {
    if let Some(package) = draft.packages.get_mut(at)
        && package.name != called
        && package.alias.is_none()
    {
        package.alias = Some(called.to_owned());
    }
}

fn project(
    draft: &mut Draft<'_>,
    folder: &str,
    span: cofferdam_facts::Span,
) -> Result<usize, Mistake> {
    let mut package = draft.package(Ecosystem::Npm, folder, None, span);
    package.relation = Relation::Project;
    package.source = Source::Path {
        path: folder.to_owned(),
    };
    draft.add(package)
}

/// The key or version without what says which peers it was resolved with:
/// `(react@18.0.0)` since version 6, `_react@18.0.0` before.
fn without_peers(key: &str) -> &str {
    if let Some(at) = key.find('(') {
        return key.get(..at).unwrap_or(key);
    }
    let last = key.rfind('/').map_or(0, |at| at + 1);
    let tail = key.get(last..).unwrap_or(key);
    let is_version = tail.starts_with(|c: char| c.is_ascii_digit());
    // A scope in the list of peers has a slash of its own, written as `+`.
    match tail.find('_').filter(|_| is_version) {
        Some(at) => key.get(..last + at).unwrap_or(key),
        None => key,
    }
}

fn package(draft: &mut Draft<'_>, entry: &Entry<'_>) -> Package {
    let node = &entry.node;
    let resolution = node.get("resolution");
    let of = |key: &str| resolution.and_then(|resolution| resolution.text_of(key));
    let key = without_peers(&entry.key);
    let (name, version) = name_and_version(key);
    let name = node.text_of("name").or(name);
    let name = name.unwrap_or_else(|| {
        draft.not_understood(entry.span, "the key of a package", key);
        key
    });
    let is_version = |text: &&str| text.starts_with(|c: char| c.is_ascii_digit());
    let fixed = node
        .text_of("version")
        .or_else(|| version.filter(is_version));
    let fixed = fixed.map(str::to_owned);
    let mut package = draft.package(Ecosystem::Npm, name, fixed, entry.span);
    package.integrity = of("integrity")
        .map(Integrity::subresource)
        .unwrap_or_default();
    package.source = match (of("type"), of("tarball")) {
        (Some("git"), _) => Source::Git {
            url: of("repo").unwrap_or_default().to_owned(),
            commit: of("commit").map(str::to_owned),
            reference: None,
        },
        (Some("directory"), _) => Source::Path {
            path: of("directory").unwrap_or_default().to_owned(),
        },
        (_, Some(tarball)) if version.is_none_or(|text| !is_version(&text)) => {
            match source_of(tarball) {
                Some(source) => source,
                None => Source::Url {
                    url: tarball.to_owned(),
                },
            }
        }
        (_, archive) => Source::Registry {
            index: of("registry").map(str::to_owned),
            archive: archive.map(str::to_owned),
        },
    };
    package.install_script = node
        .get("requiresBuild")
        .map(|_| node.flag("requiresBuild"));
    package.deprecated = node.get("deprecated").is_some();
    package
}

/// Name and version, or name and address, of a key without peers.
fn name_and_version(key: &str) -> (Option<&str>, Option<&str>) {
    let Some(rest) = key.strip_prefix('/') else {
        // Since version 9 without slash; before, this is an address or a registry.
        return match cut(key) {
            Some((name, version)) if name.starts_with('@') || !name.contains('/') => {
                (Some(name), Some(version))
            }
            _ => match key.rsplit_once('/') {
                Some((before, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
                    let after_host = before.split_once('/').map(|(_, name)| name);
                    (after_host, Some(version))
                }
                _ => (None, None),
            },
        };
    };
    if let Some((name, version)) = cut(rest) {
        return (Some(name), Some(version));
    }
    match rest.rsplit_once('/') {
        Some((name, version)) => (Some(name), Some(version)),
        None => (None, None),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Scope, parse};

    fn read(text: &str) -> Result<Document, crate::ParseError> {
        parse(
            Format::PnpmLock,
            &SourceFile::new("pnpm-lock.yaml", text),
            &NoFiles,
        )
    }

    const SUM: &str = "sha512-vG6SvB6oYEhvgisZNFRmRCUkLz11c7rp+tbNTynGqc6mS1d5ATd/sGyV6W0KZZnXRKMTzZDRgQT3Ou9jhpAfUg==";

    fn five() -> String {
        format!(
            "lockfileVersion: 5.4\n\nspecifiers:\n  react: ^18.0.0\n  '@s/a': 1.0.0\n\n\
             dependencies:\n  '@s/a': 1.0.0_react@18.0.0\n\ndevDependencies:\n  react: 18.0.0\n\n\
             packages:\n\n  /@s/a/1.0.0_react@18.0.0:\n    resolution: {{integrity: {SUM}}}\n\
             \x20   dependencies:\n      b: 2.0.0\n      react: 18.0.0\n    dev: false\n\n\
             \x20 /b/2.0.0:\n    resolution: {{integrity: {SUM}}}\n    requiresBuild: true\n\n\
             \x20 /react/18.0.0:\n    resolution: {{integrity: {SUM}}}\n    deprecated: no\n"
        )
    }

    fn six() -> String {
        format!(
            "lockfileVersion: '6.0'\n\nsettings:\n  autoInstallPeers: true\n\ndependencies:\n\
             \x20 '@s/a':\n    specifier: 1.0.0\n    version: 1.0.0(react@18.0.0)\n\n\
             devDependencies:\n  react:\n    specifier: ^18.0.0\n    version: 18.0.0\n\n\
             packages:\n\n  /@s/a@1.0.0(react@18.0.0):\n    resolution: {{integrity: {SUM}}}\n\
             \x20   dependencies:\n      b: 2.0.0\n      react: 18.0.0\n    dev: false\n\n\
             \x20 /b@2.0.0:\n    resolution: {{integrity: {SUM}}}\n    requiresBuild: true\n\n\
             \x20 /react@18.0.0:\n    resolution: {{integrity: {SUM}}}\n    deprecated: no\n"
        )
    }

    fn nine() -> String {
        format!(
            "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@s/a':\n\
             \x20       specifier: 1.0.0\n        version: 1.0.0(react@18.0.0)\n    devDependencies:\n\
             \x20     react:\n        specifier: ^18.0.0\n        version: 18.0.0\n\npackages:\n\n\
             \x20 '@s/a@1.0.0':\n    resolution: {{integrity: {SUM}}}\n\n  b@2.0.0:\n\
             \x20   resolution: {{integrity: {SUM}}}\n\n  react@18.0.0:\n\
             \x20   resolution: {{integrity: {SUM}}}\n    deprecated: no\n\nsnapshots:\n\n\
             \x20 '@s/a@1.0.0(react@18.0.0)':\n    dependencies:\n      b: 2.0.0\n      react: 18.0.0\n\n\
             \x20 b@2.0.0: {{}}\n\n  react@18.0.0: {{}}\n"
        )
    }

    #[test]
    fn all_versions_say_the_same() {
        for text in [five(), six(), nine()] {
            let document = read(&text).unwrap();
            let shown: Vec<_> = document
                .dependencies()
                .map(|(_, p)| (p.name.as_str(), p.version.as_deref(), p.relation, p.scope))
                .collect();
            use Relation::{Direct, Transitive};
            assert_eq!(
                shown,
                [
                    ("@s/a", Some("1.0.0"), Direct, Scope::Runtime),
                    ("b", Some("2.0.0"), Transitive, Scope::Runtime),
                    ("react", Some("18.0.0"), Direct, Scope::Runtime),
                ],
                "{text}"
            );
            assert_eq!(document.notes, [], "{text}");
            assert!(document.dependencies().all(|(_, p)| p.integrity.len() == 1));
            let (at, b) = document.dependencies().nth(1).unwrap();
            assert_eq!(document.path_to(at).len(), 3);
            let line = text.lines().nth(b.location.line - 1).unwrap();
            assert!(line.contains("b@2") || line.contains("/b/2"), "{line}");
        }
    }

    #[test]
    fn sources_workspaces_and_second_documents_are_read() {
        let text = "lockfileVersion: '9.0'\nimporters:\n  .:\n    configDependencies:\n      tool:\n\
                    \x20       specifier: 1.0.0\n        version: 1.0.0\npackages:\n  tool@1.0.0:\n\
                    \x20   resolution: {integrity: sha512-AA==}\nsnapshots:\n  tool@1.0.0: {}\n---\n\
                    lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      lib:\n\
                    \x20       specifier: workspace:*\n        version: link:lib\n      far:\n\
                    \x20       specifier: x/far\n        version: https://codeload.github.com/x/far/tar.gz/abc\n\
                    \x20 lib:\n    devDependencies:\n      called:\n        specifier: npm:real@1\n\
                    \x20       version: real@1.0.0\npackages:\n  far@https://codeload.github.com/x/far/tar.gz/abc:\n\
                    \x20   resolution: {tarball: https://codeload.github.com/x/far/tar.gz/abc}\n    version: 2.0.0\n\
                    \x20 real@1.0.0:\n    resolution: {integrity: sha512-AA==, tarball: https://npm.example/r.tgz}\n\
                    snapshots:\n  far@https://codeload.github.com/x/far/tar.gz/abc: {}\n  real@1.0.0: {}\n";
        let document = read(text).unwrap();
        let shown: Vec<_> = document
            .dependencies()
            .map(|(at, p)| {
                (
                    p.name.as_str(),
                    p.source.word(),
                    p.scope,
                    document.path_to(at).len(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("tool", "registry", Scope::Development, 2),
                ("far", "url", Scope::Runtime, 2),
                ("real", "registry", Scope::Development, 2),
            ]
        );
        let notes: Vec<_> = document.notes.iter().map(|n| n.kind.to_string()).collect();
        assert!(
            notes.iter().all(|note| note.contains("is no hash")),
            "{notes:?}"
        );
    }

    #[test]
    fn bad_files_are_told_with_their_line() {
        let cases = [
            (
                "lockfileVersion: '12.0'\n",
                "line 1, column 18: version `12.0`",
            ),
            ("a: 1\n", "`lockfileVersion`"),
            ("", "`lockfileVersion`"),
            ("lockfileVersion: '6.0'\npackages:\n  /a@1: x\n", "line 3"),
            ("lockfileVersion: '6.0'\npackages: [\n", "no valid YAML"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
