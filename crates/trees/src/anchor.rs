//! How much the sum is worth that a manifest hashes to.

/// Where the sum of a module stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// No file names a sum.
    Unanchored,
    /// In the lock of the same state that is checked: whoever changes the
    /// files may have changed the sum with them.
    LockOnly,
    /// In the lock of the base, which the change could not touch.
    Base,
    /// In the checksum database, whose signature and inclusion were checked.
    Database,
}

impl Anchor {
    /// Whether somebody else than the author of a change stands for the sum.
    #[must_use]
    pub fn proves(self) -> bool {
        matches!(self, Self::Base | Self::Database)
    }

    /// The word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unanchored => "unanchored",
            Self::LockOnly => "lock-only",
            Self::Base => "base",
            Self::Database => "checksum-database",
        }
    }
}
