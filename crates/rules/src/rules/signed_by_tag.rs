//! Signatures that name a tag instead of a digest.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::proving::{Naming, Proof, Proves, Subject};
use cofferdam_workflows::semantics::stages::{self, Stage};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// cosign, notation or GoReleaser is told to sign, attest or check an image
    /// by its tag.
    ///
    /// # Why
    /// A tag means whatever the registry says at that moment. Between the push
    /// and the signature somebody else, or another run of the same workflow, can
    /// move it; the project then signs an image that it never built. A check by
    /// tag has the same gap before the image is used.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: cosign sign --yes ghcr.io/org/app:${{ github.sha }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - run: cosign sign --yes "ghcr.io/org/app@${DIGEST}"
    ///   env:
    ///     DIGEST: ${{ steps.push.outputs.digest }}
    /// ```
    ///
    /// # How it is decided
    /// From the reference that the command or input names: an `@` or something
    /// called digest is a digest, a `:` behind the last slash is a tag, and a
    /// name without either means `latest`. Variables are followed to their
    /// `env:` or their assignment in the same script; what is only known at run
    /// time is not judged. Medium for signing and attesting, low for checking,
    /// informational for images of tests; what is on the runner's own registry is
    /// passed over. No other scanner has
    /// this rule; cosign itself prints a warning.
    ///
    /// # References
    /// - <https://docs.sigstore.dev/cosign/signing/signing_with_containers/>
    /// - <https://github.com/sigstore/cosign/blob/main/doc/cosign_sign.md>
    pub struct SignedByTag {
        id: "signed-by-tag",
        title: "A signature names a tag instead of a digest",
        severity: Medium,
        controls: [S1],
        standards: [Cwe::Cwe367, Scorecard::SignedReleases, Osps::Br0601],
    }
}

impl Rule for SignedByTag {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        // One place of a file speaks for all.
        let mut held = false;
        for job in cx.jobs(workflow) {
            for proof in &job.proving.proofs {
                match proof.naming {
                    Naming::Tag => report(job, proof, out),
                    Naming::Digest if proof.proves == Proves::Signature && !held => {
                        held = true;
                        let note = format!("`{}` names a digest", proof.means);
                        out.satisfied(Control::S1, job.at(proof.span), note);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn report(job: &JobView<'_>, proof: &Proof, out: &mut Sink) {
    let stage = proof
        .target
        .as_deref()
        .map_or(Stage::Production, stages::of_name);
    if proof.subject != Subject::Image || stage == Stage::Local {
        return;
    }
    let checks = proof.proves == Proves::Check;
    let target = proof
        .target
        .as_ref()
        .map_or_else(|| "an image".to_owned(), |target| format!("`{target}`"));
    let verb = if checks { "checks" } else { "signs" };
    let severity = match (checks, stage) {
        (_, Stage::Development) => Severity::Info,
        (true, _) => Severity::Low,
        (false, _) => Severity::Medium,
    };
    let why = if checks {
        "The tag can mean another image by the time it is used"
    } else {
        "Whoever moves the tag between push and signature gets an image of their own signed by the project"
    };
    let fix = if checks {
        "Resolve the tag to a digest once, and check and use that digest"
    } else {
        if proof.means.starts_with("GoReleaser") {
            "Write `${artifact}@${digest}` in `args` of `docker_signs`"
        } else {
            "Sign the digest that the push gives, as in `IMAGE@${{ steps.ID.outputs.digest }}`"
        }
    };
    let step = job.job.steps().get(proof.step);
    out.report(
        Finding::new(
            SignedByTag::INFO.id,
            severity,
            job.at(proof.span),
            format!(
                "job `{}` {verb} {target} by its tag (`{}`)",
                job.job.name(),
                proof.means
            ),
        )
        .why(why)
        .fix(fix)
        .group(if checks {
            "images checked by their tag"
        } else {
            "images signed by their tag"
        })
        .subject(format!(
            "{} {}",
            step.map_or_else(|| job.subject(), |s| job.step_subject(s)),
            target
        )),
    );
}
