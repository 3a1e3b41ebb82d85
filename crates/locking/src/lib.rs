//! What a repository refers to, and whether its locks fix it.
//!
//! Pure: documents come in as they were read, and lists of references and
//! problems go out. Nothing here reads a file or asks the network.

pub mod calls;
pub mod check;
pub mod closure;
pub mod content;
pub mod difference;
mod fetches;
pub mod foreign;
pub mod graph;
pub mod problem;
pub mod references;
pub mod tools;

pub use check::{Checked, LocalFolder, check};
pub use problem::{Code, Problem};
pub use references::{Reference, What};
