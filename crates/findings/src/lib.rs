//! What every decider returns, and every format it is shown in.

pub mod controls;
pub mod evidence;
pub mod filter;
pub mod finding;
pub mod formats;
pub mod report;
#[cfg(test)]
mod sample;
pub mod sanitise;

pub use evidence::{ControlState, Evidence, Status, Verdict};
pub use filter::{Filter, View};
pub use finding::{Confidence, Finding, Related, RuleInfo, Severity};
pub use report::{Exit, Group, NotChecked, Report};
