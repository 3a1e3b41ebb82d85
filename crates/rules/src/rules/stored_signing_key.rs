//! Signing with a key that is kept somewhere.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::proving::{Key, KeyForm, KeyImport, Proof, Proves, Subject};
use cofferdam_workflows::semantics::publishing::{Artifact, Registry};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job signs what it publishes with a key that is stored as a secret or a
    /// file, although it could sign with the identity of the run.
    ///
    /// # Why
    /// Everything that runs in the job can copy the key, and from then on sign
    /// anything, anywhere, as long as users trust it. A key that exists for one
    /// signature only cannot be copied, and its certificate names repository,
    /// workflow and commit; a stored key says nothing of them.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - run: cosign sign --yes --key env://COSIGN_PRIVATE_KEY "ghcr.io/org/app@${DIGEST}"
    ///   env:
    ///     COSIGN_PRIVATE_KEY: ${{ secrets.COSIGN_PRIVATE_KEY }}
    ///     COSIGN_PASSWORD: ${{ secrets.COSIGN_PASSWORD }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// permissions:
    ///   id-token: write
    /// steps:
    ///   - run: cosign sign --yes "ghcr.io/org/app@${DIGEST}"
    /// ```
    ///
    /// # How it is decided
    /// `--key` of cosign, in a script or in `.goreleaser.yaml`, that does not
    /// name a key management service: medium. PGP keys brought in by an action
    /// or `gpg --import`, and PGP, minisign, signify or SSH signatures: low,
    /// since package managers ask for some of them; informational in a job that
    /// publishes to Maven Central, which takes nothing else. A key for commits
    /// and tags alone is passed over in a job that publishes nothing. No other
    /// scanner has this rule.
    ///
    /// # References
    /// - <https://docs.sigstore.dev/cosign/signing/overview/>
    /// - <https://docs.sigstore.dev/cosign/key_management/signing_with_self-managed_keys/>
    pub struct StoredSigningKey {
        id: "stored-signing-key",
        title: "A stored key signs where the run's own identity would do",
        severity: Medium,
        controls: [S1],
        standards: [Cwe::Cwe522, Scorecard::SignedReleases, Osps::Br0601],
    }
}

impl Rule for StoredSigningKey {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        // One place of a file speaks for all.
        let mut held = false;
        let ships = cx
            .jobs(workflow)
            .iter()
            .any(|job| !job.publications.is_empty());
        for job in cx.jobs(workflow) {
            let mut seen = Vec::new();
            let mut keyless = None;
            for proof in &job.proving.proofs {
                match proof.key {
                    // The keys of operating systems' code signing are rented, and
                    // nothing takes their place.
                    Key::Stored(KeyForm::Other) if proof.proves == Proves::Code => {}
                    Key::Stored(form) if !seen.contains(&form) => {
                        seen.push(form);
                        by_proof(job, proof, form, out);
                    }
                    // A file that is signed by itself may be a trial.
                    Key::Keyless | Key::Managed if ships || proof.subject == Subject::Image => {
                        keyless = Some(proof);
                    }
                    _ => {}
                }
            }
            // The signature that uses the key was reported already.
            if let Some(import) = job
                .proving
                .imports
                .iter()
                .find(|import| !seen.contains(&import.form))
            {
                by_import(job, import, out);
            }
            if let Some(proof) = keyless.filter(|_| seen.is_empty() && !held) {
                held = true;
                let note = format!("`{}` signs without a stored key", proof.means);
                out.satisfied(Control::S1, job.at(proof.span), note);
            }
        }
    }
}

fn by_proof(job: &JobView<'_>, proof: &Proof, form: KeyForm, out: &mut Sink) {
    let message = format!(
        "job `{}` signs with {} (`{}`)",
        job.job.name(),
        word(form),
        proof.means
    );
    let finding = Finding::new(
        StoredSigningKey::INFO.id,
        severity(job, form),
        job.at(proof.span),
        message,
    );
    out.report(finish(job, form, finding));
}

fn by_import(job: &JobView<'_>, import: &KeyImport, out: &mut Sink) {
    if import.commits_only && job.publications.is_empty() {
        return;
    }
    let message = format!(
        "job `{}` brings {} onto the runner (`{}`)",
        job.job.name(),
        word(import.form),
        import.means
    );
    let finding = Finding::new(
        StoredSigningKey::INFO.id,
        severity(job, import.form),
        job.at(import.span),
        message,
    );
    out.report(finish(job, import.form, finding));
}

fn word(form: KeyForm) -> &'static str {
    match form {
        KeyForm::Cosign => "a stored key of cosign",
        KeyForm::Pgp => "a stored PGP key",
        KeyForm::Other => "a stored key",
    }
}

fn severity(job: &JobView<'_>, form: KeyForm) -> Severity {
    let maven = job
        .publications
        .iter()
        .any(|p| p.artifact == Artifact::Package(Registry::Maven));
    match form {
        KeyForm::Cosign => Severity::Medium,
        KeyForm::Pgp if maven => Severity::Info,
        KeyForm::Pgp | KeyForm::Other => Severity::Low,
    }
}

fn finish(job: &JobView<'_>, form: KeyForm, finding: Finding) -> Finding {
    let secrets: Vec<&str> = job
        .secrets
        .iter()
        .map(|used| used.name.label())
        .filter(|name| {
            ["KEY", "GPG", "SIGN", "COSIGN"]
                .iter()
                .any(|part| name.contains(part))
        })
        .take(2)
        .collect();
    let key = match secrets.as_slice() {
        [] => "the key".to_owned(),
        names => names.join(" and "),
    };
    let why = format!(
        "Every step of the job can copy {key} and sign anything with it until users stop trusting it"
    );
    let fix = match form {
        KeyForm::Cosign => {
            "Drop `--key`, give the job `id-token: write`, and tell users the identity to expect"
        }
        _ => {
            "Attest the files with `actions/attest` or `cosign sign-blob` as well, and keep the key out of jobs that build"
        }
    };
    finding
        .why(why)
        .fix(fix)
        .group(format!("jobs that sign with {}", word(form)))
        .subject(format!("{} {form:?}", job.subject()))
}
