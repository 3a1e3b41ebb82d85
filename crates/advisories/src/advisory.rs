//! One advisory, as the OSV schema writes it.
//!
//! Source: OSV schema 1.7.5. Of a document is kept what decides whether a package
//! is affected, how bad that is and what its code must use for it; the text of
//! the advisory is left out. What is kept is written as a smaller document of the
//! same schema, so that there is one reader for both.

use std::collections::BTreeMap;

use cofferdam_facts::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One advisory.
///
/// Every text is foreign: whoever prints one makes it harmless first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Advisory {
    /// Its id, as in `GO-2021-0113`.
    pub id: String,
    /// When it was last changed, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// When it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When it was taken back. Such an advisory affects nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// Ids of the same weakness in other databases.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub aliases: Vec<String>,
    /// One line of what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// How bad it is, by vectors.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub severity: Vec<Score>,
    /// The packages that are affected.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub affected: Vec<Affected>,
    /// What the database adds.
    #[serde(
        default,
        deserialize_with = "or_nothing",
        skip_serializing_if = "Added::is_empty"
    )]
    pub database_specific: Added,
}

/// A vector, and by which system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// `CVSS_V2`, `CVSS_V3` or `CVSS_V4`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The vector.
    pub score: String,
}

/// What is affected of one package.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Affected {
    /// Which package; none where commits alone are named.
    #[serde(default, deserialize_with = "or_empty")]
    pub package: PackageName,
    /// How bad it is for this package, where that differs.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub severity: Vec<Score>,
    /// Ranges of versions.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub ranges: Vec<Range>,
    /// Single versions.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub versions: Vec<String>,
    /// What the ecosystem adds.
    #[serde(
        default,
        deserialize_with = "or_nothing",
        skip_serializing_if = "Specific::is_empty"
    )]
    pub ecosystem_specific: Specific,
    /// What the database adds.
    #[serde(
        default,
        deserialize_with = "or_nothing",
        skip_serializing_if = "Added::is_empty"
    )]
    pub database_specific: Added,
}

/// The name of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageName {
    /// The ecosystem, with a release where there is one: `Debian:12`.
    #[serde(default)]
    pub ecosystem: String,
    /// The name in it.
    #[serde(default)]
    pub name: String,
}

/// A range of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// `SEMVER`, `ECOSYSTEM` or `GIT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it begins and ends.
    #[serde(default, deserialize_with = "or_empty")]
    pub events: Vec<Event>,
}

/// One event of a range; the schema has one key in each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Affected from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    /// Not affected from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Affected up to here, this one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_affected: Option<String>,
    /// Nothing is said from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
}

/// What an ecosystem adds: Go names packages and symbols, RustSec functions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Specific {
    /// Go's packages in which the weakness lies; empty where the whole module is
    /// meant. Source: Go vulnerability database, "Schema".
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub imports: Vec<Import>,
}

impl Specific {
    fn is_empty(&self) -> bool {
        self.imports.is_empty()
    }
}

/// One package of Go in which a weakness lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The path by which it is imported.
    pub path: String,
    /// The functions and methods, `Type.Method` for the latter; empty where the
    /// whole package is meant.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub symbols: Vec<String>,
    /// Operating systems; empty for all.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub goos: Vec<String>,
    /// Architectures; empty for all.
    #[serde(
        default,
        deserialize_with = "or_empty",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub goarch: Vec<String>,
}

/// What a database adds that counts here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// GitHub's word for how bad it is.
    #[serde(
        default,
        deserialize_with = "text_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub severity: Option<String>,
    /// RustSec's word for what is no weakness: `unmaintained`, `unsound`, `notice`.
    #[serde(
        default,
        deserialize_with = "text_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub informational: Option<String>,
}

impl Added {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `null` for an empty value, as some databases write it.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// What ecosystems and databases add has no common schema: of another form, it says
/// nothing here.
fn or_nothing<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    from: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(from)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// A text, or nothing where something else stands.
fn text_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Why bytes are no advisory.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// They are no JSON, or not of the schema.
    #[error("it is no advisory of the OSV schema: {0}")]
    Json(#[from] serde_json::Error),
    /// The id cannot be one.
    #[error("it has an id that cannot be one")]
    Id,
}

impl Advisory {
    /// Reads a document of the OSV schema.
    ///
    /// # Errors
    /// [`AdvisoryError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, AdvisoryError> {
        let advisory: Self = serde_json::from_slice(bytes)?;
        advisory.checked()
    }

