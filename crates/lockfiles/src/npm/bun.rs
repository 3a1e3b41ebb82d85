//! `bun.lock`: JSON with commas before closing brackets.
//!
//! Source: oven-sh/bun, `src/install/lockfile/bun.lock.zig`: a package is a list
//! that begins with `name@what`; of a registry follow its address (empty for the
//! default one), what it needs, and its hash. The key is the path in which it
//! lies below the root.

use std::collections::HashMap;

use super::{cut, source_of, wishes};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Entry, Node, wanted};
use crate::{Ecosystem, Format, Integrity, Package, Relation, Scope, Source};

/// The most parts of a key that are tried on the way up to the root.
const MOST_PARTS: usize = 128;
/// The longest path of a package.
const LONGEST_KEY: usize = 1024;

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::jsonc(file)?;
    let node = root.get("lockfileVersion");
    let node = wanted(file, root.span, "`lockfileVersion`", node)?;
    let version = node.text().unwrap_or_default().to_owned();
    if !matches!(version.as_str(), "0" | "1" | "2") {
        let found = crate::draft::shown(file.slice(node.span));
        let known = "0 to 2 are";
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    let mut places = HashMap::new();
    let mut members = HashMap::new();
    for entry in root.entries_of("workspaces") {
        let name = entry.node.text_of("name").unwrap_or(&entry.key);
        let version = entry.node.text_of("version").map(str::to_owned);
        let mut package = draft.package(Ecosystem::Npm, name, version, entry.span);
        package.relation = Relation::Project;
        package.source = Source::Path {
            path: entry.key.to_string(),
        };
        let at = draft.add(package)?;
        members.insert(entry.key.to_string(), at);
    }
    let mut nodes = Vec::new();
    for entry in root.entries_of("packages") {
        if entry.key.len() > LONGEST_KEY {
            draft.not_understood(entry.span, "a path", &entry.key);
            continue;
        }
        let Some((package, info)) = package(&mut draft, entry)? else {
            continue;
        };
        if let Source::Path { path } = &package.source
            && let Some(&at) = members.get(path)
        {
            places.insert(entry.key.to_string(), at);
            continue;
        }
        let at = draft.add(package)?;
        places.insert(entry.key.to_string(), at);
        nodes.push((at, entry.key.to_string(), info));
    }
    for (from, key, info) in nodes {
        for wish in info.map(wishes).unwrap_or_default() {
            if wish.ask.scope == Scope::Runtime
                && let Some(to) = resolve(&mut draft, &places, &key, &wish.name)?
            {
                draft.edge(from, to)?;
            }
        }
    }
    for entry in root.entries_of("workspaces") {
        let name = entry.node.text_of("name").unwrap_or_default();
        let from = members.get(entry.key.as_ref()).copied();
        for wish in wishes(&entry.node) {
            let Some(to) = resolve(&mut draft, &places, name, &wish.name)? else {
                if !wish.ask.optional {
                    draft.dangling(entry.span, &wish.name);
                }
                continue;
            };
            draft.ask(to, wish.ask)?;
            if let Some(from) = from {
                draft.edge(from, to)?;
            }
        }
    }
    draft.spread();
    Ok(draft.finish(Format::BunLock, Some(version)))
}

/// The package of a key below another one, or further up.
fn resolve(
    draft: &mut Draft<'_>,
    places: &HashMap<String, usize>,
    from: &str,
    name: &str,
) -> Result<Option<usize>, Mistake> {
    let mut folder = from;
    for _ in 0..MOST_PARTS {
        if folder.is_empty() {
            break;
        }
        // Long paths cost more.
        draft.look(1 + folder.len() / 16)?;
        if let Some(&at) = places.get(&format!("{folder}/{name}")) {
            return Ok(Some(at));
        }
        folder = folder.rsplit_once('/').map_or("", |(up, _)| up);
    }
    Ok(places.get(name).copied())
}

type Read<'n, 't> = Option<(Package, Option<&'n Node<'t>>)>;

