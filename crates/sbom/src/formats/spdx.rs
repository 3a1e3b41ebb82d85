//! SPDX 2.3.
//!
//! Source: SPDX specification 2.3, chapters 6 to 11; its JSON schema.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cofferdam_facts::Timestamp;
use serde::Serialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{HOME, TOOL, VERSION, inert, remarks};
use crate::catalogue::FileDigests;
use crate::document::{Document, Entry};
use crate::licence;
use crate::package::Algorithm;
use crate::tree::SubjectKind;
use crate::tree::unpack::hex;

const NONE: &str = "NOASSERTION";
const ROOT: &str = "SPDXRef-Root";
const DOCUMENT: &str = "SPDXRef-DOCUMENT";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spdx<'d> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: &'d str,
    document_namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    creation_info: Creation,
    packages: Vec<Package<'d>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<File<'d>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<Extracted<'d>>,
    relationships: Vec<Relationship<'d>>,
}

#[derive(Serialize)]
struct Creation {
    created: String,
    creators: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'d> {
    #[serde(rename = "SPDXID")]
    id: &'d str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_info: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<String>,
    download_location: &'d str,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_verification_code: Option<Code>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<String>,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<Reference<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_package_purpose: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    package_verification_code_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'d> {
    algorithm: &'static str,
    checksum_value: &'d str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference<'d> {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: &'d str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'d> {
    #[serde(rename = "SPDXID")]
    id: String,
    file_name: String,
    checksums: [Checksum<'d>; 2],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extracted<'d> {
    license_id: String,
    extracted_text: &'d str,
    name: &'d str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'d> {
    spdx_element_id: &'d str,
    relationship_type: &'static str,
    related_spdx_element: &'d str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

pub(super) fn write(
    document: &Document,
    created: Option<Timestamp>,
    out: &mut impl Write,
) -> io::Result<()> {
    let subject = &document.subject;
    let ids: Vec<String> = document.packages.iter().map(id).collect();
    let mut extracted = BTreeMap::new();
    let mut packages = vec![root(document)];
    for (entry, id) in document.packages.iter().zip(&ids) {
        packages.push(package(entry, id, &mut extracted));
    }
    let file_ids: BTreeMap<&str, String> = document
        .files
        .keys()
        .map(|path| (path.as_str(), file_id(path)))
        .collect();
    let spdx = Spdx {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: &subject.name,
        document_namespace: namespace(document),
        comment: Some(remarks(document).join("\n")).filter(|text| !text.is_empty()),
        creation_info: Creation {
            created: created.unwrap_or(Timestamp::from_unix(0)).to_string(),
            creators: [format!("Tool: {TOOL}-{VERSION}")],
        },
        packages,
        files: document
            .files
            .iter()
            .map(|(path, digests)| file(path, digests))
            .collect(),
        has_extracted_licensing_infos: extracted
            .into_iter()
            .map(|(license_id, text)| Extracted {
                license_id,
                extracted_text: text,
                name: text,
            })
            .collect(),
        relationships: relationships(document, &ids, &file_ids),
    };
    inert::to_writer(out, &spdx)
}

/// A name of the document that no other one has.
fn namespace(document: &Document) -> String {
    let name = plain(&document.subject.name, '-');
    format!("{HOME}/sbom/{name}-{}", document.identity_hex())
}

/// Letters, digits, dots and dashes, which is all that SPDX takes.
fn plain(text: &str, other: char) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    text.chars()
        .take(80)
        .map(|c| if fits(c) { c } else { other })
        .collect()
}

fn short(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    hex(digest.get(..8).unwrap_or_default())
}

fn id(entry: &Entry) -> String {
    let name = plain(&entry.package.name, '-');
    let kind = entry.package.kind.word();
    format!("SPDXRef-Package-{kind}-{name}-{}", short(&entry.purl))
}

fn file_id(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    format!("SPDXRef-File-{}-{}", plain(name, '-'), short(path))
}

fn root(document: &Document) -> Package<'_> {
    let subject = &document.subject;
    let purpose = match subject.kind {
        SubjectKind::Image => "CONTAINER",
        SubjectKind::Chart => "ARCHIVE",
        SubjectKind::Folder | SubjectKind::File => "FILE",
    };
    let checksums = subject.digest.iter().map(|hex| Checksum {
        algorithm: "SHA256",
        checksum_value: hex,
    });
    Package {
        id: ROOT,
        name: subject.name.clone(),
        version_info: subject.version.as_deref().or(subject.digest.as_deref()),
        supplier: None,
        download_location: NONE,
        files_analyzed: document.all_files,
        package_verification_code: document.all_files.then(|| code(document)),
        checksums: checksums.collect(),
        source_info: subject
            .platform
            .as_ref()
            .map(|platform| format!("for {platform}")),
        license_concluded: NONE,
        license_declared: NONE.to_owned(),
        copyright_text: NONE,
        external_refs: Vec::new(),
        primary_package_purpose: Some(purpose),
    }
}

/// The digest over the digests of all files.
///
/// Source: SPDX specification 2.3, section 7.9.
fn code(document: &Document) -> Code {
    let mut digests: Vec<&str> = document
        .files
        .values()
        .map(|digests| digests.sha1.as_str())
        .collect();
    digests.sort_unstable();
    let digest = Sha1::digest(digests.concat().as_bytes());
    Code {
        package_verification_code_value: hex(&digest),
    }
}

fn package<'d>(
    entry: &'d Entry,
    id: &'d str,
    extracted: &mut BTreeMap<String, &'d str>,
) -> Package<'d> {
    let package = &entry.package;
    let locations: Vec<String> = entry.locations.iter().map(ToString::to_string).collect();
    let cataloguers: Vec<&str> = entry.cataloguers.iter().copied().collect();
    let checksums = package.checksums.iter().map(|one| Checksum {
        algorithm: match one.algorithm {
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha384 => "SHA384",
            Algorithm::Sha512 => "SHA512",
        },
        checksum_value: &one.hex,
    });
    Package {
        id,
        name: package.display_name(),
        version_info: package.version.as_deref(),
        supplier: package.supplier.as_deref().map(supplier),
        download_location: package
            .download
            .as_deref()
            .filter(|text| is_url(text))
            .unwrap_or(NONE),
        files_analyzed: false,
        package_verification_code: None,
        checksums: checksums.collect(),
        source_info: Some(format!(
            "found by {} in: {}",
            cataloguers.join(", "),
            locations.join(", ")
        )),
        license_concluded: NONE,
        license_declared: declared(&package.licences, extracted),
        copyright_text: NONE,
        external_refs: vec![Reference {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: &entry.purl,
        }],
        primary_package_purpose: None,
    }
}

/// Whether a text is in the form that the schema asks of a place to download
/// from.
fn is_url(text: &str) -> bool {
    let fits = |c: char| {
        c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
    };
    (text.starts_with("https://") || text.starts_with("http://")) && text.chars().all(fits)
}

/// `Name <mail>` in the form of SPDX.
fn supplier(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    match line.split_once('<') {
        Some((name, mail)) if !name.trim().is_empty() => {
            let mail = mail.trim_end_matches('>').trim();
            format!("Person: {} ({mail})", name.trim().replace(['(', ')'], ""))
        }
        _ => format!("Organization: {}", line.replace(['(', ')'], "")),
    }
}

fn declared<'d>(licences: &'d [String], extracted: &mut BTreeMap<String, &'d str>) -> String {
    let several = licences.len() > 1;
    let one = |text: &'d String, extracted: &mut BTreeMap<String, &'d str>| {
        if let Some(id) = licence::known(text) {
            return id.to_owned();
        }
        if licence::is_expression(text) {
            return if several {
                format!("({text})")
            } else {
                text.clone()
            };
        }
        let id = format!("LicenseRef-{}-{}", plain(text, '-'), short(text));
        extracted.insert(id.clone(), text);
        id
    };
    let all: Vec<String> = licences.iter().map(|text| one(text, extracted)).collect();
    if all.is_empty() {
        return NONE.to_owned();
    }
    all.join(" AND ")
}

fn file<'d>(path: &str, digests: &'d FileDigests) -> File<'d> {
    File {
        id: file_id(path),
        file_name: format!("./{path}"),
        checksums: [
            Checksum {
                algorithm: "SHA1",
                checksum_value: &digests.sha1,
            },
            Checksum {
                algorithm: "SHA256",
                checksum_value: &digests.sha256,
            },
        ],
    }
}

