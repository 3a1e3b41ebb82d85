//! The recipes: collect, fetch, decide, return. No parsing, no deciding.
//!
//! Files and git's objects are read here and nowhere else; what is read goes
//! to the pure crates, and what they say comes back as a report. Nothing here
//! prints, reads the environment or starts a process; the network is asked by
//! the crate of registries, and only for what a recipe names.
#![cfg_attr(
    not(feature = "revisions"),
    expect(dead_code, unused_imports, reason = "what reads commits uses it")
)]

#[cfg(feature = "advisories")]
pub mod advisories;
pub mod audit;
pub mod collect;
pub mod data;
#[cfg(feature = "dependencies")]
pub mod dependencies;
pub mod discover;
#[cfg(feature = "exposure")]
pub mod exposure;
pub mod gap;
pub mod git;
#[cfg(feature = "images")]
pub mod images;
pub mod judging;
pub mod limits;
#[cfg(feature = "lock")]
pub mod locking;
pub mod many;
#[cfg(feature = "lock")]
pub mod pins;
#[cfg(all(feature = "lock", feature = "revisions", feature = "verification"))]
pub mod provenance;
pub mod renewal;
#[cfg(all(feature = "exposure", feature = "revisions"))]
pub mod replay;
pub mod requirement;
pub mod slug;
pub mod triggers;
#[cfg(feature = "vendoring")]
pub mod vendoring;
#[cfg(feature = "verification")]
pub mod verification;
#[cfg(feature = "advisories")]
pub mod vulns;
#[cfg(feature = "exposure")]
pub mod what_if;

#[cfg(feature = "fix")]
pub use audit::fixing::{Mended, Rewrite, mend};
pub use audit::standing::{Parsed, Snapshot, Standing};
pub use audit::{AuditError, Input, Options, Target, audit};
pub use data::Data;
pub use discover::{Discovery, discover};
#[cfg(feature = "exposure")]
pub use exposure::{Before, Exposed, Judged, exposure, judged};
pub use gap::Gap;
pub use judging::{Base, Candidate, Change, JudgeError, Judging, OrganisationFile};
pub use limits::Limits;
pub use many::audit_all;
pub use renewal::{RenewError, RenewalOptions, Renewed, renew};
#[cfg(all(feature = "exposure", feature = "revisions"))]
pub use replay::{Moment, Replayed, replay};
pub use requirement::Requirement;
pub use slug::Slug;
pub use triggers::{Triggers, triggers};
#[cfg(feature = "exposure")]
pub use what_if::{Session, Studied, what_if, what_if_all};
