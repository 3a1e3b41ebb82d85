//! SPDX in JSON, versions 2.0 to 2.3 of the specification; also as GitHub exports
//! it, inside of `sbom`.
//!
//! Source: SPDX specification (ISO/IEC 5962), "Package information" and
//! "Relationships between SPDX elements".

use super::component::{Component, Ids, add};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, Node, wanted};
use crate::{Algorithm, Format, Integrity, Relation, Scope, Subject};

/// Whether a version of the specification is known.
pub(super) fn is_known(version: &str) -> bool {
    matches!(version, "SPDX-2.0" | "SPDX-2.1" | "SPDX-2.2" | "SPDX-2.3")
}

pub(super) const KNOWN: &str = "SPDX-2.0 to SPDX-2.3 are";

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let whole = tree::json(file)?;
    let root = whole
        .get("sbom")
        .filter(|node| node.is_table())
        .unwrap_or(&whole);
    let node = root.get("spdxVersion");
    let node = wanted(file, root.span, "`spdxVersion`", node)?;
    let version = node.text().unwrap_or_default().to_owned();
    if !is_known(&version) {
        let found = crate::draft::shown(&version);
        let known = KNOWN;
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, node.span.start, problem));
    }
    let mut ids = Ids::new();
    for node in root.items_of("packages") {
        let described = component(&draft, node)?;
        add(&mut draft, &mut ids, described)?;
    }
    let mut links = Links::default();
    for item in root.items_of("documentDescribes") {
        let id = item.text().unwrap_or_default();
        links.relate(&mut draft, &ids, "SPDXRef-DOCUMENT", "DESCRIBES", id)?;
    }
    for node in root.items_of("relationships") {
        let of = |key: &str| node.text_of(key).unwrap_or_default();
        let (from, to) = (of("spdxElementId"), of("relatedSpdxElement"));
        links.relate(&mut draft, &ids, from, of("relationshipType"), to)?;
    }
    links.end(&mut draft);
    Ok(draft.finish(Format::SpdxJson, Some(version)))
}

/// What the relationships say.
#[derive(Default)]
pub(super) struct Links {
    knows: bool,
}

impl Links {
    /// One relationship. Those to what is no package say nothing here.
    pub(super) fn relate(
        &mut self,
        draft: &mut Draft<'_>,
        ids: &Ids,
        from: &str,
        kind: &str,
        to: &str,
    ) -> Result<(), Mistake> {
        let (left, right) = (ids.get(from).copied(), ids.get(to).copied());
        let described = match kind.to_ascii_uppercase().as_str() {
            "DESCRIBES" => right,
            "DESCRIBED_BY" => left,
            "DEPENDS_ON" | "CONTAINS" => return self.need(draft, left, right, None),
            "DEPENDENCY_OF" | "RUNTIME_DEPENDENCY_OF" | "CONTAINED_BY" => {
                return self.need(draft, right, left, None);
            }
            "DEV_DEPENDENCY_OF"
            | "TEST_DEPENDENCY_OF"
            | "BUILD_DEPENDENCY_OF"
            | "DEV_TOOL_OF"
            | "TEST_TOOL_OF"
            | "BUILD_TOOL_OF" => {
                return self.need(draft, right, left, Some(false));
            }
            "OPTIONAL_DEPENDENCY_OF" => return self.need(draft, right, left, Some(true)),
            _ => None,
        };
        if let Some(package) = described.and_then(|at| draft.packages.get_mut(at)) {
            package.relation = Relation::Project;
        }
        Ok(())
    }

    fn need(
        &mut self,
        draft: &mut Draft<'_>,
        from: Option<usize>,
        to: Option<usize>,
        optional: Option<bool>,
    ) -> Result<(), Mistake> {
        let (Some(from), Some(to)) = (from, to) else {
            return Ok(());
        };
        self.knows = true;
        if let (Some(optional), Some(package)) = (optional, draft.packages.get_mut(to)) {
            if optional {
                package.optional = true;
            } else {
                package.scope = Scope::Development;
            }
        }
        draft.edge(from, to)
    }

    /// Without any relationship between packages, nothing is known of them.
    pub(super) fn end(&self, draft: &mut Draft<'_>) {
        if !self.knows {
            draft.knows_nothing();
        }
    }
}

