//! What actions do with the job's token and with the credentials that a
//! checkout leaves behind.
//!
//! Source of each row: the README and `action.yml` of the action, section on
//! permissions. An action that is not listed may need anything.

use cofferdam_facts::Scope;

use Scope::{
    Actions, ArtifactMetadata, Attestations, Checks, Contents, Deployments, Discussions, IdToken,
    Issues, Packages, Pages, PullRequests, SecurityEvents, Statuses,
};

/// What one action needs.
#[derive(Clone, Copy, Debug)]
pub struct ActionNeeds {
    /// `owner/repo[/path]` in lower case.
    pub name: &'static str,
    /// Scopes that it reads.
    pub reads: &'static [Scope],
    /// Scopes that it writes.
    pub writes: &'static [Scope],
    /// Scopes that it writes only where an input or its configuration asks
    /// for it.
    pub perhaps: &'static [Scope],
    /// Whether it talks to the remote of the work tree, or runs code of the
    /// project, which may do so.
    pub git: bool,
}

const fn row(
    name: &'static str,
    reads: &'static [Scope],
    writes: &'static [Scope],
    perhaps: &'static [Scope],
) -> ActionNeeds {
    ActionNeeds {
        name,
        reads,
        writes,
        perhaps,
        git: false,
    }
}

const fn git(row: ActionNeeds) -> ActionNeeds {
    ActionNeeds { git: true, ..row }
}

