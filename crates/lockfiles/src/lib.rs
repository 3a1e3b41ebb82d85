//! Bytes of one lockfile format to packages. One file a format.
