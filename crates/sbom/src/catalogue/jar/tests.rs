#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;

use zip::write::SimpleFileOptions;

use super::super::testing::{edges, purls, run};
use super::*;

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const MANIFEST: &[u8] = b"Manifest-Version: 1.0\r\nImplementation-Version: 9.9\r\n\
    Bundle-SymbolicName: org.example.\r\n thing;singleton:=true\r\n\r\nName: a/\r\nSealed: true\r\n";

#[test]
fn the_manifest_names_what_has_no_maven_files() {
    let jar = archive(&[("META-INF/MANIFEST.MF", MANIFEST)]);
    let found = run(&CATALOGUER, "lib/thing-1.2.jar", &jar).unwrap();
    assert_eq!(purls(&found), ["pkg:maven/org.example.thing/thing@1.2"]);
    let found = run(&CATALOGUER, "lib/thing.jar", &jar).unwrap();
    assert_eq!(purls(&found), ["pkg:maven/org.example.thing/thing@9.9"]);
    // With the script before it that starts it.
    let script = [b"#!/bin/sh\nexec java -jar \"$0\"\n".as_slice(), &jar].concat();
    let found = run(&CATALOGUER, "bin/thing.jar", &script).unwrap();
    assert_eq!(purls(&found), ["pkg:maven/org.example.thing/thing@9.9"]);
    assert!(
        run(&CATALOGUER, "a.rar", b"Rar!\x1a\x07")
            .unwrap()
            .items
            .is_empty()
    );
    let empty = archive(&[("a.class", b"")]);
    assert!(run(&CATALOGUER, "a.jar", &empty).unwrap().items.is_empty());
}

#[test]
fn archives_inside_of_archives_and_shaded_ones_are_listed() {
    let inner = archive(&[(
        "META-INF/maven/org.in/inner/pom.properties",
        b"#x\ngroupId=org.in\nartifactId=inner\nversion=2\n",
    )]);
    let outer = archive(&[
        ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n"),
        (
            "META-INF/maven/org.out/app/pom.properties",
            b"groupId=org.out\nartifactId=app\nversion=1\n",
        ),
        (
            "META-INF/maven/org.sh/shaded/pom.properties",
            b"groupId: org.sh\nartifactId: shaded\nversion: 3\n",
        ),
        ("BOOT-INF/lib/inner-2.jar", &inner),
        ("BOOT-INF/lib/broken.jar", b"PK\x03\x04"),
    ]);
    let found = run(&CATALOGUER, "srv/app.jar", &outer).unwrap();
    assert_eq!(
        purls(&found),
        [
            "pkg:maven/org.out/app@1",
            "pkg:maven/org.sh/shaded@3",
            "pkg:maven/org.in/inner@2"
        ]
    );
    assert_eq!(edges(&found), [("app", "shaded"), ("app", "inner")]);
    assert_eq!(
        found.items.last().unwrap().inner.as_deref(),
        Some("BOOT-INF/lib/inner-2.jar")
    );
    let gap = found.partly.first().unwrap().to_string();
    assert!(gap.contains("BOOT-INF/lib/broken.jar"), "{gap}");
}

#[test]
fn zip_bombs_are_refused() {
    // A nested archive that unpacks to a quarter of a gigabyte of zeros.
    let zeros = vec![0; 65 << 20];
    let bomb = archive(&[("a/pom.properties", &zeros)]);
    assert!(bomb.len() < 1 << 20);
    let error = run(&CATALOGUER, "bomb.jar", &bomb).unwrap_err();
    assert!(matches!(error, Unread::TooLarge { .. }), "{error}");
    // Archives in archives in archives.
    let mut deep = archive(&[("META-INF/MANIFEST.MF", MANIFEST)]);
    for _ in 0..10 {
        deep = archive(&[("x.jar", &deep)]);
    }
    let found = run(&CATALOGUER, "deep.jar", &deep).unwrap();
    let gap = found.partly.first().unwrap().to_string();
    assert!(gap.contains("so deep"), "{gap}");
}

#[test]
fn a_directory_that_claims_too_many_entries_is_refused() {
    let mut jar = archive(&[("a", b"")]);
    let at = jar.len() - 22;
    // Through the record for archives with more entries than fit.
    let mut wide = vec![0; 56];
    wide.get_mut(..4).unwrap().copy_from_slice(b"PK\x06\x06");
    wide.get_mut(32..40)
        .unwrap()
        .copy_from_slice(&u64::MAX.to_le_bytes());
    let mut locator = vec![0; 20];
    locator.get_mut(..4).unwrap().copy_from_slice(b"PK\x06\x07");
    locator
        .get_mut(8..16)
        .unwrap()
        .copy_from_slice(&(at as u64).to_le_bytes());
    let end = jar.split_off(at);
    jar.extend(wide.into_iter().chain(locator).chain(end));
    let error = run(&CATALOGUER, "a.jar", &jar).unwrap_err();
    assert!(matches!(error, Unread::TooMany { .. }), "{error}");
}
