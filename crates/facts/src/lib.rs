//! The nouns that two or more crates exchange.
//!
//! Nothing here reads, prints or decides: a type lives in this crate because
//! at least two others hand it to each other.

pub mod control;
pub mod image;
pub mod permission;
pub mod pin;
pub mod registry;
pub mod settings;
pub mod source;
pub mod time;
pub mod uses;
pub mod uses_policy;

pub use control::Control;
pub use image::ImageRef;
pub use permission::{Access, Scope};
pub use pin::{Commit, Pin};
pub use source::{Extent, Location, SourceFile, Span, Spanned};
pub use time::Timestamp;
pub use uses::UsesRef;
