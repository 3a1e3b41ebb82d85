//! `Cargo.lock`: the crates of a build with the SHA-256 of their archives.
//!
//! Versions 1 to 4 of the format. In version 1 the checksums stand in a table
//! `[metadata]` of their own.

use toml::de::{DeTable, DeValue};

/// One crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedCrate {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from, as in `registry+https://…`; `None` for a crate of
    /// the workspace or a folder.
    pub source: Option<String>,
    /// The SHA-256 of its archive in hexadecimal; git has none.
    pub checksum: Option<String>,
}

/// A whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoLock {
    crates: Vec<LockedCrate>,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CargoLockError {
    /// It is no TOML, or not in the form of a lock.
    #[error(transparent)]
    Form(#[from] toml::de::Error),
    /// Something has another shape than in a lock.
    #[error("{what} is expected, and something else is there")]
    Shape {
        /// What is expected.
        what: &'static str,
    },
    /// The version of the format is not known.
    #[error("version {found} of the format is not known; 1 to {newest} are")]
    Version {
        /// What the file says.
        found: u64,
        /// The newest that is read.
        newest: u64,
    },
}

/// The newest version of the format that is read.
const NEWEST: u64 = 4;

impl CargoLock {
    /// Reads a file.
    ///
    /// # Errors
    /// [`CargoLockError`].
    pub fn parse(text: &str) -> Result<Self, CargoLockError> {
        let file = DeTable::parse(text)?.into_inner();
        let found = number(file.get("version"))?;
        if found == 0 || found > NEWEST {
            let newest = NEWEST;
            return Err(CargoLockError::Version { found, newest });
        }
        let metadata = file.get("metadata").and_then(|value| match value.as_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        });
        let mut crates = Vec::new();
        if let Some(packages) = file.get("package") {
            let DeValue::Array(packages) = packages.as_ref() else {
                return Err(CargoLockError::Shape {
                    what: "`[[package]]`",
                });
            };
            for package in packages.iter() {
                crates.push(locked(package.as_ref(), metadata)?);
            }
        }
        Ok(Self { crates })
    }

    /// The crates in order of lines.
    #[must_use]
    pub fn crates(&self) -> &[LockedCrate] {
        &self.crates
    }

    /// The crates of this name and version; several where several sources
    /// have one.
    pub fn named<'l>(
        &'l self,
        name: &'l str,
        version: &'l str,
    ) -> impl Iterator<Item = &'l LockedCrate> {
        self.crates
            .iter()
            .filter(move |one| one.name == name && one.version == version)
    }
}

/// The version of the format: the first had no word for itself.
fn number(value: Option<&toml::Spanned<DeValue<'_>>>) -> Result<u64, CargoLockError> {
    match value.map(toml::Spanned::as_ref) {
        None => Ok(1),
        Some(DeValue::Integer(number)) => {
            let what = "a small number as `version`";
            u64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| CargoLockError::Shape { what })
        }
        Some(_) => Err(CargoLockError::Shape {
            what: "a number as `version`",
        }),
    }
}

fn locked(
    package: &DeValue<'_>,
    metadata: Option<&DeTable<'_>>,
) -> Result<LockedCrate, CargoLockError> {
    let DeValue::Table(package) = package else {
        return Err(CargoLockError::Shape { what: "a table" });
    };
    let text = |key: &str| match package.get(key).map(toml::Spanned::as_ref) {
        Some(DeValue::String(text)) => Some(text.to_string()),
        _ => None,
    };
    let what = "`name` and `version` of a package";
    let name = text("name").ok_or(CargoLockError::Shape { what })?;
    let version = text("version").ok_or(CargoLockError::Shape { what })?;
    let source = text("source");
    let in_metadata = || {
        let source = source.as_deref()?;
        let key = format!("checksum {name} {version} ({source})");
        match metadata?.get(key.as_str()).map(toml::Spanned::as_ref) {
            Some(DeValue::String(sum)) if sum != "<none>" => Some(sum.to_string()),
            _ => None,
        }
    };
    let checksum = text("checksum").or_else(in_metadata);
    Ok(LockedCrate {
        name,
        version,
        source,
        checksum,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_forms_are_read() {
        let new = "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
                   source = \"registry+https://x\"\nchecksum = \"00\"\n";
        let old = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\
                   source = \"registry+https://x\"\n[metadata]\n\
                   \"checksum a 1.0.0 (registry+https://x)\" = \"00\"\n";
        for text in [new, old] {
            let lock = CargoLock::parse(text).unwrap();
            let one = lock.named("a", "1.0.0").next().unwrap();
            assert_eq!(one.checksum.as_deref(), Some("00"));
        }
        assert!(matches!(
            CargoLock::parse("version = 9\n"),
            Err(CargoLockError::Version { found: 9, .. })
        ));
        let error = CargoLock::parse("<<<<<<< HEAD\n").unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}
