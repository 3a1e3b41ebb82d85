//! The page of formats names every format that there is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cofferdam_lockfiles::Format;

#[test]
#[expect(clippy::disallowed_methods, reason = "a test reads its own files")]
fn every_format_is_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lockfiles.md");
    let page = std::fs::read_to_string(path).unwrap();
    let missing: Vec<&str> = (Format::ALL.iter().map(|format| format.name()))
        .filter(|name| *name != "workflow" && !page.contains(name))
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
