//! What a description of a project's security says, held against the project.

pub mod claims;
pub mod keys;
pub mod license;
pub mod links;
pub mod questions;
pub mod renewal;
pub mod skeleton;

/// What stands in the place of an answer that only a person can give.
pub const TO_ANSWER: &str = "TO ANSWER";
