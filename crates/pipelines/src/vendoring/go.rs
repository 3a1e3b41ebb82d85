//! One vendor directory of Go.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use cofferdam_lockfiles::go::{GoMod, GoSum, VendoredModule};
use cofferdam_trees::{Anchor, Difference, Entry, H1};
use rayon::prelude::*;

use super::VendorError;
use super::base::Base;
use super::discovery::Place;
use super::folder::{Folder, Wanted, bytes_of};
use super::go_files::{Judged, Owners, Proof, prove};
use super::list::{List, joined, resolved};
use super::records;
use super::report::{Code, Ecosystem, ModuleReport, NotChecked, Problem, State, TreeReport};
use super::selected;
use super::sources::Sources;
use super::sums::Sums;
use crate::collect::plain;
use crate::git::Below;

/// What is compared with what.
pub(super) struct Sides<'s> {
    pub(super) root: &'s Path,
    pub(super) place: &'s Place,
    pub(super) list: &'s List,
    pub(super) folder: &'s Folder,
    pub(super) base: Option<&'s Before>,
    pub(super) sums: &'s Sums,
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
    sums: &Sums,
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
    let before = base.map(|base| Before {
        list: List::read(place, &|path| base.text(path).map_err(|e| e.to_string())),
        ids: base.below(&place.folder),
    });
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
        sums,
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
    report.problems.extend(sides.wrong_sums());
    report.problems.extend(sides.list_that_is_no_file());
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
    /// What is wrong with the sums of this directory.
    fn wrong_sums(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (path, file) in &self.list.sums {
            let said = self.sums.problems.iter().filter(|one| one.path == *path);
            problems.extend(said.cloned());
            // A workspace may take modules from where nothing else is read.
            for one in self.sums.changed(path, file) {
                if !problems.contains(&one) {
                    problems.push(one);
                }
            }
        }
        problems
    }

    /// The list is read where it stands, and nothing else may stand there.
    fn list_that_is_no_file(&self) -> Option<Problem> {
        let difference = match self.folder.files.get("modules.txt")?.entry {
            Entry::File(_) => return None,
            Entry::Link(_) => Difference::Link,
            Entry::Other => Difference::Special,
        };
        Some(Problem {
            code: Code::File(difference),
            path: joined(&self.place.folder, "modules.txt"),
            line: None,
            module: None,
            text: "the list of modules is no regular file".to_owned(),
            first: None,
        })
    }

    /// The base's sums of a version: those of the same directory before those
    /// of others.
    fn base_sums(&self, module: &str, version: &str) -> Vec<&str> {
        let Some(base) = self.base else {
            return Vec::new();
        };
        let mut all = of(&base.list.sums, module, version);
        for sum in self.sums.base(module, version) {
            if !all.contains(&sum) {
                all.push(sum);
            }
        }
        all
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
        let touched = self.touched(&files);
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
                // Without a version it is a replacement that nothing uses; one
                // with packages is wrong, and its files are compared anyway.
                if module.module.version.is_none() && module.packages.is_empty() {
                    return None;
                }
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
        for judged in judged.into_iter().flatten() {
            report.modules.push(judged.report);
            report.problems.extend(judged.problems);
            report.not_checked.extend(judged.not_checked);
        }
        self.selection(sources, &touched, report);
        Self::doubt(report);
        super::originals::explain(self, sources, base, report);
        Ok(())
    }

    /// Compares the versions of the list with what requires them, unless the
    /// base says the same.
    fn selection(
        &self,
        sources: &Sources<'_>,
        touched: &HashMap<usize, bool>,
        report: &mut TreeReport,
    ) {
        let same = self.base.is_some_and(|base| {
            base.list.listed == self.list.listed
                && base.list.modules == self.list.modules
                && base.list.workspace == self.list.workspace
        });
        if same {
            return;
        }
        let before = self.base.map(|base| &base.list.listed);
        let known = selected::Known {
            file_of: &|module| self.file_of(sources, module),
            is_touched: &|at| touched.get(&at).copied().unwrap_or(true),
            before: &|path| {
                let mut modules = before?.modules.iter();
                let found = modules.find(|one| one.module.path == path && !one.packages.is_empty());
                found?.module.version.as_deref()
            },
        };
        let (problems, gaps) = selected::check(self.list, &self.place.folder, &known);
        report.problems.extend(problems);
        report.not_checked.extend(gaps);
    }

    /// A module about which the list is wrong is not the one that is built,
    /// whatever its files equal.
    fn doubt(report: &mut TreeReport) {
        let wrong: HashSet<&str> = (report.problems.iter())
            .filter(|one| one.code == Code::ListInconsistent)
            .filter_map(|one| one.module.as_deref())
            .collect();
        let gaps: HashSet<&str> = (report.not_checked.iter())
            .map(|one| one.what.as_str())
            .collect();
        for module in &mut report.modules {
            let name = format!("{}@{}", module.name, module.version);
            if wrong.contains(name.as_str()) {
                module.state = State::Differs;
            } else if gaps.contains(name.as_str())
                && matches!(module.state, State::Proven | State::Agrees)
            {
                module.state = State::NotChecked;
            }
        }
    }

    /// The `go.mod` of a module, as far as it is at hand.
    fn file_of(&self, sources: &Sources<'_>, module: &VendoredModule) -> Option<GoMod> {
        let source = module.source();
        let bytes = match &source.version {
            Some(version) => {
                let sum = self.sum(&source.path, version).0?;
                sources.go_mod(&source.path, version, sum)?
            }
            None => {
                let folder = resolved(&self.place.home, &source.path)?;
                let path = self.root.join(folder).join("go.mod");
                bytes_of(&path, super::MOST_BYTES).ok()??
            }
        };
        GoMod::parse(str::from_utf8(&bytes).ok()?).ok()
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
