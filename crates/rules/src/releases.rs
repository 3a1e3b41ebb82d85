//! What a job publishes for users, with what, and from where.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use cofferdam_facts::Scope;
use cofferdam_workflows::documents::{Action, Step};
use cofferdam_workflows::semantics::conditions::Runs;
use cofferdam_workflows::semantics::environments::{self, Names};
use cofferdam_workflows::semantics::logins::{self, Login, Place};
use cofferdam_workflows::semantics::publishing::{Artifact, Publication, Registry};
use cofferdam_workflows::semantics::secrets::{SecretName, SecretUse};
use cofferdam_workflows::semantics::stages::{self, Stage};
use cofferdam_workflows::semantics::starts::{Calls, Start};

use crate::context::{Context, JobView};
use crate::guards::{self, Guard};

/// What protects a publication besides the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Files on a server: whether users run them is not known.
    Files,
    /// The job's own token publishes. Whoever can push a workflow can have
    /// such a token, with an environment or without.
    Token,
    /// A credential that an environment can hold back: a stored secret, or an
    /// identity that a registry trusts.
    Credential,
}

/// One publication for users by a job.
#[derive(Clone, Debug)]
pub struct Release<'c> {
    /// What.
    pub publication: &'c Publication,
    /// What protects it.
    pub weight: Weight,
    /// Whom it is for; never [`Stage::Local`].
    pub stage: Stage,
    action: Option<&'c Action>,
}

/// A job that publishes.
#[derive(Clone, Debug)]
pub struct Publisher<'c> {
    /// The job.
    pub job: &'c JobView<'c>,
    /// What it publishes: sites, drafts and what stays on the runner left out.
    pub releases: Vec<Release<'c>>,
    /// The starts in which it runs and publishes, with how sure that is.
    pub starts: Vec<(Start<'c>, Runs)>,
    /// Whether other repositories can start it too.
    pub callable: bool,
}

/// The steps of a job that sign in or publish with a credential.
#[must_use]
pub fn logins<'v>(cx: &Context<'_>, job: &'v JobView<'_>) -> &'v [Login] {
    job.logins.get_or_init(|| {
        logins::of_job(Place {
            repository: cx.repository,
            workflow: job.workflow,
            job: job.job,
            publications: &job.publications,
            script: &|step: &Step| cx.script(job.workflow.path(), step),
        })
    })
}

/// Whether all that a job publishes is, by its names, for development.
#[must_use]
pub fn is_for_development(job: &JobView<'_>) -> bool {
    let stage = |p: &Publication| stages::of_publication(job.workflow, job.job, p);
    !job.publications.is_empty()
        && job
            .publications
            .iter()
            .all(|p| stage(p) != Stage::Production)
}

/// Every job of the checkout that publishes something for users.
#[must_use]
pub fn publishers<'c>(cx: &'c Context<'c>) -> Vec<Publisher<'c>> {
    let calls = Calls::new(cx.repository);
    let mut publishers = Vec::new();
    for workflow in &cx.repository.workflows {
        let starts = OnceCell::new();
        let starts = || starts.get_or_init(|| calls.starts(workflow)).as_slice();
        publishers.extend(
            cx.jobs(workflow)
                .iter()
                .filter_map(|job| of_job(cx, job, &starts)),
        );
    }
    publishers
}

fn of_job<'c, 's>(
    cx: &'c Context<'c>,
    job: &'c JobView<'c>,
    starts: &dyn Fn() -> &'s [Start<'c>],
) -> Option<Publisher<'c>>
where
    'c: 's,
{
    if job.publications.is_empty() {
        return None;
    }
    let logins = logins(cx, job);
    let pushes = may_push(job, logins);
    let releases: Vec<_> = job
        .publications
        .iter()
        .filter(|publication| pushes || !is_pushed(publication.artifact))
        .filter_map(|publication| release(cx, job, logins, publication))
        .collect();
    if releases.is_empty() {
        return None;
    }
    let starts = starts()
        .iter()
        .filter_map(|start| {
            let runs = publishes(start, job, &releases, logins)?;
            Some((start.clone(), runs))
        })
        .collect();
    Some(Publisher {
        job,
        releases,
        starts,
        callable: job.entry.callable,
    })
}

fn release<'c>(
    cx: &'c Context<'c>,
    job: &'c JobView<'c>,
    logins: &[Login],
    publication: &'c Publication,
) -> Option<Release<'c>> {
    let step = job.job.steps().get(publication.step)?;
    let stage = stages::of_publication(job.workflow, job.job, publication);
    // A draft waits for a person to publish it.
    if publication.artifact == Artifact::Site || stage == Stage::Local || publication.draft {
        return None;
    }
    let own: Vec<_> = logins
        .iter()
        .filter(|l| l.step == publication.step)
        .collect();
    let stored = logins.iter().any(|l| !l.secrets.is_empty());
    let identity = job.token.writes().any(|s| s == Scope::IdToken);
    let weight = match publication.artifact {
        Artifact::Files => Weight::Files,
        Artifact::Release | Artifact::Tag => Weight::Token,
        // Images and charts go where an earlier step signed in to, and what is
        // not read may be one.
        Artifact::Image | Artifact::Chart | Artifact::Unread if stored => Weight::Credential,
        Artifact::Image | Artifact::Chart if logins.iter().any(|l| l.token) => Weight::Token,
        Artifact::Unread if !identity => Weight::Token,
        _ if own.iter().any(|l| l.token && l.secrets.is_empty()) && !identity => Weight::Token,
        _ => Weight::Credential,
    };
    let action = step.uses().and_then(|u| cx.repository.own_action(&u.value));
    Some(Release {
        publication,
        weight,
        stage,
        action,
    })
}

