//! Content hashes of trees, and the line breaks of text.

use cofferdam_trees::{Digest, Manifest, ManifestError};

/// Go's `h1` of files without a name before their paths.
///
/// # Errors
/// [`ManifestError`] for a path that stands twice or leads out of the tree.
pub fn h1(files: impl IntoIterator<Item = (String, Digest)>) -> Result<String, ManifestError> {
    let files = files.into_iter();
    let manifest = Manifest::new(files.map(|(path, digest)| (path.into_boxed_str(), digest)))?;
    Ok(manifest.h1("").to_string())
}

/// The bytes with the line breaks of Unix, where they are text.
#[must_use]
pub fn with_unix_breaks(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.contains(&0) || !bytes.windows(2).any(|pair| pair == b"\r\n") {
        return None;
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        if *byte != b'\r' || rest.peek() != Some(&&b'\n') {
            plain.push(*byte);
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_alone_has_line_breaks() {
        assert_eq!(
            with_unix_breaks(b"a\r\nb\r").as_deref(),
            Some(&b"a\nb\r"[..])
        );
        assert_eq!(with_unix_breaks(b"a\0\r\n"), None);
        assert_eq!(with_unix_breaks(b"a\n"), None);
    }
}
