//! `yarn.lock` of Yarn 2 and newer, which is YAML.
//!
//! Source: yarnpkg/berry, `packages/yarnpkg-core/sources/Project.ts`: a key
//! joins the descriptors that the package answers, `resolution` names the package
//! itself, `checksum` is the SHA-512 of the archive that Yarn packs, behind the
//! key of its cache. What is for development alone stands in the manifests.

use super::yarn::{Descriptors, ask};
use super::{cut, manifest, source_of};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Entry, Node, wanted};
use crate::{Algorithm, Ecosystem, Format, Integrity, Package, Relation, Source, Subject};

/// The versions whose words are the same.
const KNOWN: [&str; 7] = ["4", "5", "6", "7", "8", "9", "10"];

pub(super) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let mut roots = tree::yaml(file)?;
    let root = if roots.len() == 1 { roots.pop() } else { None };
    let whole = cofferdam_facts::Span::default();
    let root = wanted(file, whole, "one document", root)?;
    let version = version(&draft, &root)?;
    let mut descriptors = Descriptors::default();
    let mut nodes = Vec::new();
    let mut patched = Vec::new();
    let mut members = Vec::new();
    for entry in root.entries() {
        if entry.key == "__metadata" {
            continue;
        }
        let what = "a package with its `resolution`";
        let resolution = entry.node.text_of("resolution");
        let resolution = wanted(file, entry.node.span, what, resolution)?;
        let Some((name, reference)) = cut(resolution) else {
            draft.not_understood(entry.span, "a resolution", resolution);
            continue;
        };
        if let Some(base) = patched_base(reference) {
            patched.push((entry, base));
            continue;
        }
        let package = package(&draft, entry, name, reference);
        if package.relation == Relation::Project
            && let Source::Path { path } = &package.source
        {
            members.push(path.clone());
        }
        let at = draft.add(package)?;
        nodes.push((at, &entry.node));
        insert(&mut descriptors, &entry.key, at);
        descriptors.insert(resolution, at);
    }
    for (entry, base) in patched {
        // What a patch changes is still the package, under another descriptor.
        match descriptors.get(&base) {
            Some(at) => insert(&mut descriptors, &entry.key, at),
            None => draft.dangling(entry.span, &base),
        }
    }
    for (from, node) in nodes {
        edges(&mut draft, &descriptors, from, node)?;
    }
    let mut known = 0;
    for member in &members {
        if let Some(manifest) = manifest(&mut draft, files, member) {
            ask(&mut draft, &descriptors, &manifest)?;
            known += 1;
        }
    }
    if known == members.len() {
        draft.spread();
    }
    Ok(draft.finish(Format::YarnLock, Some(version)))
}

fn version(draft: &Draft<'_>, root: &Node<'_>) -> Result<String, Mistake> {
    let file = draft.file;
    let what = "`__metadata` with its `version`";
    let node = root.get("__metadata").and_then(|node| node.get("version"));
    let node = wanted(file, root.span, what, node)?;
    let found = wanted(file, node.span, "a number", node.text())?;
    if KNOWN.contains(&found) {
        return Ok(found.to_owned());
    }
    let found = crate::draft::shown(found);
    let known = "4 to 10 of Berry are";
    let problem = Problem::UnknownVersion { found, known };
    Err(tree::at(file, node.span.start, problem))
}

fn insert(descriptors: &mut Descriptors, key: &str, at: usize) {
    for descriptor in key.split(", ") {
        descriptors.insert(descriptor, at);
    }
}

/// The locator of what a patch is applied to.
fn patched_base(reference: &str) -> Option<String> {
    let rest = reference.strip_prefix("patch:")?;
    let base = rest.split(['#']).next()?;
    Some(base.replace("%3A", ":").replace("%40", "@"))
}

fn package(draft: &Draft<'_>, entry: &Entry<'_>, name: &str, reference: &str) -> Package {
    let node = &entry.node;
    let version = node.text_of("version").map(str::to_owned);
    let mut package = draft.package(Ecosystem::Npm, name, version, entry.span);
    let called = entry.key.split(", ").next().and_then(cut);
    package.alias = called
        .map(|(called, _)| called.to_owned())
        .filter(|called| called != name);
    if let Some(checksum) = node.text_of("checksum") {
        let digest = checksum.rsplit('/').next().unwrap_or(checksum);
        let hash = Integrity::hex(Subject::Contents, Algorithm::Sha512, digest);
        package.integrity.push(hash);
    }
    package.source = if let Some(path) = reference.strip_prefix("workspace:") {
        package.relation = Relation::Project;
        Source::Path {
            path: path.to_owned(),
        }
    } else if let Some(rest) = reference.strip_prefix("npm:") {
        // `npm:1.0.0::__archiveUrl=https%3A%2F%2F…` where the registry says so.
        let archive = rest
            .split_once("__archiveUrl=")
            .map(|(_, url)| decoded(url));
        Source::Registry {
            index: None,
            archive,
        }
    } else {
        // `file:../x#../x::hash=…&locator=…` and the like.
        let until = reference.split("::").next().unwrap_or(reference);
        match source_of(until) {
            Some(Source::Path { path }) => Source::Path {
                path: path.split('#').next().unwrap_or_default().to_owned(),
            },
            Some(source) => source,
            None => Source::Unknown,
        }
    };
    package.marker = node.text_of("conditions").map(str::to_owned);
    package.optional = package.marker.is_some();
    package
}

