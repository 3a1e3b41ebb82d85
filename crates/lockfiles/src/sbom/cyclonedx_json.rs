//! CycloneDX in JSON, versions 1.0 to 1.7 of the specification.
//!
//! Source: CycloneDX specification (ECMA-424), `components` and `dependencies`.

use super::component::{Component, Ids, add};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Node, wanted};
use crate::{Algorithm, Format, Integrity, Subject};

/// Whether a version of the specification is known.
pub(super) fn is_known(version: &str) -> bool {
    matches!(
        version.strip_prefix("1."),
        Some("0" | "1" | "2" | "3" | "4" | "5" | "6" | "7")
    )
}

pub(super) const KNOWN: &str = "1.0 to 1.7 are";

/// The kinds of components that are no software.
pub(super) fn is_software(kind: &str) -> bool {
    !matches!(
        kind,
        "file" | "data" | "device" | "cryptographic-asset" | "operating-system"
    )
}

pub(crate) fn read(mut draft: Draft<'_>, files: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let root = tree::json(file)?;
    // `bom.json` says nothing of which kind of bill it is.
    if root.get("spdxVersion").is_some() {
        return super::spdx_json::read(draft, files);
    }
    let is_it = root.text_of("bomFormat") == Some("CycloneDX");
    let what = "`bomFormat` CycloneDX";
    wanted(file, root.span, what, is_it.then_some(()))?;
    let node = root.get("specVersion");
    let node = wanted(file, root.span, "`specVersion`", node)?;
    let version = node.text().unwrap_or_default().to_owned();
    if !is_known(&version) {
        let found = crate::draft::shown(&version);
        let known = KNOWN;
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    let mut ids = Ids::new();
    let project = root
        .get("metadata")
        .and_then(|metadata| metadata.get("component"));
    if let Some(project) = project {
        component(&mut draft, &mut ids, project, true)?;
    }
    for node in root.items_of("components") {
        component(&mut draft, &mut ids, node, false)?;
    }
    for node in root.items_of("dependencies") {
        let Some(&from) = node.text_of("ref").and_then(|id| ids.get(id)) else {
            continue;
        };
        for item in node.items_of("dependsOn") {
            let id = item.text().unwrap_or_default();
            match ids.get(id) {
                Some(&to) => draft.edge(from, to)?,
                None => draft.dangling(item.span, id),
            }
        }
    }
    if root.items_of("dependencies").is_empty() {
        draft.knows_nothing();
    }
    Ok(draft.finish(Format::CycloneDxJson, Some(version)))
}

/// A component with those inside of it; the depth is bounded by that of the tree.
fn component(
    draft: &mut Draft<'_>,
    ids: &mut Ids,
    node: &Node<'_>,
    is_project: bool,
) -> Result<(), Mistake> {
    let file = draft.file;
    if node.text_of("type").is_none_or(is_software) {
        let name = wanted(file, node.span, "`name` of a component", node.get("name"))?;
        let text = wanted(file, name.span, "a text as `name`", name.text())?;
        let text = match node.text_of("group").filter(|group| !group.is_empty()) {
            Some(group) => format!("{group}/{text}"),
            None => text.to_owned(),
        };
        let hashes = node.items_of("hashes").iter().filter_map(|hash| {
            let algorithm = Algorithm::named(hash.text_of("alg")?);
            Some(Integrity::hex(
                Subject::Archive,
                algorithm,
                hash.text_of("content")?,
            ))
        });
        let owned = |key: &str| node.text_of(key).map(str::to_owned);
        let described = Component {
            id: owned("bom-ref").unwrap_or_default(),
            name: text,
            version: owned("version"),
            purl: owned("purl"),
            integrity: hashes.collect(),
            licence: licence(node),
            download: None,
            optional: node.text_of("scope") == Some("optional"),
            is_project,
            span: name.span,
        };
        add(draft, ids, described)?;
    }
    for inner in node.items_of("components") {
        component(draft, ids, inner, false)?;
    }
    Ok(())
}

fn licence(node: &Node<'_>) -> Option<String> {
    let parts = node.items_of("licenses").iter().filter_map(|item| {
        let licence = item.get("license");
        let of = |key: &str| licence.and_then(|licence| licence.text_of(key));
        item.text_of("expression")
            .or_else(|| of("id"))
            .or_else(|| of("name"))
    });
    let parts: Vec<&str> = parts.collect();
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{Ecosystem, NoFiles, Relation, parse};

    const TEXT: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5",
 "metadata": {"component": {"bom-ref": "app", "type": "application", "name": "app"}},
 "components": [
  {"bom-ref": "a", "type": "library", "name": "core", "group": "@angular", "version": "1", "purl": "pkg:npm/%40angular/core@1.0.0",
   "licenses": [{"license": {"id": "MIT"}}], "hashes": [{"alg": "SHA-256", "content": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],
   "components": [{"bom-ref": "b", "type": "library", "name": "inner", "version": "2"}]},
  {"type": "file", "name": "/etc/passwd"},
  {"bom-ref": "c", "type": "library", "name": "curl", "purl": "pkg:deb/debian/curl@7.88?arch=amd64&distro=debian-12"}],
 "dependencies": [{"ref": "app", "dependsOn": ["a", "gone"]}, {"ref": "a", "dependsOn": ["c"]}]}"#;

    #[test]
    fn components_are_packages() {
        let file = SourceFile::new("bom.json", TEXT);
        let document = parse(Format::CycloneDxJson, &file, &NoFiles).unwrap();
        let rows: Vec<_> = (document.packages.iter())
            .map(|p| (p.ecosystem, p.name.as_str(), p.relation, p.location.line))
            .collect();
        assert_eq!(
            rows,
            [
                (Ecosystem::Generic, "app", Relation::Project, 2),
                (Ecosystem::Npm, "@angular/core", Relation::Direct, 4),
                (Ecosystem::Generic, "inner", Relation::Transitive, 6),
                (Ecosystem::Debian, "curl", Relation::Transitive, 8),
            ]
        );
        let curl = document.packages.last().unwrap();
        assert_eq!(curl.osv_ecosystem().as_deref(), Some("Debian:12"));
        assert_eq!(document.path_to(3), [0, 1, 3]);
        assert_eq!(document.notes.len(), 1);
        for (text, expected) in [
            ("{}", "`bomFormat` CycloneDX"),
            (
                "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"2.0\"}",
                "version `2.0`",
            ),
            (
                "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.4\",\n\"components\": [{}]}",
                "line 2",
            ),
        ] {
            let file = SourceFile::new("bom.json", text);
            let error = parse(Format::CycloneDxJson, &file, &NoFiles)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
