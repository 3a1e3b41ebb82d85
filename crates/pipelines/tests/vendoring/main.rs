//! Whatever somebody changes in a vendor directory is found.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test may stop at what it did not expect, read what it wrote, and start programs"
)]

mod checkout;
mod crates;
mod edits;
mod hiding;
mod selection;
mod sums;