fn decoded(url: &str) -> String {
    let url = url.split('&').next().unwrap_or(url);
    url.replace("%3A", ":")
        .replace("%2F", "/")
        .replace("%40", "@")
}

fn edges(
    draft: &mut Draft<'_>,
    descriptors: &Descriptors,
    from: usize,
    node: &Node<'_>,
) -> Result<(), Mistake> {
    let meta = node.get("dependenciesMeta");
    for entry in node.entries_of("dependencies") {
        let range = entry.node.text().unwrap_or_default();
        match descriptors.find(&entry.key, range) {
            Some(to) => draft.edge(from, to)?,
            None => {
                let meta = meta.and_then(|meta| meta.get(&entry.key));
                // Resolutions of the project may put another range into its place.
                let is_bound = range.starts_with("patch:") || range.starts_with("workspace:");
                if !is_bound && !meta.is_some_and(|meta| meta.flag("optional")) {
                    draft.dangling(entry.span, &format!("{}@{range}", entry.key));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{NoFiles, Scope, Unreadable, parse};

    const TEXT: &str = r#"# This file is generated by running "yarn install" inside your project.

__metadata:
  version: 8
  cacheKey: 10c0

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    is-odd: "npm:^3.0.1"
    typescript: "npm:^5.0.0"
  languageName: unknown
  linkType: soft

"is-number@npm:^6.0.0":
  version: 6.0.0
  resolution: "is-number@npm:6.0.0"
  checksum: 10c0/cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e
  languageName: node
  linkType: hard

"is-odd@npm:^3.0.1":
  version: 3.0.1
  resolution: "is-odd@npm:3.0.1"
  dependencies:
    is-number: "npm:^6.0.0"
  languageName: node
  linkType: hard

"typescript@npm:^5.0.0":
  version: 5.0.0
  resolution: "typescript@npm:5.0.0"
  languageName: node
  linkType: hard

"typescript@patch:typescript@npm%3A^5.0.0#optional!builtin<compat/typescript>":
  version: 5.0.0
  resolution: "typescript@patch:typescript@npm%3A5.0.0#optional!builtin<compat/typescript>::version=5.0.0&hash=b45daf"
  languageName: node
  linkType: hard
"#;

    fn read(text: &str, files: &dyn Files) -> Result<Document, crate::ParseError> {
        parse(Format::YarnLock, &SourceFile::new("yarn.lock", text), files)
    }

    #[test]
    fn entries_are_packages() {
        let manifest = r#"{"dependencies": {"is-odd": "^3.0.1"},
            "devDependencies": {"typescript": "^5.0.0"}}"#;
        let files = |path: &str| match path {
            "package.json" => Ok(SourceFile::new(path, manifest)),
            _ => Err(Unreadable::Missing),
        };
        let document = read(TEXT, &files).unwrap();
        let shown: Vec<_> = (document.packages.iter())
            .map(|p| (p.name.as_str(), p.relation, p.scope, p.location.line))
            .collect();
        assert_eq!(
            shown,
            [
                ("app", Relation::Project, Scope::Unknown, 7),
                ("is-number", Relation::Transitive, Scope::Runtime, 16),
                ("is-odd", Relation::Direct, Scope::Runtime, 23),
                ("typescript", Relation::Direct, Scope::Development, 31),
            ]
        );
        assert_eq!(document.path_to(1), [0, 2, 1]);
        assert_eq!(document.notes, []);
        assert_eq!(document.packages.get(1).unwrap().integrity.len(), 1);
    }

    #[test]
    fn scopes_are_unknown_without_the_manifests() {
        let document = read(TEXT, &NoFiles).unwrap();
        assert!(document.packages.iter().all(|p| p.scope == Scope::Unknown));
        assert_eq!(document.packages.get(2).unwrap().relation, Relation::Direct);
    }

    #[test]
    fn unknown_versions_are_named() {
        let text = TEXT.replace("version: 8\n", "version: 99\n");
        let error = read(&text, &NoFiles).unwrap_err().to_string();
        assert!(error.contains("line 4, column 12: version `99`"), "{error}");
    }
}
