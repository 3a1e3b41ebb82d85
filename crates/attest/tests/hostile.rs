//! Bundles that somebody has changed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cofferdam_attest::{
    ArtifactDigests, BundleError, ExpectedIdentity, Issuer, Outcome, Pattern, SubjectIdentity,
    TrustRoot, UnverifiedBundle, Verdict, Verifier,
};
use proptest::prelude::*;

const NPM: &[u8] = include_bytes!("data/bundles/npm-provenance.sigstore.json");
const NPM_DIGEST: &str = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";

/// A bundle that passes, and all it takes to see that.
struct Good {
    bundle: Vec<u8>,
    artifact: ArtifactDigests,
    verifier: Verifier,
    expected: ExpectedIdentity,
    right: Option<Verdict>,
}

impl Good {
    fn new(bundle: Vec<u8>, digest: Option<&str>, root: &TrustRoot) -> Self {
        let read = UnverifiedBundle::from_json(&bundle).unwrap();
        let certificate = read.unverified_certificate().unwrap().unwrap();
        let expected = ExpectedIdentity::Subject(SubjectIdentity {
            subject: Pattern::exact(certificate.subject.text().unwrap()),
            issuer: Issuer::Named(certificate.issuer.unwrap()),
        });
        let artifact = match digest {
            Some(digest) => ArtifactDigests::parse(digest).unwrap(),
            None => ArtifactDigests::from_reader(&file("a.txt")[..], read.needs()).unwrap(),
        };
        let mut good = Self {
            bundle,
            artifact,
            verifier: Verifier::new(root).unwrap(),
            expected,
            right: None,
        };
        let right = good.verdict(&good.bundle).unwrap();
        assert_eq!(right.outcome(), Outcome::Passed);
        good.right = Some(right);
        good
    }

    fn case(name: &str) -> Self {
        let root = suite()
            .unwrap()
            .join(format!("bundle-verify/{name}/trusted_root.json"));
        let root = std::fs::read(root).map_or_else(
            |_| TrustRoot::public_good(),
            |bytes| TrustRoot::from_json(&bytes),
        );
        Self::new(
            file(&format!("{name}/bundle.sigstore.json")),
            None,
            &root.unwrap(),
        )
    }

    fn npm() -> Self {
        Self::new(
            NPM.to_vec(),
            Some(NPM_DIGEST),
            &TrustRoot::public_good().unwrap(),
        )
    }

    fn verdict(&self, bundle: &[u8]) -> Option<Verdict> {
        let bundle = UnverifiedBundle::from_json(bundle).ok()?;
        Some(
            self.verifier
                .verify_signature_alone(&self.artifact, &bundle, &self.expected),
        )
    }

    /// Whether changed bytes are refused, or say what the right ones say.
    fn refuses_or_agrees(&self, changed: &[u8]) -> bool {
        let Some(verdict) = self.verdict(changed) else {
            return true;
        };
        if verdict.outcome() != Outcome::Passed {
            return true;
        }
        let right = self.right.as_ref().unwrap();
        verdict.signer == right.signer
            && verdict.signed_at == right.signed_at
            && verdict.statement == right.statement
    }
}

/// Where the cases of the suite lie, beside the repository; none where they do
/// not, and then nothing of them is checked.
fn suite() -> Option<PathBuf> {
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigstore-conformance");
    if beside.is_dir() {
        return Some(beside);
    }
    println!("not checked: {} is not there", beside.display());
    None
}

fn file(path: &str) -> Vec<u8> {
    let suite = suite().unwrap();
    let below = match path {
        "a.txt" => suite.join(path),
        _ => suite.join("bundle-verify").join(path),
    };
    std::fs::read(below).unwrap()
}

#[test]
fn every_flipped_byte_is_refused_or_changes_nothing() {
    if suite().is_none() {
        return;
    }
    let flip = |good: &Good| {
        for at in 0..good.bundle.len() {
            let mut changed = good.bundle.clone();
            changed[at] ^= 1 << (at % 7);
            assert!(
                good.refuses_or_agrees(&changed),
                "byte {at}: {}",
                String::from_utf8_lossy(&changed[at.saturating_sub(40)..at + 1])
            );
        }
    };
    std::thread::scope(|scope| {
        // One of each: a file in the second version of the log, a statement in the first.
        scope.spawn(move || flip(&Good::case("rekor2-happy-path")));
        scope.spawn(move || flip(&Good::npm()));
    });
}

#[test]
fn every_cut_is_refused() {
    if suite().is_none() {
        return;
    }
    let good = Good::case("rekor2-happy-path");
    let end = good.bundle.trim_ascii_end().len();
    for length in 0..end {
        assert!(good.verdict(&good.bundle[..length]).is_none(), "{length}");
    }
}

