//! Manifests and indexes: what a digest of a registry names.
//!
//! Source: OCI image specification 1.1, "Image Manifest", "Image Index" and
//! "Content Descriptors"; Docker's image manifest, version 2, schema 2.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The media types of an index.
const INDEX_TYPES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
/// The media types of a manifest.
const MANIFEST_TYPES: [&str; 2] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// A manifest or an index.
#[derive(Clone, Debug)]
pub enum Document {
    /// Names manifests, as for several platforms.
    Index(Index),
    /// Names a configuration and layers.
    Manifest(Box<Manifest>),
}

/// Names manifests.
#[derive(Clone, Debug)]
pub struct Index {
    /// Its media type.
    pub media_type: String,
    /// What it names.
    pub manifests: Vec<Descriptor>,
}

/// Names a configuration and layers.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// Its media type.
    pub media_type: String,
    /// What kind of thing it holds: its own word, or else the media type of its
    /// configuration.
    pub artifact_type: String,
    /// The configuration.
    pub config: Descriptor,
    /// The layers.
    pub layers: Vec<Descriptor>,
    /// What it is about, if it refers to something.
    pub subject: Option<Descriptor>,
    /// Remarks.
    pub annotations: BTreeMap<String, String>,
}

/// Names bytes by digest and size.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the bytes are.
    #[serde(default)]
    pub media_type: String,
    /// Their digest, with its algorithm.
    pub digest: String,
    /// How many there are.
    pub size: u64,
    /// Of a manifest, what kind of thing it holds.
    #[serde(default)]
    pub artifact_type: Option<String>,
    /// Of an image, for which machine it is.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// Remarks.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// For which machine an image is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Platform {
    /// The operating system.
    #[serde(default)]
    pub os: String,
    /// The processor.
    #[serde(default)]
    pub architecture: String,
    /// Which kind of it.
    #[serde(default)]
    pub variant: Option<String>,
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_deref() {
            None | Some("") => Ok(()),
            Some(variant) => write!(f, "/{variant}"),
        }
    }
}

/// Why bytes are neither manifest nor index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// They do not have the form.
    #[error("it is neither a manifest nor an index: {0}")]
    Form(String),
    /// One reader could take it for this and another for that.
    #[error("it can be read in two ways: {0}")]
    Ambiguous(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The names whose meaning decides what is pulled.
const NAMES: [&str; 7] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "subject",
];

impl Document {
    /// Reads a manifest or an index. One that is both, as in CVE-2021-41190, is
    /// refused, and so is one with a name in other letters: readers in Go take
    /// `Manifests` for `manifests`.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let form = |text: &str| DocumentError::Form(text.to_owned());
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| form(&error.to_string()))?;
        if wire.schema_version != 2 {
            return Err(form("its schema version is not 2"));
        }
        for name in wire.rest.keys() {
            if NAMES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return Err(DocumentError::Ambiguous(format!("it has a name `{name}`")));
            }
        }
        match (wire.manifests, wire.config, wire.layers) {
            (Some(manifests), None, None) => {
                let media_type = fitting(wire.media_type, INDEX_TYPES)?;
                Ok(Self::Index(Index {
                    media_type,
                    manifests,
                }))
            }
            (None, Some(config), layers) => Ok(Self::Manifest(Box::new(Manifest {
                media_type: fitting(wire.media_type, MANIFEST_TYPES)?,
                artifact_type: wire
                    .artifact_type
                    .unwrap_or_else(|| config.media_type.clone()),
                config,
                layers: layers.unwrap_or_default(),
                subject: wire.subject,
                annotations: wire.annotations,
            }))),
            (None, None, _) => Err(form("it names no configuration and no manifests")),
            (Some(_), _, _) => {
                let text = "it names manifests and a configuration or layers";
                Err(DocumentError::Ambiguous(text.to_owned()))
            }
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(&self) -> &str {
        match self {
            Self::Index(index) => &index.media_type,
            Self::Manifest(manifest) => &manifest.media_type,
        }
    }
}

/// The media type that it says, or the usual one where it says none, as older
/// tools leave it out.
fn fitting(said: Option<String>, known: [&str; 2]) -> Result<String, DocumentError> {
    let Some(said) = said else {
        return Ok(known.first().copied().unwrap_or_default().to_owned());
    };
    if known.contains(&said.as_str()) {
        return Ok(said);
    }
    Err(DocumentError::Ambiguous(format!(
        "it says that it is `{said}`, and has not the form of that"
    )))
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Document, DocumentError> {
        Document::parse(text.as_bytes())
    }

    #[test]
    fn what_is_both_or_neither_is_refused() {
        let part = r#"{"digest":"sha256:0","size":1,"mediaType":"x"}"#;
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        assert!(matches!(of(index), Ok(Document::Index(_))));
        let manifest = format!(r#"{{"schemaVersion":2,"config":{part},"layers":[]}}"#);
        let Ok(Document::Manifest(read)) = of(&manifest) else {
            panic!("a manifest");
        };
        assert_eq!(read.artifact_type, "x");
        for text in [
            format!(r#"{{"schemaVersion":2,"config":{part},"layers":[],"manifests":[]}}"#),
            r#"{"schemaVersion":2,"manifests":[],"Manifests":[]}"#.to_owned(),
            r#"{"schemaVersion":2,"manifests":[],"LAYERS":[]}"#.to_owned(),
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[]}}"#,
                MANIFEST_TYPES[0]
            ),
        ] {
            assert!(
                matches!(of(&text), Err(DocumentError::Ambiguous(_))),
                "{text}"
            );
        }
        for text in [
            "{}",
            "[]",
            r#"{"schemaVersion":1,"manifests":[]}"#,
            r#"{"schemaVersion":2}"#,
            r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#,
        ] {
            assert!(matches!(of(text), Err(DocumentError::Form(_))), "{text}");
        }
    }

    #[test]
    fn a_platform_is_shown_as_it_is_asked_for() {
        let platform = |variant: Option<&str>| Platform {
            os: "linux".to_owned(),
            architecture: "arm".to_owned(),
            variant: variant.map(str::to_owned),
        };
        assert_eq!(platform(Some("v7")).to_string(), "linux/arm/v7");
        assert_eq!(platform(None).to_string(), "linux/arm");
    }
}
