//! Which of many releases were built with something.
//!
//! Bundles are read one at a time and told one at a time, so that the memory
//! that is needed does not grow with how many there are.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use cofferdam_attest::{
    Dependency, ExpectedIdentity, Kind, Listed, Outcome, Provenance, Statement, UnverifiedBundle,
    Verifier,
};
use cofferdam_datapack::DataPack;
use cofferdam_facts::Timestamp;
use rayon::prelude::*;

use super::collect::{CollectError, Limits, is_bundle, list};
use super::{shown, suspects};

/// How many files are read at one time.
const TOGETHER: usize = 64;

/// What is looked for.
#[derive(Clone, Debug)]
pub enum Wanted<'a> {
    /// An action or a called workflow.
    Used {
        /// `OWNER/REPO`.
        slug: String,
        /// The path in it; any, if none is named.
        path: Option<String>,
        /// A ref as it is written, a commit, or the first digits of one.
        version: Option<String>,
    },
    /// Everything that is known to be bad.
    Compromised(&'a DataPack),
}

/// What is asked.
pub struct Request<'a> {
    /// The folder of bundles, or one file of them.
    pub path: &'a Path,
    /// What is looked for.
    pub wanted: Wanted<'a>,
    /// Who must have signed, and by whose trust; none if nothing is verified.
    pub expected: Option<(&'a ExpectedIdentity, &'a Verifier)>,
    /// How much is read.
    pub limits: Limits,
}

/// What one bundle says.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it was read.
    pub bundle: String,
    /// The artifacts that it is about: names, and digests with algorithms.
    pub artifacts: Vec<(String, Vec<String>)>,
    /// Whether its signature stands.
    pub proof: Proof,
    /// What it says of what is looked for.
    pub answer: Answer,
}

/// Whether a signature stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nobody was expected, and nothing was verified.
    NotAsked,
    /// Whoever was expected has signed.
    Passed,
    /// Something stands against it.
    Against(String),
}

/// What a bundle says of what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was used.
    Used(Vec<Use>),
    /// It was not.
    NotUsed,
    /// Nobody can tell from it.
    CannotTell(String),
    /// It speaks of something else than of how an artifact was built.
    OtherMatter,
}

/// One use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// What, as provenance names it.
    pub dependency: Dependency,
    /// Whether it is what is looked for; else nobody can tell, because the
    /// commit is not known or not every bad one is.
    pub sure: bool,
    /// The incidents that it is part of, where those are looked for.
    pub incidents: Vec<String>,
}

/// How many bundles said what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bundles that were read.
    pub bundles: usize,
    /// Those that say that it was used.
    pub used: usize,
    /// Those that say that it was not.
    pub not_used: usize,
    /// Those from which nobody can tell.
    pub cannot_tell: usize,
    /// Those that speak of something else.
    pub other: usize,
    /// Provenance whose signature does not stand.
    pub against: usize,
    /// Files that are no bundles, and links.
    pub passed_over: usize,
}

/// Why the search has ended.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The folder cannot be listed.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// What was found cannot be told.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

