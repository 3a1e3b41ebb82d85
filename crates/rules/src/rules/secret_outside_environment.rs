//! Secrets that every branch can use.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use cofferdam_facts::settings::{SecretHome, SecretVisibility, Snapshot};
use cofferdam_facts::{Control, Location, Span};
use cofferdam_findings::{Confidence, Finding, Severity};
use cofferdam_workflows::documents::Step;
use cofferdam_workflows::documents::text::lookup;
use cofferdam_workflows::semantics::secrets::calls;
use cofferdam_workflows::semantics::secrets::{Reach, SecretName, SecretUse, is_identifier};
use cofferdam_workflows::semantics::stages::{self, Stage};

use crate::context::{Context, JobView};
use crate::guards;
use crate::releases;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// A job without `environment:` uses a secret. It must then be stored for
    /// the whole repository, or for the organisation.
    ///
    /// # Why
    /// Every job of every branch gets such a secret. Whoever can push a branch,
    /// or has stolen the token of somebody who can, adds a workflow that sends
    /// it away, and no review stands before it: the workflow runs as it is on
    /// the branch. A secret of an environment goes only to jobs that name the
    /// environment and pass its rules: reviewers, and the branches and tags
    /// that may use it.
    ///
    /// # Vulnerable
    /// ```yaml
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-latest
    ///     steps:
    ///       - run: npm publish
    ///         env:
    ///           NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
    /// ```
    ///
    /// # Fixed
    /// ```yaml
    /// jobs:
    ///   publish:
    ///     runs-on: ubuntu-latest
    ///     environment: release # NPM_TOKEN is stored there
    ///     steps:
    ///       - run: npm publish
    ///         env:
    ///           NODE_AUTH_TOKEN: ${{ secrets.NPM_TOKEN }}
    /// ```
    ///
    /// # How it is decided
    /// One finding for each secret, with every place. Names are followed back
    /// through the calls of reusable workflows in the checkout, to the name
    /// under which the secret is stored; a called job with an environment may
    /// have the value from there, and is no place.
    ///
    /// Medium where the secret signs in to a registry or publishes, low
    /// otherwise, informational where it only goes to services that take test
    /// reports. Secrets that by their name are no more than the name of an
    /// account are left out.
    ///
    /// With settings, the home of the secret decides: one that no repository and
    /// organisation knows is not reported, and one that is stored there although
    /// every job that uses it has an environment is.
    ///
    /// Without, a job may name a secret that does not exist, so that the
    /// confidence is medium. zizmor's `secrets-outside-env` reports each place
    /// (in its auditor persona only), leaves reusable workflows out and knows no
    /// settings.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments#environment-secrets>
    pub struct SecretOutsideEnvironment {
        id: "secret-outside-environment",
        title: "Every branch can use a secret",
        severity: Medium,
        controls: [C4],
        peers: ["zizmor/secrets-outside-env"],
        standards: [Cwe::Cwe668, StepSecurity::EnvironmentSecrets],
    }
}

/// Most places that one finding names.
const MAX_RELATED: usize = 12;

/// Actions of services that take reports; their token only uploads.
const REPORTS: &[&str] = &[
    "codacy/codacy-coverage-reporter-action",
    "codecov/codecov-action",
    "codecov/test-results-action",
    "codspeedhq/action",
    "coverallsapp/github-action",
    "deepsourcelabs/test-coverage-action",
    "paambaati/codeclimate-action",
    "qltysh/qlty-action/coverage",
    "sonarsource/sonarcloud-github-action",
    "sonarsource/sonarqube-scan-action",
];

/// Everything that is seen of one stored secret.
#[derive(Default)]
struct Seen {
    outside: Vec<Place>,
    inside: Vec<Place>,
    /// Where in these lists a place of a file stands; those inside first.
    known: HashMap<(bool, Arc<str>, Span), usize>,
}

struct Place {
    location: Location,
    job: String,
    use_: Use,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Report,
    Other,
    Registry,
}

impl Rule for SecretOutsideEnvironment {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let mut secrets: BTreeMap<String, Seen> = BTreeMap::new();
        for job in cx.all_jobs() {
            look(cx, job, &mut secrets);
        }
        let mut unknown = Vec::new();
        for (name, seen) in &secrets {
            judge(cx, name, seen, &mut unknown, out);
        }
        tell_unknown(cx, &unknown, out);
        if secrets.is_empty() && cx.all_jobs().next().is_some() {
            out.not_applicable(Control::C4, "no workflow uses a secret");
        }
    }
}

