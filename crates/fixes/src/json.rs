//! Everything that `cofferdam fix` works out, as JSON. The schema is part of
//! the public interface: within version 1 fields may be added, none changes or
//! goes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use cofferdam_facts::{Location, SourceFile, Span};
use cofferdam_findings::formats::{TOOL_VERSION, inert_json};
use cofferdam_findings::{Finding, NotChecked};
use cofferdam_workflows::yaml::edit::Edit;
use serde::Serialize;

use crate::edits;
use crate::engine::{Alone, Applied, Left};
use crate::fix::{Fix, NoFix, Safety};

mod schema;
pub use schema::schema;

/// The version of the schema.
pub const SCHEMA_VERSION: u32 = 1;

/// What came of one checkout.
#[derive(Clone, Copy, Debug)]
pub struct Checkout<'c> {
    /// As the user named it.
    pub name: &'c str,
    /// Whether the new texts are on disk.
    pub written: bool,
    /// Documents that change: path, text before, text after.
    pub files: &'c [(&'c str, &'c str, &'c str)],
    /// What was mended, in order.
    pub applied: &'c [Applied],
    /// What was not.
    pub left: &'c [Left],
    /// What each fix does by itself.
    pub alone: &'c BTreeMap<String, Alone>,
    /// What could not be checked.
    pub not_checked: &'c [NotChecked],
}

/// Writes one document about all of them.
///
/// # Errors
/// Where `out` cannot be written to.
pub fn write(checkouts: &[Checkout<'_>], out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "{{\"schema_version\":{SCHEMA_VERSION},\
         \"tool\":{{\"name\":\"cofferdam\",\"version\":\"{TOOL_VERSION}\"}},\"checkouts\":["
    )?;
    for (index, checkout) in checkouts.iter().enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        inert_json::write(&CheckoutView::of(checkout), out)?;
    }
    out.write_all(b"\n]}\n")
}

#[derive(Serialize)]
struct CheckoutView<'c> {
    name: &'c str,
    written: bool,
    files: Vec<FileView>,
    fixes: Vec<FixView<'c>>,
    not_checked: Vec<NotCheckedView<'c>>,
}

impl<'c> CheckoutView<'c> {
    fn of(checkout: &Checkout<'c>) -> Self {
        let alone = |finding: &Finding| checkout.alone.get(&finding.fingerprint);
        let taken = (checkout.applied.iter())
            .map(|one| FixView::mended(&one.finding, TAKEN, &one.fix, alone(&one.finding)));
        let left = checkout.left.iter().map(|one| {
            let finding = &one.finding;
            match &one.reason {
                Ok(fix) => FixView::mended(finding, OFFERED, fix, alone(finding)),
                Err(reason) => FixView::refused(finding, reason, alone(finding)),
            }
        });
        let mut fixes: Vec<_> = taken.chain(left).collect();
        fixes.sort_by_key(|one| (one.location.path, one.location.start));
        Self {
            name: checkout.name,
            written: checkout.written,
            files: (checkout.files.iter())
                .map(|(path, before, after)| {
                    let file = SourceFile::new(*path, *before);
                    FileView::of(&file, &edits::between(before, after))
                })
                .collect(),
            fixes,
            not_checked: (checkout.not_checked.iter())
                .map(|one| NotCheckedView {
                    code: one.code,
                    message: &one.message,
                    required: one.required,
                })
                .collect(),
        }
    }
}

/// The edits of one file.
#[derive(Serialize)]
struct FileView {
    path: String,
    edits: Vec<EditView>,
}

impl FileView {
    fn of(file: &SourceFile, edits: &[Edit]) -> Self {
        Self {
            path: file.path().to_owned(),
            edits: edits.iter().map(|edit| EditView::of(file, edit)).collect(),
        }
    }
}

#[derive(Serialize)]
struct EditView {
    start: usize,
    end: usize,
    line: usize,
    end_line: usize,
    replacement: String,
}

impl EditView {
    fn of(file: &SourceFile, edit: &Edit) -> Self {
        let Span { start, end } = edit.span;
        Self {
            start,
            end,
            line: file.line_column(start).0,
            // The first line that stays: edits are of whole lines.
            end_line: file.line_column(end).0,
            replacement: edit.replacement.clone(),
        }
    }
}

#[derive(Serialize)]
struct FixView<'c> {
    rule: &'static str,
    state: &'static str,
    severity: &'static str,
    message: &'c str,
    subject: &'c str,
    fingerprint: &'c str,
    location: LocationView<'c>,
    safety: Option<&'static str>,
    lessens: bool,
    why: Option<&'c str>,
    check: Option<&'c str>,
    refused: Option<String>,
    edits: Vec<FileView>,
}

impl<'c> FixView<'c> {
    fn about(finding: &'c Finding, state: &'static str, alone: Option<&'c Alone>) -> Self {
        // In the files as they were read: other fixes may have moved it since.
        let location = alone.map_or(&finding.location, |alone| &alone.location);
        Self {
            rule: finding.rule,
            state,
            severity: finding.severity.word(),
            message: &finding.message,
            subject: &finding.subject,
            fingerprint: &finding.fingerprint,
            location: LocationView::of(location),
            safety: None,
            lessens: false,
            why: None,
            check: None,
            refused: None,
            edits: Vec::new(),
        }
    }

    fn mended(
        finding: &'c Finding,
        state: &'static str,
        fix: &'c Fix,
        alone: Option<&'c Alone>,
    ) -> Self {
        let (safety, check) = match &fix.safety {
            Safety::Safe => (SAFE, None),
            Safety::Unsafe { check } => (UNSAFE, Some(&**check)),
        };
        let files = alone.into_iter().flat_map(|alone| &alone.files);
        Self {
            safety: Some(safety),
            lessens: fix.lessens,
            why: Some(&fix.explanation),
            check,
            edits: files
                .map(|one| FileView::of(&one.file, &one.edits))
                .collect(),
            ..Self::about(finding, state, alone)
        }
    }

    fn refused(finding: &'c Finding, reason: &NoFix, alone: Option<&'c Alone>) -> Self {
        Self {
            refused: Some(reason.to_string()),
            ..Self::about(finding, REFUSED, alone)
        }
    }
}

const SAFE: &str = "safe";
const UNSAFE: &str = "unsafe";
const TAKEN: &str = "taken";
const OFFERED: &str = "offered";
const REFUSED: &str = "refused";

#[derive(Serialize)]
struct LocationView<'c> {
    path: &'c str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start: usize,
    end: usize,
}

impl<'c> LocationView<'c> {
    fn of(location: &'c Location) -> Self {
        Self {
            path: &location.path,
            line: location.line,
            column: location.column,
            end_line: location.end_line,
            end_column: location.end_column,
            start: location.span.start,
            end: location.span.end,
        }
    }
}

#[derive(Serialize)]
struct NotCheckedView<'c> {
    code: &'static str,
    message: &'c str,
    required: bool,
}
