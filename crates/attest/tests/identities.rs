//! Who is expected, on bundles that GitHub Actions, npm and GitHub's own
//! instance have made.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cofferdam_attest::workflow::git_ref;
use cofferdam_attest::{
    ArtifactDigests, Builder, Check, ExpectedIdentity, Issuer, Outcome, Pattern, Runner, SourceRef,
    SubjectIdentity, TrustRoot, UnverifiedBundle, Verdict, Verifier, WorkflowIdentity,
};

const NPM: &[u8] = include_bytes!("data/bundles/npm-provenance.sigstore.json");
const CONDA: &[u8] = include_bytes!("data/bundles/conda-github.sigstore.json");
const PRIVATE: &[u8] = include_bytes!("data/bundles/github-private.sigstore.json");
const NPM_DIGEST: &str = "sha512:46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c";
const CONDA_DIGEST: &str =
    "sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f";
const PRIVATE_DIGEST: &str =
    "sha256:76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428";
const COMMIT: &str = "f0b49a04e5a62250e0f60fb128004a73110fe311";

fn judged(root: &TrustRoot, bundle: &[u8], digest: &str, expected: &ExpectedIdentity) -> Verdict {
    let bundle = UnverifiedBundle::from_json(bundle).unwrap();
    let artifact = ArtifactDigests::parse(digest).unwrap();
    Verifier::new(root)
        .unwrap()
        .verify(&artifact, &bundle, expected)
}

fn npm(identity: WorkflowIdentity) -> Verdict {
    let root = TrustRoot::public_good().unwrap();
    let expected = ExpectedIdentity::Workflow(Box::new(identity));
    judged(&root, NPM, NPM_DIGEST, &expected)
}

/// The identity that has signed.
fn right() -> WorkflowIdentity {
    WorkflowIdentity {
        workflow: Some(".github/workflows/release.yml".to_owned()),
        source_ref: SourceRef::Matches(git_ref("refs/heads/main").unwrap()),
        ..WorkflowIdentity::new("sigstore/sigstore-js")
    }
}

fn against(verdict: &Verdict) -> Vec<Check> {
    verdict.against().map(|line| line.check).collect()
}

#[test]
fn the_workflow_that_signed_is_accepted_with_its_provenance() {
    let verdict = npm(right());
    assert_eq!(against(&verdict), []);
    assert_eq!(verdict.outcome(), Outcome::Passed);
    let provenance = verdict
        .lines
        .iter()
        .find(|line| line.check == Check::Provenance);
    assert_eq!(provenance.unwrap().outcome, Outcome::Passed);
    assert_eq!(
        verdict.signed_at.unwrap().to_string(),
        "2023-08-18T16:05:35Z"
    );
    assert_eq!(verdict.statement.unwrap().subjects.len(), 1);
}

#[test]
fn a_repository_alone_is_refused_and_the_found_identity_is_told() {
    let verdict = npm(WorkflowIdentity::new("sigstore/sigstore-js"));
    assert_eq!(against(&verdict), [Check::Workflow, Check::SourceRef]);
    assert_eq!(verdict.outcome(), Outcome::Failed);
    let line = verdict.against().next().unwrap();
    assert!(
        line.text
            .contains("/.github/workflows/release.yml@refs/heads/main")
    );
    assert!(
        verdict.signer.is_some(),
        "who signed is proven, and not expected"
    );
}

#[test]
fn a_branch_is_refused_unless_it_is_asked_for() {
    let verdict = npm(WorkflowIdentity {
        source_ref: SourceRef::AnyTag,
        ..right()
    });
    assert_eq!(against(&verdict), [Check::SourceRef]);
}

#[test]
fn every_claim_that_differs_is_refused_by_its_own_line() {
    let with = |change: fn(&mut WorkflowIdentity)| {
        let mut identity = right();
        change(&mut identity);
        against(&npm(identity))
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        with(|i| i.issuer = "https://example.org".to_owned()),
        [Check::Issuer]
    );
    assert_eq!(
        with(|i| i.repository = "sigstore/other".to_owned()),
        [Check::Repository, Check::Workflow]
    );
    assert_eq!(
        with(|i| i.repository = "Sigstore/Sigstore-JS".to_owned()),
        []
    );
    assert_eq!(
        with(|i| i.repository_id = Some("1".to_owned())),
        [Check::RepositoryId]
    );
    assert_eq!(with(|i| i.repository_id = Some("495574555".to_owned())), []);
    assert_eq!(
        with(|i| i.owner_id = Some("1".to_owned())),
        [Check::OwnerId]
    );
    assert_eq!(with(|i| i.owner_id = Some("71096353".to_owned())), []);
    for path in [
        ".github/workflows/other.yml",
        ".github/workflows/release",
        ".github/workflows/release.yml@refs",
        "",
    ] {
        let mut identity = right();
        identity.workflow = text(path);
        assert_eq!(against(&npm(identity)), [Check::Workflow], "{path}");
    }
    assert_eq!(
        with(|i| i.source_commit = Some("0".repeat(40))),
        [Check::SourceCommit]
    );
    assert_eq!(with(|i| i.source_commit = Some(COMMIT.to_owned())), []);
    assert_eq!(
        with(|i| i.environment = Some("npm".to_owned())),
        [Check::Environment]
    );
    assert_eq!(
        with(|i| i.triggers = vec!["release".to_owned()]),
        [Check::Trigger]
    );
    assert_eq!(
        with(|i| i.triggers = vec!["release".to_owned(), "push".to_owned()]),
        []
    );
    assert_eq!(with(|i| i.runner = Runner::UnsafeAny), []);
}

