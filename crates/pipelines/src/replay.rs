//! Incidents of the past against one repository.

use std::path::{Path, PathBuf};

use cofferdam_datapack::{DataPack, Incident};
use cofferdam_exposure::Place;
use cofferdam_exposure::replay::{Manifest, Outcome, Replay, era};
use cofferdam_facts::Timestamp;
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::{Ecosystem, Role};
use cofferdam_rules::context::{Context, Facts};
use cofferdam_rules::dependencies;
use cofferdam_workflows::Repository;

use crate::audit::{AuditError, Input, Options, Target, assumed, collect, identity};
use crate::collect::Collected;
use crate::git::{self, Dated};
use crate::limits::Limits;

/// How many dependency files are searched, and how large one may be.
const MOST_MANIFESTS: usize = 64;
const MANIFEST_BYTES: u64 = 32 * 1024 * 1024;

/// Which state of the repository is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The files as they lie there.
    AsIs,
    /// A commit.
    Revision(String),
    /// The commit that stood at the head at the end of a day.
    Day(Timestamp),
    /// For each incident the commits that stood at the head when it began and
    /// when it ended.
    Then,
}

/// What incidents would have done to one repository.
#[derive(Debug)]
pub struct Replayed {
    /// `owner/name`, where it is known.
    pub repository: Option<String>,
    /// Whether the settings were known.
    pub settings: bool,
    /// Each incident with what it would have done.
    pub answers: Vec<Answered>,
    /// Files that were not read.
    pub not_checked: Vec<NotChecked>,
}

/// One incident against one state of the repository.
#[derive(Debug)]
pub struct Answered {
    /// Its place in the list that was asked about.
    pub incident: usize,
    /// The commit that was looked at, where it is one.
    pub commit: Option<Dated>,
    /// What it would have done; none where the repository had no commit yet.
    pub outcome: Option<Outcome>,
    /// The edges of the ways that are told, for printing.
    pub ways: Vec<Vec<Place>>,
    /// Actions of others of which no lock says what they run.
    pub opaque: usize,
}

/// One state of the repository with the incidents that are asked of it.
struct State {
    commit: Option<Dated>,
    era: usize,
    day: Timestamp,
    incidents: Vec<usize>,
}

/// Asks a repository about incidents, in the order in which they are given.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be judged at all, or no history
/// that reaches back far enough.
pub fn replay(
    root: &Path,
    moment: &Moment,
    incidents: &[&Incident],
    pack: &DataPack,
    options: &Options,
) -> Result<Replayed, AuditError> {
    let mut replayed = Replayed {
        repository: None,
        settings: false,
        answers: Vec::new(),
        not_checked: Vec::new(),
    };
    let (states, absent) = states(root, moment, incidents, &options.limits)?;
    for state in states {
        one_state(root, &state, incidents, pack, options, &mut replayed)?;
    }
    replayed
        .answers
        .extend(absent.into_iter().map(|incident| Answered {
            incident,
            commit: None,
            outcome: None,
            ways: Vec::new(),
            opaque: 0,
        }));
    replayed.answers.sort_by(|a, b| {
        let key = |one: &Answered| (one.incident, one.commit.as_ref().map(|c| c.time));
        key(a).cmp(&key(b))
    });
    Ok(replayed)
}

/// The states that are needed, and the incidents that are older than the
/// repository.
fn states(
    root: &Path,
    moment: &Moment,
    incidents: &[&Incident],
    limits: &Limits,
) -> Result<(Vec<State>, Vec<usize>), AuditError> {
    let mut states: Vec<State> = Vec::new();
    let mut absent = Vec::new();
    let fixed = match moment {
        Moment::AsIs | Moment::Then => None,
        Moment::Revision(revision) => Some(git::dated(root, revision, limits)?),
        Moment::Day(day) => {
            let end = Timestamp::from_unix(day.plus_days(1).unix() - 1);
            let heads = git::heads(root, "HEAD", end, end, limits)?;
            let Some(first) = heads.first else {
                return Ok((states, (0..incidents.len()).collect()));
            };
            Some(first)
        }
    };
    for (at, incident) in incidents.iter().enumerate() {
        let mut add = |commit: Option<Dated>| {
            let era = era(incident.from);
            let known = (states.iter_mut()).find(|s| s.commit == commit && s.era == era);
            match known {
                Some(state) => state.incidents.push(at),
                None => states.push(State {
                    commit,
                    era,
                    day: incident.from,
                    incidents: vec![at],
                }),
            }
        };
        if *moment != Moment::Then {
            add(fixed.clone());
            continue;
        }
        let until = incident.until.unwrap_or(incident.from);
        let heads = git::heads(root, "HEAD", incident.from, until, limits)?;
        if heads.first.is_none() && heads.during.is_empty() {
            absent.push(at);
        }
        for commit in heads
            .first
            .into_iter()
            .chain(heads.during.into_iter().take(1))
        {
            add(Some(commit));
        }
    }
    Ok((states, absent))
}

