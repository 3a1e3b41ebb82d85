//! Pins: every action, reusable workflow and image of a checkout by what it
//! holds, and not by a name that others may move.

mod base;
mod compose;
mod edits;
mod helm;
mod images;
mod places;
mod unread;
mod uses;
mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_facts::{Location, SourceFile, Timestamp};
use cofferdam_findings::NotChecked;
use cofferdam_registries::git::{GitClient, Repository, RepositoryIds};
use cofferdam_registries::oci::OciClient;
use cofferdam_workflows::Repository as Checkout;
use cofferdam_workflows::repository::Part;

use crate::audit::{AuditError, Input, collect, root_of};
use crate::{Limits, Rewrite};

use self::base::Before;

pub use places::{Place, Subject};

/// The numbers of repositories, as a lock records them.
pub type Recorded = BTreeMap<Repository, RepositoryIds>;

/// What pins are checked with.
#[derive(Debug)]
pub struct Options<'o> {
    /// Asks for refs and commits.
    pub git: &'o GitClient,
    /// Asks for digests.
    pub oci: &'o OciClient,
    /// The host that actions are taken from.
    pub host: &'o str,
    /// Values files of Helm charts, from the root of the checkout.
    pub helm: &'o [PathBuf],
    /// The bounds of what is read.
    pub limits: Limits,
    /// The numbers that a lock of the checkout records; those of the checkout's
    /// own `actions.lock` are added.
    pub recorded: Recorded,
    /// The commit before a change; then only what the change touches is judged.
    pub base: Option<&'o str>,
}

/// What is wrong. The words are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A tag or branch stands in place of a commit.
    NotPinned,
    /// A commit belongs to no branch or tag of its repository.
    Impostor,
    /// The comment names another version than the commit is.
    LyingComment,
    /// The name is both a tag and a branch.
    AmbiguousRef,
    /// There is no such tag or branch.
    VanishedRef,
    /// The repository or its owner has another name now.
    Renamed,
    /// The name stands for another repository or owner than when it was locked.
    Recreated,
    /// It cannot be the name of a repository.
    NotARepository,
    /// A tag stands in place of a digest.
    ImageNotPinned,
    /// The registry does not have the image.
    VanishedImage,
    /// The tag before a digest does not exist, or was written beside a digest
    /// that it does not stand for.
    LyingTag,
    /// The tag before a digest stands for another one by now.
    TagMovedOn,
}

impl Code {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotPinned => "not-pinned",
            Self::Impostor => "impostor",
            Self::LyingComment => "lying-comment",
            Self::AmbiguousRef => "ambiguous-ref",
            Self::VanishedRef => "vanished-ref",
            Self::Renamed => "renamed-repository",
            Self::Recreated => "recreated-repository",
            Self::NotARepository => "not-a-repository",
            Self::ImageNotPinned => "image-not-pinned",
            Self::VanishedImage => "vanished-image",
            Self::LyingTag => "lying-tag",
            Self::TagMovedOn => "tag-moved-on",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn settle(self) -> &'static str {
        match self {
            Self::NotPinned | Self::ImageNotPinned => "run `cofferdam pin write`",
            Self::Impostor => {
                "do not run it; look who wrote it, and pin a commit that a release of the project leads to"
            }
            Self::LyingComment => {
                "look which of the two was meant; `cofferdam pin write` writes the version that the commit is"
            }
            Self::LyingTag => {
                "look which of the two was meant; without the digest, `cofferdam pin write` writes the one of the tag"
            }
            Self::TagMovedOn => {
                "nothing has to be done; to take the newer image, remove the digest and run `cofferdam pin write`"
            }
            Self::AmbiguousRef => {
                "write `refs/tags/NAME` or `refs/heads/NAME`, then run `cofferdam pin write`"
            }
            Self::VanishedRef | Self::VanishedImage => "name one that exists",
            Self::Renamed => "name the new one after looking whether it is still the same project",
            Self::Recreated => "do not run it before you know who owns the name now",
            Self::NotARepository => "write it as OWNER/REPO@REF",
        }
    }
}

/// One thing that is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub code: Code,
    /// Where.
    pub location: Location,
    /// The name as written.
    pub written: String,
    /// The facts, one sentence.
    pub message: String,
    /// Why it is not written, where writing was asked for and is impossible.
    pub unwritten: Option<&'static str>,
}

/// Something worth knowing that is not wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What.
    pub code: Code,
    /// Where.
    pub location: Location,
    /// The facts, one sentence.
    pub message: String,
}

/// One place that writing changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub location: Location,
    /// What is named there.
    pub old: String,
    /// What takes its place.
    pub new: String,
    /// The version that the comment says from then on.
    pub version: Option<String>,
}

