//! Checkouts that leave their credentials on disk.

use cofferdam_facts::{Control, Location, Scope};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::{Action, Step, Workflow};
use cofferdam_workflows::semantics::{checkouts, versions};
use cofferdam_workflows::shell::Script;

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// `actions/checkout` runs without `persist-credentials: false`, so the
    /// token that fetched the code stays on the runner's disk for the rest of
    /// the job.
    ///
    /// # Why
    /// Every later step, and every dependency that a step runs, can read the
    /// token and push with it. If a later step uploads the workspace as an
    /// artifact, whoever downloads the artifact can too, while the job runs.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    ///       - run: npm ci
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: push
    /// jobs:
    ///   build:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    ///         with:
    ///           persist-credentials: false
    ///       - run: npm ci
    /// ```
    ///
    /// # How it is decided
    /// The input is missing, `true`, or an expression (then the control is
    /// unknown there). It is high where the token may write contents, or is a
    /// secret of its own, and a later step uploads the workspace; medium where
    /// such a token stays for later steps; low where the token may only read. A
    /// job whose script pushes with git needs the credentials: the finding is
    /// then informational.
    ///
    /// `actions/upload-artifact` leaves hidden files out since 3.2 and 4.4, so
    /// that `.git` is uploaded only by older versions, where
    /// `include-hidden-files: true` is set, and where a file below `.git/` is
    /// named.
    ///
    /// Since version 6 the action keeps the token in a file of the runner's
    /// temporary folder, which an upload of the workspace does not take along;
    /// the finding is then not raised for the upload. zizmor's `artipacked`
    /// gives every place medium and does not weigh the token.
    ///
    /// # References
    /// - <https://github.com/actions/checkout#usage>
    /// - <https://github.com/actions/upload-artifact/issues/602>
    /// - <https://johnstawinski.com/2024/01/11/playing-with-fire-how-we-executed-a-critical-supply-chain-attack-on-pytorch/>
    pub struct CheckoutCredentials {
        id: "checkout-credentials",
        title: "A checkout leaves its credentials on disk",
        severity: High,
        controls: [C2],
        peers: [
            "zizmor/artipacked",
            "octoscan/dangerous-artefact",
            "codeql/SecretsInArtifacts",
            "sisakulint/artipacked",
            "sisakulint/secrets-in-artifacts",
        ],
        standards: [Cwe::Cwe522],
    }
}

impl Rule for CheckoutCredentials {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let mut satisfied = None;
        for job in cx.jobs(workflow) {
            for step in job.job.steps().iter().filter(|s| checkouts::is_checkout(s)) {
                let place = job.at(checkouts::place(step));
                match checkouts::persists(step) {
                    Some(false) => satisfied = Some(place),
                    Some(true) => report(cx, job, step, place, out),
                    None => unknown(place, out),
                }
            }
        }
        if let Some(place) = satisfied {
            out.satisfied(Control::C2, place, "checkout leaves no credentials");
        }
    }

    fn action(&self, _cx: &Context<'_>, action: &Action, out: &mut Sink) {
        for step in action.steps().iter().filter(|s| checkouts::is_checkout(s)) {
            let place = action.file().locate(checkouts::place(step));
            match checkouts::persists(step) {
                Some(false) => out.satisfied(Control::C2, place, "checkout leaves no credentials"),
                None => unknown(place, out),
                Some(true) => out.report(
                    finding(
                        Severity::Low,
                        place,
                        "the action checks out and leaves the token on disk",
                    )
                    .why("Every job that uses the action carries the token on from there")
                    .subject(format!("runs/{}", step.label())),
                ),
            }
        }
    }
}

fn finding(severity: Severity, place: Location, message: impl Into<String>) -> Finding {
    Finding::new(CheckoutCredentials::INFO.id, severity, place, message)
        .fix("Set `persist-credentials: false`; where a step must push, hand the token to that step alone")
        .group("checkouts that leave their credentials on disk")
}

fn unknown(place: Location, out: &mut Sink) {
    out.unknown(
        Control::C2,
        Some(place),
        "whether the expression keeps the credentials",
        "write `persist-credentials: false`",
    );
}

