//! From findings to texts in which they are gone.
//!
//! A round works out a fix for every finding that is wanted, puts together
//! those that do not touch the same bytes, edits the documents in memory, and
//! judges the result with every rule, as a checkout of its own. Only if each of
//! the findings is gone and nothing else became worse is the result taken;
//! otherwise the fixes are tried in halves, until the one is found that does not
//! do what it says, which is then not offered. Rounds go on until nothing more
//! can be mended, and are bounded.

use std::collections::{BTreeMap, BTreeSet};

use cofferdam_facts::{Location, SourceFile};
use cofferdam_findings::Finding;
use cofferdam_rules::Context;
use cofferdam_rules::context::Facts;
use cofferdam_workflows::documents::kind::kind_of;
use cofferdam_workflows::repository::Repository;
use cofferdam_workflows::yaml::edit::{Change, Edit, EditError, Value, change};

use crate::edits;
use crate::fix::{Fix, NoFix};
use crate::place::{aliased, reaches_further};
use crate::registry;
use crate::tally::{Promise, compare};

/// The most rounds; more are needed only where fixes wait for each other.
const MAX_ROUNDS: usize = 32;
/// The most times that a checkout is judged in one run.
const MAX_TRIALS: usize = 256;

/// What the rules say of a checkout, each finding with its fingerprint.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Findings that count.
    pub findings: Vec<Finding>,
    /// Findings that somebody has silenced. They are not mended.
    pub silenced: Vec<Finding>,
}

impl Judged {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(&self.silenced)
    }
}

/// Which fixes are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those too that somebody has to check.
    pub unsafe_too: bool,
    /// Only of these rules; of all if there are none.
    pub rules: Vec<String>,
    /// Only of the findings with these fingerprints; of all where it is not said.
    pub findings: Option<BTreeSet<String>>,
    /// Whether [`Outcome::alone`] is wanted: it takes an edit for each fix.
    pub alone: bool,
}

impl Wanted {
    fn is(&self, finding: &Finding) -> bool {
        let named = |findings: &BTreeSet<String>| findings.contains(&finding.fingerprint);
        (self.rules.is_empty() || self.rules.iter().any(|rule| rule == finding.rule))
            && self.findings.as_ref().is_none_or(named)
    }
}

/// Mends checkouts in memory.
pub struct Engine<'e> {
    /// What is known besides the documents.
    pub facts: Facts<'e>,
    /// Runs the rules, and leaves out what does not count.
    pub judge: Box<dyn Fn(&Context<'_>) -> Judged + 'e>,
}

/// A finding that was mended.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The finding, as it stood when it was mended.
    pub finding: Finding,
    /// What was done.
    pub fix: Fix,
    /// Its changes as paths into the documents: `jobs.build.steps[0].with`.
    pub targets: Vec<(String, String)>,
}

/// A finding that has a fixer and was not mended.
#[derive(Clone, Debug)]
pub struct Left {
    /// The finding.
    pub finding: Finding,
    /// What would mend it if unsafe fixes were wanted, or why nothing does.
    pub reason: Result<Fix, NoFix>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The checkout with everything mended.
    pub repository: Repository,
    /// What the rules say of it.
    pub judged: Judged,
    /// Documents that changed, with their texts before and after.
    pub files: BTreeMap<String, (SourceFile, SourceFile)>,
    /// What was mended, in order.
    pub applied: Vec<Applied>,
    /// What was not, in order of place.
    pub left: Vec<Left>,
    /// What each fix does by itself to the checkout as it stands, by the
    /// fingerprint of its finding, if that was wanted.
    pub alone: BTreeMap<String, Alone>,
}

/// A finding and its fix in the checkout as it stands.
#[derive(Clone, Debug)]
pub struct Alone {
    /// Where the finding is.
    pub location: Location,
    /// The edits. None where it is mended by no edit, or only beside others.
    pub files: Vec<FileEdits>,
}

