//! Facts without which a run must not end as clean.

use cofferdam_facts::Control;
use cofferdam_facts::settings::Snapshot;
use cofferdam_findings::{NotChecked, Report, Status};
use cofferdam_rules::context::Facts;

/// One fact that must be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// The settings of the repository.
    Settings,
    /// The data pack, fresh enough to be believed.
    Data,
    /// Which repository it is.
    Repository,
    /// The status of a control.
    Control(Control),
}

/// Whether anything was read: a snapshot without a single known fact is as
/// good as none.
fn holds_something(snapshot: &Snapshot) -> bool {
    (snapshot.inventory().iter()).any(|fact| fact.not_checked.is_none())
}

impl Requirement {
    /// The words besides the ids of controls.
    pub const WORDS: &'static [&'static str] = &["settings", "data", "repository"];

    /// Reads one of [`Self::WORDS`] or the id of a control.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "settings" => Some(Self::Settings),
            "data" => Some(Self::Data),
            "repository" => Some(Self::Repository),
            other => Control::from_id(other).map(Self::Control),
        }
    }

    /// What to report if the fact is not known.
    pub(crate) fn unmet(self, report: &Report, facts: Facts<'_>) -> Option<NotChecked> {
        let (message, settle) = match self {
            Self::Settings if !facts.settings.is_some_and(holds_something) => (
                "the settings of the repository are required and not known".to_owned(),
                "write them with `cofferdam settings snapshot OWNER/NAME`, then run with `--settings FILE`"
                    .to_owned(),
            ),
            Self::Data if facts.pack.is_none() => (
                "the data pack is required and cannot be believed".to_owned(),
                "refresh it with `cofferdam data update`".to_owned(),
            ),
            Self::Repository if report.repository.is_none() => (
                "it is required and not known which repository this is".to_owned(),
                "name it with `--repository OWNER/NAME`".to_owned(),
            ),
            Self::Control(control) => {
                let state = report.control(control);
                if state.is_some_and(|state| state.status != Status::NotChecked) {
                    return None;
                }
                let settle = state.map_or("", |state| &state.summary).to_owned();
                (format!("control {control} is required and was not decided"), settle)
            }
            Self::Settings | Self::Data | Self::Repository => return None,
        };
        Some(NotChecked {
            code: "required-fact",
            message,
            location: None,
            settle,
            required: true,
        })
    }
}
