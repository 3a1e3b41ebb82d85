//! Why there is no SBOM.

use std::io;
use std::path::{Path, PathBuf};

/// Why a target cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    /// A file or folder cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The target is nothing that is understood.
    #[error(
        "{} is no folder, image, chart or executable that is understood",
        path.display()
    )]
    Unknown {
        /// The target.
        path: PathBuf,
    },
    /// The target names an image of a registry.
    #[error("there is no file `{name}`, and images of registries are not asked for here")]
    Registry {
        /// What was named.
        name: String,
    },
    /// An index, manifest or configuration is not as its specification says.
    #[error("{blob}: {problem}")]
    Image {
        /// The blob or file inside of the image.
        blob: String,
        /// What is wrong.
        problem: ImageProblem,
    },
    /// A layer or another archive is not as it should be.
    #[error("{blob}: {problem}")]
    Archive {
        /// The blob or file.
        blob: String,
        /// What is wrong.
        problem: ArchiveProblem,
    },
    /// The image is there for several platforms and none was asked for.
    #[error("the image is there for several platforms: {}", have.join(", "))]
    SeveralPlatforms {
        /// Those that are there.
        have: Vec<String>,
    },
    /// The image is not there for the platform that was asked for.
    #[error("there is no image for {wanted}; there is {}", have.join(", "))]
    NoPlatform {
        /// What was asked for.
        wanted: String,
        /// Those that are there.
        have: Vec<String>,
    },
    /// The index names several images and none was asked for.
    #[error("the index names several images: {}", have.join(", "))]
    SeveralImages {
        /// Their names.
        have: Vec<String>,
    },
    /// The document cannot be written.
    #[error("the document cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// What is wrong with an index, a manifest or a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ImageProblem {
    /// It is not there.
    #[error("it is not there")]
    Missing,
    /// It is no JSON, or not in the form that is expected.
    #[error("it is not in the form of its specification: {0}")]
    Form(#[from] serde_json::Error),
    /// A digest is none, or of an algorithm that is not read.
    #[error("`{0}` is no SHA-256 digest")]
    DigestForm(String),
    /// Its bytes have another digest.
    #[error("its digest is sha256:{found}")]
    Digest {
        /// What its bytes hash to.
        found: String,
    },
    /// It has another size than its descriptor says.
    #[error("it has {found} bytes, and its descriptor says {said}")]
    Size {
        /// How many it has, or that have been read.
        found: u64,
        /// What the descriptor says.
        said: u64,
    },
    /// It is larger than is read.
    #[error("it has more than {most} bytes")]
    TooLarge {
        /// How many are read.
        most: u64,
    },
    /// It has more members than are read.
    #[error("it names more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are read.
        most: usize,
    },
    /// It is of a media type that is no image, chart or layer.
    #[error("its media type `{0}` is not read")]
    MediaType(String),
    /// It says that it is one thing and is another.
    #[error("its media type `{media_type}` does not fit its content")]
    Content {
        /// What it says.
        media_type: String,
    },
    /// Indexes lie in each other too deeply.
    #[error("indexes lie in each other too deeply")]
    Depth,
    /// A link in the archive leads nowhere or in a circle.
    #[error("it is a link that leads to no file of the archive")]
    Link,
    /// Configuration and layers do not fit each other.
    #[error("its configuration names {said} layers, and it has {found}")]
    Layers {
        /// How many the configuration names.
        said: usize,
        /// How many there are.
        found: usize,
    },
    /// The content of a layer is not what the configuration says.
    #[error("its content has the digest {found}, and the configuration says {said}")]
    DiffId {
        /// What it unpacks to.
        found: String,
        /// What the configuration says.
        said: String,
    },
}

/// What is wrong with a layer or an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveProblem {
    /// It ends in the middle.
    #[error("it ends in the middle, after {after} unpacked bytes")]
    Truncated {
        /// How many bytes could be read.
        after: u64,
    },
    /// It cannot be decompressed or read.
    #[error("it is damaged: {0}")]
    Damaged(io::Error),
    /// An entry has no valid header.
    #[error("the entry after `{after}` has no valid header")]
    Header {
        /// The entry before.
        after: String,
    },
    /// An entry lies outside of the tree.
    #[error("the entry `{path}` lies outside of the tree")]
    Outside {
        /// The entry.
        path: String,
    },
    /// A path is longer than is read.
    #[error("the path of the entry after `{after}` has more than {most} bytes")]
    Path {
        /// The entry before.
        after: String,
        /// How many are read.
        most: usize,
    },
    /// It has more entries than are read.
    #[error("it has more than {most} entries")]
    Entries {
        /// How many are read.
        most: u64,
    },
    /// It unpacks to more bytes than are read.
    #[error("it unpacks to more than {most} bytes")]
    Unpacked {
        /// How many are read.
        most: u64,
    },
    /// It is a bomb.
    #[error("each of its bytes unpacks to more than {ratio}, as in an archive made to fill disks")]
    Ratio {
        /// The most that is read.
        ratio: u64,
    },
    /// A nameless file for something large cannot be written.
    #[error("nothing large can be put aside: {0}")]
    Scratch(io::Error),
}

impl SbomError {
    /// Names the file that an error is about.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File { path, source }
    }

    /// Names the blob that a problem is about.
    pub(crate) fn image(blob: &str) -> impl Fn(ImageProblem) -> Self {
        let blob = blob.to_owned();
        move |problem| Self::Image {
            blob: blob.clone(),
            problem,
        }
    }

    /// Names the blob that a problem is about.
    pub(crate) fn archive(blob: &str) -> impl Fn(ArchiveProblem) -> Self {
        let blob = blob.to_owned();
        move |problem| Self::Archive {
            blob: blob.clone(),
            problem,
        }
    }

    /// Whether the arguments were wrong, rather than what they name.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. }
                | Self::Registry { .. }
                | Self::SeveralPlatforms { .. }
                | Self::NoPlatform { .. }
                | Self::SeveralImages { .. }
        )
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::SeveralPlatforms { .. } | Self::NoPlatform { .. } => {
                Some("choose one with `--platform OS/ARCHITECTURE`")
            }
            Self::Registry { .. } => Some(
                "bring it here with `skopeo copy --all docker://IMAGE oci:FOLDER`, then name FOLDER",
            ),
            Self::SeveralImages { .. } => Some("choose one with `--image NAME`"),
            Self::Unknown { .. } => Some(
                "a target is a folder, an OCI layout (folder or tar), an archive of `docker save`, \
                 a Helm chart (.tgz) or an executable",
            ),
            Self::Archive {
                problem: ArchiveProblem::Truncated { .. },
                ..
            }
            | Self::Image {
                problem: ImageProblem::Size { .. } | ImageProblem::Digest { .. },
                ..
            } => Some("fetch the image again: a blob is not what its manifest names"),
            _ => None,
        }
    }
}
