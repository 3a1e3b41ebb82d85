//! The pack and the keys that are compiled into the program.

use crate::{
    envelope::{Verified, verify},
    error::PackError,
    keys::TrustedKeys,
};

/// The signed pack that is compiled in.
pub const PACK: &[u8] = include_bytes!("../pack.dsse.json");

/// The keys that this program trusts.
pub const KEYS: &[u8] = include_bytes!("../keys.json");

/// The keys that this program trusts.
///
/// # Errors
/// Only if the program was built from a damaged key file.
pub fn keys() -> Result<TrustedKeys, PackError> {
    TrustedKeys::parse(KEYS)
}

/// The embedded pack. It is trusted for being compiled in; its signature is
/// verified all the same, so that embedded and refreshed packs take one way.
///
/// # Errors
/// Only if the program was built from a damaged pack.
pub fn pack() -> Result<Verified, PackError> {
    verify(PACK, &keys()?)
}