fn one_state(
    root: &Path,
    state: &State,
    incidents: &[&Incident],
    pack: &DataPack,
    options: &Options,
    replayed: &mut Replayed,
) -> Result<(), AuditError> {
    let target = target(root, state.commit.as_ref());
    let mut collected = collect(&target.input, &options.limits)?;
    let (slug, settings) = identity(&target.name, &collected, options)?;
    let config = crate::exposure::judged::config(&target.input, &collected, options)?;
    let assumed = assumed(&collected, options, settings);
    let repository = collected.repository(slug.as_ref(), &options.limits);
    let manifests = manifests(&collected, &repository, &options.limits);
    let facts = Facts {
        policies: &[],
        registries: crate::exposure::declared(config.as_ref()),
        settings,
        visibility: crate::judging::visibility(&options.judging, config.as_ref(), settings)?,
        pack: None,
        // What the platform let be on that day.
        now: Some(state.day),
    };
    let cx = Context::new(&repository, facts);
    let since = state.commit.as_ref().map(|commit| commit.time);
    let stage = Replay::new(&cx, since, &manifests);
    let opaque = stage.opaque_actions();
    for at in &state.incidents {
        let Some(incident) = incidents.get(*at) else {
            continue;
        };
        let outcome = stage.incident(incident, pack);
        let graph = &stage.exposure().graph;
        let ways = outcome.ways.iter().map(|way| {
            let edges = way.path.iter().filter_map(|at| graph.edge(*at));
            edges.flat_map(|edge| edge.places.iter().cloned()).collect()
        });
        replayed.answers.push(Answered {
            incident: *at,
            commit: state.commit.clone(),
            ways: ways.collect(),
            opaque,
            outcome: Some(outcome),
        });
    }
    drop(stage);
    cx.discard();
    replayed.repository = slug.map(|slug| slug.to_string());
    replayed.settings = settings.is_some();
    let gaps = collected.gaps.into_iter().map(NotChecked::from);
    for gap in gaps.chain(assumed) {
        if !replayed.not_checked.contains(&gap) {
            replayed.not_checked.push(gap);
        }
    }
    Ok(())
}

fn target(root: &Path, commit: Option<&Dated>) -> Target {
    let input = match commit {
        Some(commit) => Input::Revision {
            root: root.to_owned(),
            revision: commit.id.clone(),
        },
        None => Input::Path(PathBuf::from(root)),
    };
    Target {
        name: root.display().to_string(),
        input,
    }
}

/// The dependency files of the ecosystems that incidents speak of: lockfiles, and
/// where there are none what says the dependencies.
fn manifests(collected: &Collected, repository: &Repository, limits: &Limits) -> Vec<Manifest> {
    let limits = Limits {
        document_bytes: MANIFEST_BYTES,
        ..*limits
    };
    let all = dependencies::by_ecosystem(&repository.tree);
    let mut found = Vec::new();
    for (ecosystem, word) in [(Ecosystem::Npm, "npm"), (Ecosystem::PyPi, "pypi")] {
        let files = all.get(&ecosystem).map_or(&[][..], Vec::as_slice);
        let locked = files.iter().any(|file| file.kind.role == Role::Lockfile);
        let wanted = files.iter().filter(|file| match locked {
            true => file.kind.role == Role::Lockfile,
            false => true,
        });
        for (number, file) in wanted.enumerate() {
            let read = (number < MOST_MANIFESTS)
                .then(|| collected.source.text(file.path, &repository.tree, &limits))
                .flatten()
                .and_then(|text| text.file);
            found.push(Manifest {
                path: file.path.to_owned(),
                ecosystem: word,
                text: read.map(|file| file.text().to_owned()),
            });
        }
    }
    found
}
