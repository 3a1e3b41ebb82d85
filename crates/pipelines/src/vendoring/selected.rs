//! Whether the versions whose packages are vendored are those that Go selects.
//!
//! A vendor directory is built as the list says, and Go compares only what the
//! list marks as explicit. Packages of a lower version would be proven against
//! this lower version, so that the list has to be compared with what requires
//! the modules: the module files, and those of the modules that are listed.
//!
//! Source: Go modules reference, "Minimal version selection" and "Module graph
//! pruning": from Go 1.17 on the module file names every module with packages.

use std::collections::{HashMap, HashSet};

use cofferdam_lockfiles::go::versions::compare;
use cofferdam_lockfiles::go::{GoMod, GoVersion, ModuleVersion, VendoredModule};

use super::list::{List, joined};
use super::report::{Code, NotChecked, Problem};

/// What is wrong with the list in itself: two answers to one question.
pub(super) fn contradictions(list: &List, folder: &str) -> Vec<Problem> {
    let mut said = Said {
        path: joined(folder, "modules.txt"),
        problems: Vec::new(),
    };
    let mut lines: HashMap<&ModuleVersion, usize> = HashMap::new();
    let mut versions: HashMap<&str, &VendoredModule> = HashMap::new();
    let mut packages: HashMap<&str, usize> = HashMap::new();
    let mut lower: HashMap<String, &str> = HashMap::new();
    for one in &list.listed.modules {
        let module = &one.module;
        if let Some(first) = lines.insert(module, one.line) {
            said.wrong(one, format!("{module} stands in line {first} already"));
        }
        if one.packages.is_empty() {
            continue;
        }
        if module.version.is_none() {
            let text = format!("{module} has packages and no version");
            said.wrong(one, text);
        }
        if let Some(first) = versions.insert(&module.path, one)
            && first.module != *module
        {
            let text = format!(
                "{module} has packages, and {} in line {} has too: one version is built",
                first.module, first.line
            );
            said.wrong(one, text);
        }
        for package in &one.packages {
            if let Some(first) = packages.insert(package, one.line) {
                let text = format!("{package} is a package of line {first} already");
                said.wrong(one, text);
            }
            let other = lower.insert(package.to_lowercase(), package);
            if let Some(other) = other.filter(|other| other != package) {
                let text = format!("{package} and {other} differ in capitals alone");
                said.wrong(one, text);
            }
        }
    }
    said.problems
}

struct Said {
    path: String,
    problems: Vec<Problem>,
}

impl Said {
    fn wrong(&mut self, about: &VendoredModule, text: String) {
        self.problems.push(Problem {
            code: Code::ListInconsistent,
            path: self.path.clone(),
            line: Some(about.line),
            module: Some(about.module.to_string()),
            text,
            first: None,
        });
    }
}

/// What is known besides the list.
pub(super) struct Known<'k> {
    /// The `go.mod` of a listed module, or of what stands in its place; `None`
    /// where it is not at hand.
    pub(super) file_of: &'k dyn Fn(&VendoredModule) -> Option<GoMod>,
    /// Whether a change touches the module of this number.
    pub(super) is_touched: &'k dyn Fn(usize) -> bool,
    /// The version of a module whose packages the base has.
    pub(super) before: &'k dyn Fn(&str) -> Option<&'k str>,
}

/// Compares the versions with packages with what requires them. Gaps are named
/// for modules that a change touches.
pub(super) fn check(
    list: &List,
    folder: &str,
    known: &Known<'_>,
) -> (Vec<Problem>, Vec<NotChecked>) {
    let mut said = Said {
        path: joined(folder, "modules.txt"),
        problems: Vec::new(),
    };
    let mut gaps = Vec::new();
    if list.modules.is_empty() {
        // That there is no module file is a gap by itself.
        return (said.problems, gaps);
    }
    let own: HashSet<&str> = (list.modules.iter())
        .filter_map(|one| one.file.module.as_deref())
        .collect();
    let excluded: HashSet<&ModuleVersion> = (list.modules.iter())
        .flat_map(|one| &one.file.exclude)
        .collect();
    let named = Required::of(list.modules.iter().map(|one| &one.file), &excluded);
    let names_all = list.workspace.is_none() && list.go() >= GoVersion::LEAVES_OUT_GO_MOD;
    let with_packages: Vec<(usize, &VendoredModule)> = (list.listed.modules.iter().enumerate())
        .filter(|(_, one)| !one.packages.is_empty() && !own.contains(one.module.path.as_str()))
        .collect();
    let files: Vec<GoMod> = (with_packages.iter())
        .filter_map(|(_, one)| (known.file_of)(one))
        .collect();
    let knows_all = files.len() == with_packages.len();
    let by_others = Required::of(files.iter(), &excluded);
    for (at, one) in with_packages {
        let Some(version) = one.module.version.as_deref() else {
            continue;
        };
        let path = one.module.path.as_str();
        let higher = [&named, &by_others]
            .into_iter()
            .filter_map(|required| required.highest(path))
            .find(|highest| compare(version, highest).is_lt());
        if let Some(higher) = higher {
            let text = format!(
                "the packages are those of {}, and {higher} is required: the highest version is \
                 selected",
                one.module
            );
            said.wrong(one, text);
            continue;
        }
        let is_touched = (known.is_touched)(at);
        if named.highest(path) == Some(version) {
            let before = (known.before)(path);
            if is_touched && !knows_all && before.is_some_and(|it| compare(version, it).is_lt()) {
                gaps.push(NotChecked {
                    what: one.module.to_string(),
                    why: format!(
                        "the base has {}, and not every go.mod is at hand that may require it",
                        before.unwrap_or_default()
                    ),
                });
            }
            continue;
        }
        if names_all {
            let text = format!("{} has packages, and no go.mod requires it", one.module);
            said.wrong(one, text);
        } else if !by_others.has(&one.module) && is_touched {
            gaps.push(NotChecked {
                what: one.module.to_string(),
                why: "no go.mod that is at hand requires this version, so that another one may be \
                      the one that Go selects"
                    .to_owned(),
            });
        }
    }
    (said.problems, gaps)
}

/// What some files require, but for what is excluded.
struct Required<'f> {
    highest: HashMap<&'f str, &'f str>,
    all: HashSet<&'f ModuleVersion>,
}

impl<'f> Required<'f> {
    fn of(files: impl Iterator<Item = &'f GoMod>, excluded: &HashSet<&ModuleVersion>) -> Self {
        let mut required = Self {
            highest: HashMap::new(),
            all: HashSet::new(),
        };
        for one in files.flat_map(|file| &file.require) {
            if excluded.contains(&one.module) {
                continue;
            }
            required.all.insert(&one.module);
            let version = one.module.version.as_deref().unwrap_or_default();
            let highest = (required.highest.entry(&one.module.path)).or_insert(version);
            if compare(highest, version).is_lt() {
                *highest = version;
            }
        }
        required
    }

    fn highest(&self, path: &str) -> Option<&'f str> {
        self.highest.get(path).copied()
    }

    fn has(&self, module: &ModuleVersion) -> bool {
        self.all.contains(module)
    }
}
