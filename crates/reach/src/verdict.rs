//! What can be said of the code and a weakness.

/// Where a weakness lies in the code of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weakness<'w> {
    /// The module; `stdlib` is Go's own library.
    pub module: &'w str,
    /// The packages by the paths of their imports, each with the functions and methods
    /// that are weak; no symbol means the whole package. Empty for the whole module.
    pub packages: Vec<(&'w str, &'w [String])>,
}

/// What can be said of the code and a weakness.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A weak function may be called, over these functions; the code's own comes first.
    Reachable {
        /// The functions.
        trace: Vec<String>,
    },
    /// It cannot be told, which is not the same as no.
    Unknown {
        /// Why.
        why: String,
    },
    /// A weak package is part of the program; which of its functions are called was not
    /// looked into.
    Imported {
        /// The packages that import each other, the code's own first.
        trace: Vec<String>,
        /// Whether tests of the main module alone lead there.
        tests_only: bool,
    },
    /// A weak package is part of the program, and nothing calls what is weak.
    Unreachable {
        /// How many functions were looked into.
        functions: usize,
    },
    /// No weak package is part of the program, on any platform.
    NotImported {
        /// How many packages were looked into.
        packages: usize,
    },
}

impl Verdict {
    /// The one word that formats use.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reachable { .. } => "reachable",
            Self::Unknown { .. } => "unknown",
            Self::Imported { .. } => "imported",
            Self::Unreachable { .. } => "unreachable",
            Self::NotImported { .. } => "not-imported",
        }
    }

    /// The order in which weaknesses are worth a look, first ones lowest.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Reachable { .. } => 0,
            Self::Unknown { .. } => 1,
            Self::Imported { tests_only, .. } => 2 + u8::from(*tests_only),
            Self::Unreachable { .. } => 4,
            Self::NotImported { .. } => 5,
        }
    }

    /// Whether the program is shown not to use what is weak.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::NotImported { .. })
    }
}

/// Something that can tell.
pub trait Analysis {
    /// What can be said of a weakness.
    fn verdict(&self, weakness: &Weakness<'_>) -> Verdict;
}
