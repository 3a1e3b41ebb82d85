//! Pull requests whose new dependencies nothing looks at.

use cofferdam_facts::settings::Rule as Demand;
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_lockfiles::{Ecosystem, Role};
use cofferdam_workflows::documents::{Step, Trigger};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::filters;
use cofferdam_workflows::semantics::starts;
use cofferdam_workflows::shell::Command;

use crate::context::{Context, JobView};
use crate::dependencies::DependencyFile;
use crate::rule::{Rule, Sink};
use crate::scans;
use crate::sites;
use crate::steps::{self, StepSite};
use crate::unread;

crate::rule! {
    /// # What
    /// No check on pull requests looks at the dependencies that they add or
    /// change, or there is one and it lets everything pass.
    ///
    /// # Why
    /// A pull request that adds a package runs code of somebody else in every
    /// later build. Reviewers read the diff of the project; whether the new
    /// package is known to be malicious, vulnerable or of a licence that does
    /// not fit has to be looked up, and a lockfile of thousands of lines hides
    /// it well.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request
    /// jobs:
    ///   review:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
    ///       - uses: actions/dependency-review-action@3b139cfc5fae8b618d3eae3675e383bb1769c019 # v4.5.0
    ///         with:
    ///           warn-only: true
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request
    /// jobs:
    ///   review:
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    ///       - uses: actions/dependency-review-action@3b139cfc5fae8b618d3eae3675e383bb1769c019 # v4.5.0
    /// ```
    ///
    /// # How it is decided
    /// A gate is GitHub's dependency review, OSV-Scanner's workflow for pull
    /// requests, Socket's action, `cargo deny` or `cargo vet`, a called workflow
    /// or required workflow named after a dependency review.
    ///
    /// It is weak where `continue-on-error`, `warn-only`, `vulnerability-check:
    /// false`, a threshold of `critical` or scopes without `runtime` let findings
    /// pass, where no pull request starts it, where its condition leaves forks
    /// out, and where its path filter passes over a lockfile of the checkout.
    /// Advisories in `allow-ghsas` are informational. Updates by Renovate
    /// or Dependabot are no gate, for they look at their own pull requests only.
    ///
    /// What a separate configuration file says is not read, and what an
    /// expression in `continue-on-error` gives is not known, so the control is
    /// then unknown. Everything is low, since people still review; a review that
    /// runs on `pull_request_target` is informational. Checks by Apps cannot be
    /// seen from the files. sisakulint's `dependency-review-settings` looks at
    /// the inputs where the action is used; nothing else tells that it is
    /// missing.
    ///
    /// # References
    /// - <https://docs.github.com/en/code-security/supply-chain-security/understanding-your-software-supply-chain/about-dependency-review>
    /// - <https://github.com/actions/dependency-review-action#configuration-options>
    /// - <https://google.github.io/osv-scanner/github-action/>
    pub struct DependencyReview {
        id: "dependency-review",
        title: "New dependencies are not reviewed, or the review stops nothing",
        severity: Low,
        controls: [D5],
        peers: ["sisakulint/dependency-review-settings"],
        standards: [Cwe::Cwe1395, Osps::Vm0503, StepSecurity::CompromisedPackages],
    }
}

const PULL_REQUESTS: &[&str] = &["pull_request", "pull_request_target", "merge_group"];

const GATES: [&str; 4] = [
    "actions/dependency-review-action",
    "socketdev/action",
    "embarkstudios/cargo-deny-action",
    "mozilla/cargo-vet-action",
];

/// One gate and what is wrong with it.
struct Gate<'c> {
    name: String,
    place: Location,
    subject: String,
    job: &'c JobView<'c>,
    /// Weaknesses of its own: what lets findings pass.
    weak: Vec<(String, Location)>,
    /// The step of the job that is the gate or uses it; `None` for a call.
    step: Option<&'c Step>,
    /// An input that a run decides, and what it may do.
    unsure: Option<(String, Location)>,
    /// A configuration file that was not read.
    elsewhere: bool,
    /// How many advisories pass for ever, and where that stands.
    allowed: Option<(usize, Location)>,
}

impl Rule for DependencyReview {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let any = !cx.dependencies.is_empty();
        let foreign = sites::of(cx)
            .iter()
            .any(|site| site.uses.repository().is_some());
        if !any && !foreign {
            out.not_applicable(Control::D5, "nothing here has dependencies");
            return;
        }
        let gates = gates(cx);
        let required = required_elsewhere(cx);
        if let Some(path) = &required {
            out.satisfied(
                Control::D5,
                Location::whole_file(path.as_str()),
                "a workflow that a ruleset requires",
            );
        }
        let what = "whether a check on pull requests looks at new dependencies";
        if gates.is_empty() && required.is_none() && !unread::elsewhere(cx, Control::D5, what, out)
        {
            absent(out);
        }
        for gate in gates {
            judge(cx, gate, out);
        }
    }
}

