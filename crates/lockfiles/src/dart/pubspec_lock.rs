//! `pubspec.lock`.
//!
//! Source: dart-lang/pub, `lib/src/lock_file.dart`. Who needs what is not said.

use crate::document::Document;
use crate::draft::{Draft, archive_hash};
use crate::files::Files;
use crate::mistake::Mistake;
use crate::tree::{self, Entry, wanted};
use crate::{Algorithm, Ecosystem, Format, Package, Relation, Scope, Source};

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let roots = tree::yaml(file)?;
    let whole = cofferdam_facts::Span::default();
    let root = wanted(file, whole, "a table", roots.first())?;
    let packages = root.get("packages");
    let packages = wanted(file, root.span, "`packages`", packages)?;
    for entry in packages.entries() {
        let what = "a table for a package";
        wanted(
            file,
            entry.node.span,
            what,
            entry.node.is_table().then_some(()),
        )?;
        let package = package(&draft, entry);
        draft.add(package)?;
    }
    Ok(draft.finish(Format::PubspecLock, None))
}

fn package(draft: &Draft<'_>, entry: &Entry<'_>) -> Package {
    let node = &entry.node;
    let description = node.get("description");
    let of = |key: &str| description.and_then(|one| one.text_of(key));
    let owned = |key: &str| of(key).map(str::to_owned);
    let name = of("name").unwrap_or(&entry.key);
    let version = node.text_of("version").map(str::to_owned);
    let mut package = draft.package(Ecosystem::Pub, name, version, entry.span);
    package.alias = (name != entry.key).then(|| entry.key.to_string());
    package.integrity = archive_hash(Algorithm::Sha256, of("sha256"));
    package.source = match node.text_of("source") {
        Some("hosted") => Source::Registry {
            index: owned("url"),
            archive: None,
        },
        Some("git") => Source::Git {
            url: owned("url").unwrap_or_default(),
            commit: owned("resolved-ref"),
            reference: owned("ref"),
        },
        Some("path") => Source::Path {
            path: owned("path").unwrap_or_default(),
        },
        // It comes with the tools.
        Some("sdk") => Source::Bundled,
        _ => Source::Unknown,
    };
    let dependency = node.text_of("dependency").unwrap_or_default();
    (package.relation, package.scope) = match dependency {
        "direct main" => (Relation::Direct, Scope::Runtime),
        "direct dev" => (Relation::Direct, Scope::Development),
        "direct overridden" => (Relation::Direct, Scope::Unknown),
        "transitive" => (Relation::Transitive, Scope::Unknown),
        _ => (Relation::Unknown, Scope::Unknown),
    };
    package
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    #[test]
    fn sources_are_told_apart() {
        let text = "packages:\n  a:\n    dependency: \"direct main\"\n    description:\n      name: a\n\
                    \x20     sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\
                    \x20     url: \"https://pub.dev\"\n    source: hosted\n    version: \"1.10\"\n  b:\n\
                    \x20   dependency: transitive\n    description:\n      path: \".\"\n      ref: main\n\
                    \x20     resolved-ref: abc\n      url: \"https://github.com/x/b\"\n    source: git\n\
                    \x20   version: \"2.0.0\"\n  flutter:\n    dependency: \"direct dev\"\n\
                    \x20   description: flutter\n    source: sdk\n    version: \"0.0.0\"\nsdks:\n  dart: \">=3.0.0\"\n";
        let file = SourceFile::new("pubspec.lock", text);
        let document = parse(Format::PubspecLock, &file, &NoFiles).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| {
                let version = p.version.as_deref().unwrap();
                (
                    p.name.as_str(),
                    version,
                    p.source.word(),
                    p.relation,
                    p.scope,
                    p.location.line,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("a", "1.10", "registry", Relation::Direct, Scope::Runtime, 2),
                (
                    "b",
                    "2.0.0",
                    "git",
                    Relation::Transitive,
                    Scope::Unknown,
                    10
                ),
                (
                    "flutter",
                    "0.0.0",
                    "bundled",
                    Relation::Direct,
                    Scope::Development,
                    19
                ),
            ]
        );
        let first = document.packages.first().unwrap();
        assert_eq!(first.source.is_public_registry(Ecosystem::Pub), Some(true));
        for (text, expected) in [
            ("", "a table"),
            ("a: 1\n", "`packages`"),
            ("packages:\n  a: 1\n", "line 2"),
        ] {
            let file = SourceFile::new("pubspec.lock", text);
            let error = parse(Format::PubspecLock, &file, &NoFiles)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
