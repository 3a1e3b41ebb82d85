//! CycloneDX 1.6.
//!
//! Source: ECMA-424; the JSON schema of CycloneDX 1.6.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cofferdam_facts::Timestamp;
use serde::Serialize;

use super::{TOOL, VERSION, inert, remarks};
use crate::document::{Document, Entry};
use crate::licence;
use crate::package::{Algorithm, Kind};
use crate::tree::SubjectKind;

const ROOT: &str = "root";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'d> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata<'d>,
    components: Vec<Component<'d>>,
    dependencies: Vec<Dependency<'d>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compositions: Vec<Composition>,
}

#[derive(Serialize)]
struct Metadata<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    tools: Tools,
    component: Component<'d>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Tools {
    components: [Tool; 1],
}

#[derive(Serialize)]
struct Tool {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'static str,
    version: &'static str,
}

#[derive(Default, Serialize)]
struct Component<'d> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    reference: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<Supplier<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'d str>,
    name: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash<'d>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<Licence<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Supplier<'d> {
    name: &'d str,
}

#[derive(Serialize)]
struct Hash<'d> {
    alg: &'static str,
    content: &'d str,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Licence<'d> {
    License(Named<'d>),
    #[serde(untagged)]
    Expression {
        expression: &'d str,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Named<'d> {
    Id(&'static str),
    Name(&'d str),
}

#[derive(Serialize)]
struct Evidence {
    occurrences: Vec<Occurrence>,
}

#[derive(Serialize)]
struct Occurrence {
    location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'d> {
    #[serde(rename = "ref")]
    reference: &'d str,
    depends_on: Vec<&'d str>,
}

#[derive(Serialize)]
struct Composition {
    aggregate: &'static str,
    assemblies: [&'static str; 1],
}

pub(super) fn write(
    document: &Document,
    created: Option<Timestamp>,
    out: &mut impl Write,
) -> io::Result<()> {
    let remarks = remarks(document);
    let aggregate = if remarks.is_empty() {
        "unknown"
    } else {
        "incomplete"
    };
    let mut components: Vec<Component<'_>> = document.packages.iter().map(component).collect();
    components.extend(system(document));
    components.extend(document.files.iter().map(|(path, digests)| Component {
        kind: "file",
        name: path,
        hashes: vec![
            Hash {
                alg: "SHA-1",
                content: &digests.sha1,
            },
            Hash {
                alg: "SHA-256",
                content: &digests.sha256,
            },
        ],
        ..Component::default()
    }));
    let bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: serial(&document.identity_hex()),
        version: 1,
        metadata: Metadata {
            timestamp: created.map(|created| created.to_string()),
            tools: Tools {
                components: [Tool {
                    kind: "application",
                    name: TOOL,
                    version: VERSION,
                }],
            },
            component: root(document),
            properties: remarks
                .into_iter()
                .map(|value| Property {
                    name: "cofferdam:remark",
                    value,
                })
                .collect(),
        },
        components,
        dependencies: dependencies(document),
        compositions: vec![Composition {
            aggregate,
            assemblies: [ROOT],
        }],
    };
    inert::to_writer(out, &bom)
}

/// The digest of the document as a UUID of the kind that its maker fills.
///
/// Source: RFC 9562, section 5.8.
fn serial(digest: &str) -> String {
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-8{}-a{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

fn root(document: &Document) -> Component<'_> {
    let subject = &document.subject;
    let kind = match subject.kind {
        SubjectKind::Image => "container",
        SubjectKind::Chart => "application",
        SubjectKind::Folder | SubjectKind::File => "file",
    };
    let hashes = subject.digest.iter().map(|content| Hash {
        alg: "SHA-256",
        content,
    });
    let platform = subject.platform.iter().map(|platform| Property {
        name: "cofferdam:platform",
        value: platform.clone(),
    });
    Component {
        kind,
        reference: Some(ROOT),
        name: &subject.name,
        version: subject.version.as_deref(),
        hashes: hashes.collect(),
        properties: platform.collect(),
        ..Component::default()
    }
}

fn system(document: &Document) -> Option<Component<'_>> {
    let os = document.os.as_ref()?;
    let name = Some(os.name.clone()).filter(|name| !name.is_empty());
    Some(Component {
        kind: "operating-system",
        name: &os.id,
        version: Some(os.version.as_str()).filter(|version| !version.is_empty()),
        properties: name
            .into_iter()
            .map(|value| Property {
                name: "cofferdam:os-name",
                value,
            })
            .collect(),
        ..Component::default()
    })
}

fn component(entry: &Entry) -> Component<'_> {
    let package = &entry.package;
    let kind = match package.kind {
        Kind::Docker => "container",
        Kind::Helm => "application",
        _ => "library",
    };
    let hashes = package.checksums.iter().map(|one| Hash {
        alg: match one.algorithm {
            Algorithm::Sha1 => "SHA-1",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha384 => "SHA-384",
            Algorithm::Sha512 => "SHA-512",
        },
        content: &one.hex,
    });
    let occurrences = entry.locations.iter().map(|location| Occurrence {
        location: match &location.inner {
            Some(inner) => format!("{}!{inner}", location.path),
            None => location.path.clone(),
        },
        line: location.line,
    });
    let cataloguers = entry.cataloguers.iter().map(|name| Property {
        name: "cofferdam:cataloguer",
        value: (*name).to_owned(),
    });
    Component {
        kind,
        reference: Some(&entry.purl),
        supplier: package.supplier.as_deref().map(|name| Supplier { name }),
        group: package.namespace.as_deref(),
        name: &package.name,
        version: package.version.as_deref(),
        // What only builds and tests is no part of what runs.
        scope: package.development.then_some("excluded"),
        hashes: hashes.collect(),
        licenses: licences(&package.licences),
        purl: Some(&entry.purl),
        evidence: Some(Evidence {
            occurrences: occurrences.collect(),
        }),
        properties: cataloguers.collect(),
    }
}

/// One expression alone, or any number of licences.
fn licences(texts: &[String]) -> Vec<Licence<'_>> {
    if let [text] = texts
        && licence::known(text).is_none()
        && licence::is_expression(text)
    {
        return vec![Licence::Expression { expression: text }];
    }
    let named = texts.iter().map(|text| {
        Licence::License(match licence::known(text) {
            Some(id) => Named::Id(id),
            None => Named::Name(text),
        })
    });
    named.collect()
}

fn dependencies(document: &Document) -> Vec<Dependency<'_>> {
    let purl = |index: usize| {
        document
            .packages
            .get(index)
            .map(|entry| entry.purl.as_str())
    };
    let mut below: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for &(from, on) in &document.edges {
        below.entry(from).or_default().extend(purl(on));
    }
    let mut all = vec![Dependency {
        reference: ROOT,
        depends_on: document.tops().filter_map(purl).collect(),
    }];
    all.extend(below.into_iter().filter_map(|(from, depends_on)| {
        Some(Dependency {
            reference: purl(from)?,
            depends_on,
        })
    }));
    all
}
