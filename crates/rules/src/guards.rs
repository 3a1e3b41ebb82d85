//! What a job must pass before it runs: the rules of its environment.

use cofferdam_facts::settings::{
    BranchProtection, DeploymentRefs, Environment, Fact, NamedRef, RefKind,
};

use cofferdam_facts::{Control, Location};

use crate::context::Context;
use crate::rule::Sink;

/// What an environment asks before a job of it runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// Somebody, or an App, must agree.
    Approved {
        /// The environment.
        name: String,
        /// Who, and what weakens it, for evidence.
        note: String,
    },
    /// Nobody must agree, but only some refs may use it.
    Limited {
        /// The environment.
        name: String,
        /// Which refs, for evidence.
        note: String,
        /// Whether branches are among them.
        branches: bool,
    },
    /// Its rules were not seen. GitHub makes an environment without any rule
    /// for the first job that names one, so that this is never "protected".
    Unknown {
        /// The environment, or what stands in its place.
        name: String,
        /// What was not seen.
        missing: String,
        /// Whether the settings would tell.
        by_settings: bool,
    },
    /// It asks nothing.
    Open {
        /// The environment.
        name: String,
        /// Whether it exists at all.
        exists: bool,
    },
}

impl Guard {
    /// The environment.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Approved { name, .. }
            | Self::Limited { name, .. }
            | Self::Unknown { name, .. }
            | Self::Open { name, .. } => name,
        }
    }
}

/// The command that settles what the settings do not say.
#[must_use]
pub fn settle(cx: &Context<'_>) -> String {
    let slug = cx.repository.slug.as_deref().unwrap_or("OWNER/REPO");
    format!("`cofferdam settings snapshot {slug}`, then `audit --settings FILE`")
}

/// Says what is not known of an environment, and what settles it. Says nothing
/// of a guard that is known.
pub fn tell_unknown(
    cx: &Context<'_>,
    guard: &Guard,
    controls: &[Control],
    place: &Location,
    out: &mut Sink,
) {
    let Guard::Unknown {
        missing,
        by_settings,
        ..
    } = guard
    else {
        return;
    };
    let settle = if *by_settings {
        settle(cx)
    } else {
        "name the environment as a constant".to_owned()
    };
    for control in controls {
        out.unknown(
            *control,
            Some(place.clone()),
            missing.clone(),
            settle.clone(),
        );
    }
}

/// What the environment of a name asks.
#[must_use]
pub fn of(cx: &Context<'_>, name: &str) -> Guard {
    let unknown = || Guard::Unknown {
        name: name.to_owned(),
        missing: format!("the protection of environment `{name}`"),
        by_settings: true,
    };
    let Some(settings) = cx.facts.settings else {
        return unknown();
    };
    match settings.environment(name) {
        Fact::NotChecked(_) => unknown(),
        Fact::Known(None) => Guard::Open {
            name: name.to_owned(),
            exists: false,
        },
        Fact::Known(Some(environment)) => {
            let protection = settings.default_branch_protection.known();
            of_environment(name, environment, protection).unwrap_or_else(unknown)
        }
    }
}

// `None` where what was seen decides nothing.
fn of_environment(
    name: &str,
    environment: &Environment,
    protection: Option<&Option<BranchProtection>>,
) -> Option<Guard> {
    let name = name.to_owned();
    let refs = refs(environment, protection);
    let bypass = match environment.can_admins_bypass {
        Fact::Known(true) => "; administrators may skip it",
        _ => "",
    };
    let limits = match &refs {
        Some((Some(limits), _)) => format!("; {limits}"),
        _ => String::new(),
    };
    let reviewers = environment.required_reviewers();
    if let Fact::Known(Some(required)) = &reviewers {
        let alone = match required.prevent_self_review {
            Fact::Known(false) => "; the one who started the run may approve it",
            _ => "",
        };
        let who = match required.reviewers.len() {
            1 => "its reviewer".to_owned(),
            n => format!("one of its {n} reviewers"),
        };
        let note = format!("environment `{name}` waits for {who}{alone}{bypass}{limits}");
        return Some(Guard::Approved { name, note });
    }
    let apps = environment.custom_rules.as_ref();
    if let Fact::Known(rules) = &apps
        && let Some(rule) = rules.iter().find(|rule| rule.enabled)
    {
        let note = format!(
            "environment `{name}` waits for the App `{}`{bypass}{limits}",
            rule.app
        );
        return Some(Guard::Approved { name, note });
    }
    // Something that was not seen may still ask for an approval.
    if !reviewers.is_known() || !apps.is_known() {
        return None;
    }
    match refs? {
        (Some(limits), branches) => Some(Guard::Limited {
            note: format!("environment `{name}` waits for nobody; {limits}"),
            name,
            branches,
        }),
        (None, _) => Some(Guard::Open { name, exists: true }),
    }
}

// The limits in words, if any, and whether branches may use it. `None` where
// it was not seen.
fn refs(
    environment: &Environment,
    protection: Option<&Option<BranchProtection>>,
) -> Option<(Option<String>, bool)> {
    match environment.deployment_refs.known()? {
        DeploymentRefs::Any => Some((None, true)),
        // Where no branch is protected, GitHub takes every branch.
        DeploymentRefs::ProtectedBranches => protection?
            .as_ref()
            .map(|_| (Some("only protected branches may use it".to_owned()), true)),
        DeploymentRefs::Named(names) => {
            let names = names.known()?;
            let branches = names.iter().any(|n| n.kind.known() != Some(&RefKind::Tag));
            let words: Vec<_> = names.iter().map(words).collect();
            let limits = if words.is_empty() {
                "no ref may use it".to_owned()
            } else {
                format!("only {} may use it", words.join(", "))
            };
            Some((Some(limits), branches))
        }
    }
}

fn words(named: &NamedRef) -> String {
    match named.kind.known() {
        Some(RefKind::Tag) => format!("tags `{}`", named.pattern),
        Some(RefKind::Branch) => format!("branches `{}`", named.pattern),
        _ => format!("refs `{}`", named.pattern),
    }
}