/// What was said by the cache alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByCache {
    /// How many places are proven by nothing else.
    pub pinned: usize,
    /// What was not asked for, by name, with the time at which it was fetched.
    pub fetched: BTreeMap<String, Timestamp>,
}

/// What came of a checkout.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// How many actions, workflows and images are named.
    pub places: usize,
    /// How many of them are pinned, and proven to be what they say.
    pub pinned: usize,
    /// What is wrong; after writing, what is left.
    pub problems: Vec<Problem>,
    /// What nobody could tell.
    pub not_checked: Vec<NotChecked>,
    /// What is worth knowing.
    pub notes: Vec<Note>,
    /// What rests on the cache alone.
    pub by_cache: ByCache,
    /// How many places a change does not touch, which were not judged.
    pub untouched: usize,
    /// Files to be written.
    pub rewrites: Vec<Rewrite>,
    /// How many places the files to be written change.
    pub written: usize,
    /// What those places name now, and what they are to name.
    pub changes: Vec<Change>,
    /// How many of the pinned places are so only once the files are written.
    pub newly: usize,
    /// Whether nothing stands there that could name anything.
    pub is_nothing: bool,
    /// Whether a lock stands there, which a written pin leaves behind.
    pub has_lock: bool,
}

/// What is to be put into a place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pin {
    text: String,
    /// The version for the comment.
    comment: Option<String>,
    /// The version in the comment that is there.
    says: Option<String>,
}

#[derive(Clone, Debug)]
enum Verdict {
    Problem(Code, String),
    Note(Code, String),
    /// What could not be told, and what settles it.
    Unknown(String, &'static str),
}

/// What to do where an answer may come another time.
const AGAIN: &str = "run again when it can be asked";
/// What to do about a name that leads to nothing.
const ABSENT: &str = "name one that exists; for a private one, give a token that may see it";
/// What to do about a name that only the run knows.
const AT_RUN_TIME: &str = "write the name where it can be read, or look at what the run chooses";

/// What is said of one place.
#[derive(Clone, Debug, Default)]
struct Judged {
    is_pinned: bool,
    verdicts: Vec<Verdict>,
    pin: Option<Pin>,
    /// When that was fetched on which it rests, where nobody was asked.
    kept: Option<u64>,
}

impl Judged {
    fn problem(code: Code, message: String) -> Self {
        Self {
            verdicts: vec![Verdict::Problem(code, message)],
            ..Self::default()
        }
    }

    fn unknown(message: &str) -> Self {
        Self::unsettled(message, AGAIN)
    }