fn look(cx: &Context<'_>, job: &JobView<'_>, secrets: &mut BTreeMap<String, Seen>) {
    let logins = releases::logins(cx, job);
    let production: HashSet<(usize, &str)> = logins
        .iter()
        .filter(|login| login.stage() == Stage::Production)
        .flat_map(|login| login.secrets.iter().map(|name| (login.step, name.as_str())))
        .collect();
    let registries: HashSet<&str> = production.iter().map(|(_, name)| *name).collect();
    let development = releases::is_for_development(job);
    let mut homes: HashMap<&str, BTreeSet<String>> = HashMap::new();
    for used in &job.secrets {
        let SecretName::Named(name) = &used.name else {
            continue;
        };
        if is_identifier(name) {
            continue;
        }
        let registry = !development
            && !is_development(name)
            && match used.reach {
                Reach::Step(step) => production.contains(&(step, name.as_str())),
                _ => registries.contains(name.as_str()),
            };
        let use_ = match used.reach {
            _ if registry => Use::Registry,
            Reach::Step(index) if job.job.steps().get(index).is_some_and(reports) => Use::Report,
            _ => Use::Other,
        };
        let inside = match used.reach {
            Reach::Call => !leaves_environments(cx, job, used),
            _ => job.job.environment.is_some(),
        };
        let stored = homes.entry(name).or_insert_with(|| {
            if job.workflow.is_reusable() {
                calls::stored(cx.repository, job.workflow, name).names
            } else {
                [name.clone()].into()
            }
        });
        for name in stored.iter() {
            let seen = secrets.entry(name.clone()).or_default();
            let places = if inside {
                &mut seen.inside
            } else {
                &mut seen.outside
            };
            let location = job.at(used.span);
            // The workflow's `env:` is seen once by each job.
            let key = (inside, Arc::clone(&location.path), location.span);
            let at = *seen.known.entry(key).or_insert(places.len());
            match places.get_mut(at) {
                Some(place) => place.use_ = place.use_.max(use_),
                None => places.push(Place {
                    location,
                    job: job.job.name().to_owned(),
                    use_,
                }),
            }
        }
    }
}

// `QUAY_PASSWORD_CI`
fn is_development(name: &str) -> bool {
    stages::of_name(&name.replace('_', "-")) == Stage::Development
}

fn reports(step: &Step) -> bool {
    step.action().is_some_and(|a| REPORTS.contains(&a))
}

/// Whether what is handed to a called workflow is used there by a job without
/// an environment, as far as it can be told.
fn leaves_environments(cx: &Context<'_>, job: &JobView<'_>, used: &SecretUse) -> bool {
    let Some(call) = job.job.call() else {
        return true;
    };
    let Some(called) = cx.repository.own_workflow(&call.uses.value) else {
        return true;
    };
    let cofferdam_workflows::documents::job::CallSecrets::Named(pairs) = &call.secrets else {
        return true;
    };
    let handed = pairs.iter().find(|pair| {
        let span = pair.value.span;
        span.start <= used.span.start && used.span.end <= span.end
    });
    let Some(handed) = handed else {
        // An input, which every job of the called workflow may use.
        return lookup(&call.with, "secrets").is_none();
    };
    let name = handed.key.value.to_ascii_uppercase();
    let taken = calls::taken(cx.repository, called);
    taken.open || taken.outside.contains(&name) || !taken.names.contains(&name)
}

/// What the settings say of the home of a secret.
enum Home {
    NotAsked,
    Nowhere,
    Environments(Vec<String>),
    /// The repository or organisation, in words.
    Everywhere(String),
}

fn home(settings: Option<&Snapshot>, name: &str) -> Home {
    let Some(settings) = settings else {
        return Home::NotAsked;
    };
    let lookup = settings.secret(name);
    let wide = lookup.found.iter().find_map(|secret| match &secret.home {
        SecretHome::Repository => Some("the repository".to_owned()),
        SecretHome::Organization { visibility } => Some(match visibility.known() {
            Some(SecretVisibility::All) => {
                "the organisation, for every repository of it".to_owned()
            }
            Some(SecretVisibility::Private) => {
                "the organisation, for every private repository of it".to_owned()
            }
            _ => "the organisation".to_owned(),
        }),
        _ => None,
    });
    if let Some(wide) = wide {
        return Home::Everywhere(wide);
    }
    if !lookup.not_checked.is_empty() {
        return Home::NotAsked;
    }
    let environments: Vec<_> = lookup
        .found
        .iter()
        .filter_map(|secret| match &secret.home {
            SecretHome::Environment { environment } => Some(environment.clone()),
            _ => None,
        })
        .collect();
    if environments.is_empty() {
        Home::Nowhere
    } else {
        Home::Environments(environments)
    }
}

