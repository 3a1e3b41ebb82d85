//! Pure: what a project and its organisation say about their own findings, and
//! what follows from it.
//!
//! Bytes come from the caller, who also decides *whose* bytes: on a change they
//! are those of the base, never of the change. Here they become settings with
//! places, settings become silenced findings, and silencers that are wrong,
//! unused, expired or edited become findings themselves.

pub mod changes;
pub mod claims;
pub mod comments;
pub mod config;
pub mod content;
pub mod glob;
pub mod keys;
pub mod mistakes;
pub mod organisation;
pub mod pages;
pub mod schema;
pub mod silence;
pub mod template;
mod tree;

pub use changes::{Sources, changed};
pub use claims::{Allowed, Claim, Form};
pub use comments::IgnoreComment;
pub use config::{Config, Exemption, Extends, Scope, Source};
pub use glob::Glob;
pub use mistakes::{Mistake, Mistakes};
pub use organisation::{Judge, is_digest_of};
pub use pages::RULES;
pub use silence::{Known, Silencers, silence};

/// The ids of what `cofferdam deps review` finds: a configuration may name them, and
/// no audit runs them.
pub const OF_DEPENDENCIES: &[&str] = &[
    "deps-cooldown",
    "deps-denied",
    "deps-downgrade",
    "deps-install-script",
    "deps-integrity",
    "deps-licence",
    "deps-look-alike",
    "deps-malicious",
    "deps-source",
    "deps-unknown-licence",
    "deps-vulnerable",
];

/// The names under which a repository may have its file; not more than one.
pub const PLACES: &[&str] = &["cofferdam.toml", ".github/cofferdam.toml"];

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 1024 * 1024;