fn gates<'c>(cx: &'c Context<'c>) -> Vec<Gate<'c>> {
    let mut gates: Vec<Gate<'c>> = steps::of(cx).iter().filter_map(of_step).collect();
    for job in cx.all_jobs() {
        let Some(call) = job.job.call() else { continue };
        let name = call.uses.value.to_string();
        let lower = name.to_ascii_lowercase();
        let reviews = [
            "dependency-review",
            "dependency_review",
            "osv-scanner-reusable-pr",
        ];
        let foreign = cx.repository.own_workflow(&call.uses.value).is_none();
        if foreign && reviews.iter().any(|word| lower.contains(word)) {
            gates.push(Gate {
                name: name.split('@').next().unwrap_or_default().to_owned(),
                place: job.at(call.uses.span),
                subject: job.subject(),
                job,
                weak: Vec::new(),
                step: None,
                unsure: None,
                elsewhere: false,
                allowed: None,
            });
        }
    }
    gates
}

fn of_step<'c>(site: &StepSite<'c>) -> Option<Gate<'c>> {
    // Most steps are no gate: places and subjects are made for those that are.
    let gate = |name, place| Gate {
        name,
        place,
        subject: site.subject(),
        job: site.job,
        weak: Vec::new(),
        step: Some(site.via.map_or(site.step, |(_, step)| step)),
        unsure: None,
        elsewhere: false,
        allowed: None,
    };
    let mut gate = if let Some(action) = site.step.action() {
        if !GATES.contains(&action) {
            return None;
        }
        let mut gate = gate(action.to_owned(), site.head());
        inputs(site, &mut gate);
        gate
    } else {
        let command = site.live_commands().find(|command| is_gate(command))?;
        let name = "cargo deny or cargo vet".to_owned();
        let mut gate = gate(name, site.at_command(command));
        if let Some(how) = scans::swallowed(site, command) {
            gate.weak.push((how, gate.place.clone()));
        }
        gate
    };
    if let Some(how) = scans::tolerated(site) {
        gate.weak.push((how, gate.place.clone()));
    } else if scans::undecided(site) {
        let what = "whether a failure of the dependency review stops anything";
        gate.unsure = Some((what.to_owned(), gate.place.clone()));
    }
    // A check that runs besides the pull requests too is judged where it gates.
    Some(gate)
}

fn is_gate(command: &Command) -> bool {
    let (_, args) = command.effective();
    let first = args.first().map(|word| word.text.as_str());
    let checks = || args.iter().any(|word| word.text == "check");
    command.is("cargo") && (first == Some("vet") || first == Some("deny") && checks())
        || command.is("cargo-deny") && checks()
}

fn inputs(site: &StepSite<'_>, gate: &mut Gate<'_>) {
    let weak = [
        (
            "warn-only",
            "true",
            "`warn-only: true` lets every finding pass",
        ),
        (
            "vulnerability-check",
            "false",
            "`vulnerability-check: false` does not look for vulnerabilities",
        ),
        (
            "fail-on-severity",
            "critical",
            "`fail-on-severity: critical` lets everything below critical pass",
        ),
    ];
    for (input, value, how) in weak {
        let Some(text) = site.step.input(input) else {
            continue;
        };
        match text.literal() {
            None => {
                let what = format!("what `{input}` of the dependency review is in a run");
                gate.unsure = Some((what, site.at(text.span)));
            }
            Some(v) if v.trim().eq_ignore_ascii_case(value) => {
                gate.weak.push((how.to_owned(), site.at(text.span)));
            }
            Some(_) => {}
        }
    }
    if let Some(text) = site.step.input("fail-on-scopes")
        && let Some(scopes) = text.literal()
        && !scopes.split(',').any(|scope| scope.trim() == "runtime")
        && !scopes.trim().is_empty()
    {
        let how = "`fail-on-scopes` leaves out `runtime`, which is what is shipped";
        gate.weak.push((how.to_owned(), site.at(text.span)));
    }
    if let Some(text) = site.step.input("allow-ghsas") {
        let allowed = text.value.split(',').filter(|id| !id.trim().is_empty());
        gate.allowed = Some((allowed.count(), site.at(text.span)));
    }
    let refs = (site.step.input("base-ref"), site.step.input("head-ref"));
    if let (Some(base), Some(head)) = refs
        && base.value.trim() == head.value.trim()
    {
        let how = "`base-ref` and `head-ref` are the same, so that nothing is new";
        gate.weak.push((how.to_owned(), site.at(head.span)));
    }
    gate.elsewhere = site.step.input("config-file").is_some();
}

