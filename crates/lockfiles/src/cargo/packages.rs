//! The packages of `Cargo.lock`, versions 1 to 4 of the format.
//!
//! Source: the Cargo book, "Cargo.toml vs Cargo.lock", and the encoding that
//! Cargo documents in its `core/resolver/encode.rs`: a dependency is written as
//! `name`, `name version` or `name version (source)`, as short as is unambiguous.
//! Which crates are needed for tests alone, the manifests beside it say.

use std::collections::HashMap;

use crate::document::Document;
use crate::draft::{Draft, archive_hash};
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Node, wanted};
use crate::{Algorithm, Ecosystem, Format, Package, Relation, Source};

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::toml(file)?;
    let version = match root.get("version") {
        None => None,
        Some(node) => {
            let found = wanted(file, node.span, "a number as `version`", node.text())?;
            if !matches!(found, "1" | "2" | "3" | "4") {
                let found = found.to_owned();
                let known = "1 to 4 are";
                let problem = Problem::UnknownVersion { found, known };
                return Err(tree::at(file, node.span.start, problem));
            }
            Some(found.to_owned())
        }
    };
    if let Some(node) = root.get("package") {
        wanted(
            file,
            node.span,
            "`[[package]]`",
            (!node.is_table()).then_some(()),
        )?;
    }
    // Version 1 of the format may name the project apart from the rest.
    let packages = || root.get("root").into_iter().chain(root.items_of("package"));
    let metadata = root.get("metadata");
    for node in packages() {
        let package = package(&draft, node, metadata)?;
        draft.add(package)?;
    }
    let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, package) in draft.packages.iter().enumerate() {
        by_name.entry(package.name.clone()).or_default().push(at);
    }
    let sources: Vec<Option<&str>> = packages().map(|node| node.text_of("source")).collect();
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); draft.packages.len()];
    for (from, node) in packages().enumerate() {
        for dependency in node.items_of("dependencies") {
            let what = "the name of a dependency";
            let text = wanted(file, dependency.span, what, dependency.text())?;
            let name = text.split(' ').next().unwrap_or(text);
            draft.look(by_name.get(name).map_or(0, Vec::len))?;
            match resolve(&draft, &sources, &by_name, text) {
                Some(to) => {
                    draft.edge(from, to)?;
                    if let Some(list) = needs.get_mut(from) {
                        list.push(to);
                    }
                }
                None => draft.dangling(dependency.span, text),
            }
        }
    }
    super::manifests::ask(&mut draft, files, &needs)?;
    Ok(draft.finish(Format::CargoLock, version))
}

fn package(
    draft: &Draft<'_>,
    node: &Node<'_>,
    metadata: Option<&Node<'_>>,
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
    let mut package = draft.package(Ecosystem::Cargo, text, Some(version.to_owned()), name.span);
    let Some(source) = node.text_of("source") else {
        package.relation = Relation::Project;
        package.source = Source::Path {
            path: String::new(),
        };
        return Ok(package);
    };
    package.source = source_of(source);
    let key = format!("checksum {text} {version} ({source})");
    let checksum = node.text_of("checksum").or_else(|| {
        let old = metadata?.text_of(&key)?;
        (old != "<none>").then_some(old)
    });
    package.integrity = archive_hash(Algorithm::Sha256, checksum);
    Ok(package)
}

/// Source: the Cargo book, "Package ID specifications".
fn source_of(text: &str) -> Source {
    let (kind, address) = text.split_once('+').unwrap_or(("", text));
    match kind {
        "registry" | "sparse" => Source::Registry {
            index: Some(address.to_owned()),
            archive: None,
        },
        "git" => {
            let (address, commit) = match address.split_once('#') {
                Some((address, commit)) => (address, Some(commit.to_owned())),
                None => (address, None),
            };
            let (url, query) = address.split_once('?').unwrap_or((address, ""));
            let reference = query.split('&').find_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                matches!(key, "branch" | "tag" | "rev").then(|| value.to_owned())
            });
            Source::Git {
                url: url.to_owned(),
                commit,
                reference,
            }
        }
        "path" | "directory" | "local-registry" => Source::Path {
            path: address.to_owned(),
        },
        _ => Source::Url {
            url: text.to_owned(),
        },
    }
}

