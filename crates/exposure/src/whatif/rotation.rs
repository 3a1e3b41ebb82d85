//! What must be replaced once a thing has been taken over, and what must be
//! looked at because it cannot be replaced.

use std::collections::BTreeSet;

use cofferdam_facts::Scope;

use super::answer::Gain;
use super::homes::{self, Home};
use super::purpose::{self, Use};
use super::{Study, Thing};
use crate::asset::Asset;
use crate::verdict::{Level, Verdict};

/// A secret that must be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Which.
    pub asset: Asset,
    /// What had to be so for it to be lost.
    pub verdict: Verdict,
    /// Where it is kept.
    pub home: Home,
    /// What it opens, as far as the jobs tell.
    pub opens: Option<Use>,
    /// The command that puts the new value there.
    pub command: String,
}

/// Something that must be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What had to be so for it to be touched.
    pub level: Level,
    /// What to do, as an instruction.
    pub what: String,
}

/// The secrets that must be replaced, those that were lost for certain first.
#[must_use]
pub fn of(study: &Study<'_>, thing: &Thing, gains: &[Gain]) -> Vec<Rotation> {
    let slug = study.scene.cx.repository.slug.as_deref();
    let own = match thing {
        Thing::Asset(asset) => Some((asset.clone(), Verdict::reachable())),
        _ => None,
    };
    let gained = gains
        .iter()
        .map(|gain| (gain.asset.clone(), gain.verdict.clone()));
    let lost = own.into_iter().chain(gained);
    let lost = lost.filter(|(_, verdict)| verdict.level() < Level::Blocked);
    let mut all: Vec<Rotation> = lost
        .filter_map(|(asset, verdict)| {
            let home = homes::of_secret(study, &asset)?;
            let command = match &asset {
                Asset::Secret {
                    name: Some(name), ..
                } => home.replace(name, slug),
                _ => format!("gh secret list --repo {}", slug.unwrap_or("OWNER/NAME")),
            };
            Some(Rotation {
                opens: purpose::of_secret(study, &asset).into_iter().next(),
                command,
                home,
                asset,
                verdict,
            })
        })
        .collect();
    all.sort_by(|a, b| (a.verdict.level(), &a.asset).cmp(&(b.verdict.level(), &b.asset)));
    all
}

/// What must be looked at, because it has no value that could be replaced.
#[must_use]
pub fn checks(study: &Study<'_>, gains: &[Gain]) -> Vec<Check> {
    let slug = study.scene.cx.repository.slug.as_deref();
    let slug = slug.unwrap_or("OWNER/NAME");
    let worst = |fits: &dyn Fn(&Asset) -> bool| {
        let all = gains.iter().filter(|gain| fits(&gain.asset));
        let level = all.map(|gain| gain.verdict.level()).min();
        level.filter(|level| *level < Level::Blocked)
    };
    let named = |of: &dyn Fn(&Asset) -> Option<String>| {
        let open = gains.iter().filter(|g| g.verdict.level() < Level::Blocked);
        let names: BTreeSet<String> = open.filter_map(|gain| of(&gain.asset)).collect();
        names.into_iter().collect::<Vec<_>>().join(", ")
    };
    let published = named(&|asset| match asset {
        Asset::Publish(what) => Some(what.clone()),
        _ => None,
    });
    let subjects = named(&|asset| match asset {
        Asset::Oidc(subject) => Some(format!("repo:{slug}:{subject}")),
        _ => None,
    });
    let runners = named(&|asset| match asset {
        Asset::Runner(label) => Some(label.clone()),
        _ => None,
    });
    let environments = named(&|asset| match asset {
        Asset::Environment(name) => Some(name.clone()),
        _ => None,
    });
    let found = [
        (
            worst(&|asset| matches!(asset, Asset::Publish(_))),
            format!("Compare what was published since with your own builds: {published}"),
        ),
        (
            worst(&|asset| {
                matches!(
                    asset,
                    Asset::Token(Scope::Contents) | Asset::DefaultBranch | Asset::Branch | Asset::Tag
                )
            }),
            format!("Go through pushes, tags and releases since: gh api repos/{slug}/activity"),
        ),
        (
            worst(&|asset| matches!(asset, Asset::Oidc(_))),
            format!("Read the logs of clouds and registries that trust {subjects}, and of what it signed"),
        ),
        (
            worst(&|asset| *asset == Asset::Cache),
            format!("Delete the caches: gh cache delete --all --repo {slug}"),
        ),
        (
            worst(&|asset| matches!(asset, Asset::Runner(_))),
            format!("Set up anew the runners {runners}"),
        ),
        (
            worst(&|asset| matches!(asset, Asset::Environment(_))),
            format!("Go through what was deployed to {environments}"),
        ),
        (
            worst(&|asset| {
                matches!(asset, Asset::Token(scope) if *scope != Scope::Contents)
            }),
            "Go through what github-actions[bot] did since: approvals, comments, labels, runs, packages"
                .to_owned(),
        ),
    ];
    let mut checks: Vec<Check> = found
        .into_iter()
        .filter_map(|(level, what)| {
            Some(Check {
                level: level?,
                what,
            })
        })
        .collect();
    checks.sort_by_key(|check| check.level);
    checks
}
