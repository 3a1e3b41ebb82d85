//! Tools that known actions install: name, version asked for, and source.
//!
//! Sources: the README and metadata of each action. A tool's version is what
//! the workflow asks for; which release that is decides the action when it runs.

use cofferdam_facts::pin::Pin;
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::cofferdam_lock::Tool;
use cofferdam_workflows::semantics::constants::Surroundings;

/// One action that installs one tool.
struct Installer {
    /// `owner/repo[/path]`.
    action: &'static str,
    tool: &'static str,
    /// The inputs that name the version, the first given one counts; one that
    /// ends in `-file` names a file with the version.
    inputs: &'static [&'static str],
    from: &'static str,
}

const fn installer(
    action: &'static str,
    tool: &'static str,
    inputs: &'static [&'static str],
    from: &'static str,
) -> Installer {
    Installer {
        action,
        tool,
        inputs,
        from,
    }
}

/// In order of action.
const INSTALLERS: &[Installer] = &[
    installer(
        "actions/setup-dotnet",
        "dotnet",
        &["dotnet-version", "global-json-file"],
        "builds.dotnet.microsoft.com",
    ),
    installer(
        "actions/setup-go",
        "go",
        &["go-version", "go-version-file"],
        "github.com/actions/go-versions, go.dev",
    ),
    installer(
        "actions/setup-java",
        "java",
        &["java-version", "java-version-file"],
        "the distribution's own host",
    ),
    installer(
        "actions/setup-node",
        "node",
        &["node-version", "node-version-file"],
        "github.com/actions/node-versions, nodejs.org",
    ),
    installer(
        "actions/setup-python",
        "python",
        &["python-version", "python-version-file"],
        "github.com/actions/python-versions",
    ),
    installer(
        "anchore/sbom-action",
        "syft",
        &["syft-version"],
        "github.com/anchore/syft",
    ),
    installer(
        "anchore/sbom-action/download-syft",
        "syft",
        &["syft-version"],
        "github.com/anchore/syft",
    ),
    installer(
        "aquasecurity/setup-trivy",
        "trivy",
        &["version"],
        "github.com/aquasecurity/trivy",
    ),
    installer(
        "astral-sh/setup-uv",
        "uv",
        &["version", "version-file"],
        "github.com/astral-sh/uv",
    ),
    installer("azure/setup-helm", "helm", &["version"], "get.helm.sh"),
    installer("azure/setup-kubectl", "kubectl", &["version"], "dl.k8s.io"),
    installer(
        "denoland/setup-deno",
        "deno",
        &["deno-version", "deno-version-file"],
        "dl.deno.land, github.com/denoland/deno",
    ),
    installer(
        "docker/setup-buildx-action",
        "buildx",
        &["version"],
        "github.com/docker/buildx",
    ),
    installer(
        "docker/setup-docker-action",
        "docker",
        &["version"],
        "download.docker.com",
    ),
    installer(
        "dtolnay/rust-toolchain",
        "rust",
        &["toolchain"],
        "static.rust-lang.org",
    ),
    installer(
        "erlef/setup-beam",
        "otp",
        &["otp-version", "version-file"],
        "builds.hex.pm",
    ),
    installer(
        "golangci/golangci-lint-action",
        "golangci-lint",
        &["version", "version-file"],
        "github.com/golangci/golangci-lint",
    ),
    installer(
        "goreleaser/goreleaser-action",
        "goreleaser",
        &["version"],
        "github.com/goreleaser/goreleaser",
    ),
    installer(
        "gradle/actions/setup-gradle",
        "gradle",
        &["gradle-version"],
        "services.gradle.org",
    ),
    installer(
        "hashicorp/setup-terraform",
        "terraform",
        &["terraform_version"],
        "releases.hashicorp.com",
    ),
    installer(
        "helm/kind-action",
        "kind",
        &["version"],
        "github.com/kubernetes-sigs/kind",
    ),
    installer(
        "imjasonh/setup-crane",
        "crane",
        &["version"],
        "github.com/google/go-containerregistry",
    ),
    installer(
        "ko-build/setup-ko",
        "ko",
        &["version"],
        "github.com/ko-build/ko",
    ),
    installer(
        "opentofu/setup-opentofu",
        "tofu",
        &["tofu_version", "tofu_version_file"],
        "github.com/opentofu/opentofu",
    ),
    installer(
        "oven-sh/setup-bun",
        "bun",
        &["bun-version", "bun-version-file"],
        "github.com/oven-sh/bun",
    ),
    installer(
        "pnpm/action-setup",
        "pnpm",
        &["version", "package_json_file"],
        "registry.npmjs.org",
    ),
    installer(
        "ruby/setup-ruby",
        "ruby",
        &["ruby-version"],
        "github.com/ruby/ruby-builder",
    ),
    installer(
        "shivammathur/setup-php",
        "php",
        &["php-version", "php-version-file"],
        "the runner's package archives",
    ),
    installer(
        "sigstore/cosign-installer",
        "cosign",
        &["cosign-release"],
        "github.com/sigstore/cosign",
    ),
];

/// What stands for a version that nobody asked for.
pub const CHOSEN: &str = "as the action chooses";

/// The tools that a step's action installs, and where it takes them from.
#[must_use]
pub fn of_step(step: &Step, around: Surroundings<'_>) -> Vec<(Tool, &'static str)> {
    let Some(uses) = step.uses().and_then(|uses| uses.value.repository()) else {
        return Vec::new();
    };
    let name = uses.name();
    let found = INSTALLERS.binary_search_by(|one| one.action.cmp(&name));
    let (Some(one), Some(by)) = (found.ok().and_then(|at| INSTALLERS.get(at)), Pin::of(uses))
    else {
        return Vec::new();
    };
    let tool = |version: &str| Tool {
        by: by.clone(),
        name: one.tool.to_owned(),
        version: version.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    let given = one.inputs.iter().find_map(|input| {
        let text = step
            .input(input)
            .filter(|text| !text.value.trim().is_empty())?;
        Some((input, text))
    });
    let Some((input, text)) = given else {
        return vec![(tool(CHOSEN), one.from)];
    };
    let is_file = input.ends_with("file");
    let word = |text: &str| match is_file {
        true => tool(&format!("as {text} says")),
        false => tool(text),
    };
    let values = around.values(text);
    let mut tools: Vec<Tool> = (values.known.iter())
        .filter(|value| !value.text.trim().is_empty())
        .map(|value| word(&value.text))
        .collect();
    if !values.complete || tools.is_empty() {
        tools.push(word(&text.value));
    }
    tools.sort();
    tools.dedup();
    tools.into_iter().map(|tool| (tool, one.from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(
            INSTALLERS
                .windows(2)
                .all(|pair| matches!(pair, [a, b] if a.action < b.action))
        );
    }
}
