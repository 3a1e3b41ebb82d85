//! The data pack that is in force, or the reason why there is none.

use std::sync::Arc;

use cofferdam_datapack::{DataPack, Freshness};
use cofferdam_facts::Timestamp;
use cofferdam_findings::NotChecked;

/// A pack that may be consulted, or what is not checked without one.
#[derive(Clone, Debug, Default)]
pub struct Data {
    pack: Option<Arc<DataPack>>,
    not_checked: Vec<NotChecked>,
}

impl Data {
    /// Takes a verified pack if it is fresh at `now`.
    #[must_use]
    pub fn new(pack: DataPack, now: Timestamp) -> Self {
        let reason = match pack.freshness(now) {
            Freshness::Fresh { .. } => {
                return Self {
                    pack: Some(Arc::new(pack)),
                    not_checked: Vec::new(),
                };
            }
            Freshness::TooOld { expired } => {
                format!(
                    "the data pack is too old: it could be believed until {}",
                    expired.date()
                )
            }
            Freshness::FromTheFuture { created_at } => format!(
                "the data pack was made on {}, after the date of this run",
                created_at.date()
            ),
        };
        Self::missing(format!("{reason}; known-bad actions were not looked for"))
    }

    /// No pack can be believed, for this reason.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Self {
            pack: None,
            not_checked: vec![NotChecked {
                code: "stale-data",
                message: reason.into(),
                location: None,
                settle: "refresh it with `cofferdam data update`, or install a newer version"
                    .to_owned(),
                required: true,
            }],
        }
    }

    /// Adds something that is not checked besides, such as a refreshed pack
    /// that had to be set aside.
    #[must_use]
    pub fn with_note(mut self, note: NotChecked) -> Self {
        self.not_checked.push(note);
        self
    }

    /// The pack, if it can be believed.
    #[must_use]
    pub fn pack(&self) -> Option<&DataPack> {
        self.pack.as_deref()
    }

    /// What is not checked because of the pack.
    pub fn not_checked(&self) -> impl Iterator<Item = &NotChecked> {
        self.not_checked.iter()
    }
}
