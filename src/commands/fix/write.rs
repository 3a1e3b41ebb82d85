//! Files are replaced as wholes, and none before all of a checkout are ready.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use cofferdam_pipelines::Rewrite;
use cofferdam_pipelines::collect::bounded;
use tempfile::NamedTempFile;

use super::{FixError, WriteReason};

/// Writes all files. Each is written beside the old one first; only when all of
/// them lie there do they take their places.
pub(in crate::commands) fn all(rewrites: &[Rewrite]) -> Result<(), FixError> {
    let failed = |rewrite: &Rewrite, reason| FixError::Write {
        file: rewrite.file.clone(),
        reason,
    };
    let mut ready = Vec::new();
    for rewrite in rewrites {
        let part = beside(rewrite).map_err(|reason| failed(rewrite, reason))?;
        ready.push((rewrite, part));
    }
    for (rewrite, part) in ready {
        // A rename puts a new name in the place of whatever stands there: a link
        // that came meanwhile is replaced, and not followed.
        part.persist(&rewrite.file)
            .map_err(|error| failed(rewrite, WriteReason::Io(error.error)))?;
    }
    Ok(())
}

/// The new text in a file beside the old one, with the same mode.
fn beside(rewrite: &Rewrite) -> Result<NamedTempFile, WriteReason> {
    without_links(rewrite)?;
    let found = fs::symlink_metadata(&rewrite.file)?;
    if !found.is_file() {
        return Err(WriteReason::NotAFile);
    }
    if found.permissions().readonly() {
        return Err(WriteReason::ReadOnly);
    }
    let now = bounded(&mut File::open(&rewrite.file)?, rewrite.before.len() as u64)?;
    if now.as_deref() != Ok(rewrite.before.as_bytes()) {
        return Err(WriteReason::Changed);
    }
    let folder = match rewrite.file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut part = tempfile::Builder::new()
        .prefix(".cofferdam-")
        .suffix(".part")
        .tempfile_in(folder)?;
    part.write_all(rewrite.after.as_bytes())?;
    part.as_file().set_permissions(found.permissions())?;
    part.as_file().sync_all()?;
    Ok(part)
}

/// Refuses a file that is a link, or that lies behind one inside of the checkout.
fn without_links(rewrite: &Rewrite) -> Result<(), WriteReason> {
    let inner = rewrite.file.strip_prefix(&rewrite.root);
    let mut here = rewrite.root.clone();
    for part in inner.unwrap_or(&rewrite.file).components() {
        here.push(part);
        if fs::symlink_metadata(&here)?.is_symlink() {
            return Err(WriteReason::Link);
        }
    }
    Ok(())
}
