//! Actions that install a tool, with the input for its version and what they
//! take without it.

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

/// Sorted by action. Behind each row, what it rests on: the default of the
/// input in `action.yml`, or what the README says.
#[rustfmt::skip]
pub(super) const TOOLS: &[Tool] = &[
    newest("1password/load-secrets-action", "version", "the 1Password CLI", "latest"), // README, since v3
    named("abatilo/actions-poetry", "poetry-version", "Poetry"), // action.yml: differs between its versions
    named("anchore/sbom-action", "syft-version", "Syft"), // README: its own version
    named("anchore/scan-action", "grype-version", "Grype"), // README: its own version
    newest("aquasecurity/setup-trivy", "version", "Trivy", "latest"), // action.yaml
    named("aquasecurity/trivy-action", "version", "Trivy"), // action.yaml: its own version
    newest("azure/setup-helm", "version", "Helm", "latest"), // action.yml
    newest("azure/setup-kubectl", "version", "kubectl", "latest"), // action.yml
    newest("denoland/setup-deno", "deno-version", "Deno", "2.x"), // action.yml
    newest("digitalocean/action-doctl", "version", "doctl", "latest"), // README, since v2
    Tool { // action.yml: docker.io/tonistiigi/binfmt:latest; it is run with --privileged
        action: "docker/setup-qemu-action", input: "image", what: "the image of QEMU, with `--privileged`,",
        absent: Absent::Newest("tonistiigi/binfmt:latest"), image: true,
    },
    newest("extractions/setup-just", "just-version", "just", "*"), // README
    newest("fluxcd/flux2/action", "version", "Flux", "latest"), // action/action.yml
    newest("golangci/golangci-lint-action", "version", "golangci-lint", "latest"), // README
    newest("google-github-actions/setup-gcloud", "version", "the Google Cloud CLI", "latest"), // action.yml
    newest("goreleaser/goreleaser-action", "version", "GoReleaser", "~> v2"), // README, since v6; before, `latest`
    newest("hashicorp/setup-terraform", "terraform_version", "Terraform", "latest"), // action.yml
    newest("imjasonh/setup-crane", "version", "crane", "latest-release"), // action.yml
    newest("ko-build/setup-ko", "version", "ko", "latest-release"), // action.yml
    newest("open-policy-agent/setup-opa", "version", "OPA", "latest"), // action.yml
    newest("pulumi/actions", "pulumi-version", "Pulumi", "^3"), // README
    named("sigstore/cosign-installer", "cosign-release", "cosign"), // action.yml: its own version
    named("snok/install-poetry", "version", "Poetry"), // action.yml: differs between its versions
    newest("superfly/flyctl-actions/setup-flyctl", "version", "flyctl", "latest"), // setup-flyctl/action.yml
    newest("terraform-linters/setup-tflint", "tflint_version", "TFLint", "latest"), // action.yml
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
