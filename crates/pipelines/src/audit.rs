//! The audit of one repository, from a path to a report.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_facts::Timestamp;
use cofferdam_facts::settings::Snapshot;
use cofferdam_facts::uses_policy::UsesPolicy;
use cofferdam_facts::{Control, Location, SourceFile};
use cofferdam_findings::{NotChecked, Report, controls};
use cofferdam_rules::context::Facts;
use cofferdam_rules::controls::decided_elsewhere;
use cofferdam_rules::{Context, Sink};
use cofferdam_workflows::Repository;
use cofferdam_workflows::repository::Part;

use crate::collect::{self, CollectError, Collected};
use crate::data::Data;
use crate::gap::Gap;
use crate::git::{self, GitError, GitFolder};
use crate::judging::{JudgeError, Judging, Words, all_rules};
use crate::limits::Limits;
use crate::requirement::Requirement;
use crate::slug::Slug;

pub(crate) mod change;
#[cfg(feature = "fix")]
pub mod fixing;
#[cfg(feature = "exposure")]
mod ranking;
mod side;
pub mod standing;

pub(crate) use side::Side;

/// What is audited.
#[derive(Clone, Debug)]
pub struct Target {
    /// What it is called in the report.
    pub name: String,
    /// Where it is.
    pub input: Input,
}

/// Where the files come from.
#[derive(Clone, Debug)]
pub enum Input {
    /// A checkout, the `.github` folder of one, or a single file.
    Path(PathBuf),
    /// A commit of the repository at a path.
    Revision {
        /// The root of the checkout, or a repository without a work tree.
        root: PathBuf,
        /// The revision as it was written.
        revision: String,
    },
    /// One document that was read from a stream.
    Text {
        /// Its path in the repository, which tells what it is.
        path: String,
        /// Its bytes; where there are too many, how many were seen.
        bytes: Result<Vec<u8>, u64>,
    },
}

/// What is known besides the files, and what must be known.
#[derive(Clone, Debug)]
pub struct Options {
    /// Settings of repositories; each is used for the repository it names.
    pub settings: Vec<Snapshot>,
    /// The data pack.
    pub data: Data,
    /// The time of the run.
    pub now: Timestamp,
    /// The repository that is audited, whatever its remote says.
    pub repository: Option<Slug>,
    /// The repository that is audited, where nothing else says it.
    pub fallback_repository: Option<Slug>,
    /// A host that is GitHub's besides `github.com`.
    pub server: Option<String>,
    /// Facts without which the run must not end as clean.
    pub required: Vec<Requirement>,
    /// How much is read.
    pub limits: Limits,
    /// Whether this is the only repository of the run, so that settings of
    /// another one are a mistake.
    pub only: bool,
    /// By whose word repositories are judged.
    pub judging: Judging,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Nothing could be read.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// The commit could not be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// It is not known by whose word it is judged.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// The settings are those of another repository.
    #[error("the settings are those of {settings}, but {name} is {repository}")]
    OtherSettings {
        /// The repository of the settings.
        settings: String,
        /// What was audited.
        name: String,
        /// The repository that it is.
        repository: String,
    },
}

impl AuditError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Collect(CollectError::Bare { .. }) => {
                Some("name the commit that is meant, as in `--rev HEAD`")
            }
            Self::Collect(CollectError::NotADocument { .. }) => Some(
                "name the root of a repository, or a workflow file as in `.github/workflows/ci.yml`",
            ),
            Self::Collect(_) => None,
            Self::Git(error) => error.hint(),
            Self::Judge(error) => error.hint(),
            Self::OtherSettings { .. } => {
                Some("if the checkout is a fork of it, say so with `--repository OWNER/NAME`")
            }
        }
    }

    /// Whether the command was used wrongly, as opposed to something that
    /// could not be checked.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Collect(_) | Self::OtherSettings { .. } => true,
            Self::Git(error) => error.is_usage(),
            Self::Judge(error) => error.is_usage(),
        }
    }

    /// The report that stands for a repository which gave none, so that it is
    /// not missing among many.
    #[must_use]
    pub fn into_report(self, name: &str) -> Report {
        Report {
            name: name.to_owned(),
            not_checked: vec![NotChecked {
                code: match self {
                    Self::Judge(_) => "configuration",
                    _ => "unreadable",
                },
                message: self.to_string(),
                location: None,
                settle: self
                    .hint()
                    .unwrap_or("make it readable and run again")
                    .to_owned(),
                required: true,
            }],
            ..Report::default()
        }
        .finish()
    }
}

/// Audits one repository.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all.
pub fn audit(target: &Target, options: &Options) -> Result<Report, AuditError> {
    let collected = collect(&target.input, &options.limits)?;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let known = Identity {
        name: &target.name,
        slug: slug.as_ref(),
        settings,
    };
    change::judged(&target.input, collected, &known, options)
}

