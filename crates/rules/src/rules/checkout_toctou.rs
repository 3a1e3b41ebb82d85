//! Approved code that is looked up again when it is fetched.

use std::sync::Arc;

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::context::{Context, JobView};
use crate::exposure;
use crate::foreign::{self, Fetch, Foreign, Run};
use crate::rule::{Rule, Sink};
use crate::starts::{self, Start};

crate::rule! {
    /// # What
    /// Somebody has to approve before a privileged job runs a pull request's
    /// code (a label, a comment, a reviewer of an environment), and the job then
    /// fetches whatever the head is by that time instead of the commit that was
    /// looked at.
    ///
    /// # Why
    /// Between the approval and the checkout the author can push. A branch name,
    /// `refs/pull/N/head`, or the head that an API call returns names the new
    /// commit; nobody has seen it, and it runs with the job's secrets. For an
    /// environment the gap lasts as long as the deployment waits.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   pull_request_target:
    ///     types: [labeled]
    /// jobs:
    ///   e2e:
    ///     if: github.event.label.name == 'ok-to-test'
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
    ///         with:
    ///           ref: refs/pull/${{ github.event.number }}/head
    ///       - run: make e2e
    ///         env:
    ///           TOKEN: ${{ secrets.TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on:
    ///   pull_request_target:
    ///     types: [labeled]
    /// jobs:
    ///   e2e:
    ///     if: github.event.label.name == 'ok-to-test'
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
    ///         with:
    ///           ref: ${{ github.event.pull_request.head.sha }}
    ///       - run: make e2e
    ///         env:
    ///           TOKEN: ${{ secrets.TOKEN }}
    /// ```
    /// A version of `actions/checkout` with the guard refuses heads of forks here
    /// whatever the label says; what must run them belongs in `pull_request`, with
    /// [two workflows](../fork-comments.md) where a result is written back.
    ///
    /// # How it is decided
    /// For every way of a stranger to the job that takes an approval: what the
    /// job fetches of the pull request, followed through `env`, inputs, outputs,
    /// lookups by API, `gh pr checkout` and `git fetch`, and whether something
    /// of it runs.
    ///
    /// A commit of the event's payload is fixed; a comment's payload has none,
    /// so that a job started by a comment has to take the commit from the
    /// comment, or compare the time of the push with that of the comment as some
    /// do.
    ///
    /// The severity is what the job holds; where no approval stands in the way,
    /// `untrusted-checkout` says the rest. zizmor, poutine and Scorecard have no
    /// such rule; CodeQL's `UntrustedCheckoutTOCTOU` and gato-x's
    /// `DispatchTOCTOU` report the pattern without what is held.
    ///
    /// # References
    /// - <https://securitylab.github.com/resources/github-actions-untrusted-input/>
    /// - <https://docs.github.com/en/actions/reference/security/secure-use>
    /// - <https://github.com/AdnaneKhan/ActionsTOCTOU>
    pub struct CheckoutToctou {
        id: "checkout-toctou",
        title: "What is approved is not what is fetched",
        severity: High,
        controls: [X1],
        peers: [
            "gato-x/DispatchTOCTOUResult",
            "codeql/UntrustedCheckoutTOCTOU",
            "sisakulint/untrusted-checkout-toctou",
        ],
        standards: [
            Cwe::Cwe367,
            Osps::Br0103,
            Scorecard::DangerousWorkflow,
            StepSecurity::UnsafeTriggers,
        ],
    }
}

impl Rule for CheckoutToctou {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let starts = starts::of_job(cx, view);
            let walks: Vec<(&Start<'_>, Arc<Foreign>)> = starts
                .iter()
                .filter(|start| start.fork_check.is_none() && !start.way.is_closed())
                .map(|start| (start, foreign::of_start(cx, start)))
                .collect();
            let mut cases: Vec<(Severity, &Start<'_>, &Fetch, &Run, Gate)> = Vec::new();
            for (start, foreign) in &walks {
                for run in &foreign.runs {
                    let Some(fetch) = foreign.fetches.get(run.fetch) else {
                        continue;
                    };
                    let way = start
                        .way
                        .clone()
                        .and(fetch.way.clone())
                        .and(run.way.clone());
                    let Some(gate) = approval(&way) else { continue };
                    if !fetch.head.is_code() {
                        continue;
                    }
                    if fetch.mutable {
                        let severity = exposure::severity(&start.stakes);
                        cases.push((severity, start, fetch, run, gate));
                    } else {
                        let note = "what is fetched is what was approved";
                        out.satisfied(Control::X1, fetch.place.clone(), note);
                    }
                }
            }
            // Of equals the first, which is earlier in the job.
            let worst = cases
                .iter()
                .enumerate()
                .max_by_key(|(at, case)| (case.0, std::cmp::Reverse(*at)));
            if let Some((_, (severity, start, fetch, run, gate))) = worst {
                report(view, *severity, (start, fetch, run), gate, out);
            }
        }
    }
}

/// The approval in a way, if one stands there, and what is fetched may be a
/// stranger's at all.
fn approval(way: &Way) -> Option<Gate> {
    if way.keeps_files_out() {
        return None;
    }
    let approves = |gate: &&Gate| {
        matches!(
            gate,
            Gate::Label(_)
                | Gate::Triage
                | Gate::Comment
                | Gate::Person
                | Gate::PermissionCheck
                | Gate::Check(_)
                | Gate::Environment(_)
                | Gate::Team(_)
        )
    };
    way.gates().iter().find(approves).cloned()
}

fn report(
    view: &JobView<'_>,
    severity: Severity,
    (start, fetch, run): (&Start<'_>, &Fetch, &Run),
    gate: &Gate,
    out: &mut Sink,
) {
    let fix = match start.event() {
        "issue_comment" | "workflow_dispatch" => {
            "Take the commit from the comment, or compare when the head was pushed with when the \
             comment was written, and check that commit out"
        }
        _ => "Check out `github.event.pull_request.head.sha`, the commit of the approved event",
    };
    let mut finding = Finding::new(
        CheckoutToctou::INFO.id,
        severity,
        fetch.place.clone(),
        format!(
            "job `{}` fetches {} anew after {}",
            view.job.name(),
            fetch.what(),
            after(gate)
        ),
    )
    .why(format!(
        "A commit that the author pushes after that runs by `{}`, and nobody has seen it; at \
         stake: {}",
        run.means,
        start.stakes.describe()
    ))
    .fix(fix)
    .confidence(exposure::confidence(start, &start.way))
    .group("approved jobs that fetch the head anew")
    .subject(format!("{}/{}", view.subject(), fetch.label))
    .related(start.place(), start.starter());
    if let Some(guard) = start.guard() {
        finding = finding.related(guard.place.clone(), "the approval");
    }
    if run.place != fetch.place {
        finding = finding.related(run.place.clone(), format!("`{}` runs it", run.means));
    }
    if severity > Severity::Low {
        out.report(finding);
    } else {
        out.report_against(&[], finding);
    }
}

fn after(gate: &Gate) -> String {
    match gate {
        Gate::Label(name) if !name.is_empty() => format!("the label `{name}`"),
        Gate::Label(_) => "a label".to_owned(),
        Gate::Comment | Gate::Team(_) => "a comment of a member".to_owned(),
        Gate::Environment(name) => format!("the approval of environment `{name}`"),
        Gate::PermissionCheck => "a check of permissions".to_owned(),
        Gate::Check(place) => format!("the check at {place}"),
        _ => "the act of somebody with a role".to_owned(),
    }
}
