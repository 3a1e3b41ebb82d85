#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::catalogue::FileDigests;
use crate::document::{Entry, Gap, Location};
use crate::package::{Kind, Package};
use crate::tree::{Subject, SubjectKind};

fn entry(package: Package) -> Entry {
    Entry {
        purl: package.purl(),
        package,
        cataloguers: BTreeSet::from(["npm"]),
        locations: BTreeSet::from([
            Location {
                path: "a/one".to_owned(),
                inner: Some("x.jar".to_owned()),
                line: None,
            },
            Location {
                path: "a/one".to_owned(),
                inner: None,
                line: Some(7),
            },
        ]),
    }
}

fn document() -> Document {
    let text = "PERL \u{1b}[31m licence";
    let mut first = Package::new(Kind::Npm, "a", "1")
        .within("@s")
        .licensed("mit");
    first.supplier = Some("A (B) <a@x>".to_owned());
    first.download = Some("git+ssh://not a url".to_owned());
    let second = Package::new(Kind::Npm, "b", "2")
        .licensed("MIT OR Apache-2.0")
        .licensed(text);
    let digests = FileDigests {
        sha1: "0".repeat(40),
        sha256: "1".repeat(64),
    };
    Document {
        subject: Subject {
            kind: SubjectKind::Folder,
            name: "a name/with: signs".to_owned(),
            version: None,
            digest: None,
            platform: None,
            created: None,
        },
        os: None,
        all_files: false,
        packages: vec![entry(first), entry(second)],
        edges: BTreeSet::from([(0, 1)]),
        files: BTreeMap::from([("a/one".to_owned(), digests)]),
        gaps: vec![Gap {
            path: "b".to_owned(),
            cataloguer: None,
            why: "broken".to_owned(),
        }],
        excluded: vec!["c".to_owned()],
        created: None,
    }
}

fn written(document: &Document, format: Format, created: Option<Timestamp>) -> Value {
    let mut out = Vec::new();
    write(document, format, created, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

#[test]
fn spdx_says_packages_edges_evidence_and_gaps() {
    let spdx = written(&document(), Format::SpdxJson, None);
    assert_eq!(text(&spdx, "/creationInfo/created"), "1970-01-01T00:00:00Z");
    assert_eq!(text(&spdx, "/comment"), "not read: b: broken\nleft out: c");
    assert_eq!(text(&spdx, "/packages/1/licenseDeclared"), "MIT");
    assert_eq!(text(&spdx, "/packages/1/supplier"), "Person: A B (a@x)");
    assert_eq!(text(&spdx, "/packages/1/downloadLocation"), "NOASSERTION");
    assert_eq!(
        text(&spdx, "/packages/1/sourceInfo"),
        "found by npm in: a/one:7, a/one!x.jar"
    );
    let declared = text(&spdx, "/packages/2/licenseDeclared");
    assert!(
        declared.starts_with("(MIT OR Apache-2.0) AND LicenseRef-PERL-"),
        "{declared}"
    );
    let relations: Vec<&str> = spdx
        .pointer("/relationships")
        .and_then(Value::as_array)
        .unwrap()
        .iter()
        .map(|one| text(one, "/relationshipType"))
        .collect();
    assert_eq!(
        relations,
        [
            "DESCRIBES",
            "CONTAINS",
            "CONTAINS",
            "DEPENDS_ON",
            "OTHER",
            "OTHER",
            "OTHER"
        ]
    );
    let namespace = text(&spdx, "/documentNamespace");
    assert!(namespace.contains("/a-name-with--signs-"), "{namespace}");
}

#[test]
fn cyclonedx_says_the_same() {
    let time = Timestamp::from_unix(86_400);
    let bom = written(&document(), Format::CyclonedxJson, Some(time));
    assert_eq!(text(&bom, "/metadata/timestamp"), "1970-01-02T00:00:00Z");
    assert_eq!(text(&bom, "/components/0/group"), "@s");
    assert_eq!(text(&bom, "/components/0/licenses/0/license/id"), "MIT");
    assert_eq!(
        text(&bom, "/components/0/evidence/occurrences/1/location"),
        "a/one!x.jar"
    );
    // An expression may not stand beside others.
    assert_eq!(
        text(&bom, "/components/1/licenses/0/license/name"),
        "MIT OR Apache-2.0"
    );
    assert_eq!(text(&bom, "/components/2/type"), "file");
    assert_eq!(text(&bom, "/compositions/0/aggregate"), "incomplete");
    assert_eq!(
        text(&bom, "/dependencies/0/dependsOn/0"),
        "pkg:npm/%40s/a@1"
    );
    assert_eq!(text(&bom, "/dependencies/1/dependsOn/0"), "pkg:npm/b@2");
    assert!(
        written(&document(), Format::CyclonedxJson, None)
            .pointer("/metadata/timestamp")
            .is_none()
    );
}

#[test]
fn another_document_has_another_name() {
    let name = |document: &Document| {
        let spdx = written(document, Format::SpdxJson, None);
        text(&spdx, "/documentNamespace").to_owned()
    };
    let first = document();
    assert_eq!(name(&first), name(&first.clone()));
    let mut changes: Vec<Document> = vec![first.clone(); 5];
    let [edges, gaps, files, location, subject] = changes.as_mut_slice() else {
        unreachable!()
    };
    edges.edges.clear();
    gaps.gaps.clear();
    files.files.clear();
    location.packages.first_mut().unwrap().locations.pop_first();
    subject.subject.version = Some("1".to_owned());
    let mut names: BTreeSet<String> = changes.iter().map(name).collect();
    names.insert(name(&first));
    assert_eq!(names.len(), 6);
}
