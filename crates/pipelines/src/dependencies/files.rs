//! Every file of one state that names packages, read.

use std::collections::BTreeSet;
use std::sync::Arc;

use cofferdam_facts::{Location, SourceFile, Span};
use cofferdam_findings::NotChecked;
use cofferdam_lockfiles::kinds::is_copied;
use cofferdam_lockfiles::{
    Document, Format, MAX_BYTES, ParseError, Problem, Role, Unreadable, kind_of,
};
use cofferdam_workflows::repository::Tree;

use super::{Inventory, Options, references};
use crate::collect::{Collected, Source};
use crate::gap::Gap;
use crate::limits::Limits;

/// The most bytes of all files together.
const TOTAL_BYTES: u64 = 1024 * 1024 * 1024;

/// Reads the files of a state. `wanted` may leave some unread, by path: those that
/// a change does not touch.
pub(super) fn read(
    mut collected: Collected,
    options: &Options,
    wanted: &dyn Fn(&str) -> bool,
) -> Inventory {
    let mut inventory = Inventory {
        revision: collected.revision.clone(),
        ..Inventory::default()
    };
    let mut reading = Reading {
        source: &collected.source,
        tree: &collected.tree,
        left: TOTAL_BYTES,
        limits: Limits {
            document_bytes: MAX_BYTES as u64,
            ..options.limits
        },
    };
    for path in collected.tree.iter() {
        let kind = kind_of(path);
        let format = Format::of(path);
        if format.is_none() && kind.is_none_or(|kind| kind.role != Role::Lockfile) {
            continue;
        }
        if options.exclude.iter().any(|glob| glob.matches(path)) {
            let why = "the command was told to leave it out";
            inventory.left_out.push((path.to_owned(), why));
            continue;
        }
        if is_copied(path) {
            let why = "it came with a copied package";
            inventory.left_out.push((path.to_owned(), why));
            continue;
        }
        match format {
            Some(format) if wanted(path) => reading.one(path, format, &mut inventory),
            Some(_) => {}
            // Locks of actions are read with the workflows.
            None if references::is_read(path) => {}
            None if wanted(path) => inventory.not_checked.push(not_read(path)),
            None => {}
        }
    }
    let gaps = std::mem::take(&mut collected.gaps);
    let about_files = |gap: &Gap| !matches!(gap, Gap::PartOnly | Gap::NothingToRead { .. });
    let gaps = gaps.into_iter().filter(about_files).map(NotChecked::from);
    inventory.not_checked.extend(gaps);
    if options.references {
        references::read(&mut collected, options, wanted, &mut inventory);
    }
    inventory.documents.sort_by(|a, b| a.path.cmp(&b.path));
    inventory.not_checked.sort_by(|a, b| {
        let key = |one: &NotChecked| (!one.required, one.location.clone(), one.message.clone());
        key(a).cmp(&key(b))
    });
    inventory
}

struct Reading<'c> {
    source: &'c Source,
    tree: &'c Tree,
    /// Bytes that may still be read.
    left: u64,
    limits: Limits,
}

impl Reading<'_> {
    fn one(&mut self, path: &str, format: Format, inventory: &mut Inventory) {
        let file = match self.text(path) {
            Ok(file) => file,
            Err(gap) => {
                inventory.not_checked.push(gap.into());
                return;
            }
        };
        self.left = self.left.saturating_sub(file.text().len() as u64);
        let beside = |other: &str| self.beside(other);
        match cofferdam_lockfiles::parse(format, &file, &beside) {
            Ok(document) => {
                inventory.not_checked.extend(notes(&document));
                inventory.documents.push(document);
            }
            Err(error) => inventory.not_checked.push(refused(&file, &error)),
        }
    }

    fn text(&self, path: &str) -> Result<SourceFile, Gap> {
        if self.left == 0 {
            return Err(Gap::TooMuch {
                what: "bytes of lockfiles",
                limit: TOTAL_BYTES,
            });
        }
        let missing = || Gap::Unreadable {
            path: path.to_owned(),
            error: "it is listed and is not there".to_owned(),
        };
        let Some(text) = self.source.text(path, self.tree, &self.limits) else {
            return Err(missing());
        };
        match (text.file, text.gap) {
            (_, Some(gap)) => Err(gap),
            (Some(file), None) => Ok(file),
            (None, None) => Err(missing()),
        }
    }

    /// A manifest beside a file, or what it includes.
    fn beside(&self, path: &str) -> Result<SourceFile, Unreadable> {
        let text = self.source.text(path, self.tree, &self.limits);
        let text = text.ok_or(Unreadable::Missing)?;
        match (text.file, text.gap) {
            (Some(file), None) => Ok(file),
            (_, Some(Gap::TooLarge { .. })) => Err(Unreadable::TooLarge),
            (_, Some(Gap::LinkOutside { .. })) => Err(Unreadable::Outside),
            _ => Err(Unreadable::Refused),
        }
    }
}

/// What a file says that it cannot be taken for whole, and what is odd in it.
fn notes(document: &Document) -> Vec<NotChecked> {
    let odd = document.notes.iter().map(|note| NotChecked {
        code: if note.kind.is_gap() {
            "lockfile-part"
        } else {
            "lockfile-odd"
        },
        message: format!("{}: {}", note.location.path, note.kind),
        location: Some(note.location.clone()),
        settle: if note.kind.is_gap() {
            "what stands there is not among the packages; look at it by eye".to_owned()
        } else {
            "let the package manager write the file anew".to_owned()
        },
        required: note.kind.is_gap(),
    });
    odd.collect()
}

/// A file that is not understood, at the line where reading stopped.
fn refused(file: &SourceFile, error: &ParseError) -> NotChecked {
    let line = error.mistake.line;
    let start: usize = (file.text().split_inclusive('\n'))
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let code = match error.problem() {
        Problem::UnknownVersion { .. } => "lockfile-version",
        Problem::ConflictMarker => "lockfile-conflict",
        Problem::TooLarge { .. } => "too-large",
        _ => "lockfile-syntax",
    };
    NotChecked {
        code,
        message: format!("{error}, so that none of its packages are known"),
        location: Some(file.locate(Span::new(start, start))),
        settle: error.hint().to_owned(),
        required: true,
    }
}

fn not_read(path: &str) -> NotChecked {
    NotChecked {
        code: "lockfile-format",
        message: format!("{path}: files of this format are not read"),
        location: Some(Location::whole_file(Arc::<str>::from(path))),
        settle: "look at it by eye, or leave it out with `--exclude`".to_owned(),
        required: true,
    }
}

/// The paths of all files that name packages, whether or not they were read.
pub(super) fn paths(tree: &Tree) -> BTreeSet<String> {
    let is_wanted = |path: &&str| {
        let lock = kind_of(path).is_some_and(|kind| kind.role == Role::Lockfile);
        (Format::of(path).is_some() || lock || references::is_read(path)) && !is_copied(path)
    };
    (tree.iter()).filter(is_wanted).map(str::to_owned).collect()
}
