//! One file alone, from disk or from a stream.

use std::fs;
use std::io;
use std::path::{Component, Path};
use std::sync::Arc;

use cofferdam_workflows::repository::Tree;

use crate::collect::open::{Links, regular};
use crate::collect::place::is_read;
use crate::collect::read::{Text, bounded, decode, too_large};
use crate::collect::{CollectError, Collected};
use crate::gap::Gap;
use crate::limits::Limits;

/// Reads one file, named by the user.
///
/// A path whose end says what the file is keeps that end, so that
/// `x/.github/workflows/ci.yml` is a workflow; any other YAML file is read as
/// a workflow.
///
/// # Errors
/// [`CollectError`] if there is no regular file that can be opened, or if it is
/// of no kind that is audited.
pub fn single_file(path: &Path, limits: &Limits) -> Result<Collected, CollectError> {
    let failed = |source: io::Error| CollectError::Io {
        path: path.to_owned(),
        source,
    };
    // The user named it, so a link is followed; a pipe would block.
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => {
            return Err(CollectError::NotAFile {
                path: path.to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(CollectError::NotFound {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(failed(error)),
    }
    let Some(name) = document_name(path) else {
        return Err(CollectError::NotADocument {
            path: path.to_owned(),
        });
    };
    let mut file = regular(path, Links::Followed).map_err(failed)?;
    let bytes = bounded(&mut file, limits.document_bytes).map_err(failed)?;
    Ok(text(&name, bytes, limits))
}

/// Takes bytes as the document `name`, or says that there are too many.
#[must_use]
pub fn text(name: &str, bytes: Result<Vec<u8>, u64>, limits: &Limits) -> Collected {
    let Text { file, gap } = match bytes {
        Ok(bytes) => decode(name, bytes),
        Err(bytes) => too_large(name, bytes, limits.document_bytes),
    };
    Collected {
        tree: Tree::new(vec![Arc::from(name)]),
        files: file.into_iter().collect(),
        gaps: gap.into_iter().chain([Gap::PartOnly]).collect(),
        part: true,
        ..Collected::default()
    }
}

/// Whether a file at this path of a repository is one that is audited.
#[must_use]
pub fn is_document(path: &str) -> bool {
    is_read(path)
}

/// The longest end of a path that says what the file is; `None` if nothing
/// does.
fn document_name(path: &Path) -> Option<String> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let parts: Vec<String> = absolute
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    let from_github = parts.iter().rposition(|part| part == ".github");
    let named = from_github
        .and_then(|at| parts.get(at..))
        .map(|parts| parts.join("/"))
        .filter(|name| is_read(name));
    let last = parts.last().cloned().unwrap_or_default();
    match named {
        Some(name) => Some(name),
        None if is_read(&last) => Some(last),
        None if is_yaml(&last) => Some(format!(".github/workflows/{last}")),
        None => None,
    }
}

fn is_yaml(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with(".yml") || lower.ends_with(".yaml")
}
