//! References to container images.
//!
//! Source: OCI distribution specification, "Pulling manifests", and the
//! reference grammar of the distribution project.

use std::fmt;

/// `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// The host, if one is written: `ghcr.io`, `localhost:5000`.
    pub registry: Option<String>,
    /// The repository, as written (`alpine`, `org/app`).
    pub repository: String,
    /// The tag, if one is written.
    pub tag: Option<String>,
    /// The digest with its algorithm, as in `sha256:…`, if one is written.
    pub digest: Option<String>,
}

impl ImageRef {
    /// Splits a reference into its parts. Parts that hold expressions or build
    /// arguments are kept as they stand.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((host, rest)) if is_host(host) => (Some(host.to_owned()), rest),
            _ => (None, rest),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') && !tag.contains('}') => {
                (repository, Some(tag.to_owned()))
            }
            _ => (rest, None),
        };
        Self {
            registry,
            repository: repository.to_owned(),
            tag,
            digest,
        }
    }

    /// Whether the reference names its content: a well-formed digest, or the id
    /// of a local image, which is one too.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.digest.as_deref().is_some_and(is_digest) || is_digest(&self.to_string())
    }

    /// Host and repository, without tag and digest.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.registry {
            Some(registry) => format!("{registry}/{}", self.repository),
            None => self.repository.clone(),
        }
    }
}

fn is_host(text: &str) -> bool {
    text == "localhost" || text.contains('.') || text.contains(':')
}

/// Whether `text` is a digest as OCI defines it, for SHA-256 or SHA-512.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    let hex = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_hexdigit());
    match text.split_once(':') {
        Some(("sha256", rest)) => hex(rest, 64),
        Some(("sha512", rest)) => hex(rest, 128),
        _ => false,
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart_and_put_together_again() {
        let digest = format!("sha256:{}", "0".repeat(64));
        let pinned = format!("localhost:5000/org/app:1@{digest}");
        for text in [
            "alpine",
            "alpine:3.20",
            "ghcr.io/org/app",
            "localhost:5000/app:x",
            &pinned,
        ] {
            assert_eq!(ImageRef::parse(text).to_string(), text);
        }
        assert!(ImageRef::parse(&pinned).is_pinned());
        assert!(!ImageRef::parse("alpine@sha256:12").is_pinned());
        assert!(ImageRef::parse(&digest).is_pinned());
        assert_eq!(ImageRef::parse("localhost:5000/app").tag, None);
    }
}
