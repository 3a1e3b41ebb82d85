//! One vendor directory of Go.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use cofferdam_lockfiles::go::{GoSum, VendoredModule};
use cofferdam_trees::{Anchor, Difference, H1};
use rayon::prelude::*;

use super::VendorError;
use super::base::Base;
use super::discovery::Place;
use super::folder::{Folder, Wanted, bytes_of};
use super::go_files::{Judged, Owners, Proof, prove};
use super::list::{List, joined};
use super::records;
use super::report::{Code, Ecosystem, ModuleReport, NotChecked, Problem, State, TreeReport};
use super::sources::Sources;
use crate::collect::plain;
use crate::git::Below;

/// What is compared with what.
pub(super) struct Sides<'s> {
    pub(super) root: &'s Path,
    pub(super) place: &'s Place,
    pub(super) list: &'s List,
    pub(super) folder: &'s Folder,
    pub(super) base: Option<&'s Before>,
}

/// The base's state of the same directory.
pub(super) struct Before {
    list: List,
    ids: Below,
}

impl Before {
    /// The ids of the files of the directory.
    pub(super) fn ids(&self) -> &Below {
        &self.ids
    }
}

pub(super) fn check(
    root: &Path,
    place: &Place,
    sources: &Sources<'_>,
    base: Option<&Base>,
) -> Result<TreeReport, VendorError> {
    let limits = &sources.options.limits;
    let read = |path: &str| match bytes_of(&root.join(path), super::MOST_BYTES) {
        Ok(Some(bytes)) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err("it is not UTF-8".to_owned()),
        },
        Ok(None) => Ok(None),
        Err(error) => Err(plain(&error)),
    };
    let mut list = List::read(place, &read);
    let before = match base {
        Some(base) => Some(Before {
            list: List::read(place, &|path| base.text(path).map_err(|e| e.to_string())),
            ids: base.below(&place.folder)?,
        }),
        None => None,
    };
    let wanted = Wanted {
        ids: base.map(Base::hash),
        one_module: false,
    };
    let folder = Folder::read(&root.join(&place.folder), wanted, limits);
    list.compare(place);
    let sides = Sides {
        root,
        place,
        list: &list,
        folder: &folder,
        base: before.as_ref(),
    };
    let mut report = TreeReport {
        ecosystem: Ecosystem::Go,
        folder: place.folder.clone(),
        files: folder.files.len(),
        bytes: folder.bytes(),
        modules: Vec::new(),
        problems: list.problems.clone(),
        not_checked: list.not_checked.clone(),
    };
    report.problems.extend(sides.changed_sums());
    for (path, why) in &folder.unread {
        report.not_checked.push(NotChecked {
            what: joined(&place.folder, path),
            why: why.clone(),
        });
    }
    sides.modules(sources, base, &mut report)?;
    report
        .problems
        .sort_by(|a, b| (&a.path, a.line, &a.module).cmp(&(&b.path, b.line, &b.module)));
    Ok(report)
}

