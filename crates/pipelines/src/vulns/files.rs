//! The files of a checkout that name packages.

use std::sync::Arc;

use cofferdam_advisories::Ignores;
use cofferdam_advisories::ignores::FILE;
use cofferdam_facts::{Location, SourceFile, Span};
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::kinds::is_copied;
use cofferdam_lockfiles::{
    Document, Format, MAX_BYTES, ParseError, Problem, Role, Unreadable, kind_of,
};

use super::ignoring::{AllIgnores, folder};
use super::report::FileRead;
use super::VulnOptions;
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
/// theirs, and what `go.sum` lists beside `go.mod` was never all built.
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
            Some(format) if !is_told_elsewhere(collected, path, format) => {
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

/// Whether another file names the same packages, and better.
fn is_told_elsewhere(collected: &Collected, path: &str, format: Format) -> bool {
    let beside = |name: &str| match folder(path) {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    match format {
        Format::GoSum => {
            collected.tree.has(&beside("go.mod")) || collected.tree.has(&beside("go.work"))
        }
        Format::GoModulesTxt => {
            let above = folder(folder(path));
            let of = |name: &str| match above {
                "" => name.to_owned(),
                above => format!("{above}/{name}"),
            };
            collected.tree.has(&of("go.mod")) || collected.tree.has(&of("go.work"))
        }
        _ => false,
    }
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

    fn document(
        &mut self,
        collected: &Collected,
        path: &str,
        format: Format,
        limits: &Limits,
    ) {
        let Some(file) = self.text(collected, path, limits) else {
            return;
        };
        let beside = |other: &str| beside(collected, other, limits);
        match cofferdam_lockfiles::parse(format, &file, &beside) {
            Ok(document) => {
                self.not_checked.extend(document.gaps().map(|note| NotChecked {
                    code: "lockfile-part",
                    message: format!("{}: {}", note.location.path, note.kind),
                    location: Some(note.location.clone()),
                    settle: "what stands there is not among the packages; look at it by eye"
                        .to_owned(),
                    required: true,
                }));
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
    let before = file.text().split_inclusive('\n').take(line.saturating_sub(1));
    let start = before.map(str::len).sum();
    file.locate(Span::new(start, start))
}
