//! `yarn.lock` of Yarn 1: blocks of words, indented.
//!
//! Source: the grammar in yarnpkg/yarn, `src/lockfile/parse.js`: a block begins
//! with the descriptors that it answers, joined with commas; words are plain or
//! JSON strings. What a package is needed for stands in `package.json` alone.

use cofferdam_facts::Span;

use super::yarn::{Descriptors, ask};
use super::{alias, archive, cut, manifest, source_of};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem, placed};
use crate::{Ecosystem, Format, Integrity, Package, Scope, Source};

/// One block.
#[derive(Default)]
struct Block {
    descriptors: Vec<String>,
    span: Span,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    wishes: Vec<(String, String, bool, Span)>,
}

pub(super) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let blocks = blocks(&draft)?;
    let mut descriptors = Descriptors::default();
    for block in &blocks {
        let package = package(&mut draft, block);
        let at = draft.add(package)?;
        for descriptor in &block.descriptors {
            descriptors.insert(descriptor, at);
        }
    }
    for (from, block) in blocks.iter().enumerate() {
        for (name, range, optional, span) in &block.wishes {
            match descriptors.find(name, range) {
                Some(to) => draft.edge(from, to)?,
                None if *optional => {}
                None => draft.dangling(*span, &format!("{name}@{range}")),
            }
        }
    }
    match manifest(&mut draft, files, ".") {
        Some(manifest) => {
            ask(&mut draft, &descriptors, &manifest)?;
            if manifest.has_workspaces {
                draft.roots_are_direct();
            } else {
                draft.spread();
            }
        }
        None => draft.roots_are_direct(),
    }
    Ok(draft.finish(Format::YarnLock, Some("1".to_owned())))
}

fn blocks(draft: &Draft<'_>) -> Result<Vec<Block>, Mistake> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut list = None;
    let is_known = |text: &str| text == "1";
    for numbered in placed(draft.file.text()) {
        let (number, start, line) = numbered?;
        if let Some(found) = line
            .strip_prefix("# yarn lockfile v")
            .filter(|v| !is_known(v))
        {
            let found = found.to_owned();
            let known = "1, and the format of Berry, are";
            return Err(Mistake::at(
                number,
                Problem::UnknownVersion { found, known },
            ));
        }
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let text = text.trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let span = Span::new(start + indent, start + indent + text.len());
        let expected = |what| Mistake::at(number, Problem::expected(what, text));
        if indent == 0 {
            let head = text
                .strip_suffix(':')
                .ok_or(expected("descriptors and a colon"))?;
            let descriptors = words(head, ',').ok_or(expected("descriptors and a colon"))?;
            list = None;
            blocks.push(Block {
                descriptors,
                span,
                ..Block::default()
            });
            continue;
        }
        let block = blocks
            .last_mut()
            .ok_or(expected("descriptors and a colon"))?;
        if indent <= 2 {
            list = text.strip_suffix(':').map(str::to_owned);
            if list.is_some() {
                continue;
            }
        }
        let pair = words(text, ' ').ok_or(expected("a word and its value"))?;
        let [key, value] = pair.as_slice() else {
            return Err(expected("a word and its value"));
        };
        match list.as_deref() {
            None => match key.as_str() {
                "version" => block.version = Some(value.clone()),
                "resolved" => block.resolved = Some(value.clone()),
                "integrity" => block.integrity = Some(value.clone()),
                _ => {}
            },
            Some(name @ ("dependencies" | "optionalDependencies")) => {
                let optional = name == "optionalDependencies";
                block
                    .wishes
                    .push((key.clone(), value.clone(), optional, span));
            }
            Some(_) => {}
        }
    }
    Ok(blocks)
}

/// Words between separators; a word in quotes is a JSON string. `None` where a
/// quote has no end.
fn words(text: &str, separator: char) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if rest.starts_with('"') {
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            words.push(stream.next()?.ok()?);
            rest = rest.get(stream.byte_offset()..)?;
        } else {
            let end = rest.find(separator).unwrap_or(rest.len());
            words.push(rest.get(..end)?.trim_end().to_owned());
            rest = rest.get(end..)?;
        }
        rest = rest.trim_start_matches([separator, ' ']);
    }
    (!words.is_empty()).then_some(words)
}

