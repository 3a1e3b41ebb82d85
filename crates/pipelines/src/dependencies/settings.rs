//! What a project has decided, read from the base of a change.

use std::collections::BTreeSet;

use cofferdam_dependencies::config::{self, Input, Standing};
use cofferdam_dependencies::{Check, Policy, Unknown};
use cofferdam_facts::SourceFile;
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::Ecosystem;

use super::DependenciesError;
use crate::git::{Blob, Commit};

/// Where the configuration of `dependency-review-action` is looked for.
pub const ACTION_CONFIGS: &[&str] = &[
    ".github/dependency-review-config.yml",
    ".github/dependency-review-config.yaml",
];
/// Where osv-scanner's is, at the root.
const OSV_SCANNER: &str = "osv-scanner.toml";

/// What whoever runs the command adds to what the base says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The path of the action's configuration in the base, instead of those that
    /// are looked for.
    pub action_config: Option<String>,
    /// What fails, instead of the defaults.
    pub fails: Option<BTreeSet<Check>>,
    /// What follows from a licence that nobody states.
    pub unknown_licence: Option<Unknown>,
    /// How many days a version has to be public.
    pub cooldown: Option<u32>,
    /// Lists of known names in the base: the ecosystem and the path.
    pub known_names: Vec<(Ecosystem, String)>,
}

/// The decisions, and the files that they are from.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) policy: Policy,
    /// The files that were read.
    pub(super) files: Vec<String>,
    /// Settings that mean nothing here, each with the reason.
    pub(super) notes: Vec<String>,
}

pub(super) fn read(
    base: &Commit,
    name: &str,
    settings: &Settings,
) -> Result<Decided, DependenciesError> {
    let mut decided = Decided {
        policy: Policy::default(),
        files: Vec::new(),
        notes: Vec::new(),
    };
    let asked = settings.action_config.as_deref();
    let looked_for = ACTION_CONFIGS.iter().copied();
    let places: Vec<&str> = asked.map_or_else(|| looked_for.collect(), |path| vec![path]);
    let mut found = false;
    for path in places {
        let Some(file) = file(base, path)? else {
            continue;
        };
        let (policy, idle) = config::read_action(&file)?;
        decided.policy = policy;
        decided
            .notes
            .extend(idle.iter().map(|input| note(path, input)));
        decided.files.push(path.to_owned());
        found = true;
        break;
    }
    if let (Some(path), false) = (asked, found) {
        return Err(DependenciesError::NoSettings {
            path: path.to_owned(),
            base: name.to_owned(),
        });
    }
    if let Some(file) = file(base, OSV_SCANNER)? {
        let (ignored, idle) = config::read_osv_scanner(&file)?;
        decided.policy.ignored.extend(ignored);
        decided.notes.extend(idle.iter().map(|key| {
            format!("`{key}` of {OSV_SCANNER} changes what osv-scanner scans, and nothing here")
        }));
        decided.files.push(OSV_SCANNER.to_owned());
    }
    if let Some(fails) = &settings.fails {
        decided.policy.fails.clone_from(fails);
    }
    if let Some(unknown) = settings.unknown_licence {
        decided.policy.unknown_licence = unknown;
    }
    if settings.cooldown.is_some() {
        decided.policy.cooldown = settings.cooldown;
    }
    Ok(decided)
}

fn note(path: &str, input: &Input) -> String {
    let why = match input.standing {
        Standing::NotApplicable(why) => why,
        Standing::Honoured => "",
    };
    format!("`{}` of {path} means nothing here: {why}", input.name)
}

/// The text of a file of the base. A link decides nothing.
pub(super) fn file(base: &Commit, path: &str) -> Result<Option<SourceFile>, DependenciesError> {
    let unreadable = |reason: &str| DependenciesError::Unreadable {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    match base.file(path, config::MAX_BYTES)? {
        None => Ok(None),
        Some(Blob::Bytes(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(SourceFile::new(path, text))),
            Err(_) => Err(unreadable("it is not UTF-8")),
        },
        Some(Blob::TooLarge) => Err(unreadable("it is too large")),
        Some(Blob::NotAFile) => Err(unreadable("it is no regular file")),
    }
}

/// What is to be said of settings that a change brings: they do not count yet.
pub(super) fn edits(
    base: &Commit,
    head: &Commit,
    settings: &Settings,
) -> Result<Vec<NotChecked>, DependenciesError> {
    let mut paths: Vec<&str> = ACTION_CONFIGS.to_vec();
    paths.push(OSV_SCANNER);
    paths.extend(cofferdam_config::PLACES);
    paths.extend(settings.action_config.as_deref());
    paths.sort_unstable();
    paths.dedup();
    let mut edits = Vec::new();
    for path in paths {
        let bytes = |commit: &Commit| {
            Ok::<_, DependenciesError>(match commit.file(path, config::MAX_BYTES)? {
                None => None,
                Some(Blob::Bytes(bytes)) => Some(bytes),
                Some(Blob::TooLarge | Blob::NotAFile) => Some(Vec::new()),
            })
        };
        if bytes(base)? == bytes(head)? {
            continue;
        }
        edits.push(NotChecked {
            code: "settings-edited",
            message: format!("{path}: the change edits it; the review is by the words of the base"),
            location: Some(cofferdam_facts::Location::whole_file(
                std::sync::Arc::<str>::from(path),
            )),
            settle: "look at the edit by itself: it holds after the merge".to_owned(),
            required: false,
        });
    }
    Ok(edits)
}