// Sorted by name.
const ACTIONS: &[ActionNeeds] = &[
    row("actions/add-to-project", &[], &[], &[]),
    row(
        "actions/attest",
        &[],
        &[IdToken, Attestations],
        &[Packages, Contents, ArtifactMetadata],
    ),
    row(
        "actions/attest-build-provenance",
        &[],
        &[IdToken, Attestations],
        &[Packages, ArtifactMetadata],
    ),
    row(
        "actions/attest-sbom",
        &[],
        &[IdToken, Attestations],
        &[Packages, ArtifactMetadata],
    ),
    row("actions/cache", &[], &[], &[]),
    row("actions/cache/restore", &[], &[], &[]),
    row("actions/cache/save", &[], &[], &[]),
    row("actions/checkout", &[Contents], &[], &[]),
    row("actions/configure-pages", &[], &[], &[Pages]),
    row("actions/create-github-app-token", &[], &[], &[]),
    row("actions/create-release", &[], &[Contents], &[]),
    row(
        "actions/dependency-review-action",
        &[Contents],
        &[],
        &[PullRequests],
    ),
    row("actions/deploy-pages", &[], &[Pages, IdToken], &[]),
    row("actions/download-artifact", &[], &[], &[Actions]),
    row(
        "actions/first-interaction",
        &[],
        &[],
        &[Issues, PullRequests],
    ),
    row("actions/labeler", &[Contents], &[PullRequests], &[Issues]),
    row("actions/setup-dotnet", &[], &[], &[]),
    row("actions/setup-go", &[], &[], &[]),
    row("actions/setup-java", &[], &[], &[]),
    row("actions/setup-node", &[], &[], &[]),
    row("actions/setup-python", &[], &[], &[]),
    row(
        "actions/stale",
        &[],
        &[Issues, PullRequests],
        &[Contents, Actions],
    ),
    row("actions/upload-artifact", &[], &[], &[]),
    row("actions/upload-artifact/merge", &[], &[], &[]),
    row("actions/upload-pages-artifact", &[], &[], &[]),
    row("actions/upload-release-asset", &[], &[Contents], &[]),
    git(row("ad-m/github-push-action", &[], &[Contents], &[])),
    row(
        "amannn/action-semantic-pull-request",
        &[PullRequests],
        &[],
        &[Statuses, PullRequests],
    ),
    row("anchore/sbom-action", &[], &[], &[Contents, Actions]),
    row("anchore/sbom-action/download-syft", &[], &[], &[]),
    row("anchore/scan-action", &[], &[], &[]),
    row("aquasecurity/setup-trivy", &[], &[], &[]),
    row("aquasecurity/trivy-action", &[], &[], &[]),
    row("astral-sh/ruff-action", &[], &[], &[]),
    row("astral-sh/setup-uv", &[], &[], &[]),
    row("aws-actions/amazon-ecr-login", &[], &[], &[]),
    row(
        "aws-actions/configure-aws-credentials",
        &[],
        &[],
        &[IdToken],
    ),
    row("azure/login", &[], &[], &[IdToken]),
    row("azure/setup-helm", &[], &[], &[]),
    row("azure/setup-kubectl", &[], &[], &[]),
    git(row(
        "benchmark-action/github-action-benchmark",
        &[],
        &[],
        &[Contents, Deployments, PullRequests],
    )),
    git(row(
        "changesets/action",
        &[],
        &[Contents, PullRequests],
        &[IdToken, Issues],
    )),
    git(row("codecov/codecov-action", &[Contents], &[], &[IdToken])),
    row("coverallsapp/github-action", &[Contents], &[], &[]),
    row(
        "dependabot/fetch-metadata",
        &[PullRequests, Contents],
        &[],
        &[],
    ),
    git(row("docker/bake-action", &[Contents], &[], &[Packages])),
    row("docker/build-push-action", &[Contents], &[], &[Packages]),
    row("docker/login-action", &[], &[], &[Packages]),
    row("docker/metadata-action", &[], &[], &[]),
    row("docker/setup-buildx-action", &[], &[], &[]),
    row("docker/setup-qemu-action", &[], &[], &[]),
    git(row(
        "dorny/paths-filter",
        &[PullRequests, Contents],
        &[],
        &[],
    )),
    git(row(
        "dorny/test-reporter",
        &[Contents, Actions],
        &[Checks],
        &[],
    )),
    row("dtolnay/rust-toolchain", &[], &[], &[]),
    git(row("endbug/add-and-commit", &[], &[Contents], &[])),
    row(
        "github/codeql-action/analyze",
        &[Contents, Actions],
        &[SecurityEvents],
        &[],
    ),
    git(row("github/codeql-action/autobuild", &[Contents], &[], &[])),
    row(
        "github/codeql-action/init",
        &[Contents, Actions, SecurityEvents],
        &[],
        &[],
    ),
    row(
        "github/codeql-action/upload-sarif",
        &[Contents, Actions],
        &[SecurityEvents],
        &[],
    ),
    git(row(
        "golangci/golangci-lint-action",
        &[Contents, PullRequests],
        &[],
        &[Checks],
    )),
    row("google-github-actions/auth", &[], &[], &[IdToken]),
    row(
        "google-github-actions/release-please-action",
        &[],
        &[Contents, PullRequests],
        &[Issues],
    ),
    row("google-github-actions/setup-gcloud", &[], &[], &[]),
    row(
        "googleapis/release-please-action",
        &[],
        &[Contents, PullRequests],
        &[Issues],
    ),
    git(row(
        "goreleaser/goreleaser-action",
        &[Contents],
        &[],
        &[Contents, Packages, IdToken, Issues, PullRequests],
    )),
    git(row(
        "gradle/actions/setup-gradle",
        &[Contents],
        &[],
        &[Contents, PullRequests],
    )),
    row("gradle/actions/wrapper-validation", &[], &[], &[]),
    row("hashicorp/setup-terraform", &[], &[], &[]),
    row("hashicorp/vault-action", &[], &[], &[IdToken]),
    git(row(
        "helm/chart-releaser-action",
        &[],
        &[Contents],
        &[Packages],
    )),
    row("helm/kind-action", &[], &[], &[]),
    git(row(
        "jamesives/github-pages-deploy-action",
        &[],
        &[Contents],
        &[],
    )),
    row("jlumbroso/free-disk-space", &[], &[], &[]),
    row(
        "marocchino/sticky-pull-request-comment",
        &[],
        &[PullRequests],
        &[Issues],
    ),
    git(row(
        "mikepenz/action-junit-report",
        &[Contents],
        &[Checks],
        &[PullRequests],
    )),
    row("ncipollo/release-action", &[], &[Contents], &[Discussions]),
    row("octo-sts/action", &[], &[IdToken], &[]),
    row(
        "ossf/scorecard-action",
        &[Contents, Actions, Issues, PullRequests, Checks],
        &[],
        &[IdToken, SecurityEvents],
    ),
    git(row("peaceiris/actions-gh-pages", &[], &[Contents], &[])),
    row(
        "peter-evans/create-or-update-comment",
        &[],
        &[],
        &[Issues, PullRequests],
    ),
    git(row(
        "peter-evans/create-pull-request",
        &[],
        &[Contents, PullRequests],
        &[],
    )),
    row(
        "peter-evans/find-comment",
        &[Issues, PullRequests],
        &[],
        &[],
    ),
    row("pnpm/action-setup", &[], &[], &[]),
    git(row("pre-commit/action", &[Contents], &[], &[])),
    git(row("pypa/cibuildwheel", &[], &[], &[])),
    row(
        "pypa/gh-action-pypi-publish",
        &[],
        &[],
        &[IdToken, Attestations],
    ),
    row("ruby/setup-ruby", &[], &[], &[]),
    row("rust-lang/crates-io-auth-action", &[], &[IdToken], &[]),
    row("sigstore/cosign-installer", &[], &[], &[]),
    row(
        "softprops/action-gh-release",
        &[],
        &[Contents],
        &[Discussions],
    ),
    git(row(
        "stefanzweifel/git-auto-commit-action",
        &[],
        &[Contents],
        &[],
    )),
    row("step-security/harden-runner", &[], &[], &[]),
    row("swatinem/rust-cache", &[], &[], &[]),
    row("taiki-e/install-action", &[], &[], &[]),
    git(row(
        "tj-actions/changed-files",
        &[PullRequests, Contents],
        &[],
        &[],
    )),
    row(
        "zizmorcore/zizmor-action",
        &[Contents, Actions],
        &[],
        &[SecurityEvents],
    ),
];

impl ActionNeeds {
    /// Where the row comes from: the page of the action that says what it does.
    #[must_use]
    pub fn source(&self) -> String {
        let mut parts = self.name.splitn(3, '/');
        let (owner, repo) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        match parts.next() {
            Some(path) => format!("https://github.com/{owner}/{repo}/tree/HEAD/{path}"),
            None => format!("https://github.com/{owner}/{repo}#readme"),
        }
    }
}

/// Every action that is known, by name.
#[must_use]
pub fn all() -> &'static [ActionNeeds] {
    ACTIONS
}

/// What an action needs, named `owner/repo[/path]` in lower case.
#[must_use]
pub fn of_action(name: &str) -> Option<&'static ActionNeeds> {
    let at = ACTIONS.binary_search_by(|row| row.name.cmp(name)).ok()?;
    ACTIONS.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_that_the_search_finds_everything() {
        assert!(ACTIONS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn no_scope_is_said_twice_of_an_action() {
        for row in ACTIONS {
            let all = row.writes.iter().chain(row.perhaps);
            for scope in all.clone() {
                assert_eq!(
                    all.clone().filter(|s| *s == scope).count(),
                    1,
                    "{}",
                    row.name
                );
            }
            assert!(
                row.reads.iter().all(|s| !row.writes.contains(s)),
                "{}",
                row.name
            );
        }
    }
}
