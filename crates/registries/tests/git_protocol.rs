//! The git client against git's own server.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "servers/git_backend.rs"]
mod git_backend;

#[path = "git/setting.rs"]
mod setting;

#[path = "git/listing.rs"]
mod listing;
#[path = "git/trees.rs"]
mod trees;
