//! The pack that is compiled in: its signature, its sources, and what it says
//! of incidents that everybody remembers.
#![expect(clippy::unwrap_used, reason = "a test stops at the first wrong step")]

use std::{collections::BTreeMap, fs, path::Path};

use cofferdam_datapack::{
    Certainty, Exposure, Lifecycle, Severity,
    build::{FILES, INCIDENTS, assemble, payload},
    embedded,
};
use cofferdam_facts::Timestamp;
use cofferdam_facts::{UsesRef, uses::RepositoryUses};

fn uses(text: &str) -> RepositoryUses {
    UsesRef::parse(text).repository().unwrap().clone()
}

fn sources() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/pack");
    let read = |name: &&str| ((*name).to_owned(), fs::read(folder.join(name)).unwrap());
    let mut files: BTreeMap<String, Vec<u8>> = FILES.iter().map(read).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/incidents");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name != "README.md" {
            files.insert(format!("{INCIDENTS}{name}"), fs::read(path).unwrap());
        }
    }
    files
}

#[test]
fn the_signed_pack_is_the_reviewed_one() {
    let verified = embedded::pack().unwrap();
    let reviewed = assemble(&sources()).unwrap();
    // One assertion on each side of the digest: a difference shows as a pack,
    // equal packs must also be equal bytes.
    assert_eq!(
        verified.pack, reviewed,
        "sign the pack anew: cargo xtask pack"
    );
    let envelope: serde_json::Value = serde_json::from_slice(embedded::PACK).unwrap();
    let signed = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        envelope.get("payload").and_then(|p| p.as_str()).unwrap(),
    )
    .unwrap();
    assert_eq!(signed, payload(&reviewed).unwrap());
}

#[test]
fn no_list_is_empty_and_every_name_is_told_apart() {
    let pack = embedded::pack().unwrap().pack;
    assert!(pack.compromised.len() >= 15);
    assert!(pack.vulnerable.len() >= 50);
    assert!(pack.archived.len() >= 100);
    assert!(pack.popular.actions.len() >= 100);
    assert!(pack.runner_images.len() >= 10);
    assert!(!pack.renamed.is_empty() && !pack.action_runtimes.is_empty());
    // An action that is widely used imitates none of the others, and neither
    // does one that the pack names for another reason.
    for popular in &pack.popular.actions {
        assert_eq!(
            pack.lookalike(&popular.repository),
            None,
            "{}",
            popular.repository
        );
    }
    for archived in &pack.archived {
        assert_eq!(
            pack.lookalike(&archived.repository),
            None,
            "{}",
            archived.repository
        );
    }
}

#[test]
fn remembered_incidents_are_found() {
    let pack = embedded::pack().unwrap().pack;
    let exposure = |text: &str| {
        pack.compromised(&uses(text), None)
            .first()
            .map(|hit| hit.exposure)
    };
    let cases = [
        ("tj-actions/changed-files@v45", Some(Exposure::InThePast)),
        ("tj-actions/changed-files@v46.0.1", None),
        (
            "tj-actions/changed-files@0e58ed8671d6b60d0890c21b07f8835ace038e67",
            Some(Exposure::Now),
        ),
        (
            "tj-actions/changed-files@ed68ef82c095e0d48ec87eccea555d944a631a4c",
            None,
        ),
        ("reviewdog/action-setup@v1", Some(Exposure::InThePast)),
        (
            "aquasecurity/trivy-action@0.28.0",
            Some(Exposure::InThePast),
        ),
        ("aquasecurity/trivy-action@0.35.0", None),
        ("aquasecurity/trivy-action@master", None),
        (
            "aquasecurity/trivy-action@ddb9da4475c1cef7d5389062bdfdfbdbd1394648",
            Some(Exposure::Now),
        ),
        ("aquasecurity/setup-trivy@v0.2.3", Some(Exposure::InThePast)),
        (
            "Checkmarx/kics-github-action@v2.1.7",
            Some(Exposure::InThePast),
        ),
        ("actions-cool/issues-helper@v3", Some(Exposure::Now)),
        ("codfish/semantic-release-action@v4", Some(Exposure::Now)),
        ("codfish/semantic-release-action@v2.0.0", None),
        ("xygeni/xygeni-action@v5", Some(Exposure::InThePast)),
        ("actions/checkout@v4", None),
    ];
    for (text, expected) in cases {
        assert_eq!(exposure(text), expected, "{text}");
    }
}

