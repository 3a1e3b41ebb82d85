//! Foreign code that runs at the same time as a step with a secret.

use std::collections::{HashMap, HashSet};

use cofferdam_facts::UsesRef;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::concurrency;
use cofferdam_workflows::semantics::secrets::{Reach, SecretName};

use crate::context::{Context, JobView};
use crate::expression_sites::called;
use crate::foreign;
use crate::own_references;
use crate::rule::{Rule, Sink};
use crate::starts;

crate::rule! {
    /// # What
    /// A step in the background, or in a parallel group, runs foreign code (a
    /// third party's action, or a pull request's head) while another step of
    /// the job is handed a secret.
    ///
    /// # Why
    /// Steps of a job are processes of one account on one machine. A secret in
    /// the `env:` or `with:` of one step is out of sight of what ran before and
    /// has ended; what still runs reads it from the process's environment, and
    /// its files and sockets too. Running side by side takes away the one wall
    /// that steps had.
    ///
    /// # Vulnerable
    /// ```yaml
    /// steps:
    ///   - uses: vendor/scan@v2
    ///     background: true
    ///   - run: ./publish.sh
    ///     env:
    ///       TOKEN: ${{ secrets.PUBLISH_TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// steps:
    ///   - uses: vendor/scan@v2
    ///     id: scan
    ///     background: true
    ///   - wait: scan
    ///   - run: ./publish.sh
    ///     env:
    ///       TOKEN: ${{ secrets.PUBLISH_TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// The list of steps is walked with `background`, `parallel`, `wait`,
    /// `wait-all` and `cancel`, so that it is known which pairs run side by
    /// side.
    ///
    /// Of a pair, one must be an action of a third party (not of GitHub, nor of
    /// the repository's owner), or run code of a pull request's head on a
    /// privileged event; the other must name a secret, other than the job's
    /// token, in its own `env:`, `with:` or script. It is high for a head,
    /// medium for an action at a tag or branch, low for one at a commit.
    ///
    /// A secret in the job's `env:` is in every step's reach anyway and is
    /// `secret-reach`'s. An action of GitHub's, such as a cache that is saved in
    /// the background, is fine. Waiting ends the step, not what it may have left
    /// running: a job of its own is the stronger wall.
    ///
    /// No other scanner looks at these keys.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsbackground>
    /// - <https://github.blog/changelog/2026-06-25-actions-steps-can-now-be-run-in-parallel/>
    pub struct ConcurrentSecret {
        id: "concurrent-secret",
        title: "Foreign code runs beside a step that holds a secret",
        severity: High,
        controls: [C4],
        standards: [Cwe::Cwe668, StepSecurity::EnvironmentSecrets],
    }
}

impl Rule for ConcurrentSecret {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        for view in cx.jobs(workflow) {
            let pairs = concurrency::pairs(&workflow.document, view.job);
            if pairs.is_empty() {
                continue;
            }
            let heads = heads(cx, view);
            let secrets = secrets(view);
            let mut told = HashSet::new();
            for (a, b) in pairs {
                for (stranger, holder) in [(a, b), (b, a)] {
                    let steps = view.job.steps();
                    let (Some(stranger), Some(holder)) = (steps.get(stranger), steps.get(holder))
                    else {
                        continue;
                    };
                    let Some(severity) = foreignness(cx, &heads, stranger) else {
                        continue;
                    };
                    let Some(secret) = secrets.get(&holder.index) else {
                        continue;
                    };
                    // One foreign step is one cause, whatever runs beside it.
                    if told.insert(stranger.index) {
                        report(view, severity, stranger, holder, secret, out);
                    }
                }
            }
        }
    }
}

// Labels of steps that run a pull request's head on a privileged event.
fn heads(cx: &Context<'_>, view: &JobView<'_>) -> HashSet<String> {
    starts::of_job(cx, view)
        .iter()
        .filter(|start| !start.way.is_closed())
        .flat_map(|start| foreign::of_start(cx, start).runs.clone())
        .map(|run| run.label)
        .collect()
}

fn foreignness(cx: &Context<'_>, heads: &HashSet<String>, step: &Step) -> Option<Severity> {
    if heads.contains(&step.label()) {
        return Some(Severity::High);
    }
    match &step.uses()?.value {
        UsesRef::Repository(uses) if own_references::is_familiar(cx.repository, uses) => None,
        UsesRef::Repository(uses) if uses.commit().is_some() => Some(Severity::Low),
        UsesRef::Repository(_) => Some(Severity::Medium),
        _ => None,
    }
}

// A secret of each step that names one itself, by the step's place.
fn secrets<'v>(view: &'v JobView<'_>) -> HashMap<usize, &'v str> {
    let own = view.secrets.iter().filter_map(|used| match used.reach {
        Reach::Step(at) if used.name != SecretName::Token => Some((at, used.name.label())),
        _ => None,
    });
    own.collect()
}

fn report(
    view: &JobView<'_>,
    severity: Severity,
    stranger: &Step,
    holder: &Step,
    secret: &str,
    out: &mut Sink,
) {
    out.report(
        Finding::new(
            ConcurrentSecret::INFO.id,
            severity,
            view.at(stranger.head()),
            format!(
                "{} of job `{}` runs beside {}, which holds {secret}",
                called(stranger),
                view.job.name(),
                called(holder)
            ),
        )
        .why(format!(
            "Both are processes of one account: who decides the code of {} reads {secret} from \
             the other's environment",
            called(stranger)
        ))
        .fix(format!(
            "Wait for {} before the step with the secret, or give that step a job of its own",
            called(stranger)
        ))
        .group("foreign code beside steps that hold secrets")
        .subject(view.step_subject(stranger))
        .related(view.at(holder.head()), format!("this step holds {secret}")),
    );
}
