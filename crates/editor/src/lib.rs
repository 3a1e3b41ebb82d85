//! The language server: what the audit finds, while somebody writes.
//!
//! It speaks the Language Server Protocol 3.17 over two streams that it is
//! given. Texts that an editor holds are laid over the checkout on disk, and
//! the same pipeline that the command uses judges the result. Nothing is
//! decided here, and nothing is written: a fix is an edit that the editor
//! makes.

mod actions;
mod buffers;
mod diagnostics;
mod homes;
mod hover;
mod positions;
mod server;
mod session;
mod uris;
mod wire;

pub use server::{Ended, ServeError, Settings, serve};
