//! What a description of a project's security says, held against the project.

pub mod claims;
pub mod license;
pub mod links;
