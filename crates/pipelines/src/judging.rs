//! By whose word a repository is judged: its own, or on a change that of its
//! base; under its organisation's.
//!
//! What judges a change never comes from that change. The configuration, the
//! baseline and, in [`crate::audit`], the comments are then read from git's
//! objects of the base; a base that is not there is an error, never an excuse.

mod sources;

use std::path::{Path, PathBuf};

use cofferdam_config::config::{Extends, Source};
use cofferdam_config::organisation::digest;
use cofferdam_config::{Config, Judge, Mistakes, OF_DEPENDENCIES, RULES as ABOUT_SILENCERS, Scope};
use cofferdam_facts::SourceFile;
use cofferdam_facts::settings::{Snapshot, Visibility};
use cofferdam_facts::uses_policy::UsesPolicy;
use cofferdam_findings::{Baseline, BaselineError, Threshold};
use cofferdam_rules::RULES;

use crate::git::GitError;
use crate::limits::Limits;
use crate::slug::Slug;

pub(crate) use sources::Files;

/// How the caller wants repositories to be judged.
#[derive(Clone, Debug, Default)]
pub struct Judging {
    /// Nothing that a repository says about itself counts.
    pub nothing_of_its_own: bool,
    /// The base that judges, and with which is compared.
    pub base: Option<Base>,
    /// The organisation's file that was handed over.
    pub organisation: Option<OrganisationFile>,
    /// The baseline, instead of that of the configuration.
    pub baseline: Option<PathBuf>,
    /// No baseline counts, not even that of the configuration.
    pub without_baseline: bool,
    /// The threshold, instead of that of the configuration.
    pub fail_on: Option<Threshold>,
    /// Where the settings were read. A change does not tell what is set.
    pub settings: Vec<PathBuf>,
    /// Who sees the repository, by the word of whoever runs the command.
    pub visibility: Option<Visibility>,
    /// Whether findings say what their places expose, and are ranked by it. It
    /// changes nothing about which of them count.
    pub exposure: bool,
}

/// The base of a change.
#[derive(Clone, Debug)]
pub enum Base {
    /// A revision that the user named; findings are compared with it.
    Named(String),
    /// The base of the pull request that a job runs for. It judges, and
    /// everything that it does not silence counts.
    Change(Change),
}

/// What a job knows of the change that it runs for.
#[derive(Clone, Debug)]
pub struct Change {
    /// What the change is called, as in "pull request 12".
    pub name: String,
    /// The folder in which the job works.
    pub workspace: PathBuf,
    /// The repository that is changed.
    pub repository: Option<Slug>,
    /// What may name the base, the surest first.
    pub candidates: Vec<Candidate>,
}

/// One way to find the base in a clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// The first parent of the commit `merge`, if it is what is checked out and
    /// its second parent is `head`: GitHub made it of the base and the change.
    MergeOf {
        /// The merge commit.
        merge: String,
        /// The newest commit of the change.
        head: String,
    },
    /// A revision.
    Revision(String),
}

/// An organisation's file as it was handed over.
#[derive(Clone, Debug)]
pub struct OrganisationFile {
    /// What it is called.
    pub name: String,
    /// Where it was read. What lies in a repository that changes is not taken
    /// from the change.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why it is not known by whose word a repository is judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// Both places of the configuration are taken.
    #[error("there are both cofferdam.toml and .github/cofferdam.toml")]
    TwoFiles,
    /// A configuration is wrong.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
    /// A file that judges cannot be read.
    #[error("{path} {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The base cannot be read.
    #[error("the base `{name}` cannot be read: {source}")]
    Base {
        /// The base as it was named.
        name: String,
        /// Why.
        source: GitError,
    },
    /// Nothing that may name the base is in the clone.
    #[error("the base of {name} is not in this clone{}", looked_for(tried))]
    NoBase {
        /// The change.
        name: String,
        /// What was looked for.
        tried: Vec<String>,
    },
    /// The settings lie in the change.
    #[error("{} is part of the change, and does not tell what is set", path.display())]
    SettingsOfChange {
        /// The file.
        path: PathBuf,
    },
    /// The settings say something else than whoever told who sees the repository.
    #[error("{place} says that the repository is {said}, but the settings say {known}")]
    Visibility {
        /// Where it was told.
        place: String,
        /// What.
        said: Visibility,
        /// What the settings say.
        known: Visibility,
    },
    /// A single file has no base.
    #[error("a base goes with the root of a checkout, not with a part of it")]
    Part,
    /// The organisation's file is published elsewhere and was not handed over.
    #[error("the organisation's file {url} is needed to judge, and was not handed over")]
    NoOrganisation {
        /// Where it is published.
        url: String,
    },
    /// The organisation's file is not the one that is named.
    #[error("the organisation's file {name} has the SHA-256 {found}, but {expected} is named")]
    OtherOrganisation {
        /// The file.
        name: String,
        /// What the repository names.
        expected: String,
        /// What it has.
        found: String,
    },
    /// A baseline cannot be understood.
    #[error("{path}: {source}")]
    Baseline {
        /// The file.
        path: String,
        /// Why.
        source: BaselineError,
    },
    /// A baseline is not there.
    #[error("there is no baseline at {path}")]
    NoBaseline {
        /// The file.
        path: String,
    },
}

