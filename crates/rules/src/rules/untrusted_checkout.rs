//! A stranger's code that runs with the repository's privileges.

use std::sync::Arc;

use cofferdam_facts::Control;
use cofferdam_findings::report::NotChecked;
use cofferdam_findings::{Confidence, Finding, RuleInfo, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::checkouts::{self, Guard};
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::context::{Context, JobView};
use crate::foreign::{self, Fetch, Foreign, Means, Run};
use crate::grades::{Held, held, severity, taken};
use crate::rule::{Rule, Sink};
use crate::starts::{self, Start};

crate::rule! {
    /// # What
    /// A job that somebody without a role can start, and that has the
    /// repository's privileges, fetches the head of a pull request, and then
    /// runs something of it. Artifacts of a fork's run are
    /// `artifact-poisoning`.
    ///
    /// # Why
    /// Whoever opens the pull request writes the code that runs: a recipe of
    /// the Makefile, a script of the package, a plugin that the linter's
    /// configuration names. It takes every secret of the job and whatever its
    /// token may do.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request_target
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
    ///         with:
    ///           ref: ${{ github.event.pull_request.head.sha }}
    ///       - run: make test
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request
    /// permissions:
    ///   contents: read
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    ///         with:
    ///           persist-credentials: false
    ///       - run: make test
    /// ```
    /// Where secrets are needed, check out in two phases: the base branch at
    /// the root, from where everything runs, and the head in a folder of its
    /// own, which is read and never run. Where the result must be written back,
    /// such as a comment, [two workflows](../fork-comments.md) share it as data.
    ///
    /// # How it is decided
    /// Every way from an event to the job is followed, through calls of reusable
    /// workflows, through Ariane's comments and through a `repository_dispatch`
    /// that hands on a pull request, with what it takes a stranger to get past
    /// each `if:`, needed job and environment.
    ///
    /// The steps are walked in order, with those of local composite actions:
    /// what is fetched (`ref`, `repository`, `gh pr checkout`, `git fetch` of a
    /// pull request; through `env`, inputs, outputs
    /// and lookups by API), into which folder, and which later step runs code of
    /// that folder. A folder that holds the head and is only read is safe, and
    /// counts for the control.
    ///
    /// How grave it is follows from who can do it and what is held:
    ///
    /// - critical where anybody can do it and the job can change the repository,
    ///   publish, or holds a secret;
    /// - high where somebody with a role has to act first (a label, a comment,
    ///   an approval), where a check stands before it of which nothing proves
    ///   that it keeps anybody out, or where less is held, such as the job's identity alone;
    /// - medium where both is so, and where nothing but a tag or branch of
    ///   `actions/checkout`, such as `v4`, brings the guard that refuses a
    ///   fork's head: it came with version 7, and to 2.8, 3.7, 4.4, 5.1 and 6.1
    ///   on 2026-07-20;
    /// - low where a commit of a version with the guard is pinned, or where the
    ///   job holds nothing.
    ///
    /// A commit of an older version has no guard, and is as critical as `git`
    /// itself. It is medium where nothing but `head.repo.fork` keeps forks out: of
    /// a fork that was deleted it is null, and null equals false; comparing
    /// `full_name` with `github.repository` has no such hole.
    ///
    /// What runs nothing of a folder is known by a list: commands that only read,
    /// copy, print, look things up or talk to a service (`cat`, `diff`, `grep`,
    /// `jq`, most verbs of `git` and `gh`), and actions of which the same is known.
    /// Every other command or action that works where the head lies is in doubt,
    /// and gives medium at most.
    ///
    /// Scripts of the checkout that a shell runs are walked as if they stood in the
    /// step, with their arguments. Of other programs (Python, PowerShell,
    /// JavaScript, actions of the checkout, what `make` or a task runner starts) it
    /// is not known what they fetch: where such a program is handed a value of the
    /// starter's, or asks for the event, and starts others, the control is unknown
    /// and names it. Installers that take code by git or by an address (`npx
    /// github:…`, `pip install git+…`, `cargo install --git`, `go run …@SHA`, `nix
    /// run`, `docker build URL`) run a stranger's code where the repository, or the
    /// commit, is the stranger's. A checkout under a condition does not clear what
    /// lies there, and after a `cd` that may not happen both folders count.
    ///
    /// A ref that an action hands on which is not read counts as what that action
    /// was handed, and is high at most.
    ///
    /// Where the ref that is fetched, one of too many ways, or what lies behind a
    /// limit is not understood, the control is unknown and the gap `unknown-head`
    /// says so with its place. Where the job holds something, the gap counts for
    /// the exit code.
    ///
    /// zizmor's `dangerous-triggers` reports the event alone, poutine's
    /// `untrusted_checkout_exec` and Scorecard's `Dangerous-Workflow` the
    /// checkout without folder, guard or what is held.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target>
    /// - <https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/>
    /// - <https://securitylab.github.com/resources/github-actions-new-patterns-and-mitigations/>
    /// - <https://boostsecurityio.github.io/lotp/>
    pub struct UntrustedCheckout {
        id: "untrusted-checkout",
        title: "A stranger's code runs with the repository's privileges",
        severity: Critical,
        controls: [X1],
        peers: [
            "poutine/untrusted_checkout_exec",
            "octoscan/dangerous-checkout",
            "gato-x/PwnRequestResult",
            "scorecard/Dangerous-Workflow",
            "codeql/UntrustedCheckoutCritical",
            "codeql/UntrustedCheckoutHigh",
            "codeql/UntrustedCheckoutMedium",
            "codeql/UntrustedCheckoutIssueComment",
            "sisakulint/untrusted-checkout",
        ],
        standards: [
            Cwe::Cwe829,
            Scorecard::DangerousWorkflow,
            Osps::Br0103,
            StepSecurity::UnsafeTriggers,
        ],
    }
}

impl Rule for UntrustedCheckout {
    fn info(&self) -> &'static RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            job(cx, view, &HEADS, out);
        }
        let trigger = workflow.trigger("pull_request");
        if let Some(trigger) = trigger.filter(|_| !workflow.has_trigger("pull_request_target")) {
            out.satisfied(
                Control::X1,
                workflow.file().locate(trigger.event.span),
                "code of forks runs on `pull_request`, without secrets",
            );
        }
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        if !cx.repository.workflows.is_empty() && out.evidence.is_empty() {
            out.not_applicable(Control::X1, "no workflow fetches code of strangers");
        }
    }
}

