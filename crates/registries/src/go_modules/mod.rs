//! Modules of Go, by the protocol of module proxies, and the checksum
//! database.
//!
//! Sources: Go modules reference, sections "GOPROXY protocol" and "Checksum
//! database". Nothing that comes is believed here: the caller compares it with
//! `go.sum`, or with a signed root.

mod checksum_database;
mod proxy;

pub use checksum_database::ChecksumDatabase;
pub use proxy::{ModuleProxies, ProxyError};

/// Writes a path or version so that it is the same on every file system: an
/// upper-case letter becomes `!` and the lower-case one.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}

/// Whether the text may stand in an address as it is, after [`escaped`].
fn is_plain(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/+!".contains(&byte);
    !text.is_empty()
        && text.bytes().all(allowed)
        && text
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}
