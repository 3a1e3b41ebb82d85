//! Pure: what a project takes from others, and what a change does to it.
//!
//! Documents of lockfiles and workflows come from the caller, as do advisories
//! and settings. `graph` says who pulls a package in, `licence` what its licence
//! allows, `change` what differs between two states, and `checks` what of that is
//! a finding. What cannot be told is told as such.

pub mod advisory;
pub mod change;
pub mod checks;
pub mod config;
pub mod graph;
pub mod known;
pub mod licence;
pub mod outputs;
pub mod pages;
pub mod policy;

pub use advisory::{Advisories, Advisory, Matches};
pub use change::{Change, Kind, State, difference};
pub use checks::{Asked, Check, Judged, judge};
pub use graph::Graph;
pub use known::KnownNames;
pub use licence::{Licence, LicenceRules, LicenceVerdict};
pub use policy::{Policy, Unknown};
