//! Hashes as lockfiles write them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A way to hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// MD5, which proves nothing today.
    Md5,
    /// SHA-1, which proves little today.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// `h1:` of Go: the SHA-256 of a list of files and their SHA-256s.
    GoH1,
    /// Another one, by its name in the file.
    Other(String),
}

impl Algorithm {
    /// The algorithm of a name as files write it, in any case, with or without
    /// hyphen.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
            "md5" => Self::Md5,
            "sha1" => Self::Sha1,
            "sha224" => Self::Sha224,
            "sha256" => Self::Sha256,
            "sha384" => Self::Sha384,
            "sha512" => Self::Sha512,
            "h1" => Self::GoH1,
            _ => Self::Other(name.to_owned()),
        }
    }

    /// The name in lower case, without hyphen.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::GoH1 => "h1",
            Self::Other(name) => name,
        }
    }

    /// The bytes of a hash; `None` where that is not known.
    fn length(&self) -> Option<usize> {
        Some(match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 | Self::GoH1 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
            Self::Other(_) => return None,
        })
    }

    /// Whether a hash of this kind proves that two files are the same.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        match self {
            Self::Sha224 | Self::Sha256 | Self::Sha384 | Self::Sha512 | Self::GoH1 => true,
            Self::Md5 | Self::Sha1 | Self::Other(_) => false,
        }
    }
}

/// What is hashed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The archive of the package.
    Archive,
    /// One archive of several, by its file name.
    File(String),
    /// The unpacked files, or an archive that the package manager packs itself.
    Contents,
    /// The manifest alone, as `go.sum` has one of each `go.mod`.
    Manifest,
}

/// One hash of one package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integrity {
    /// What is hashed.
    pub subject: Subject,
    /// How.
    pub algorithm: Algorithm,
    /// The hash in lower-case hexadecimal. Where the file has something that is
    /// no hash of this kind, it stands here as it is; see [`Self::is_well_formed`].
    pub digest: String,
}

impl Integrity {
    /// A hash in hexadecimal.
    #[must_use]
    pub fn hex(subject: Subject, algorithm: Algorithm, digest: &str) -> Self {
        Self {
            subject,
            algorithm,
            digest: digest.to_ascii_lowercase(),
        }
    }

    /// A hash in base64.
    #[must_use]
    pub fn base64(subject: Subject, algorithm: Algorithm, digest: &str) -> Self {
        let digest = match STANDARD.decode(digest) {
            Ok(bytes) => bytes.iter().fold(String::new(), |mut text, byte| {
                text.extend([hex_digit(byte >> 4), hex_digit(byte & 15)]);
                text
            }),
            Err(_) => digest.to_owned(),
        };
        Self {
            subject,
            algorithm,
            digest,
        }
    }

    /// A hash with its algorithm in hexadecimal, as in `sha256:00…`; `None` where
    /// no algorithm is named.
    #[must_use]
    pub fn prefixed(subject: Subject, text: &str) -> Option<Self> {
        let (name, digest) = text.split_once([':', '='])?;
        Some(Self::hex(subject, Algorithm::named(name), digest))
    }

    /// The hashes of a Subresource Integrity text, as in `sha512-…= sha1-…=`.
    /// Source: W3C, "Subresource Integrity", section 3.5.
    #[must_use]
    pub fn subresource(text: &str) -> Vec<Self> {
        let words = text.split_ascii_whitespace().take(16);
        words
            .map(|word| {
                let word = word.split('?').next().unwrap_or(word);
                let (name, digest) = word.split_once('-').unwrap_or(("", word));
                Self::base64(Subject::Archive, Algorithm::named(name), digest)
            })
            .collect()
    }

    /// Whether the hash has the length and the letters of its algorithm.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let is_hex = self.digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.algorithm.length() {
            Some(bytes) => is_hex && self.digest.len() == 2 * bytes,
            None => false,
        }
    }
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.digest)
    }
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hash_is_the_same_in_every_dress() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let sri = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let plain = Integrity::hex(Subject::Archive, Algorithm::Sha256, &hex.to_uppercase());
        assert_eq!(Integrity::subresource(sri), vec![plain.clone()]);
        let text = format!("sha256:{hex}");
        assert_eq!(
            Integrity::prefixed(Subject::Archive, &text),
            Some(plain.clone())
        );
        assert_eq!(plain.to_string(), text);
        assert!(plain.is_well_formed());
        assert!(plain.algorithm.is_strong());
    }

    #[test]
    fn what_is_no_hash_is_kept_and_told() {
        for text in ["sha512-!!", "sha512-AAAA", "nonsense", "crc-AAAA"] {
            let all = Integrity::subresource(text);
            assert!(all.iter().all(|one| !one.is_well_formed()), "{text}");
            assert_eq!(all.len(), 1, "{text}");
        }
        assert_eq!(Integrity::subresource(""), []);
    }
}
