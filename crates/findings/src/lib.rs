//! What every decider returns, and every format it is shown in.

pub mod baseline;
pub mod comparison;
pub mod content;
pub mod controls;
pub mod evidence;
pub mod exposure;
pub mod filter;
pub mod finding;
pub mod formats;
pub mod report;
#[cfg(test)]
mod sample;
pub mod sanitise;
pub mod standards;
pub mod suppression;

pub use baseline::{Baseline, BaselineError};
pub use comparison::Comparison;
pub use evidence::{ControlState, Evidence, Status, Verdict};
pub use exposure::{ExposedPair, FindingExposure};
pub use filter::{Filter, View};
pub use finding::{Confidence, Finding, Related, RuleInfo, Severity};
pub use report::{Exit, Group, JudgedBy, NotChecked, Report, Threshold};
pub use standards::{Requirement, Standard};
pub use suppression::{Suppressed, Suppression, SuppressionKind};
