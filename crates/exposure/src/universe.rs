//! What there is to be had in a checkout: the assets that some run holds or that
//! the settings name.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::settings::Fact as Known;
use cofferdam_facts::{Access, Location, Scope};
use cofferdam_rules::machines;

use crate::asset::Asset;
use crate::runners;
use crate::scene::{Run, Scene};
use crate::settings::Ref;
use crate::verdict::Verdict;

/// The assets of a checkout.
#[derive(Debug, Default)]
pub struct Universe {
    /// Secrets that every branch's job may name: what stands in the way of that
    /// where their home is not known, and a place that names them.
    pub shared: BTreeMap<Asset, (Verdict, Option<Location>)>,
    /// Secrets by the environment that keeps them, or may.
    pub kept: BTreeMap<String, BTreeMap<Asset, Option<Location>>>,
    /// Scopes that some job may write.
    pub scopes: BTreeSet<Scope>,
    /// Tails of subjects that some job signs as.
    pub subjects: BTreeSet<String>,
    /// Environments.
    pub environments: BTreeSet<String>,
    /// Self-hosted runners by label: what is not known of them.
    pub runners: BTreeMap<String, Verdict>,
}

impl Universe {
    /// Everything that the runs hold or the settings name.
    #[must_use]
    pub fn of(scene: &Scene<'_>) -> Self {
        let mut universe = Self::default();
        universe.secrets(scene);
        for run in &scene.runs {
            universe.scopes.extend(run.start.token.writes());
            universe.scopes.remove(&Scope::IdToken);
            universe.subjects.extend(subjects(scene, run));
            universe
                .environments
                .extend(run.environment.iter().map(|e| e.name.clone()));
            if let Some((label, verdict)) = runners::of_run(scene, run) {
                universe.runners.entry(label).or_insert(verdict);
            }
        }
        let named = scene.settings.environments().iter();
        universe.environments.extend(named.map(|e| e.name.clone()));
        for runner in machines::runners(scene.cx).into_iter().flatten() {
            let label = runners::label(&runner.labels);
            universe.runners.entry(label).or_default();
        }
        universe
    }

    fn secrets(&mut self, scene: &Scene<'_>) {
        for run in &scene.runs {
            for (asset, place) in &run.held.named {
                let Asset::Secret {
                    name: Some(name),
                    environment: home,
                } = asset
                else {
                    continue;
                };
                let place = Some(place.clone());
                if let Some(home) = home {
                    let kept = self.kept.entry(home.clone()).or_default();
                    kept.entry(asset.clone()).or_insert(place);
                    continue;
                }
                let unknown = run.environment.as_ref().and_then(|environment| {
                    let fact = scene.settings.home(name, &environment.name).err()?;
                    Some((environment.name.clone(), fact))
                });
                match unknown {
                    None => self.share(asset.clone(), Verdict::reachable(), place),
                    Some((environment, fact)) => {
                        let kept = self.kept.entry(environment).or_default();
                        kept.entry(asset.clone()).or_insert_with(|| place.clone());
                        self.share(asset.clone(), Verdict::when(fact), place);
                    }
                }
            }
        }
        for name in scene.settings.shared_secrets() {
            self.share(Asset::secret(name), Verdict::reachable(), None);
        }
        for environment in scene.settings.environments() {
            let Known::Known(secrets) = &environment.secrets else {
                continue;
            };
            for secret in secrets {
                let asset = Asset::Secret {
                    name: Some(secret.name.to_ascii_uppercase()),
                    environment: Some(environment.name.clone()),
                };
                let kept = self.kept.entry(environment.name.clone()).or_default();
                kept.entry(asset).or_insert(None);
            }
        }
        let all = scene.runs.iter().find_map(|run| run.held.all.clone());
        if all.is_some() {
            let any = Asset::Secret {
                name: None,
                environment: None,
            };
            self.share(any, Verdict::reachable(), all);
        }
    }

    // A place without conditions is the better one.
    fn share(&mut self, asset: Asset, verdict: Verdict, place: Option<Location>) {
        let kept = self
            .shared
            .entry(asset)
            .or_insert_with(|| (verdict.clone(), place.clone()));
        if verdict.conditions() < kept.0.conditions() {
            *kept = (verdict, place);
        }
    }
}

/// The tails of the subjects that a run's identity tokens have.
///
/// Source: docs.github.com, "OpenID Connect reference", example subject claims:
/// the environment where the job names one, else `pull_request`, else the ref.
#[must_use]
pub fn subjects(scene: &Scene<'_>, run: &Run<'_>) -> Vec<String> {
    if run.start.token.access(Scope::IdToken) != Access::Write {
        return Vec::new();
    }
    if let Some(environment) = &run.environment {
        return vec![format!("environment:{}", environment.name)];
    }
    if matches!(
        run.event(),
        "pull_request" | "pull_request_review" | "pull_request_review_comment"
    ) {
        return vec!["pull_request".to_owned()];
    }
    let refs = run.refs.iter().map(|one| match one {
        Ref::Default | Ref::Pull => default_subject(scene),
        Ref::Branch(Some(name)) => format!("ref:refs/heads/{name}"),
        Ref::Branch(None) => "ref:refs/heads/*".to_owned(),
        Ref::Tag => "ref:refs/tags/*".to_owned(),
    });
    refs.collect()
}

/// The tail of the subject of a run on the default branch.
#[must_use]
pub fn default_subject(scene: &Scene<'_>) -> String {
    format!("ref:refs/heads/{}", scene.default_branch)
}