/// Edits of one file.
#[derive(Clone, Debug)]
pub struct FileEdits {
    /// The file as it stands.
    pub file: SourceFile,
    /// The edits, in order.
    pub edits: Vec<Edit>,
}

/// A checkout with what is said of it and what can be done about it.
struct State {
    repository: Repository,
    judged: Judged,
    plans: Vec<Plan>,
    refused: Vec<(Finding, NoFix)>,
}

#[derive(Clone)]
struct Plan {
    finding: Finding,
    fix: Fix,
}

impl<'e> Engine<'e> {
    /// Mends what is wanted and can be.
    #[must_use]
    pub fn run(&self, repository: &Repository, wanted: &Wanted) -> Outcome {
        let mut run = Run {
            engine: self,
            wanted,
            applied: Vec::new(),
            rejected: BTreeMap::new(),
            trials: 0,
        };
        let mut state = run.evaluate(repository.clone());
        let alone = alone(&state, wanted);
        // What was refused beside other findings may be right without them.
        let mut refused_at = 0;
        for _ in 0..MAX_ROUNDS {
            let before = run.applied.len();
            let mut open = run.open(&state);
            if open.is_empty() && before > refused_at {
                run.rejected.clear();
                refused_at = before;
                open = run.open(&state);
            }
            if open.is_empty() {
                break;
            }
            state = run.take(state, &open);
            // What was postponed because of another that was then refused
            // comes in the next round; a round that does nothing is the last.
            if run.applied.len() == before && run.open(&state).len() == open.len() {
                break;
            }
        }
        let mut outcome = run.finish(repository, state);
        outcome.alone = alone;
        outcome
    }
}

/// What each fix does by itself.
fn alone(state: &State, wanted: &Wanted) -> BTreeMap<String, Alone> {
    if !wanted.alone {
        return BTreeMap::new();
    }
    let entry = |finding: &Finding, files| {
        let location = finding.location.clone();
        (finding.fingerprint.clone(), Alone { location, files })
    };
    let refused = state.refused.iter();
    let mut alone: BTreeMap<_, _> = refused.map(|(f, _)| entry(f, Vec::new())).collect();
    for plan in &state.plans {
        let files = edited(&state.repository, &[plan]).unwrap_or_default();
        let files = files.into_iter().filter_map(|new| {
            let file = state.repository.document(new.path())?.file().clone();
            let edits = edits::between(file.text(), new.text());
            Some(FileEdits { file, edits })
        });
        alone.extend([entry(&plan.finding, files.collect())]);
    }
    alone
}

struct Run<'r, 'e> {
    engine: &'r Engine<'e>,
    wanted: &'r Wanted,
    applied: Vec<Applied>,
    /// Why a fix is not offered, by the fingerprint of its finding.
    rejected: BTreeMap<String, NoFix>,
    trials: usize,
}

impl Run<'_, '_> {
    fn evaluate(&mut self, repository: Repository) -> State {
        self.trials += 1;
        let (judged, plans, refused) = {
            let cx = Context::new(&repository, self.engine.facts);
            let judged = (self.engine.judge)(&cx);
            let mut plans = Vec::new();
            let mut refused = Vec::new();
            for finding in judged.findings.iter().filter(|f| self.wanted.is(f)) {
                let Some(fixer) = registry::fixer(finding.rule) else {
                    continue;
                };
                match (fixer.fix)(&cx, finding).and_then(|fix| sound(&repository, fix)) {
                    Ok(fix) => plans.push(Plan {
                        finding: finding.clone(),
                        fix,
                    }),
                    Err(reason) => refused.push((finding.clone(), reason)),
                }
            }
            (judged, plans, refused)
        };
        State {
            repository,
            judged,
            plans,
            refused,
        }
    }

    /// The fingerprints of what may be mended now, in order of place.
    fn open(&self, state: &State) -> Vec<String> {
        let mut open: Vec<&Plan> = (state.plans.iter())
            .filter(|plan| self.wanted.unsafe_too || plan.fix.safety.is_safe())
            .filter(|plan| !self.rejected.contains_key(&plan.finding.fingerprint))
            .collect();
        open.sort_by(|a, b| a.finding.location.cmp(&b.finding.location));
        open.iter().map(|p| p.finding.fingerprint.clone()).collect()
    }

