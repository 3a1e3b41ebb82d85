//! `pom.properties`, which Maven puts into every archive that it builds.

use crate::package::{Kind, Package};

/// Group, artifact and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Coordinates {
    pub(super) group: String,
    pub(super) artifact: String,
    pub(super) version: String,
}

impl Coordinates {
    /// Reads a file; none without artifact and version.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let value = |key: &str| {
            text.lines()
                .filter(|line| !line.trim_start().starts_with(['#', '!']))
                .find_map(|line| {
                    let (name, value) = line.split_once(['=', ':'])?;
                    (name.trim() == key).then(|| value.trim().to_owned())
                })
        };
        let found = Self {
            group: value("groupId").unwrap_or_default(),
            artifact: value("artifactId")?,
            version: value("version")?,
        };
        (!found.artifact.is_empty() && !found.version.is_empty()).then_some(found)
    }

    pub(super) fn package(&self) -> Package {
        let group = match self.group.as_str() {
            "" => &self.artifact,
            group => group,
        };
        Package::new(Kind::Maven, self.artifact.as_str(), self.version.as_str()).within(group)
    }
}
