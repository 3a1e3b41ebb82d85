//! Every checksum of Go modules in the checkout and in the base. A version has
//! one sum, in whatever folder a file names it.

use std::collections::HashMap;
use std::path::Path;

use cofferdam_lockfiles::go::{GoSum, SumLine};

use super::base::Base;
use super::folder::bytes_of;
use super::report::{Code, NotChecked, Problem};
use crate::collect::plain;
use crate::git::GitError;

/// A module and its version.
type Key = (String, String);

/// What the files say together.
#[derive(Default)]
pub(super) struct Sums {
    /// The base's, by file.
    files: HashMap<String, GoSum>,
    /// The base's, of all files together.
    base: HashMap<Key, Vec<String>>,
    /// What contradicts another file, or the base.
    pub(super) problems: Vec<Problem>,
    /// What could not be read.
    pub(super) not_checked: Vec<NotChecked>,
}

impl Sums {
    /// Reads the files of the checkout at these paths, and all of the base.
    pub(super) fn read(
        root: &Path,
        paths: &[String],
        base: Option<&Base>,
    ) -> Result<Self, GitError> {
        let mut sums = Self::default();
        if let Some(base) = base {
            sums.before(base)?;
        }
        let mut first: HashMap<Key, (String, String, usize)> = HashMap::new();
        for path in paths {
            let Some(file) = sums.file(root, path) else {
                continue;
            };
            sums.problems.extend(sums.changed(path, &file));
            for (module, version, line) in h1s(&file) {
                let key = (module.to_owned(), version.to_owned());
                let (sum, at, number) = first
                    .entry(key)
                    .or_insert_with(|| (line.sum.clone(), path.clone(), line.line));
                if *sum == line.sum {
                    continue;
                }
                let text = format!(
                    "{module} {version} has two sums: {} here, and {sum} in {at}, line {number}",
                    line.sum
                );
                let code = Code::SumConflict;
                (sums.problems).push(problem(code, path, module, version, line, text));
            }
        }
        Ok(sums)
    }

    fn before(&mut self, base: &Base) -> Result<(), GitError> {
        for path in base.sums()? {
            let text = base.text(path)?.ok_or("it is not UTF-8".to_owned());
            let file = text.and_then(|text| GoSum::parse(&text).map_err(|e| e.to_string()));
            let file = match file {
                Ok(file) => file,
                Err(why) => {
                    let what = format!("{path} of the base");
                    self.not_checked.push(NotChecked { what, why });
                    continue;
                }
            };
            for (module, version, line) in h1s(&file) {
                let key = (module.to_owned(), version.to_owned());
                let all = self.base.entry(key).or_default();
                if !all.contains(&line.sum) {
                    all.push(line.sum.clone());
                }
            }
            self.files.insert(path.to_owned(), file);
        }
        Ok(())
    }

    fn file(&mut self, root: &Path, path: &str) -> Option<GoSum> {
        let read = || {
            let bytes = bytes_of(&root.join(path), super::MOST_BYTES).map_err(|e| plain(&e))?;
            let text = String::from_utf8(bytes.unwrap_or_default());
            let text = text.map_err(|_| "it is not UTF-8".to_owned())?;
            GoSum::parse(&text).map_err(|error| error.to_string())
        };
        match read() {
            Ok(file) => Some(file),
            Err(why) => {
                let what = path.to_owned();
                self.not_checked.push(NotChecked { what, why });
                None
            }
        }
    }

    /// Every sum of a file that is another one than the base's, for a version
    /// that the base has: versions do not change, and neither does a folder
    /// that moves change them.
    pub(super) fn changed(&self, path: &str, file: &GoSum) -> Vec<Problem> {
        let mut problems = Vec::new();
        let own = self.files.get(path);
        for (module, version, line) in h1s(file) {
            let own = own.map(|own| own.of(module, version).map(|one| one.sum.as_str()));
            let mut before: Vec<&str> = own.into_iter().flatten().collect();
            if before.is_empty() {
                before = self.base(module, version).collect();
            }
            if before.is_empty() || before.contains(&line.sum.as_str()) {
                continue;
            }
            let text = format!(
                "{module} {version} has {}, and {} in the base",
                line.sum,
                before.join(" or ")
            );
            problems.push(problem(Code::SumChanged, path, module, version, line, text));
        }
        problems
    }

    /// The base's sums of a version, from whatever file.
    pub(super) fn base(&self, module: &str, version: &str) -> impl Iterator<Item = &str> {
        let key = (module.to_owned(), version.to_owned());
        self.base
            .get(&key)
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// The lines of the kind that Go compares; others it skips.
fn h1s(file: &GoSum) -> impl Iterator<Item = (&str, &str, &SumLine)> {
    file.iter()
        .filter(|(_, _, line)| line.sum.starts_with("h1:"))
}

fn problem(
    code: Code,
    path: &str,
    module: &str,
    version: &str,
    line: &SumLine,
    text: String,
) -> Problem {
    Problem {
        code,
        path: path.to_owned(),
        line: Some(line.line),
        module: Some(format!("{module}@{}", version.trim_end_matches("/go.mod"))),
        text,
        first: None,
    }
}
