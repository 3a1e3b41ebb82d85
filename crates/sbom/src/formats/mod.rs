//! Documents in the formats that others read.

mod cyclonedx;
mod inert;
mod spdx;

use std::io::{self, Write};

use cofferdam_facts::Timestamp;

use crate::document::Document;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// SPDX 2.3, JSON.
    SpdxJson,
    /// CycloneDX 1.6, JSON.
    CyclonedxJson,
}

/// The name of this program in documents, and its version.
const TOOL: &str = "cofferdam";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Below which documents have their names.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Writes a document. `created` is the time that it says; without one it is
/// that of the subject, and SPDX, which wants one, gets the first second of 1970.
///
/// # Errors
/// What the writer says.
pub fn write(
    document: &Document,
    format: Format,
    created: Option<Timestamp>,
    out: &mut impl Write,
) -> io::Result<()> {
    let created = created.or(document.created);
    match format {
        Format::SpdxJson => spdx::write(document, created, &mut *out)?,
        Format::CyclonedxJson => cyclonedx::write(document, created, &mut *out)?,
    }
    out.write_all(b"\n")
}

/// What is said of gaps and of what was left out, where there is something to
/// say.
fn remarks(document: &Document) -> Vec<String> {
    let gaps = document
        .gaps
        .iter()
        .map(|gap| format!("not read: {}: {}", gap.path, gap.why));
    let excluded = document
        .excluded
        .iter()
        .map(|path| format!("left out: {path}"));
    gaps.chain(excluded).collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
