//! What the platform itself retires: hosted runner images and the runtimes of
//! JavaScript actions.

use serde::{Deserialize, Serialize};

use cofferdam_facts::Timestamp;

/// A label of GitHub-hosted runners that is or will be retired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunnerImage {
    /// The label in `runs-on`, in lower case.
    pub label: String,
    /// When its retirement was announced to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Timestamp>,
    /// From when jobs with this label no longer run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Timestamp>,
    /// A label that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Where this is stated.
    pub sources: Vec<String>,
}

/// A value of `runs.using` that is or will be retired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionRuntime {
    /// The value of `runs.using`, in lower case.
    pub using: String,
    /// From when runners warn, or run it by a newer runtime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<Timestamp>,
    /// From when runners no longer carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed: Option<Timestamp>,
    /// The runtime that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement: Option<String>,
    /// Where this is stated.
    pub sources: Vec<String>,
}

/// Where a thing of the platform stands at a given second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifecycle {
    /// Nothing has begun yet.
    Announced,
    /// Still there, with an end.
    Deprecated,
    /// Gone: a job that needs it fails or never starts.
    Removed,
}

impl RunnerImage {
    /// Where the image stands at `now`.
    #[must_use]
    pub fn lifecycle(&self, now: Timestamp) -> Lifecycle {
        lifecycle(self.deprecated, self.removed, now)
    }
}

impl ActionRuntime {
    /// Where the runtime stands at `now`.
    #[must_use]
    pub fn lifecycle(&self, now: Timestamp) -> Lifecycle {
        lifecycle(self.deprecated, self.removed, now)
    }
}

fn lifecycle(
    deprecated: Option<Timestamp>,
    removed: Option<Timestamp>,
    now: Timestamp,
) -> Lifecycle {
    if removed.is_some_and(|from| from <= now) {
        Lifecycle::Removed
    } else if deprecated.is_some_and(|from| from <= now) {
        Lifecycle::Deprecated
    } else {
        Lifecycle::Announced
    }
}
