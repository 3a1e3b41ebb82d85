//! What is taken from the environment: how to print, for which job this runs,
//! and where a user's data lies. Tokens and proxies are read by the commands
//! that use the network.

use std::ffi::OsString;
use std::path::PathBuf;

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the user asks all programs for plain text, see <https://no-color.org>.
pub(crate) fn asks_for_plain_text() -> bool {
    variable("NO_COLOR").is_some() || terminal_is_dumb()
}

/// Whether the terminal can do nothing but print.
pub(crate) fn terminal_is_dumb() -> bool {
    variable("TERM").as_deref() == Some("dumb")
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

/// What a GitHub job knows of the event that it runs for.
#[derive(Debug, Default)]
pub(crate) struct JobEvent {
    /// The name of the event.
    pub(crate) name: String,
    /// The file that holds the event.
    pub(crate) file: Option<PathBuf>,
    /// The branch that a pull request is to be merged into.
    pub(crate) base_ref: Option<String>,
    /// The commit that the job is for.
    pub(crate) commit: Option<String>,
    /// The folder in which the job works.
    pub(crate) workspace: Option<PathBuf>,
    /// The repository that the job is of.
    pub(crate) repository: Option<String>,
}

/// The event of a GitHub job; `None` outside of one.
pub(crate) fn job_event() -> Option<JobEvent> {
    Some(JobEvent {
        name: variable("GITHUB_EVENT_NAME")?,
        file: variable("GITHUB_EVENT_PATH").map(PathBuf::from),
        base_ref: variable("GITHUB_BASE_REF"),
        commit: variable("GITHUB_SHA"),
        workspace: variable("GITHUB_WORKSPACE").map(PathBuf::from),
        repository: variable("GITHUB_REPOSITORY"),
    })
}

/// The host of the GitHub server for which a job runs.
pub(crate) fn server_host() -> Option<String> {
    let url = variable("GITHUB_SERVER_URL")?;
    let host = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    Some(host.trim_end_matches('/').to_ascii_lowercase())
}

/// The job that this is a step of, by its id in the workflow.
#[cfg(feature = "release")]
pub(crate) fn job_id() -> Option<String> {
    variable("GITHUB_JOB")
}

/// Where the repositories of the server lie for which a job runs.
#[cfg(feature = "release")]
pub(crate) fn server_url() -> Option<String> {
    variable("GITHUB_SERVER_URL")
}

/// The name and the version of the image of this machine, as GitHub's images
/// say them.
#[cfg(feature = "release")]
pub(crate) fn machine_image() -> Option<(String, String)> {
    Some((variable("ImageOS")?, variable("ImageVersion")?))
}

/// The file to which a step of a GitHub job appends its outputs.
#[cfg(feature = "vendoring")]
pub(crate) fn github_output() -> Option<PathBuf> {
    variable("GITHUB_OUTPUT").map(PathBuf::from)
}

/// The values of `XDG_DATA_HOME` and `HOME`, which say where a user's data is
/// kept.
pub(crate) fn data_homes() -> (Option<OsString>, Option<OsString>) {
    (std::env::var_os("XDG_DATA_HOME"), std::env::var_os("HOME"))
}

/// The folder in which the runner of this job keeps downloaded actions: its
/// work folder holds it beside the folder of the repository.
#[cfg(feature = "lock")]
pub(crate) fn actions_folder() -> Option<PathBuf> {
    let workspace = PathBuf::from(variable("RUNNER_WORKSPACE")?);
    Some(workspace.parent()?.join("_actions"))
}

/// The token of GitHub.
#[cfg(feature = "lock")]
pub(crate) fn github_token() -> Option<String> {
    let set = |name| variable(name).filter(|value| !value.trim().is_empty());
    set("GITHUB_TOKEN").or_else(|| set("GH_TOKEN"))
}

/// The token of a GitHub Enterprise Server, in the variables of GitHub's own
/// program.
#[cfg(feature = "lock")]
pub(crate) fn enterprise_token() -> Option<String> {
    let set = |name| variable(name).filter(|value| !value.trim().is_empty());
    set("GH_ENTERPRISE_TOKEN").or_else(|| set("GITHUB_ENTERPRISE_TOKEN"))
}

/// The folders in which programs are looked for.
#[cfg(any(feature = "lock", feature = "images"))]
pub(crate) fn program_folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

/// The folder for what is needed for a while.
#[cfg(feature = "lock")]
pub(crate) fn scratch_folder() -> PathBuf {
    std::env::temp_dir()
}

/// The time that a reproducible build is to say, in seconds since 1970.
#[cfg(feature = "release")]
pub(crate) fn source_date_epoch() -> Option<String> {
    variable("SOURCE_DATE_EPOCH")
}

/// The address of a proxy for https.
#[cfg(any(feature = "lock", feature = "images"))]
pub(crate) fn proxy() -> Option<String> {
    variable("HTTPS_PROXY").or_else(|| variable("https_proxy"))
}

/// Where answers are kept that can be asked for again.
#[cfg(feature = "lock")]
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let own = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let absolute = own.filter(|path| path.is_absolute());
    let folder = absolute.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".cache")))?;
    Some(folder.join("cofferdam"))
}

/// Docker's configuration.
#[cfg(any(feature = "lock", feature = "images"))]
pub(crate) fn docker_configuration() -> Option<PathBuf> {
    let folder = variable("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(variable("HOME")?).join(".docker")))?;
    Some(folder.join("config.json"))
}
