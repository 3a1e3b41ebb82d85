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
fn this_checkout_claims_and_exempts_nothing() {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let other = own.join(".github/cofferdam.toml");
    assert!(!other.exists(), "a second configuration");
    let text = std::fs::read_to_string(own.join("cofferdam.toml")).unwrap();
    let file = cofferdam_facts::SourceFile::new("cofferdam.toml", text);
    let scope = cofferdam_config::Scope::Repository;
    let config = cofferdam_config::Config::parse(&file, scope, &[]).unwrap();
    assert!(!config.claims.is_empty());
    assert!(config.exempt.is_empty() && config.exclude.is_empty() && config.rules.is_empty());
    assert!(config.allowed.is_empty() && config.baseline.is_none() && config.extends.is_none());
    assert!(config.fail_on.is_none());
}

#[cfg(feature = "exposure")]
#[test]
fn what_this_checkout_claims_holds() {
    let own = env!("CARGO_MANIFEST_DIR");
    let ran = Sandbox::new().run(&["claims", "check", own]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("3 of 3 claims hold"), "{}", ran.out);
}
