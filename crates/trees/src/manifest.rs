//! The files of a tree with their hashes, in the text of which Go's `h1` is
//! the hash.
//!
//! Source: golang.org/x/mod, package `sumdb/dirhash`, `Hash1`: one line
//! `HEX  PREFIX/PATH` for each file, sorted by name; the SHA-256 of this text
//! in base64 is the sum.

use sha2::{Digest as _, Sha256};

use crate::digest::{Digest, H1};

/// The most files of one tree.
pub const MOST_FILES: usize = 500_000;
/// The most bytes of one path.
const MOST_PATH: usize = 4096;

/// Files by path, relative to the root of their tree, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    files: Vec<(Box<str>, Digest)>,
}

/// Why something is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A line has another form.
    #[error("line {line} is not `SHA-256  PATH`")]
    Line {
        /// The one-based line.
        line: usize,
    },
    /// A path leads out of the tree, or has characters that none has.
    #[error("the path `{path}` is not one of a file below the root")]
    Path {
        /// The path.
        path: String,
    },
    /// A path stands twice.
    #[error("the path `{path}` stands twice")]
    Twice {
        /// The path.
        path: String,
    },
    /// There are more files than are read.
    #[error("there are more than {MOST_FILES} files")]
    TooMany,
}

impl Manifest {
    /// Takes files in any order.
    ///
    /// # Errors
    /// [`ManifestError`] for a path that leads out of the tree or stands twice.
    pub fn new(files: impl IntoIterator<Item = (Box<str>, Digest)>) -> Result<Self, ManifestError> {
        let mut files: Vec<_> = files.into_iter().take(MOST_FILES + 1).collect();
        if files.len() > MOST_FILES {
            return Err(ManifestError::TooMany);
        }
        files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut before: Option<&str> = None;
        for (path, _) in &files {
            if !is_sound(path) {
                let path = path.to_string();
                return Err(ManifestError::Path { path });
            }
            if before == Some(path) {
                let path = path.to_string();
                return Err(ManifestError::Twice { path });
            }
            before = Some(path);
        }
        Ok(Self { files })
    }

    /// Reads lines `HEX  PATH`, of which `prefix` is taken away first.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn parse(text: &str, prefix: &str) -> Result<Self, ManifestError> {
        let mut files = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let wrong = ManifestError::Line { line: at + 1 };
            let read = || {
                let (hex, path) = line.split_at_checked(64)?;
                let path = path.strip_prefix("  ")?.strip_prefix(prefix)?;
                Some((Box::from(path), Digest::from_hex(hex)?))
            };
            files.push(read().ok_or(wrong)?);
            if files.len() > MOST_FILES {
                return Err(ManifestError::TooMany);
            }
        }
        Self::new(files)
    }

    /// The files in order of their paths.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&str, Digest)> {
        self.files.iter().map(|(path, digest)| (&**path, *digest))
    }

    /// The hash of the file at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<Digest> {
        let at = self.files.binary_search_by(|(one, _)| (**one).cmp(path));
        self.files.get(at.ok()?).map(|(_, digest)| *digest)
    }

    /// The files whose path begins with `prefix`, in order.
    pub fn below<'m>(&'m self, prefix: &'m str) -> impl Iterator<Item = (&'m str, Digest)> {
        let from = self.files.partition_point(|(path, _)| **path < *prefix);
        (self.files.get(from..).unwrap_or_default().iter())
            .take_while(move |(path, _)| path.starts_with(prefix))
            .map(|(path, digest)| (&**path, *digest))
    }

    /// The number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text, with `prefix` before each path.
    #[must_use]
    pub fn text(&self, prefix: &str) -> String {
        let mut text = Vec::new();
        for (path, digest) in &self.files {
            line(&mut text, digest, prefix, path);
        }
        // Made of text alone.
        String::from_utf8(text).unwrap_or_default()
    }

    /// The hash of the text. For a Go module the prefix is `MODULE@VERSION/`,
    /// for a tree without a name it is empty.
    #[must_use]
    pub fn h1(&self, prefix: &str) -> H1 {
        let mut hash = Sha256::new();
        let mut text = Vec::with_capacity(256);
        for (path, digest) in &self.files {
            text.clear();
            line(&mut text, digest, prefix, path);
            hash.update(&text);
        }
        H1(Digest(hash.finalize().into()))
    }
}

fn line(out: &mut Vec<u8>, digest: &Digest, prefix: &str, path: &str) {
    digest.write_hex(out);
    out.extend_from_slice(b"  ");
    out.extend_from_slice(prefix.as_bytes());
    out.extend_from_slice(path.as_bytes());
    out.push(b'\n');
}

/// Whether a path names a file below the root, in the same way on every
/// system: manifests come from outside, and are joined to folders.
#[must_use]
pub fn is_sound(path: &str) -> bool {
    path.len() <= MOST_PATH
        && !path.contains(['\\', '\0', '\n', '\r'])
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Computed with golang.org/x/mod's own `dirhash.Hash1`.
    #[test]
    fn the_hash_is_the_one_of_go() {
        let files = [("b/c.go", "xyz"), ("a.go", "abc"), ("b.go", "")];
        let files = files.map(|(path, text)| (path.into(), Digest::of(text.as_bytes())));
        let manifest = Manifest::new(files).unwrap();
        assert_eq!(
            manifest.h1("example.org/m@v1.0.0/").to_string(),
            "h1:DFAGJ1bb5gz4ZOYtOHMu/foeEq05HwwpulyUXKbAeIo="
        );
        let text = manifest.text("p/");
        assert_eq!(Manifest::parse(&text, "p/").unwrap(), manifest);
        assert_eq!(manifest.h1("p/").0, Digest::of(text.as_bytes()));
        assert_eq!(manifest.below("b").count(), 2);
        assert_eq!(manifest.below("b/").count(), 1);
    }

    #[test]
    fn what_leads_out_or_stands_twice_is_no_manifest() {
        for path in [
            "", "/a", "../a", "a/../b", "a//b", "a/", "a\nb", "./a", "a\\b",
        ] {
            let one = (Box::from(path), Digest::of(b""));
            assert!(Manifest::new([one]).is_err(), "{path:?}");
        }
        let one = (Box::from("a"), Digest::of(b""));
        assert_eq!(
            Manifest::new([one.clone(), one]),
            Err(ManifestError::Twice { path: "a".into() })
        );
        for text in ["x  a\n", &format!("{} a\n", Digest::of(b""))] {
            assert_eq!(
                Manifest::parse(text, ""),
                Err(ManifestError::Line { line: 1 })
            );
        }
    }
}