fn package<'n, 't>(draft: &mut Draft<'_>, entry: &'n Entry<'t>) -> Result<Read<'n, 't>, Mistake> {
    let file = draft.file;
    let items = entry.node.items();
    let what = "a list that begins with a package";
    let first = items.first().and_then(Node::text);
    let identity = wanted(file, entry.node.span, what, first)?;
    let Some((name, what)) = cut(identity) else {
        draft.not_understood(entry.span, "a package", identity);
        return Ok(None);
    };
    let mut package = draft.package(Ecosystem::Npm, name, None, entry.span);
    let called = match entry.key.rsplit_once('/') {
        Some((before, last)) => match before.rsplit('/').next() {
            Some(scope) if scope.starts_with('@') => format!("{scope}/{last}"),
            _ => last.to_owned(),
        },
        None => entry.key.to_string(),
    };
    package.alias = (called != name).then_some(called);
    let info = items.iter().find(|item| item.is_table());
    package.source = if let Some(path) = what.strip_prefix("workspace:") {
        package.relation = Relation::Project;
        Source::Path {
            path: path.to_owned(),
        }
    } else if let Some(path) = what.strip_prefix("root:") {
        package.relation = Relation::Project;
        Source::Path {
            path: path.to_owned(),
        }
    } else if let Some(source) = source_of(what) {
        source
    } else {
        package.version = Some(what.to_owned());
        let registry = items.get(1).and_then(Node::text).unwrap_or_default();
        let named = (!registry.is_empty()).then(|| registry.to_owned());
        let is_archive = registry.ends_with(".tgz");
        Source::Registry {
            index: named.clone().filter(|_| !is_archive),
            archive: named.filter(|_| is_archive),
        }
    };
    let last = items
        .last()
        .and_then(Node::text)
        .filter(|_| items.len() > 2);
    if let Some(hash) = last.filter(|text| text.starts_with("sha")) {
        package.integrity = Integrity::subresource(hash);
    }
    Ok(Some((package, info)))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    const TEXT: &str = r#"{
  "lockfileVersion": 1,
  "workspaces": {
    "": {
      "name": "app",
      "dependencies": { "is-odd": "^3.0.1", "lib": "workspace:*", },
      "devDependencies": { "called": "npm:real@1", },
    },
    "packages/lib": { "name": "lib", "dependencies": { "far": "github:x/far" } },
  },
  "packages": {
    "called": ["real@1.0.0", "https://npm.example/", {}, "sha512-vG6SvB6oYEhvgisZNFRmRCUkLz11c7rp+tbNTynGqc6mS1d5ATd/sGyV6W0KZZnXRKMTzZDRgQT3Ou9jhpAfUg=="],
    "far": ["far@github:x/far#abc1234", {}, "x-far-abc1234"],
    "is-number": ["is-number@7.0.0", "", {}, "sha512-vG6SvB6oYEhvgisZNFRmRCUkLz11c7rp+tbNTynGqc6mS1d5ATd/sGyV6W0KZZnXRKMTzZDRgQT3Ou9jhpAfUg=="],
    "is-odd": ["is-odd@3.0.1", "", { "dependencies": { "is-number": "^6.0.0" } }, "sha512-vG6SvB6oYEhvgisZNFRmRCUkLz11c7rp+tbNTynGqc6mS1d5ATd/sGyV6W0KZZnXRKMTzZDRgQT3Ou9jhpAfUg=="],
    "is-odd/is-number": ["is-number@6.0.0", "", {}, "sha512-vG6SvB6oYEhvgisZNFRmRCUkLz11c7rp+tbNTynGqc6mS1d5ATd/sGyV6W0KZZnXRKMTzZDRgQT3Ou9jhpAfUg=="],
    "lib": ["lib@workspace:packages/lib"],
  }
}"#;

    fn read(text: &str) -> Result<Document, crate::ParseError> {
        parse(
            Format::BunLock,
            &SourceFile::new("bun.lock", text),
            &NoFiles,
        )
    }

    #[test]
    fn lists_are_packages() {
        let document = read(TEXT).unwrap();
        let shown: Vec<_> = document
            .dependencies()
            .map(|(at, p)| {
                let names: Vec<_> = (document.path_to(at).into_iter())
                    .filter_map(|at| document.packages.get(at))
                    .map(|p| p.name.as_str())
                    .collect();
                (names.join(" "), p.source.word(), p.scope, p.location.line)
            })
            .collect();
        let row = |path: &str, word, scope, line| (path.to_owned(), word, scope, line);
        assert_eq!(
            shown,
            [
                row("app real", "registry", Scope::Development, 12),
                row("lib far", "git", Scope::Runtime, 13),
                row("is-number", "registry", Scope::Unknown, 14),
                row("app is-odd", "registry", Scope::Runtime, 15),
                row("app is-odd is-number", "registry", Scope::Runtime, 16),
            ]
        );
        assert_eq!(document.notes, []);
    }

    #[test]
    fn bad_files_are_told_with_their_line() {
        let cases = [
            ("{\"lockfileVersion\": 7}", "version `7`"),
            ("{}", "`lockfileVersion`"),
            (
                "{\"lockfileVersion\": 1,\n\"packages\": {\"a\": []}}",
                "line 2",
            ),
            (
                "{\"lockfileVersion\": 1,\n\"packages\": {\"a\": [\"a@1\"",
                "no valid JSON",
            ),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
