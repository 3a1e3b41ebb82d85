//! Approvals by label that outlive the commit they were given for.

use cofferdam_facts::Control;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Condition, Trigger, Workflow};
use cofferdam_workflows::expressions::{ContextPath, Value};
use cofferdam_workflows::semantics::gates::{Gate, Way};

use crate::context::{Context, JobView};
use crate::exposure;
use crate::foreign::{self, Foreign};
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
    /// ```
    ///
    /// # How it is decided
    /// A label has to be all that keeps a stranger from the job, through calls
    /// and needed jobs. Each activity that the author of a pull request can
    /// cause alone (`synchronize`, `reopened`, `edited`, …; `synchronize` and
    /// `reopened` by default) is then put into the conditions, with no
    /// `github.event.label`, and the labels left as they are: where the job can
    /// still run, the approval outlives the commit. It takes a job that runs
    /// something of the head; its severity is what the job holds. Taking the
    /// label off in the same run comes too late, since the payload was written
    /// before. An environment with reviewers, or `github.event.action ==
    /// 'labeled'`, settles it. zizmor and poutine have no such rule; CodeQL's
    /// `ImproperAccessControl` looks for the two activities beside a checkout.
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
                .filter(|start| {
                    start.event() == "pull_request_target" && by_label_alone(&start.way)
                })
                .collect();
            let runs = |start: &Start<'_>| runs_head(cx, start);
            let mut stale: Vec<(&Start<'_>, &str, Foreign)> = Vec::new();
            for start in &starts {
                let Some(foreign) = runs(start) else { continue };
                match outlives(start) {
                    Some(activity) => stale.push((start, activity, foreign)),
                    None => out.satisfied(
                        Control::T1,
                        start.place(),
                        "the label has to be put on again after every push",
                    ),
                }
            }
            let worst = stale
                .iter()
                .max_by_key(|(start, ..)| exposure::severity(&start.stakes));
            if let Some((start, activity, foreign)) = worst {
                report(view, start, activity, foreign, out);
            }
        }
    }
}

fn by_label_alone(way: &Way) -> bool {
    let gates = way.gates();
    !gates.is_empty() && gates.iter().all(|gate| matches!(gate, Gate::Label(_)))
}

// What of the head runs for sure.
fn runs_head(cx: &Context<'_>, start: &Start<'_>) -> Option<Foreign> {
    let foreign = foreign::of_start(cx, start);
    (!foreign.runs.is_empty() && foreign.may_run(start)).then_some(foreign)
}

/// An activity that the author causes alone and after which the job runs.
fn outlives(start: &Start<'_>) -> Option<&'static str> {
    let listed = |activity: &&&str| match &start.trigger.types {
        Some(_) => start.trigger.has_type(activity),
        None => BY_DEFAULT.contains(activity),
    };
    // A push is what an attacker does; it is named first.
    let mut activities: Vec<&&str> = BY_AUTHOR.iter().filter(listed).collect();
    activities.sort_by_key(|a| **a != "synchronize");
    activities
        .into_iter()
        .find(|activity| conditions(start).all(|c| may_hold(c, activity)))
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

fn report(
    view: &JobView<'_>,
    start: &Start<'_>,
    activity: &str,
    foreign: &Foreign,
    out: &mut Sink,
) {
    let label = start
        .way
        .gates()
        .iter()
        .find_map(|gate| match gate {
            Gate::Label(name) if !name.is_empty() => Some(format!("the label `{name}`")),
            _ => None,
        })
        .unwrap_or_else(|| "a label".to_owned());
    let severity = match exposure::severity(&start.stakes) {
        // Somebody has to put the label on once.
        Severity::Low => Severity::Info,
        severity => severity,
    };
    let place = start.guard().map_or_else(
        || place_of_types(start.workflow, start.trigger),
        |g| g.place.clone(),
    );
    let mut finding = Finding::new(
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
    );
    if let Some(run) = foreign.runs.first() {
        finding = finding.related(run.place.clone(), format!("`{}` runs the head", run.means));
    }
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
