//! Steps that bring in artifacts.
//!
//! Facts about actions, each from its own documentation (`action.yml` and
//! README).

use crate::documents::Step;

/// Actions that take artifacts of other runs, whatever they are told.
const OF_OTHERS: &[&str] = &[
    "aochmann/actions-download-artifact",
    "bettermarks/action-artifact-download",
    "blablacar/action-download-last-artifact",
    "dawidd6/action-download-artifact",
    "levonet/action-download-last-artifact",
    "marcofaggian/action-download-multiple-artifacts",
    "redhat-plumbers-in-action/download-artifact",
];

/// Whether an action, as `owner/name` in lower case, downloads artifacts.
#[must_use]
pub fn is_download(action: &str) -> bool {
    action == "actions/download-artifact" || OF_OTHERS.contains(&action)
}

/// Whether a download takes the artifact of another run than its own.
#[must_use]
pub fn of_other_run(step: &Step) -> bool {
    let action = step.action().unwrap_or_default();
    OF_OTHERS.contains(&action)
        || action == "actions/download-artifact"
            && step
                .input("run-id")
                .is_some_and(|text| !text.value.is_empty())
}

/// Whether a step brings in an artifact of another run, in whatever way.
#[must_use]
pub fn brings(step: &Step) -> bool {
    if of_other_run(step) {
        return true;
    }
    if step.action() == Some("actions/github-script") {
        return step
            .input("script")
            .is_some_and(|text| text.value.contains("downloadArtifact"));
    }
    step.script().is_some_and(|text| {
        text.value.contains("gh run download")
            || text.value.contains("/artifacts/") && text.value.contains("/zip")
            || text.value.contains("archive_download_url")
    })
}
