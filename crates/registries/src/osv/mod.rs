//! Advisories of OSV: its service, and the archives that it gives out.
//!
//! Sources: osv.dev, documentation, "API" and "Data". Nothing that comes is signed.

mod dumps;
mod service;

pub use dumps::{DUMPS, DumpError, Dumps, Fetched};
pub use service::{Query, SERVICE, Service, ServiceError};
