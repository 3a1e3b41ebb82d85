//! The lockfiles of .NET.

pub(crate) mod deps_json;
pub(crate) mod packages_lock;
