//! What belongs to a Go vendor directory besides its files: the module file,
//! the sums and the list of modules, of a state that is checked or a base.

use cofferdam_lockfiles::go::modfile::replacement;
use cofferdam_lockfiles::go::{
    GoMod, GoSum, GoVersion, GoWork, ModuleVersion, ModulesTxt, Replace, VendoredModule,
};

use super::discovery::Place;
use super::report::{Code, NotChecked, Problem};

/// One module file, with the sums beside it.
#[derive(PartialEq, Eq)]
pub(super) struct Module {
    /// Its path, relative to the root of the checkout.
    pub(super) path: String,
    pub(super) file: GoMod,
}

/// Everything that says what has to lie in a vendor directory.
#[derive(Default)]
pub(super) struct List {
    /// The modules that are built: one, or those of a workspace.
    pub(super) modules: Vec<Module>,
    pub(super) workspace: Option<GoWork>,
    pub(super) listed: ModulesTxt,
    /// The sums, with the file that has each.
    pub(super) sums: Vec<(String, GoSum)>,
    pub(super) problems: Vec<Problem>,
    pub(super) not_checked: Vec<NotChecked>,
}

/// Reads a file by its path relative to the root.
pub(super) type Read<'r> = &'r dyn Fn(&str) -> Result<Option<String>, String>;

pub(super) fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