/// The package that a dependency means: the only one of the name, version and
/// source that it gives.
fn resolve(
    draft: &Draft<'_>,
    sources: &[Option<&str>],
    by_name: &HashMap<String, Vec<usize>>,
    text: &str,
) -> Option<usize> {
    let mut words = text.splitn(3, ' ');
    let name = words.next()?;
    let version = words.next();
    let source = words.next();
    let source = source.map(|text| text.trim_start_matches('(').trim_end_matches(')'));
    let mut fitting = by_name.get(name)?.iter().copied().filter(|&at| {
        let package = draft.packages.get(at);
        let same = package.and_then(|package| package.version.as_deref());
        let from = sources.get(at).copied().flatten();
        // Version 4 leaves the commit out.
        let is_source = |wanted: &str| {
            from.is_some_and(|from| from == wanted || from.split('#').next() == Some(wanted))
        };
        version.is_none_or(|version| same == Some(version)) && source.is_none_or(is_source)
    });
    let all: Vec<usize> = fitting.by_ref().take(8).collect();
    match all.as_slice() {
        [only] => Some(*only),
        // Of a version that a member and a registry have, the member has no source.
        several => {
            let is_member = |at: &&usize| sources.get(**at).copied().flatten().is_none();
            let mut members = several.iter().filter(is_member);
            let first = members.next().filter(|_| source.is_none())?;
            members.next().is_none().then_some(*first)
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    fn read(text: &str) -> Result<Document, crate::ParseError> {
        let file = SourceFile::new("a/Cargo.lock", text);
        parse(Format::CargoLock, &file, &NoFiles)
    }

    const NEW: &str = r#"version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["rand 0.9.0", "forked"]

[[package]]
name = "forked"
version = "1.0.0"
source = "git+https://github.com/x/forked?branch=main#0123456789012345678901234567890123456789"
dependencies = ["rand 0.8.0"]

[[package]]
name = "rand"
version = "0.8.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

[[package]]
name = "rand"
version = "0.9.0"
source = "sparse+https://crates.example/index/"
"#;

    #[test]
    fn packages_have_sources_requirers_and_lines() {
        let document = read(NEW).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| {
                (
                    p.name.as_str(),
                    p.relation,
                    p.source.word(),
                    p.location.line,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("app", Relation::Project, "path", 4),
                ("forked", Relation::Direct, "git", 9),
                ("rand", Relation::Transitive, "registry", 15),
                ("rand", Relation::Direct, "registry", 21),
            ]
        );
        assert_eq!(document.path_to(2), [0, 1, 2]);
        assert_eq!(document.packages.get(2).unwrap().integrity.len(), 1);
        assert_eq!(document.notes, []);
        assert_eq!(document.format_version.as_deref(), Some("4"));
        let old = document.packages.get(3).unwrap();
        assert_eq!(old.source.is_public_registry(Ecosystem::Cargo), Some(false));
    }

    #[test]
    fn a_member_comes_before_a_crate_of_the_same_version() {
        let text = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
                    [[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://x\"\n\
                    [[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\
                    dependencies = [\"a 1.0.0\"]\n";
        let document = read(text).unwrap();
        assert_eq!(document.packages.first().unwrap().requirers, [2]);
        assert_eq!(document.notes, []);
    }

    #[test]
    fn the_first_version_is_read() {
        let text = "[root]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\n \
                    \"b 1.0.0 (registry+https://x)\",\n]\n\n[[package]]\nname = \"b\"\n\
                    version = \"1.0.0\"\nsource = \"registry+https://x\"\n\n[metadata]\n\
                    \"checksum b 1.0.0 (registry+https://x)\" = \
                    \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n";
        let document = read(text).unwrap();
        let b = document.packages.last().unwrap();
        assert_eq!((b.relation, b.integrity.len()), (Relation::Direct, 1));
    }

    #[test]
    fn bad_files_are_told_with_their_line() {
        let cases = [
            (
                "version = 5\n",
                "Cargo.lock: line 1, column 11: version `5`",
            ),
            ("version = 3\n[[package]]\nname = \"a\"\n", "line 2"),
            ("<<<<<<< HEAD\nversion = 3\n", "a merge has left"),
            ("version = 3\n[[package]]\nname = \"a", "line 3"),
            ("package = \"x\"\n[x", "line 2"),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn manifests_say_what_crates_are_for() {
        let lock = "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\
                    dependencies = [\"app-lib\", \"far\"]\n[[package]]\nname = \"app-lib\"\nversion = \"0.1.0\"\n\
                    dependencies = [\"built\", \"tested\"]\n[[package]]\nname = \"built\"\nversion = \"1.0.0\"\n\
                    source = \"registry+x\"\n[[package]]\nname = \"deep\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n\
                    [[package]]\nname = \"far\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\ndependencies = [\"deep\"]\n\
                    [[package]]\nname = \"tested\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n";
        let root = "[package]\nname = \"app\"\n[workspace]\nmembers = [\"crates/*\"]\n[dependencies]\n\
                    near = { package = \"far\", version = \"1\", optional = true }\napp-lib = { path = \"crates/lib\" }\n";
        let lib = "[package]\nname = \"app-lib\"\n[target.'cfg(unix)'.build-dependencies]\nbuilt = \"1\"\n\
                   [dev-dependencies]\ntested = \"1\"\n";
        let files = |path: &str| match path {
            "Cargo.toml" => Ok(SourceFile::new(path, root)),
            "crates/lib/Cargo.toml" => Ok(SourceFile::new(path, lib)),
            _ => Err(crate::Unreadable::Missing),
        };
        let file = SourceFile::new("Cargo.lock", lock);
        let document = parse(Format::CargoLock, &file, &files).unwrap();
        let scopes: Vec<_> = document
            .dependencies()
            .map(|(_, p)| (p.name.as_str(), p.scope, p.optional, p.relation))
            .collect();
        use crate::Scope::{Development, Runtime, Unknown};
        use Relation::{Direct, Transitive};
        assert_eq!(
            scopes,
            [
                ("built", Development, false, Direct),
                ("deep", Runtime, true, Transitive),
                ("far", Runtime, true, Direct),
                ("tested", Development, false, Direct),
            ]
        );
        let without = parse(Format::CargoLock, &file, &NoFiles).unwrap();
        assert!(without.packages.iter().all(|p| p.scope == Unknown));
    }

    #[test]
    fn gaps_and_duplicates_are_notes() {
        let text = NEW.replace("\"forked\"]", "\"gone\"]")
            + "\n[[package]]\nname = \"rand\"\n\
                    version = \"0.8.0\"\nchecksum = \"zz\"\n\
                    source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        let notes: Vec<String> = (read(&text).unwrap().notes.iter())
            .map(|note| format!("{}: {}", note.location.line, note.kind))
            .collect();
        assert_eq!(
            notes,
            [
                "6: `gone` is asked for and not listed",
                "12: `rand 0.8.0` is asked for and not listed",
                "26: `sha256:zz` is no hash",
                "26: `rand` is listed in line 15 with other hashes",
            ]
        );
    }
}
