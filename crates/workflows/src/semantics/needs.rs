//! Which scopes of GITHUB_TOKEN a step is known to write with.
//!
//! Sources: the README of each action, section on permissions; the REST
//! reference, "Permissions required for GitHub Apps", for the commands of `gh`.
//! An action that is not listed may need anything that the job holds.

use cofferdam_facts::Scope;

use crate::documents::step::Step;
use crate::semantics::secrets::{self, SecretName};
use crate::shell::{Command, Script};

use Scope::{
    Actions, Attestations, Checks, Contents, Deployments, Discussions, IdToken, Issues, Packages,
    Pages, PullRequests, SecurityEvents, Statuses,
};

/// What a step may write with the job's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// These scopes and no others.
    Known(Vec<Scope>),
    /// It cannot be told: the action is not listed, or the script hands the
    /// token to something that is not read here.
    Unknown,
}

impl Needs {
    /// Whether the step may need a scope.
    #[must_use]
    pub fn may_need(&self, scope: Scope) -> bool {
        match self {
            Self::Known(scopes) => scopes.contains(&scope),
            Self::Unknown => true,
        }
    }
}

// Sorted by name.
const ACTIONS: &[(&str, &[Scope])] = &[
    ("actions/add-to-project", &[]),
    (
        "actions/attest",
        &[
            IdToken,
            Attestations,
            Packages,
            Contents,
            Scope::ArtifactMetadata,
        ],
    ),
    (
        "actions/attest-build-provenance",
        &[IdToken, Attestations, Packages, Scope::ArtifactMetadata],
    ),
    (
        "actions/attest-sbom",
        &[IdToken, Attestations, Packages, Scope::ArtifactMetadata],
    ),
    ("actions/cache", &[]),
    ("actions/cache/restore", &[]),
    ("actions/cache/save", &[]),
    ("actions/checkout", &[]),
    ("actions/configure-pages", &[Pages]),
    ("actions/create-github-app-token", &[]),
    ("actions/create-release", &[Contents]),
    ("actions/dependency-review-action", &[PullRequests]),
    ("actions/deploy-pages", &[Pages, IdToken]),
    ("actions/download-artifact", &[]),
    ("actions/first-interaction", &[Issues, PullRequests]),
    ("actions/labeler", &[PullRequests, Issues]),
    ("actions/setup-dotnet", &[]),
    ("actions/setup-go", &[]),
    ("actions/setup-java", &[]),
    ("actions/setup-node", &[]),
    ("actions/setup-python", &[]),
    ("actions/stale", &[Issues, PullRequests, Contents, Actions]),
    ("actions/upload-artifact", &[]),
    ("actions/upload-artifact/merge", &[]),
    ("actions/upload-pages-artifact", &[]),
    ("actions/upload-release-asset", &[Contents]),
    (
        "amannn/action-semantic-pull-request",
        &[PullRequests, Statuses],
    ),
    ("anchore/sbom-action", &[Contents, Actions]),
    ("anchore/sbom-action/download-syft", &[]),
    ("anchore/scan-action", &[]),
    ("aquasecurity/setup-trivy", &[]),
    ("aquasecurity/trivy-action", &[]),
    ("astral-sh/ruff-action", &[]),
    ("astral-sh/setup-uv", &[]),
    ("aws-actions/amazon-ecr-login", &[]),
    ("aws-actions/configure-aws-credentials", &[IdToken]),
    ("azure/login", &[IdToken]),
    ("azure/setup-helm", &[]),
    ("azure/setup-kubectl", &[]),
    (
        "benchmark-action/github-action-benchmark",
        &[Contents, Deployments, PullRequests],
    ),
    (
        "changesets/action",
        &[Contents, PullRequests, IdToken, Issues],
    ),
    ("codecov/codecov-action", &[IdToken]),
    ("coverallsapp/github-action", &[]),
    ("dependabot/fetch-metadata", &[]),
    ("docker/bake-action", &[Packages]),
    ("docker/build-push-action", &[Packages]),
    ("docker/login-action", &[Packages]),
    ("docker/metadata-action", &[]),
    ("docker/setup-buildx-action", &[]),
    ("docker/setup-qemu-action", &[]),
    ("dorny/paths-filter", &[]),
    ("dorny/test-reporter", &[Checks]),
    ("dtolnay/rust-toolchain", &[]),
    ("github/codeql-action/analyze", &[SecurityEvents]),
    ("github/codeql-action/autobuild", &[]),
    ("github/codeql-action/init", &[]),
    ("github/codeql-action/upload-sarif", &[SecurityEvents]),
    ("golangci/golangci-lint-action", &[Checks]),
    ("google-github-actions/auth", &[IdToken]),
    (
        "google-github-actions/release-please-action",
        &[Contents, PullRequests, Issues],
    ),
    ("google-github-actions/setup-gcloud", &[]),
    (
        "googleapis/release-please-action",
        &[Contents, PullRequests, Issues],
    ),
    (
        "goreleaser/goreleaser-action",
        &[Contents, Packages, IdToken, Issues, PullRequests],
    ),
    ("gradle/actions/setup-gradle", &[Contents, PullRequests]),
    ("gradle/actions/wrapper-validation", &[]),
    ("hashicorp/setup-terraform", &[]),
    ("hashicorp/vault-action", &[IdToken]),
    ("helm/chart-releaser-action", &[Contents, Packages]),
    ("helm/kind-action", &[]),
    ("jamesives/github-pages-deploy-action", &[Contents]),
    ("jlumbroso/free-disk-space", &[]),
    ("marocchino/sticky-pull-request-comment", &[PullRequests]),
    ("mikepenz/action-junit-report", &[Checks, PullRequests]),
    ("ncipollo/release-action", &[Contents, Discussions]),
    ("octo-sts/action", &[IdToken]),
    ("ossf/scorecard-action", &[IdToken, SecurityEvents]),
    ("peaceiris/actions-gh-pages", &[Contents]),
    (
        "peter-evans/create-or-update-comment",
        &[Issues, PullRequests],
    ),
    ("peter-evans/create-pull-request", &[Contents, PullRequests]),
    ("peter-evans/find-comment", &[]),
    ("pnpm/action-setup", &[]),
    ("pre-commit/action", &[]),
    ("pypa/cibuildwheel", &[]),
    ("pypa/gh-action-pypi-publish", &[IdToken, Attestations]),
    ("ruby/setup-ruby", &[]),
    ("rust-lang/crates-io-auth-action", &[IdToken]),
    ("sigstore/cosign-installer", &[]),
    ("softprops/action-gh-release", &[Contents, Discussions]),
    ("stefanzweifel/git-auto-commit-action", &[Contents]),
    ("step-security/harden-runner", &[]),
    ("swatinem/rust-cache", &[]),
    ("taiki-e/install-action", &[]),
    ("tj-actions/changed-files", &[]),
    ("zizmorcore/zizmor-action", &[SecurityEvents]),
];