fn relationships<'d>(
    document: &'d Document,
    ids: &'d [String],
    files: &'d BTreeMap<&'d str, String>,
) -> Vec<Relationship<'d>> {
    let relation = |from: &'d str, kind: &'static str, to: &'d str| Relationship {
        spdx_element_id: from,
        relationship_type: kind,
        related_spdx_element: to,
        comment: None,
    };
    let mut all = vec![relation(DOCUMENT, "DESCRIBES", ROOT)];
    all.extend(ids.iter().map(|id| relation(ROOT, "CONTAINS", id)));
    for &(from, on) in &document.edges {
        if let (Some(from), Some(on)) = (ids.get(from), ids.get(on)) {
            all.push(relation(from, "DEPENDS_ON", on));
        }
    }
    for (entry, id) in document.packages.iter().zip(ids) {
        if entry.package.development {
            all.push(relation(id, "DEV_DEPENDENCY_OF", ROOT));
        }
    }
    // A package whose files are not all known contains none of them, by the
    // rules of SPDX.
    all.extend(files.values().map(|id| match document.all_files {
        true => relation(ROOT, "CONTAINS", id),
        false => Relationship {
            comment: Some("a file of it"),
            ..relation(ROOT, "OTHER", id)
        },
    }));
    for (entry, id) in document.packages.iter().zip(ids) {
        let mut last = None;
        for location in &entry.locations {
            // Several lines of one file are one piece of evidence.
            if last.replace(&location.path) == Some(&location.path) {
                continue;
            }
            if let Some(file) = files.get(location.path.as_str()) {
                all.push(Relationship {
                    comment: Some("evident by this file"),
                    ..relation(id, "OTHER", file)
                });
            }
        }
    }
    all
}
