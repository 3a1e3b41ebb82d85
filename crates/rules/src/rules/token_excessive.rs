//! Rights to write that no step uses.

use cofferdam_facts::{Control, Scope};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::action::Runs;
use cofferdam_workflows::documents::text::Pair;
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::checkouts;
use cofferdam_workflows::semantics::needs::{self, Needs};
use cofferdam_workflows::semantics::permissions::Decider;
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job holds a scope to write that none of its steps is known to use, or
    /// gets it only because the workflow gives it to every job.
    ///
    /// # Why
    /// A right that nobody needs is one that only an attacker uses. Given at
    /// the workflow, it also reaches every job that is added later.
    ///
    /// # Vulnerable
    /// ```yaml
    /// permissions:
    ///   contents: write
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: make test
    ///   release:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: softprops/action-gh-release@da05d552573ad5aba039eaac05058a918a7bf631 # v2.2.2
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// permissions: {}
    /// jobs:
    ///   test:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: make test
    ///   release:
    ///     runs-on: ubuntu-latest
    ///     permissions:
    ///       contents: write
    ///     steps:
    ///       - uses: softprops/action-gh-release@da05d552573ad5aba039eaac05058a918a7bf631 # v2.2.2
    /// ```
    ///
    /// # How it is decided
    /// For each step, the scopes it can write with: from a table of actions, and
    /// from the commands of its script (`git push`, `gh …`, programs that are
    /// handed the token). Composite actions and workflows of the checkout are
    /// followed; any other step that is not understood may use anything.
    ///
    /// A right of the workflow is medium where several jobs hold it and at least
    /// one provably does not need it. Where none is provably idle, but some are
    /// seen to use it and others run what is not read, it is one low finding for
    /// the workflow; where no job is understood, the control is unknown.
    ///
    /// A right of one job alone that may be used is not reported. zizmor's
    /// `excessive-permissions` reports every right of a workflow, needed or not.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/concepts/security/github_token#modifying-the-permissions-for-the-github_token>
    pub struct TokenExcessive {
        id: "token-excessive",
        title: "A token may write what no step of the job uses",
        severity: Medium,
        controls: [C1],
        peers: [
            "zizmor/excessive-permissions",
            "scorecard/Token-Permissions",
            "sisakulint/permissions",
        ],
        standards: [
            Cwe::Cwe250,
            Scorecard::TokenPermissions,
            Osps::Ac0402,
            StepSecurity::LeastPrivilege,
        ],
    }
}

/// Calls are followed this far; GitHub allows ten levels.
const MAX_DEPTH: usize = 10;

impl Rule for TokenExcessive {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let jobs = cx.jobs(workflow);
        // Written out everywhere is another rule's finding.
        let shared: Vec<&JobView<'_>> = jobs
            .iter()
            .filter(|j| j.token.decider == Decider::Workflow && !j.token.write_all)
            .collect();
        let mut open = Vec::new();
        for scope in Scope::ALL {
            let holders: Vec<_> = shared
                .iter()
                .filter(|j| j.token.writes().any(|s| s == *scope))
                .copied()
                .collect();
            let uses: Vec<_> = holders.iter().map(|j| of_job(cx, j, *scope, 0)).collect();
            if uses.contains(&Use::Idle) {
                report_shared(*scope, &holders, &uses, out);
            } else if holders.len() > 1 && uses.contains(&Use::Unread) {
                open.push(Shared {
                    scope: *scope,
                    jobs: holders.into_iter().zip(uses).collect(),
                });
            }
        }
        report_open(&open, out);
        for job in jobs
            .iter()
            .filter(|j| j.token.decider == Decider::Job && !j.token.write_all)
        {
            let unused: Vec<Scope> = job
                .token
                .writes()
                .filter(|scope| never_needs(cx, job, *scope))
                .collect();
            if !unused.is_empty() {
                report_job(job, &unused, out);
            } else if job.token.can_write() {
                let span = job.token.span.unwrap_or(job.job.id.span);
                out.satisfied(
                    Control::C1,
                    job.at(span),
                    "the job itself names what its token may write",
                );
            }
        }
    }
}