/// A path as it is meant from a folder; `None` if it leads out of the checkout.
pub(super) fn resolved(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

impl List {
    /// Reads everything for the vendor directory at a place.
    pub(super) fn read(place: &Place, read: Read<'_>) -> Self {
        let mut list = Self::default();
        let path = joined(&place.folder, "modules.txt");
        if let Some(file) = list.parse(&path, read, ModulesTxt::parse) {
            list.listed = file;
        }
        let work = joined(&place.home, "go.work");
        if list.listed.workspace {
            list.workspace = list.parse(&work, read, GoWork::parse);
            if list.workspace.is_none() {
                list.not_checked.push(NotChecked {
                    what: work,
                    why: "the list is that of a workspace, and there is none".to_owned(),
                });
            }
        }
        let folders: Vec<String> = match &list.workspace {
            Some(work) => work.folders.clone(),
            None => vec![".".to_owned()],
        };
        for folder in folders {
            match resolved(&place.home, &folder) {
                Some(folder) => list.module(&folder, read),
                None => list.not_checked.push(NotChecked {
                    what: format!("the module in {folder}"),
                    why: "it lies outside of the checkout".to_owned(),
                }),
            }
        }
        if list.workspace.is_some() {
            list.sum(&joined(&place.home, "go.work.sum"), read);
        }
        list
    }

    fn module(&mut self, folder: &str, read: Read<'_>) {
        // `-modfile` takes any name; this one is in use where GOPATH was.
        for (name, sum) in [("go.mod", "go.sum"), ("vendor.mod", "vendor.sum")] {
            let path = joined(folder, name);
            if let Some(file) = self.parse(&path, read, GoMod::parse) {
                self.modules.push(Module { path, file });
                self.sum(&joined(folder, sum), read);
                return;
            }
        }
        self.not_checked.push(NotChecked {
            what: joined(folder, "go.mod"),
            why: "there is none, so that the list of modules is compared with nothing".to_owned(),
        });
    }

    fn sum(&mut self, path: &str, read: Read<'_>) {
        if let Some(sum) = self.parse(path, read, GoSum::parse) {
            self.sums.push((path.to_owned(), sum));
        }
    }

    fn parse<T>(
        &mut self,
        path: &str,
        read: Read<'_>,
        parse: fn(&str) -> Result<T, cofferdam_lockfiles::Mistake>,
    ) -> Option<T> {
        let why = match read(path) {
            Ok(None) => return None,
            Ok(Some(text)) => match parse(&text) {
                Ok(file) => return Some(file),
                Err(mistake) => mistake.to_string(),
            },
            Err(why) => why,
        };
        let what = path.to_owned();
        self.not_checked.push(NotChecked { what, why });
        None
    }

    /// The version of the language whose rules hold.
    pub(super) fn go(&self) -> GoVersion {
        match (&self.workspace, self.modules.first()) {
            (Some(work), _) => work.go(),
            (None, Some(module)) => module.file.go(),
            (None, None) => GoVersion::UNNAMED,
        }
    }

    /// Every replacement, with the folder from which it names others: those of
    /// the workspace, which stand over all of the modules', and theirs.
    fn replacements(&self, place: &Place) -> [Vec<(String, Replace)>; 2] {
        let modules = self.modules.iter().flat_map(|module| {
            let home = module.path.rsplit_once('/').map_or("", |(home, _)| home);
            let all = module.file.replace.iter().cloned();
            all.map(move |one| (home.to_owned(), one))
        });
        let work = self.workspace.iter().flat_map(|work| work.replace.clone());
        let work = work.map(|one| (place.home.clone(), one));
        [work.collect(), modules.collect()]
    }

    /// Compares the list with the module files, as Go does before a build. The
    /// list of old versions of Go marks nothing, and names replacements alone.
    pub(super) fn compare(&mut self, place: &Place) {
        self.problems
            .extend(super::selected::contradictions(self, &place.folder));
        if self.modules.is_empty() {
            return;
        }
        let mut wrong = if self.go() < GoVersion::MARKS_EXPLICIT {
            Vec::new()
        } else {
            self.marks(place)
        };
        let replace = self.replacements(place);
        let path = joined(&place.folder, "modules.txt");
        for have in &self.listed.modules {
            if let Some(text) = other_replacement(place, &replace, have) {
                wrong.push((path.clone(), have.line, text));
            }
        }
        self.problems
            .extend(wrong.into_iter().map(|(path, line, text)| Problem {
                code: Code::ListInconsistent,
                path,
                line: Some(line),
                module: None,
                text,
                first: None,
            }));
    }

    /// What is required and not marked, and what is marked and not required.
    fn marks(&self, place: &Place) -> Vec<(String, usize, String)> {
        let own = |path: &str| {
            let mut modules = self.modules.iter();
            modules.any(|one| one.file.module.as_deref() == Some(path))
        };
        let mut wrong = Vec::new();
        for module in &self.modules {
            for one in &module.file.require {
                if own(&one.module.path) {
                    continue;
                }
                let mut listed = self.listed.modules.iter();
                let found = listed.any(|have| have.module == one.module && have.explicit);
                if !found {
                    let text = format!("{} is not marked as explicit in the list", one.module);
                    wrong.push((module.path.clone(), one.line, text));
                }
            }
        }
        for have in &self.listed.modules {
            let mut required = self.modules.iter().flat_map(|one| &one.file.require);
            if have.explicit && !required.any(|one| one.module == have.module) {
                let text = format!(
                    "{} is marked as explicit, and nothing requires it",
                    have.module
                );
                wrong.push((joined(&place.folder, "modules.txt"), have.line, text));
            }
        }
        wrong
    }
}

/// What a module is replaced by, where the list says something else than the
/// module file.
fn other_replacement(
    place: &Place,
    replace: &[Vec<(String, Replace)>; 2],
    have: &VendoredModule,
) -> Option<String> {
    let meant_by = |replace: &[(String, Replace)]| {
        let all: Vec<Replace> = replace.iter().map(|(_, one)| one.clone()).collect();
        // A line without a version records a replacement for every version.
        let meant = if have.module.version.is_none() {
            all.iter().rev().find(|one| one.old == have.module)
        } else {
            replacement(&all, &have.module)
        };
        let mut found = replace.iter().rev();
        found.find(|(_, one)| Some(one) == meant).cloned()
    };
    let meant = replace.iter().find_map(|all| meant_by(all));
    let home = meant.as_ref().map(|(home, _)| home.as_str());
    let meant = meant.as_ref().map(|(_, one)| one);
    let meant = meant.map(|one| &one.new);
    let same = match (meant, &have.replacement) {
        (Some(meant), Some(have)) if meant.is_folder() && have.is_folder() => {
            let from_module = resolved(home.unwrap_or_default(), &meant.path);
            let from_list = resolved(&place.home, &have.path);
            // Outside of the checkout there is nothing but the words.
            from_module == from_list && (from_list.is_some() || meant.path == have.path)
        }
        (meant, have) => meant == have.as_ref(),
    };
    let name = |one: Option<&ModuleVersion>| one.map_or("nothing".to_owned(), ToString::to_string);
    (!same).then(|| {
        format!(
            "{} is replaced by {} in the list, and by {} in the module file",
            have.module,
            name(have.replacement.as_ref()),
            name(meant)
        )
    })
}
