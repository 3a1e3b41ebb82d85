//! From a checkout to what mends it.
//!
//! The project's own configuration and comments say which findings count: those
//! that do not are not mended. Known findings of a baseline count here, since
//! mending them is how a baseline gets shorter.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::judging::Words;
use cofferdam_facts::uses_policy::UsesPolicy;
use cofferdam_findings::Report;
use cofferdam_fixes::{Alone, Applied, Engine, Judged, Left, Outcome, Wanted};
use cofferdam_rules::Context;
use cofferdam_workflows::Repository;

use super::change::{by_own, own_words, root};
use super::{
    AuditError, Identity, Input, Material, Options, Target, collect, facts, github_around, identity,
};

/// What can be mended in a checkout. Nothing is written.
#[derive(Clone, Debug)]
pub struct Mended {
    /// What is left when it is mended: findings, and what was not checked.
    pub report: Report,
    /// Documents to be written.
    pub rewrites: Vec<Rewrite>,
    /// What was mended, in order.
    pub applied: Vec<Applied>,
    /// What has a fix in principle and none that was taken here.
    pub left: Vec<Left>,
    /// What each fix does by itself, by the fingerprint of its finding, if that
    /// was wanted.
    pub alone: BTreeMap<String, Alone>,
}

/// A document to be written.
#[derive(Clone, Debug)]
pub struct Rewrite {
    /// Its path in the repository.
    pub name: String,
    /// The folder that its name begins at.
    pub root: PathBuf,
    /// The file on disk.
    pub file: PathBuf,
    /// Its text as it was read.
    pub before: String,
    /// What it becomes.
    pub after: String,
}

/// Works out what mends the checkout at a path, or a single file of one.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all.
pub fn mend(target: &Target, wanted: &Wanted, options: &Options) -> Result<Mended, AuditError> {
    with_bench(target, options, |bench| {
        let outcome = bench.engine().run(&bench.material.repository, wanted);
        Mended {
            report: bench.report(&outcome.repository),
            rewrites: rewrites(&target.input, bench.part, &outcome),
            applied: outcome.applied,
            left: outcome.left,
            alone: outcome.alone,
        }
    })
}

/// A run with what is needed to check it from the outside.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The checkout as it was, and what is found in it.
    pub before: (Repository, Judged),
    /// What came of it.
    pub outcome: Outcome,
    /// What is found in the new texts, read afresh.
    pub after: Judged,
    /// What a second run does.
    pub again: Outcome,
}

/// Mends a checkout in memory, and once more.
///
/// # Errors
/// As [`mend`].
pub fn trial(target: &Target, wanted: &Wanted, options: &Options) -> Result<Trial, AuditError> {
    with_bench(target, options, |bench| {
        let repository = &bench.material.repository;
        let outcome = bench.engine().run(repository, wanted);
        let files = outcome.files.values().map(|(_, new)| new.clone());
        let afresh = repository.with_texts(files);
        Trial {
            before: (repository.clone(), bench.judged(repository)),
            after: bench.judged(&afresh),
            again: bench.engine().run(&afresh, wanted),
            outcome,
        }
    })
}

/// Everything that is needed to judge a checkout again and again.
pub(super) struct Bench<'b> {
    pub(super) material: Material,
    pub(super) part: bool,
    pub(super) known: Identity<'b>,
    pub(super) words: &'b Words,
    pub(super) policies: Vec<UsesPolicy>,
    pub(super) options: &'b Options,
}

fn with_bench<T>(
    target: &Target,
    options: &Options,
    work: impl FnOnce(&Bench<'_>) -> T,
) -> Result<T, AuditError> {
    let mut options = options.clone();
    options.judging.baseline = None;
    options.judging.without_baseline = true;
    options.judging.base = None;
    let collected = collect(&target.input, &options.limits)?;
    let part = collected.part;
    let (slug, settings) = identity(&target.name, &collected, &options)?;
    let known = Identity {
        name: &target.name,
        slug: slug.as_ref(),
        settings,
    };
    let root = root(&target.input).filter(|_| !part);
    let words = own_words(&target.input, root, &options)?;
    let material = Material::new(collected, &known, &options);
    Ok(work(&Bench {
        material,
        part,
        known,
        words: &words,
        policies: words.policies(),
        options: &options,
    }))
}

impl Bench<'_> {
    fn report(&self, repository: &Repository) -> Report {
        let facts = facts(&self.known, &self.policies, self.options);
        self.report_of(&Context::new(repository, facts))
    }

    fn report_of(&self, cx: &Context<'_>) -> Report {
        let sources: Vec<_> = (self.material.sources.iter())
            .map(|old| match cx.repository.document(old.path()) {
                Some(document) => document.file().clone(),
                None => old.clone(),
            })
            .collect();
        let side = (self.material).side(cx, &sources, &self.known, self.options);
        by_own(&side, self.words, &self.known, self.options)
    }

    fn judged(&self, repository: &Repository) -> Judged {
        judged(self.report(repository))
    }

    pub(super) fn engine(&self) -> Engine<'_> {
        Engine {
            facts: facts(&self.known, &self.policies, self.options),
            judge: Box::new(|cx| judged(self.report_of(cx))),
        }
    }
}

fn judged(report: Report) -> Judged {
    Judged {
        findings: report.findings,
        silenced: (report.suppressed.into_iter())
            .map(|suppressed| suppressed.finding)
            .collect(),
    }
}

fn rewrites(input: &Input, part: bool, outcome: &Outcome) -> Vec<Rewrite> {
    // A commit and a stream are nothing that could be written to.
    let Input::Path(path) = input else {
        return Vec::new();
    };
    let single = fs::metadata(path).is_ok_and(|found| found.is_file());
    let folder = if single {
        path.parent().unwrap_or(path).to_owned()
    } else {
        let around = github_around(path).filter(|_| part);
        around
            .or_else(|| root(input))
            .unwrap_or_else(|| path.clone())
    };
    let rewrite = |(name, (before, after)): (&String, &(_, _))| {
        let (before, after): (&cofferdam_facts::SourceFile, &cofferdam_facts::SourceFile) =
            (before, after);
        Rewrite {
            name: name.clone(),
            file: if single {
                path.clone()
            } else {
                folder.join(name)
            },
            root: folder.clone(),
            before: before.text().to_owned(),
            after: after.text().to_owned(),
        }
    };
    outcome.files.iter().map(rewrite).collect()
}
