//! `mix.lock`: a map of Elixir, from name to a tuple.
//!
//! Source: hexpm/hex, `lib/hex/utils.ex` (`lock`): `{:hex, name, version, hash of
//! the contents, managers, needs, repository, hash of the archive}`, of which old
//! files have fewer; elixir-lang/elixir, `lib/mix/lib/mix/scm/git.ex`: `{:git,
//! address, commit, options}`. What the project asks for stands in `mix.exs`, a
//! program.

use std::collections::HashMap;

use super::terms;
use crate::document::Document;
use crate::draft::{Draft, shown};
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Entry, Node, wanted};
use crate::{Algorithm, Ecosystem, Format, Integrity, Package, Source, Subject};

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = terms::read(file)?;
    let map = root.is_table() || root.items().is_empty();
    wanted(file, root.span, "a map", map.then_some(()))?;
    let mut places = HashMap::new();
    let mut nodes = Vec::new();
    for entry in root.entries() {
        let package = package(&draft, entry)?;
        let at = draft.add(package)?;
        places.insert(entry.key.to_string(), at);
        nodes.push((at, entry));
    }
    for (from, entry) in nodes {
        let needs = entry.node.items().get(5).map_or(&[][..], Node::items);
        for need in needs {
            let [name, .., options] = need.items() else {
                continue;
            };
            let name = name.text().unwrap_or_default();
            match places.get(name) {
                Some(&to) => draft.edge(from, to)?,
                None if options.flag("optional") => {}
                None => draft.dangling(need.span, name),
            }
        }
    }
    draft.roots_are_direct();
    Ok(draft.finish(Format::MixLock, None))
}

fn package(draft: &Draft<'_>, entry: &Entry<'_>) -> Result<Package, Mistake> {
    let file = draft.file;
    let items = entry.node.items();
    let text = |at: usize| items.get(at).and_then(Node::text);
    let owned = |at: usize| text(at).map(str::to_owned);
    match text(0) {
        Some("hex") => {
            let name = wanted(file, entry.node.span, "the name of a package", text(1))?;
            let version = wanted(file, entry.node.span, "the version of a package", text(2))?;
            let version = Some(version.to_owned());
            let mut package = draft.package(Ecosystem::Hex, name, version, entry.span);
            package.alias = (name != entry.key).then(|| entry.key.to_string());
            let hash = |subject, at: usize| {
                let text = text(at).filter(|text| !text.is_empty())?;
                Some(Integrity::hex(subject, Algorithm::Sha256, text))
            };
            package.integrity.extend(hash(Subject::Contents, 3));
            package.integrity.extend(hash(Subject::Archive, 7));
            // `hexpm` is the public one; others are named as the project does.
            let index = owned(6).map(|name| match name.as_str() {
                "hexpm" => "https://repo.hex.pm".to_owned(),
                _ => name,
            });
            package.source = Source::Registry {
                index,
                archive: None,
            };
            Ok(package)
        }
        Some("git") => {
            let mut package = draft.package(Ecosystem::Hex, entry.key.as_ref(), None, entry.span);
            let options = items.get(3);
            let reference = ["tag", "branch", "ref"].iter();
            let reference = reference.filter_map(|key| options?.text_of(key)).next();
            package.source = Source::Git {
                url: owned(1).unwrap_or_default(),
                commit: owned(2),
                reference: reference.map(str::to_owned),
            };
            Ok(package)
        }
        Some("path") => {
            let mut package = draft.package(Ecosystem::Hex, entry.key.as_ref(), None, entry.span);
            package.source = Source::Path {
                path: owned(1).unwrap_or_default(),
            };
            Ok(package)
        }
        found => {
            let found = shown(found.unwrap_or_default());
            let problem = Problem::expected("`:hex`, `:git` or `:path`", &found);
            Err(tree::at(file, entry.node.span.start, problem))
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Relation, parse};

    const SUM: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn tuples_are_packages() {
        let text = format!(
            "%{{\n  \"plug\": {{:hex, :plug, \"1.14.0\", \"{SUM}\", [:mix], [{{:mime, \"~> 1.0\", \
             [hex: :mime, repo: \"hexpm\", optional: false]}}, {{:telemetry, \"~> 1.0\", [hex: :telemetry, \
             repo: \"hexpm\", optional: true]}}], \"hexpm\", \"{SUM}\"}},\n  \"mime\": {{:hex, :mime, \"1.6.0\", \
             \"{SUM}\"}},\n  \"far\": {{:git, \"https://github.com/x/far.git\", \"abc\", [branch: \"main\"]}},\n}}\n"
        );
        let file = SourceFile::new("mix.lock", text);
        let document = parse(Format::MixLock, &file, &NoFiles).unwrap();
        let rows: Vec<_> = (document.packages.iter())
            .map(|p| {
                (
                    p.name.as_str(),
                    p.source.word(),
                    p.relation,
                    p.integrity.len(),
                    p.location.line,
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("plug", "registry", Relation::Direct, 2, 2),
                ("mime", "registry", Relation::Unknown, 1, 3),
                ("far", "git", Relation::Direct, 0, 4),
            ]
        );
        let plug = document.packages.first().unwrap();
        assert_eq!(plug.source.is_public_registry(Ecosystem::Hex), Some(true));
        assert_eq!(document.path_to(1), [0, 1]);
        assert_eq!(document.notes, []);
        for text in [
            "%{\"a\": {:odd}}",
            "%{\"a\": {:hex, :a}}",
            "{:a}",
            "%{\"a\": {",
        ] {
            let file = SourceFile::new("mix.lock", text);
            assert!(parse(Format::MixLock, &file, &NoFiles).is_err(), "{text}");
        }
    }
}
