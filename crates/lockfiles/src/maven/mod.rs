//! The files of Gradle and Maven.

pub(crate) mod gradle_lockfile;
pub(crate) mod pom;
pub(crate) mod verification_metadata;
