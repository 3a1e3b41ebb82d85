//! Tools that a pinned action installs in whatever version is the newest.

use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Step;

use crate::context::Context;
use crate::own_references::OwnName;
use crate::rule::{Rule, Sink};
use crate::sites::{self, Holder, UseSite};
use crate::takeover::Takeovers;

mod tools;

use tools::{Absent, Tool};

crate::rule! {
    /// # What
    /// An action installs a tool, and the workflow does not say in which
    /// version: the newest one is taken on every run.
    ///
    /// # Why
    /// The commit of the action fixes the code that installs, and not what is
    /// installed. In March 2026 a release of Trivy itself was replaced
    /// (CVE-2026-33634): jobs that had pinned `setup-trivy` to a commit and
    /// named no version ran it all the same.
    ///
    /// # Vulnerable
    /// ```yaml
    /// - uses: aquasecurity/setup-trivy@e6c2c5e321ed9123bda567646e2f96565e34abe1 # v0.2.4
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// - uses: aquasecurity/setup-trivy@e6c2c5e321ed9123bda567646e2f96565e34abe1 # v0.2.4
    ///   with:
    ///     version: v0.69.3
    /// ```
    ///
    /// # How it is decided
    /// A table of actions, each with the input for the version and what is
    /// taken without it. A version that an expression or a file of the project
    /// gives is not judged, nor is one with a checksum. Medium in a job that publishes, holds secrets or
    /// may write code; low where its token may be able to, or may write lesser
    /// things; informational elsewhere. A range of numbers and a tool of this
    /// repository's owner are one level lower. Tools of GitHub's own `setup-*` actions
    /// for languages are left out: a range of versions is what a test wants
    /// there, and GitHub's list of builds decides. zizmor's `unpinned-tools`
    /// knows two actions and gives both one severity.
    ///
    /// # References
    /// - <https://github.com/aquasecurity/setup-trivy#inputs>
    /// - <https://github.com/docker/setup-qemu-action#inputs>
    pub struct UnpinnedTool {
        id: "unpinned-tool",
        title: "An action installs the newest version of a tool",
        severity: Medium,
        controls: [],
        peers: ["zizmor/unpinned-tools"],
        standards: [Cwe::Cwe494],
    }
}

impl Rule for UnpinnedTool {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let takeovers = Takeovers::new(cx);
        let own_name = OwnName::of(cx);
        for site in sites::of(cx) {
            let (Holder::Step(_, step) | Holder::Action(_, step)) = site.holder else {
                continue;
            };
            let tool = step.action().and_then(tools::of);
            if let Some(tool) = tool {
                judge(&own_name, &takeovers, &site, step, tool, out);
            }
        }
    }
}

fn judge(
    own_name: &OwnName,
    takeovers: &Takeovers<'_>,
    site: &UseSite<'_>,
    step: &Step,
    tool: &Tool,
    out: &mut Sink,
) {
    let input = step
        .input(tool.input)
        .filter(|text| !text.value.trim().is_empty());
    // A file of the project says it, or a checksum.
    let said_otherwise = step.with().iter().any(|pair| {
        let key = pair.key.value.to_ascii_lowercase().replace('_', "-");
        key.ends_with("version-file") || matches!(key.as_str(), "checksum" | "checksums" | "sha256")
    });
    if said_otherwise {
        return;
    }
    let (span, taken) = match (input, tool.absent) {
        (Some(text), _) => match text.literal() {
            Some(literal) if is_loose(tool, literal.trim()) => (text.span, literal.trim()),
            _ => return,
        },
        (None, Absent::Newest(default)) => (site.span, default),
        (None, Absent::Named) => return,
    };
    let takeover = takeovers.at(site);
    // In a range of numbers an older release can at least be preferred, and
    // one's own tool is no other party.
    let ranged = taken.contains(|c: char| c.is_ascii_digit()) && !tool.image;
    let own = step.uses().and_then(|uses| uses.value.repository());
    let own = own.is_some_and(|uses| own_name.owner() == Some(&uses.owner.to_ascii_lowercase()));
    let severity = match takeover.severity.lowered() {
        severity if ranged || own => severity.lowered(),
        severity => severity,
    };
    let finding = Finding::new(
        UnpinnedTool::INFO.id,
        severity,
        site.file().locate(span),
        format!(
            "{} runs {} in the version `{taken}`",
            site.whom(),
            tool.what
        ),
    )
    .why(format!(
        "Whoever can release a new version of it gets {}",
        takeover.held
    ))
    .fix(if tool.image {
        format!("Name the image with its digest by `{}`", tool.input)
    } else {
        format!(
            "Name one version by `{}`, and let an updater raise it",
            tool.input
        )
    })
    .confidence(takeover.confidence)
    .group("tools that actions install in their newest version")
    .weight(takeover.weight)
    .subject(format!("{} {}", site.subject(), tool.action));
    // What lies in a folder of tests and no job runs is not shipped.
    if takeover.severity > Severity::Info {
        out.report(finding);
    }
}

fn is_loose(tool: &Tool, version: &str) -> bool {
    if tool.image {
        return !version.contains("@sha256:");
    }
    let bare = version.trim_start_matches('v');
    let ranged = bare.contains(['^', '~', '*', '>', '<', 'x']) || bare.is_empty();
    let numbered = bare.starts_with(|c: char| c.is_ascii_digit());
    ranged || !numbered && !is_commit(bare) || !bare.contains('.') && !is_commit(bare)
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