fn judge(cx: &Context<'_>, mut gate: Gate<'_>, out: &mut Sink) {
    let job = gate.job;
    let on_pull_request = PULL_REQUESTS.iter().any(|e| job.entry.events.contains(*e));
    if !on_pull_request && !job.entry.callable {
        // A schedule that also runs `cargo deny` is no gate that went wrong.
        if gate.name == "actions/dependency-review-action" {
            let how = "no pull request starts it".to_owned();
            gate.weak.push((how, job.at(job.workflow.on_span)));
        } else {
            return;
        }
    }
    if job.entry.events.contains("pull_request") && job.runs_for_fork("pull_request") == Runs::No {
        let place = job
            .job
            .condition
            .as_ref()
            .map_or(job.job.id.span, |c| c.text.span);
        let how = "its condition leaves pull requests from forks out".to_owned();
        gate.weak.push((how, job.at(place)));
    }
    let events = &job.entry.events;
    if events.contains("pull_request_target") && !events.contains("pull_request") {
        out.report_against(
            &[],
            Finding::new(
                DependencyReview::INFO.id,
                Severity::Info,
                gate.place.clone(),
                format!("the review of dependencies in job `{}` runs on `pull_request_target`", job.job.name()),
            )
            .why("The event hands out secrets and a token that may write, and the review needs neither")
            .fix("Run it on `pull_request` with `permissions: {contents: read}`")
            .subject(format!("{}/event", gate.subject))
            .group("reviews of dependencies on a privileged event"),
        );
    }
    if let Some((count, place)) = gate.allowed.take().filter(|(count, _)| *count > 0) {
        let advisories = if count == 1 {
            "one advisory"
        } else {
            "several advisories"
        };
        out.report_against(
            &[],
            Finding::new(
                DependencyReview::INFO.id,
                Severity::Info,
                place,
                format!(
                    "the review of dependencies in job `{}` lets {advisories} pass for good",
                    job.job.name()
                ),
            )
            .why("What is let through has no end and no owner: later uses of the same package pass too")
            .fix("Take out each id of `allow-ghsas` as soon as the dependency is mended")
            .subject(format!("{}/allowed", gate.subject))
            .group("advisories that a review of dependencies lets pass"),
        );
    }
    if let Some(weak) = passed_over(cx, &gate) {
        gate.weak.push(weak);
    }
    match runs(cx, &gate) {
        Runs::Yes => {}
        // Other weaknesses may have said so already.
        Runs::No if gate.weak.is_empty() => {
            let how = "it does not run for an ordinary pull request".to_owned();
            gate.weak.push((how, gate.place.clone()));
        }
        Runs::No => {}
        Runs::Maybe => {
            let what = "whether the dependency review runs for every pull request";
            gate.unsure = gate.unsure.or(Some((what.to_owned(), gate.place.clone())));
        }
    }
    if let Some((how, place)) = gate.weak.first() {
        let finding = Finding::new(
            DependencyReview::INFO.id,
            Severity::Low,
            place.clone(),
            format!(
                "the review of dependencies in job `{}` can be passed: {how}",
                job.job.name()
            ),
        )
        .why("A pull request can bring a package that is known to be vulnerable or malicious")
        .fix(
            "Let the review fail, on every pull request that changes a dependency file or workflow",
        )
        .subject(gate.subject.as_str())
        .group("reviews of dependencies that stop nothing");
        let others = gate.weak.iter().skip(1).cloned();
        out.report(others.fold(finding, |f, (how, place)| f.related(place, how)));
    } else if let Some((what, place)) = gate.unsure {
        out.unknown(
            Control::D5,
            Some(place),
            what,
            "let the review run and fail without a condition on `pull_request`",
        );
    } else if gate.elsewhere {
        out.unknown(
            Control::D5,
            Some(gate.place),
            "what the configuration file of the dependency review says",
            "read it for `warn-only` and `fail-on-severity`, or set the inputs in the workflow",
        );
    } else {
        out.satisfied(
            Control::D5,
            gate.place,
            format!("{} on pull requests", gate.name),
        );
    }
}

