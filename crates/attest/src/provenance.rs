//! SLSA provenance: how an artifact was built, and from what.
//!
//! Source: SLSA provenance v1 (`https://slsa.dev/provenance/v1`) and v0.2
//! (`https://slsa.dev/provenance/v0.2`). Fields that are not needed here are
//! left out; parameters are kept as they stand, since what is allowed in them
//! depends on the type of build.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::statement::Statement;

/// The predicate of version 1.
pub const V1: &str = "https://slsa.dev/provenance/v1";
/// The predicate of version 0.2.
pub const V02: &str = "https://slsa.dev/provenance/v0.2";
/// The most dependencies that are read.
const MOST_DEPENDENCIES: usize = 100_000;

/// How an artifact was built, in either version.
#[derive(Clone, Debug, PartialEq)]
pub enum Provenance {
    /// Version 1.
    V1(Box<ProvenanceV1>),
    /// Version 0.2.
    V02(Box<ProvenanceV02>),
}

/// SLSA provenance, version 1.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ProvenanceV1 {
    /// What was asked for.
    pub build_definition: BuildDefinition,
    /// What ran.
    pub run_details: RunDetails,
}

/// What was asked for.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// How the parameters are to be read.
    pub build_type: String,
    /// What whoever started the build could choose.
    #[serde(default)]
    pub external_parameters: Map<String, Value>,
    /// What the platform chose.
    #[serde(default)]
    pub internal_parameters: Map<String, Value>,
    /// What the build took.
    #[serde(default)]
    pub resolved_dependencies: Vec<ResourceDescriptor>,
}

/// What ran.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct RunDetails {
    /// Who built it.
    pub builder: BuilderId,
    /// Of the run.
    #[serde(default)]
    pub metadata: Metadata,
}

/// Who built it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct BuilderId {
    /// An address that names it.
    pub id: String,
}

/// Of the run.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// What tells the run from others.
    #[serde(alias = "buildInvocationID", alias = "buildInvocationId")]
    pub invocation_id: Option<String>,
}

/// Something that a build took.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ResourceDescriptor {
    /// Where it is from.
    #[serde(default)]
    pub uri: Option<String>,
    /// What it is called.
    #[serde(default)]
    pub name: Option<String>,
    /// Algorithms and digits.
    #[serde(default)]
    pub digest: std::collections::BTreeMap<String, String>,
    /// What whoever wrote it says besides.
    #[serde(default)]
    pub annotations: Map<String, Value>,
}

/// SLSA provenance, version 0.2.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ProvenanceV02 {
    /// Who built it.
    pub builder: BuilderId,
    /// How the parameters are to be read.
    pub build_type: String,
    /// What was asked for.
    #[serde(default)]
    pub invocation: Invocation,
    /// Of the run.
    #[serde(default)]
    pub metadata: Metadata,
    /// What the build took.
    #[serde(default)]
    pub materials: Vec<ResourceDescriptor>,
}

/// What was asked for, in version 0.2.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Invocation {
    /// Where the description of the build lies.
    #[serde(default)]
    pub config_source: ConfigSource,
    /// What whoever started the build could choose.
    #[serde(default)]
    pub parameters: Value,
    /// What the platform chose.
    #[serde(default)]
    pub environment: Value,
}

/// Where the description of a build lies.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ConfigSource {
    /// The repository.
    #[serde(default)]
    pub uri: Option<String>,
    /// Algorithms and digits.
    #[serde(default)]
    pub digest: std::collections::BTreeMap<String, String>,
    /// The file in it.
    #[serde(default)]
    pub entry_point: Option<String>,
}

/// Why a predicate is no provenance.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// Its fields are not those of its version.
    #[error("the provenance is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It names more than is read.
    #[error("the provenance names {count} dependencies")]
    TooMany {
        /// How many.
        count: usize,
    },
}

impl Provenance {
    /// The provenance of a statement; `None` if it says something else.
    ///
    /// # Errors
    /// [`ProvenanceError`] if it calls itself provenance and is none.
    pub fn of(statement: &Statement) -> Result<Option<Self>, ProvenanceError> {
        let predicate = || statement.predicate.clone();
        let provenance = match statement.predicate_type.as_str() {
            V1 => Self::V1(serde_json::from_value(predicate())?),
            V02 => Self::V02(serde_json::from_value(predicate())?),
            _ => return Ok(None),
        };
        let count = provenance.dependencies().len();
        if count > MOST_DEPENDENCIES {
            return Err(ProvenanceError::TooMany { count });
        }
        Ok(Some(provenance))
    }

    /// How the parameters are to be read.
    #[must_use]
    pub fn build_type(&self) -> &str {
        match self {
            Self::V1(v1) => &v1.build_definition.build_type,
            Self::V02(v02) => &v02.build_type,
        }
    }

    /// Who built it.
    #[must_use]
    pub fn builder(&self) -> &str {
        match self {
            Self::V1(v1) => &v1.run_details.builder.id,
            Self::V02(v02) => &v02.builder.id,
        }
    }

    /// What the build took.
    #[must_use]
    pub fn dependencies(&self) -> &[ResourceDescriptor] {
        match self {
            Self::V1(v1) => &v1.build_definition.resolved_dependencies,
            Self::V02(v02) => &v02.materials,
        }
    }
}