fn looked_for(tried: &[String]) -> String {
    if tried.is_empty() {
        ", and the job does not say which it is".to_owned()
    } else {
        format!("; looked for {}", tried.join(", "))
    }
}

impl JudgeError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::TwoFiles => "keep one of them",
            Self::Base { source, .. } => return source.hint(),
            Self::NoBase { .. } => {
                "give `actions/checkout` the input `fetch-depth: 2`, or 0 where it checks out \
                 another ref; or let nothing be silenced at all, with `--no-config`"
            }
            Self::SettingsOfChange { .. } => {
                "write a snapshot to a place outside of the repository, and keep it there"
            }
            Self::Visibility { .. } => {
                "mend it, or take it away: the settings tell it by themselves"
            }
            Self::Part => "name the root of the checkout",
            Self::NoOrganisation { .. } => {
                "fetch it and hand it over with `--organisation FILE`; its SHA-256 is checked"
            }
            Self::OtherOrganisation { .. } => {
                "hand over the file that is named, or change the digest in a change of its own"
            }
            Self::NoBaseline { .. } => {
                "write the first one with `--baseline FILE --update-baseline --allow-growth`"
            }
            Self::Mistakes(_) | Self::Unreadable { .. } | Self::Baseline { .. } => return None,
        })
    }

    /// Whether something is wrong with what the user wrote, as opposed to
    /// something that could not be checked.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::TwoFiles
            | Self::Mistakes(_)
            | Self::Part
            | Self::SettingsOfChange { .. }
            | Self::Visibility { .. }
            | Self::Baseline { .. }
            | Self::NoBaseline { .. } => true,
            Self::Base { source, .. } => source.is_usage(),
            Self::Unreadable { .. }
            | Self::NoBase { .. }
            | Self::NoOrganisation { .. }
            | Self::OtherOrganisation { .. } => false,
        }
    }
}

/// Who sees the repository, as far as it is told: by whoever runs the command,
/// else by the configuration that judges.
///
/// # Errors
/// [`JudgeError::Visibility`] if the settings say something else.
pub(crate) fn visibility<'w>(
    judging: &'w Judging,
    config: Option<&'w Config>,
    settings: Option<&Snapshot>,
) -> Result<Option<&'w Visibility>, JudgeError> {
    let by_config = || {
        let config = config?;
        let said = config.visibility.as_ref()?;
        Some((config.file.locate(said.span).to_string(), &said.value))
    };
    let by_option = (judging.visibility.as_ref()).map(|said| ("`--visibility`".to_owned(), said));
    let Some((place, said)) = by_option.or_else(by_config) else {
        return Ok(None);
    };
    let known = settings.and_then(|settings| settings.repository.known());
    match known.map(|known| &known.visibility) {
        Some(known) if known != said => Err(JudgeError::Visibility {
            place,
            said: said.clone(),
            known: known.clone(),
        }),
        _ => Ok(Some(said)),
    }
}

/// The ids of all rules that a configuration may name.
#[must_use]
pub fn rule_ids() -> Vec<&'static str> {
    let rules = RULES.iter().map(|rule| rule.info().id);
    rules.chain(OF_DEPENDENCIES.iter().copied()).collect()
}

