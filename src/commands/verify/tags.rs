//! Every tag of a repository, and the file that keeps what they stood for.

use std::io::{self, Write as _};
use std::path::Path;

use cofferdam_findings::sanitise;
use cofferdam_pipelines::images::{self, ImageRequest, Tags};
use cofferdam_pipelines::verification::VerifiedArtifact;
use serde_json::{Value, json};

use super::{VerifyError, bounded_text};
use crate::output;

/// The version of the form of the file.
const VERSION: u64 = 1;
/// The most bytes of the file.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Verifies every tag, against what they stood for where a file says so.
pub(super) fn verified(
    request: &ImageRequest<'_>,
    since: Option<&Path>,
    write: bool,
) -> Result<Vec<VerifiedArtifact>, VerifyError> {
    if request.image.tag.is_some() || request.image.digest.is_some() {
        return Err(VerifyError::NoRepository(request.image.to_string()));
    }
    let repository = request.image.name();
    let before = match since {
        Some(path) => known(path, &repository, write)?,
        None => None,
    };
    let found = images::verify_tags(request, before.as_ref())?;
    let mut notes = String::new();
    for tag in &found.gone {
        let tag = sanitise::line(tag);
        notes.push_str(&format!(
            "note: the tag {tag} is gone since the last time\n"
        ));
    }
    if !found.left_out.is_empty() {
        notes.push_str(&format!(
            "note: not verified, since by their names they hold signatures: {}\n",
            sanitise::line(&found.left_out.join(", "))
        ));
    }
    // Where standard error is closed, the result still tells.
    let _ = io::stderr().write_all(sanitise::inert_for_log(&notes).as_bytes());
    if let Some(path) = since.filter(|_| write) {
        let text = json!({
            "version": VERSION,
            "repository": repository,
            "tags": found.tags,
        });
        let text = format!("{text:#}\n");
        output::write_whole(path, text.as_bytes()).map_err(|error| VerifyError::Tags {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
    }
    Ok(found.artifacts)
}

/// What tags stood for. A file that is not there is one to be written, or else an
/// error: without it, a tag that has moved would look like one that has not.
fn known(path: &Path, repository: &str, write: bool) -> Result<Option<Tags>, VerifyError> {
    let wrong = |problem: &dyn std::fmt::Display| VerifyError::Tags {
        path: path.to_owned(),
        problem: problem.to_string(),
    };
    let text = match bounded_text(path, MOST_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && write => return Ok(None),
        other => other.map_err(|error| wrong(&error))?,
    };
    let read: Value = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
    if read.get("version").and_then(Value::as_u64) != Some(VERSION) {
        return Err(wrong(&"it is of a version that is not known"));
    }
    if read.get("repository").and_then(Value::as_str) != Some(repository) {
        return Err(wrong(&format!(
            "it is about another repository than {repository}"
        )));
    }
    let tags = read.get("tags").and_then(Value::as_object);
    let tags = tags.ok_or_else(|| wrong(&"it names no tags"))?;
    let pair = |(tag, digest): (&String, &Value)| {
        let digest = digest.as_str().map(str::to_owned);
        let digest = digest.ok_or_else(|| wrong(&format!("the tag {tag} has no digest")))?;
        Ok((tag.clone(), digest))
    };
    tags.iter().map(pair).collect::<Result<Tags, _>>().map(Some)
}
