//! What is published without provenance, and the SLSA level that may be claimed.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::proving::{Proves, Refused};
use cofferdam_workflows::semantics::publishing::{Artifact, Registry};

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::shipments::{self, Cover, Shipment};
use crate::slsa::{self, Claim, Level};

crate::rule! {
    /// # What
    /// Something is published and nothing tells, in a form that can be
    /// verified, from which source and by which build it was made.
    ///
    /// # Why
    /// Provenance ties an artifact to a commit, a workflow and a run. Without it
    /// a build on somebody's laptop, or with another source, looks the same as
    /// one from here; after an incident nobody can tell which releases were
    /// made by the compromised step.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   push: {tags: ['v*']}
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     permissions:
    ///       packages: write
    ///     steps:
    ///       - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///         with:
    ///           registry: ghcr.io
    ///           username: ${{ github.actor }}
    ///           password: ${{ github.token }}
    ///       - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0
    ///         with:
    ///           push: true
    ///           tags: ghcr.io/org/app:v1
    ///           provenance: false
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   push: {tags: ['v*']}
    /// jobs:
    ///   image:
    ///     runs-on: ubuntu-24.04
    ///     permissions:
    ///       packages: write
    ///       id-token: write
    ///       attestations: write
    ///     steps:
    ///       - uses: docker/login-action@184bdaa0721073962dff0199f1fb9940f07167d1 # v3.5.0
    ///         with:
    ///           registry: ghcr.io
    ///           username: ${{ github.actor }}
    ///           password: ${{ github.token }}
    ///       - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0
    ///         id: push
    ///         with:
    ///           push: true
    ///           tags: ghcr.io/org/app:v1
    ///       - uses: actions/attest@e59cbc1ad1ac2d59339667419eb8cdde6eb61e3d # v4.0.0
    ///         with:
    ///           subject-name: ghcr.io/org/app
    ///           subject-digest: ${{ steps.push.outputs.digest }}
    ///           push-to-registry: true
    /// ```
    ///
    /// # How it is decided
    /// For each publication, the highest level of the SLSA 1.1 Build track that
    /// it may claim. L3: a reusable workflow signs with an identity that the
    /// steps of the build do not reach (slsa-github-generator, Docker's GitHub
    /// Builder, or a job of one's own reusable workflow that runs nothing but
    /// the attestation). L2: GitHub's attestation, or npm's provenance, made on
    /// a runner of the platform.
    ///
    /// L1: BuildKit's provenance, which nobody signs; a statement that a step
    /// writes itself; anything on a runner of one's own. L0: nothing, or only
    /// PyPI's publish attestation, which holds no provenance. L2 and L3 speak
    /// for the control, with the reason.
    ///
    /// Below that it is medium where provenance is switched off (`provenance:
    /// false`, `--provenance=false`, `BUILDX_NO_DEFAULT_ATTESTATIONS`), low
    /// where it is missing or unsigned, informational for development and for
    /// PyPI's attestation. Copies of images from elsewhere are passed over.
    ///
    /// Where a target of make or a script of the checkout publishes, which is
    /// not read, the control is unknown.
    ///
    /// CodeQL asks for npm's `--provenance` alone; Scorecard looks for
    /// `.intoto.jsonl` among release assets.
    ///
    /// # References
    /// - <https://slsa.dev/spec/v1.1/levels#build-track>
    /// - <https://docs.github.com/en/actions/how-tos/secure-your-work/use-artifact-attestations/increase-security-rating>
    /// - <https://docs.docker.com/build/metadata/attestations/slsa-provenance/>
    pub struct NoProvenance {
        id: "no-provenance",
        title: "Something is published without verifiable provenance",
        severity: Medium,
        controls: [S3],
        peers: ["codeql/MissingProvenanceFlag", "scorecard/Signed-Releases"],
        standards: [
            Cwe::Cwe345,
            Slsa::DistributeProvenance,
            Slsa::ProvenanceExists,
            Slsa::ProvenanceAuthentic,
            Slsa::Hosted,
            Slsa::ProvenanceUnforgeable,
        ],
    }
}

impl Rule for NoProvenance {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let settle = "publish in a step of the workflow, with provenance";
        let shipments = shipments::seen(cx, Control::S3, settle, out);
        // What is only copied was built elsewhere.
        for shipment in shipments.iter().filter(|s| !s.is_copy()) {
            check(shipment, out);
        }
    }
}

