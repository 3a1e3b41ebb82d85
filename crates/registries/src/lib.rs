//! Asks the outside world one question at a time, bounded.

pub mod git;
pub mod github;
pub mod http;
