//! Which of two versions is the newer one, by the rules of each ecosystem, and
//! whether a version is affected by an advisory.
//!
//! Pure functions on texts. Every text has a place in every order, as registries
//! hold versions that break their own rules; whether a text is a version at all is
//! another question, [`Scheme::is_version`], and an advisory says nothing about
//! what is none.

mod affected;
mod alpine;
mod cran;
mod debian;
mod hackage;
mod maven;
mod nuget;
mod number;
mod packagist;
mod pypi;
mod ranges;
mod rpm;
mod rubygems;
mod semver;

use std::cmp::Ordering;

pub use affected::{Affected, Event, Range, RangeKind, Unevaluated, Verdict};

pub use ranges::satisfies;

use crate::Ecosystem;

/// The rules by which an ecosystem orders its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Semantic versioning 2.0.0, as Cargo, Go, npm, Hex, Swift and Julia use it.
    Semver,
    /// Semantic versioning in which the build decides too.
    Pub,
    /// PEP 440, with the older order below it for what breaks it.
    PyPi,
    /// Versions of gems.
    RubyGems,
    /// Versions of Maven artifacts.
    Maven,
    /// Semantic versioning with a fourth number, without case.
    NuGet,
    /// PHP's `version_compare`, as Composer prepares it.
    Packagist,
    /// Versions of Debian packages.
    Debian,
    /// Versions of Alpine packages.
    Alpine,
    /// Versions of RPM packages.
    Rpm,
    /// Versions of R packages.
    Cran,
    /// Versions of Haskell packages.
    Hackage,
}

impl Scheme {
    /// The rules of an ecosystem, by its name in the OSV schema, with or without
    /// release. `None` where versions are not compared: commits, for example.
    #[must_use]
    pub fn of_osv(ecosystem: &str) -> Option<Self> {
        let name = ecosystem.split(':').next().unwrap_or(ecosystem);
        Some(match name {
            "crates.io" | "Go" | "npm" | "Hex" | "SwiftURL" | "Julia" | "Bitnami" => Self::Semver,
            "Pub" => Self::Pub,
            "PyPI" => Self::PyPi,
            "RubyGems" => Self::RubyGems,
            "Maven" => Self::Maven,
            "NuGet" => Self::NuGet,
            "Packagist" => Self::Packagist,
            "Debian" | "Ubuntu" | "Echo" => Self::Debian,
            "Alpine" | "Alpaquita" | "Chainguard" | "MinimOS" | "Wolfi" => Self::Alpine,
            "AlmaLinux" | "Azure Linux" | "Mageia" | "Photon OS" | "Red Hat" | "Rocky Linux"
            | "SUSE" | "openEuler" | "openSUSE" => Self::Rpm,
            "CRAN" | "Bioconductor" => Self::Cran,
            "Hackage" | "GHC" => Self::Hackage,
            _ => return None,
        })
    }

    /// The rules of an ecosystem; `None` where versions are not compared.
    #[must_use]
    pub fn of(ecosystem: Ecosystem) -> Option<Self> {
        match ecosystem {
            Ecosystem::Debian => Some(Self::Debian),
            Ecosystem::Alpine => Some(Self::Alpine),
            Ecosystem::Rpm => Some(Self::Rpm),
            _ => Self::of_osv(ecosystem.osv_name()?),
        }
    }

    /// The order of two versions.
    #[must_use]
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        match self {
            Self::Semver => semver::compare(a, b),
            Self::Pub => semver::compare_with_build(a, b),
            Self::PyPi => pypi::compare(a, b),
            Self::RubyGems => rubygems::compare(a, b),
            Self::Maven => maven::compare(a, b),
            Self::NuGet => nuget::compare(a, b),
            Self::Packagist => packagist::compare(a, b),
            Self::Debian => debian::compare(a, b),
            Self::Alpine => alpine::compare(a, b),
            Self::Rpm => rpm::compare(a, b),
            Self::Cran => cran::compare(a, b),
            Self::Hackage => hackage::compare(a, b),
        }
    }

    /// Whether a text is a version, so that its place in the order means something:
    /// a branch, a commit and a range are none.
    #[must_use]
    pub fn is_version(self, text: &str) -> bool {
        if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c == ' ') {
            return false;
        }
        let starts_with_digit = text.starts_with(|c: char| c.is_ascii_digit());
        match self {
            Self::Semver | Self::Pub | Self::NuGet => semver::is_version(text),
            Self::PyPi => pypi::is_version(text),
            Self::Packagist => {
                let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
                text.starts_with(|c: char| c.is_ascii_digit()) && !text.ends_with("-dev")
            }
            Self::RubyGems | Self::Cran | Self::Hackage | Self::Alpine | Self::Debian => {
                starts_with_digit
            }
            // Artifacts of Maven and RPM have had letters first.
            Self::Maven | Self::Rpm => text.contains(|c: char| c.is_ascii_digit()),
        }
    }
}

/// The longest text that can be a version.
const LONGEST: usize = 1024;

#[cfg(test)]
mod tests;
