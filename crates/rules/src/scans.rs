//! What looks for known vulnerabilities in dependencies, and whether a finding
//! of it stops anything.
//!
//! A tool counts by the action that is used or the command that is run; a
//! target of a build tool, a script or a called workflow counts by its name,
//! since what it does is not in the workflow. The tables give each tool's
//! behaviour as its own documentation states it.

mod actions;
mod commands;

use cofferdam_facts::Location;
use cofferdam_lockfiles::Ecosystem;
use cofferdam_workflows::semantics::tolerance::{self, Swallowed, Tolerance};
use cofferdam_workflows::shell::Command;

use crate::context::Context;
use crate::steps::{self, StepSite};

/// One run of a scanner.
#[derive(Clone, Debug)]
pub struct Scan<'c> {
    /// The tool, as people call it.
    pub tool: &'static str,
    /// Whose packages it knows.
    pub covers: Covers,
    /// Where it runs.
    pub location: Location,
    /// The job, for messages.
    pub job: &'c str,
    /// Free of line numbers, for fingerprints.
    pub subject: String,
    /// Why what it finds stops nothing, if that is so.
    pub lax: Option<String>,
    /// Whether an expression decides on that.
    pub unsure: bool,
    /// What says that it runs.
    pub sign: Sign,
    /// Whether what it finds is uploaded to code scanning by the same job.
    pub uploaded: bool,
}

/// What says that a scanner runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The workflow runs it.
    Run,
    /// The name of a target, a script, an action or a called workflow.
    Name,
    /// It is installed, and what runs it cannot be seen.
    Installed,
}

/// Whose packages a scanner knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Those of every ecosystem that is common.
    All,
    /// Those of these.
    Only(&'static [Ecosystem]),
}

impl Covers {
    /// Whether it knows packages of an ecosystem.
    #[must_use]
    pub fn has(self, ecosystem: Ecosystem) -> bool {
        match self {
            Self::All => true,
            Self::Only(list) => list.contains(&ecosystem),
        }
    }
}

/// What a table says of a step or command.
#[derive(Clone, Debug)]
struct Match {
    tool: &'static str,
    covers: Covers,
    /// Why the tool itself passes whatever it finds, if it does.
    lax: Option<&'static str>,
    sign: Sign,
}

/// Whether the tool tells which vulnerable functions the code really calls.
#[must_use]
pub fn knows_calls(tool: &str) -> bool {
    tool == "govulncheck"
}

/// Every scanner that runs, in order of path and place.
#[must_use]
pub fn of<'c>(cx: &'c Context<'c>) -> Vec<Scan<'c>> {
    let sites = steps::live(cx);
    let mut scans = Vec::new();
    // The sites of a job stand together.
    for sites in sites.chunk_by(|one, other| std::ptr::eq(one.job, other.job)) {
        let before = scans.len();
        for site in sites {
            of_site(site, &mut scans);
        }
        let mut found = scans.iter_mut().skip(before).peekable();
        let uploads =
            |site: &StepSite<'_>| site.step.action() == Some("github/codeql-action/upload-sarif");
        if found.peek().is_some() && sites.iter().any(uploads) {
            found.for_each(|scan| scan.uploaded = true);
        }
    }
    for job in cx.all_jobs() {
        let Some(call) = job.job.call() else { continue };
        // What is called from this checkout is seen with its own steps.
        if cx.repository.own_workflow(&call.uses.value).is_some() {
            continue;
        }
        let Some(found) = by_words(&call.uses.value.to_string()) else {
            continue;
        };
        let lax = call.with.iter().find(|input| {
            input.key.value.eq_ignore_ascii_case("fail-on-vuln")
                && input.value.literal() == Some("false")
        });
        scans.push(Scan {
            tool: found.tool,
            covers: found.covers,
            location: job.at(call.uses.span),
            job: job.job.name(),
            subject: job.subject(),
            lax: lax.map(|_| "`fail-on-vuln: false` lets every finding pass".to_owned()),
            unsure: tolerance::of_job(job.job) != Tolerance::Stops,
            sign: Sign::Name,
            uploaded: false,
        });
    }
    scans
}

