//! What an attacker wants.

use std::fmt;
use std::str::FromStr;

use cofferdam_facts::Scope;

/// Something worth having.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asset {
    /// A secret. Without a name, all that are handed on where no name is known.
    Secret {
        /// Its name, in upper case.
        name: Option<String>,
        /// The environment that keeps it; none for one of the repository or
        /// organisation.
        environment: Option<String>,
    },
    /// Writing by a scope of GITHUB_TOKEN.
    Token(Scope),
    /// Reading a private repository by GITHUB_TOKEN.
    ContentsRead,
    /// The tail of the subject of an identity token.
    Oidc(String),
    /// Something that users install, as `kind:name` or `kind`.
    Publish(String),
    /// Writing the default branch.
    DefaultBranch,
    /// Writing any other branch.
    Branch,
    /// Writing tags.
    Tag,
    /// A job with the attacker's code runs in the environment.
    Environment(String),
    /// Writing the cache of the default branch.
    Cache,
    /// Code on a self-hosted runner with this label.
    Runner(String),
    /// Starting the workflow at a path with inputs or files of one's choosing.
    Start(String),
}

/// What kind of asset it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each class is described with its assets")]
pub enum Class {
    Secret,
    Token,
    Oidc,
    Publish,
    Branch,
    Tag,
    Environment,
    Cache,
    Runner,
    Start,
}

/// A text names no asset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no asset")]
pub struct NotAnAsset(pub String);

impl Class {
    /// Every class.
    pub const ALL: [Self; 10] = [
        Self::Secret,
        Self::Token,
        Self::Oidc,
        Self::Publish,
        Self::Branch,
        Self::Tag,
        Self::Environment,
        Self::Cache,
        Self::Runner,
        Self::Start,
    ];

    /// Its word, the part of an asset's word before the colon.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Token => "token",
            Self::Oidc => "oidc",
            Self::Publish => "publish",
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::Environment => "environment",
            Self::Cache => "cache",
            Self::Runner => "runner",
            Self::Start => "start",
        }
    }

    /// The class with a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.word() == word)
    }
}

impl Asset {
    /// A secret of the repository or organisation.
    #[must_use]
    pub fn secret(name: &str) -> Self {
        Self::Secret {
            name: Some(name.to_ascii_uppercase()),
            environment: None,
        }
    }

    /// Its class.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Secret { .. } => Class::Secret,
            Self::Token(_) | Self::ContentsRead => Class::Token,
            Self::Oidc(_) => Class::Oidc,
            Self::Publish(_) => Class::Publish,
            Self::DefaultBranch | Self::Branch => Class::Branch,
            Self::Tag => Class::Tag,
            Self::Environment(_) => Class::Environment,
            Self::Cache => Class::Cache,
            Self::Runner(_) => Class::Runner,
            Self::Start(_) => Class::Start,
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { name, environment } => {
                write!(f, "secret:{}", name.as_deref().unwrap_or("*"))?;
                match environment {
                    Some(environment) => write!(f, "@{environment}"),
                    None => Ok(()),
                }
            }
            Self::Token(scope) => write!(f, "token:{scope}"),
            Self::ContentsRead => f.write_str("token:contents-read"),
            Self::Oidc(subject) => write!(f, "oidc:{subject}"),
            Self::Publish(what) => write!(f, "publish:{what}"),
            Self::DefaultBranch => f.write_str("branch:default"),
            Self::Branch => f.write_str("branch:*"),
            Self::Tag => f.write_str("tag:*"),
            Self::Environment(name) => write!(f, "environment:{name}"),
            Self::Cache => f.write_str("cache:default"),
            Self::Runner(label) => write!(f, "runner:{label}"),
            Self::Start(path) => write!(f, "start:{path}"),
        }
    }
}

impl FromStr for Asset {
    type Err = NotAnAsset;

    fn from_str(text: &str) -> Result<Self, NotAnAsset> {
        let wrong = || NotAnAsset(text.to_owned());
        let (class, rest) = text
            .split_once(':')
            .filter(|(_, rest)| !rest.is_empty())
            .ok_or_else(wrong)?;
        let class = Class::from_word(class).ok_or_else(wrong)?;
        let owned = rest.to_owned();
        Ok(match (class, rest) {
            (Class::Secret, _) => {
                let (name, environment) = match rest.split_once('@') {
                    Some((name, environment)) => (name, Some(environment.to_owned())),
                    None => (rest, None),
                };
                Self::Secret {
                    name: (name != "*").then(|| name.to_ascii_uppercase()),
                    environment,
                }
            }
            (Class::Token, "contents-read") => Self::ContentsRead,
            (Class::Token, word) => Self::Token(Scope::from_word(word).ok_or_else(wrong)?),
            (Class::Oidc, _) => Self::Oidc(owned),
            (Class::Publish, _) => Self::Publish(owned),
            (Class::Branch, "default") => Self::DefaultBranch,
            (Class::Branch, "*") => Self::Branch,
            (Class::Tag, "*") => Self::Tag,
            (Class::Cache, "default") => Self::Cache,
            (Class::Environment, _) => Self::Environment(owned),
            (Class::Runner, _) => Self::Runner(owned),
            (Class::Start, _) => Self::Start(owned),
            (Class::Branch | Class::Tag | Class::Cache, _) => return Err(wrong()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in [
            "secret:NPM_TOKEN",
            "secret:NPM_TOKEN@release",
            "secret:*",
            "token:contents",
            "token:contents-read",
            "oidc:ref:refs/heads/main",
            "publish:oci:ghcr.io/o/app",
            "publish:github-release",
            "branch:default",
            "branch:*",
            "tag:*",
            "environment:release",
            "cache:default",
            "runner:self-hosted",
            "start:.github/workflows/x.yml",
        ] {
            let asset: Result<Asset, _> = word.parse();
            assert_eq!(asset.map(|asset| asset.to_string()).as_deref(), Ok(word));
        }
        for word in ["secret", "secret:", "token:all", "branch:main", "x:y"] {
            assert!(word.parse::<Asset>().is_err(), "{word}");
        }
    }
}