/// Everything that a report's rules are: those that look at files, and those
/// about silencers.
#[must_use]
pub fn all_rules() -> Vec<cofferdam_findings::RuleInfo> {
    let about_silencers = ABOUT_SILENCERS.iter().map(|info| **info);
    let rules = RULES.iter().map(|rule| *rule.info());
    rules.chain(about_silencers).collect()
}

/// The files that judge one side of a repository, read and understood.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) config: Option<Config>,
    pub(crate) organisation: Option<Config>,
    /// Whether the repository names the organisation's file itself.
    pub(crate) extends: bool,
    /// The organisation's file, where it lies in the repository.
    pub(crate) organisation_inside: Option<SourceFile>,
    pub(crate) baseline: Option<(SourceFile, Baseline)>,
}

impl Words {
    /// Reads what judges from the files of one side.
    pub(crate) fn read(files: &Files, judging: &Judging) -> Result<Self, JudgeError> {
        let rules = rule_ids();
        let config = match files.config()? {
            Some(file) if !judging.nothing_of_its_own => {
                Some(Config::parse(&file, Scope::Repository, &rules)?)
            }
            _ => None,
        };
        let mut words = Self::default();
        words.organisation = words.organisation(config.as_ref(), files, judging, &rules)?;
        words.baseline = baseline(config.as_ref(), files, judging)?;
        words.config = config;
        Ok(words)
    }

    /// What judges where nothing of a repository does.
    pub(crate) fn without_repository(judging: &Judging) -> Result<Self, JudgeError> {
        let handed = judging.organisation.as_ref();
        let organisation = handed.map(|file| parse(file, &rule_ids())).transpose()?;
        Ok(Self {
            organisation,
            ..Self::default()
        })
    }

    /// The lists of what may be used, the organisation's first.
    pub(crate) fn policies(&self) -> Vec<UsesPolicy> {
        let configs = [self.organisation.as_ref(), self.config.as_ref()];
        let lists = configs.into_iter().flatten();
        lists.filter_map(|config| config.uses.clone()).collect()
    }

    pub(crate) fn judge(&self) -> Judge<'_> {
        Judge {
            repository: self.config.as_ref(),
            organisation: self.organisation.as_ref(),
        }
    }

    fn organisation(
        &mut self,
        config: Option<&Config>,
        files: &Files,
        judging: &Judging,
        rules: &[&'static str],
    ) -> Result<Option<Config>, JudgeError> {
        let handed = match &judging.organisation {
            Some(file) => files.of_base(file)?,
            None => None,
        };
        let Some(extends) = config.and_then(|config| config.extends.as_ref()) else {
            return handed.map(|file| parse(&file, rules)).transpose();
        };
        self.extends = true;
        // A file that is handed over must be the named one, also where the
        // repository holds one itself.
        if let Some(file) = &handed {
            check(&file.name, &file.bytes, extends)?;
        }
        let file = match (&extends.source, handed) {
            (Source::Path(path), _) => {
                let bytes = files.bytes(path, cofferdam_config::MAX_BYTES)?;
                let bytes = bytes.ok_or_else(|| JudgeError::Unreadable {
                    path: path.clone(),
                    reason: "is named as the organisation's file and is not there".to_owned(),
                })?;
                check(path, &bytes, extends)?;
                self.organisation_inside = Some(text(path, bytes.clone())?);
                OrganisationFile {
                    name: path.clone(),
                    path: PathBuf::from(path),
                    bytes,
                }
            }
            (Source::Url(_), Some(file)) => file,
            (Source::Url(url), None) => {
                return Err(JudgeError::NoOrganisation { url: url.clone() });
            }
        };
        parse(&file, rules).map(Some)
    }
}

fn check(name: &str, bytes: &[u8], extends: &Extends) -> Result<(), JudgeError> {
    let found = digest(bytes);
    if found == extends.sha256 {
        return Ok(());
    }
    Err(JudgeError::OtherOrganisation {
        name: name.to_owned(),
        expected: extends.sha256.clone(),
        found,
    })
}