/// What is known of a repository besides its files.
pub(crate) struct Identity<'i> {
    pub(crate) name: &'i str,
    pub(crate) slug: Option<&'i Slug>,
    pub(crate) settings: Option<&'i Snapshot>,
}

/// Reads what an input names.
pub(crate) fn collect(input: &Input, limits: &Limits) -> Result<Collected, AuditError> {
    Ok(match input {
        Input::Path(path) => match fs::metadata(path) {
            Ok(found) if found.is_dir() => folder(path, limits)?,
            _ => collect::single_file(path, limits)?,
        },
        Input::Revision { root, revision } => git::revision(root, revision, limits)?,
        Input::Text { path, bytes } => collect::text(path, bytes.clone(), limits),
    })
}

/// Reads a folder. `.github` and `.github/workflows` mean the repository that
/// they belong to: people point at them by habit.
fn folder(path: &Path, limits: &Limits) -> Result<Collected, CollectError> {
    match (repository_around(path), github_around(path)) {
        (Some(root), _) => collect::checkout(&root, limits),
        (None, Some(root)) => collect::github_folder(&root, limits),
        (None, None) => collect::checkout(path, limits),
    }
}

/// The folder at which the names of a checkout's files begin, whether it or a
/// part of it is named.
#[cfg(feature = "lock")]
pub(crate) fn root_of(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.parent().unwrap_or(path).to_owned();
    }
    (repository_around(path).or_else(|| github_around(path))).unwrap_or_else(|| path.to_owned())
}

/// The repository whose `.github` or `.github/workflows` a folder is.
fn repository_around(path: &Path) -> Option<PathBuf> {
    github_around(path).filter(|root| matches!(GitFolder::open(root), Ok(Some(_))))
}

fn github_around(path: &Path) -> Option<PathBuf> {
    let canonical = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    [".github/workflows", ".github"].iter().find_map(|inner| {
        let depth = inner.split('/').count();
        let root = canonical.ancestors().nth(depth)?;
        (root.join(inner) == canonical).then(|| root.to_owned())
    })
}

/// Which repository it is, and its settings.
pub(crate) fn identity<'o>(
    name: &str,
    collected: &Collected,
    options: &'o Options,
) -> Result<(Option<Slug>, Option<&'o Snapshot>), AuditError> {
    let server = options.server.as_deref();
    let remote = (collected.remote.as_ref()).and_then(|remote| Slug::from_remote(remote, server));
    let known = (options.repository.clone())
        .or(remote)
        .or_else(|| options.fallback_repository.clone());
    let of = |snapshot: &Snapshot| Slug::parse(&format!("{}/{}", snapshot.owner, snapshot.name));
    let Some(slug) = known else {
        // One snapshot for one checkout without a remote: they belong together.
        let [only] = options.settings.as_slice() else {
            return Ok((None, None));
        };
        return Ok(if options.only {
            (of(only), Some(only))
        } else {
            (None, None)
        });
    };
    let settings = options
        .settings
        .iter()
        .find(|snapshot| of(snapshot).is_some_and(|other| other.is_same(&slug)));
    match (settings, options.settings.first()) {
        (None, Some(other)) if options.only => Err(AuditError::OtherSettings {
            settings: format!("{}/{}", other.owner, other.name),
            name: name.to_owned(),
            repository: slug.to_string(),
        }),
        _ => Ok((Some(slug), settings)),
    }
}

/// That the settings are taken for those of a checkout of which nothing says which
/// repository it is.
#[cfg(feature = "exposure")]
pub(crate) fn assumed(
    collected: &Collected,
    options: &Options,
    settings: Option<&Snapshot>,
) -> Option<NotChecked> {
    let settings = settings?;
    let server = options.server.as_deref();
    let remote = (collected.remote.as_ref()).and_then(|remote| Slug::from_remote(remote, server));
    let known = options.repository.is_some() || options.fallback_repository.is_some();
    (remote.is_none() && !known).then(|| NotChecked {
        code: "repository",
        message: format!(
            "no remote says which repository this is; the settings of {}/{} are taken for its own",
            settings.owner, settings.name
        ),
        location: None,
        settle: "say which it is with `--repository OWNER/NAME`".to_owned(),
        required: false,
    })
}

