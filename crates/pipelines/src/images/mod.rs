//! Images of registries: what an index names, the signatures that are kept
//! beside them, whether whoever is expected has made these, and new ones.

mod found;
mod publish;
mod tags;
mod verify;

use std::sync::Arc;

use cofferdam_facts::ImageRef;
use cofferdam_registries::oci::{Descriptor, Document, OciClient, OciError};

pub use publish::{Published, publish};
pub use tags::{Tags, VerifiedTags, verify_tags};
pub use verify::{ImageRequest, verify};

use crate::verification::{CollectError, Problem};

/// How deep indexes may lie in each other.
const MOST_DEPTH: usize = 4;
/// The most manifests of an index, with those of the indexes in it.
const MOST_MANIFESTS: usize = 1_000;
/// How BuildKit marks what is no image but tells how one was built.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// Why nothing is said about an image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The registry does not answer, or not as it should.
    #[error(transparent)]
    Registry(#[from] OciError),
    /// A manifest is none, or not what names it.
    #[error("{name}: {problem}")]
    Manifest {
        /// Which.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// There is more than is read.
    #[error("{name} names more than {most} manifests, or in more than {MOST_DEPTH} steps")]
    TooMany {
        /// Which.
        name: String,
        /// The most.
        most: usize,
    },
    /// Bundles that are named cannot be read.
    #[error(transparent)]
    Collect(#[from] CollectError),
    /// What was pushed is not what is there.
    #[error("{name}: what was pushed is not what the registry gives: {problem}")]
    ReadBack {
        /// Which.
        name: String,
        /// What differs.
        problem: String,
    },
}

/// One manifest of an image: the image itself first, then what it names.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its digest.
    pub digest: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
    /// For which machine it is, where the index says so.
    pub platform: Option<String>,
    /// Whether it is no image but what BuildKit tells of one.
    pub remark: bool,
    /// The index that names it, by its number in the list.
    parent: Option<usize>,
    /// Why it could not be looked at.
    problem: Option<Problem>,
}

impl Node {
    /// What stands against it, if something does.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_ref().map(|problem| problem.text.as_str())
    }
}

/// An image by its digest and everything that it names, each fetched and its
/// digest compared.
///
/// # Errors
/// [`ImageError`] if the image itself cannot be read, or names too much. What
/// it names and cannot be read carries its problem.
pub fn tree(
    client: &Arc<OciClient>,
    image: &ImageRef,
    digest: &str,
) -> Result<Vec<Node>, ImageError> {
    let bytes = client.manifest(image, digest)?;
    let document = Document::parse(&bytes).map_err(|error| ImageError::Manifest {
        name: named(image, digest),
        problem: error.to_string(),
    })?;
    let mut all = vec![Node {
        digest: digest.to_owned(),
        media_type: document.media_type().to_owned(),
        size: bytes.len() as u64,
        platform: None,
        remark: false,
        parent: None,
        problem: None,
    }];
    let mut open = vec![(0, 0, document)];
    while let Some((parent, depth, document)) = open.pop() {
        let Document::Index(index) = document else {
            continue;
        };
        for child in &index.manifests {
            if all.len() > MOST_MANIFESTS || depth >= MOST_DEPTH {
                return Err(ImageError::TooMany {
                    name: named(image, digest),
                    most: MOST_MANIFESTS,
                });
            }
            // The same manifest may stand for several platforms.
            if all.iter().any(|other| other.digest == child.digest) {
                continue;
            }
            let mut node = Node {
                digest: child.digest.clone(),
                media_type: child.media_type.clone(),
                size: child.size,
                platform: child.platform.as_ref().map(ToString::to_string),
                remark: child.annotations.contains_key(REFERENCE_TYPE),
                parent: Some(parent),
                problem: None,
            };
            match inner(client, image, child) {
                Ok(document) => open.push((all.len(), depth + 1, document)),
                Err(problem) => node.problem = Some(problem),
            }
            all.push(node);
        }
    }
    Ok(all)
}

/// What an index names, fetched and compared with what it says.
fn inner(
    client: &Arc<OciClient>,
    image: &ImageRef,
    child: &Descriptor,
) -> Result<Document, Problem> {
    let bytes = client
        .manifest(image, &child.digest)
        .map_err(|error| match error {
            OciError::Lies { .. } => Problem::failed(error.to_string()),
            error => Problem::not_checked(error.to_string()),
        })?;
    if bytes.len() as u64 != child.size {
        let text = format!(
            "the index says {} bytes, and it has {}",
            child.size,
            bytes.len()
        );
        return Err(Problem::failed(text));
    }
    let document = Document::parse(&bytes).map_err(|error| Problem::failed(error.to_string()))?;
    if document.media_type() != child.media_type {
        let text = format!(
            "the index says that it is `{}`, and it is `{}`",
            child.media_type,
            document.media_type()
        );
        return Err(Problem::failed(text));
    }
    Ok(document)
}

/// An image by its digest, without a tag, which may move.
fn named(image: &ImageRef, digest: &str) -> String {
    format!("{}@{digest}", image.name())
}
