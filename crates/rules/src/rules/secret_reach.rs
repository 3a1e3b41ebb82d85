//! Secrets that reach more steps than use them.

use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{Control, Location, Span};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::text::Pair;
use cofferdam_workflows::documents::{Step, Workflow};
use cofferdam_workflows::semantics::reach::{self, Need};
use cofferdam_workflows::semantics::secrets::{self, SecretName};

use crate::context::{Context, JobView};
use crate::own_references::is_familiar;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A secret stands in `env:` of a job or of the whole workflow, or is
    /// written to `$GITHUB_ENV`, and so reaches steps that do not use it.
    ///
    /// # Why
    /// Every step with its own process gets the variable: every action with
    /// all that it bundles, every script with the install hooks of all its
    /// dependencies. One of them that turns bad does not even have to search
    /// the runner's memory.
    ///
    /// # Vulnerable
    /// ```yaml
    /// jobs:
    ///   release:
    ///     runs-on: ubuntu-latest
    ///     env:
    ///       NPM_TOKEN: ${{ secrets.NPM_TOKEN }}
    ///     steps:
    ///       - uses: some/lint-action@v1
    ///       - run: npm ci && npm test
    ///       - run: ./publish.sh "$NPM_TOKEN"
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// jobs:
    ///   release:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - uses: some/lint-action@v1
    ///       - run: npm ci && npm test
    ///       - run: ./publish.sh "$NPM_TOKEN"
    ///         env:
    ///           NPM_TOKEN: ${{ secrets.NPM_TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// A step uses a variable if its script, inputs or conditions name it, or if
    /// an action is named after it. Actions that are known to read no credential
    /// and scripts of plain file commands do not use it; any other program may.
    ///
    /// Where some step names the variable, those that only may read it count as
    /// not using it, with medium confidence; where none does, only those that
    /// surely do not use it count. Actions of GitHub and of the owner alone are
    /// no reason to report. Medium where an action of a third party that is
    /// named by a tag or branch gets it, low otherwise.
    ///
    /// Secrets that by their name only say who or where are left out. One
    /// finding for each variable. No peer has this rule; zizmor has been asked
    /// for it.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#use-secrets-for-sensitive-information>
    /// - <https://github.com/zizmorcore/zizmor/issues/1816>
    pub struct SecretReach {
        id: "secret-reach",
        title: "A secret reaches steps that do not use it",
        severity: Medium,
        controls: [C4],
        standards: [Cwe::Cwe668, StepSecurity::EnvironmentSecrets],
    }
}

/// Most steps that one finding names.
const MAX_RELATED: usize = 6;

impl Rule for SecretReach {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn workflow(&self, cx: &Context<'_>, workflow: &Workflow, out: &mut Sink) {
        let jobs: Vec<&JobView<'_>> = cx.jobs(workflow).iter().collect();
        let found = out.findings.len();
        for (variable, secret) in held(&workflow.env) {
            let variable = Variable {
                name: &variable.key.value,
                secret,
                place: workflow.file().locate(variable.value.span),
                whose: "the workflow's `env:`",
                subject: format!("env.{}", variable.key.value),
            };
            judge(cx, &jobs, 0, &variable, out);
        }
        for job in &jobs {
            for (variable, secret) in held(&job.job.env) {
                let variable = Variable {
                    name: &variable.key.value,
                    secret,
                    place: job.at(variable.value.span),
                    whose: "the job's `env:`",
                    subject: format!("{} env.{}", job.subject(), variable.key.value),
                };
                judge(cx, &[job], 0, &variable, out);
            }
            exported(cx, job, out);
        }
        if found == out.findings.len() {
            let step = jobs.iter().find_map(|job| Some((job, of_one_step(job)?)));
            if let Some((job, span)) = step {
                let note = "a secret goes to the step that uses it";
                out.satisfied(Control::C4, job.at(span), note);
            }
        }
    }
}

/// The first secret that only its step gets.
fn of_one_step(job: &JobView<'_>) -> Option<Span> {
    job.secrets
        .iter()
        .find(|used| {
            matches!(used.name, SecretName::Named(_))
                && matches!(used.reach, secrets::Reach::Step(_))
        })
        .map(|used| used.span)
}

/// A secret in a variable.
struct Variable<'v> {
    name: &'v str,
    secret: String,
    place: Location,
    whose: &'static str,
    subject: String,
}

/// The variables that hold a stored secret; a test of one holds none.
fn held(env: &[Pair]) -> impl Iterator<Item = (&Pair, String)> {
    env.iter().filter_map(|pair| {
        let secret = (pair.value.parsed())
            .flat_map(|(_, expr)| secrets::values(expr))
            .find_map(|name| match name {
                SecretName::Named(name) if !secrets::is_identifier(&name) => Some(name),
                _ => None,
            })?;
        Some((pair, secret))
    })
}