/// One fact for all of them: a snapshot tells them together.
fn tell_unknown(cx: &Context<'_>, unknown: &[(&str, &Location)], out: &mut Sink) {
    let Some((_, place)) = unknown.first() else {
        return;
    };
    let names: Vec<_> = unknown.iter().take(3).map(|(name, _)| *name).collect();
    let more = match unknown.len().saturating_sub(3) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let missing = format!(
        "whether the environments alone hold {}{more}",
        names.join(", ")
    );
    out.unknown(
        Control::C4,
        Some((*place).clone()),
        missing,
        guards::settle(cx),
    );
}

fn judge<'s>(
    cx: &Context<'_>,
    name: &'s str,
    seen: &'s Seen,
    unknown: &mut Vec<(&'s str, &'s Location)>,
    out: &mut Sink,
) {
    let first = seen.inside.first().or(seen.outside.first());
    let Some(first) = first else { return };
    match home(cx.facts.settings, name) {
        // A job that names it gets an empty text.
        Home::Nowhere => {}
        Home::Environments(names) => out.satisfied(
            Control::C4,
            first.location.clone(),
            format!("{name} is stored in environment {}", names.join(", ")),
        ),
        Home::Everywhere(home) => report(name, seen, Some(&home), out),
        Home::NotAsked if seen.outside.is_empty() => unknown.push((name, &first.location)),
        Home::NotAsked => report(name, seen, None, out),
    }
}

fn report(name: &str, seen: &Seen, home: Option<&str>, out: &mut Sink) {
    let all = || seen.outside.iter().chain(&seen.inside);
    let Some(worst) = all().map(|p| p.use_).max() else {
        return;
    };
    let guarded = seen.outside.is_empty();
    let places = if guarded { &seen.inside } else { &seen.outside };
    let Some(main) = places.iter().rev().max_by_key(|p| p.use_) else {
        return;
    };
    let (severity, what) = match worst {
        Use::Registry => (Severity::Medium, "what it signs in to or publishes"),
        Use::Other => (Severity::Low, "what it opens"),
        Use::Report => (Severity::Info, "the reports that it uploads"),
    };
    let stored = home.map_or_else(
        || "must be stored for the whole repository or its organisation".to_owned(),
        |home| format!("is stored in {home}"),
    );
    let message = if guarded {
        format!("{name} {stored}, although only jobs with an environment use it")
    } else {
        format!("job `{}` uses {name} without an environment", main.job)
    };
    let group = match (guarded, worst) {
        (true, _) => "secrets outside the environment whose jobs use them",
        (_, Use::Registry) => "secrets of registries that every branch can use",
        (_, Use::Other) => "secrets that every branch can use",
        (_, Use::Report) => "tokens for reports that every branch can use",
    };
    let why = if guarded {
        format!(
            "Whoever can push a branch gets {name}, and so {what}, past the environment's rules"
        )
    } else {
        format!(
            "{name} {stored}, so that whoever can push a branch gets it with a new workflow, and so {what}"
        )
    };
    let fix = if guarded {
        format!(
            "Store {name} in the environment, and delete it from {}",
            home.unwrap_or_default()
        )
    } else {
        format!(
            "Store {name} in an environment that limits the refs which may use it, name that \
             environment at {}, and delete the wider secret",
            if places.len() == 1 {
                "the job"
            } else {
                "the jobs"
            }
        )
    };
    let mut finding = Finding::new(
        SecretOutsideEnvironment::INFO.id,
        severity,
        main.location.clone(),
        message,
    )
    .why(why)
    .fix(fix)
    .group(group)
    .subject(format!("secrets.{name}"));
    if home.is_none() {
        finding = finding.confidence(Confidence::Medium);
    }
    for place in places
        .iter()
        .filter(|p| p.location != main.location)
        .take(MAX_RELATED)
    {
        finding = finding.related(
            place.location.clone(),
            format!("job `{}` uses it", place.job),
        );
    }
    out.report(finding);
}