    /// Mends as many of the findings as can be, in halves where not all can.
    fn take(&mut self, state: State, open: &[String]) -> State {
        let plans: Vec<&Plan> = (open.iter())
            .filter_map(|id| state.plans.iter().find(|p| p.finding.fingerprint == *id))
            .collect();
        if plans.is_empty() {
            return state;
        }
        if self.trials >= MAX_TRIALS {
            for id in open {
                self.rejected.insert(id.clone(), NoFix::Bound);
            }
            return state;
        }
        let joined = join(&state.repository, &plans);
        let refused = joined.refused;
        let result = if joined.taken.is_empty() {
            None
        } else {
            let next = self.evaluate(state.repository.with_texts(joined.files));
            let promises: Vec<Promise<'_>> = (joined.taken.iter())
                .map(|plan| Promise {
                    finding: &plan.finding,
                    lessens: plan.fix.lessens,
                    renames: &plan.fix.renames,
                })
                .collect();
            Some(compare(&state.judged, &next.judged, &promises).map(|()| next))
        };
        match result {
            Some(Ok(next)) => {
                for plan in joined.taken {
                    self.applied.push(Applied {
                        targets: targets(&state.repository, &plan.fix),
                        finding: plan.finding.clone(),
                        fix: plan.fix.clone(),
                    });
                }
                next
            }
            Some(Err(reason)) if joined.taken.len() == 1 => {
                for plan in &joined.taken {
                    self.rejected
                        .insert(plan.finding.fingerprint.clone(), reason.clone());
                }
                state
            }
            Some(Err(_)) => {
                let taken: Vec<String> = (joined.taken.iter())
                    .map(|plan| plan.finding.fingerprint.clone())
                    .collect();
                let (first, second) = taken.split_at(taken.len() / 2);
                let state = self.take(state, first);
                self.take(state, second)
            }
            // Nothing fits even alone.
            None => {
                for (id, error) in refused {
                    self.rejected.insert(id, NoFix::Edit(error));
                }
                state
            }
        }
    }

    fn finish(self, before: &Repository, state: State) -> Outcome {
        let mut left: Vec<Left> = Vec::new();
        for plan in state.plans {
            let reason = match self.rejected.get(&plan.finding.fingerprint) {
                Some(reason) => Err(reason.clone()),
                None if plan.fix.safety.is_safe() || self.wanted.unsafe_too => Err(NoFix::Bound),
                None => Ok(plan.fix),
            };
            left.push(Left {
                finding: plan.finding,
                reason,
            });
        }
        left.extend(state.refused.into_iter().map(|(finding, reason)| Left {
            finding,
            reason: Err(reason),
        }));
        left.sort_by(|a, b| a.finding.location.cmp(&b.finding.location));
        let changed: BTreeSet<&str> = (self.applied.iter())
            .flat_map(|applied| &applied.fix.changes)
            .map(|planned| planned.path.as_str())
            .collect();
        let files = changed
            .into_iter()
            .filter_map(|path| {
                let old = before.document(path)?.file().clone();
                let new = state.repository.document(path)?.file().clone();
                (old.text() != new.text()).then(|| (path.to_owned(), (old, new)))
            })
            .collect();
        Outcome {
            repository: state.repository,
            judged: state.judged,
            files,
            applied: self.applied,
            left,
            alone: BTreeMap::new(),
        }
    }
}

/// What holds for every fix: the documents are the project's own and read in
/// full, and nothing changes elsewhere by an alias.
fn sound(repository: &Repository, fix: Fix) -> Result<Fix, NoFix> {
    for planned in &fix.changes {
        let document = repository.document(&planned.path).ok_or(NoFix::NoPlace)?;
        if kind_of(&planned.path).is_none() {
            return Err(NoFix::Foreign);
        }
        if document.problems().iter().any(|p| p.kind.hides_rest()) {
            return Err(NoFix::NotUnderstood);
        }
        if reaches_further(document, &planned.change, &aliased(document)) {
            return Err(NoFix::Aliased);
        }
    }
    if fix.changes.is_empty() {
        return Err(NoFix::NoPlace);
    }
    Ok(fix)
}