    fn unsettled(message: &str, settle: &'static str) -> Self {
        Self {
            verdicts: vec![Verdict::Unknown(message.to_owned(), settle)],
            ..Self::default()
        }
    }
}

/// A checkout with every place in it.
struct Read {
    root: PathBuf,
    /// Where the one file lies, if only one was named.
    single: Option<PathBuf>,
    checkout: Checkout,
    files: BTreeMap<String, SourceFile>,
    /// The values files of Helm among them.
    helm: BTreeSet<String>,
    places: Vec<Place>,
    untouched: usize,
    /// The numbers that locks record.
    recorded: Recorded,
    not_checked: Vec<NotChecked>,
}

/// Says what is wrong with the pins of the checkout at `path`.
///
/// # Errors
/// [`AuditError`] if there is nothing that could be read at all.
pub fn check(path: &Path, options: &Options<'_>) -> Result<Outcome, AuditError> {
    let read = read(path, options)?;
    let judged = judge(&read, options);
    let mut outcome = Outcome {
        not_checked: read.not_checked.clone(),
        places: read.places.len(),
        untouched: read.untouched,
        is_nothing: read.files.is_empty() && read.not_checked.is_empty(),
        has_lock: !(read.checkout.cofferdam_locks.is_empty()
            && read.checkout.actions_locks.is_empty()),
        ..Outcome::default()
    };
    for (place, judged) in read.places.iter().zip(judged) {
        outcome.take(place, judged, None);
    }
    Ok(outcome)
}

/// Works out the texts in which everything is pinned that can be.
///
/// # Errors
/// As [`check`].
pub fn write(path: &Path, options: &Options<'_>) -> Result<Outcome, AuditError> {
    let read = read(path, options)?;
    let judged = judge(&read, options);
    let mut outcome = Outcome {
        not_checked: read.not_checked.clone(),
        places: read.places.len(),
        untouched: read.untouched,
        is_nothing: read.files.is_empty() && read.not_checked.is_empty(),
        has_lock: !(read.checkout.cofferdam_locks.is_empty()
            && read.checkout.actions_locks.is_empty()),
        ..Outcome::default()
    };
    let mut by_file: BTreeMap<&str, Vec<(&Place, Judged)>> = BTreeMap::new();
    for (place, judged) in read.places.iter().zip(judged) {
        by_file
            .entry(&place.location.path)
            .or_default()
            .push((place, judged));
    }
    for (path, places) in by_file {
        let Some(file) = read.files.get(path) else {
            continue;
        };
        let mut edits = Vec::new();
        let mut settled = Vec::new();
        for (place, judged) in &places {
            let found = (judged.pin.as_ref()).and_then(|pin| edits::of(place, pin, file));
            settled.push(found.is_some());
            edits.extend(found.unwrap_or_default());
        }
        let after = edits::apply(file.text(), edits)
            .filter(|after| after == file.text() || read.fits(file, after, &places, &settled));
        let could = after.is_some();
        let rewritten = after.filter(|after| after != file.text());
        let changed = rewritten.is_some();
        outcome
            .rewrites
            .extend(rewritten.map(|after| read.rewrite(file, after)));
        for ((place, judged), settled) in places.into_iter().zip(settled) {
            let done = settled && could;
            outcome.written += usize::from(done && changed);
            if let (true, true, Some(pin)) = (done, changed, &judged.pin) {
                outcome.changes.push(place.change(pin));
            }
            outcome.newly += usize::from(done && changed && !judged.is_pinned);
            let why = if done {
                None
            } else if judged.pin.is_none() {
                Some("what it should be is not known")
            } else {
                Some("its text is put together from parts; pin it where they are set")
            };
            outcome.take(place, judged, Some(why));
        }
    }
    Ok(outcome)
}

impl Outcome {
    /// Adds what is said of a place. `written` is, where writing was asked for,
    /// why it was not done.
    fn take(&mut self, place: &Place, judged: Judged, written: Option<Option<&'static str>>) {
        let settled = written == Some(None);
        let is_pinned = judged.is_pinned || settled;
        self.pinned += usize::from(is_pinned);
        let kept = judged.kept.and_then(|at| i64::try_from(at).ok());
        let kept = kept.map(Timestamp::from_unix);
        if let Some(at) = kept {
            self.by_cache.pinned += usize::from(is_pinned);
            self.by_cache.fetched.insert(place.name(), at);
        }
        let said = |message: String| match kept {
            Some(at) => format!("{message} (by the cache, fetched {})", at.date()),
            None => message,
        };
        for verdict in judged.verdicts {
            match verdict {
                // Those that a pin settles.
                Verdict::Problem(
                    Code::NotPinned | Code::ImageNotPinned | Code::LyingComment,
                    _,
                ) if settled => {}
                Verdict::Problem(code, message) => self.problems.push(Problem {
                    code,
                    location: place.location.clone(),
                    written: place.written.clone(),
                    message: said(message),
                    unwritten: written.flatten(),
                }),
                Verdict::Note(code, message) => self.notes.push(Note {
                    code,
                    location: place.location.clone(),
                    message: said(message),
                }),
                Verdict::Unknown(message, settle) => self.not_checked.push(NotChecked {
                    code: "pin-unknown",
                    message: format!("`{}`: {message}", place.written),
                    location: Some(place.location.clone()),
                    settle: settle.to_owned(),
                    required: true,
                }),
            }
        }
    }
}

fn judge(read: &Read, options: &Options<'_>) -> Vec<Judged> {
    let options = &Options {
        recorded: read.recorded.clone(),
        limits: options.limits,
        ..*options
    };
    let uses = uses::Answers::ask(&read.places, options);
    let images = images::Answers::ask(&read.places, options);
    (read.places.iter())
        .map(|place| match &place.subject {
            Subject::Uses(named) => uses.judge(place, named, options),
            Subject::Image(image) => images.judge(place, image, options.base.is_some()),
            Subject::UnknownImage => {
                Judged::unsettled("which image it is, is known at run time only", AT_RUN_TIME)
            }
        })
        .collect()
}

/// The numbers that `actions.lock` records.
fn locked(checkout: &Checkout, host: &str) -> Recorded {
    let all = checkout
        .actions_locks
        .iter()
        .flat_map(|lock| &lock.dependencies);
    all.filter_map(|one| {
        let pin = &one.pin.value;
        let ids = RepositoryIds {
            owner: one.owner_id.as_ref()?.value,
            repository: one.repo_id.as_ref()?.value,
        };
        Some((Repository::new(host, &pin.owner, &pin.repo).ok()?, ids))
    })
    .collect()
}

fn read(path: &Path, options: &Options<'_>) -> Result<Read, AuditError> {
    let mut collected = collect(&Input::Path(path.to_owned()), &options.limits)?;
    let single = fs::metadata(path).is_ok_and(|found| found.is_file());
    let root = root_of(path);
    let checkout = collected.repository(None, &options.limits);
    let mut not_checked: Vec<NotChecked> =
        collected.gaps.into_iter().map(NotChecked::from).collect();
    let mut places = places::all(&checkout);
    let mut files = BTreeMap::new();
    let documents = (checkout.workflows.iter().map(|one| &one.document))
        .chain(checkout.actions.iter().map(|one| &one.document));
    for document in documents {
        let file = document.file();
        files.insert(file.path().to_owned(), file.clone());
        not_checked.extend(document.problems().first().map(|problem| NotChecked {
            code: "not-understood",
            message: format!("{} is not understood as a whole", file.path()),
            location: Some(file.locate(problem.span)),
            settle: "mend the syntax; `cofferdam audit` names the place".to_owned(),
            required: true,
        }));
    }
    for dockerfile in &checkout.dockerfiles {
        let file = dockerfile.file();
        files.insert(file.path().to_owned(), file.clone());
    }
    let mut charts = BTreeSet::new();
    for chart in options.helm {
        match helm::read(&root, chart, &options.limits) {
            Ok((file, found)) => {
                places.extend(found);
                charts.insert(file.path().to_owned());
                files.insert(file.path().to_owned(), file);
            }
            Err(unread) => not_checked.push(*unread),
        }
    }
    let (composed, unread) = compose::read(&root, &checkout, &options.limits);
    not_checked.extend(unread);
    places.extend(compose::all(&composed));
    files.extend(
        composed
            .into_iter()
            .map(|file| (file.path().to_owned(), file)),
    );
    not_checked.extend(helm::templates(&checkout.tree));
    let mut places = places::sorted(places);
    let mut unread = unread::of(&checkout, !single);
    let mut recorded = options.recorded.clone();
    recorded.extend(locked(&checkout, options.host));
    let all = places.len();
    if let Some(revision) = options.base {
        let before = Before::read(&root, revision, options)?;
        places = before.touched(places);
        not_checked.retain(|one| {
            let file = (one.location.as_ref()).and_then(|at| files.get(&*at.path));
            one.code != "not-understood"
                || !file.is_some_and(|file| before.has(file.path(), file.text()))
        });
        unread = before.new_among(unread);
        recorded.extend(before.recorded);
    }
    not_checked.extend(unread.into_iter().map(|one| one.said));
    Ok(Read {
        single: single.then(|| path.to_owned()),
        root,
        checkout,
        files,
        helm: charts,
        untouched: all - places.len(),
        places,
        recorded,
        not_checked,
    })
}

impl Read {
    fn rewrite(&self, file: &SourceFile, after: String) -> Rewrite {
        Rewrite {
            name: file.path().to_owned(),
            root: self.root.clone(),
            file: (self.single.clone()).unwrap_or_else(|| self.root.join(file.path())),
            before: file.text().to_owned(),
            after,
        }
    }