impl Sides<'_> {
    /// Every sum that is another one than the base's, for a version that the
    /// base has: versions do not change.
    fn changed_sums(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (path, sums) in &self.list.sums {
            let mut before: BTreeMap<(&str, &str), &str> = BTreeMap::new();
            for (module, version, line) in sums.iter() {
                let mut wrong = |code, text: String| {
                    problems.push(Problem {
                        code,
                        path: path.clone(),
                        line: Some(line.line),
                        module: Some(format!("{module}@{}", version.trim_end_matches("/go.mod"))),
                        text,
                        first: None,
                    });
                };
                if !line.sum.starts_with("h1:") {
                    continue;
                }
                if let Some(first) = before.insert((module, version), &line.sum) {
                    let text = format!("{module} {version} has two sums: {first} and {}", line.sum);
                    wrong(Code::SumConflict, text);
                }
                let base: Vec<&str> = self.base_sums(module, version);
                if !base.is_empty() && !base.contains(&line.sum.as_str()) {
                    let text = format!(
                        "{module} {version} has {}, and {} in the base",
                        line.sum,
                        base.join(" or ")
                    );
                    wrong(Code::SumChanged, text);
                }
            }
        }
        problems
    }

    fn base_sums(&self, module: &str, version: &str) -> Vec<&str> {
        let Some(base) = self.base else {
            return Vec::new();
        };
        of(&base.list.sums, module, version)
    }

    /// The sum that the files of a module must lead to, and what it is worth.
    /// The base's comes first: a change cannot touch it.
    pub(super) fn sum(&self, module: &str, version: &str) -> (Option<H1>, Anchor) {
        let first = |sums: Vec<&str>| sums.into_iter().find_map(H1::parse);
        if let Some(sum) = first(self.base_sums(module, version)) {
            return (Some(sum), Anchor::Base);
        }
        match first(of(&self.list.sums, module, version)) {
            Some(sum) => (Some(sum), Anchor::LockOnly),
            None => (None, Anchor::Unanchored),
        }
    }

    fn modules(
        &self,
        sources: &Sources<'_>,
        base: Option<&Base>,
        report: &mut TreeReport,
    ) -> Result<(), VendorError> {
        let owners = Owners::new(&self.list.listed);
        let (files, strangers) = owners.assign(self.folder);
        let mut touched = self.touched(&files);
        // A file that lost its module is a stranger by this change, even where
        // the file itself is the base's.
        let owned_before = self.base.map(|base| Owners::new(&base.list.listed));
        for path in &strangers {
            let lost = (owned_before.as_ref()).is_some_and(|owners| owners.of(path).is_some());
            if lost || !self.is_as_before(path) {
                report.problems.push(self.stranger(path));
            }
        }
        let records = records::Records::new(sources);
        let empty = Vec::new();
        let modules: Vec<(usize, &VendoredModule)> =
            self.list.listed.modules.iter().enumerate().collect();
        let judged: Vec<Option<Judged>> = modules
            .par_iter()
            .with_max_len(1)
            .map(|(at, module)| {
                module.module.version.as_ref()?;
                let of_module = files.get(at).unwrap_or(&empty);
                if !touched.get(at).copied().unwrap_or(true) {
                    return Some(unchanged(module, of_module.len()));
                }
                Some(prove(&Proof {
                    sides: self,
                    sources,
                    records: &records,
                    module,
                    files: of_module,
                }))
            })
            .collect();
        touched.clear();
        for judged in judged.into_iter().flatten() {
            report.modules.push(judged.report);
            report.problems.extend(judged.problems);
            report.not_checked.extend(judged.not_checked);
        }
        super::originals::explain(self, sources, base, report);
        Ok(())
    }

    /// Which modules a change touches; all of them where there is no base.
    fn touched(&self, files: &HashMap<usize, Vec<&str>>) -> HashMap<usize, bool> {
        let Some(base) = self.base else {
            return HashMap::new();
        };
        let same_rules = base.list.go() == self.list.go();
        let mut gone: HashMap<usize, bool> = HashMap::new();
        let owners = Owners::new(&self.list.listed);
        for path in base.ids.keys() {
            if !self.folder.files.contains_key(path)
                && let Some(owner) = owners.of(path)
            {
                gone.insert(owner, true);
            }
        }
        let mut touched = HashMap::new();
        for (at, module) in self.list.listed.modules.iter().enumerate() {
            let mut known = base.list.listed.modules.iter();
            let same_text = known.any(|one| one.text == module.text);
            let source = module.source();
            let version = source.version.as_deref().unwrap_or_default();
            let same_sum = source.is_folder()
                || of(&self.list.sums, &source.path, version)
                    == of(&base.list.sums, &source.path, version);
            let same_files = files
                .get(&at)
                .is_none_or(|all| all.iter().all(|path| self.is_as_before(path)));
            let local = source.is_folder() && !module.packages.is_empty();
            let same = same_rules
                && same_text
                && same_sum
                && same_files
                && !local
                && !gone.contains_key(&at);
            touched.insert(at, !same);
        }
        touched
    }

    /// Whether the base has the same file.
    fn is_as_before(&self, path: &str) -> bool {
        let (Some(base), Some(found)) = (self.base, self.folder.files.get(path)) else {
            return false;
        };
        found.id.is_some() && base.ids.get(path) == found.id.as_ref()
    }

    fn stranger(&self, path: &str) -> Problem {
        Problem {
            code: Code::File(Difference::Stray),
            path: joined(&self.place.folder, path),
            line: None,
            module: None,
            text: "no module of `modules.txt` has it".to_owned(),
            first: None,
        }
    }
}

fn of<'s>(sums: &'s [(String, GoSum)], module: &str, version: &str) -> Vec<&'s str> {
    let mut all: Vec<&str> = Vec::new();
    for (_, sums) in sums {
        for line in sums.of(module, version) {
            if !all.contains(&line.sum.as_str()) {
                all.push(&line.sum);
            }
        }
    }
    all
}

fn unchanged(module: &VendoredModule, files: usize) -> Judged {
    let mut report = blank(module);
    report.state = State::Unchanged;
    report.files = files;
    Judged {
        report,
        problems: Vec::new(),
        not_checked: Vec::new(),
    }
}

pub(super) fn blank(module: &VendoredModule) -> ModuleReport {
    ModuleReport {
        name: module.module.path.clone(),
        version: module.module.version.clone().unwrap_or_default(),
        replacement: module.replacement.as_ref().map(ToString::to_string),
        state: State::NotChecked,
        anchor: Anchor::Unanchored,
        source: None,
        files: 0,
    }
}
