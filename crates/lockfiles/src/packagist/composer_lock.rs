//! `composer.lock`.
//!
//! Source: composer/composer, `src/Composer/Package/Locker.php` and the schema of
//! `composer.json`. What the project asks for stands in `composer.json`.

use std::collections::HashMap;

use crate::document::{Ask, Document};
use crate::draft::{Draft, archive_hash};
use crate::files::{Files, beside};
use crate::mistake::Mistake;
use crate::tree::{self, Node, wanted};
use crate::{Algorithm, Ecosystem, Format, Package, Scope, Source};

const LISTS: [(&str, Scope); 2] = [
    ("packages", Scope::Runtime),
    ("packages-dev", Scope::Development),
];

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::json(file)?;
    let list = root.get("packages");
    wanted(file, root.span, "`packages`", list)?;
    let mut places = HashMap::new();
    let mut nodes = Vec::new();
    for (list, scope) in LISTS {
        for node in root.items_of(list) {
            let mut package = package(&draft, node)?;
            package.scope = scope;
            let name = package.name.to_lowercase();
            let at = draft.add(package)?;
            places.insert(name, at);
            // Other packages may stand in for one that is required.
            for list in ["replace", "provide"] {
                for entry in node.entries_of(list) {
                    places.entry(entry.key.to_lowercase()).or_insert(at);
                }
            }
            nodes.push((at, node));
        }
    }
    for (from, node) in nodes {
        for entry in node.entries_of("require") {
            match places.get(&entry.key.to_lowercase()) {
                Some(&to) if to == from => {}
                Some(&to) => draft.edge(from, to)?,
                None if is_platform(&entry.key) => {}
                None => draft.dangling(entry.span, &entry.key),
            }
        }
    }
    if let Some(asks) = asks(&mut draft, files) {
        for (name, ask) in asks {
            if let Some(&at) = places.get(&name) {
                draft.ask(at, ask)?;
            }
        }
    } else {
        draft.roots_are_direct();
    }
    let version = root.text_of("plugin-api-version").map(str::to_owned);
    Ok(draft.finish(Format::ComposerLock, version))
}

/// What belongs to PHP itself or to Composer.
fn is_platform(name: &str) -> bool {
    !name.contains('/')
}

fn asks(draft: &mut Draft<'_>, files: &dyn Files) -> Option<Vec<(String, Ask)>> {
    let path = beside(draft.file.path(), "composer.json")?;
    let file = files.read(&path).ok()?;
    let Ok(root) = tree::json(&file) else {
        draft.no_manifest(&path);
        return None;
    };
    let mut all = Vec::new();
    for (list, ask) in [("require", Ask::RUNTIME), ("require-dev", Ask::DEVELOPMENT)] {
        for entry in root.entries_of(list) {
            all.push((entry.key.to_lowercase(), ask));
        }
    }
    Some(all)
}

fn package(draft: &Draft<'_>, node: &Node<'_>) -> Result<Package, Mistake> {
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
    let mut package = draft.package(Ecosystem::Packagist, text, version, name.span);
    let dist = node.get("dist");
    let of = |part: Option<&Node<'_>>, key: &str| {
        part.and_then(|part| part.text_of(key)).map(str::to_owned)
    };
    let shasum = of(dist, "shasum");
    package.integrity = archive_hash(Algorithm::Sha1, shasum.as_deref());
    let source = node.get("source");
    let index = node.text_of("notification-url").and_then(|url| {
        let host = crate::package::host(url)?;
        Some(format!("https://{host}"))
    });
    package.source = match (of(dist, "type").as_deref(), index) {
        (Some("path"), _) => Source::Path {
            path: of(dist, "url").unwrap_or_default(),
        },
        (_, Some(index)) => Source::Registry {
            index: Some(index),
            archive: of(dist, "url"),
        },
        (_, None) => match (of(source, "url"), of(dist, "url")) {
            (Some(url), _) => Source::Git {
                url,
                commit: of(source, "reference"),
                reference: None,
            },
            (None, Some(url)) => Source::Url { url },
            (None, None) => Source::registry(),
        },
    };
    // Composer takes one of several licences as a choice.
    let licences: Vec<&str> = node
        .items_of("license")
        .iter()
        .filter_map(Node::text)
        .collect();
    package.licence = (!licences.is_empty()).then(|| licences.join(" OR "));
    package.deprecated = node
        .get("abandoned")
        .is_some_and(|one| one.is_true() || one.text().is_some());
    // A plugin runs inside of Composer.
    let kind = node.text_of("type");
    package.install_script =
        kind.map(|kind| matches!(kind, "composer-plugin" | "composer-installer"));
    Ok(package)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Relation, Unreadable, parse};

    const TEXT: &str = r#"{"content-hash": "00", "plugin-api-version": "2.6.0",
 "packages": [
  {"name": "monolog/monolog", "version": "3.0.0", "type": "library", "license": ["MIT", "BSD-3-Clause"],
   "source": {"type": "git", "url": "https://github.com/Seldaek/monolog.git", "reference": "abc"},
   "dist": {"type": "zip", "url": "https://api.github.com/repos/Seldaek/monolog/zipball/abc", "shasum": ""},
   "require": {"php": ">=8.1", "psr/log": "^2", "psr/log-implementation": "3.0"},
   "provide": {"psr/log-implementation": "3.0.0"},
   "notification-url": "https://packagist.org/downloads/"},
  {"name": "psr/log", "version": "3.0.0", "abandoned": "x/y", "dist": {"type": "path", "url": "../log"}}],
 "packages-dev": [
  {"name": "x/plugin", "version": "dev-main", "type": "composer-plugin",
   "source": {"type": "git", "url": "https://git.example/x", "reference": "0123456789012345678901234567890123456789"}}]}"#;

    #[test]
    fn packages_are_read() {
        let manifest = r#"{"require": {"php": "*", "Monolog/monolog": "^3"}, "require-dev": {"x/plugin": "*"}}"#;
        let files = |path: &str| match path {
            "composer.json" => Ok(SourceFile::new(path, manifest)),
            _ => Err(Unreadable::Missing),
        };
        let file = SourceFile::new("composer.lock", TEXT);
        let document = parse(Format::ComposerLock, &file, &files).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| {
                (
                    p.name.as_str(),
                    p.source.word(),
                    p.relation,
                    p.scope,
                    p.install_script,
                    p.location.line,
                )
            })
            .collect();
        use Relation::{Direct, Transitive};
        assert_eq!(
            shown,
            [
                (
                    "monolog/monolog",
                    "registry",
                    Direct,
                    Scope::Runtime,
                    Some(false),
                    3
                ),
                ("psr/log", "path", Transitive, Scope::Runtime, None, 9),
                (
                    "x/plugin",
                    "git",
                    Direct,
                    Scope::Development,
                    Some(true),
                    11
                ),
            ]
        );
        let first = document.packages.first().unwrap();
        assert_eq!(first.licence.as_deref(), Some("MIT OR BSD-3-Clause"));
        assert_eq!(
            first.source.is_public_registry(Ecosystem::Packagist),
            Some(true)
        );
        assert_eq!(document.notes, []);
        assert!(document.packages.get(1).unwrap().deprecated);
    }

    #[test]
    fn bad_files_are_told() {
        for (text, expected) in [
            ("{}", "`packages`"),
            ("{\"packages\": [\n{}]}", "line 2"),
            ("", "JSON"),
        ] {
            let file = SourceFile::new("composer.lock", text);
            let error = parse(Format::ComposerLock, &file, &NoFiles)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
