//! From a checkout to what mends it.
//!
//! The project's own configuration and comments say which findings count: those
//! that do not are not mended. Known findings of a baseline count here, since
//! mending them is how a baseline gets shorter.

use std::fs;
use std::path::PathBuf;

use cofferdam_findings::Report;
use cofferdam_fixes::{Applied, Engine, Judged, Left, Outcome, Wanted};

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
    let mut options = options.clone();
    options.judging.baseline = None;
    options.judging.without_baseline = true;
    options.judging.base = None;
    let options = &options;
    let collected = collect(&target.input, &options.limits)?;
    let part = collected.part;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let known = Identity {
        name: &target.name,
        slug: slug.as_ref(),
        settings,
    };
    let words = own_words(
        &target.input,
        root(&target.input).filter(|_| !part),
        options,
    )?;
    let material = Material::new(collected, &known, options);
    let report = |cx: &cofferdam_rules::Context<'_>| {
        let sources: Vec<_> = (material.sources.iter())
            .map(|old| match cx.repository.document(old.path()) {
                Some(document) => document.file().clone(),
                None => old.clone(),
            })
            .collect();
        let side = material.side(cx, &sources, &known, options);
        by_own(&side, &words, &known, options)
    };
    let judge = |cx: &cofferdam_rules::Context<'_>| {
        let report = report(cx);
        Judged {
            findings: report.findings,
            silenced: (report.suppressed.into_iter())
                .map(|suppressed| suppressed.finding)
                .collect(),
        }
    };
    let engine = Engine {
        facts: facts(&known, options),
        judge: &judge,
    };
    let outcome = engine.run(&material.repository, wanted);
    let after = {
        let cx = cofferdam_rules::Context::new(&outcome.repository, facts(&known, options));
        report(&cx)
    };
    let rewrites = rewrites(&target.input, part, &outcome);
    Ok(Mended {
        report: after,
        rewrites,
        applied: outcome.applied,
        left: outcome.left,
    })
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