fn of_site<'c>(site: &StepSite<'c>, scans: &mut Vec<Scan<'c>>) {
    let scan = |found: Match, location, lax: Option<String>| Scan {
        tool: found.tool,
        covers: found.covers,
        location,
        job: site.job.job.name(),
        subject: format!("{}/{}", site.subject(), found.tool),
        unsure: lax.is_none() && undecided(site),
        lax,
        sign: found.sign,
        uploaded: false,
    };
    if let Some(found) = actions::of_step(site.step) {
        // A reporter behind it decides, so that the scanner itself may go on.
        let reported = found.tool == "osv-scanner"
            && site.job.job.steps().iter().any(|step| {
                step.action()
                    .is_some_and(|name| name.ends_with("/osv-reporter-action"))
            });
        let own = found.lax.map(str::to_owned);
        let lax = if reported {
            own
        } else {
            own.or_else(|| tolerated(site))
        };
        scans.push(scan(found, site.head(), lax));
        return;
    }
    for command in site.live_commands() {
        if let Some(found) = commands::of_command(command) {
            let lax = found.lax.map(str::to_owned);
            let lax = lax
                .or_else(|| swallowed(site, command))
                .or_else(|| tolerated(site));
            scans.push(scan(found, site.at_command(command), lax));
        }
    }
}

/// Whether an expression decides if a failure of the step stops anything.
#[must_use]
pub fn undecided(site: &StepSite<'_>) -> bool {
    matches!(site.tolerance().0, Tolerance::Decided(_))
}

/// Why a failure of the step stops nothing, if that is certain.
#[must_use]
pub fn tolerated(site: &StepSite<'_>) -> Option<String> {
    match site.tolerance().0 {
        Tolerance::Ignored(_) => Some("`continue-on-error: true` lets the job go on".to_owned()),
        _ => None,
    }
}

/// How the script throws the failure of a command away, if that is certain.
#[must_use]
pub fn swallowed(site: &StepSite<'_>, command: &Command) -> Option<String> {
    Some(match site.swallowed(command)? {
        Swallowed::ByOperator => "the script throws its exit code away".to_owned(),
        Swallowed::BySet(_) => "`set +e` throws its exit code away".to_owned(),
        Swallowed::ByPipe => {
            "the pipe throws its exit code away, since the shell runs without `pipefail`".to_owned()
        }
    })
}

/// What a name says that it runs.
fn by_words(text: &str) -> Option<Match> {
    use Ecosystem::{Cargo, Go, Npm, PyPi, RubyGems};
    const WORDS: &[(&str, &str, Covers)] = &[
        ("govulncheck", "govulncheck", Covers::Only(&[Go])),
        ("vulncheck", "govulncheck", Covers::Only(&[Go])),
        ("cargo-audit", "cargo-audit", Covers::Only(&[Cargo])),
        ("cargo-deny", "cargo-deny", Covers::Only(&[Cargo])),
        ("pip-audit", "pip-audit", Covers::Only(&[PyPi])),
        ("npm-audit", "npm audit", Covers::Only(&[Npm])),
        ("bundle-audit", "bundler-audit", Covers::Only(&[RubyGems])),
        ("bundler-audit", "bundler-audit", Covers::Only(&[RubyGems])),
        ("osv-scanner", "osv-scanner", Covers::All),
        ("trivy", "trivy", Covers::All),
        ("grype", "grype", Covers::All),
        ("snyk", "snyk", Covers::All),
        ("vulnerabilit", "a scan", Covers::All),
    ];
    let lower = text.to_ascii_lowercase();
    let (_, tool, covers) = WORDS.iter().find(|(word, ..)| lower.contains(word))?;
    Some(Match {
        tool,
        covers: *covers,
        lax: None,
        sign: Sign::Name,
    })
}
