//! The judgement of one repository: by its own word, or as a change by that of
//! its base.

use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_config::{
    Config, Known, MAX_BYTES, Scope, Silencers, Source, Sources, changed, pages, silence,
};
use cofferdam_facts::{Location, SourceFile};
use cofferdam_findings::{Finding, JudgedBy, Report, Severity, Suppressed, baseline};
use cofferdam_rules::context::Facts;

use super::{AuditError, Identity, Input, Options, Side, decide, repository_around};
use crate::collect::Collected;
use crate::git;
use crate::judging::{Base, Change, Files, JudgeError, Words, rule_ids, text};
use crate::requirement::Requirement;
use crate::slug::Slug;

/// Judges what was collected.
pub(super) fn judged(
    input: &Input,
    collected: Collected,
    known: &Identity<'_>,
    options: &Options,
) -> Result<Report, AuditError> {
    let part = collected.part;
    let remote = (collected.remote.as_ref())
        .and_then(|remote| Slug::from_remote(remote, options.server.as_deref()));
    let base = base(input, part, remote.as_ref(), options)?;
    let side = |words: &Words| decide(collected, known, words, options, true);
    match (base, root(input).filter(|_| !part)) {
        (Some(base), Some(root)) => by_base(&root, input, side, base, known, options),
        // Nothing of a part tells what its base says.
        (Some(_), None) => by_nothing_of_its_own(side, known, options),
        (None, root) => {
            let words = own_words(input, root, options)?;
            Ok(by_own(&side(&words), &words, known, options))
        }
    }
}

/// What a repository says about itself.
pub(super) fn own_words(
    input: &Input,
    root: Option<PathBuf>,
    options: &Options,
) -> Result<Words, JudgeError> {
    match (root, input) {
        (Some(root), Input::Revision { revision, .. }) => {
            let files = Files::commit(&root, revision, &options.limits)?;
            Words::read(&files, &options.judging)
        }
        (Some(root), _) => {
            let files = Files::work_tree(&root, &options.limits)?;
            Words::read(&files, &options.judging)
        }
        (None, _) => Words::without_repository(&options.judging),
    }
}

/// The base that judges, if one does.
pub(crate) fn base<'o>(
    input: &Input,
    part: bool,
    remote: Option<&Slug>,
    options: &'o Options,
) -> Result<Option<&'o Base>, JudgeError> {
    match &options.judging.base {
        None => Ok(None),
        // Where nothing of the repository counts, no base has anything to say.
        Some(Base::Change(_)) if options.judging.nothing_of_its_own => Ok(None),
        Some(Base::Named(_)) if part || root(input).is_none() => Err(JudgeError::Part),
        Some(base @ Base::Named(_)) => Ok(Some(base)),
        Some(base @ Base::Change(change)) => Ok(is_changed(input, remote, change).then_some(base)),
    }
}

/// Whether what is audited is the repository that the job's change is of: not
/// one that was cloned beside it.
fn is_changed(input: &Input, remote: Option<&Slug>, change: &Change) -> bool {
    let Some(root) = place(input) else {
        // A stream may hold anything, the change too.
        return true;
    };
    let (Ok(root), Ok(workspace)) = (fs::canonicalize(root), fs::canonicalize(&change.workspace))
    else {
        return true;
    };
    if !root.starts_with(&workspace) {
        return false;
    }
    let other = match (remote, &change.repository) {
        (Some(remote), Some(own)) => !remote.is_same(own),
        _ => false,
    };
    root == workspace || !other
}

fn place(input: &Input) -> Option<&Path> {
    match input {
        Input::Path(path) | Input::Revision { root: path, .. } => Some(path),
        Input::Text { .. } => None,
    }
}

/// The root of a repository, as opposed to a single file or a stream.
pub(crate) fn root(input: &Input) -> Option<PathBuf> {
    let path = place(input).filter(|path| fs::metadata(path).is_ok_and(|found| found.is_dir()))?;
    Some(match input {
        Input::Path(_) => repository_around(path).unwrap_or_else(|| path.to_owned()),
        _ => path.to_owned(),
    })
}

