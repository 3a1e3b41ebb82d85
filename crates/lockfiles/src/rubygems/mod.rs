//! The lockfile of Ruby.

pub(crate) mod gemfile_lock;
