//! Actions that install a tool, with the input for its version and what they
//! take without it. Each row rests on the `action.yml` and README of the
//! action, at the release that the last column names.

/// What an action takes where the input is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// The newest release, or the newest of a range.
    Newest(&'static str),
    /// What the action itself names, or what the project's files say.
    Named,
}

/// One action.
pub(super) struct Tool {
    pub(super) action: &'static str,
    pub(super) input: &'static str,
    /// What is installed, for messages.
    pub(super) what: &'static str,
    pub(super) absent: Absent,
    /// Whether it is an image, which only a digest fixes.
    pub(super) image: bool,
}

const fn newest(
    action: &'static str,
    input: &'static str,
    what: &'static str,
    default: &'static str,
) -> Tool {
    Tool {
        action,
        input,
        what,
        absent: Absent::Newest(default),
        image: false,
    }
}

const fn named(action: &'static str, input: &'static str, what: &'static str) -> Tool {
    Tool {
        action,
        input,
        what,
        absent: Absent::Named,
        image: false,
    }
}

/// Sorted by action.
#[rustfmt::skip]
pub(super) const TOOLS: &[Tool] = &[
    newest("1password/load-secrets-action", "version", "the 1Password CLI", "latest"), // v3
    newest("abatilo/actions-poetry", "poetry-version", "Poetry", "latest"), // v4
    named("anchore/sbom-action", "syft-version", "Syft"), // v0.20: its own version
    named("anchore/scan-action", "grype-version", "Grype"), // v7: its own version
    newest("aquasecurity/setup-trivy", "version", "Trivy", "latest"), // v0.2.4
    named("aquasecurity/trivy-action", "version", "Trivy"), // v0.33: its own version
    newest("azure/setup-helm", "version", "Helm", "latest"), // v4
    newest("azure/setup-kubectl", "version", "kubectl", "latest"), // v4
    newest("denoland/setup-deno", "deno-version", "Deno", "v2.x"), // v2
    newest("digitalocean/action-doctl", "version", "doctl", "latest"), // v2
    Tool { // v3: docker.io/tonistiigi/binfmt:latest, run with --privileged
        action: "docker/setup-qemu-action", input: "image", what: "the image of QEMU, with `--privileged`",
        absent: Absent::Newest("tonistiigi/binfmt:latest"), image: true,
    },
    newest("extractions/setup-just", "just-version", "just", "latest"), // v3
    newest("fluxcd/flux2/action", "version", "Flux", "latest"), // v2
    newest("golangci/golangci-lint-action", "version", "golangci-lint", "latest"), // v8
    newest("google-github-actions/setup-gcloud", "version", "the Google Cloud CLI", "latest"), // v3
    newest("goreleaser/goreleaser-action", "version", "GoReleaser", "~> v2"), // v6
    newest("hashicorp/setup-terraform", "terraform_version", "Terraform", "latest"), // v3
    newest("imjasonh/setup-crane", "version", "crane", "latest-release"), // v0.4
    newest("jdx/mise-action", "version", "mise", "latest"), // v3
    newest("ko-build/setup-ko", "version", "ko", "latest"), // v0.9
    newest("open-policy-agent/setup-opa", "version", "OPA", "latest"), // v2
    newest("prefix-dev/setup-pixi", "pixi-version", "pixi", "latest"), // v0.9
    newest("pulumi/actions", "pulumi-version", "Pulumi", "^3"), // v6
    named("sigstore/cosign-installer", "cosign-release", "cosign"), // v3.10: its own version
    newest("snok/install-poetry", "version", "Poetry", "latest"), // v1
    newest("superfly/flyctl-actions/setup-flyctl", "version", "flyctl", "latest"), // v1
    newest("terraform-linters/setup-tflint", "tflint_version", "TFLint", "latest"), // v5
];

/// The row of an action.
pub(super) fn of(action: &str) -> Option<&'static Tool> {
    let at = TOOLS
        .binary_search_by(|tool| tool.action.cmp(action))
        .ok()?;
    TOOLS.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_found() {
        for pair in TOOLS.windows(2) {
            assert!(matches!(pair, [a, b] if a.action < b.action));
        }
        assert!(of("azure/setup-helm").is_some_and(|tool| tool.input == "version"));
        assert!(of("azure/setup").is_none());
    }
}
