//! Approvals by label that outlive the commit they were given for.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Condition, Trigger, Workflow};
use cofferdam_workflows::expressions::{ContextPath, Value};
use cofferdam_workflows::semantics::gates::Gate;

use crate::context::{Context, JobView};
use crate::exposure;
use crate::foreign::{self, Run};
use crate::rule::{Rule, Sink};
use crate::starts::{self, Start};

crate::rule! {
    /// # What
    /// A job runs a pull request's code with the repository's privileges once a
    /// label is on it, and runs again, without anybody looking, when the author
    /// pushes after that.
    ///
    /// # Why
    /// The label says that somebody has read the change. It stays on the pull
    /// request while the change does not stay the same: the author has harmless
    /// code labelled, then pushes the code that takes the secrets. The
    /// payload of that push still lists the label.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on:
    ///   pull_request_target:
    ///     types: [labeled, synchronize]
    /// jobs:
    ///   e2e:
    ///     if: contains(github.event.pull_request.labels.*.name, 'ok-to-test')
    ///     runs-on: ubuntu-24.04
    ///     steps:
    ///       - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
    ///         with:
    ///           ref: ${{ github.event.pull_request.head.sha }}
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
    /// A label has to be all that keeps a stranger's code from running, through
    /// calls, needed jobs and the `if:` of steps.
    ///
    /// Each activity that the author of a pull request can cause alone
    /// (`synchronize`, `reopened`, `edited`, …; `synchronize` and `reopened` by
    /// default) is then put into the conditions, with no `github.event.label`,
    /// and the labels left as they are: where the job can still run, the
    /// approval outlives the commit.
    ///
    /// It takes a job that runs something of the head; its severity is what the
    /// job holds. Taking the label off in the same run comes too late, since the
    /// payload was written before. An environment with reviewers, or
    /// `github.event.action == 'labeled'`, settles it. zizmor and poutine have
    /// no such rule; CodeQL's `ImproperAccessControl` looks for the two
    /// activities beside a checkout.
    ///
    /// # References
    /// - <https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/>
    /// - <https://securitylab.github.com/resources/github-actions-new-patterns-and-mitigations/>
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request_target>
    pub struct LabelApproval {
        id: "label-approval",
        title: "An approval by label holds for commits that are pushed after it",
        severity: High,
        controls: [T1],
        peers: ["codeql/ImproperAccessControl", "sisakulint/improper-access-control"],
        standards: [Cwe::Cwe863],
    }
}

/// Activities of a pull request that its author can cause, once it is open.
const BY_AUTHOR: &[&str] = &[
    "closed",
    "converted_to_draft",
    "edited",
    "ready_for_review",
    "reopened",
    "synchronize",
];

/// Those among them that start a workflow which lists no activities.
const BY_DEFAULT: &[&str] = &["reopened", "synchronize"];

impl Rule for LabelApproval {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let starts: Vec<Start<'_>> = starts::of_job(cx, view)
                .into_iter()
                .filter(|start| start.event() == "pull_request_target" && !start.way.is_closed())
                .collect();
            let mut stale: Vec<Case<'_>> = Vec::new();
            for start in &starts {
                let Some((run, label)) = approved_run(cx, start) else {
                    continue;
                };
                match outlives(start, view, &run) {
                    Some(activity) => stale.push(Case {
                        start,
                        activity,
                        run,
                        label,
                    }),
                    None => out.satisfied(
                        Control::T1,
                        start.place(),
                        "the label has to be put on again after every push",
                    ),
                }
            }
            let worst = stale
                .iter()
                .max_by_key(|case| exposure::severity(&case.start.stakes));
            if let Some(case) = worst {
                report(view, case, out);
            }
        }
    }
}

/// A run that an old label lets through.
struct Case<'a> {
    start: &'a Start<'a>,
    activity: &'static str,
    run: Approved,
    label: String,
}

/// What runs of the head, and which steps fetch and run it.
struct Approved {
    run: Run,
    steps: [String; 2],
}

