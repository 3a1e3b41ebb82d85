//! Pure: source files to what of a weakness the code really uses.
//!
//! Today this is told from what Go files import: [`imports::Imports`] walks from the
//! packages of the main module over everything that they import, for every platform
//! and every build tag at once. An analysis that follows calls will answer the same
//! question, [`Analysis::verdict`], with the stronger verdicts of [`Verdict`].
//!
//! Nothing is read here: [`imports::Sources`] is how the files of a package are asked
//! for. Where they are missing or cannot be parsed, nothing is called unused.

pub mod header;
pub mod imports;
mod verdict;

pub use header::{Header, HeaderError};
pub use imports::{Found, GoFile, Imports, Sources};
pub use verdict::{Analysis, Verdict, Weakness};