/// Everything that is found in files, before anything is silenced; on the side
/// that is shown, with what it exposes.
pub(crate) fn decide(
    collected: Collected,
    known: &Identity<'_>,
    words: &Words,
    options: &Options,
    shown: bool,
) -> Side {
    let material = Material::new(collected, known, options);
    let policies = words.policies();
    let facts = Facts {
        // What a secret of a registry can do decides what is exposed.
        registries: words
            .config
            .as_ref()
            .map_or(&[], |config| &config.registries),
        visibility: (words.config.as_ref())
            .and_then(|config| config.visibility.as_ref())
            .map(|said| &said.value),
        ..facts(known, &policies, options)
    };
    let cx = Context::new(&material.repository, facts);
    let side = material.side(&cx, &material.sources, known, options);
    let side = if shown && options.judging.exposure {
        ranked(&cx, side)
    } else {
        side
    };
    // To take all of it apart takes a tenth of the time that it took to make.
    cx.discard();
    rayon::spawn(move || drop(material));
    side
}

#[cfg(feature = "exposure")]
fn ranked(cx: &Context<'_>, mut side: Side) -> Side {
    let unknown = ranking::rank(cx, &mut side.report.findings);
    side.report.not_checked.extend(unknown);
    side
}

/// Without the graph of who reaches what, the order is that of severity.
#[cfg(not(feature = "exposure"))]
fn ranked(_: &Context<'_>, side: Side) -> Side {
    side
}

/// What was read, put together.
pub(crate) struct Material {
    pub(crate) repository: Repository,
    /// The texts of the documents, those included that others refer to.
    pub(crate) sources: Vec<SourceFile>,
    /// How many documents were read.
    files: usize,
    read: BTreeSet<String>,
    part: bool,
    revision: Option<String>,
    gaps: Vec<Gap>,
}

impl Material {
    pub(crate) fn new(collected: Collected, known: &Identity<'_>, options: &Options) -> Self {
        Self::parsed(collected, known, options, &Part::read)
    }

    /// The same, where some documents may have been parsed before.
    pub(crate) fn parsed(
        mut collected: Collected,
        known: &Identity<'_>,
        options: &Options,
        parse: &(dyn Fn(SourceFile) -> Option<Part> + Sync),
    ) -> Self {
        let mut sources = collected.files.clone();
        let repository = collected.parsed(known.slug, &options.limits, parse);
        // Actions that were read because something refers to them.
        let listed: BTreeSet<String> = (sources.iter())
            .map(|file| file.path().to_owned())
            .collect();
        let actions = repository
            .actions
            .iter()
            .map(|action| action.document.file());
        sources.extend(
            actions
                .filter(|file| !listed.contains(file.path()))
                .cloned(),
        );
        Self {
            repository,
            sources,
            files: collected.read.len(),
            read: collected.read,
            part: collected.part,
            revision: collected.revision,
            gaps: collected.gaps,
        }
    }

    /// What the rules find, in these texts or in edited ones.
    pub(crate) fn side(
        &self,
        cx: &Context<'_>,
        sources: &[SourceFile],
        known: &Identity<'_>,
        options: &Options,
    ) -> Side {
        let mut sink = cofferdam_rules::run(cx);
        if self.part {
            keep_what_was_read(&mut sink, &self.read);
        }
        let mut controls = controls::derive_all(sink.evidence, otherwise);
        for state in &mut controls {
            state.elsewhere =
                state.evidence.is_empty() && decided_elsewhere(state.control).is_some();
        }
        let mut not_checked = sink.not_checked;
        not_checked.extend(self.gaps.iter().cloned().map(NotChecked::from));
        not_checked.extend(options.data.not_checked().cloned());
        let report = Report {
            name: known.name.to_owned(),
            repository: known.slug.map(ToString::to_string),
            revision: self.revision.clone(),
            files: self.files,
            findings: sink.findings,
            controls,
            not_checked,
            rules: all_rules(),
            ..Report::default()
        };
        Side::new(report, cx.repository, sources)
    }
}

/// The facts from outside the checkout.
pub(crate) fn facts<'f>(
    known: &Identity<'f>,
    policies: &'f [UsesPolicy],
    options: &'f Options,
) -> Facts<'f> {
    Facts {
        settings: known.settings,
        pack: options.data.pack(),
        policies,
        registries: &[],
        visibility: None,
        now: Some(options.now),
    }
}

/// What is said of a control of which nothing was seen.
fn otherwise(control: Control) -> String {
    decided_elsewhere(control).map_or_else(
        || "nothing was read that tells".to_owned(),
        ToOwned::to_owned,
    )
}

/// Where only some files were named, nothing is said about files that nobody
/// looked for.
fn keep_what_was_read(sink: &mut Sink, read: &BTreeSet<String>) {
    let kept = |location: &Location| read.contains(&*location.path);
    sink.findings.retain(|finding| kept(&finding.location));
    sink.evidence
        .retain(|piece| piece.location.as_ref().is_some_and(kept));
    sink.not_checked
        .retain(|one| one.location.as_ref().is_none_or(kept));
}
