//! What is asked of the data pack: every action, reusable workflow and image of
//! GitHub's registry, at the version that runs, as far as it is known.

use std::borrow::Cow;
use std::collections::BTreeSet;

use cofferdam_datapack::{DataPack, Version};
use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{ImageRef, Location, UsesRef};
use cofferdam_findings::{Confidence, NotChecked, Severity};
use cofferdam_workflows::documents::actions_lock::{ActionsLock, Coverage, Dependency, Pin};

use crate::context::{Context, JobView};
use crate::locking::{self, Lock};
use crate::rule::Sink;
use crate::sites::{self, Holder, UseSite};
use crate::takeover::{Takeover, Takeovers};

/// The pack; without one, says that nothing was looked for.
pub fn pack<'c>(cx: &Context<'c>, out: &mut Sink) -> Option<&'c DataPack> {
    if cx.facts.pack.is_none() {
        // The same words in every rule that asks, so that they are said once.
        out.not_checked(NotChecked {
            code: "stale-data",
            message: "no data pack can be believed; compromised, vulnerable, archived and \
                      look-alike actions and retired runners were not looked for"
                .to_owned(),
            location: None,
            settle: "refresh it with `cofferdam data update`, or install a newer version"
                .to_owned(),
            required: true,
        });
    }
    cx.facts.pack
}

/// Where the version of a commit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'c> {
    /// The ref itself is a version, or nothing says one.
    ByRef,
    /// `actions.lock`, which was resolved when it was written.
    ByLock(&'c str),
    /// A comment behind the commit: what somebody claims.
    ByComment(&'c str),
}

/// One thing that runs, as the pack knows it.
#[derive(Clone, Debug)]
pub struct KnownUse<'c> {
    /// What runs: the ref is the commit where one is fixed.
    pub uses: Cow<'c, RepositoryUses>,
    /// Where its version comes from.
    pub told: Told<'c>,
    /// Whether it is an image that is taken for the action of the same name.
    pub is_image: bool,
    holder: Runs<'c>,
}

#[derive(Clone, Debug)]
enum Runs<'c> {
    Site(UseSite<'c>),
    Lock(&'c ActionsLock, &'c Dependency),
}

impl<'c> KnownUse<'c> {
    /// The version of a commit, where anything tells one.
    #[must_use]
    pub fn version(&self) -> Option<&'c str> {
        match self.told {
            Told::ByLock(version) | Told::ByComment(version) => Some(version),
            Told::ByRef => None,
        }
    }

    /// The place.
    #[must_use]
    pub fn location(&self) -> Location {
        match &self.holder {
            Runs::Site(site) => site.location(),
            Runs::Lock(lock, entry) => lock.file().locate(entry.pin.span),
        }
    }

    /// What it is about, for fingerprints.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.holder {
            Runs::Site(site) => format!("{} {}", site.subject(), self.name(site)),
            Runs::Lock(_, entry) => entry.pin.value.to_string(),
        }
    }

    /// "job `x` uses `a/b`", for messages.
    #[must_use]
    pub fn phrase(&self) -> String {
        let (lock, pin) = match &self.holder {
            Runs::Site(site) => {
                let verb = if self.is_image {
                    "runs the image"
                } else {
                    "uses"
                };
                return format!("{} {verb} `{}`", site.whom(), self.name(site));
            }
            Runs::Lock(lock, entry) => (lock, &entry.pin.value),
        };
        let slug = format!("{}/{}", pin.owner, pin.repo);
        let by = lock
            .dependencies
            .iter()
            .find(|other| other.uses.iter().any(|used| used.value == *pin));
        by.map_or_else(
            || format!("actions.lock holds `{slug}`"),
            |by| {
                format!(
                    "`{}/{}` uses `{slug}`",
                    by.pin.value.owner, by.pin.value.repo
                )
            },
        )
    }

    fn name(&self, site: &UseSite<'_>) -> String {
        match site.uses {
            UsesRef::Docker(image) => image.name(),
            _ => self.uses.name(),
        }
    }

    /// The version or ref that runs, for messages.
    #[must_use]
    pub fn at(&self) -> &str {
        self.version()
            .or(self.uses.git_ref.as_deref())
            .unwrap_or_default()
    }

    /// How far its version can be believed.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        match self.told {
            _ if self.is_image => Confidence::Medium,
            Told::ByComment(_) => Confidence::Medium,
            Told::ByLock(_) => Confidence::High,
            Told::ByRef => match self.uses.git_ref.as_deref().and_then(Version::parse) {
                Some(version) if version.is_partial() => Confidence::Medium,
                _ => Confidence::High,
            },
        }
    }

    /// What its code could take.
    #[must_use]
    pub fn takeover(&self, cx: &'c Context<'c>, takeovers: &Takeovers<'c>) -> Takeover {
        match &self.holder {
            Runs::Site(site) => takeovers.at(site),
            Runs::Lock(lock, entry) => takeovers
                .of_jobs(locked_jobs(cx, lock, &entry.pin.value))
                .unwrap_or(Takeover {
                    severity: Severity::Low,
                    confidence: Confidence::Low,
                    held: "nothing, unless a workflow comes to use it".to_owned(),
                    weight: 0,
                }),
        }
    }

    /// The jobs that run it.
    #[must_use]
    pub fn jobs(&self, cx: &'c Context<'c>, takeovers: &Takeovers<'c>) -> Vec<&'c JobView<'c>> {
        match &self.holder {
            Runs::Site(site) => match site.holder {
                Holder::Step(job, _) | Holder::Call(job) => vec![job],
                Holder::Action(action, _) => takeovers.users(action).map(|u| u.job).collect(),
            },
            Runs::Lock(lock, entry) => locked_jobs(cx, lock, &entry.pin.value).collect(),
        }
    }
}

