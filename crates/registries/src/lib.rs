//! Asks the outside world one question at a time, bounded.

pub mod github;
pub mod http;
