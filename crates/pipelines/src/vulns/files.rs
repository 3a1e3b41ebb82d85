//! The files of a checkout that name packages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cofferdam_advisories::Ignores;
use cofferdam_advisories::ignores::FILE;
use cofferdam_facts::{Location, SourceFile, Span};
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::go::GoVersion;
use cofferdam_lockfiles::kinds::is_copied;
use cofferdam_lockfiles::versions::Scheme;
use cofferdam_lockfiles::{
    Document, Format, MAX_BYTES, Package, ParseError, Problem, Role, Unreadable, kind_of,
};

use super::VulnOptions;
use super::ignoring::{AllIgnores, folder};
use super::report::FileRead;
use crate::collect::Collected;
use crate::gap::Gap;
use crate::limits::Limits;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) documents: Vec<Document>,
    pub(super) ignores: AllIgnores,
    pub(super) not_checked: Vec<NotChecked>,
}

/// Reads every file that names packages. What lies in folders of copied packages is
/// theirs.
pub(super) fn read(collected: &mut Collected, options: &VulnOptions) -> Read {
    let mut read = Read::default();
    let limits = Limits {
        document_bytes: MAX_BYTES as u64,
        ..options.limits
    };
    let collected = &*collected;
    for path in collected.tree.iter() {
        if is_copied(path) {
            continue;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        if name == FILE && options.ignores {
            read.ignores(collected, path, &limits);
        }
        match Format::of(path) {
            Some(format) if !read.is_told_elsewhere(collected, path, format) => {
                read.document(collected, path, format, &limits);
            }
            Some(_) => {}
            None => read.unread(path),
        }
    }
    let about_files = |gap: &&Gap| !matches!(gap, Gap::PartOnly | Gap::NothingToRead { .. });
    let gaps = collected.gaps.iter().filter(about_files);
    read.not_checked.extend(gaps.cloned().map(NotChecked::from));
    read
}

/// A file of a folder.
fn of(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// Of a list of sums, the highest version of each module that `go.mod` does not name:
/// what Go selects where it looked at the contents of several.
fn selected(mut sums: Document, named: &BTreeSet<String>) -> Document {
    let mut highest: BTreeMap<String, Package> = BTreeMap::new();
    for package in sums.packages {
        if named.contains(&package.name) {
            continue;
        }
        let is_lower = highest.get(&package.name).is_some_and(|other| {
            let (a, b) = (other.version.as_deref(), package.version.as_deref());
            Scheme::Semver
                .compare(a.unwrap_or_default(), b.unwrap_or_default())
                .is_ge()
        });
        if !is_lower {
            highest.insert(package.name.clone(), package);
        }
    }
    sums.packages = highest.into_values().collect();
    sums
}

impl Read {
    /// What was read, for the report.
    pub(super) fn files(&self) -> Vec<FileRead> {
        let files = self.documents.iter().map(|document| FileRead {
            path: Arc::clone(&document.path),
            format: document.format.name(),
            packages: document.dependencies().count(),
        });
        files.collect()
    }

    /// Whether another file names the same packages, and better. `go.mod` names all of
    /// them from Go 1.17 on; before, `vendor/modules.txt` or `go.sum` has the rest.
    fn is_told_elsewhere(&self, collected: &Collected, path: &str, format: Format) -> bool {
        let has = |folder: &str, name: &str| collected.tree.has(&of(folder, name));
        let home = match format {
            Format::GoSum => folder(path),
            Format::GoModulesTxt => folder(folder(path)),
            _ => return false,
        };
        if has(home, "go.work") || !has(home, "go.mod") {
            return has(home, "go.work");
        }
        self.is_complete(home) || (format == Format::GoSum && has(home, "vendor/modules.txt"))
    }

    /// Whether the `go.mod` of a folder names every module. One that was not understood
    /// is named as such, and nothing is added to it.
    fn is_complete(&self, home: &str) -> bool {
        let path = of(home, "go.mod");
        let Some(document) = self.documents.iter().find(|one| *one.path == *path) else {
            return true;
        };
        let version = document
            .format_version
            .as_deref()
            .and_then(GoVersion::parse);
        version >= GoVersion::parse("1.17")
    }

    /// The modules that the `go.mod` of a folder names.
    fn named_by_go_mod(&self, home: &str) -> BTreeSet<String> {
        let path = of(home, "go.mod");
        let documents = self.documents.iter().filter(|one| *one.path == *path);
        let packages = documents.flat_map(|document| &document.packages);
        packages
            .flat_map(|one| [Some(one.name.clone()), one.alias.clone()])
            .flatten()
            .collect()
    }

    /// The version of Go that the file of ignores beside a lockfile says.
    pub(super) fn go_version(&self, path: &str) -> Option<&str> {
        self.ignores.of_file(path)?.go_version.as_deref()
    }

    fn ignores(&mut self, collected: &Collected, path: &str, limits: &Limits) {
        let Some(file) = self.text(collected, path, limits) else {
            return;
        };
        match Ignores::parse(&file) {
            Ok(ignores) => self.ignores.add(ignores),
            Err(error) => self.not_checked.push(NotChecked {
                code: "ignores",
                location: Some(at_line(&file, error.line)),
                message: format!("{error}; nothing is ignored by it"),
                settle: "mend the file".to_owned(),
                required: true,
            }),
        }
    }

    fn document(&mut self, collected: &Collected, path: &str, format: Format, limits: &Limits) {
        let Some(file) = self.text(collected, path, limits) else {
            return;
        };
        let beside = |other: &str| beside(collected, other, limits);
        match cofferdam_lockfiles::parse(format, &file, &beside) {
            Ok(document) => {
                self.not_checked
                    .extend(document.gaps().map(|note| {
                        NotChecked {
                            code: "lockfile-part",
                            message: format!("{}: {}", note.location.path, note.kind),
                            location: Some(note.location.clone()),
                            settle:
                                "what stands there is not among the packages; look at it by eye"
                                    .to_owned(),
                            required: true,
                        }
                    }));
                let document = match format {
                    Format::GoSum => selected(document, &self.named_by_go_mod(folder(path))),
                    _ => document,
                };
                self.documents.push(document);
            }
            Err(error) => self.not_checked.push(refused(&file, &error)),
        }
    }

    fn text(&mut self, collected: &Collected, path: &str, limits: &Limits) -> Option<SourceFile> {
        let text = collected.source.text(path, &collected.tree, limits)?;
        if let Some(gap) = text.gap {
            self.not_checked.push(gap.into());
            return None;
        }
        text.file
    }

    /// A lockfile of a format that is not read.
    fn unread(&mut self, path: &str) {
        let is_lock = kind_of(path).is_some_and(|kind| kind.role == Role::Lockfile);
        if !is_lock || path.ends_with("workflows/actions.lock") {
            return;
        }
        self.not_checked.push(NotChecked {
            code: "lockfile-format",
            message: format!("{path}: files of this format are not read"),
            location: Some(Location::whole_file(Arc::<str>::from(path))),
            settle: "look at its packages by another tool".to_owned(),
            required: true,
        });
    }
}

fn beside(collected: &Collected, path: &str, limits: &Limits) -> Result<SourceFile, Unreadable> {
    let text = collected.source.text(path, &collected.tree, limits);
    let text = text.ok_or(Unreadable::Missing)?;
    match (text.file, text.gap) {
        (Some(file), None) => Ok(file),
        (_, Some(Gap::TooLarge { .. })) => Err(Unreadable::TooLarge),
        (_, Some(Gap::LinkOutside { .. })) => Err(Unreadable::Outside),
        _ => Err(Unreadable::Refused),
    }
}

/// A file that is not understood, at the line where reading stopped.
fn refused(file: &SourceFile, error: &ParseError) -> NotChecked {
    let code = match error.problem() {
        Problem::UnknownVersion { .. } => "lockfile-version",
        Problem::ConflictMarker => "lockfile-conflict",
        Problem::TooLarge { .. } => "too-large",
        _ => "lockfile-syntax",
    };
    NotChecked {
        code,
        message: format!("{error}, so that none of its packages are known"),
        location: Some(at_line(file, error.mistake.line)),
        settle: error.hint().to_owned(),
        required: true,
    }
}

fn at_line(file: &SourceFile, line: usize) -> Location {
    let before = file
        .text()
        .split_inclusive('\n')
        .take(line.saturating_sub(1));
    let start = before.map(str::len).sum();
    file.locate(Span::new(start, start))
}
