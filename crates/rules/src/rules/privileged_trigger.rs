//! Events by which somebody without a role starts a privileged job.

use std::collections::BTreeMap;

use cofferdam_facts::settings::{ActionsPolicyRule, Enforcement, Fact};
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Confidence, Evidence, Finding, Severity, Verdict};
use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::context::Context;
use crate::foreign;
use crate::rule::{Rule, Sink};
use crate::stakes::Stakes;
use crate::starts::{self, Start};

crate::rule! {
    /// # What
    /// An event that anybody can cause (`pull_request_target`, `issue_comment`,
    /// `issues`, `workflow_run` after a fork's run, …) starts a job that holds a
    /// secret, publishes, or may write to the repository.
    ///
    /// # Why
    /// Such a job is what a stranger gets to play with: one expression in a
    /// script, one checkout of the wrong ref, one careless action, and what it
    /// holds is gone. A job that is not started for strangers cannot be used
    /// by them.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: issue_comment
    /// jobs:
    ///   deploy:
    ///     runs-on: ubuntu-latest
    ///     if: startsWith(github.event.comment.body, '/deploy')
    ///     steps:
    ///       - run: ./deploy.sh
    ///         env:
    ///           TOKEN: ${{ secrets.DEPLOY_TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: issue_comment
    /// jobs:
    ///   deploy:
    ///     runs-on: ubuntu-latest
    ///     if: >-
    ///       startsWith(github.event.comment.body, '/deploy') &&
    ///       contains(fromJSON('["OWNER", "MEMBER"]'), github.event.comment.author_association)
    ///     steps:
    ///       - run: ./deploy.sh
    ///         env:
    ///           TOKEN: ${{ secrets.DEPLOY_TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// For each workflow and event, every job that the event reaches is looked
    /// at, in called workflows of the checkout too: what it takes a stranger to
    /// get past the `if:` of the job and of the jobs it needs, past `types:`,
    /// environments and Actions policies, and what it then holds.
    ///
    /// A condition is tried with every value that a stranger may bring about, by
    /// the rules of GitHub's expressions: what the event does not have is null,
    /// and null equals null; upper and lower case are the same; whoever wants a
    /// login that begins with a word takes one. Exact comparisons guard.
    ///
    /// An output of a job before it counts where its script tests whether the pull
    /// request was merged, or where that job asks the API, or an action that is
    /// known to ask it, what the starter may do: for certain where the answer
    /// itself decides, by an exact comparison. A check that may fail or answer by
    /// something that is not read leaves the control unknown. A check that comes
    /// later, is skipped, may fail (`continue-on-error`) or is turned round is
    /// none, and a word such as `/collaborators/` alone is none.
    /// `workflow_run` follows every workflow of a name, and a fork's pull request
    /// runs the files that it brings: it counts also where no file of that name
    /// runs for forks, unless a condition asks for the event or the repository of
    /// the run before.
    ///
    /// A stranger's head or artifact that a job with a secret or a right to
    /// change code may run gives medium, such a job that runs only trusted code
    /// low, a token that may only write issues, labels or checks is
    /// informational, and what holds nothing, or takes somebody with a role,
    /// counts for the control. Where only `head.repo.fork` keeps strangers out,
    /// which is null once a fork is deleted, the control is unknown.
    ///
    /// `pull_request_target` is taken as it works today: since 2025-12 its
    /// workflow and its checkout come from the default branch and environments
    /// see the default branch; since 2026-11-02 public repositories do
    /// not run it unless an Actions policy allows it. Without settings that is
    /// not known, and the confidence is lower. zizmor's `dangerous-triggers`
    /// reports every such event alike.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/securely-using-pull_request_target>
    /// - <https://docs.github.com/en/actions/concepts/about-actions-policies>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/expressions#operators>
    /// - <https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user>
    /// - <https://github.blog/changelog/2025-11-07-actions-pull_request_target-and-environment-branch-protections-changes/>
    pub struct PrivilegedTrigger {
        id: "privileged-trigger",
        title: "Anybody can start a privileged job",
        severity: Medium,
        controls: [T1, T2],
        peers: [
            "zizmor/dangerous-triggers",
            "octoscan/debug-external-trigger",
            "poutine/default_permissions_on_risky_events",
            "sisakulint/dangerous-triggers-critical",
            "sisakulint/dangerous-triggers-medium",
        ],
        standards: [Cwe::Cwe862],
    }
}

const SETTLE: &str = "`cofferdam settings snapshot OWNER/REPO`, then `audit --settings FILE`";