/// What a rule looks for among what strangers bring in.
#[derive(Debug)]
pub(crate) struct Aim {
    /// The rule.
    pub(crate) info: &'static RuleInfo,
    /// The control that it speaks for.
    pub(crate) control: Control,
    /// Artifacts in place of heads.
    pub(crate) artifacts: bool,
}

const HEADS: Aim = Aim {
    info: UntrustedCheckout::INFO,
    control: Control::X1,
    artifacts: false,
};

/// One way in which a stranger's code runs.
struct Case<'a> {
    start: &'a Start<'a>,
    fetch: &'a Fetch,
    run: &'a Run,
    way: Way,
    severity: Severity,
    confidence: Confidence,
    certain: bool,
}

/// Reports the worst that a job does with what strangers bring in.
pub(crate) fn job(cx: &Context<'_>, view: &JobView<'_>, aim: &Aim, out: &mut Sink) {
    let (starts, cut) = starts::all_of_job(cx, view);
    let walks: Vec<(&Start<'_>, Arc<Foreign>)> = starts
        .iter()
        .map(|start| (start, foreign::of_start(cx, start)))
        .collect();
    let mut cases = Vec::new();
    for (start, foreign) in &walks {
        for (certain, list) in [(true, &foreign.runs), (false, &foreign.doubts)] {
            for run in list {
                let fetch = foreign.fetches.get(run.fetch);
                if let Some(fetch) = fetch.filter(|fetch| aim.takes(fetch)) {
                    cases.extend(case(view, start, fetch, run, certain));
                }
            }
        }
    }
    // The worst counts; of equals the first, which is earlier in the job.
    let worst = cases
        .iter()
        .enumerate()
        .max_by_key(|(at, c)| (c.severity, c.certain, c.confidence, std::cmp::Reverse(*at)))
        .map(|(_, c)| c);
    match worst {
        Some(case) if case.start.fork_check.is_some() => out.unknown(
            aim.control,
            case.start.fork_check.clone(),
            format!(
                "whether the script keeps forks out of job `{}`, which runs a head",
                view.job.name()
            ),
            "write the comparison of the repositories as the job's `if:`",
        ),
        // Most actions only read what an artifact holds.
        Some(case) if case.certain || case.severity >= Severity::Medium && !aim.artifacts => {
            report(view, case, &cases, aim, out);
        }
        Some(case) => {
            out.unknown(
                aim.control,
                Some(case.run.place.clone()),
                format!(
                    "whether {} runs what job `{}` fetches from strangers",
                    case.run.means,
                    view.job.name()
                ),
                "read what it does, or keep the head in a folder of its own",
            );
        }
        None if !aim.artifacts && unseen(view, &walks, cut, out) => {}
        None if !aim.artifacts && not_read(view, &walks, out) => {}
        None => good(&walks, aim, out),
    }
}

// Whether it is not known that nothing of a stranger runs; says so.
fn unseen(
    view: &JobView<'_>,
    walks: &[(&Start<'_>, Arc<Foreign>)],
    cut: bool,
    out: &mut Sink,
) -> bool {
    let name = view.job.name();
    let found = walks.iter().find_map(|(start, foreign)| {
        let (place, what) = foreign.unseen(start)?;
        let holds = held(view, start) != Held::Nothing;
        Some((place, what, holds))
    });
    let many = cut.then(|| {
        let what = format!("one of the many ways to job `{name}`");
        (view.at(view.job.id.span), what, view.stakes().any())
    });
    let Some((place, what, required)) = found.or(many) else {
        return false;
    };
    let settle = foreign::SETTLE;
    out.unknown(Control::X1, Some(place.clone()), what.clone(), settle);
    out.not_checked(NotChecked {
        code: "unknown-head",
        message: format!(
            "{what} is not known, so that a stranger's code may run with its privileges"
        ),
        location: Some(place),
        settle: settle.to_owned(),
        required,
    });
    true
}

// Whether a job that holds something starts a program that nobody has read, and
// that may fetch what a stranger names; says so.
fn not_read(view: &JobView<'_>, walks: &[(&Start<'_>, Arc<Foreign>)], out: &mut Sink) -> bool {
    let found = walks.iter().find_map(|(start, foreign)| {
        (held(view, start) != Held::Nothing).then_some(())?;
        foreign.not_read(start)
    });
    let Some(unread) = found else { return false };
    out.unknown(
        Control::X1,
        Some(unread.place.clone()),
        format!(
            "whether `{}` in job `{}` fetches, or runs, what a stranger names",
            unread.means,
            view.job.name()
        ),
        "read what it starts, or write it as a script of a shell, which is read",
    );
    true
}

impl Aim {
    fn takes(&self, fetch: &Fetch) -> bool {
        (fetch.means == Means::Artifact) == self.artifacts
    }
}

fn good(walks: &[(&Start<'_>, Arc<Foreign>)], aim: &Aim, out: &mut Sink) {
    for (start, foreign) in walks {
        let Some(fetch) = foreign.files().find(|fetch| aim.takes(fetch)) else {
            continue;
        };
        match start.guard() {
            Some(guard) if start.way.is_closed() => out.satisfied(
                aim.control,
                guard.place.clone(),
                format!("a head is fetched, and {}", guard.note),
            ),
            _ if foreign.runs.is_empty() && foreign.doubts.is_empty() => out.satisfied(
                aim.control,
                fetch.place.clone(),
                format!("{} is fetched as data and not run", fetch.what()),
            ),
            _ => out.satisfied(aim.control, fetch.place.clone(), "only merged code is run"),
        }
    }
}

fn case<'a>(
    view: &JobView<'_>,
    start: &'a Start<'a>,
    fetch: &'a Fetch,
    run: &'a Run,
    certain: bool,
) -> Option<Case<'a>> {
    let way = start
        .way
        .clone()
        .and(fetch.way.clone())
        .and(run.way.clone());
    // What is merged has been reviewed.
    if way.keeps_files_out() {
        return None;
    }
    let held = held(view, start);
    let mut severity = severity(held, way.gates(), fetch.mutable);
    let mut confidence = Confidence::High;
    let doubtful = way == Way::Unknown || way.gates().contains(&Gate::ForkGone);
    if !start.missing.is_empty() || doubtful || held == Held::Perhaps {
        confidence = Confidence::Medium;
    }
    let unread = fetch.head.unknown && !fetch.head.fork && fetch.means != Means::Artifact;
    if unread {
        confidence = confidence.min(Confidence::Medium);
    }
    // Where a gate may stand, nobody can say that there is none.
    let unseen = unread || way == Way::Unknown || start.environment_unknown();
    if severity == Severity::Critical && unseen {
        severity = Severity::High;
    }
    match fetch.means {
        Means::Checkout(guard) if guarded(start) && fetch.head.is_code() => match guard {
            // Who owns the tag decides each day what runs.
            Guard::Holds { moves: true, .. } if way.gates().is_empty() => {
                severity = severity.lowered().min(Severity::Medium);
            }
            Guard::Holds { .. } => severity = severity.lowered().min(Severity::Low),
            Guard::Unknown => confidence = Confidence::Medium,
            Guard::OptedOut | Guard::Missing => {}
        },
        // It lies over files that are trusted otherwise.
        Means::Artifact => confidence = Confidence::Medium,
        _ => {}
    }
    if !fetch.head.is_code() && fetch.means != Means::Artifact {
        severity = severity.min(Severity::Low);
    }
    if run.contained && !run.handed {
        let published = !start.stakes.publishes.is_empty();
        severity = severity.lowered().min(if published {
            Severity::Medium
        } else {
            Severity::Low
        });
    }
    if !certain {
        if !matches!(held, Held::Grave | Held::Writes) {
            severity = Severity::Info;
        }
        severity = severity.min(Severity::Medium);
        confidence = Confidence::Low;
    }
    Some(Case {
        start,
        fetch,
        run,
        way,
        severity,
        confidence,
        certain,
    })
}

// Where the guard of `actions/checkout` looks at all.
fn guarded(start: &Start<'_>) -> bool {
    matches!(start.event(), "pull_request_target" | "workflow_run")
}

fn report(view: &JobView<'_>, case: &Case<'_>, all: &[Case<'_>], aim: &Aim, out: &mut Sink) {
    let Case {
        start, fetch, run, ..
    } = case;
    let on = match &start.command {
        Some(command) => format!("the comment `{command}`"),
        None => format!("`{}`", start.event()),
    };
    let verb = if case.certain { "runs" } else { "may run" };
    let mut finding = Finding::new(
        aim.info.id,
        case.severity,
        run.place.clone(),
        format!(
            "job `{}` {verb} {} on {on}: `{}`",
            view.job.name(),
            fetch.what(),
            run.means
        ),
    )
    .confidence(case.confidence)
    .why(why(view, case))
    .fix(fix(case))
    .subject(format!("{}/{}", view.subject(), run.label))
    .group(if aim.artifacts {
        "jobs that run what lies in a fork's artifact"
    } else if case.certain {
        "jobs that run a stranger's code with the repository's privileges"
    } else {
        "unknown actions that work on a stranger's code with the repository's privileges"
    })
    .related(start.place(), start.starter());
    for caller in start.chain.iter().take(start.chain.len().saturating_sub(1)) {
        if let Some(call) = caller.job.call() {
            finding = finding.related(
                caller.at(call.uses.span),
                format!("job `{}` calls the workflow", caller.job.name()),
            );
        }
    }
    if fetch.place != run.place {
        finding = finding.related(fetch.place.clone(), format!("{} is fetched", fetch.what()));
    }
    let holds = view.token.span.unwrap_or(view.job.id.span);
    finding = finding.related(
        view.at(holds),
        format!("the job holds {}", start.stakes.describe()),
    );
    let mut also: Vec<&Run> = Vec::new();
    for other in all.iter().filter(|c| c.certain).map(|c| c.run) {
        let known = other.place == run.place || also.iter().any(|o| o.place == other.place);
        if !known && also.len() < 3 {
            also.push(other);
        }
    }
    for other in also {
        finding = finding.related(
            other.place.clone(),
            format!("`{}` runs it too", other.means),
        );
    }
    if case.severity > Severity::Info {
        out.report(finding);
        return;
    }
    out.report_against(&[], finding);
    out.satisfied(
        aim.control,
        case.fetch.place.clone(),
        "the job that runs it holds nothing",
    );
}

fn why(view: &JobView<'_>, case: &Case<'_>) -> String {
    let Case {
        start, fetch, run, ..
    } = case;
    let taken = taken(view, start);
    let who = Start {
        way: case.way.clone(),
        ..(*start).clone()
    }
    .who();
    if let Some(guard) = refusal(start, fetch) {
        return if held(view, start) == Held::Nothing {
            format!("{guard} refuses the head, and the job holds nothing")
        } else {
            format!(
                "Only {} keeps {who} from {taken}; an older version, `git`, another action or \
                 `allow-unsafe-pr-checkout: true` has none",
                lower(&guard)
            )
        };
    }
    let who = upper(&who);
    if !fetch.head.is_code() && fetch.means != Means::Artifact {
        return format!("{who} chooses which branch of this repository runs in a job with {taken}");
    }
    if held(view, start) == Held::Nothing {
        return format!(
            "{who} writes what runs in a job that is trusted with secrets; it holds none now, and \
             the next one that is added is theirs"
        );
    }
    if run.contained && !run.handed {
        return format!(
            "{who} writes what the image is made of; the build sees no secret, the job has {taken}"
        );
    }
    let mut text = format!("{who} takes {taken}");
    if fetch.means == Means::Artifact && fetch.folder == Folder::workspace() {
        text.push_str("; the artifact is unpacked over the files of the checkout");
    }
    let label = case.way.gates().iter().any(|g| matches!(g, Gate::Label(_)));
    if label && pushes_restart(start) {
        text.push_str("; the label stays while the author pushes more");
    } else if case.way.gates().contains(&Gate::ForkGone) {
        text.push_str(
            ": the payload has no head repository then, and null equals false; few events still \
             start the job afterwards, which is all that is left of the guard",
        );
    } else if !case.way.gates().is_empty() && fetch.mutable {
        text.push_str("; what runs is looked up afterwards, so a push after the approval runs too");
    }
    if let Some(missing) = start.missing.first() {
        text.push_str(&format!(" ({missing} is not known)"));
    }
    text
}

// The guard that refuses the head, with the version and the day it came.
fn refusal(start: &Start<'_>, fetch: &Fetch) -> Option<String> {
    let Means::Checkout(Guard::Holds { major, moves }) = fetch.means else {
        return None;
    };
    if !guarded(start) || !fetch.head.is_code() {
        return None;
    }
    let since = match major.map(|major| (major, checkouts::first_guarded(major))) {
        Some((major, Some(minor))) if minor > 0 => {
            format!("since v{major}.{minor} ({})", checkouts::GUARDED_SINCE)
        }
        _ => "since v7".to_owned(),
    };
    let moves = if moves {
        ", behind a tag or branch that its owner can move,"
    } else {
        ""
    };
    Some(format!(
        "The guard that actions/checkout has {since}{moves}"
    ))
}

// `synchronize` is among the activities of a trigger without `types:`.
fn pushes_restart(start: &Start<'_>) -> bool {
    start.event() == "pull_request_target"
        && (start.trigger.types.is_none() || start.trigger.has_type("synchronize"))
}

fn fix(case: &Case<'_>) -> String {
    if case.way.gates().contains(&Gate::ForkGone) {
        let head = match case.start.event() {
            "workflow_run" => "workflow_run.head_repository",
            _ => "pull_request.head.repo",
        };
        return format!(
            "Compare names in place of the flag: \
             `if: github.event.{head}.full_name == github.repository`"
        );
    }
    let (fetch, run) = (case.fetch, case.run);
    let own_folder = match &fetch.folder {
        Folder::Inside(folder) if !folder.is_empty() => Some(folder),
        _ => None,
    };
    match (fetch.means, own_folder) {
        (Means::Artifact, _) => format!(
            "Unpack the artifact below `${{{{ runner.temp }}}}`, read it as data, and keep `{}` \
             away from it",
            run.means
        ),
        _ if !case.certain => format!(
            "Fetch the head into a folder of its own with `path:`, so that `{}` works on the \
             base branch",
            run.means
        ),
        (_, Some(folder)) => format!(
            "Run only files of the base branch and take `{folder}/` as data, or run `{}` in a \
             workflow on `pull_request`, which holds no secret",
            run.means
        ),
        _ => format!(
            "Run `{}` in a workflow on `pull_request`, which holds no secret, and let this one \
             take its result as data",
            run.means
        ),
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().collect::<String>() + letters.as_str()
    })
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}
