//! Which actions run code of the folder that they work on.
//!
//! Source: the README and `action.yml` of each action; the catalogue of such
//! actions at <https://boostsecurityio.github.io/lotp/>.

use cofferdam_facts::UsesRef;

use crate::documents::step::Step;
use crate::semantics::execution::Execution;
use crate::semantics::folders::Folder;

/// What an action does with the files of its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionRuns {
    /// It runs code of them.
    Code(Execution),
    /// It reads them, or does not touch them.
    Data,
    /// The action is not listed.
    Unknown,
}

enum When {
    Always,
    /// The input is there, and neither empty nor `false`.
    Given(&'static str),
    /// The input is one of the words.
    Is(&'static str, &'static [&'static str]),
}

struct Row {
    name: &'static str,
    when: When,
    /// Inputs that name the folder; without any, the workspace.
    folder: &'static [&'static str],
    contained: bool,
    /// Whether nothing of the workspace is used unless the folder is given.
    remote: bool,
}

const fn row(name: &'static str, when: When, folder: &'static [&'static str]) -> Row {
    Row {
        name,
        when,
        folder,
        contained: false,
        remote: false,
    }
}

use When::{Always, Given, Is};

const RUN: &[Row] = &[
    row("actions-rs/cargo", Always, &[]),
    row("actions/jekyll-build-pages", Always, &["source"]),
    // Both ask the package manager for its cache, and Yarn runs the program
    // that the folder's configuration names.
    row("actions/setup-node", Is("cache", &["yarn", "pnpm"]), &[]),
    row("ansible/ansible-lint", Always, &["working_directory"]),
    row("asdf-vm/actions/install", Always, &[]),
    row("bahmutov/npm-install", Always, &["working-directory"]),
    row("changesets/action", Always, &["cwd"]),
    row("chromaui/action", Always, &["workingDir"]),
    row("cypress-io/github-action", Always, &["working-directory"]),
    Row {
        contained: true,
        ..row(
            "docker/bake-action",
            Given("source"),
            &["source", "workdir"],
        )
    },
    Row {
        contained: true,
        // Without a context it builds the repository at the run's own commit.
        remote: true,
        ..row("docker/build-push-action", Always, &["context"])
    },
    row("expo/expo-github-action", Given("patch-watchers"), &[]),
    row(
        "github/codeql-action/autobuild",
        Always,
        &["working-directory"],
    ),
    row(
        "github/codeql-action/init",
        Is("build-mode", &["autobuild"]),
        &[],
    ),
    row(
        "golangci/golangci-lint-action",
        Always,
        &["working-directory"],
    ),
    row("goreleaser/goreleaser-action", Always, &["workdir"]),
    row(
        "gradle/actions/setup-gradle",
        Given("arguments"),
        &["build-root-directory"],
    ),
    row(
        "gradle/gradle-build-action",
        Given("arguments"),
        &["build-root-directory"],
    ),
    row(
        "houseabsolute/actions-rust-cross",
        Always,
        &["working-directory"],
    ),
    row("jdx/mise-action", Always, &["working_directory"]),
    row("pnpm/action-setup", Given("run_install"), &[]),
    row("pre-commit/action", Always, &[]),
    row("preactjs/compressed-size-action", Always, &[]),
    row("pulumi/actions", Always, &["work-dir"]),
    row("pyo3/maturin-action", Always, &["working-directory"]),
    row("pypa/cibuildwheel", Always, &["package-dir"]),
    row("reviewdog/action-eslint", Always, &["workdir"]),
    row("reviewdog/action-golangci-lint", Always, &["workdir"]),
    row("reviewdog/action-rubocop", Always, &["workdir"]),
    row(
        "ruby/setup-ruby",
        Given("bundler-cache"),
        &["working-directory"],
    ),
    row("super-linter/super-linter", Always, &[]),
    // It asks `cargo metadata`, and Cargo runs the compiler that the folder's
    // configuration names.
    row("swatinem/rust-cache", Always, &["workspaces"]),
    row("wagoid/commitlint-github-action", Always, &[]),
    row("wearerequired/lint-action", Always, &[]),
];

/// Actions that are known to run nothing of the workspace. Sorted.
const DATA: &[&str] = &[
    "actions/add-to-project",
    "actions/attest",
    "actions/attest-build-provenance",
    "actions/attest-sbom",
    "actions/cache",
    "actions/cache/restore",
    "actions/cache/save",
    "actions/checkout",
    "actions/create-github-app-token",
    "actions/dependency-review-action",
    "actions/deploy-pages",
    "actions/download-artifact",
    "actions/first-interaction",
    "actions/github-script",
    "actions/labeler",
    "actions/setup-dotnet",
    "actions/setup-go",
    "actions/setup-java",
    "actions/setup-node",
    "actions/setup-python",
    "actions/stale",
    "actions/upload-artifact",
    "actions/upload-pages-artifact",
    "amannn/action-semantic-pull-request",
    "anchore/sbom-action",
    "anchore/scan-action",
    "aquasecurity/setup-trivy",
    "aquasecurity/trivy-action",
    "astral-sh/ruff-action",
    "astral-sh/setup-uv",
    "aws-actions/amazon-ecr-login",
    "aws-actions/configure-aws-credentials",
    "azure/login",
    "codecov/codecov-action",
    "coverallsapp/github-action",
    "crate-ci/typos",
    "dawidd6/action-download-artifact",
    "docker/login-action",
    "docker/metadata-action",
    "docker/setup-buildx-action",
    "docker/setup-qemu-action",
    "dorny/paths-filter",
    "dorny/test-reporter",
    "dtolnay/rust-toolchain",
    "github/codeql-action/analyze",
    "github/codeql-action/init",
    "github/codeql-action/upload-sarif",
    "google-github-actions/auth",
    "hadolint/hadolint-action",
    "helm/kind-action",
    "hmarr/auto-approve-action",
    "korthout/backport-action",
    "ludeeus/action-shellcheck",
    "marocchino/sticky-pull-request-comment",
    "octokit/request-action",
    "peter-evans/create-or-update-comment",
    "peter-evans/create-pull-request",
    "peter-evans/find-comment",
    "peter-evans/slash-command-dispatch",
    "pnpm/action-setup",
    "ruby/setup-ruby",
    "sigstore/cosign-installer",
    "step-security/harden-runner",
    "taiki-e/install-action",
    "thollander/actions-comment-pull-request",
    "tj-actions/changed-files",
    "zizmorcore/zizmor-action",
];

/// What the action of a step does with the files of the workspace. Actions of
/// the checkout itself are read step by step elsewhere and count as unknown.
#[must_use]
pub fn of_step(step: &Step) -> ActionRuns {
    let Some(uses) = step.uses() else {
        return ActionRuns::Data;
    };
    if matches!(uses.value, UsesRef::Docker(_)) {
        return ActionRuns::Unknown;
    }
    let Some(name) = step.action() else {
        return ActionRuns::Unknown;
    };
    let rows = RUN.iter().filter(|r| r.name == name);
    for row in rows {
        if let Some(execution) = row.execution(step, name) {
            return ActionRuns::Code(execution);
        }
    }
    let listed = DATA.binary_search(&name).is_ok() || RUN.iter().any(|r| r.name == name);
    if listed {
        ActionRuns::Data
    } else {
        ActionRuns::Unknown
    }
}

impl Row {
    fn execution(&self, step: &Step, name: &str) -> Option<Execution> {
        let runs = match self.when {
            Always => true,
            Given(input) => step.input(input).is_some_and(|t| {
                let value = t.value.trim();
                !value.is_empty() && !value.eq_ignore_ascii_case("false") && value != "null"
            }),
            Is(input, words) => step
                .input(input)
                .is_some_and(|t| !t.is_static() || words.contains(&t.value.trim())),
        };
        let written = self.folder.iter().find_map(|input| step.input(input));
        if !runs || self.remote && written.is_none() {
            return None;
        }
        let folder = match written {
            Some(text) if text.value.contains("://") || text.value.starts_with("{{") => {
                return None;
            }
            Some(text) => Folder::workspace().join(&text.value),
            None => Folder::workspace(),
        };
        Some(Execution {
            folder,
            means: name.to_owned(),
            contained: self.contained,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::documents::Workflow;
    use cofferdam_facts::SourceFile;

    fn of(step: &str) -> ActionRuns {
        let text =
            format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: {step}\n");
        let workflow = Workflow::parse(SourceFile::new("w.yml", text));
        let job = workflow.jobs.first().unwrap();
        of_step(job.steps().first().unwrap())
    }

    #[test]
    fn the_lists_are_sorted_so_that_searches_find_everything() {
        assert!(DATA.windows(2).all(|w| matches!(w, [a, b] if a < b)));
        assert!(
            RUN.windows(2)
                .all(|w| matches!(w, [a, b] if a.name <= b.name))
        );
    }

    #[test]
    fn inputs_decide() {
        let code = |step: &str| matches!(of(step), ActionRuns::Code(_));
        assert!(code("pre-commit/action@v3"));
        assert!(code(
            "ruby/setup-ruby@v1\n        with: {bundler-cache: true}"
        ));
        assert!(!code("ruby/setup-ruby@v1"));
        assert!(!code(
            "docker/build-push-action@v6\n        with: {push: true}"
        ));
        assert!(code(
            "docker/build-push-action@v6\n        with: {context: .}"
        ));
        assert_eq!(of("some/thing@v1"), ActionRuns::Unknown);
        assert_eq!(of("docker://alpine"), ActionRuns::Unknown);
    }
}