fn check(shipment: &Shipment<'_>, out: &mut Sink) {
    let claim = slsa::of_shipment(shipment);
    if let (Level::L2 | Level::L3, Some((job, proof))) = (claim.level, claim.proof) {
        let note = format!("{}: {}: {}", shipment.what(), claim.level, claim.reason);
        out.satisfied(Control::S3, job.at(proof.span), note);
        return;
    }
    let signed = |proof: &cofferdam_workflows::semantics::proving::Proof| {
        matches!(proof.proves, Proves::Provenance(_)) && proof.is_signature()
    };
    let cover = match shipment.cover(signed) {
        Cover::Perhaps(_, means) if !may_prove(&means) => Cover::No,
        cover => cover,
    };
    if let Cover::Unsure(job, proof) = &cover {
        out.unknown(
            Control::S3,
            Some(job.at(proof.span)),
            format!(
                "whether `{}` runs whenever the {} is published",
                proof.means,
                shipment.what()
            ),
            "attest in a step that runs and can fail wherever the artifact is published",
        );
        return;
    }
    if let (Level::L0, Cover::Perhaps(place, means)) = (claim.level, cover) {
        out.unknown(
            Control::S3,
            Some(place),
            format!(
                "whether `{means}` makes provenance for the {}",
                shipment.what()
            ),
            "ask for it with `gh attestation verify` or `cosign verify-attestation`",
        );
        return;
    }
    report(shipment, &claim, out);
}

// What says of itself that it signs makes no provenance.
fn may_prove(means: &str) -> bool {
    ["attest", "provenance", "slsa", ".github/workflows/"]
        .iter()
        .any(|word| means.contains(word))
}

fn report(shipment: &Shipment<'_>, claim: &Claim<'_>, out: &mut Sink) {
    let Some(first) = shipment.first() else {
        return;
    };
    let refusal = shipment.refusals(Refused::Provenance).next();
    let publish_only = claim.proof.is_some() && claim.level == Level::L0;
    let severity = match refusal {
        _ if shipment.development || publish_only => Severity::Info,
        Some(_) if claim.level == Level::L0 => Severity::Medium,
        _ => Severity::Low,
    };
    let location = refusal.map_or_else(|| first.location(), |(job, r)| job.at(r.span));
    let job = first.job.job.name();
    let what = shipment.what();
    let message = match (refusal, claim.level) {
        (Some((_, refusal)), Level::L0) => {
            format!(
                "job `{job}` publishes the {what} with provenance switched off (`{}`)",
                refusal.written
            )
        }
        (_, Level::L1) => format!(
            "job `{job}` publishes the {what} with provenance that nobody outside can rely on"
        ),
        _ if publish_only => format!(
            "job `{job}` publishes the {what} with an attestation of who published it, not of how it was built"
        ),
        _ => format!("job `{job}` publishes the {what} without provenance"),
    };
    let mut finding = Finding::new(NoProvenance::INFO.id, severity, location, message)
        .why(format!(
            "No more than {} may be claimed: {}",
            claim.level, claim.reason
        ))
        .fix(fix(shipment))
        .group(group(shipment, claim.level, refusal.is_some()))
        .subject(shipment.subject());
    if let Some((job, proof)) = claim.proof {
        finding = finding.related(job.at(proof.span), format!("`{}`", proof.means));
    }
    for place in shipment.places.iter().skip(1).take(5) {
        finding = finding.related(place.location(), "publishes it too");
    }
    out.report(finding);
}

fn fix(shipment: &Shipment<'_>) -> &'static str {
    match shipment.artifact {
        Artifact::Image | Artifact::Chart => {
            "Attest the pushed digest with `actions/attest` and `push-to-registry: true`"
        }
        Artifact::Package(Registry::Npm) => {
            "Publish by npm's trusted publishing, or add `--provenance` with `id-token: write`"
        }
        _ => "Attest the files with `actions/attest` in the job that builds them",
    }
}

fn group(shipment: &Shipment<'_>, level: Level, refused: bool) -> String {
    let artifact = shipment.artifact;
    match level {
        _ if shipment.development => "development artifacts without provenance".to_owned(),
        Level::L0 if refused => format!("{artifact}s published with provenance switched off"),
        Level::L0 => format!("{artifact}s published without provenance"),
        _ => format!("{artifact}s with provenance of level 1 only"),
    }
}
