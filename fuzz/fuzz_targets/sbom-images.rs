//! Any bytes as an archive of an image or chart: refused with an error, or read.
//! Manifests, indexes and configurations are reached through it.

#![no_main]

use std::io::Write;

use cofferdam_sbom::{Files, Limits, Options, SbomError, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("image.tar");
    let mut file = std::fs::File::create(&path).expect("a file can be made");
    file.write_all(bytes).expect("a file can be written");
    let options = Options {
        limits: Limits {
            unpacked_bytes: 8 << 20,
            nested_bytes: 1 << 20,
            ..Limits::default()
        },
        scratch: folder.path().to_owned(),
        files: Files::Evidence,
        platform: None,
        image: None,
        exclude: Vec::new(),
    };
    match read(&path, &options) {
        Ok(document) => assert_eq!(document.identity(), document.clone().identity()),
        // The file is there and can be read.
        Err(SbomError::File { source, .. }) => panic!("{source}"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