/// Whether a registry of images is needed for it.
fn is_pushed(artifact: Artifact) -> bool {
    matches!(artifact, Artifact::Image | Artifact::Chart)
}

/// Whether a job can push an image or chart to users. No registry for users
/// takes a push without a credential: a job that holds none pushes to one on
/// the runner, or throws away what it builds.
#[must_use]
pub fn may_push(job: &JobView<'_>, logins: &[Login]) -> bool {
    let named = |used: &SecretUse| !matches!(used.name, SecretName::Token);
    let scopes = [Scope::IdToken, Scope::Packages];
    let token = !job.token.assumed && job.token.writes().any(|s| scopes.contains(&s));
    token || !logins.is_empty() || job.secrets.iter().any(named)
}

// The surest of the publications; `None` if none happens.
fn publishes(
    start: &Start<'_>,
    job: &JobView<'_>,
    releases: &[Release<'_>],
    logins: &[Login],
) -> Option<Runs> {
    let runs = start.runs_job(job.workflow, job.job);
    if runs == Runs::No {
        return None;
    }
    let signs_in = |login: &Login| {
        job.job
            .steps()
            .get(login.step)
            .is_none_or(|step| start.runs_step(job.workflow, job.job, step) != Runs::No)
    };
    let signed_in = logins.is_empty() || logins.iter().any(signs_in);
    let of_release = |release: &Release<'_>| {
        // Where every sign-in is left out, so is the push.
        if !signed_in && is_pushed(release.publication.artifact) {
            return Runs::No;
        }
        start.publishes(job.workflow, job.job, release.publication, release.action)
    };
    let all: Vec<_> = releases.iter().map(of_release).collect();
    match (runs, all.contains(&Runs::Yes)) {
        (Runs::Yes, true) => Some(Runs::Yes),
        (_, true) => Some(Runs::Maybe),
        _ => all.contains(&Runs::Maybe).then_some(Runs::Maybe),
    }
}

fn with_article(artifact: Artifact) -> String {
    let word = artifact.to_string();
    if artifact == Artifact::Unread {
        return word;
    }
    let article = match artifact {
        Artifact::Package(Registry::Npm) => "an",
        _ if word.starts_with(['a', 'e', 'i', 'o']) => "an",
        _ => "a",
    };
    format!("{article} {word}")
}

impl<'c> Publisher<'c> {
    /// The most that protects one of its publications, among those for users.
    #[must_use]
    pub fn weight(&self) -> Option<Weight> {
        self.for_users().map(|r| r.weight).max()
    }

    /// The publications that are not for development alone.
    pub fn for_users(&self) -> impl Iterator<Item = &Release<'c>> {
        self.releases
            .iter()
            .filter(|r| r.stage == Stage::Production)
    }

    /// Whether only names of what is not read say that it publishes.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.for_users()
            .all(|r| r.publication.artifact == Artifact::Unread)
    }

    /// Whether all that it publishes are tags that it pushes.
    #[must_use]
    pub fn only_tags(&self) -> bool {
        self.for_users()
            .all(|r| r.publication.artifact == Artifact::Tag)
    }

    /// "a container image and a GitHub release", for messages.
    #[must_use]
    pub fn what(&self) -> String {
        let mut artifacts: BTreeSet<Artifact> =
            self.for_users().map(|r| r.publication.artifact).collect();
        if artifacts.is_empty() {
            artifacts = self
                .releases
                .iter()
                .map(|r| r.publication.artifact)
                .collect();
        }
        let words: Vec<_> = artifacts.iter().map(|a| with_article(*a)).collect();
        match words.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [init @ .., last] => format!("{} and {last}", init.join(", ")),
        }
    }

    /// The names that its environment can have when it publishes.
    #[must_use]
    pub fn environments(&self) -> Names {
        let starts: Vec<_> = self.starts.iter().map(|(start, _)| start).collect();
        environments::names(self.job.workflow, self.job.job, &starts)
    }

    /// What stands before it: `None` where it can publish without an
    /// environment, otherwise the weakest of the environments.
    #[must_use]
    pub fn guard(&self, cx: &Context<'_>) -> Option<Guard> {
        let names = self.environments();
        if names.none {
            return None;
        }
        if names.perhaps_none {
            let text = self
                .job
                .job
                .environment
                .as_ref()
                .map(|e| e.name.value.clone());
            return Some(Guard::Unknown {
                missing: "whether the job publishes while the name of its environment is empty"
                    .to_owned(),
                by_settings: false,
                name: text.unwrap_or_default(),
            });
        }
        let weakest = names.names.iter().map(|name| guards::of(cx, name)).max();
        match weakest {
            Some(open @ Guard::Open { .. }) => Some(open),
            Some(guard) if !names.open => Some(guard),
            _ => {
                let text = self
                    .job
                    .job
                    .environment
                    .as_ref()
                    .map(|e| e.name.value.clone());
                let name = text.unwrap_or_default();
                Some(Guard::Unknown {
                    missing: format!("which environment `{name}` is"),
                    by_settings: false,
                    name,
                })
            }
        }
    }
}