impl Rule for PrivilegedTrigger {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let mut groups: BTreeMap<(&str, &str), Vec<Start<'_>>> = BTreeMap::new();
        for view in cx.all_jobs() {
            // What a workflow of the checkout holds is counted there.
            let call = view.job.call();
            if call.is_some_and(|c| cx.repository.own_workflow(&c.uses.value).is_some()) {
                continue;
            }
            let (starts, cut) = starts::all_of_job(cx, view);
            if cut {
                for control in [Control::T1, Control::T2] {
                    let what = format!("one of the many ways to job `{}`", view.job.name());
                    let place = Some(view.at(view.job.id.span));
                    out.unknown(control, place, what, "call the workflow from fewer places");
                }
            }
            for start in starts {
                if start.command.is_none() {
                    let key = (start.workflow.path(), start.event());
                    groups.entry(key).or_default().push(start);
                }
            }
        }
        let mut open = None;
        for starts in groups.values() {
            if let Some(place) = judge(cx, starts, out) {
                open.get_or_insert(place);
            }
        }
        for workflow in &cx.repository.workflows {
            let other = workflow.triggers.first();
            if let Some(trigger) =
                other.filter(|_| groups.keys().all(|(p, _)| *p != workflow.path()))
            {
                out.satisfied(
                    Control::T1,
                    workflow.file().locate(trigger.event.span),
                    "nobody outside starts it with privileges",
                );
            }
        }
        policies(cx, open, out);
    }
}

// Says what follows for one event of one workflow; gives its place where a
// stranger does start something.
fn judge(cx: &Context<'_>, starts: &[Start<'_>], out: &mut Sink) -> Option<Location> {
    let first = starts.first()?;
    let place = first.place();
    let open: Vec<&Start<'_>> = starts.iter().filter(|s| s.way.is_open()).collect();
    let target = first.event() == "pull_request_target";
    if open.is_empty() {
        guarded(starts, target, out);
        return None;
    }
    let worst = open.iter().max_by_key(|s| weight(&s.stakes))?;
    let fetching = open
        .iter()
        .find(|s| s.stakes.is_grave() && foreign::of_start(cx, s).may_run(s));
    let running = open
        .iter()
        .any(|s| s.stakes.any() && foreign::of_start(cx, s).may_run(s));
    let unseen = open.iter().find_map(|s| foreign::of_start(cx, s).unseen(s));
    if let Some((at, what)) = unseen.filter(|_| target && !running) {
        let settle = "write the ref out plainly, or read the steps by eye";
        out.unknown(Control::T2, Some(at), what, settle);
    } else if target && !running {
        out.satisfied(
            Control::T2,
            place.clone(),
            "no step is seen to fetch code of strangers and run it",
        );
    }
    let shown = fetching.unwrap_or(worst);
    let (severity, controls): (Severity, &'static [Control]) = if fetching.is_some() {
        let both: &'static [Control] = &[Control::T1, Control::T2];
        (
            Severity::Medium,
            if target && running {
                both
            } else {
                &[Control::T1]
            },
        )
    } else if worst.stakes.is_grave() {
        (Severity::Low, &[Control::T1])
    } else if !worst.stakes.writes.is_empty() {
        (Severity::Info, &[])
    } else {
        if worst.stakes.perhaps_writes {
            out.unknown(
                Control::T1,
                Some(place.clone()),
                "the default permissions of the token",
                SETTLE,
            );
        } else {
            let note = format!("`{}` starts jobs that hold nothing", first.event());
            out.satisfied(Control::T1, place.clone(), note);
        }
        return Some(place);
    };
    if severity == Severity::Info {
        let note = format!(
            "`{}` starts jobs that hold no secret and release nothing",
            first.event()
        );
        out.satisfied(Control::T1, place.clone(), note);
    }
    out.report_against(
        controls,
        finding(shown, &open, severity, fetching.is_some()),
    );
    Some(place)
}

fn guarded(starts: &[Start<'_>], target: bool, out: &mut Sink) {
    let by_flag = |start: &&Start<'_>| {
        start.way.gates().contains(&Gate::ForkGone)
            && (start.stakes.any() || start.stakes.perhaps_writes)
    };
    if let Some(start) = starts.iter().find(by_flag) {
        let place = start
            .guard()
            .map_or_else(|| start.place(), |g| g.place.clone());
        out.unknown(
            Control::T1,
            Some(place),
            "whether `fork`, which is null once a fork is deleted, keeps its author out",
            "compare the `full_name` of the head's repository with `github.repository`",
        );
        return;
    }
    let check = |start: &&Start<'_>| {
        let gates = start.way.gates();
        !gates.is_empty() && gates.iter().all(|gate| matches!(gate, Gate::Check(_)))
    };
    if let Some(start) = starts.iter().find(check) {
        let guard = start.guard();
        out.unknown(
            Control::T1,
            Some(guard.map_or_else(|| start.place(), |g| g.place.clone())),
            "whether the check before it keeps out who may not write",
            "compare what the API answers with the levels that may, in the `if:` of the job",
        );
        return;
    }
    let guard = starts.iter().find_map(Start::guard);
    if let Some(guard) = guard {
        if target {
            out.satisfied(Control::T2, guard.place.clone(), guard.note.clone());
        }
        out.satisfied(Control::T1, guard.place.clone(), guard.note.clone());
    }
}

