//! What a verification has found, as a statement for others.
//!
//! Source: SLSA, "Verification Summary Attestation (VSA)",
//! `https://slsa.dev/verification_summary/v1`.

use cofferdam_facts::Timestamp;
use serde_json::{Value, json};

use crate::level::Level;

/// The type of the predicate.
pub const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";
/// The version of SLSA whose levels are meant.
const SLSA_VERSION: &str = "1.2";

/// What a summary says.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// Who has verified: an address.
    pub verifier: &'a str,
    /// When.
    pub verified_at: Timestamp,
    /// What the artifacts are, as those who fetch them call it: an address.
    pub resource: &'a str,
    /// The policy by which was verified: its address, and its SHA-256 in
    /// hexadecimal where it is a file.
    pub policy: (&'a str, Option<&'a str>),
    /// The bundles: where each was read, and the SHA-256 of its bytes.
    pub inputs: &'a [(String, String)],
    /// Whether everything passed.
    pub passed: bool,
    /// The level of SLSA's build track; none where no provenance was verified.
    pub level: Option<Level>,
}

impl Summary<'_> {
    /// The statement about artifacts, each by its name and its SHA-256 in
    /// hexadecimal.
    #[must_use]
    pub fn statement(&self, subjects: &[(String, String)]) -> Value {
        let described = |(uri, sha256): &(String, String)| json!({ "uri": uri, "digest": { "sha256": sha256 } });
        let (uri, digest) = self.policy;
        let mut policy = json!({ "uri": uri });
        if let (Some(digest), Some(members)) = (digest, policy.as_object_mut()) {
            members.insert("digest".to_owned(), json!({ "sha256": digest }));
        }
        // A failed verification gives no level.
        let levels: Vec<&str> = match (self.passed, self.level) {
            (true, Some(level)) => vec![level.word()],
            _ => Vec::new(),
        };
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects.iter().map(|(name, sha256)| json!({
                "name": name,
                "digest": { "sha256": sha256 },
            })).collect::<Vec<_>>(),
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "verifier": {
                    "id": self.verifier,
                    "version": { "cofferdam": env!("CARGO_PKG_VERSION") },
                },
                "timeVerified": self.verified_at.to_string(),
                "resourceUri": self.resource,
                "policy": policy,
                "inputAttestations": self.inputs.iter().map(described).collect::<Vec<_>>(),
                "verificationResult": if self.passed { "PASSED" } else { "FAILED" },
                "verifiedLevels": levels,
                "slsaVersion": SLSA_VERSION,
            },
        })
    }
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;
    use crate::statement::Statement;

    #[test]
    fn a_failure_has_no_level() {
        let inputs = [("app.sigstore.json".to_owned(), "b".repeat(64))];
        let mut summary = Summary {
            verifier: "https://example.org/verifier",
            verified_at: Timestamp::from_unix(0),
            resource: "https://example.org/app",
            policy: ("https://example.org/policy", Some("c")),
            inputs: &inputs,
            passed: true,
            level: Some(Level::Two),
        };
        let subjects = [("app".to_owned(), "a".repeat(64))];
        let said = summary.statement(&subjects);
        assert_eq!(said["predicate"]["verifiedLevels"][0], "SLSA_BUILD_LEVEL_2");
        assert_eq!(said["predicate"]["timeVerified"], "1970-01-01T00:00:00Z");
        Statement::from_json(said.to_string().as_bytes()).unwrap();
        summary.passed = false;
        let said = summary.statement(&subjects);
        assert_eq!(said["predicate"]["verificationResult"], "FAILED");
        assert_eq!(said["predicate"]["verifiedLevels"], json!([]));
    }
}