fn package(draft: &mut Draft<'_>, block: &Block) -> Package {
    let descriptor = block.descriptors.first().map_or("", String::as_str);
    let Some((called, range)) = cut(descriptor) else {
        draft.not_understood(block.span, "a descriptor", descriptor);
        return draft.package(
            Ecosystem::Npm,
            descriptor,
            block.version.clone(),
            block.span,
        );
    };
    let name = alias(range).unwrap_or(called);
    let version = block.version.clone();
    let mut package = draft.package(Ecosystem::Npm, name, version, block.span);
    package.alias = (name != called).then(|| called.to_owned());
    package.scope = Scope::Unknown;
    package.integrity = block
        .integrity
        .as_deref()
        .map(Integrity::subresource)
        .unwrap_or_default();
    let asked = source_of(range);
    package.source = match (block.resolved.as_deref(), asked) {
        (Some(resolved), None) => match source_of(resolved) {
            Some(source @ Source::Git { .. }) => source,
            _ => archive(resolved, &mut package.integrity),
        },
        (Some(resolved), Some(Source::Path { path })) if !resolved.contains("://") => {
            Source::Path { path }
        }
        (Some(resolved), Some(asked)) => match (source_of(resolved), asked) {
            (Some(source @ Source::Git { .. }), _) => source,
            (_, Source::Git { url, reference, .. }) => Source::Git {
                url,
                commit: commit_of_archive(resolved),
                reference,
            },
            _ => Source::Url {
                url: resolved.to_owned(),
            },
        },
        (None, Some(asked)) => asked,
        (None, None) => Source::registry(),
    };
    package
}

/// The commit at the end of an archive of a repository.
fn commit_of_archive(url: &str) -> Option<String> {
    let last = url.split('#').next()?.rsplit('/').next()?;
    let is_hex = last.len() == 40 && last.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| last.to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Relation, Unreadable, parse};

    const TEXT: &str = r#"# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.
# yarn lockfile v1


"@babel/code-frame@^7.0.0", "@babel/code-frame@^7.10.4":
  version "7.10.4"
  resolved "https://registry.yarnpkg.com/@babel/code-frame/-/code-frame-7.10.4.tgz#168da1a36e90da68ae8d49c0f1b48c7c6249213a"
  integrity sha512-vG6SvB6oYEhvgisZNFRmRCUkLz11c7rp+tbNTynGqc6mS1d5ATd/sGyV6W0KZZnXRKMTzZDRgQT3Ou9jhpAfUg==
  dependencies:
    highlight "^7.10.4"

"called@npm:real@^1.0.0":
  version "1.0.0"
  resolved "https://npm.example/real/-/real-1.0.0.tgz#168da1a36e90da68ae8d49c0f1b48c7c6249213a"

highlight@^7.10.4:
  version "7.10.4"
  resolved "https://codeload.github.com/a/b/tar.gz/168da1a36e90da68ae8d49c0f1b48c7c6249213a"
  optionalDependencies:
    gone "^1"

"hosted@a/b#main":
  version "1.0.0"
  resolved "https://codeload.github.com/a/b/tar.gz/168da1a36e90da68ae8d49c0f1b48c7c6249213a"
"#;

    fn read(text: &str, files: &dyn Files) -> Result<Document, crate::ParseError> {
        parse(
            Format::YarnLock,
            &SourceFile::new("web/yarn.lock", text),
            files,
        )
    }

    #[test]
    fn blocks_are_packages() {
        let manifest = r#"{"dependencies": {"called": "npm:real@^1.0.0"},
            "devDependencies": {"@babel/code-frame": "^7.0.0"}}"#;
        let files = |path: &str| match path {
            "web/package.json" => Ok(SourceFile::new(path, manifest)),
            _ => Err(Unreadable::Missing),
        };
        let document = read(TEXT, &files).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| {
                (
                    p.name.as_str(),
                    p.relation,
                    p.scope,
                    p.source.word(),
                    p.location.line,
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                (
                    "@babel/code-frame",
                    Relation::Direct,
                    Scope::Development,
                    "registry",
                    5
                ),
                ("real", Relation::Direct, Scope::Runtime, "registry", 12),
                (
                    "highlight",
                    Relation::Transitive,
                    Scope::Development,
                    "registry",
                    16
                ),
                ("hosted", Relation::Transitive, Scope::Unknown, "git", 22),
            ]
        );
        assert_eq!(document.notes, []);
        let real = document.packages.get(1).unwrap();
        assert_eq!(real.alias.as_deref(), Some("called"));
        assert_eq!(real.integrity.first().unwrap().algorithm.name(), "sha1");
        assert_eq!(real.source.is_public_registry(Ecosystem::Npm), Some(false));
    }

    #[test]
    fn without_a_manifest_nothing_is_guessed() {
        let document = read(TEXT, &NoFiles).unwrap();
        let relations: Vec<_> = document.packages.iter().map(|p| p.relation).collect();
        use Relation::{Direct, Unknown};
        assert_eq!(relations, [Direct, Direct, Unknown, Direct]);
        assert!(document.packages.iter().all(|p| p.scope == Scope::Unknown));
    }

    #[test]
    fn bad_files_are_told_with_their_line() {
        let cases = [
            ("# yarn lockfile v2\n", "line 1, column 1: version `2`"),
            ("a@1:\n  version \"1\n", "line 2"),
            ("  version \"1\"\n", "line 1"),
            ("a@1:\n  version\n", "line 2"),
            ("a@1\n", "line 1"),
        ];
        for (text, expected) in cases {
            let error = read(text, &NoFiles).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
