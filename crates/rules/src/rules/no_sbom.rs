//! What is published without a bill of materials.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::proving::{Proof, Proves, Refused};
use cofferdam_workflows::semantics::publishing::Artifact;

use crate::context::Context;
use crate::rule::{Rule, Sink};
use crate::shipments::{self, Cover, Shipment};

crate::rule! {
    /// # What
    /// An image, a chart, a package or the files of a release are published,
    /// and no bill of materials (SBOM) is made of what is in them.
    ///
    /// # Why
    /// When a library turns out to be bad, users ask which of their software
    /// holds it. Without an SBOM made at the build they have to guess from the
    /// outside, and miss what was compiled in.
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
    ///           sbom: false
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
    ///           sbom: true
    ///       - run: cosign sign --yes "ghcr.io/org/app@${DIGEST}"
    ///         env:
    ///           DIGEST: ${{ steps.push.outputs.digest }}
    /// ```
    ///
    /// # How it is decided
    /// An SBOM is looked for wherever something runs together with the
    /// publication: actions and commands that write one, buildx with `sbom`,
    /// ko's own, GoReleaser's `sboms`. Low for images and releases,
    /// informational for charts, packages and development. Whether the SBOM is
    /// bound to the artifact is a rule of its own, `sbom-not-attested`. Where a
    /// target of make or a script of the checkout publishes, which is not read,
    /// the control is unknown.
    /// Scorecard and CLOMonitor look for a file of that name among the release
    /// assets.
    ///
    /// # References
    /// - <https://docs.docker.com/build/metadata/attestations/sbom/>
    /// - <https://goreleaser.com/customization/sbom/>
    pub struct NoSbom {
        id: "no-sbom",
        title: "Something is published without a bill of materials",
        severity: Low,
        controls: [S2],
        peers: ["scorecard/SBOM"],
        standards: [Cwe::Cwe1395, Scorecard::Sbom, Osps::Qa0202],
    }
}

impl Rule for NoSbom {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let settle = "make the SBOM in a step of the workflow, or publish there";
        let shipments = shipments::seen(cx, Control::S2, settle, out);
        // What is only copied was built elsewhere.
        for shipment in shipments.iter().filter(|s| !s.is_copy()) {
            let any = |proof: &Proof| matches!(proof.proves, Proves::Sbom(_));
            // A step whose name says that it signs says nothing of an SBOM.
            match shipment.cover(any) {
                Cover::Yes(..) => {}
                Cover::Unsure(job, proof) => out.unknown(
                    Control::S2,
                    Some(job.at(proof.span)),
                    format!(
                        "whether `{}` runs whenever the {} is published",
                        proof.means,
                        shipment.what()
                    ),
                    "make the bill of materials in a step that runs wherever the artifact is published",
                ),
                Cover::Perhaps(..) | Cover::No => report(shipment, out),
            }
        }
    }
}

fn report(shipment: &Shipment<'_>, out: &mut Sink) {
    let Some(first) = shipment.first() else {
        return;
    };
    let severity = match shipment.artifact {
        _ if shipment.development => Severity::Info,
        Artifact::Image | Artifact::Release => Severity::Low,
        _ => Severity::Info,
    };
    let refusal = shipment.refusals(Refused::Sbom).next();
    let location = refusal.map_or_else(|| first.location(), |(job, r)| job.at(r.span));
    let how = refusal.map_or_else(String::new, |(_, r)| format!(" (`{}`)", r.written));
    let fix = match shipment.artifact {
        Artifact::Image => "Set `sbom: true` at the build, and sign or attest the pushed digest",
        Artifact::Release => {
            "Make an SBOM of the files, and attest it with `actions/attest` and `sbom-path`"
        }
        _ => "Make an SBOM at the build, and attest it with `actions/attest` and `sbom-path`",
    };
    let mut finding = Finding::new(
        NoSbom::INFO.id,
        severity,
        location,
        format!(
            "job `{}` publishes the {} without a bill of materials{how}",
            first.job.job.name(),
            shipment.what()
        ),
    )
    .why("Users cannot tell whether a library that turns out to be bad is in it")
    .fix(fix)
    .group(if shipment.development {
        "development artifacts without a bill of materials".to_owned()
    } else {
        format!(
            "{}s published without a bill of materials",
            shipment.artifact
        )
    })
    .subject(shipment.subject());
    for place in shipment.places.iter().skip(1).take(5) {
        finding = finding.related(place.location(), "publishes it too");
    }
    out.report(finding);
}
