//! Settings of other tools, read as they are.

mod action;
mod osv_scanner;

use cofferdam_facts::{Location, SourceFile, Span};

pub use action::{INPUTS, Input, Standing, read as read_action};
pub use osv_scanner::read as read_osv_scanner;

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 1024 * 1024;

/// One thing that is wrong with a file, at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub location: Location,
    /// What, without a full stop.
    pub message: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.location, self.message)
    }
}

impl std::error::Error for Mistake {}

fn mistake(file: &SourceFile, span: Span, message: impl Into<String>) -> Mistake {
    Mistake {
        location: file.locate(span),
        message: message.into(),
    }
}
