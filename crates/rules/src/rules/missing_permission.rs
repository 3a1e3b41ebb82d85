//! Jobs that attempt what their token may not do.

use std::collections::BTreeMap;

use cofferdam_facts::{Control, Scope, Span};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::text::{Text, lookup};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::proving::{Key, Origin, Proof, Proves};
use cofferdam_workflows::semantics::publishing::Artifact;
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use crate::context::{Context, JobView};
use crate::releases;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job signs, attests, publishes or signs in with rights that the
    /// `permissions:` in force do not give it.
    ///
    /// # Why
    /// The step fails, often after the artifact has been pushed: what users
    /// get is then neither signed nor attested. Whoever mends it in a hurry
    /// tends to write `write-all`, or to fall back on a stored token.
    ///
    /// # Vulnerable
    /// ```yaml
    /// permissions:
    ///   contents: read
    ///   packages: write
    /// steps:
    ///   - run: cosign sign --yes "ghcr.io/org/app@${DIGEST}"
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// permissions:
    ///   contents: read
    ///   packages: write
    ///   id-token: write
    /// steps:
    ///   - run: cosign sign --yes "ghcr.io/org/app@${DIGEST}"
    /// ```
    ///
    /// # How it is decided
    /// Only where `permissions:` is written, at the job or the workflow, and
    /// for a reusable workflow also where its caller gives less than the called
    /// job asks for. Keyless signatures, attestations and sign-ins by identity
    /// need `id-token: write`; GitHub's attestations also `attestations:
    /// write`; pushing to ghcr.io with the job's token needs `packages: write`;
    /// releases with the job's token need `contents: write`. A step that
    /// brings a token of its own is passed over. Low: nothing is exposed, and
    /// the control fails in the open. actionlint checks spelling and values of
    /// scopes, not whether they suffice.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#permissions>
    /// - <https://github.com/actions/attest#usage>
    /// - <https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-with-reusable-workflows>
    pub struct MissingPermission {
        id: "missing-permission",
        title: "A job lacks a right that it uses",
        severity: Low,
        controls: [S1, S2, S3],
        standards: [
            Slsa::ProvenanceExists,
            Slsa::ProvenanceAuthentic,
            Scorecard::SignedReleases,
        ],
    }
}

impl Rule for MissingPermission {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for job in cx.jobs(workflow) {
            let wanted = wanted(cx, job);
            for (scope, need) in &wanted {
                if !job.token.assumed && !has(job, *scope) {
                    report(job, *scope, need, out);
                }
            }
            callers(cx, job, &wanted, out);
        }
    }
}

/// What needs a scope.
struct Need {
    span: Span,
    means: String,
    controls: &'static [Control],
}

type Wanted = BTreeMap<Scope, Need>;

fn has(job: &JobView<'_>, scope: Scope) -> bool {
    job.token.writes().any(|s| s == scope)
}

fn wanted(cx: &Context<'_>, job: &JobView<'_>) -> Wanted {
    let mut wanted = Wanted::new();
    let mut want = |scope, span, means: &str, controls| {
        wanted.entry(scope).or_insert(Need {
            span,
            means: means.to_owned(),
            controls,
        });
    };
    for proof in &job.proving.proofs {
        let controls = controls(proof);
        if proof.key == Key::Keyless && !brings_identity(job, proof) {
            want(Scope::IdToken, proof.span, &proof.means, controls);
        }
        if proof.means.starts_with("actions/attest") {
            want(Scope::Attestations, proof.span, &proof.means, controls);
        }
    }
    for step in job.job.steps() {
        if let Some((span, means)) = signs_in_by_identity(step) {
            want(Scope::IdToken, span, means, &[Control::S1]);
        }
    }
    let ghcr = releases::logins(cx, job).iter().any(|login| {
        login.token
            && login.secrets.is_empty()
            && login
                .registry
                .as_deref()
                .is_some_and(|r| r.trim_start_matches("https://").starts_with("ghcr.io"))
    });
    for publication in &job.publications {
        let to_ghcr = publication.names.iter().any(|n| n.starts_with("ghcr.io/"));
        match publication.artifact {
            Artifact::Image | Artifact::Chart if ghcr && to_ghcr && !publication.conditional => {
                want(
                    Scope::Packages,
                    publication.span,
                    &publication.means,
                    &[Control::S1],
                );
            }
            Artifact::Release
                if writes_releases(&publication.means) && with_own_token(job, publication.step) =>
            {
                want(
                    Scope::Contents,
                    publication.span,
                    &publication.means,
                    &[Control::S1],
                );
            }
            _ => {}
        }
    }
    wanted
}

fn controls(proof: &Proof) -> &'static [Control] {
    match proof.proves {
        Proves::Provenance(Origin::Publish) | Proves::Signature | Proves::Check => &[Control::S1],
        Proves::Provenance(_) => &[Control::S3],
        Proves::Code => &[Control::S1],
        Proves::Sbom(_) => &[Control::S2],
    }
}

