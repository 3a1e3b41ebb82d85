//! What is published without a signature.

use std::collections::BTreeSet;

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::proving::{Key, Naming, Proof, Proves, Refused};
use cofferdam_workflows::semantics::publishing::{Artifact, Registry};

use crate::context::{Context, JobView};
use crate::releases;
use crate::rule::{Rule, Sink};
use crate::shipments::{self, Cover, Place, Shipment};

crate::rule! {
    /// # What
    /// An image, a chart, a package or the files of a release are published,
    /// and nothing that runs together with it signs them.
    ///
    /// # Why
    /// Without a signature nobody can tell what this project built from what
    /// somebody put in its place with a stolen registry password, a leaked
    /// token or a mistake. The registry serves both alike.
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
    ///       - run: cosign sign --yes "ghcr.io/org/app@${DIGEST}"
    ///         env:
    ///           DIGEST: ${{ steps.push.outputs.digest }}
    /// ```
    ///
    /// # How it is decided
    /// A signature is looked for in every job that runs together with the
    /// publication: those of the workflow, of reusable workflows that it calls,
    /// of workflows that call it or follow it.
    ///
    /// It counts if it is of the right kind (an image by cosign, notation or an
    /// attestation that is bound to its digest; files by cosign, PGP or an
    /// attestation; a package by its registry's own client, or as a file before
    /// the upload) and does not name another repository. `.goreleaser.yaml` is
    /// read.
    ///
    /// Medium for images, charts and files of releases; low for packages of npm,
    /// PyPI and RubyGems and for copies of images from elsewhere; informational
    /// for what is for development only.
    ///
    /// Where something that is not read may sign (a reusable workflow of another
    /// repository that holds an identity or secrets, `make sign`; code signing
    /// of installers alone), the control is unknown; so it is where a target of
    /// make or a script of the checkout publishes, which is not read. Registries
    /// that take no signature of a publisher are passed over.
    ///
    /// Scorecard's Signed-Releases looks at names of release assets after the
    /// fact; zizmor and poutine have no such rule.
    ///
    /// # References
    /// - <https://docs.sigstore.dev/cosign/signing/signing_with_containers/>
    /// - <https://docs.github.com/en/actions/how-tos/secure-your-work/use-artifact-attestations/use-artifact-attestations>
    /// - <https://docs.npmjs.com/generating-provenance-statements>
    /// - <https://docs.pypi.org/attestations/producing-attestations/>
    pub struct UnsignedPublication {
        id: "unsigned-publication",
        title: "Something is published without a signature",
        severity: Medium,
        controls: [S1],
        peers: ["scorecard/Signed-Releases"],
        standards: [Cwe::Cwe347, Scorecard::SignedReleases, Osps::Br0601],
    }
}

impl Rule for UnsignedPublication {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let settle = "sign what it publishes in a step of the workflow, or publish there";
        let shipments = shipments::seen(cx, Control::S1, settle, out);
        for shipment in &shipments {
            check(cx, shipment, out);
        }
    }
}

fn check(cx: &Context<'_>, shipment: &Shipment<'_>, out: &mut Sink) {
    let Some(first) = shipment.first() else {
        return;
    };
    let cover = shipment.cover(Proof::is_signature);
    match cover {
        Cover::Yes(job, proof) => {
            // Signing a tag is a finding of its own.
            if proof.naming != Naming::Tag {
                let note = format!(
                    "{} is signed by `{}` {}",
                    shipment.what(),
                    proof.means,
                    with(proof)
                );
                out.satisfied(Control::S1, job.at(proof.span), note);
            }
        }
        _ if shipment.artifact == Artifact::Package(Registry::Maven) => maven(shipment, out),
        _ if !takes_signatures(shipment.artifact) => {}
        Cover::No
            if shipment.artifact == Artifact::Release
                && shipments::releases_are_immutable(cx) == Some(true) =>
        {
            out.satisfied(
                Control::S1,
                first.location(),
                "releases are immutable, and GitHub attests each of them",
            );
        }
        Cover::No if code_signature(shipment).is_some() => {
            let (job, proof) = code_signature(shipment).unzip();
            out.unknown(
                Control::S1,
                job.zip(proof).map(|(job, proof)| job.at(proof.span)),
                "whether the files that no operating system checks are signed too",
                "attest every file with `actions/attest`",
            );
        }
        Cover::Unsure(job, proof) => out.unknown(
            Control::S1,
            Some(job.at(proof.span)),
            format!(
                "whether `{}` runs whenever the {} is published",
                proof.means,
                shipment.what()
            ),
            "sign in a step that runs and can fail wherever the artifact is published",
        ),
        Cover::Perhaps(place, means) => out.unknown(
            Control::S1,
            Some(place),
            format!("whether `{means}` signs the {}", shipment.what()),
            "verify one published artifact with `cosign verify` or `gh attestation verify`",
        ),
        Cover::No => report(cx, shipment, out),
    }
}

// Installers that an operating system checks are a part of the files.
fn code_signature<'c>(shipment: &Shipment<'c>) -> Option<(&'c JobView<'c>, &'c Proof)> {
    shipment
        .proofs()
        .find(|(_, proof)| shipment.artifact == Artifact::Release && proof.proves == Proves::Code)
}

fn with(proof: &Proof) -> &'static str {
    match proof.key {
        Key::Keyless => "with the identity of the run",
        Key::Managed => "with a managed key",
        Key::Stored(_) => "with a stored key",
        Key::None => "",
    }
}