    /// The advisory, if its id can be one: letters, digits and few signs.
    pub(crate) fn checked(self) -> Result<Self, AdvisoryError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let fits = (1..=100).contains(&self.id.len()) && self.id.bytes().all(allowed);
        if fits && !self.id.starts_with('.') {
            Ok(self)
        } else {
            Err(AdvisoryError::Id)
        }
    }

    /// Whether it was taken back.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }

    /// Whether the package itself is malicious, and not merely weak.
    /// Source: ossf/malicious-packages, README: ids begin with `MAL-`.
    #[must_use]
    pub fn is_malicious(&self) -> bool {
        self.id.starts_with("MAL-")
    }

    /// The names of what is no weakness, such as `unmaintained`.
    #[must_use]
    pub fn informational(&self) -> Option<&str> {
        let of_packages = self.affected.iter().map(|one| &one.database_specific);
        (std::iter::once(&self.database_specific).chain(of_packages))
            .find_map(|added| added.informational.as_deref())
    }

    /// The newest time that it names of itself.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        [&self.modified, &self.published, &self.withdrawn]
            .into_iter()
            .filter_map(|text| Timestamp::parse(text.as_deref()?))
            .max()
    }

    /// The page of it for people.
    #[must_use]
    pub fn page(&self) -> String {
        format!("https://osv.dev/vulnerability/{}", self.id)
    }

    /// What it says of each package of an ecosystem, by the name under which that is
    /// looked up.
    #[must_use]
    pub fn by_package(&self, ecosystem: &str) -> BTreeMap<String, Self> {
        let mut by_name: BTreeMap<String, Vec<Affected>> = BTreeMap::new();
        for one in &self.affected {
            if crate::base(&one.package.ecosystem) == ecosystem {
                let name = crate::lookup_name(ecosystem, &one.package.name);
                by_name.entry(name).or_default().push(one.clone());
            }
        }
        let small = |affected| Self {
            id: self.id.clone(),
            modified: self.modified.clone(),
            published: self.published.clone(),
            withdrawn: self.withdrawn.clone(),
            aliases: self.aliases.clone(),
            summary: self.summary.clone(),
            severity: self.severity.clone(),
            affected,
            database_specific: self.database_specific.clone(),
        };
        let all = by_name.into_iter();
        all.map(|(name, affected)| (name, small(affected)))
            .collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        let bytes = br#"{"id":"GO-1","modified":"2024-01-02T03:04:05Z","aliases":null,
            "details":"long","affected":[{"package":{"ecosystem":"Go","name":"a"},
            "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.0"}]}],
            "ecosystem_specific":{"imports":[{"path":"a/b","symbols":["F"]}],"x":1},
            "database_specific":{"severity":7}},{"package":{"ecosystem":"npm","name":"a"},
            "ecosystem_specific":{"imports":["x"]},"database_specific":[1]}],
            "database_specific":{"severity":"HIGH","informational":null}}"#;
        let advisory = Advisory::parse(bytes).unwrap();
        assert_eq!(advisory.database_specific.severity.as_deref(), Some("HIGH"));
        let small = advisory.by_package("Go").remove("a").unwrap();
        assert_eq!(small.affected.len(), 1);
        let again = Advisory::parse(&serde_json::to_vec(&small).unwrap()).unwrap();
        assert_eq!(again, small);
        assert!(!serde_json::to_string(&small).unwrap().contains("long"));
        let newest = advisory.newest().unwrap();
        assert_eq!(newest.to_string(), "2024-01-02T03:04:05Z");
    }

    #[test]
    fn an_id_is_no_path_and_no_command() {
        for id in ["", "../x", "a b", "a\\n", "é", ".", "a/b"] {
            let text = format!("{{\"id\":\"{id}\"}}");
            assert!(Advisory::parse(text.as_bytes()).is_err(), "{id}");
        }
        assert!(Advisory::parse(b"{}").is_err());
        assert!(Advisory::parse(b"[").is_err());
        assert!(Advisory::parse(br#"{"id":"SUSE-SU-2024:1-1"}"#).is_ok());
    }
}