fn weight(stakes: &Stakes) -> (bool, bool, bool, usize) {
    (
        stakes.is_grave(),
        !stakes.writes.is_empty(),
        stakes.perhaps_writes,
        stakes.secrets.len() + stakes.writes.len() + stakes.publishes.len(),
    )
}

fn finding(shown: &Start<'_>, open: &[&Start<'_>], severity: Severity, fetches: bool) -> Finding {
    let event = shown.event();
    let job = shown.job().map_or("", |view| view.job.name());
    let holding = open.iter().filter(|s| s.stakes.any()).count();
    let more = match holding {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let mut why = format!(
        "{} starts it, and it holds {}",
        shown.who(),
        shown.stakes.describe()
    );
    if fetches {
        why.push_str(", beside files that the stranger wrote");
    }
    let mut finding = Finding::new(
        PrivilegedTrigger::INFO.id,
        severity,
        shown.place(),
        format!("`{event}` lets strangers start job `{job}`{more}, with privileges"),
    )
    .why(capital(&why))
    .fix(fix(event, severity))
    .subject(format!("on.{event}"))
    .group(match severity {
        Severity::Info => "events by which strangers start jobs that may write comments and labels",
        _ => "events by which strangers start privileged jobs",
    });
    if let Some(missing) = shown.missing.first() {
        finding.why.push_str(&format!(" ({missing} is not known)"));
    }
    if !shown.missing.is_empty() || shown.way == Way::Unknown {
        finding = finding.confidence(Confidence::Medium);
    }
    if let Some(view) = shown.job() {
        finding = finding.related(
            view.at(view.job.id.span),
            format!("job `{job}` holds {}", shown.stakes.describe()),
        );
    }
    finding
}

fn fix(event: &str, severity: Severity) -> &'static str {
    match (event, severity) {
        (_, Severity::Info) => {
            "Keep it so: no checkout of a head and no text of the event in a script"
        }
        ("issue_comment" | "discussion_comment", _) => {
            "Let only members start it: `if: contains(fromJSON('[\"OWNER\", \"MEMBER\", \
             \"COLLABORATOR\"]'), github.event.comment.author_association)`"
        }
        ("workflow_run", _) => {
            "Let it run only after trusted runs: `if: github.event.workflow_run.event == 'push'`, \
             or move what needs the secret to a workflow on `push`"
        }
        ("pull_request_target", _) => {
            "Move what needs the secret to a job with an environment that asks for a reviewer, \
             or to a workflow on `push`; what needs none goes to `pull_request`"
        }
        _ => "Move what needs the secret to a workflow that only people with a role can start",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

// What the settings say of events as a whole.
fn policies(cx: &Context<'_>, open: Option<Location>, out: &mut Sink) {
    let known = cx.facts.settings.map(|s| &s.actions.policies);
    let Some(Fact::Known(policies)) = known else {
        if !cx.repository.workflows.is_empty() {
            out.unknown(
                Control::T2,
                None,
                "which events the Actions policies allow",
                SETTLE,
            );
        }
        return;
    };
    let limits = policies.iter().find(|policy| {
        policy.enforcement.known() == Some(&Enforcement::Active)
            && policy.rules.known().is_some_and(|rules| {
                rules
                    .iter()
                    .any(|rule| matches!(rule, ActionsPolicyRule::Events { .. }))
            })
    });
    match (limits, open) {
        (Some(policy), _) => out.evidence.push(Evidence {
            control: Control::T2,
            verdict: Verdict::Satisfied,
            location: None,
            note: format!(
                "the Actions policy `{}` lists the events that may start workflows",
                policy.name
            ),
        }),
        (None, Some(place)) => out.report_against(
            &[Control::T2],
            Finding::new(
                PrivilegedTrigger::INFO.id,
                Severity::Low,
                place,
                "no Actions policy says which events may start workflows",
            )
            .why("A workflow that anybody adds may use any event, and strangers start it")
            .fix("Add an Actions policy with an event rule that lists the events in use")
            .subject("policy")
            .group("events that no Actions policy limits"),
        ),
        (None, None) => {}
    }
}
