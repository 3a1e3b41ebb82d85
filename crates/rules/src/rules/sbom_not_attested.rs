//! Bills of materials that nothing binds to the artifact.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::proving::{Proof, Proves, SbomForm};
use cofferdam_workflows::semantics::publishing::Artifact;

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};
use crate::shipments::{self, Shipment};

crate::rule! {
    /// # What
    /// A bill of materials (SBOM) is made for something that is published, and
    /// it is neither attested nor part of what is signed.
    ///
    /// # Why
    /// A file beside the artifact can be replaced, left behind or mixed up
    /// without anybody noticing: it says of itself what it describes. Who
    /// relies on it to rule a vulnerability out relies on whoever may write
    /// there.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: syft "ghcr.io/org/app@${DIGEST}" -o spdx-json=sbom.json
    /// - run: cosign attach sbom --sbom sbom.json "ghcr.io/org/app@${DIGEST}"
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: syft "ghcr.io/org/app@${DIGEST}" -o spdx-json=sbom.json
    /// - run: cosign attest --yes --type spdxjson --predicate sbom.json "ghcr.io/org/app@${DIGEST}"
    /// ```
    ///
    /// # How it is decided
    /// An SBOM counts as bound if it is attested (`cosign attest`,
    /// `actions/attest` with `sbom-path`, `syft attest`), if the artifact's
    /// signature covers it (buildx puts it into the image's index, whose digest
    /// is signed; a release whose files are all attested), or if the SBOM itself
    /// is signed by its digest. Low; informational for packages and
    /// development. No other scanner has this rule.
    ///
    /// # References
    /// - <https://docs.sigstore.dev/cosign/verifying/attestation/>
    /// - <https://github.com/sigstore/cosign/blob/main/doc/cosign_attach_sbom.md>
    pub struct SbomNotAttested {
        id: "sbom-not-attested",
        title: "A bill of materials is not bound to the artifact",
        severity: Low,
        controls: [S2],
        standards: [Cwe::Cwe345, Scorecard::Sbom, Osps::Qa0202],
    }
}

impl Rule for SbomNotAttested {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        for shipment in &shipments::of(cx) {
            check(shipment, out);
        }
    }
}

fn check(shipment: &Shipment<'_>, out: &mut Sink) {
    let best = shipment
        .proofs()
        .filter_map(|(job, proof)| match proof.proves {
            Proves::Sbom(form) => Some((form, job, proof)),
            _ => None,
        })
        .max_by_key(|(form, ..)| *form);
    let Some((form, job, proof)) = best else {
        return;
    };
    let what = shipment.what();
    if form == SbomForm::Attested {
        let note = format!("{what}: `{}` attests a bill of materials", proof.means);
        out.satisfied(Control::S2, job.at(proof.span), note);
    } else if let Some((signer, signature)) = covering(shipment, job, proof) {
        let note = format!(
            "{what}: `{}` signs what holds the bill of materials",
            signature.means
        );
        out.satisfied(Control::S2, signer.at(signature.span), note);
    } else {
        report(shipment, form, job, proof, out);
    }
}

// The signature that covers the SBOM together with the artifact.
fn covering<'c>(
    shipment: &Shipment<'c>,
    maker: &JobView<'_>,
    sbom: &Proof,
) -> Option<(&'c JobView<'c>, &'c Proof)> {
    let in_index = sbom.means.contains("build") && !sbom.means.starts_with("ko")
        || sbom.means.contains("bake")
        || sbom.means.contains("dockers_v2");
    shipment.proofs().find(|(signer, proof)| {
        let names_sbom = proof
            .target
            .as_ref()
            .is_some_and(|target| target.to_ascii_lowercase().contains("sbom"));
        proof.is_signature()
            && match shipment.artifact {
                Artifact::Image | Artifact::Chart => in_index || names_sbom,
                // GoReleaser's checksums name the SBOM too; what a job makes, a
                // job that waits for it attests.
                Artifact::Release => {
                    sbom.means.contains("sboms") && proof.means.contains("signs")
                        || shipments::needs(signer, maker)
                }
                _ => false,
            }
    })
}

fn report(
    shipment: &Shipment<'_>,
    form: SbomForm,
    job: &JobView<'_>,
    proof: &Proof,
    out: &mut Sink,
) {
    let severity = match shipment.artifact {
        _ if shipment.development => Severity::Info,
        Artifact::Image | Artifact::Release => Severity::Low,
        _ => Severity::Info,
    };
    let state = match form {
        SbomForm::Attached => "attached, and nobody signs it",
        _ => "made, and nothing binds it to the artifact",
    };
    let fix = match shipment.artifact {
        Artifact::Image | Artifact::Chart => {
            "Attest it by digest with `cosign attest --type spdxjson --predicate SBOM IMAGE@DIGEST`"
        }
        _ => "Attest it with `actions/attest`, `subject-path` and `sbom-path`",
    };
    let mut finding = Finding::new(
        SbomNotAttested::INFO.id,
        severity,
        job.at(proof.span),
        format!(
            "the bill of materials of the {} by job `{}` (`{}`) is {state}",
            shipment.what(),
            job.job.name(),
            proof.means
        ),
    )
    .why("It can be replaced or mixed up unseen, so nobody can rely on what it says")
    .fix(fix)
    .group("bills of materials that nothing binds to the artifact")
    .subject(shipment.subject());
    if let Some(first) = shipment.first() {
        finding = finding.related(first.location(), "publishes the artifact");
    }
    out.report(finding);
}
