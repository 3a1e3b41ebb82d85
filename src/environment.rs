//! Everything that is taken from the environment. Nothing else reads it.

use std::path::PathBuf;

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the user asks all programs for plain text, see <https://no-color.org>.
pub(crate) fn asks_for_plain_text() -> bool {
    variable("NO_COLOR").is_some() || variable("TERM").as_deref() == Some("dumb")
}

/// The columns that a shell announces.
pub(crate) fn columns() -> Option<usize> {
    variable("COLUMNS")?.parse().ok()
}

/// The repository for which a GitHub job runs, with the folder of its checkout.
pub(crate) fn job_repository() -> Option<(String, PathBuf)> {
    Some((
        variable("GITHUB_REPOSITORY")?,
        variable("GITHUB_WORKSPACE")?.into(),
    ))
}

/// The host of the GitHub server for which a job runs.
pub(crate) fn server_host() -> Option<String> {
    let url = variable("GITHUB_SERVER_URL")?;
    let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    Some(host.trim_end_matches('/').to_ascii_lowercase())
}

/// The folder in which programs keep a user's data, by the XDG Base Directory
/// Specification; on Windows that of the user's profile.
pub(crate) fn data_folder() -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let base = variable("XDG_DATA_HOME")
        .map(PathBuf::from)
        .and_then(absolute)
        .or_else(|| {
            variable("LOCALAPPDATA")
                .map(PathBuf::from)
                .and_then(absolute)
        })
        .or_else(|| {
            let home = variable("HOME").map(PathBuf::from).and_then(absolute)?;
            Some(home.join(".local").join("share"))
        })?;
    Some(base.join("cofferdam"))
}