// The first thing of the head that runs once a label is there, if the label is
// all that it takes; with the label's name.
fn approved_run(cx: &Context<'_>, start: &Start<'_>) -> Option<(Approved, String)> {
    let foreign = foreign::of_start(cx, start);
    foreign.runs.iter().find_map(|run| {
        let fetch = foreign.fetches.get(run.fetch)?;
        let way = start
            .way
            .clone()
            .and(fetch.way.clone())
            .and(run.way.clone());
        let labels: Option<Vec<&String>> = way
            .gates()
            .iter()
            .map(|gate| match gate {
                Gate::Label(name) => Some(name),
                _ => None,
            })
            .collect();
        let name = labels?.into_iter().max_by_key(|name| name.len())?.clone();
        let approved = Approved {
            run: run.clone(),
            steps: [fetch.label.clone(), run.label.clone()],
        };
        Some((approved, name))
    })
}

/// An activity that the author causes alone and after which the job runs.
fn outlives(start: &Start<'_>, view: &JobView<'_>, run: &Approved) -> Option<&'static str> {
    let listed = |activity: &&&str| match &start.trigger.types {
        Some(_) => start.trigger.has_type(activity),
        None => BY_DEFAULT.contains(activity),
    };
    // A push is what an attacker does; it is named first.
    let mut activities: Vec<&&str> = BY_AUTHOR.iter().filter(listed).collect();
    activities.sort_by_key(|a| **a != "synchronize");
    activities
        .into_iter()
        .find(|activity| {
            let steps = view.job.steps().iter();
            let of_steps = steps.filter(|step| run.steps.contains(&step.label()));
            conditions(start)
                .chain(of_steps.filter_map(|step| step.condition.as_ref()))
                .all(|condition| may_hold(condition, activity))
        })
        .copied()
}

// Of the jobs on the way, those that they need included.
fn conditions<'s>(start: &'s Start<'_>) -> impl Iterator<Item = &'s Condition> {
    start.chain.iter().flat_map(|view| {
        let needed = view
            .job
            .needs
            .iter()
            .filter_map(|need| view.workflow.job(&need.value));
        needed
            .chain([view.job])
            .filter_map(|job| job.condition.as_ref())
    })
}

fn may_hold(condition: &Condition, activity: &str) -> bool {
    let lookup = |path: &ContextPath| match path.text().as_str() {
        "github.event.action" => Some(Value::String(activity.to_owned())),
        "github.event_name" => Some(Value::String("pull_request_target".to_owned())),
        text if text.starts_with("github.event.label") => Some(Value::Null),
        _ => None,
    };
    condition
        .expr()
        .is_none_or(|expr| expr.truth_with(&lookup) != Some(false))
}

fn report(view: &JobView<'_>, case: &Case<'_>, out: &mut Sink) {
    let Case {
        start, activity, ..
    } = case;
    let label = match case.label.as_str() {
        "" => "a label".to_owned(),
        name => format!("the label `{name}`"),
    };
    let severity = match exposure::severity(&start.stakes) {
        // Somebody has to put the label on once.
        Severity::Low => Severity::Info,
        severity => severity,
    };
    let place = start.guard().map_or_else(
        || place_of_types(start.workflow, start.trigger),
        |g| g.place.clone(),
    );
    let finding = Finding::new(
        LabelApproval::INFO.id,
        severity,
        place,
        format!(
            "job `{}` runs again on `{activity}` with {label} from before",
            view.job.name()
        ),
    )
    .why(format!(
        "Whoever gets {label} for one commit has every later commit of the pull request run; at \
         stake: {}",
        start.stakes.describe()
    ))
    .fix(
        "Start it on `types: [labeled]` alone and compare `github.event.label.name`, or use an \
         environment with reviewers",
    )
    .confidence(exposure::confidence(start, &start.way))
    .group("approvals by label that hold for later commits")
    .subject(format!("{} {activity}", view.subject()))
    .related(
        place_of_types(start.workflow, start.trigger),
        format!("`{activity}` starts it"),
    )
    .related(
        case.run.run.place.clone(),
        format!("`{}` runs the head", case.run.run.means),
    );
    out.report(finding);
}

fn place_of_types(workflow: &Workflow, trigger: &Trigger) -> cofferdam_facts::Location {
    let span = trigger
        .types
        .as_ref()
        .and_then(|types| types.first())
        .map_or(trigger.event.span, |first| first.span);
    workflow.file().locate(span)
}
