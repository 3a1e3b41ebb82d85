//! The project lives as it preaches: the audit of its own checkout.

use crate::sandbox::Sandbox;

#[test]
fn this_checkout_has_no_finding_and_no_exemption() {
    let own = env!("CARGO_MANIFEST_DIR");
    let report = Sandbox::new().report(&["--repository", "cofferdam/cofferdam", own]);
    assert_eq!(report.findings(), [], "{:#}", report.value["findings"]);
    assert_eq!(report.code, 0, "{:#}", report.value["not_checked"]);
    // A checkout that was not read has no findings either.
    assert!(report.files() >= 8, "{}", report.files());
}

#[test]
fn this_checkout_has_no_way_to_exempt_anything() {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["cofferdam.toml", ".github/cofferdam.toml"] {
        assert!(!own.join(name).exists(), "{name} could exempt a finding");
    }
}
