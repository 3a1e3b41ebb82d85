//! What a project declares of the registries that it publishes to.

use std::fmt;

use crate::Location;

/// Whom a repository of a registry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistryKind {
    /// Builds of branches and pull requests; no user installs them.
    Development,
    /// What users install.
    Production,
}

impl RegistryKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Development, Self::Production];

    /// The word in a configuration and in claims.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }

    /// The kind with a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A secret that signs in to a registry: everywhere, or in one environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrySecret {
    /// Its name, in upper case.
    pub name: String,
    /// The environment that keeps the one that is meant; none for every secret
    /// of that name.
    pub environment: Option<String>,
}

impl RegistrySecret {
    /// Reads `NAME` or `NAME@ENVIRONMENT`; `None` if it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, environment) = match text.split_once('@') {
            Some((name, environment)) => (name, Some(environment.trim())),
            None => (text, None),
        };
        let fits = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (fits && environment != Some("")).then(|| Self {
            name: name.to_ascii_uppercase(),
            environment: environment.map(str::to_owned),
        })
    }

    /// Whether a secret is meant, by its name and the environment that keeps it.
    #[must_use]
    pub fn means(&self, name: &str, environment: Option<&str>) -> bool {
        self.name.eq_ignore_ascii_case(name)
            && (self.environment.is_none() || self.environment.as_deref() == environment)
    }
}

impl fmt::Display for RegistrySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.environment {
            Some(environment) => write!(f, "@{environment}"),
            None => Ok(()),
        }
    }
}

/// A pattern of repositories: `ghcr.io/o/app-*`, `npm:@o/*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryPattern {
    /// What is published there: `oci`, `npm`, …
    pub of: String,
    /// The name, in which `*` is any text within one folder and `**` any text.
    pub name: String,
}

impl RegistryPattern {
    /// What a pattern may start with; without, it is an image or another OCI
    /// artifact.
    pub const KINDS: &'static [&'static str] = &[
        "crates", "gems", "helm", "hex", "maven", "npm", "nuget", "oci", "pub", "pypi", "vscode",
    ];

    /// Reads a pattern.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let split = text.split_once(':');
        match split.filter(|(kind, _)| Self::KINDS.contains(kind)) {
            Some((kind, name)) => Self {
                of: kind.to_owned(),
                name: name.to_owned(),
            },
            None => Self {
                of: "oci".to_owned(),
                name: text.to_owned(),
            },
        }
    }
}

impl fmt::Display for RegistryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.of, self.name)
    }
}

/// What some secrets can do: exactly this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryDeclaration {
    /// The secrets; none where only a job's own token or identity pushes.
    pub secrets: Vec<RegistrySecret>,
    /// The repositories.
    pub repositories: Vec<RegistryPattern>,
    /// Whom they are for.
    pub kind: RegistryKind,
    /// Where that stands.
    pub location: Location,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_patterns_are_read_as_they_are_written() {
        let secret = RegistrySecret::parse("npm_token@release");
        assert_eq!(
            secret.as_ref().map(ToString::to_string).as_deref(),
            Some("NPM_TOKEN@release")
        );
        let means = |text: &str, home| {
            RegistrySecret::parse(text).is_some_and(|secret| secret.means("NPM_TOKEN", home))
        };
        assert!(means("NPM_TOKEN", None) && means("NPM_TOKEN", Some("release")));
        assert!(means("NPM_TOKEN@release", Some("release")));
        assert!(!means("NPM_TOKEN@release", None) && !means("NPM", None));
        for wrong in ["", "@release", "A B", "A@", "${{ secrets.A }}"] {
            assert_eq!(RegistrySecret::parse(wrong), None, "{wrong}");
        }
        for (text, word) in [
            ("ghcr.io/o/app", "oci:ghcr.io/o/app"),
            ("localhost:5000/app", "oci:localhost:5000/app"),
            ("npm:@o/*", "npm:@o/*"),
        ] {
            assert_eq!(RegistryPattern::parse(text).to_string(), word);
        }
    }
}
