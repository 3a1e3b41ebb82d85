//! What is publicly known about actions, in one signed, versioned pack:
//! compromised, vulnerable, archived, renamed and popular actions, runner
//! images, action runtimes and incidents.
//!
//! Pure: bytes, keys and the present time come from the caller; nothing here
//! reads a file, a clock or the network. A pack older than its limit is not
//! consulted, see [`Freshness`]: what it would have said is *not checked*.

#[cfg(feature = "build")]
pub mod build;
pub mod compromised;
pub mod embedded;
pub mod envelope;
pub mod error;
pub mod history;
pub mod incident;
pub mod keys;
pub mod lookalike;
pub mod pack;
pub mod platform;
mod validate;
pub mod version;
pub mod vulnerable;

pub use compromised::{Aftermath, Compromised, CompromisedHit, Exposure, Led};
pub use envelope::{Verified, verify};
pub use error::PackError;
pub use history::{InForce, Origin, Record, accept, in_force};
pub use incident::{BadDownload, BadImage, BadPackage, Incident, Way};
pub use keys::TrustedKeys;
pub use lookalike::{Lookalike, Resemblance};
pub use pack::{Archived, DataPack, Freshness, Popular, PopularList, Renamed, Source};
pub use platform::{ActionRuntime, Lifecycle, RunnerImage};
pub use version::Version;
pub use vulnerable::{Certainty, Severity, Vulnerable, VulnerableHit};