fn parse(file: &OrganisationFile, rules: &[&'static str]) -> Result<Config, JudgeError> {
    let file = text(&file.name, file.bytes.clone())?;
    Ok(Config::parse(&file, Scope::Organisation, rules)?)
}

pub(crate) fn text(path: &str, bytes: Vec<u8>) -> Result<SourceFile, JudgeError> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceFile::new(path, text)),
        Err(_) => Err(JudgeError::Unreadable {
            path: path.to_owned(),
            reason: "is not UTF-8".to_owned(),
        }),
    }
}

fn baseline(
    config: Option<&Config>,
    files: &Files,
    judging: &Judging,
) -> Result<Option<(SourceFile, Baseline)>, JudgeError> {
    if judging.nothing_of_its_own || judging.without_baseline {
        return Ok(None);
    }
    let named = config.and_then(|config| config.baseline.as_ref());
    let (path, bytes) = match (&judging.baseline, named) {
        (Some(path), _) => (path.display().to_string(), files.outside(path)?),
        (None, Some(path)) => {
            let limit = cofferdam_findings::baseline::MAX_BYTES;
            (path.value.clone(), files.bytes(&path.value, limit)?)
        }
        (None, None) => return Ok(None),
    };
    let Some(bytes) = bytes else {
        // A base that has no baseline yet knows nothing.
        if files.is_commit() {
            return Ok(None);
        }
        return Err(JudgeError::NoBaseline { path });
    };
    let baseline = Baseline::parse(&bytes).map_err(|source| JudgeError::Baseline {
        path: path.clone(),
        source,
    })?;
    Ok(Some((text(&path, bytes)?, baseline)))
}

/// The file of the baseline that a checkout's configuration names, to be
/// written.
///
/// # Errors
/// [`JudgeError`] if the configuration cannot be understood.
pub fn baseline_of_checkout(root: &Path, limits: &Limits) -> Result<Option<PathBuf>, JudgeError> {
    let files = Files::work_tree(root, limits)?;
    let Some(file) = files.config()? else {
        return Ok(None);
    };
    let config = Config::parse(&file, Scope::Repository, &rule_ids())?;
    Ok(config.baseline.map(|path| root.join(path.value)))
}

/// Checks the configuration of a checkout, and the organisation's file with it.
///
/// # Errors
/// [`JudgeError`] with everything that is wrong.
pub fn check_checkout(
    root: &Path,
    organisation: Option<&OrganisationFile>,
    limits: &Limits,
) -> Result<Checked, JudgeError> {
    let judging = Judging {
        organisation: organisation.cloned(),
        ..Judging::default()
    };
    let words = Words::read(&Files::work_tree(root, limits)?, &judging)?;
    Ok(Checked {
        file: (words.config.as_ref()).map(|config| config.file.path().to_owned()),
        exemptions: words
            .config
            .as_ref()
            .map_or(0, |config| config.exempt.len()),
        organisation: (words.organisation.as_ref()).map(|config| config.file.path().to_owned()),
        known: words.baseline.as_ref().map(|(_, known)| known.total()),
        claims: words
            .config
            .as_ref()
            .map_or(0, |config| config.claims.len()),
        misspelt: words.config.as_ref().map_or_else(Vec::new, misspelt),
    })
}

/// The words of claims that mean nothing, each with its place, as sentences.
#[cfg(feature = "exposure")]
fn misspelt(config: &Config) -> Vec<String> {
    let wrong = cofferdam_exposure::claims::misspelt(config).into_iter();
    wrong.map(|one| one.to_string()).collect()
}

/// Without the graph of who reaches what, nothing knows the words.
#[cfg(not(feature = "exposure"))]
fn misspelt(_: &Config) -> Vec<String> {
    Vec::new()
}

/// What a checked configuration holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The repository's file, if it has one.
    pub file: Option<String>,
    /// How many exemptions it has.
    pub exemptions: usize,
    /// The organisation's file, if there is one.
    pub organisation: Option<String>,
    /// How many findings the baseline knows, if there is one.
    pub known: Option<usize>,
    /// How many claims are made.
    pub claims: usize,
    /// The words of claims and of `[exposure]` that mean nothing in any checkout,
    /// each as a sentence with its place.
    pub misspelt: Vec<String>,
}