// `--identity-token`, or a token that the step puts where cosign looks.
fn brings_identity(job: &JobView<'_>, proof: &Proof) -> bool {
    let Some(step) = job.job.steps().get(proof.step) else {
        return false;
    };
    let in_script = step.script().is_some_and(|text| {
        text.value.contains("--identity-token") || text.value.contains("SIGSTORE_ID_TOKEN")
    });
    in_script || lookup(&step.env, "SIGSTORE_ID_TOKEN").is_some()
}

fn signs_in_by_identity(step: &Step) -> Option<(Span, &'static str)> {
    let uses = step.uses()?;
    let given = |input: &str| {
        step.input(input)
            .is_some_and(|t| !t.value.trim().is_empty())
    };
    let means = match step.action()? {
        "aws-actions/configure-aws-credentials"
            if given("role-to-assume")
                && !given("aws-access-key-id")
                && !given("web-identity-token-file")
                && step
                    .input("role-chaining")
                    .is_none_or(|t| t.value != "true") =>
        {
            "aws-actions/configure-aws-credentials"
        }
        "google-github-actions/auth" if given("workload_identity_provider") => {
            "google-github-actions/auth"
        }
        "rust-lang/crates-io-auth-action" => "rust-lang/crates-io-auth-action",
        "nuget/login" => "nuget/login",
        _ => return None,
    };
    Some((uses.span, means))
}

// The others hand the release to somebody else, or do not have to write it.
fn writes_releases(means: &str) -> bool {
    means.starts_with("gh release")
        || matches!(
            means,
            "softprops/action-gh-release" | "ncipollo/release-action"
        )
}

// The token that the step is given; none means the job's own.
fn with_own_token(job: &JobView<'_>, step: usize) -> bool {
    let Some(step) = job.job.steps().get(step) else {
        return false;
    };
    // A composite action may hand in anything.
    if step.action().is_none() && step.script().is_none() {
        return false;
    }
    let names = ["token", "github_token", "repo_token", "repo-token"];
    let variables = ["GH_TOKEN", "GITHUB_TOKEN", "GITHUB_PAT"];
    let mut texts: Vec<&Text> = names.iter().filter_map(|name| step.input(name)).collect();
    for env in [&step.env, &job.job.env, &job.workflow.env] {
        texts.extend(variables.iter().filter_map(|name| lookup(env, name)));
    }
    let own = |text: &&Text| {
        text.parsed()
            .flat_map(|(_, expr)| secrets::names(expr))
            .any(|name| name == SecretName::Token)
    };
    if texts.is_empty() {
        // Actions take the job's token by themselves, programs do not.
        return step
            .action()
            .is_some_and(|a| a == "softprops/action-gh-release" || a == "ncipollo/release-action");
    }
    texts.iter().all(own)
}

fn report(job: &JobView<'_>, scope: Scope, need: &Need, out: &mut Sink) {
    let finding = Finding::new(
        MissingPermission::INFO.id,
        Severity::Low,
        job.at(need.span),
        format!(
            "job `{}` uses `{}` without `{scope}: write`",
            job.job.name(),
            need.means
        ),
    )
    .why(why(scope))
    .fix(format!(
        "Add `{scope}: write` to `permissions:` of job `{}`",
        job.job.name()
    ))
    .group(format!("jobs that lack `{scope}: write`"))
    .subject(format!("{} {scope}", job.subject()));
    let place = job.token.span.map(|span| job.at(span));
    out.report_against(
        need.controls,
        match place {
            Some(place) => finding.related(place, "these rights are all that it has"),
            None => finding,
        },
    );
}

fn why(scope: Scope) -> &'static str {
    match scope {
        Scope::IdToken => {
            "The job gets no identity to sign or sign in with, so the step fails and what was pushed before stays without proof"
        }
        Scope::Attestations => {
            "GitHub refuses to store the attestation, so what was pushed before stays without proof"
        }
        Scope::Packages => "The registry refuses the push",
        _ => "GitHub refuses to write the release",
    }
}

// A called job can never have more than its caller.
fn callers(cx: &Context<'_>, job: &JobView<'_>, wanted: &Wanted, out: &mut Sink) {
    if !job.workflow.is_reusable() {
        return;
    }
    for (scope, need) in wanted.iter().filter(|(scope, _)| has(job, **scope)) {
        for caller in cx.repository.callers(job.workflow.path()) {
            let view = cx
                .jobs(caller.workflow)
                .iter()
                .find(|view| view.job.id.span == caller.job.id.span);
            let Some(view) = view.filter(|view| !view.token.assumed && !has(view, *scope)) else {
                continue;
            };
            let finding = Finding::new(
                MissingPermission::INFO.id,
                Severity::Low,
                view.at(caller.job.call().map_or(caller.job.id.span, |c| c.uses.span)),
                format!(
                    "job `{}` calls a workflow whose job `{}` needs `{scope}: write`, and does not give it",
                    caller.job.name(),
                    job.job.name()
                ),
            )
            .why("GitHub refuses to start a run in which a called job asks for more than its caller has")
            .fix(format!(
                "Add `{scope}: write` to `permissions:` of job `{}`",
                caller.job.name()
            ))
            .group(format!("jobs that lack `{scope}: write`"))
            .subject(format!("{} {scope}", view.subject()))
            .related(job.at(need.span), format!("`{}` needs it", need.means));
            out.report_against(need.controls, finding);
        }
    }
}
