#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

#[test]
fn placeholder() {
    let _ = Format::SpdxJson;
    assert_eq!(TOOL, "cofferdam");
    serde_json::to_string("").unwrap();
}
