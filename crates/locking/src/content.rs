//! Content hashes: Go's `h1` over the files of a tree.
//!
//! Source: golang.org/x/mod, package `sumdb/dirhash`, `Hash1`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of some bytes, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The `h1` of files, given by path and the SHA-256 of their bytes.
#[must_use]
pub fn h1(files: &mut [(String, String)]) -> String {
    files.sort_unstable();
    let mut hash = Sha256::new();
    for (path, digest) in files.iter() {
        hash.update(format!("{digest}  {path}\n").as_bytes());
    }
    format!("h1:{}", STANDARD.encode(hash.finalize()))
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
    fn the_hash_is_the_one_of_go() {
        // golang.org/x/mod, dirhash_test.go, TestHash1.
        let mut files = [
            ("xyz".to_owned(), sha256(b"data for xyz")),
            ("abc".to_owned(), sha256(b"data for abc")),
        ];
        let text = format!(
            "{}  abc\n{}  xyz\n",
            sha256(b"data for abc"),
            sha256(b"data for xyz")
        );
        let expected = STANDARD.encode(Sha256::digest(text.as_bytes()));
        assert_eq!(h1(&mut files), format!("h1:{expected}"));
        assert_eq!(
            h1(&mut []),
            "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
    }

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