/// The scopes that an action, named `owner/repo[/path]` in lower case, writes.
#[must_use]
pub fn of_action(name: &str) -> Option<&'static [Scope]> {
    let at = ACTIONS
        .binary_search_by(|(action, _)| (*action).cmp(name))
        .ok()?;
    ACTIONS.get(at).map(|(_, scopes)| *scopes)
}

/// What a step may write with the job's token.
#[must_use]
pub fn of_step(step: &Step, script: Option<&Script>, token_in_env: bool) -> Needs {
    if step.uses().is_some() {
        // A local action or a container is read elsewhere or not at all.
        return match step.action().as_deref().and_then(of_action) {
            Some(scopes) => Needs::Known(scopes.to_vec()),
            None => Needs::Unknown,
        };
    }
    let Some(script) = script else {
        return Needs::Known(Vec::new());
    };
    if !script.understood {
        return Needs::Unknown;
    }
    let has_token = token_in_env
        || step.texts().any(|(_, text)| {
            text.parsed()
                .any(|(_, expr)| secrets::names(expr).contains(&SecretName::Token))
        });
    let mut scopes = Vec::new();
    for command in &script.commands {
        match of_command(command, has_token) {
            Needs::Known(more) => scopes.extend(more),
            Needs::Unknown => return Needs::Unknown,
        }
    }
    Needs::Known(scopes)
}

fn of_command(command: &Command, has_token: bool) -> Needs {
    let (name, args) = command.effective();
    let word = |at: usize| args.get(at).map_or("", |w| w.text.as_str());
    match name.file_name().unwrap_or("") {
        "git" if args.iter().any(|w| w.text == "push") => Needs::Known(vec![Contents]),
        "gh" => match (word(0), word(1)) {
            ("release", _) => Needs::Known(vec![Contents, Discussions]),
            ("pr", "merge") => Needs::Known(vec![Contents, PullRequests]),
            ("pr", "checkout" | "view" | "list" | "diff" | "checks" | "status") => {
                Needs::Known(vec![])
            }
            ("pr", _) => Needs::Known(vec![PullRequests, Issues, Contents]),
            ("issue", _) | ("label", _) => Needs::Known(vec![Issues, PullRequests]),
            ("run" | "workflow" | "cache", _) => Needs::Known(vec![Actions]),
            ("attestation", "verify") | ("auth" | "config" | "version", _) => Needs::Known(vec![]),
            _ => Needs::Unknown,
        },
        // These reach the identity endpoint by themselves when they are asked to sign.
        "cosign" | "goreleaser" | "npm" | "pnpm" | "twine" | "vault" | "slsa-verifier" => {
            Needs::Unknown
        }
        "docker" | "podman" | "helm" | "oras" | "crane" | "skopeo" => Needs::Known(vec![Packages]),
        "echo" | "printf" | "cat" | "ls" | "cd" | "mkdir" | "rm" | "cp" | "mv" | "grep" | "sed"
        | "awk" | "jq" | "test" | "[" | "true" | "false" | "exit" | "set" | "export" | "git"
        | "sleep" | "date" | "tar" | "unzip" | "zip" | "find" | "sort" | "head" | "tail" | "wc"
        | "tr" | "cut" | "diff" | "sha256sum" | "chmod" | "touch" | "tee" | "env" | "which"
        | "pwd" | "read" | "source" | "local" => Needs::Known(vec![]),
        // Anything else can use the token only if it is handed to it.
        _ if has_token => Needs::Unknown,
        _ => Needs::Known(vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_the_search_finds_everything() {
        assert!(ACTIONS.windows(2).all(|w| matches!(w, [a, b] if a.0 < b.0)));
    }
}
