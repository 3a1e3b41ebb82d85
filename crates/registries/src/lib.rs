//! Asks the outside world one question at a time, bounded.

pub mod crates_io;
pub mod git;
pub mod github;
pub mod go_modules;
pub mod http;
pub mod oci;
pub mod osv;
