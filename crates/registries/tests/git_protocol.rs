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

#[path = "git/packs.rs"]
mod packs;
#[path = "git/setting.rs"]
mod setting;

#[path = "git/hostile_servers.rs"]
mod hostile_servers;
#[path = "git/hostile_trees.rs"]
mod hostile_trees;
#[path = "git/listing.rs"]
mod listing;
#[path = "git/membership.rs"]
mod membership;
#[path = "git/older_servers.rs"]
#[cfg(unix)]
mod older_servers;
#[path = "git/trees.rs"]
mod trees;