/// What a variable reaches.
#[derive(Default)]
struct Reached<'r> {
    all: usize,
    users: Vec<(&'r JobView<'r>, &'r Step)>,
    others: Vec<(&'r JobView<'r>, &'r Step, Need)>,
}

fn reached<'r>(
    cx: &'r Context<'_>,
    jobs: &[&'r JobView<'r>],
    from: usize,
    name: &str,
) -> Reached<'r> {
    let mut reached = Reached::default();
    for job in jobs {
        // A variable of the same name of the job hides the workflow's.
        let hidden = jobs.len() > 1 && job.job.env.iter().any(|pair| pair.key.value == name);
        if hidden {
            continue;
        }
        for step in job.job.steps().iter().skip(from) {
            let script = cx.script(job.workflow.path(), step);
            let action = step.uses().and_then(|u| cx.repository.own_action(&u.value));
            reached.all += 1;
            match reach::of_step(step, script, action, name) {
                Need::Yes => reached.users.push((job, step)),
                need => reached.others.push((job, step, need)),
            }
        }
    }
    // Where nobody names it, whatever may read it may be the one it is for.
    if reached.users.is_empty() {
        reached.others.retain(|(.., need)| *need == Need::No);
    }
    reached
}

fn foreign<'s>(cx: &Context<'_>, step: &'s Step) -> Option<&'s RepositoryUses> {
    let uses = step.uses()?.value.repository()?;
    (!is_familiar(cx.repository, uses)).then_some(uses)
}

fn judge(
    cx: &Context<'_>,
    jobs: &[&JobView<'_>],
    from: usize,
    variable: &Variable<'_>,
    out: &mut Sink,
) {
    let reached = reached(cx, jobs, from, variable.name);
    let foreign = |step| foreign(cx, step);
    let strangers: Vec<_> = reached
        .others
        .iter()
        .filter(|(_, step, _)| foreign(step).is_some() || step.script().is_some())
        .collect();
    if strangers.is_empty() {
        return;
    }
    let mutable = strangers
        .iter()
        .find(|(_, step, _)| foreign(step).is_some_and(|uses| uses.commit().is_none()));
    let Variable { name, secret, .. } = variable;
    let count = reached.others.len();
    let why = match mutable.and_then(|(_, step, _)| foreign(step)) {
        Some(uses) => format!(
            "Whoever can move `{}` of {} gets {secret} without looking for it",
            uses.git_ref.as_deref().unwrap_or("the ref"),
            uses.slug()
        ),
        None => {
            format!("Any of these steps, and whatever it runs, can read {secret} and send it away")
        }
    };
    let target = match reached.users.as_slice() {
        [] => "the steps that use it".to_owned(),
        [(_, step)] => named(step),
        all => format!("the {} steps that use it", all.len()),
    };
    let moved = match *name {
        "" => format!("what takes {secret}"),
        name => format!("`{name}`"),
    };
    let fix = format!("Move {moved} to the `env:` of {target}");
    let severity = if mutable.is_some() {
        Severity::Medium
    } else {
        Severity::Low
    };
    let certain = strangers.iter().all(|(.., need)| *need == Need::No);
    let mut finding = Finding::new(
        SecretReach::INFO.id,
        severity,
        variable.place.clone(),
        format!(
            "{secret} in {} reaches {} steps, of which {count} do not use it",
            variable.whose, reached.all
        ),
    )
    .confidence(if certain {
        Confidence::High
    } else {
        Confidence::Medium
    })
    .why(why)
    .fix(fix)
    .group(match severity {
        Severity::Medium => "secrets that reach third-party actions which do not use them",
        _ => "secrets that reach steps which do not use them",
    })
    .subject(variable.subject.clone());
    let first = mutable.into_iter().chain(strangers.iter());
    let mut told: Vec<Location> = Vec::new();
    for (job, step, _) in first.copied() {
        let place = job.at(step.head());
        if told.len() < MAX_RELATED && !told.contains(&place) {
            told.push(place.clone());
            finding = finding.related(place, format!("{} gets it", named(step)));
        }
    }
    out.report(finding);
}

fn named(step: &Step) -> String {
    let label = step.label();
    if label.starts_with("step ") {
        label
    } else {
        format!("step `{label}`")
    }
}

/// `echo "TOKEN=${{ secrets.TOKEN }}" >> "$GITHUB_ENV"`: every later step.
fn exported(cx: &Context<'_>, job: &JobView<'_>, out: &mut Sink) {
    for step in job.job.steps() {
        let Some(text) = step.script() else { continue };
        let Some(script) = cx.script(job.workflow.path(), step) else {
            continue;
        };
        for command in &script.commands {
            let exports = command
                .redirects
                .iter()
                .any(|r| r.writes() && r.target.text.contains("GITHUB_ENV"));
            if !exports {
                continue;
            }
            let inside = text.parsed().find_map(|(embedded, expr)| {
                let range = &embedded.range;
                let within = command.range.start <= range.start && range.end <= command.range.end;
                let named = secrets::values(expr)
                    .into_iter()
                    .find_map(|name| match name {
                        SecretName::Named(name) => Some(name),
                        _ => None,
                    });
                named.filter(|_| within).map(|name| (name, range.clone()))
            });
            let name = command.args.iter().find_map(|word| {
                let (name, _) = word.text.split_once('=')?;
                (!name.is_empty()).then(|| name.to_owned())
            });
            if let (Some((secret, range)), Some(name)) = (inside, name) {
                let variable = Variable {
                    name: &name,
                    secret,
                    place: job.at(text.raw_span(&job.workflow.document, range)),
                    whose: "`$GITHUB_ENV`",
                    subject: format!("{} env.{name}", job.step_subject(step)),
                };
                judge(cx, &[job], step.index + 1, &variable, out);
            }
        }
    }
}