/// Looks through bundles, in order of their paths, and tells of each from which
/// something follows: it was used, or nobody can tell.
///
/// # Errors
/// [`FindError`] if the folder cannot be listed, or what is found not be told.
pub fn find(
    request: &Request<'_>,
    tell: &mut dyn FnMut(&Found) -> io::Result<()>,
) -> Result<Counts, FindError> {
    let mut counts = Counts::default();
    let metadata = std::fs::metadata(request.path).map_err(|source| CollectError::Unreadable {
        path: request.path.to_owned(),
        source,
    })?;
    let paths = if metadata.is_dir() {
        let mut paths = Vec::new();
        for found in list(request.path, &request.limits)? {
            let name = found.path.to_string_lossy();
            match found.file && (is_bundle(&found.path) || name.ends_with(".json")) {
                true => paths.push(found.path),
                false => counts.passed_over += 1,
            }
        }
        paths
    } else if metadata.is_file() {
        vec![request.path.to_owned()]
    } else {
        return Err(FindError::Collect(CollectError::Kind {
            path: request.path.to_owned(),
        }));
    };
    for some in paths.chunks(TOGETHER) {
        let read: Vec<(Vec<Found>, Counts)> =
            some.par_iter().map(|path| of_file(request, path)).collect();
        for (found, more) in read {
            counts.add(more);
            for one in &found {
                tell(one)?;
            }
        }
    }
    Ok(counts)
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.bundles += more.bundles;
        self.used += more.used;
        self.not_used += more.not_used;
        self.cannot_tell += more.cannot_tell;
        self.other += more.other;
        self.against += more.against;
        self.passed_over += more.passed_over;
    }

    fn count(&mut self, found: &Found) {
        self.bundles += 1;
        match &found.answer {
            Answer::Used(_) => self.used += 1,
            Answer::NotUsed => self.not_used += 1,
            Answer::CannotTell(_) => self.cannot_tell += 1,
            Answer::OtherMatter => self.other += 1,
        }
        let matters = !matches!(found.answer, Answer::OtherMatter);
        self.against += usize::from(matters && matches!(found.proof, Proof::Against(_)));
    }
}

/// The bundles of one file: those that are told, and the count of all.
fn of_file(request: &Request<'_>, path: &Path) -> (Vec<Found>, Counts) {
    let mut counts = Counts::default();
    let mut told = Vec::new();
    let name = shown(path);
    let unread = |bundle: &str, why: String| Found {
        bundle: bundle.to_owned(),
        artifacts: Vec::new(),
        proof: Proof::NotAsked,
        answer: Answer::CannotTell(why),
    };
    let mut take = |bundle: &str, bytes: &[u8], certain: bool| {
        let found = match UnverifiedBundle::from_json(bytes) {
            Ok(read) => of_bundle(request, bundle, &read),
            // A file in JSON may be anything.
            Err(_) if !certain => {
                counts.passed_over += 1;
                return;
            }
            Err(error) => unread(bundle, error.to_string()),
        };
        counts.count(&found);
        let stands = matches!(found.proof, Proof::Against(_));
        let told_of = match found.answer {
            Answer::Used(_) | Answer::CannotTell(_) => true,
            Answer::NotUsed => stands,
            Answer::OtherMatter => false,
        };
        if told_of {
            told.push(found);
        }
    };
    let certain = is_bundle(path);
    let result = if name.ends_with(".jsonl") {
        lines(path, &request.limits, &mut |number, line| {
            take(&format!("{name}:{number}"), line, true);
        })
    } else {
        whole(path, &request.limits).map(|bytes| take(&name, &bytes, certain))
    };
    if let Err(error) = result {
        let found = unread(&name, format!("it cannot be read: {error}"));
        counts.count(&found);
        told.push(found);
    }
    (told, counts)
}

fn too_long(most: u64) -> io::Error {
    let problem = format!("it has more than {most} bytes");
    io::Error::new(io::ErrorKind::InvalidData, problem)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn whole(path: &Path, limits: &Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = limits.bundle_bytes;
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(too_long(most));
    }
    Ok(bytes)
}

/// Each line of a file that holds something; one at a time is in memory.
fn lines(path: &Path, limits: &Limits, each: &mut dyn FnMut(usize, &[u8])) -> io::Result<()> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    let most = limits.bundle_bytes;
    let mut number = 0;
    loop {
        line.clear();
        let read = reader
            .by_ref()
            .take(most + 1)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        if read as u64 > most {
            return Err(too_long(most));
        }
        if !line.trim_ascii().is_empty() {
            each(number, &line);
        }
    }
}

fn of_bundle(request: &Request<'_>, name: &str, bundle: &UnverifiedBundle) -> Found {
    let statement = bundle.unverified_statement();
    let mut proof = Proof::NotAsked;
    let answer = match statement {
        Ok(None) => Answer::OtherMatter,
        Err(error) => Answer::CannotTell(error.to_string()),
        Ok(Some(statement)) => {
            let signed_at;
            (proof, signed_at) = proven(request, bundle);
            of_statement(&request.wanted, statement, signed_at)
        }
    };
    let artifacts = match statement {
        Ok(Some(statement)) => artifacts(statement),
        _ => Vec::new(),
    };
    Found {
        bundle: name.to_owned(),
        artifacts,
        proof,
        answer,
    }
}

