//! Bytes of one document, bounded.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cofferdam_facts::{SourceFile, Span};

use crate::collect::open::{Links, regular};
use crate::collect::place::{Place, find, plain};
use crate::gap::Gap;
use crate::limits::Limits;

/// A document, or the part of it that could be read, and what could not.
#[derive(Debug)]
pub(crate) struct Text {
    /// The document; `None` if nothing of it was read.
    pub(crate) file: Option<SourceFile>,
    /// What was not read of it.
    pub(crate) gap: Option<Gap>,
}

/// A file that claims to be longer gets its memory as it is read.
const EXPECTED: u64 = 256 * 1024;

/// Reads the regular file at `real` as the document `path`.
pub(crate) fn read(real: &Path, path: &str, limit: u64) -> Text {
    let whole = |mut file: File| {
        // One more byte than there should be, to see the end at once.
        let size = file.metadata()?.len().min(limit).min(EXPECTED) + 1;
        bounded_from(&mut file, limit, usize::try_from(size).unwrap_or(0))
    };
    match regular(real, Links::Refused).and_then(whole) {
        Ok(Ok(bytes)) => decode(path, bytes),
        Ok(Err(bytes)) => too_large(path, bytes, limit),
        Err(error) => Text {
            file: None,
            gap: Some(Gap::Unreadable {
                path: path.to_owned(),
                error: plain(&error),
            }),
        },
    }
}

/// The text of one more file of the checkout whose canonical root is `root`,
/// and where it truly lies; `None` if it is not there, lies outside, or is not
/// text.
pub(crate) fn text_at(root: &Path, path: &str, limits: &Limits) -> Option<(PathBuf, String)> {
    let Place::File { real, .. } = find(root, path) else {
        return None;
    };
    let Text { file, gap: None } = read(&real, path, limits.document_bytes) else {
        return None;
    };
    Some((real, file?.text().to_owned()))
}

/// Everything that `source` holds, or else the number of bytes that were seen
/// before it was clear that there are more than `limit`.
///
/// # Errors
/// What the source gives.
pub fn bounded(source: &mut dyn Read, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
    bounded_from(source, limit, 0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the reader is a `take`, so that the end is bounded"
)]
fn bounded_from(
    source: &mut dyn Read,
    limit: u64,
    expected: usize,
) -> io::Result<Result<Vec<u8>, u64>> {
    let mut bytes = Vec::with_capacity(expected);
    let count = source
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)? as u64;
    Ok(if count > limit { Err(count) } else { Ok(bytes) })
}

pub(crate) fn too_large(path: &str, bytes: u64, limit: u64) -> Text {
    Text {
        file: None,
        gap: Some(Gap::TooLarge {
            path: path.to_owned(),
            bytes,
            limit,
        }),
    }
}

/// Names bytes as the document `path`. Bytes that are not UTF-8 are replaced,
/// so that the rules still see the rest, and reported.
pub(crate) fn decode(path: &str, bytes: Vec<u8>) -> Text {
    match String::from_utf8(bytes) {
        Ok(text) => Text {
            file: Some(SourceFile::new(path, text)),
            gap: None,
        },
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let file = SourceFile::new(path, String::from_utf8_lossy(error.as_bytes()));
            let location = file.locate(Span::new(at, at));
            Text {
                file: Some(file),
                gap: Some(Gap::NotUtf8 { location }),
            }
        }
    }
}
