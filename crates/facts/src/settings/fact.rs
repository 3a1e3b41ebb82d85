//! A fact that was either read, or was not, with the reason.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One answer of the API.
///
/// There is no third state and no default: what could not be read is never
/// shown as a value, so that a rule cannot take "not checked" for "clean".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    /// The API gave this value.
    Known(T),
    /// The API gave no value.
    NotChecked(NotChecked),
}

impl<T> Fact<T> {
    /// A fact that was not read because of `reason`, without a named permission.
    #[must_use]
    pub fn not_read(reason: Reason) -> Self {
        Self::NotChecked(NotChecked {
            reason,
            needs: Vec::new(),
        })
    }

    /// The value, if it was read.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::NotChecked(_) => None,
        }
    }

    /// Why there is no value, if there is none.
    #[must_use]
    pub fn not_checked(&self) -> Option<&NotChecked> {
        match self {
            Self::Known(_) => None,
            Self::NotChecked(why) => Some(why),
        }
    }

    /// Whether the value was read.
    #[must_use]
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// The same fact, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::NotChecked(why) => Fact::NotChecked(why.clone()),
        }
    }

    /// Turns the value into another one; the reason stays.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(change(value)),
            Self::NotChecked(why) => Fact::NotChecked(why),
        }
    }

    /// Turns the value into another fact; the reason stays.
    #[must_use]
    pub fn and_then<U>(self, change: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Known(value) => change(value),
            Self::NotChecked(why) => Fact::NotChecked(why),
        }
    }
}

/// Why a fact was not read, and what would settle it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotChecked {
    /// What happened.
    pub reason: Reason,
    /// The permission sets of which any one would do. Empty if a permission
    /// would not help, or if it is not known which one would.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<PermissionSet>,
}

impl fmt::Display for NotChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        for (index, set) in self.needs.iter().enumerate() {
            f.write_str(if index == 0 { "; needs " } else { " or " })?;
            write!(f, "{set}")?;
        }
        Ok(())
    }
}

/// What kept a fact from being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reason {
    /// Nobody asked.
    NotAsked,
    /// The token is missing, expired or revoked (HTTP 401).
    Unauthenticated,
    /// The token may not read it (HTTP 403).
    Forbidden,
    /// The API says that it does not exist (HTTP 404). GitHub gives the same
    /// answer to a token that may not know, so this proves no absence.
    NotFound,
    /// The limit of requests was reached, and waiting for it was longer than
    /// the caller allowed.
    RateLimited {
        /// How many seconds the API asked to wait.
        retry_after_seconds: Option<u64>,
    },
    /// The plan of the account does not offer the feature (HTTP 402).
    Plan,
    /// The API answered with another status.
    Status {
        /// The HTTP status.
        code: u16,
    },
    /// The connection failed or timed out.
    Unreachable,
    /// The answer was larger, or had more pages, than the limit.
    TooLarge,
    /// The list that came has fewer elements than the API says that there are.
    Incomplete,
    /// The answer did not have the shape that GitHub describes.
    Malformed,
    /// The answer came, but left this field out, as GitHub does for readers
    /// without write access, or on older servers.
    NotReported,
    /// The API has no endpoint for it.
    NotOffered,
    /// Another fact, which is needed first, was not read.
    DependsOn {
        /// The dotted path of that fact in the snapshot.
        fact: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("not asked"),
            Self::Unauthenticated => f.write_str("the token is missing or not valid"),
            Self::Forbidden => f.write_str("the token may not read it"),
            Self::NotFound => f.write_str("not found, or hidden from this token"),
            Self::RateLimited {
                retry_after_seconds: Some(seconds),
            } => {
                write!(f, "rate limited for another {seconds} s")
            }
            Self::RateLimited {
                retry_after_seconds: None,
            } => f.write_str("rate limited"),
            Self::Plan => f.write_str("the plan of the account does not offer it"),
            Self::Status { code } => write!(f, "the API answered with status {code}"),
            Self::Unreachable => f.write_str("the API could not be reached"),
            Self::TooLarge => f.write_str("the answer is larger than the limit"),
            Self::Incomplete => f.write_str("the list is shorter than the API says it is"),
            Self::Malformed => f.write_str("the answer has another shape than GitHub describes"),
            Self::NotReported => f.write_str("the API left it out for this token"),
            Self::NotOffered => f.write_str("the API has no endpoint for it"),
            Self::DependsOn { fact } => write!(f, "needs `{fact}`, which was not read"),
        }
    }
}

/// Permissions which a token must have together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionSet(pub Vec<TokenPermission>);

impl fmt::Display for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, permission) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" and ")?;
            }
            write!(f, "{permission}")?;
        }
        Ok(())
    }
}

/// One permission of a fine-grained token or GitHub App.
///
/// Source: GitHub, "Permissions required for fine-grained personal access
/// tokens". The names are those of the header `X-Accepted-GitHub-Permissions`;
/// permissions on the organisation start with `organization_` or are `members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPermission {
    /// The name, such as `administration`.
    pub name: String,
    /// How much of it.
    pub access: TokenAccess,
}

impl fmt::Display for TokenPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}: {}`", self.name, self.access.word())
    }
}

/// How much of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenAccess {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
    /// Everything.
    Admin,
}

impl TokenAccess {
    /// The word that GitHub uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}
