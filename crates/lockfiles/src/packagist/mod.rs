//! The lockfile of PHP.

pub(crate) mod composer_lock;
