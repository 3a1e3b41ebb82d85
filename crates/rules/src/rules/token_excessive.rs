//! Rights to write that no step uses.

use cofferdam_facts::{Control, Scope};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::documents::text::Pair;
use cofferdam_workflows::semantics::permissions::Decider;
use cofferdam_workflows::semantics::secrets::{self, SecretName};
use cofferdam_workflows::semantics::{checkouts, needs};

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
    ///     steps:
    ///       - run: make test
    ///   release:
    ///     steps:
    ///       - uses: softprops/action-gh-release@da05d552573ad5aba039eaac05058a918a7bf631 # v2.2.2
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// permissions: {}
    /// jobs:
    ///   test:
    ///     steps:
    ///       - run: make test
    ///   release:
    ///     permissions:
    ///       contents: write
    ///     steps:
    ///       - uses: softprops/action-gh-release@da05d552573ad5aba039eaac05058a918a7bf631 # v2.2.2
    /// ```
    ///
    /// # How it is decided
    /// For each step, the scopes it can write with: from a table of actions, and
    /// from the commands of its script (`git push`, `gh …`, programs that are
    /// handed the token). A step that is not understood may use anything, and
    /// then nothing is said. A right of the workflow counts where at least one
    /// job provably does not need it. zizmor's `excessive-permissions` reports
    /// every right of a workflow, needed or not.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/concepts/security/github_token#modifying-the-permissions-for-the-github_token>
    pub struct TokenExcessive {
        id: "token-excessive",
        title: "A token may write what no step of the job uses",
        severity: Medium,
        controls: [C1],
        peers: ["zizmor/excessive-permissions"],
    }
}

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
        for scope in Scope::ALL {
            let holders: Vec<_> = shared
                .iter()
                .filter(|j| j.token.writes().any(|s| s == *scope))
                .copied()
                .collect();
            report_shared(cx, *scope, &holders, out);
        }
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

fn report_shared(cx: &Context<'_>, scope: Scope, holders: &[&JobView<'_>], out: &mut Sink) {
    let idle: Vec<_> = holders
        .iter()
        .filter(|j| never_needs(cx, j, scope))
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

/// Whether every step is understood and none can use the scope.
fn never_needs(cx: &Context<'_>, job: &JobView<'_>, scope: Scope) -> bool {
    // What a called workflow needs is for that workflow to say.
    if job.job.call().is_some() {
        return false;
    }
    // A checkout that keeps its credentials lets any later program push.
    let pushes = scope == Scope::Contents && checkouts::keeps_credentials(job.job.steps());
    let token_in_env = pushes || holds_token(&job.workflow.env) || holds_token(&job.job.env);
    job.job.steps().iter().all(|step| {
        let inner = step
            .uses()
            .and_then(|uses| cx.repository.own_action(&uses.value));
        if let Some(action) = inner {
            return action.steps().iter().all(|step| {
                let script = cx.script(action.path(), step);
                !needs::of_step(step, script, true).may_need(scope)
            });
        }
        let script = cx.script(job.workflow.path(), step);
        !needs::of_step(step, script, token_in_env).may_need(scope)
    })
}

fn holds_token(pairs: &[Pair]) -> bool {
    pairs.iter().any(|p| {
        p.value
            .parsed()
            .any(|(_, e)| secrets::names(e).contains(&SecretName::Token))
    })
}