    /// Whether the new text names what it should, and all else as before.
    fn fits(
        &self,
        file: &SourceFile,
        after: &str,
        places: &[(&Place, Judged)],
        settled: &[bool],
    ) -> bool {
        let new = SourceFile::new(file.path(), after);
        let found = if let Some(part) = Part::read(new.clone()) {
            let tree = self.checkout.tree.clone();
            let checkout = Checkout::assemble([part], tree);
            let unreadable = |one: &Checkout| {
                let documents = one.workflows.iter().map(|one| &one.document);
                let documents = documents.chain(one.actions.iter().map(|one| &one.document));
                documents.map(|one| one.problems().len()).sum::<usize>()
            };
            let before = self.checkout.document(file.path());
            if unreadable(&checkout) != before.map_or(0, |one| one.problems().len()) {
                return false;
            }
            places::all(&checkout)
        } else if !self.helm.contains(file.path()) {
            compose::places(&new)
        } else {
            helm::places(&new)
        };
        // Images that the checkout builds are told by all its files; here only
        // one is read, so that there may be more places than before.
        let names: BTreeSet<String> = found.iter().map(|place| place.written.clone()).collect();
        let expected = places
            .iter()
            .zip(settled)
            .map(
                |((place, judged), settled)| match (&place.subject, &judged.pin) {
                    (Subject::Uses(uses), Some(pin)) if *settled => {
                        format!("{}@{}", uses.as_written(), pin.text)
                    }
                    (_, Some(pin)) if *settled => pin.text.clone(),
                    _ => place.written.clone(),
                },
            );
        expected.into_iter().all(|name| names.contains(&name)) && found.len() >= places.len()
    }
}