// The others sign what they serve themselves, or not at all.
fn takes_signatures(artifact: Artifact) -> bool {
    matches!(
        artifact,
        Artifact::Image
            | Artifact::Chart
            | Artifact::Release
            | Artifact::Package(Registry::Npm | Registry::PyPi | Registry::Gems)
    )
}

// Maven Central refuses what has no PGP signature; the build file signs.
fn maven(shipment: &Shipment<'_>, out: &mut Sink) {
    let import = shipment
        .company
        .iter()
        .find_map(|job| Some((*job, job.proving.imports.first()?)));
    match (import, shipment.first()) {
        (Some((job, import)), _) => out.satisfied(
            Control::S1,
            job.at(import.span),
            format!(
                "`{}` brings a PGP key for the {}",
                import.means,
                shipment.what()
            ),
        ),
        (None, Some(first)) => out.unknown(
            Control::S1,
            Some(first.location()),
            "whether the build file signs with PGP, as Maven Central demands",
            "look for `.asc` files beside the published artifact",
        ),
        (None, None) => {}
    }
}

fn report(cx: &Context<'_>, shipment: &Shipment<'_>, out: &mut Sink) {
    let Some(first) = shipment.first() else {
        return;
    };
    let severity = match shipment.artifact {
        _ if shipment.development => Severity::Info,
        // The original may be signed where it comes from.
        _ if shipment.is_copy() => Severity::Low,
        Artifact::Package(_) => Severity::Low,
        _ => Severity::Medium,
    };
    let refusal = shipment.refusals(Refused::Signature).next();
    let location = refusal.map_or_else(|| first.location(), |(job, r)| job.at(r.span));
    let how = match refusal {
        Some((_, refusal)) => format!("without a signature (`{}`)", refusal.written),
        None => "without a signature".to_owned(),
    };
    let mut finding = Finding::new(
        UnsignedPublication::INFO.id,
        severity,
        location,
        format!(
            "job `{}` publishes the {} {how}",
            first.job.job.name(),
            shipment.what()
        ),
    )
    .why(why(cx, shipment))
    .fix(fix(shipment))
    .group(group(shipment))
    .subject(shipment.subject());
    for place in shipment.places.iter().skip(1).take(5) {
        finding = finding.related(place.location(), "publishes it too");
    }
    out.report(finding);
}

fn why(cx: &Context<'_>, shipment: &Shipment<'_>) -> String {
    let mut secrets = BTreeSet::new();
    let package = matches!(shipment.artifact, Artifact::Package(_));
    // The places of a job stand together.
    let same = |one: &Place<'_>, other: &Place<'_>| std::ptr::eq(one.job, other.job);
    for places in shipment.places.chunk_by(same) {
        let steps: BTreeSet<usize> = places.iter().map(|p| p.publication.step).collect();
        let logins = places
            .iter()
            .take(1)
            .flat_map(|p| releases::logins(cx, p.job));
        for login in logins.filter(|l| !package || steps.contains(&l.step)) {
            secrets.extend(login.secrets.iter().cloned());
        }
    }
    let secrets: Vec<_> = secrets.into_iter().collect();
    let whoever = match secrets.as_slice() {
        [one] => format!("Whoever gets hold of {one}"),
        [one, other] => format!("Whoever gets hold of {one} or {other}"),
        [one, more @ ..] => {
            format!(
                "Whoever gets hold of {one} or of {} other secrets",
                more.len()
            )
        }
        [] if shipment.artifact == Artifact::Release => {
            "Whoever gets a token that may write contents".to_owned()
        }
        [] => "Whoever can write to the registry".to_owned(),
    };
    if shipment.development {
        return format!("{whoever} can replace what the project tests with, unseen");
    }
    format!("{whoever} can put something else in its place, and no user can tell")
}

fn fix(shipment: &Shipment<'_>) -> String {
    match shipment.artifact {
        Artifact::Image => {
            let digest = shipment.first().and_then(|first| {
                let step = first.job.job.steps().get(first.publication.step)?;
                let id = step.id.as_ref()?;
                Some(format!("${{{{ steps.{}.outputs.digest }}}}", id.value))
            });
            let digest = digest.unwrap_or_else(|| "DIGEST".to_owned());
            format!("Give the job `id-token: write` and sign what was pushed with `cosign sign --yes IMAGE@{digest}`")
        }
        Artifact::Chart => "Push the chart to an OCI registry, and sign the digest that `helm push` prints with `cosign sign --yes CHART@DIGEST`".to_owned(),
        Artifact::Release => "Attest the files with `actions/attest` before they are attached, or switch on immutable releases".to_owned(),
        Artifact::Package(Registry::Npm) => "Publish by npm's trusted publishing, or add `--provenance` with `id-token: write`".to_owned(),
        Artifact::Package(Registry::PyPi) => "Publish by trusted publishing with `pypa/gh-action-pypi-publish` and leave its attestations on".to_owned(),
        _ => "Publish with an attestation of the registry's own client".to_owned(),
    }
}

fn group(shipment: &Shipment<'_>) -> String {
    if shipment.development {
        return "development artifacts published without a signature".to_owned();
    }
    match shipment.artifact {
        Artifact::Release => "releases whose files are not signed".to_owned(),
        other => format!("{other}s published without a signature"),
    }
}
