//! CycloneDX in XML, versions 1.0 to 1.7 of the specification.

use roxmltree::Node;

use super::component::{Component, Ids, add};
use super::cyclonedx_json::{KNOWN, is_known, is_software};
use crate::document::Document;
use crate::draft::Draft;
use crate::files::Files;
use crate::mistake::{Mistake, Problem};
use crate::tree::{self, MAX_DEPTH, wanted};
use crate::{Algorithm, Format, Integrity, Subject, xml};

/// What stands before the version in the namespace.
const NAMESPACE: &str = "http://cyclonedx.org/schema/bom/";

pub(crate) fn read(mut draft: Draft<'_>, _: &dyn Files) -> Result<Document, Mistake> {
    let file = draft.file;
    let document = xml::read(file)?;
    let root = document.root_element();
    let span = xml::span(root);
    let namespace = root.tag_name().namespace().unwrap_or_default();
    let version = namespace
        .strip_prefix(NAMESPACE)
        .filter(|_| root.tag_name().name() == "bom");
    let version = wanted(file, span, "`<bom>` in the namespace of CycloneDX", version)?;
    if !is_known(version) {
        let found = crate::draft::shown(version);
        let known = KNOWN;
        let problem = Problem::UnknownVersion { found, known };
        return Err(tree::at(file, span.start, problem));
    }
    let mut ids = Ids::new();
    let metadata = xml::child(root, "metadata");
    if let Some(project) = metadata.and_then(|node| xml::child(node, "component")) {
        component(&mut draft, &mut ids, project, true, 0)?;
    }
    for list in xml::children(root, "components") {
        for node in xml::children(list, "component") {
            component(&mut draft, &mut ids, node, false, 0)?;
        }
    }
    let mut knows = false;
    for list in xml::children(root, "dependencies") {
        for node in xml::children(list, "dependency") {
            knows = true;
            let Some(&from) = node.attribute("ref").and_then(|id| ids.get(id)) else {
                continue;
            };
            for need in xml::children(node, "dependency") {
                let id = need.attribute("ref").unwrap_or_default();
                match ids.get(id) {
                    Some(&to) => draft.edge(from, to)?,
                    None => draft.dangling(xml::span(need), id),
                }
            }
        }
    }
    if !knows {
        draft.knows_nothing();
    }
    Ok(draft.finish(Format::CycloneDxXml, Some(version.to_owned())))
}

fn component(
    draft: &mut Draft<'_>,
    ids: &mut Ids,
    node: Node<'_, '_>,
    is_project: bool,
    depth: usize,
) -> Result<(), Mistake> {
    let file = draft.file;
    let span = xml::span(node);
    if depth > MAX_DEPTH {
        let limit = MAX_DEPTH;
        return Err(tree::at(file, span.start, Problem::TooDeep { limit }));
    }
    if node.attribute("type").is_none_or(is_software) {
        let what = "`<name>` of a component";
        let name = wanted(file, span, what, xml::text(node, "name"))?;
        let place = xml::child(node, "name").map_or(span, xml::span);
        let name = match xml::text(node, "group") {
            Some(group) => format!("{group}/{name}"),
            None => name.to_owned(),
        };
        let hashes = xml::children(node, "hashes").flat_map(|all| xml::children(all, "hash"));
        let hashes = hashes.filter_map(|hash| {
            let algorithm = Algorithm::named(hash.attribute("alg")?);
            Some(Integrity::hex(
                Subject::Archive,
                algorithm,
                hash.text()?.trim(),
            ))
        });
        let owned = |name: &str| xml::text(node, name).map(str::to_owned);
        let described = Component {
            id: node.attribute("bom-ref").unwrap_or_default().to_owned(),
            name,
            version: owned("version"),
            purl: owned("purl"),
            integrity: hashes.collect(),
            licence: licence(node),
            download: None,
            optional: xml::text(node, "scope") == Some("optional"),
            is_project,
            span: place,
        };
        add(draft, ids, described)?;
    }
    for list in xml::children(node, "components") {
        for inner in xml::children(list, "component") {
            component(draft, ids, inner, false, depth + 1)?;
        }
    }
    Ok(())
}

fn licence(node: Node<'_, '_>) -> Option<String> {
    let all = xml::child(node, "licenses")?;
    let mut parts = Vec::new();
    for item in all.children().filter(Node::is_element) {
        let text = match item.tag_name().name() {
            "expression" => item.text().map(str::trim),
            _ => xml::text(item, "id").or_else(|| xml::text(item, "name")),
        };
        parts.extend(text);
    }
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::SourceFile;

    use super::*;
    use crate::{Ecosystem, NoFiles, Relation, parse};

    #[test]
    fn components_are_packages() {
        let text = "<?xml version=\"1.0\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">\n\
            <metadata><component type=\"application\" bom-ref=\"app\"><name>app</name></component></metadata>\n\
            <components>\n<component type=\"library\" bom-ref=\"a\">\n<name>a</name><version>1</version>\n\
            <hashes><hash alg=\"SHA-1\">da39a3ee5e6b4b0d3255bfef95601890afd80709</hash></hashes>\n\
            <licenses><license><id>MIT</id></license></licenses><purl>pkg:maven/org.a/a@1.0</purl>\n\
            <components><component type=\"library\" bom-ref=\"b\"><name>b</name></component></components></component>\n\
            <component type=\"file\"><name>f</name></component></components>\n\
            <dependencies><dependency ref=\"app\"><dependency ref=\"a\"/></dependency></dependencies></bom>\n";
        let file = SourceFile::new("bom.xml", text);
        let document = parse(Format::CycloneDxXml, &file, &NoFiles).unwrap();
        let rows: Vec<_> = (document.packages.iter())
            .map(|p| {
                (
                    p.ecosystem,
                    p.name.as_str(),
                    p.version.as_deref(),
                    p.relation,
                    p.location.line,
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (Ecosystem::Generic, "app", None, Relation::Project, 3),
                (
                    Ecosystem::Maven,
                    "org.a:a",
                    Some("1.0"),
                    Relation::Direct,
                    6
                ),
                (Ecosystem::Generic, "b", None, Relation::Transitive, 9),
            ]
        );
        assert_eq!(
            document.packages.get(1).unwrap().licence.as_deref(),
            Some("MIT")
        );
        assert_eq!(document.notes, []);
        for text in [
            "<bom/>",
            "<bom xmlns=\"http://cyclonedx.org/schema/bom/3.0\"/>",
            "<bom",
        ] {
            let file = SourceFile::new("bom.xml", text);
            assert!(
                parse(Format::CycloneDxXml, &file, &NoFiles).is_err(),
                "{text}"
            );
        }
    }
}
