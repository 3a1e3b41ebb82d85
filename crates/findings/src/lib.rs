//! What every decider returns, and every format it is shown in.

pub mod evidence;
pub mod finding;
pub mod formats;
pub mod report;
pub mod sanitise;

pub use evidence::{ControlState, Evidence, Status, Verdict};
pub use finding::{Confidence, Finding, Related, RuleInfo, Severity};
pub use report::Report;
