//! Pure: findings to edits that mend them and nothing else.
//!
//! One fix is one file, one line in [`registry::FIXERS`] and one folder of
//! fixtures. A fixer sees what its rule sees and says which values of which
//! documents change, whether that can change anything that is wanted, and why.
//! [`engine`] puts several fixes together, applies them in memory, judges the
//! result like any other checkout, and offers a fix only if its finding is gone
//! and no other has come.

pub mod edits;
pub mod engine;
pub mod fix;
pub mod fixes;
pub mod json;
mod place;
mod quoting;
pub mod registry;
mod scopes;
mod tally;
mod token;

pub use engine::{Alone, Applied, Engine, FileEdits, Judged, Left, Outcome, Wanted};
pub use fix::{Fix, Fixer, NoFix, Offer, Planned, Safety};
pub use registry::{FIXERS, fixer};