fn report(cx: &Context<'_>, job: &JobView<'_>, step: &Step, place: Location, out: &mut Sink) {
    let own_secret = step
        .input("token")
        .or_else(|| step.input("ssh-key"))
        .is_some_and(|text| {
            text.value.contains("secrets.")
                && !text.value.to_ascii_lowercase().contains("github_token")
        });
    let writes =
        own_secret || (!job.token.assumed && job.token.writes().any(|s| s == Scope::Contents));
    let later = job.job.steps().iter().skip(step.index + 1);
    let upload = later
        .clone()
        .find(|s| uploads_git(job, s) && keeps_token_in_workspace(job, step));
    let pushes = later.clone().any(|s| {
        cx.script(job.workflow.path(), s).is_some_and(runs_push)
            || s.action().is_some_and(|a| PUSHES.contains(&a))
    });
    let nothing_follows = later.clone().next().is_none();
    let severity = match (writes, upload) {
        (true, Some(_)) => Severity::High,
        (true, None) if pushes => Severity::Info,
        (true, None) => Severity::Medium,
        (false, Some(_)) => Severity::Medium,
        (false, None) if nothing_follows => Severity::Info,
        (false, None) => Severity::Low,
    };
    let token = match (own_secret, writes) {
        (true, _) => "The secret that checked out",
        (false, true) => "A token that may write contents",
        (false, false) if job.token.assumed => "A token that may be able to write",
        (false, false) => "A token that may read the repository",
    };
    let mut finding = finding(
        severity,
        place,
        format!(
            "job `{}` keeps the checkout's token on disk",
            job.job.name()
        ),
    )
    .subject(job.step_subject(step));
    finding = match upload {
        Some(upload) => finding
            .why(format!(
                "{token} is uploaded with the workspace, for anybody who can download artifacts"
            ))
            .related(job.at(upload.head()), "this step uploads the workspace"),
        None if pushes => finding.why(format!(
            "{token} stays for every step, although only the one that pushes needs it"
        )),
        None => finding.why(format!(
            "{token} stays readable for every later step and what it runs"
        )),
    };
    if job.token.assumed && !own_secret {
        finding = finding.confidence(Confidence::Medium);
    }
    out.report(finding);
}

const PUSHES: &[&str] = &[
    "stefanzweifel/git-auto-commit-action",
    "peter-evans/create-pull-request",
    "jamesives/github-pages-deploy-action",
    "ad-m/github-push-action",
    "endbug/add-and-commit",
    "changesets/action",
    "helm/chart-releaser-action",
];

fn runs_push(script: &Script) -> bool {
    script
        .commands
        .iter()
        .any(|c| c.is("git") && c.effective().1.iter().any(|w| w.text == "push"))
}

// Since 4.4, and 3.2, the action leaves out what begins with a dot, `.git` too,
// unless `include-hidden-files` is set. What an expression gives there is taken
// for the worse, as is a file that is named below `.git`.
fn uploads_git(job: &JobView<'_>, step: &Step) -> bool {
    let hidden = match step
        .input("include-hidden-files")
        .map(|text| text.literal())
    {
        Some(Some(value)) => value.trim().eq_ignore_ascii_case("true"),
        Some(None) => true,
        None => false,
    };
    let version = versions::of_step(&job.workflow.document, step);
    let leaves_out = match version.map(|v| v.major) {
        Some(0..=2) => false,
        Some(3) => versions::at_least(version, 3, 2),
        _ => versions::at_least(version, 4, 4),
    };
    let named = step.input("path").is_some_and(|text| {
        let mut below = text.value.lines();
        below.any(|line| {
            let file = line.trim().strip_prefix(".git/");
            file.is_some_and(|file| !file.is_empty() && !file.starts_with('*'))
        })
    });
    uploads_workspace(step) && (hidden || named || !leaves_out)
}

fn uploads_workspace(step: &Step) -> bool {
    step.action() == Some("actions/upload-artifact")
        && step.input("path").is_some_and(|text| {
            text.value.lines().map(str::trim).any(|line| {
                matches!(
                    line,
                    "." | "./" | "./*" | "*" | "**" | "./**" | "${{ github.workspace }}"
                ) || line.starts_with(".git")
                    && !line.starts_with(".github")
                    && !line.starts_with(".gitignore")
            })
        })
}

// Since v6.0.0 the token is kept in a file below $RUNNER_TEMP. A commit counts
// as the version that its comment claims.
fn keeps_token_in_workspace(job: &JobView<'_>, step: &Step) -> bool {
    versions::of_step(&job.workflow.document, step).is_none_or(|version| version.major < 6)
}