#[test]
fn remembered_advisories_are_found() {
    let pack = embedded::pack().unwrap().pack;
    let first = |text: &str| {
        let hits = pack.vulnerable(&uses(text), None);
        hits.first().map(|hit| {
            (
                hit.advisory.id.clone(),
                hit.certainty,
                hit.advisory.severity,
            )
        })
    };
    let certain = |id: &str, severity| Some((id.to_owned(), Certainty::Certain, severity));
    assert_eq!(
        first("actions/download-artifact@v4.1.2"),
        certain("GHSA-cxww-7g56-2vh6", Severity::High),
    );
    // The moving tag leads to a fixed release.
    assert_eq!(first("actions/download-artifact@v4"), None);
    assert_eq!(
        first("github/codeql-action/init@v2"),
        certain("GHSA-vqf5-2xx6-9wfm", Severity::High)
    );
    assert_eq!(first("github/codeql-action/init@v3"), None);
    assert_eq!(
        first("tj-actions/changed-files@v40"),
        certain("GHSA-mcph-m25j-8j63", Severity::High)
    );
    assert_eq!(
        first("psf/black@24.1.0"),
        certain("GHSA-v53h-f6m7-xcgm", Severity::High)
    );
    assert_eq!(first("actions/checkout@v1"), None);
}

#[test]
fn the_platform_of_its_day_is_known() {
    let pack = embedded::pack().unwrap().pack;
    let made = pack.created_at;
    let image = |label| pack.runner_image(label).map(|image| image.lifecycle(made));
    assert_eq!(image("ubuntu-20.04"), Some(Lifecycle::Removed));
    assert_eq!(image("macos-13"), Some(Lifecycle::Removed));
    assert_eq!(image("ubuntu-22.04"), Some(Lifecycle::Deprecated));
    assert_eq!(image("ubuntu-24.04"), None);
    let runtime = |using| {
        pack.action_runtime(using)
            .map(|runtime| runtime.lifecycle(made))
    };
    assert_eq!(runtime("node16"), Some(Lifecycle::Removed));
    assert_eq!(runtime("node20"), Some(Lifecycle::Removed));
    assert_eq!(runtime("node24"), None);
    assert!(pack.freshness(made).is_fresh());
    assert!(
        !pack
            .freshness(Timestamp::from_unix(made.unix() + 91 * 86_400))
            .is_fresh()
    );
}

#[test]
fn typing_errors_of_widely_used_actions_are_caught() {
    let pack = embedded::pack().unwrap().pack;
    let found = |slug: &str| {
        pack.lookalike(slug)
            .map(|hit| hit.popular.repository.clone())
    };
    for (slug, popular) in [
        ("action/checkout", "actions/checkout"),
        ("actons/setup-node", "actions/setup-node"),
        ("dockerr/login-action", "docker/login-action"),
        ("codecow/codecov-action", "codecov/codecov-action"),
        ("softporps/action-gh-release", "softprops/action-gh-release"),
        ("sigst0re/cosign-installer", "sigstore/cosign-installer"),
    ] {
        assert_eq!(found(slug).as_deref(), Some(popular), "{slug}");
    }
    for slug in [
        "cilium/cilium",
        "example/checkout",
        "actions/new-thing",
        "home-assistant/actions",
    ] {
        assert_eq!(found(slug), None, "{slug}");
    }
}

#[test]
fn thousands_of_names_are_compared_in_little_time() {
    let verified = embedded::pack().unwrap();
    let pack = &verified.pack;
    let lookalikes = pack.lookalikes();
    let begin = std::time::Instant::now();
    for number in 0..20_000 {
        let slug = format!("organisation/setup-tool-{number}");
        assert!(pack.lookalike_among(&lookalikes, &slug).is_none());
    }
    // Not even without optimisation.
    assert!(begin.elapsed().as_secs() < 15, "{:?}", begin.elapsed());
}