fn component(draft: &Draft<'_>, node: &Node<'_>) -> Result<Component, Mistake> {
    let file = draft.file;
    let name = wanted(file, node.span, "`name` of a package", node.get("name"))?;
    let text = wanted(file, name.span, "a text as `name`", name.text())?;
    let hashes = node.items_of("checksums").iter().filter_map(|hash| {
        let algorithm = Algorithm::named(hash.text_of("algorithm")?);
        Some(Integrity::hex(
            Subject::Archive,
            algorithm,
            hash.text_of("checksumValue")?,
        ))
    });
    let references = node.items_of("externalRefs").iter();
    let purl = references
        .filter(|one| one.text_of("referenceType") == Some("purl"))
        .find_map(|one| one.text_of("referenceLocator"));
    let said = |key: &str| {
        let text = node.text_of(key)?;
        (!matches!(text, "NOASSERTION" | "NONE" | "")).then(|| text.to_owned())
    };
    Ok(Component {
        id: node.text_of("SPDXID").unwrap_or_default().to_owned(),
        name: text.to_owned(),
        version: said("versionInfo"),
        purl: purl.map(str::to_owned),
        integrity: hashes.collect(),
        licence: said("licenseConcluded").or_else(|| said("licenseDeclared")),
        download: said("downloadLocation"),
        optional: false,
        is_project: false,
        span: name.span,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{Ecosystem, NoFiles, parse};

    const TEXT: &str = r#"{"spdxVersion": "SPDX-2.3", "packages": [
 {"SPDXID": "SPDXRef-app", "name": "app"},
 {"SPDXID": "SPDXRef-a", "name": "a", "versionInfo": "1.0", "downloadLocation": "https://registry.npmjs.org/a/-/a-1.0.tgz",
  "licenseConcluded": "NOASSERTION", "licenseDeclared": "MIT",
  "checksums": [{"algorithm": "SHA256", "checksumValue": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}],
  "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:npm/a@1.0"}]},
 {"SPDXID": "SPDXRef-b", "name": "b", "externalRefs": [{"referenceType": "purl", "referenceLocator": "nonsense"}]}],
 "relationships": [
 {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-app"},
 {"spdxElementId": "SPDXRef-app", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-a"},
 {"spdxElementId": "SPDXRef-b", "relationshipType": "DEV_DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-a"}]}"#;

    #[test]
    fn packages_and_relationships_are_read() {
        for text in [TEXT.to_owned(), format!("{{\"sbom\": {TEXT}}}")] {
            let file = SourceFile::new("x.spdx.json", text);
            let document = parse(Format::SpdxJson, &file, &NoFiles).unwrap();
            for other in [Format::SpdxTagValue, Format::CycloneDxJson] {
                let same = parse(other, &file, &NoFiles);
                assert!(
                    same.is_ok_and(|same| same == document) || file.text().starts_with("{\"sbom\"")
                );
            }
            let rows: Vec<_> = (document.packages.iter())
                .map(|p| {
                    (
                        p.ecosystem,
                        p.name.as_str(),
                        p.relation,
                        p.scope,
                        p.location.line,
                    )
                })
                .collect();
            use Relation::{Direct, Project, Transitive};
            assert_eq!(
                rows,
                [
                    (Ecosystem::Generic, "app", Project, Scope::Unknown, 2),
                    (Ecosystem::Npm, "a", Direct, Scope::Unknown, 3),
                    (Ecosystem::Generic, "b", Transitive, Scope::Development, 7),
                ]
            );
            let a = document.packages.get(1).unwrap();
            assert_eq!(a.licence.as_deref(), Some("MIT"));
            assert_eq!(a.source.is_public_registry(Ecosystem::Npm), Some(true));
            assert_eq!(a.purl().as_deref(), Some("pkg:npm/a@1.0"));
            let gaps: Vec<_> = document.gaps().map(|note| note.kind.to_string()).collect();
            assert_eq!(gaps, ["a package URL is not understood: `nonsense`"]);
        }
        let file = SourceFile::new("x.spdx.json", "{\"spdxVersion\": \"SPDX-3.0\"}");
        let error = parse(Format::SpdxJson, &file, &NoFiles)
            .unwrap_err()
            .to_string();
        assert!(error.contains("version `SPDX-3.0`"), "{error}");
    }
}
