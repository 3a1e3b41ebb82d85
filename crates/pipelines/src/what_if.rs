//! What happens if a thing is taken over, or a layer falls: of one repository,
//! and of a folder of them in bounded memory.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use cofferdam_exposure::whatif::{Layer, Study, UnknownControl, breach, controls};
use cofferdam_exposure::{Row, Unread};
use cofferdam_findings::NotChecked;
use cofferdam_rules::context::{Context, Facts};
use cofferdam_workflows::Repository;

use crate::audit::{AuditError, Options, Target, assumed, collect, identity};
use crate::many;

/// A repository to which questions are put.
#[derive(Debug)]
pub struct Session<'c> {
    /// Who reaches what there.
    pub study: Study<'c>,
    repository: &'c Repository,
    facts: Facts<'c>,
}

/// What came of it.
#[derive(Debug)]
pub struct Studied<R> {
    /// `owner/name`, where it is known.
    pub repository: Option<String>,
    /// The commit that was read, where a revision was named.
    pub revision: Option<String>,
    /// Whether the settings were known.
    pub settings: bool,
    /// What was not understood as a whole.
    pub unread: Vec<Unread>,
    /// Files that were not read.
    pub not_checked: Vec<NotChecked>,
    /// The answer.
    pub answer: R,
}

impl<R> Studied<R> {
    /// Whether everything was read, so that what is not said is not so.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty() && !self.not_checked.iter().any(|one| one.required)
    }
}

impl Session<'_> {
    /// The layers that names mean.
    ///
    /// # Errors
    /// [`UnknownControl`] for the first name that is none.
    pub fn layers(&self, names: &[String]) -> Result<BTreeSet<Layer>, UnknownControl> {
        let layers = names
            .iter()
            .map(|name| controls::resolve(&self.study, name));
        layers.collect()
    }

    /// Asks the repository as it is without some layers.
    pub fn without<R>(
        &mut self,
        layers: &BTreeSet<Layer>,
        ask: impl FnOnce(&mut Study<'_>) -> R,
    ) -> R {
        let changed = self
            .facts
            .settings
            .and_then(|s| breach::settings(s, layers));
        let Some(changed) = changed else {
            self.study.breach(layers);
            return ask(&mut self.study);
        };
        let facts = Facts {
            settings: Some(&changed),
            ..self.facts
        };
        let cx = Context::new(self.repository, facts);
        let mut study = Study::of(&cx);
        study.breach(layers);
        let answer = ask(&mut study);
        drop(study);
        cx.discard();
        answer
    }

    /// The rows without a layer, where the settings decide them before there is a
    /// graph; none where the graph tells.
    #[must_use]
    pub fn rows_without(&self, layer: &Layer) -> Option<Vec<Row>> {
        rows_without(self.repository, self.facts, layer)
    }

    /// What each layer alone holds.
    pub fn layers_held(&mut self) -> Vec<cofferdam_exposure::whatif::Held> {
        let (repository, facts) = (self.repository, self.facts);
        let elsewhere = |layer: &Layer| rows_without(repository, facts, layer);
        cofferdam_exposure::whatif::fallen::table(&mut self.study, &elsewhere)
    }
}

fn rows_without(repository: &Repository, facts: Facts<'_>, layer: &Layer) -> Option<Vec<Row>> {
    let layers: BTreeSet<Layer> = [layer.clone()].into();
    let changed = breach::settings(facts.settings?, &layers)?;
    let facts = Facts {
        settings: Some(&changed),
        ..facts
    };
    let cx = Context::new(repository, facts);
    let mut study = Study::of(&cx);
    study.breach(&layers);
    let rows = std::mem::take(&mut study.exposure.rows);
    drop(study);
    cx.discard();
    Some(rows)
}

/// Reads a repository and puts questions to it.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all.
pub fn what_if<R>(
    target: &Target,
    options: &Options,
    ask: impl FnOnce(&mut Session<'_>) -> R,
) -> Result<Studied<R>, AuditError> {
    let mut collected = collect(&target.input, &options.limits)?;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let config = crate::exposure::judged::config(&target.input, &collected, options)?;
    let assumed = assumed(&collected, options, settings);
    let repository = collected.repository(slug.as_ref(), &options.limits);
    let facts = Facts {
        policies: &[],
        registries: crate::exposure::declared(config.as_ref()),
        settings,
        visibility: crate::judging::visibility(&options.judging, config.as_ref(), settings)?,
        pack: None,
        now: Some(options.now),
    };
    let cx = Context::new(&repository, facts);
    let mut session = Session {
        study: Study::of(&cx),
        repository: &repository,
        facts,
    };
    let unread = std::mem::take(&mut session.study.exposure.unread);
    let answer = ask(&mut session);
    drop(session);
    cx.discard();
    Ok(Studied {
        repository: slug.map(|slug| slug.to_string()),
        revision: collected.revision,
        settings: settings.is_some(),
        unread,
        not_checked: (collected.gaps.into_iter().map(NotChecked::from))
            .chain(assumed)
            .collect(),
        answer,
    })
}

/// Puts questions to every target and hands each answer to `each`, in the order
/// of the targets whatever the number of threads. `each` may end the run.
///
/// Memory does not grow with the number of targets, as far as an answer is small.
pub fn what_if_all<R: Send, B>(
    targets: &[Target],
    options: &Options,
    ask: impl Fn(&mut Session<'_>) -> R + Sync,
    each: impl FnMut(&Target, Result<Studied<R>, AuditError>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let work = |target: &Target| what_if(target, options, &ask);
    many::in_order(targets, many::window(), work, each)
}