/// What a job does with a scope to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// Every step is understood, and none uses it.
    Idle,
    /// It runs something that is not read and may use it.
    Unread,
    /// A step is known to write with it.
    Sure,
}

fn report_shared(scope: Scope, holders: &[&JobView<'_>], uses: &[Use], out: &mut Sink) {
    let idle: Vec<_> = holders
        .iter()
        .zip(uses)
        .filter(|(_, used)| **used == Use::Idle)
        .map(|(job, _)| job)
        .collect();
    let (Some(first), Some(idle_first)) = (holders.first(), idle.first()) else {
        return;
    };
    let severity = if holders.len() > 1 {
        Severity::Medium
    } else {
        Severity::Low
    };
    let others = match idle.len() {
        1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    out.report(
        Finding::new(
            TokenExcessive::INFO.id,
            severity,
            first.at(first.token.span.unwrap_or_default()),
            format!(
                "the workflow gives `{scope}: write` to job `{}`{others}, which does not use it",
                idle_first.job.name()
            ),
        )
        .confidence(Confidence::Medium)
        .why(format!(
            "{} of {} jobs hold `{scope}: write` for nothing",
            idle.len(),
            holders.len()
        ))
        .fix(format!(
            "Give `{scope}: write` only to the job that uses it, with `permissions:` at that job"
        ))
        .subject(format!("permissions.{scope}"))
        .group("rights to write given to every job of a workflow"),
    );
}

fn report_job(job: &JobView<'_>, unused: &[Scope], out: &mut Sink) {
    let words: Vec<_> = unused.iter().map(|s| format!("`{s}: write`")).collect();
    out.report(
        Finding::new(
            TokenExcessive::INFO.id,
            Severity::Low,
            job.at(job.token.span.unwrap_or(job.job.id.span)),
            format!(
                "job `{}` holds {}, which none of its steps uses",
                job.job.name(),
                words.join(", ")
            ),
        )
        .confidence(Confidence::Medium)
        .why("A right that nobody needs is one that only an attacker uses")
        .fix(format!("Remove {} from the job", words.join(", ")))
        .subject(format!("{} {}", job.subject(), words.join(" ")))
        .group("rights to write that no step of the job uses"),
    );
}

/// A right that several jobs have from the workflow, and that no job is seen to
/// hold for nothing: what at least one of them runs is not read.
struct Shared<'j, 'c> {
    scope: Scope,
    jobs: Vec<(&'j JobView<'c>, Use)>,
}

impl Shared<'_, '_> {
    fn names(&self, wanted: Use) -> impl Iterator<Item = String> + '_ {
        self.jobs
            .iter()
            .filter(move |(_, used)| *used == wanted)
            .map(|(job, _)| format!("`{}`", job.job.name()))
    }
}

// One finding for a workflow, whatever the number of rights and jobs.
fn report_open(open: &[Shared<'_, '_>], out: &mut Sink) {
    let Some((first, _)) = open.first().and_then(|shared| shared.jobs.first()) else {
        return;
    };
    let place = first.at(first.token.span.unwrap_or_default());
    let (sure, unread): (Vec<_>, Vec<_>) = open
        .iter()
        .partition(|shared| shared.names(Use::Sure).next().is_some());
    let rights = |shared: &[&Shared<'_, '_>]| {
        let words: Vec<_> = shared
            .iter()
            .map(|shared| format!("`{}: write`", shared.scope))
            .collect();
        words.join(", ")
    };
    if !unread.is_empty() {
        out.unknown(
            Control::C1,
            Some(place.clone()),
            format!("which of the jobs use {}", rights(&unread)),
            "give it with `permissions:` at the jobs that need it",
        );
    }
    let Some(shown) = sure.first() else { return };
    let (using, rest): (Vec<_>, Vec<_>) = (
        shown.names(Use::Sure).collect(),
        shown.names(Use::Unread).collect(),
    );
    out.report(
        Finding::new(
            TokenExcessive::INFO.id,
            Severity::Low,
            place,
            format!(
                "the workflow gives {} to {} jobs, of which only {} {} seen to use `{}: write`",
                rights(&sure),
                shown.jobs.len(),
                listed(&using),
                if using.len() == 1 { "is" } else { "are" },
                shown.scope,
            ),
        )
        .confidence(Confidence::Medium)
        .why(format!(
            "Whether {} {} `{}: write` is not known, since what {} is not read; every job that is \
             added later holds it too",
            listed(&rest),
            if rest.len() == 1 { "needs" } else { "need" },
            shown.scope,
            if rest.len() == 1 {
                "it runs"
            } else {
                "they run"
            },
        ))
        .fix(format!(
            "Give {} with `permissions:` at the jobs that need it, beginning with {}",
            rights(&sure),
            listed(&using)
        ))
        .subject("permissions")
        .group("rights to write given to every job of a workflow, of which some jobs are not read"),
    );
}

fn listed(names: &[String]) -> String {
    match names {
        [one, two] => format!("{one} and {two}"),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        [] => String::new(),
    }
}

/// Whether every step is understood and none can use the scope.
/// Whether a step of the job is seen to write with a scope.
pub(super) fn surely_needs(cx: &Context<'_>, job: &JobView<'_>, scope: Scope) -> bool {
    of_job(cx, job, scope, 0) == Use::Sure
}

fn never_needs(cx: &Context<'_>, job: &JobView<'_>, scope: Scope) -> bool {
    of_job(cx, job, scope, 0) == Use::Idle
}

fn of_job(cx: &Context<'_>, job: &JobView<'_>, scope: Scope, depth: usize) -> Use {
    if let Some(call) = job.job.call() {
        let called = cx.repository.own_workflow(&call.uses.value);
        // What a workflow of another repository needs is for that one to say.
        let Some(called) = called.filter(|_| depth < MAX_DEPTH) else {
            return Use::Unread;
        };
        let inside = cx.jobs(called).iter().map(|job| match job.token.decider {
            Decider::Settings => of_job(cx, job, scope, depth + 1),
            // A call fails unless its caller holds what the called job asks for.
            _ if job.token.writes().any(|s| s == scope) => Use::Sure,
            _ => Use::Idle,
        });
        return inside.max().unwrap_or(Use::Unread);
    }
    // A checkout that keeps its credentials lets any later program push.
    let pushes = scope == Scope::Contents && checkouts::keeps_credentials(job.job.steps());
    let token_in_env = pushes || holds_token(&job.workflow.env) || holds_token(&job.job.env);
    let of_needs = |needs: Needs| match needs {
        Needs::Unknown => Use::Unread,
        Needs::Known(scopes) if scopes.contains(&scope) => Use::Sure,
        Needs::Known(_) => Use::Idle,
    };
    let of_step = |step: &Step| {
        let inner = step
            .uses()
            .and_then(|uses| cx.repository.own_action(&uses.value));
        let Some(action) = inner else {
            let script = cx.script(job.workflow.path(), step);
            return of_needs(needs::of_step(step, script, token_in_env));
        };
        // A program or an image is not read.
        if !matches!(action.runs, Runs::Composite { .. }) {
            return Use::Unread;
        }
        let inside = action.steps().iter().map(|step| {
            let script = cx.script(action.path(), step);
            of_needs(needs::of_step(step, script, true))
        });
        inside.max().unwrap_or(Use::Idle)
    };
    job.job
        .steps()
        .iter()
        .map(of_step)
        .max()
        .unwrap_or(Use::Idle)
}

fn holds_token(pairs: &[Pair]) -> bool {
    pairs.iter().any(|p| {
        p.value
            .parsed()
            .any(|(_, e)| secrets::names(e).contains(&SecretName::Token))
    })
}