fn artifacts(statement: &Statement) -> Vec<(String, Vec<String>)> {
    let subjects = statement.subjects.iter().map(|subject| {
        let digests = subject.digests.iter();
        let digests = digests.map(|(algorithm, digits)| format!("{algorithm}:{digits}"));
        (subject.name.clone(), digests.collect())
    });
    subjects.collect()
}

/// Whether whoever is expected has signed, and when.
fn proven(request: &Request<'_>, bundle: &UnverifiedBundle) -> (Proof, Option<Timestamp>) {
    let Some((expected, verifier)) = request.expected else {
        return (Proof::NotAsked, None);
    };
    let artifact = bundle.unverified_artifact().unwrap_or_default();
    let verdict = verifier.verify(&artifact, bundle, expected);
    if verdict.outcome() == Outcome::Passed {
        return (Proof::Passed, verdict.signed_at);
    }
    let line = verdict.against().max_by_key(|line| line.outcome);
    let why = line.map(|line| format!("{}: {}", line.check, line.text));
    (Proof::Against(why.unwrap_or_default()), None)
}

fn of_statement(
    wanted: &Wanted<'_>,
    statement: &Statement,
    signed_at: Option<Timestamp>,
) -> Answer {
    let provenance = match Provenance::of(statement) {
        Ok(None) => return Answer::OtherMatter,
        Ok(Some(provenance)) => provenance,
        Err(error) => return Answer::CannotTell(error.to_string()),
    };
    let Some(listed) = Listed::of(&provenance) else {
        return Answer::CannotTell("it is provenance that lists no actions".to_owned());
    };
    let uses: Vec<Use> = (listed.dependencies.iter())
        .filter_map(|one| matched(wanted, one, signed_at))
        .collect();
    if !uses.is_empty() {
        return Answer::Used(uses);
    }
    // Behind what is not resolved, anything may have been used.
    let hides = |one: &&Dependency| one.is_open() && one.kind != Kind::Image;
    match listed.dependencies.iter().find(hides) {
        None => Answer::NotUsed,
        Some(one) => Answer::CannotTell(format!(
            "{} is not resolved: {}",
            one.name,
            one.unresolved.as_deref().unwrap_or_default()
        )),
    }
}

fn matched(wanted: &Wanted<'_>, one: &Dependency, signed_at: Option<Timestamp>) -> Option<Use> {
    let (sure, incidents) = match wanted {
        Wanted::Compromised(pack) => {
            let found = suspects(one, pack, signed_at);
            if found.is_empty() {
                return None;
            }
            let sure = found.iter().any(|suspect| suspect.sure);
            let ids = found.iter().map(|suspect| suspect.entry.ids.join(", "));
            (sure, ids.collect())
        }
        Wanted::Used {
            slug,
            path,
            version,
        } => {
            let (own, git_ref) = one.repository()?;
            if !own.eq_ignore_ascii_case(slug) {
                return None;
            }
            // Where nothing is known of paths, it may be any.
            let there = |path: &String| one.paths.is_empty() || one.paths.contains(path);
            if !path.as_ref().is_none_or(there) {
                return None;
            }
            (is_version(one, git_ref, version.as_deref())?, Vec::new())
        }
    };
    Some(Use {
        dependency: one.clone(),
        sure,
        incidents,
    })
}

/// Whether a dependency is of a version; `None` if it is not.
fn is_version(one: &Dependency, git_ref: &str, version: Option<&str>) -> Option<bool> {
    let Some(version) = version else {
        return Some(true);
    };
    if git_ref == version {
        return Some(true);
    }
    let digits = version.len() >= 7 && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digits {
        return None;
    }
    match one.commit() {
        Some(commit) => {
            let start = commit.get(..version.len())?;
            start.eq_ignore_ascii_case(version).then_some(true)
        }
        // It may be this one.
        None => Some(false),
    }
}
