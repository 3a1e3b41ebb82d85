//! Pure: documents and already fetched facts to findings.
//!
//! One rule is one file, one line in [`registry::RULES`] and one folder of
//! fixtures. A rule never reads, fetches or prints; what it cannot know it
//! says, and the control it speaks for is then *not checked*.

pub mod agents;
pub(crate) mod checks;
mod claims;
pub mod context;
pub mod controls;
mod deeds;
pub mod dependencies;
pub mod exposure;
pub mod expression_sites;
pub mod file_writes;
pub mod foreign;
pub mod grades;
pub mod guards;
pub mod image_sites;
pub mod injections;
pub mod known;
mod limits;
mod local_references;
pub mod lock_gaps;
pub mod locking;
pub mod machines;
pub mod merges;
pub mod own_references;
pub mod packing;
pub mod peers;
pub mod policies;
pub mod registry;
pub mod releases;
pub mod rule;
pub mod rules;
pub mod run;
pub mod scans;
pub mod script_steps;
pub mod shipments;
pub mod sites;
pub mod slsa;
pub mod stakes;
#[cfg(test)]
mod standards;
pub mod starts;
pub mod steps;
mod stored;
pub mod takeover;
pub mod triggers;
pub mod uncovered;
mod unread;
mod usage;
mod waiting;

pub use context::{Context, JobView};
pub use registry::RULES;
pub use rule::{Rule, Sink};
pub use run::run;