#[test]
fn a_builder_is_pinned_by_the_commit_in_the_certificate() {
    let with = |builder: &str| {
        let mut identity = right();
        identity.builder = Some(Builder::parse(builder).unwrap());
        against(&npm(identity))
    };
    let path = "sigstore/sigstore-js/.github/workflows/release.yml";
    assert_eq!(with(&format!("{path}@{COMMIT}")), []);
    assert_eq!(with(&format!("{path}@{}", COMMIT.to_ascii_uppercase())), []);
    assert_eq!(
        with(&format!("{path}@{}", "0".repeat(40))),
        [Check::Builder]
    );
    assert_eq!(with(&format!("{path}@refs/heads/main")), []);
    assert_eq!(with(&format!("{path}@refs/heads/*")), []);
    assert_eq!(
        with(&format!("{path}@main")),
        [Check::Builder],
        "a bare name is a tag"
    );
    let other = "sigstore/sigstore-js/.github/workflows/build.yml";
    assert_eq!(with(&format!("{other}@{COMMIT}")), [Check::Builder]);
    for wrong in ["a/b@v1", "a/b/c", "a//c@v1", "a/b/c@"] {
        assert!(Builder::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_job_of_github_actions_is_accepted_by_its_subject_too() {
    let root = TrustRoot::public_good().unwrap();
    let bundle = UnverifiedBundle::from_json(CONDA).unwrap();
    let found = bundle.unverified_certificate().unwrap().unwrap();
    let subject = found.subject.text().unwrap().to_owned();
    let with = |subject: Pattern, issuer: &str| {
        let expected = ExpectedIdentity::Subject(SubjectIdentity {
            subject,
            issuer: Issuer::Named(issuer.to_owned()),
        });
        against(&judged(&root, CONDA, CONDA_DIGEST, &expected))
    };
    let github = "https://token.actions.githubusercontent.com";
    assert_eq!(with(Pattern::exact(&subject), github), []);
    let none = ExpectedIdentity::Subject(SubjectIdentity {
        subject: Pattern::exact(&subject),
        issuer: Issuer::Authority,
    });
    let verdict = judged(&root, CONDA, CONDA_DIGEST, &none);
    assert_eq!(against(&verdict), [Check::Issuer], "none is not any");
    assert_eq!(
        with(Pattern::exact(&subject), "https://example.org"),
        [Check::Issuer]
    );
    assert_eq!(
        with(Pattern::exact("a@example.org"), github),
        [Check::Subject]
    );
    assert_eq!(
        with(Pattern::glob("https://github.com/**").unwrap(), github),
        []
    );
    assert_eq!(
        with(Pattern::regex("https://github.com").unwrap(), github),
        [Check::Subject]
    );
}

#[test]
fn a_bundle_is_about_its_own_artifact_only() {
    let root = TrustRoot::public_good().unwrap();
    let expected = ExpectedIdentity::Workflow(Box::new(right()));
    let verdict = judged(&root, NPM, CONDA_DIGEST, &expected);
    assert_eq!(verdict.outcome(), Outcome::Failed);
    assert!(verdict.signer.is_none() && verdict.statement.is_none());
    let line = verdict
        .lines
        .iter()
        .find(|line| line.check == Check::Artifact)
        .unwrap();
    assert_eq!(line.outcome, Outcome::Failed);
}

#[test]
fn the_instance_of_github_has_no_logs_and_says_so() {
    let with = |issuer: &str| {
        ExpectedIdentity::Subject(SubjectIdentity {
            subject: Pattern::exact("https://dotcom.releases.github.com"),
            issuer: Issuer::parse(issuer),
        })
    };
    let root = TrustRoot::github_private().unwrap();
    // Certificates of GitHub itself name no issuer, and somebody else is another.
    let verdict = judged(&root, PRIVATE, PRIVATE_DIGEST, &with("https://example.org"));
    assert_eq!(against(&verdict), [Check::Issuer]);
    let expected = with("none");
    let verdict = judged(&root, PRIVATE, PRIVATE_DIGEST, &expected);
    assert_eq!(verdict.outcome(), Outcome::Passed);
    let log = verdict
        .lines
        .iter()
        .find(|line| line.check == Check::Log)
        .unwrap();
    assert_eq!((log.outcome, log.required), (Outcome::NotChecked, false));
    // The public instance does not do without: the missing log is a failure there.
    let public = TrustRoot::public_good().unwrap();
    let verdict = judged(&public, PRIVATE, PRIVATE_DIGEST, &expected);
    assert_eq!(verdict.outcome(), Outcome::Failed);
    assert!(verdict.signer.is_none());
}
