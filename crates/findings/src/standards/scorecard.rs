//! The checks of OpenSSF Scorecard, and where each would decide otherwise.
//!
//! Source: <https://github.com/ossf/scorecard/blob/main/docs/checks.md>, as of
//! August 2026. In order of the risk that Scorecard gives them, then by name.

use cofferdam_facts::Control::{C1, D1, D4, G5, S1, S2, X1, X2};

use super::Decided::{NotYet, Outside, Part, Whole};
use super::{Entry, requirements};

requirements! {
    /// A check of Scorecard.
    pub enum Scorecard {
        DangerousWorkflow = "Dangerous-Workflow", "critical risk", "No untrusted code or text runs with privileges",
            Whole(&[X1, X2]), note "Scorecard flags every checkout of a pull request's head under `pull_request_target` and `workflow_run`, also where nothing of it is executed and nothing can be lost; it looks at inline scripts of one file and a list of contexts, and follows no value across jobs, actions or called workflows. One place gives it the lowest score.";
        Webhooks = "Webhooks", "critical risk", "Webhooks have a secret",
            Outside("webhooks are shown to administrators only, and no snapshot holds them");
        BinaryArtifacts = "Binary-Artifacts", "high risk", "No executables in the repository",
            NotYet("whether executables lie in the checkout");
        BranchProtection = "Branch-Protection", "high risk", "Default and release branches are protected",
            NotYet("branch rules stand in the settings"),
            note "Scorecard reads classic branch protection in full with an administrator's token only.";
        CodeReview = "Code-Review", "high risk", "People review changes before they are merged",
            Outside("it takes the reviews of the changes that were merged last");
        DependencyUpdateTool = "Dependency-Update-Tool", "high risk", "A tool updates dependencies",
            Whole(&[D4]), note "Scorecard asks only that Dependabot or Renovate is configured; D4 also asks for a cooldown, so that a project may pass there and not here.";
        Maintained = "Maintained", "high risk", "The project is active",
            Outside("it takes the commits and issues of the last 90 days");
        SignedReleases = "Signed-Releases", "high risk", "Releases are signed",
            Whole(&[S1]), note "Scorecard looks at the names of assets of the last five releases (`*.sig`, `*.asc`, `*.sigstore.json`, `*.intoto.jsonl` and others) and verifies none; signatures in a registry and GitHub's attestations do not count there. Here workflows are asked whether they sign what they publish; past releases are not looked at.";
        TokenPermissions = "Token-Permissions", "high risk", "Tokens have the least permissions",
            Whole(&[C1]), note "Scorecard asks for permissions at the top of every workflow, also where each job sets its own; it forgives some writes in jobs with packaging actions it knows, and cannot read the default permissions in the settings, which `--settings` tells us.";
        Vulnerabilities = "Vulnerabilities", "high risk", "No known vulnerability is open",
            Outside("it takes the advisories of every dependency; D6 says only whether the project's own CI looks for them");
        Fuzzing = "Fuzzing", "medium risk", "The project is fuzzed",
            NotYet("whether fuzz targets and their runs exist");
        Packaging = "Packaging", "medium risk", "A workflow publishes the package",
            NotYet("publications are known to the rules of S1 to S3, and none asks that there is one");
        PinnedDependencies = "Pinned-Dependencies", "medium risk", "Dependencies of the build are pinned",
            Part(&[D1], "not every package that a script or Dockerfile installs is looked at"),
            note "Scorecard gives partial credit by the share of pinned places in each group, and weighs actions of GitHub's own less than others; here one unpinned place leaves it partly met. Scorecard takes any 40 digits for a pin, does not know `actions.lock`, and takes Go modules with a full version as pinned.";
        Sast = "SAST", "medium risk", "Static analysis runs",
            NotYet("whether a workflow runs static analysis of the code");
        Sbom = "SBOM", "medium risk", "There is a bill of materials",
            Whole(&[S2]), note "Scorecard looks for a file by its name in the source or among release assets; a bill of materials that is attached to an image or attested is not seen by it.";
        SecurityPolicy = "Security-Policy", "medium risk", "There is a security policy",
            Whole(&[G5]), note "Scorecard gives credit for links, length and words of SECURITY.md; here a private way to report has to be named.";
        CiTests = "CI-Tests", "low risk", "Tests run before pull requests are merged",
            Outside("it takes the checks of the pull requests that were merged last");
        CiiBestPractices = "CII-Best-Practices", "low risk", "An OpenSSF Best Practices badge",
            Outside("the badge is kept at bestpractices.dev");
        Contributors = "Contributors", "low risk", "People of several organisations contribute",
            Outside("it takes the profiles of contributors");
        License = "License", "low risk", "There is a licence",
            NotYet("whether a licence file stands in the checkout");
    }
}
