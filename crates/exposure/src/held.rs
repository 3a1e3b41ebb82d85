//! The secrets that are sent to the runner of a job.
//!
//! Source: docs.github.com, "Secrets reference" and "Using secrets in GitHub
//! Actions": a secret that a job does not name is not sent to its runner;
//! "Reuse workflows", passing secrets: a called workflow gets what its caller
//! names, or all by `inherit`; a secret of an environment comes without the
//! caller, by the environment of the job itself.

use std::collections::BTreeMap;

use cofferdam_facts::Location;
use cofferdam_rules::JobView;
use cofferdam_workflows::documents::job::CallSecrets;
use cofferdam_workflows::semantics::secrets::{self, Reach, SecretName};

use crate::asset::Asset;
use crate::settings::Settings;

/// Secrets by what they are to whoever takes them, each with the place where the
/// job names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// By asset: the name that the job uses, and the place.
    pub named: BTreeMap<Asset, Location>,
    /// Where all are handed on, or one whose name is computed.
    pub all: Option<Location>,
    /// For each step, by its place in the list, the secrets that it names
    /// itself.
    pub by_step: BTreeMap<usize, BTreeMap<Asset, Location>>,
}

/// What of the secrets context is left behind calls.
struct Passed {
    names: BTreeMap<String, Location>,
    all: Option<Location>,
}

/// The secrets of the last job of a chain of calls, in an environment.
#[must_use]
pub fn of_chain(chain: &[&JobView<'_>], environment: Option<&str>, settings: Settings<'_>) -> Held {
    let Some((last, callers)) = chain.split_last() else {
        return Held::default();
    };
    let mut own = Passed {
        names: BTreeMap::new(),
        all: None,
    };
    let mut steps: Vec<(usize, String, Location)> = Vec::new();
    for used in &last.secrets {
        let place = last.at(used.span);
        match &used.name {
            SecretName::Token => {}
            SecretName::Named(name) => {
                if let Reach::Step(index) = used.reach {
                    steps.push((index, name.clone(), place.clone()));
                }
                own.names.entry(name.clone()).or_insert(place);
            }
            SecretName::Computed | SecretName::All => {
                own.all.get_or_insert(place);
            }
        }
    }
    if let Some(call) = last.job.call()
        && let CallSecrets::Inherit(span) = &call.secrets
    {
        own.all.get_or_insert_with(|| last.at(*span));
    }
    let asset = |name: &str| of_name(name, environment, settings);
    let mut held = Held::default();
    if let Some(environment) = environment {
        // What the environment keeps, or may, needs no caller.
        for (name, place) in &own.names {
            if settings.home(name, environment) != Ok(None) {
                held.named.insert(asset(name), place.clone());
            }
        }
    }
    for (index, name, place) in steps {
        let of_step = held.by_step.entry(index).or_default();
        of_step.insert(asset(&name), place);
    }
    let whole = own.all.clone();
    let passed = callers
        .iter()
        .rev()
        .fold(own, |passed, caller| through(caller, passed));
    for (name, place) in passed.names {
        held.named.entry(asset(&name)).or_insert(place);
    }
    // All of the context holds those of the environment, whoever calls.
    if let (Some(place), Some(environment)) = (whole.or(passed.all.clone()), environment) {
        for name in settings.secrets_of(environment) {
            held.named.entry(asset(&name)).or_insert(place.clone());
        }
    }
    held.all = passed.all;
    held
}

/// What a name in a job means: the environment's own secret where it has one.
fn of_name(name: &str, environment: Option<&str>, settings: Settings<'_>) -> Asset {
    let home = environment.and_then(|e| settings.home(name, e).ok().flatten());
    Asset::Secret {
        name: Some(name.to_owned()),
        environment: home.map(str::to_owned),
    }
}

fn through(caller: &JobView<'_>, passed: Passed) -> Passed {
    let Some(call) = caller.job.call() else {
        return passed;
    };
    let pairs = match &call.secrets {
        // Whether a job is sent what it does not name is not said: taken as so.
        CallSecrets::Inherit(span) => {
            return Passed {
                all: Some(caller.at(*span)),
                ..passed
            };
        }
        CallSecrets::None => &[] as &[_],
        CallSecrets::Named(pairs) => pairs,
    };
    let mut outside = Passed {
        names: BTreeMap::new(),
        all: None,
    };
    for pair in pairs {
        let key = pair.key.value.to_ascii_uppercase();
        if passed.all.is_none() && !passed.names.contains_key(&key) {
            continue;
        }
        let place = caller.at(pair.value.span);
        for name in pair.value.parsed().flat_map(|(_, e)| secrets::names(e)) {
            match name {
                SecretName::Token => {}
                SecretName::Named(name) => {
                    outside.names.entry(name).or_insert_with(|| place.clone());
                }
                SecretName::Computed | SecretName::All => {
                    outside.all.get_or_insert_with(|| place.clone());
                }
            }
        }
    }
    outside
}
