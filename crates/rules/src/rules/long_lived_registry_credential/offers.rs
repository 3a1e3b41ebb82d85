//! What registries offer instead of a stored credential.
//!
//! Sources: the documentation of each registry; Docker, "OIDC connections"
//! (2026); Red Hat Quay 3.13, "Keyless authentication with robot accounts";
//! Eclipse Open VSX, "Trusted Publishing" (2026).

use cofferdam_findings::Severity;
use cofferdam_workflows::semantics::publishing::Registry;

/// One registry's offer.
#[derive(Debug)]
pub(super) struct Offer {
    /// The registry, for messages.
    pub(super) host: &'static str,
    /// How plain the way out is.
    pub(super) severity: Severity,
    /// What it offers, as half a sentence.
    pub(super) instead: &'static str,
    /// What to do, one sentence.
    pub(super) fix: &'static str,
    /// Inputs of actions that take a stored credential for it.
    pub(super) inputs: &'static [&'static str],
    /// Variables that programs read a stored credential from, in upper case.
    pub(super) variables: &'static [&'static str],
}

const fn registry(
    host: &'static str,
    severity: Severity,
    instead: &'static str,
    fix: &'static str,
) -> Offer {
    Offer {
        host,
        severity,
        instead,
        fix,
        inputs: &[],
        variables: &[],
    }
}

use Severity::{Low, Medium};

#[rustfmt::skip]
static REGISTRIES: &[(&[&str], Offer)] = &[
    (&["ghcr.io"], registry("ghcr.io", Medium,
        "ghcr.io takes the job's own token",
        "Sign in with `password: ${{ secrets.GITHUB_TOKEN }}`, give the job `packages: write`, and give this repository write access to the package")),
    (&[".amazonaws.com", "public.ecr.aws"], registry("Amazon ECR", Medium,
        "Amazon ECR takes the identity of the run",
        "Assume a role with `aws-actions/configure-aws-credentials` and `role-to-assume`, then sign in with `aws-actions/amazon-ecr-login`")),
    (&["-docker.pkg.dev", "docker.pkg.dev", "gcr.io"], registry("Google Artifact Registry", Medium,
        "Google takes the identity of the run",
        "Use `google-github-actions/auth` with `workload_identity_provider` and sign in with the access token that it gives")),
    (&[".azurecr.io"], registry("Azure Container Registry", Medium,
        "Azure takes the identity of the run",
        "Use `azure/login` with a federated credential, then `az acr login`")),
    (&["docker.io", "index.docker.io", "registry-1.docker.io"], registry("Docker Hub", Low,
        "Docker Hub trusts the identity of a run since 2026, for organisations with a Team or Business plan",
        "Set up an OIDC connection at Docker Hub and drop the password from `docker/login-action`; without such a plan, keep an access token for this repository alone in a protected environment")),
    (&["quay.io"], registry("Quay", Low,
        "Quay lets robot accounts trust the identity of a run (federation, since 3.13)",
        "Federate the robot account with this repository and exchange the run's identity for a token, or keep its password in a protected environment")),
];

/// What the registry at a host offers.
pub(super) fn of_registry(registry: &str) -> Option<&'static Offer> {
    let host = registry
        .trim()
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_start_matches("oci://")
        .split('/')
        .next()
        .unwrap_or("");
    let host = if host.is_empty() { "docker.io" } else { host };
    REGISTRIES
        .iter()
        .find(|(hosts, _)| {
            hosts.iter().any(|known| {
                host == *known
                    || (known.starts_with(['.', '-']) && host.ends_with(known))
                    || (*known == "gcr.io" && host.ends_with(".gcr.io"))
            })
        })
        .map(|(_, offer)| offer)
}

const fn cloud(
    host: &'static str,
    instead: &'static str,
    fix: &'static str,
    inputs: &'static [&'static str],
) -> Offer {
    Offer {
        host,
        severity: Medium,
        instead,
        fix,
        inputs,
        variables: &[],
    }
}

