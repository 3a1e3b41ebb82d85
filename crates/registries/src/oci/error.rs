//! Why a registry gives or takes nothing.

use std::sync::Arc;

use crate::http::HttpError;

/// Why nothing is known about an image.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// The name is none that a registry has.
    #[error("`{image}` is no name of an image that a registry has")]
    Name {
        /// The image.
        image: String,
    },
    /// No answer came.
    #[error("{image}: {source}")]
    Http {
        /// The image.
        image: String,
        /// What happened.
        source: Arc<HttpError>,
    },
    /// The registry says that there is none.
    #[error("{image} does not exist")]
    NotFound {
        /// The image.
        image: String,
    },
    /// The registry gives it to others only.
    #[error("{image} cannot be read with the credentials at hand{}", because(.why.as_deref()))]
    Denied {
        /// The image.
        image: String,
        /// Why there were none, where there could have been some.
        why: Option<String>,
    },
    /// The registry is an address of this machine or network that nobody but a
    /// document named.
    #[error("{image}: a bare address or this machine is asked only where `--registry-url` says so")]
    Inner {
        /// The image.
        image: String,
    },
    /// Too many questions.
    #[error("{image}: the registry asks to wait")]
    RateLimited {
        /// The image.
        image: String,
    },
    /// Another status.
    #[error("{image}: the registry answered with status {status}")]
    Status {
        /// The image.
        image: String,
        /// The status.
        status: u16,
    },
    /// The bytes do not have the digest that the registry says.
    #[error("{image}: the registry says {claimed}, and its bytes are {computed}")]
    Lies {
        /// The image.
        image: String,
        /// What it says.
        claimed: String,
        /// What its bytes are.
        computed: String,
    },
    /// The answer is none of a registry.
    #[error("{image}: {reason}")]
    Malformed {
        /// The image.
        image: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// Its registry is not asked any more.
    #[error("{image}: {reason}")]
    GivenUp {
        /// The image.
        image: String,
        /// Why.
        reason: &'static str,
    },
    /// The cache alone is used and does not have it.
    #[error("{image} is not in the cache, and nothing is fetched")]
    NotCached {
        /// The image.
        image: String,
    },
    /// There is more of something than is read.
    #[error("{image}: there are more than {most} {what}")]
    TooMany {
        /// The image.
        image: String,
        /// Of what.
        what: &'static str,
        /// How many are read.
        most: usize,
    },
    /// It is larger than is read.
    #[error("{image}: it says that it has {size} bytes, and {most} are read")]
    TooLarge {
        /// The image, or the part of it.
        image: String,
        /// What it says.
        size: u64,
        /// How many are read.
        most: u64,
    },
    /// What was written is not there when it is read again.
    #[error(
        "{image}: what was pushed is not listed when the registry is asked again; others may \
         write to the same list"
    )]
    Lost {
        /// The image.
        image: String,
    },
}

fn because(why: Option<&str>) -> String {
    why.map_or_else(String::new, |why| format!(": {why}"))
}
