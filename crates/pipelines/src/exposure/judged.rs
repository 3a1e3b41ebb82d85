//! The exposures of a checkout under the configuration that judges it: its own,
//! or on a change that of the base, with the base beside it.

use std::collections::BTreeMap;

use cofferdam_config::{Config, Scope, Sources, changed};
use cofferdam_facts::{Location, SourceFile};
use cofferdam_findings::{Finding, Severity};

use super::{Exposed, Known, declared, of_collected, texts};
use crate::audit::change::{base, root};
use crate::audit::{AuditError, Input, Options, Target, collect, identity};
use crate::collect::Collected;
use crate::git;
use crate::judging::{Base, Files, JudgeError, rule_ids, visibility};
use crate::slug::Slug;

/// A checkout under the configuration that judges it.
#[derive(Debug)]
pub struct Judged {
    /// What is there.
    pub head: Exposed,
    /// The texts that were read of it.
    pub files: Vec<SourceFile>,
    /// The configuration that judges, if there is one.
    pub config: Option<Config>,
    /// The base, where one judges.
    pub before: Option<Before>,
}

/// The base of a change.
#[derive(Debug)]
pub struct Before {
    /// How it was named.
    pub name: String,
    /// Its commit.
    pub commit: String,
    /// Whether the user named it, as opposed to the job.
    pub named: bool,
    /// What was there, by the same settings and declarations.
    pub exposed: Exposed,
    /// The texts that were read of it.
    pub files: Vec<SourceFile>,
    /// What the change does to the configuration. None of it counts yet.
    pub edits: Vec<Finding>,
    /// The configuration that would judge after the merge, if it can be read.
    pub next: Option<Config>,
}

impl Before {
    /// The old path of each file that the change has only moved.
    #[must_use]
    pub fn moved(&self, head: &[SourceFile]) -> BTreeMap<String, String> {
        let is_in = |path: &str, files: &[SourceFile]| files.iter().any(|f| f.path() == path);
        let gone = self.files.iter().filter(|old| !is_in(old.path(), head));
        let mut moved = BTreeMap::new();
        for old in gone {
            let new = head.iter().find(|new| {
                !is_in(new.path(), &self.files)
                    && new.text() == old.text()
                    && !moved.contains_key(new.path())
            });
            if let Some(new) = new {
                moved.insert(new.path().to_owned(), old.path().to_owned());
            }
        }
        moved
    }
}

/// Works out the exposures of a checkout, and on a change those of its base.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all, or the base
/// that judges cannot be read.
pub fn judged(target: &Target, options: &Options) -> Result<Judged, AuditError> {
    let collected = collect(&target.input, &options.limits)?;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let side = side(&target.input, &collected, options)?;
    let known = Known {
        slug: slug.as_ref(),
        settings,
        visibility: visibility(&options.judging, side.config.as_ref(), settings)?,
        registries: declared(side.config.as_ref()),
    };
    let before = match &side.base {
        Some((base, files)) => Some(before(&target.input, base, files, &side, &known, options)?),
        None => None,
    };
    let files = texts(&collected);
    let head = of_collected(collected, &known, options);
    Ok(Judged {
        head,
        files,
        config: side.config,
        before,
    })
}

/// The configuration that judges an input.
pub(crate) fn config(
    input: &Input,
    collected: &Collected,
    options: &Options,
) -> Result<Option<Config>, JudgeError> {
    side(input, collected, options).map(|side| side.config)
}

/// Who judges.
struct Side<'o> {
    config: Option<Config>,
    base: Option<(&'o Base, Files)>,
}

fn side<'o>(
    input: &Input,
    collected: &Collected,
    options: &'o Options,
) -> Result<Side<'o>, JudgeError> {
    let part = collected.part;
    let remote = (collected.remote.as_ref())
        .and_then(|remote| Slug::from_remote(remote, options.server.as_deref()));
    let base = base(input, part, remote.as_ref(), options)?;
    let nothing = Side {
        config: None,
        base: None,
    };
    let Some(root) = root(input).filter(|_| !part) else {
        return Ok(nothing);
    };
    let files = match (base, input) {
        (Some(base), _) => Files::base(&root, base, &options.limits)?,
        (None, Input::Revision { revision, .. }) => {
            Files::commit(&root, revision, &options.limits)?
        }
        (None, _) => Files::work_tree(&root, &options.limits)?,
    };
    Ok(Side {
        config: match options.judging.nothing_of_its_own {
            true => None,
            false => read(&files)?,
        },
        base: base.map(|base| (base, files)),
    })
}

fn read(files: &Files) -> Result<Option<Config>, JudgeError> {
    let Some(file) = files.config()? else {
        return Ok(None);
    };
    Ok(Some(Config::parse(&file, Scope::Repository, &rule_ids())?))
}

fn before(
    input: &Input,
    base: &Base,
    files: &Files,
    side: &Side<'_>,
    known: &Known<'_>,
    options: &Options,
) -> Result<Before, AuditError> {
    let root = root(input).ok_or(JudgeError::Part)?;
    let commit = files.id().unwrap_or_default();
    let (head, head_commit) = match input {
        Input::Revision { revision, .. } => (
            Files::commit(&root, revision, &options.limits)?,
            revision.as_str(),
        ),
        _ => (Files::work_tree(&root, &options.limits)?, "HEAD"),
    };
    // A change does not tell what is set.
    let head_commit = Files::commit(&root, head_commit, &options.limits)?;
    for path in &options.judging.settings {
        if head_commit.holds(path)? {
            let path = path.clone();
            return Err(JudgeError::SettingsOfChange { path }.into());
        }
    }
    let (edits, next) = edits(side.config.as_ref(), &head);
    let collected = git::revision(&root, &commit, &options.limits)?;
    let texts = texts(&collected);
    Ok(Before {
        name: match base {
            Base::Named(name) => name.clone(),
            Base::Change(change) => format!("the base of {}", change.name),
        },
        commit,
        named: matches!(base, Base::Named(_)),
        exposed: of_collected(collected, known, options),
        files: texts,
        edits,
        next,
    })
}

/// What a change does to claims, declarations and what is allowed, and the
/// configuration after it.
fn edits(base: Option<&Config>, head: &Files) -> (Vec<Finding>, Option<Config>) {
    let (file, broken) = match head.config() {
        Ok(file) => (file, None),
        Err(error) => (None, Some(error)),
    };
    let sources = |config| Sources {
        config,
        ..Sources::default()
    };
    let old = base.map(|config| &config.file);
    let mut edits = changed(&sources(old), &sources(file.as_ref()), &rule_ids());
    if let Some(error) = broken {
        let message = format!("the configuration could not be read after the merge: {error}");
        let place = Location::whole_file("cofferdam.toml");
        edits = vec![Finding::new(
            "silencer-changed",
            Severity::Medium,
            place,
            message,
        )];
    }
    edits.retain(|edit| {
        let subject = edit
            .subject
            .strip_prefix("removed ")
            .unwrap_or(&edit.subject);
        let ours = ["claim ", "registry ", "exposure"];
        ours.iter().any(|key| subject.starts_with(key)) || edit.severity > Severity::Info
    });
    let next = file.and_then(|file| Config::parse(&file, Scope::Repository, &rule_ids()).ok());
    (edits, next)
}