/// Bundles of other forms than those of which every byte is flipped.
static GOOD: LazyLock<Vec<Good>> = LazyLock::new(|| {
    let names = [
        "happy-path-v0.1",
        "happy-path-intoto-in-dsse-v3",
        "rekor2-dsse-happy-path",
    ];
    names.map(Good::case).into()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changes_in_many_places_are_refused_or_change_nothing(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        if suite().is_none() {
            return Ok(());
        }
        for good in GOOD.iter() {
            let mut changed = good.bundle.clone();
            for (at, byte) in &changes {
                let at = at.index(changed.len());
                changed[at] = *byte;
            }
            prop_assert!(good.refuses_or_agrees(&changed));
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        prop_assert!(UnverifiedBundle::from_json(&bytes).is_err());
        prop_assert!(TrustRoot::from_json(&bytes).is_err());
    }
}

fn error(text: &str) -> BundleError {
    UnverifiedBundle::from_json(text.as_bytes()).unwrap_err()
}

#[test]
fn unknown_versions_are_named() {
    let good = String::from_utf8(NPM.to_vec()).unwrap();
    let later = good.replace("version=0.1", "version=0.9");
    assert!(
        matches!(error(&later), BundleError::UnknownVersion { media_type } if media_type.ends_with("0.9"))
    );
    assert!(
        matches!(error("{}"), BundleError::UnknownVersion { media_type } if media_type.is_empty())
    );
}

/// The right bundle with another envelope, which nobody has signed.
fn with_envelope(payload_type: &str, statement: &str) -> Vec<u8> {
    use base64::Engine as _;
    let mut value: serde_json::Value = serde_json::from_slice(NPM).unwrap();
    value["dsseEnvelope"]["payloadType"] = payload_type.into();
    let payload = base64::engine::general_purpose::STANDARD.encode(statement);
    value["dsseEnvelope"]["payload"] = payload.into();
    value.to_string().into_bytes()
}

#[test]
fn statements_of_unknown_kinds_are_not_checked_and_ambiguous_ones_refused() {
    let good = Good::npm();
    let in_toto = "application/vnd.in-toto+json";
    let of = |payload_type: &str, statement: &str| {
        let verdict = good
            .verdict(&with_envelope(payload_type, statement))
            .unwrap();
        assert!(verdict.signer.is_none() && verdict.statement.is_none());
        verdict.outcome()
    };
    let statement = |kind: &str, more: &str| {
        let digest = NPM_DIGEST.trim_start_matches("sha512:");
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/{kind}","subject":[{{"digest":{{"sha512":"{digest}"}}}}],"predicateType":"p"{more}}}"#
        )
    };
    assert_eq!(of("text/plain", "hello"), Outcome::NotChecked);
    assert_eq!(of(in_toto, &statement("v9", "")), Outcome::NotChecked);
    assert_eq!(
        of(in_toto, &statement("v1", r#","predicateType":"q""#)),
        Outcome::Failed
    );
    // Well formed, about the artifact, and signed by nobody.
    assert_eq!(of(in_toto, &statement("v1", "")), Outcome::Failed);
}

#[test]
fn repeated_names_and_two_signatures_are_refused() {
    let good = String::from_utf8(NPM.to_vec()).unwrap();
    let twice = good.replacen('{', "{\"mediaType\": \"x\",", 1);
    assert!(matches!(error(&twice), BundleError::Json(_)));
    let both = good.replacen('{', "{\"messageSignature\": {\"signature\": \"AA==\"},", 1);
    assert!(matches!(
        error(&both),
        BundleError::Ambiguous { part: "signature" }
    ));
    let mut value: serde_json::Value = serde_json::from_slice(NPM).unwrap();
    value["verificationMaterial"]["publicKey"] = serde_json::json!({"hint": "x"});
    let signers = value.to_string();
    assert!(matches!(
        error(&signers),
        BundleError::Ambiguous { part: "signer" }
    ));
}

#[test]
fn size_depth_and_evidence_have_limits() {
    let deep = format!("{{\"a\": {}", "[".repeat(100_000));
    assert!(matches!(error(&deep), BundleError::Json(_)));
    let large = format!("\"{}\"", "a".repeat(65 * 1024 * 1024));
    assert!(matches!(error(&large), BundleError::Json(_)));
    let mut value: serde_json::Value = serde_json::from_slice(NPM).unwrap();
    let entries = value["verificationMaterial"]["tlogEntries"]
        .as_array_mut()
        .unwrap();
    let entry = entries[0].clone();
    entries.extend(std::iter::repeat_n(entry, 32));
    let many = value.to_string();
    assert!(matches!(
        error(&many),
        BundleError::TooMany { count: 33, .. }
    ));
}