fn locked_jobs<'c>(
    cx: &'c Context<'c>,
    lock: &'c ActionsLock,
    pin: &'c Pin,
) -> impl Iterator<Item = &'c JobView<'c>> {
    cx.repository
        .workflows
        .iter()
        .filter(move |workflow| {
            let entry = lock.workflow(workflow.path());
            entry.is_some_and(|entry| lock.closure(entry).contains(pin))
        })
        .flat_map(|workflow| cx.jobs(workflow))
}

/// Every use: those in files by path and place, then what the lock adds.
#[must_use]
pub fn uses<'c>(cx: &'c Context<'c>) -> Vec<KnownUse<'c>> {
    let lock = locking::lock(cx);
    let mut direct: BTreeSet<Pin> = BTreeSet::new();
    let mut uses = Vec::new();
    for site in sites::of(cx) {
        match site.uses {
            UsesRef::Repository(repository) if !cx.repository.is_self(repository) => {
                direct.extend(Pin::of(repository));
                uses.push(of_repository(lock, site, repository));
            }
            UsesRef::Docker(image) => uses.extend(of_image(site, image)),
            _ => {}
        }
    }
    if let Some(lock) = lock.enforced() {
        uses.extend(transitive(lock, &direct));
    }
    uses
}

fn of_repository<'c>(
    lock: Lock<'c>,
    site: UseSite<'c>,
    repository: &'c RepositoryUses,
) -> KnownUse<'c> {
    let entry = match (lock.enforced(), site.job()) {
        (Some(lock), Some(job)) => match lock.covers(job.workflow.path(), repository) {
            Coverage::Locked(entry) => Some(entry),
            _ => None,
        },
        _ => None,
    };
    let commit = entry.and_then(|entry| entry.commit.as_ref());
    let locked_ref = entry.and_then(|entry| entry.git_ref.as_ref());
    let (uses, told) = match (commit, locked_ref) {
        (Some(commit), Some(git_ref)) => (
            Cow::Owned(RepositoryUses {
                git_ref: Some(commit.value.id.clone()),
                ..repository.clone()
            }),
            Told::ByLock(git_ref.value.as_str()),
        ),
        _ => {
            let comment = site.comment().filter(|_| repository.commit().is_some());
            let told = comment
                .and_then(claimed)
                .map_or(Told::ByRef, Told::ByComment);
            (Cow::Borrowed(repository), told)
        }
    };
    KnownUse {
        uses,
        told,
        is_image: false,
        holder: Runs::Site(site),
    }
}

/// The version that a comment claims: `v4.2.2`, `tag=v4.2.2`, `pin@v4`.
fn claimed(comment: &str) -> Option<&str> {
    comment
        .split(|c: char| c.is_whitespace() || matches!(c, '@' | '=' | ':' | ',' | '(' | ')'))
        .find(|word| {
            let dotted = word.contains('.') || word.starts_with(['v', 'V']);
            dotted && Version::parse(word).is_some()
        })
}

// An image `ghcr.io/OWNER/REPO:TAG` is published by that repository, at the
// version that its tag names.
fn of_image<'c>(site: UseSite<'c>, image: &ImageRef) -> Option<KnownUse<'c>> {
    if image.registry.as_deref() != Some("ghcr.io") {
        return None;
    }
    let (owner, rest) = image.repository.split_once('/')?;
    let repo = rest.split('/').next()?;
    Some(KnownUse {
        uses: Cow::Owned(RepositoryUses {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
            path: String::new(),
            git_ref: image.tag.clone(),
        }),
        told: Told::ByRef,
        is_image: true,
        holder: Runs::Site(site),
    })
}

/// What the lock holds besides what the files name: actions of actions.
fn transitive<'c>(
    lock: &'c ActionsLock,
    direct: &BTreeSet<Pin>,
) -> impl Iterator<Item = KnownUse<'c>> {
    let added = lock
        .dependencies
        .iter()
        .filter(|entry| !direct.contains(&entry.pin.value));
    added.filter_map(move |entry| {
        let pin = &entry.pin.value;
        let commit = entry.commit.as_ref()?;
        Some(KnownUse {
            uses: Cow::Owned(RepositoryUses {
                owner: pin.owner.clone(),
                repo: pin.repo.clone(),
                path: String::new(),
                git_ref: Some(commit.value.id.clone()),
            }),
            told: entry
                .git_ref
                .as_ref()
                .map_or(Told::ByRef, |git_ref| Told::ByLock(&git_ref.value)),
            is_image: false,
            holder: Runs::Lock(lock, entry),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_claims_a_version_in_many_ways() {
        for (comment, version) in [
            ("v4.2.2", Some("v4.2.2")),
            ("tag=v3.1", Some("v3.1")),
            ("pin@v2", Some("v2")),
            ("ratchet:actions/checkout@v4", Some("v4")),
            ("4.1.0 zizmor: ignore[x]", Some("4.1.0")),
            ("2024 was better", None),
            ("main", None),
        ] {
            assert_eq!(claimed(comment), version, "{comment}");
        }
    }
}
