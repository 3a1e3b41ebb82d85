//! Pure: what is known of weak and malicious packages, and of which packages it
//! is said.
//!
//! Bytes come from the caller: [`archive`] reads the zip archives in which OSV
//! gives out its advisories, one at a time and bounded; [`index`] makes a file of
//! them in which a name is found in microseconds; [`judge`] says whether a package
//! is affected, and what cannot be told. [`ignores`] reads what a project has
//! decided to live with, in the file of OSV's own scanner.
//!
//! Nothing here is signed. Whoever can write the archive decides what is known.

pub mod advisory;
pub mod archive;
mod cvss2;
pub mod ignores;
pub mod imports;
pub mod index;
pub mod judge;
pub mod severity;

pub use advisory::{Advisory, AdvisoryError, Affected, Import};
pub use archive::{ArchiveError, Counts, Limits};
pub use ignores::{Ignore, IgnoreError, Ignores};
pub use index::{Builder, Header, Index, IndexError};
pub use judge::{Judgement, Mirrors, Unjudged, judge};
pub use severity::{Rating, Severity};

/// The name of an ecosystem without a release: `Debian` of `Debian:12`.
#[must_use]
pub fn base(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or(ecosystem)
}

/// Whether a text can be the name of an ecosystem, and so of the folder in which
/// its advisories lie. Source: OSV schema, "Defined ecosystems".
#[must_use]
pub fn is_ecosystem(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" .-_".contains(&byte);
    (1..=40).contains(&name.len())
        && name.bytes().all(allowed)
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && !name.ends_with([' ', '.'])
}

/// The name by which a package is looked up among those of an ecosystem.
#[must_use]
pub fn lookup_name(ecosystem: &str, name: &str) -> String {
    match cofferdam_lockfiles::Ecosystem::of_osv(base(ecosystem)) {
        Some(known) => known.lookup_name(name),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ecosystems_are_names_of_folders() {
        for name in ["Go", "crates.io", "GitHub Actions", "npm", "Red Hat"] {
            assert!(is_ecosystem(name), "{name}");
        }
        for name in [
            "",
            "..",
            ".",
            "a/b",
            "a\\b",
            "a\0",
            "-x",
            "x.",
            "Debian:12",
            "é",
        ] {
            assert!(!is_ecosystem(name), "{name}");
        }
        assert_eq!(base("Debian:12"), "Debian");
        assert_eq!(lookup_name("PyPI", "A_b.C"), "a-b-c");
        assert_eq!(lookup_name("Mageia:9", "A_b"), "A_b");
    }
}