/// Whether the gate runs for a pull request that anybody opens or changes.
fn runs(cx: &Context<'_>, gate: &Gate<'_>) -> Runs {
    let job = gate.job;
    let mut found = Runs::No;
    let starts = starts::of(cx.repository, job.workflow);
    if starts.is_empty() {
        // Only other repositories call it.
        return Runs::Maybe;
    }
    for start in starts {
        if !PULL_REQUESTS.contains(&start.trigger.name()) || !is_ordinary(start.trigger) {
            continue;
        }
        let step = gate.step.map_or(Runs::Yes, |step| {
            start.runs_step(job.workflow, job.job, step)
        });
        match (start.runs_job(job.workflow, job.job), step) {
            (Runs::Yes, Runs::Yes) => return Runs::Yes,
            (Runs::No, _) | (_, Runs::No) => {}
            _ => found = Runs::Maybe,
        }
    }
    found
}

/// Whether a trigger takes pull requests when they are opened or changed.
fn is_ordinary(trigger: &Trigger) -> bool {
    let all = |pattern: &str| matches!(pattern, "**" | "*");
    let ignored = trigger.branches_ignore.iter().flatten();
    let opened = ["opened", "synchronize", "reopened", "checks_requested"];
    let types = trigger.types.as_ref();
    !ignored.into_iter().any(|p| all(&p.value))
        && types.is_none_or(|types| {
            types.is_empty() || types.iter().any(|t| opened.contains(&t.value.as_str()))
        })
}

/// What a review of dependencies reads.
const REVIEWED: [Ecosystem; 11] = [
    Ecosystem::Go,
    Ecosystem::Cargo,
    Ecosystem::Npm,
    Ecosystem::PyPi,
    Ecosystem::RubyGems,
    Ecosystem::Packagist,
    Ecosystem::Maven,
    Ecosystem::NuGet,
    Ecosystem::Pub,
    Ecosystem::Hex,
    Ecosystem::Swift,
];

/// A dependency file that the gate reads and whose change does not start it.
fn passed_over(cx: &Context<'_>, gate: &Gate<'_>) -> Option<(String, Location)> {
    let job = gate.job;
    let triggers: Vec<&Trigger> = (job.workflow.triggers.iter())
        .filter(|trigger| PULL_REQUESTS.contains(&trigger.name()))
        .collect();
    let span = triggers.iter().find_map(|trigger| {
        let patterns = trigger.paths.as_ref().or(trigger.paths_ignore.as_ref())?;
        Some(patterns.first()?.span)
    })?;
    let reads = |ecosystem| match gate.name.contains("cargo") {
        true => ecosystem == Ecosystem::Cargo,
        false => REVIEWED.contains(&ecosystem),
    };
    let missed = cx
        .dependencies
        .iter()
        .filter(|(ecosystem, _)| reads(**ecosystem))
        .find_map(|(_, files)| {
            // Where something is locked, a new dependency shows in the lock.
            let locked = files.iter().any(|file| file.kind.role == Role::Lockfile);
            let telling = |file: &&DependencyFile<'_>| match locked {
                true => file.kind.role == Role::Lockfile,
                false => file.kind.role == Role::Manifest,
            };
            let near = |file: &&DependencyFile<'_>| file.path.matches('/').count() <= 2;
            // `merge_group` takes no path filter, so that one trigger is enough.
            let passes = |path: &str| triggers.iter().any(|t| filters::passes(t, path));
            files
                .iter()
                .filter(telling)
                .filter(near)
                .find(|file| !passes(file.path))
        })?;
    Some((
        format!("a change of `{}` does not start it", missed.path),
        job.at(span),
    ))
}

fn required_elsewhere(cx: &Context<'_>) -> Option<String> {
    let rules = cx.facts.settings?.default_branch_rules.known()?;
    rules.iter().find_map(|active| match &active.rule {
        Demand::Workflows { workflows } => workflows
            .iter()
            .find(|workflow| workflow.path.contains("dependency-review"))
            .map(|workflow| workflow.path.clone()),
        _ => None,
    })
}

fn absent(out: &mut Sink) {
    out.report(
        Finding::new(
            DependencyReview::INFO.id,
            Severity::Low,
            Location::whole_file(".github/workflows"),
            "no check on pull requests looks at new dependencies",
        )
        .confidence(Confidence::Medium)
        .why("A pull request can bring a package that is known to be vulnerable or malicious")
        .fix("Run `actions/dependency-review-action` on `pull_request` with `permissions: {contents: read}`")
        .subject("dependency-review")
        .group("repositories whose new dependencies nothing reviews"),
    );
}
