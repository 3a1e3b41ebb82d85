//! Caches that grow with every run.

use cofferdam_facts::Span;
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::documents::{Step, Workflow};

use crate::context::{Context, JobView};
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job saves a cache under a key that is new in every run, on every push
    /// to every pull request.
    ///
    /// # Why
    /// The entry is never found again by that key, and each takes its part of
    /// the ten gigabytes that a repository has. What is old is thrown away
    /// for it: the caches of the default branch, on which the other jobs rely.
    /// A cache that comes and goes is also one whose entry somebody else may be
    /// the next to write.
    ///
    /// # Vulnerable
    /// ```yaml
    /// on: pull_request
    /// steps:
    ///   - uses: actions/cache@0400d5f644dc74513175e3cd8d07132dd4860809 # v4.2.4
    ///     with:
    ///       path: ~/.cache
    ///       key: build-${{ github.sha }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// on: pull_request
    /// steps:
    ///   - uses: actions/cache@0400d5f644dc74513175e3cd8d07132dd4860809 # v4.2.4
    ///     with:
    ///       path: ~/.cache
    ///       key: build-${{ hashFiles('**/lock.json') }}
    /// ```
    ///
    /// # How it is decided
    /// `actions/cache` and `actions/cache/save` whose parsed key reads
    /// `github.sha`, `github.run_id`, `github.run_number` or
    /// `github.run_attempt`, in a workflow that a pull request starts, unless
    /// the step has an `if:` or the job may not save (`cache-mode`). One
    /// informational finding for a workflow. Handing files from one job of a
    /// run to the next by such a key works, and is what artifacts are for.
    /// sisakulint's `cache-bloat` asks for an `if:` at each restore and save;
    /// zizmor has no such rule.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/workflows-and-actions/dependency-caching#usage-limits-and-eviction-policy>
    /// - <https://github.com/actions/cache/blob/main/caching-strategies.md>
    pub struct CacheBloat {
        id: "cache-bloat",
        title: "A cache gets a new entry in every run",
        severity: Info,
        controls: [],
        peers: ["sisakulint/cache-bloat"],
        standards: [Cwe::Cwe400],
    }
}

const EVER_NEW: &[&str] = &[
    "github.run_attempt",
    "github.run_id",
    "github.run_number",
    "github.sha",
];

impl Rule for CacheBloat {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let saves: Vec<(&JobView<'_>, Span, String)> = cx
            .jobs(workflow)
            .iter()
            .filter(|job| job.entry.events.contains("pull_request") && may_save(job))
            .flat_map(|job| {
                let steps = job.job.steps().iter();
                steps.filter_map(move |step| ever_new(step).map(|(span, by)| (job, span, by)))
            })
            .collect();
        let Some((job, span, by)) = saves.first() else {
            return;
        };
        let more = match saves.len() {
            1 => String::new(),
            n => format!(", and {} more here", n - 1),
        };
        out.report(
            Finding::new(
                CacheBloat::INFO.id,
                Severity::Info,
                job.at(*span),
                format!(
                    "job `{}` saves a cache by `{by}`, which is new in every run{more}",
                    job.job.name()
                ),
            )
            .why("Each entry pushes an older one out of the repository's ten gigabytes")
            .fix("Make the key of what the files depend on (`hashFiles`), or save on pushes only")
            .group("caches that get a new entry in every run")
            .subject("cache"),
        );
    }
}

fn may_save(job: &JobView<'_>) -> bool {
    use cofferdam_workflows::documents::job::CacheMode;
    let mode = job
        .job
        .cache_mode
        .as_ref()
        .or(job.workflow.cache_mode.as_ref());
    !mode.is_some_and(|mode| matches!(mode.value, CacheMode::Read | CacheMode::None))
}

fn ever_new(step: &Step) -> Option<(Span, String)> {
    let name = step.action()?;
    if !matches!(name, "actions/cache" | "actions/cache/save") || step.condition.is_some() {
        return None;
    }
    let key = step.input("key")?;
    key.parsed().find_map(|(_, expr)| {
        let path = expr
            .value_contexts()
            .into_iter()
            .map(|path| path.text())
            .find(|text| EVER_NEW.contains(&text.as_str()))?;
        Some((key.span, path))
    })
}