#[rustfmt::skip]
static CLOUDS: &[(&str, Offer)] = &[
    ("aws-actions/configure-aws-credentials", cloud("Amazon",
        "Amazon takes the identity of the run",
        "Give the job `id-token: write` and assume a role with `role-to-assume` instead of access keys",
        &["aws-secret-access-key"])),
    ("google-github-actions/auth", cloud("Google Cloud",
        "Google takes the identity of the run",
        "Give the job `id-token: write` and use `workload_identity_provider` instead of a key",
        &["credentials_json"])),
    ("azure/login", cloud("Azure",
        "Azure takes the identity of the run",
        "Give the job `id-token: write` and use a federated credential instead of `creds`",
        &["creds"])),
];

/// What the cloud that an action signs in to offers.
pub(super) fn of_cloud(action: &str) -> Option<&'static Offer> {
    CLOUDS
        .iter()
        .find(|(name, _)| *name == action)
        .map(|(_, offer)| offer)
}

#[rustfmt::skip]
static PACKAGES: &[(Registry, Offer)] = &[
    (Registry::PyPi, Offer { host: "PyPI", severity: Medium,
        instead: "PyPI knows trusted publishing",
        fix: "Register this workflow as a trusted publisher at PyPI, give the job `id-token: write`, and remove the token",
        inputs: &["password"],
        variables: &["TWINE_PASSWORD", "TWINE_API_KEY", "UV_PUBLISH_TOKEN", "UV_PUBLISH_PASSWORD", "MATURIN_PYPI_TOKEN",
            "MATURIN_PASSWORD", "FLIT_PASSWORD", "HATCH_INDEX_AUTH", "PDM_PUBLISH_PASSWORD", "POETRY_PYPI_TOKEN_PYPI", "PYPI_TOKEN"] }),
    (Registry::Npm, Offer { host: "npm", severity: Medium,
        instead: "npm knows trusted publishing",
        fix: "Register this workflow as a trusted publisher at npm, give the job `id-token: write`, and remove the token",
        inputs: &["token", "npm-token", "npm_token"],
        variables: &["NODE_AUTH_TOKEN", "NPM_TOKEN", "NPM_AUTH_TOKEN", "NPM_CONFIG_TOKEN", "YARN_NPM_AUTH_TOKEN"] }),
    (Registry::CratesIo, Offer { host: "crates.io", severity: Medium,
        instead: "crates.io knows trusted publishing",
        fix: "Register this workflow as a trusted publisher at crates.io, and take the token from `rust-lang/crates-io-auth-action`",
        inputs: &["registry-token", "token"],
        variables: &["CARGO_REGISTRY_TOKEN", "CRATES_IO_TOKEN", "CARGO_TOKEN"] }),
    (Registry::Gems, Offer { host: "RubyGems", severity: Medium,
        instead: "RubyGems knows trusted publishing",
        fix: "Register this workflow as a trusted publisher at RubyGems, and use `rubygems/configure-rubygems-credentials` or `rubygems/release-gem`",
        inputs: &["api-key", "token"],
        variables: &["GEM_HOST_API_KEY", "RUBYGEMS_API_KEY", "RUBYGEMS_AUTH_TOKEN"] }),
    (Registry::NuGet, Offer { host: "NuGet", severity: Medium,
        instead: "NuGet knows trusted publishing",
        fix: "Set up a trusted publishing policy at nuget.org, and take the key from `NuGet/login`",
        inputs: &["nuget_key", "api-key"],
        variables: &["NUGET_API_KEY", "NUGET_AUTH_TOKEN", "NUGET_TOKEN"] }),
    (Registry::PubDev, Offer { host: "pub.dev", severity: Medium,
        instead: "pub.dev publishes by the identity of the run",
        fix: "Enable automated publishing at pub.dev and give the job `id-token: write`",
        inputs: &[],
        variables: &["PUB_CREDENTIALS", "PUB_TOKEN"] }),
    (Registry::VsCode, Offer { host: "the extension marketplaces", severity: Low,
        instead: "both marketplaces know trusted publishing since 2026",
        fix: "Set up trusted publishing at the marketplace and give the job `id-token: write`",
        inputs: &["pat"],
        variables: &["VSCE_PAT", "VSCE_TOKEN", "OVSX_PAT", "OVSX_TOKEN"] }),
];

/// What a registry of packages offers.
pub(super) fn of_package(registry: Registry) -> Option<&'static Offer> {
    PACKAGES
        .iter()
        .find(|(known, _)| *known == registry)
        .map(|(_, offer)| offer)
}
