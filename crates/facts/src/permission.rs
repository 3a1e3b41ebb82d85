//! GITHUB_TOKEN permission scopes and levels.
//!
//! Source: GitHub, "Workflow syntax", section `permissions`.

use std::fmt;

/// How much of a scope a token holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Nothing.
    #[default]
    None,
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

impl Access {
    /// Reads the word that a workflow uses for a level.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            _ => None,
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

macro_rules! scopes {
    ($($variant:ident = $word:literal;)*) => {
        /// One scope of GITHUB_TOKEN.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each scope is documented by GitHub under its word")]
        pub enum Scope { $($variant,)* }

        impl Scope {
            /// Every scope that a workflow may name.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that a workflow uses.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The scope that a workflow means by `word`.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

scopes! {
    Actions = "actions";
    ArtifactMetadata = "artifact-metadata";
    Attestations = "attestations";
    Checks = "checks";
    Contents = "contents";
    Deployments = "deployments";
    Discussions = "discussions";
    IdToken = "id-token";
    Issues = "issues";
    Models = "models";
    Packages = "packages";
    Pages = "pages";
    PullRequests = "pull-requests";
    RepositoryProjects = "repository-projects";
    SecurityEvents = "security-events";
    Statuses = "statuses";
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