/// Adds the facts that must be known and are not, and gives the findings their
/// fingerprints.
fn finished(report: Report, words: &Words, known: &Identity<'_>, options: &Options) -> Report {
    let facts = Facts {
        settings: known.settings,
        pack: options.data.pack(),
        now: Some(options.now),
        ..Facts::default()
    };
    let mut report = report;
    let judge = words.judge();
    let mut required = options.required.clone();
    for word in judge.required() {
        required.extend(Requirement::parse(word).filter(|new| !options.required.contains(new)));
    }
    for requirement in required {
        let unmet = requirement.unmet(&report, facts);
        report.not_checked.extend(unmet);
    }
    report.threshold = Some(judge.threshold(options.judging.fail_on));
    report.findings.extend(not_extended(words, options));
    report.finish()
}

/// Whether the repository holds its organisation's file itself, or only this
/// run does.
fn not_extended(words: &Words, options: &Options) -> Option<Finding> {
    let handed = options.judging.organisation.as_ref()?;
    if words.extends || options.judging.nothing_of_its_own {
        return None;
    }
    let place = match &words.config {
        Some(config) => config.file.locate(cofferdam_facts::Span::default()),
        None => Location::whole_file("cofferdam.toml"),
    };
    let finding = Finding::new(
        pages::LOOSENED.id,
        Severity::Info,
        place,
        format!("the repository does not extend {}", handed.name),
    );
    Some(
        finding
            .why("It holds in this run because it was handed over, and in no run of the repository's own")
            .fix("Name it under `[extends]` with its SHA-256")
            .subject("extends"),
    )
}

fn silencers<'s>(
    side: &'s Side,
    words: &'s Words,
    inherited: Option<&'s [Suppressed]>,
    options: &Options,
) -> Silencers<'s> {
    let own = !options.judging.nothing_of_its_own;
    Silencers {
        judge: words.judge(),
        now: options.now,
        documents: &side.documents,
        comments: if own { &side.comments } else { &[] },
        inherited,
        known: (words.baseline.as_ref()).map(|(file, baseline)| Known { file, baseline }),
        next: None,
    }
}

pub(super) fn by_own(
    side: &Side,
    words: &Words,
    known: &Identity<'_>,
    options: &Options,
) -> Report {
    let report = finished(side.report.clone(), words, known, options);
    silence(report, &silencers(side, words, None, options))
}

fn by_nothing_of_its_own(
    side: impl FnOnce(&Words) -> Side,
    known: &Identity<'_>,
    options: &Options,
) -> Result<Report, AuditError> {
    if options.judging.baseline.is_some() {
        return Err(JudgeError::Part.into());
    }
    let words = Words::without_repository(&options.judging)?;
    let side = &side(&words);
    let report = finished(side.report.clone(), &words, known, options);
    Ok(silence(
        report,
        &silencers(side, &words, Some(&[]), options),
    ))
}