/// Fixes put together.
struct Joined<'p> {
    files: Vec<SourceFile>,
    taken: Vec<&'p Plan>,
    /// Those that cannot be made beside the others, with what the editor says.
    refused: Vec<(String, EditError)>,
}

/// Puts together as many fixes as fit beside each other.
fn join<'p>(repository: &Repository, plans: &[&'p Plan]) -> Joined<'p> {
    if let Ok(files) = edited(repository, plans) {
        return Joined {
            files,
            taken: plans.to_vec(),
            refused: Vec::new(),
        };
    }
    let mut joined = Joined {
        files: Vec::new(),
        taken: Vec::new(),
        refused: Vec::new(),
    };
    // File by file, so that one that does not fit costs its own file only.
    let mut waiting: Vec<Vec<&Plan>> = Vec::new();
    for plan in plans {
        let path = &plan.finding.location.path;
        match waiting.last_mut() {
            Some(group) if group.iter().any(|p| p.finding.location.path == *path) => {
                group.push(plan);
            }
            _ => waiting.push(vec![plan]),
        }
    }
    for group in waiting {
        let all = [joined.taken.as_slice(), &group].concat();
        if let Ok(files) = edited(repository, &all) {
            (joined.files, joined.taken) = (files, all);
            continue;
        }
        for plan in group {
            let more = [joined.taken.as_slice(), &[plan]].concat();
            match edited(repository, &more) {
                Ok(files) => (joined.files, joined.taken) = (files, more),
                Err(error) => {
                    let id = plan.finding.fingerprint.clone();
                    joined.refused.push((id, error));
                }
            }
        }
    }
    joined
}

/// The documents with all these fixes made.
fn edited(repository: &Repository, plans: &[&Plan]) -> Result<Vec<SourceFile>, EditError> {
    let mut by_path: BTreeMap<&str, Vec<Change>> = BTreeMap::new();
    for planned in plans.iter().flat_map(|plan| &plan.fix.changes) {
        merge(by_path.entry(&planned.path).or_default(), &planned.change);
    }
    let mut files = Vec::new();
    for (path, changes) in by_path {
        let document = repository.document(path).ok_or(EditError::NoSuchNode)?;
        let text = change(document, &changes)?;
        files.push(SourceFile::new(document.file().shared_path(), text));
    }
    Ok(files)
}

/// Adds a change to others. What two fixes both want is done once, and entries
/// that both put into a new mapping stand in it together.
fn merge(changes: &mut Vec<Change>, new: &Change) {
    if changes.contains(new) {
        return;
    }
    if let Change::Insert {
        mapping: at,
        key: name,
        value: Value::Mapping(more),
        ..
    } = new
    {
        for old in changes.iter_mut() {
            if let Change::Insert {
                mapping,
                key,
                value: Value::Mapping(entries),
                ..
            } = old
                && mapping == at
                && key == name
            {
                for entry in more {
                    if !entries.contains(entry) {
                        // An equal key with another value is refused by the editor.
                        entries.push(entry.clone());
                    }
                }
                return;
            }
        }
    }
    changes.push(new.clone());
}

/// The changes of a fix as paths.
fn targets(repository: &Repository, fix: &Fix) -> Vec<(String, String)> {
    let of = |planned: &crate::fix::Planned| {
        let document = repository.document(&planned.path)?;
        let node = document.node(crate::place::target(&planned.change))?;
        let mut path = crate::place::path_of(node);
        if let Change::Insert { key, .. } | Change::Remove { key, .. } = &planned.change {
            path.push(key.clone());
        }
        Some((planned.path.clone(), path.join("/")))
    };
    fix.changes.iter().filter_map(of).collect()
}
