//! Bytes of `.github` files to spanned documents, expressions and shell
//! scripts, and what GitHub does with them.
//!
//! Pure: nothing here reads a file, a clock or the environment.

pub mod documents;
pub mod expressions;
pub mod insights;
pub mod repository;
pub mod semantics;
pub mod shell;
pub mod yaml;

pub use repository::Repository;