fn by_base(
    root: &Path,
    input: &Input,
    head: impl FnOnce(&Words) -> Side,
    base: &Base,
    known: &Identity<'_>,
    options: &Options,
) -> Result<Report, AuditError> {
    let files = Files::base(root, base, &options.limits)?;
    let commit = files.id().unwrap_or_default();
    let words = Words::read(&files, &options.judging)?;
    let before = decide(
        git::revision(root, &commit, &options.limits)?,
        known,
        &words,
        options,
        false,
    );
    let head = &head(&words);
    let before_report = by_own(&before, &words, known, options);

    // What the change would bring, to show it; it judges nothing.
    let (next, head_commit) = match input {
        Input::Revision { revision, .. } => (
            Files::commit(root, revision, &options.limits)?,
            revision.as_str(),
        ),
        _ => (Files::work_tree(root, &options.limits)?, "HEAD"),
    };
    let head_commit = Files::commit(root, head_commit, &options.limits)?;
    for path in &options.judging.settings {
        if head_commit.holds(path)? {
            let path = path.clone();
            return Err(JudgeError::SettingsOfChange { path }.into());
        }
    }
    let next = Next::read(&next, &words, options);
    let report = finished(head.report.clone(), &words, known, options);
    let mut silencers = silencers(head, &words, Some(&before_report.suppressed), options);
    silencers.next = next.parsed.as_ref();
    let mut report = silence(report, &silencers);
    let edits = match options.judging.nothing_of_its_own {
        true => Vec::new(),
        false => edits(&words, &before, &next, head),
    };
    let name = match base {
        Base::Named(name) => name.clone(),
        Base::Change(change) => format!("the base of {}", change.name),
    };
    report.judged_by = Some(JudgedBy {
        name: name.clone(),
        commit,
        edits: edits.len(),
    });
    let report = report.joined(edits);
    Ok(match base {
        Base::Named(_) => report.compared(&before_report, &name),
        Base::Change(_) => report,
    })
}

/// The files of a change that would judge after the merge.
#[derive(Default)]
struct Next {
    config: Option<SourceFile>,
    parsed: Option<Config>,
    organisation: Option<SourceFile>,
    baseline: Option<SourceFile>,
    /// What could not be read at all.
    broken: Vec<JudgeError>,
}

impl Next {
    fn read(files: &Files, words: &Words, options: &Options) -> Self {
        let mut next = Self::default();
        match files.config() {
            Ok(config) => next.config = config,
            Err(error) => next.broken.push(error),
        }
        next.parsed = (next.config.as_ref())
            .and_then(|file| Config::parse(file, Scope::Repository, &rule_ids()).ok());
        let config = next.parsed.as_ref().or(words.config.as_ref());
        let extends = config.and_then(|config| config.extends.as_ref());
        let organisation = match extends.map(|extends| &extends.source) {
            Some(Source::Path(path)) => read(files, path, MAX_BYTES),
            _ => Ok(None),
        };
        let named = config.and_then(|config| config.baseline.as_ref());
        let baseline = match (&options.judging.baseline, named) {
            (Some(path), _) => (files.outside(path)).and_then(|bytes| {
                bytes
                    .map(|b| text(&path.display().to_string(), b))
                    .transpose()
            }),
            (None, Some(path)) => read(files, &path.value, baseline::MAX_BYTES),
            (None, None) => Ok(None),
        };
        for (slot, found) in [
            (&mut next.organisation, organisation),
            (&mut next.baseline, baseline),
        ] {
            match found {
                Ok(file) => *slot = file,
                Err(error) => next.broken.push(error),
            }
        }
        next
    }
}

fn read(files: &Files, path: &str, limit: u64) -> Result<Option<SourceFile>, JudgeError> {
    let bytes = files.bytes(path, limit)?;
    bytes.map(|bytes| text(path, bytes)).transpose()
}

/// Every edit of a silencer between the base and the change.
fn edits(words: &Words, before: &Side, next: &Next, head: &Side) -> Vec<Finding> {
    let base = Sources {
        config: words.config.as_ref().map(|config| &config.file),
        organisation: words.organisation_inside.as_ref(),
        comments: &before.comments,
        baseline: words.baseline.as_ref().map(|(file, _)| file),
    };
    let change = Sources {
        config: next.config.as_ref(),
        organisation: next.organisation.as_ref(),
        comments: &head.comments,
        baseline: next.baseline.as_ref(),
    };
    let mut edits = changed(&base, &change, &rule_ids());
    edits.extend(next.broken.iter().map(|error| {
        let message = format!("the configuration could not be read after the merge: {error}");
        let place = Location::whole_file("cofferdam.toml");
        Finding::new(pages::CHANGED.id, Severity::Medium, place, message)
            .why("Every run would end without a result")
            .fix("Mend it before the merge; `cofferdam config check` tells what is wrong")
    }));
    edits
}
