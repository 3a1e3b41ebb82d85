//! `*.deps.json`: what a published .NET program consists of.
//!
//! Source: dotnet/sdk, "Runtime configuration files", section "appname.deps.json".

use std::collections::HashMap;

use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::Mistake;
use crate::tree::{self, Entry, wanted};
use crate::{Ecosystem, Format, Integrity, Package, Relation, Source};

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::json(file)?;
    let libraries = root.get("libraries");
    let libraries = wanted(file, root.span, "`libraries`", libraries)?;
    let mut places = HashMap::new();
    for entry in libraries.entries() {
        let Some((name, version)) = entry.key.rsplit_once('/') else {
            draft.not_understood(entry.span, "a library", &entry.key);
            continue;
        };
        let package = package(&draft, entry, name, version);
        let at = draft.add(package)?;
        places.insert(entry.key.to_lowercase(), at);
    }
    for target in root.entries_of("targets") {
        for entry in target.node.entries() {
            let Some(&from) = places.get(&entry.key.to_lowercase()) else {
                continue;
            };
            for need in entry.node.entries_of("dependencies") {
                let version = need.node.text().unwrap_or_default();
                let key = format!("{}/{version}", need.key).to_lowercase();
                match places.get(&key) {
                    Some(&to) => draft.edge(from, to)?,
                    None => draft.dangling(need.span, &key),
                }
            }
        }
    }
    let target = root.get("runtimeTarget");
    let target = target.and_then(|target| target.text_of("name").or_else(|| target.text()));
    let version = target.map(str::to_owned);
    Ok(draft.finish(Format::DepsJson, version))
}

fn package(draft: &Draft<'_>, entry: &Entry<'_>, name: &str, version: &str) -> Package {
    let node = &entry.node;
    let kind = node.text_of("type").unwrap_or_default();
    let name = match kind {
        "runtimepack" => name.strip_prefix("runtimepack.").unwrap_or(name),
        _ => name,
    };
    let version = Some(version.to_owned());
    let mut package = draft.package(Ecosystem::NuGet, name, version, entry.span);
    package.source = match kind {
        "package" | "runtimepack" => Source::registry(),
        "project" => {
            package.relation = Relation::Project;
            let path = String::new();
            Source::Path { path }
        }
        _ => Source::Unknown,
    };
    let hash = node.text_of("sha512").filter(|hash| !hash.is_empty());
    package.integrity = hash.map(Integrity::subresource).unwrap_or_default();
    package
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, parse};

    #[test]
    fn libraries_are_packages() {
        let text = r#"{"runtimeTarget": {"name": ".NETCoreApp,Version=v8.0"},
 "targets": {".NETCoreApp,Version=v8.0": {
  "App/1.0.0": {"dependencies": {"Serilog": "3.0.1"}},
  "Serilog/3.0.1": {"dependencies": {"System.X": "1.0.0"}}, "System.X/1.0.0": {}}},
 "libraries": {
  "App/1.0.0": {"type": "project", "sha512": ""},
  "Serilog/3.0.1": {"type": "package", "sha512": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
  "System.X/1.0.0": {"type": "package", "sha512": ""}, "odd": {}}}"#;
        let file = SourceFile::new("App.deps.json", text);
        let document = parse(Format::DepsJson, &file, &NoFiles).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| (p.name.as_str(), p.relation, p.integrity.len()))
            .collect();
        assert_eq!(
            shown,
            [
                ("App", Relation::Project, 0),
                ("Serilog", Relation::Direct, 1),
                ("System.X", Relation::Transitive, 0),
            ]
        );
        assert_eq!(document.path_to(2), [0, 1, 2]);
        assert_eq!(document.gaps().count(), 1);
        assert!(parse(Format::DepsJson, &SourceFile::new("x", "{}"), &NoFiles).is_err());
    }
}
