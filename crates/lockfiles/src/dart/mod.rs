//! The lockfile of Dart and Flutter.

pub(crate) mod pubspec_lock;
