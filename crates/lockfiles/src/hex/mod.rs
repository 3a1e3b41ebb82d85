//! The lockfile of Elixir.

pub(crate) mod mix_lock;
mod terms;
