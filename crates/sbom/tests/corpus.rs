//! The kept inputs of the fuzz targets say what they were made to say, so that
//! fuzzing begins where packages are found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use cofferdam_sbom::{Limits, read_file};

fn found(name: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/sbom-files");
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let (path, content) = bytes.split_at(at);
    let path = std::str::from_utf8(path).unwrap();
    let file = read_file(path, content.get(1..).unwrap(), &Limits::default()).unwrap();
    let results = file.into_iter().flat_map(|file| file.by);
    let found = results.filter_map(|(_, result)| result.ok());
    found
        .flat_map(|found| found.items)
        .map(|item| item.package.purl())
        .collect()
}

#[test]
fn executables_of_three_systems_name_their_modules() {
    // Both kinds of information in one file, as no build makes it.
    assert_eq!(
        found("elf"),
        [
            "pkg:cargo/a@1.0.0?source=local",
            "pkg:cargo/b@2.0.0",
            "pkg:golang/x.y/z@v0.0.0-20240101000000-0123456789ab",
            "pkg:golang/d.e/f@v2.0.0",
            "pkg:golang/stdlib@1.22.1",
        ]
    );
    let of_go = |version: &str| {
        let library = format!("pkg:golang/stdlib@{version}");
        vec![
            "pkg:golang/x.y/z@v1.0.0".to_owned(),
            "pkg:golang/a.b/c@v1.0.0".to_owned(),
            library,
        ]
    };
    assert_eq!(found("pe"), of_go("1.22.1"));
    // With pointers to the texts, as Go wrote it before 1.18.
    assert_eq!(found("macho"), of_go("1.16.1"));
}

#[test]
fn every_other_kept_input_names_packages() {
    for (name, least) in [
        ("actions", 3),
        ("apk", 2),
        ("cargo", 2),
        ("chart", 2),
        ("charts", 1),
        ("dpkg", 2),
        ("jar", 3),
        ("npm", 1),
        ("python", 1),
        ("requirements", 1),
        ("rpm-ndb", 1),
        ("rpm-sqlite", 2),
        ("yarn", 1),
    ] {
        let found = found(name);
        assert!(found.len() >= least, "{name}: {found:?}");
    }
}
