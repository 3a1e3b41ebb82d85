//! What was signed, by its digests.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// A hash function that signatures and statements may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name in statements, in lower case.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The hash function of this name.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.word() == word)
    }

    /// Bytes of a digest.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// Which hash functions somebody needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Algorithms {
    sha256: bool,
    sha384: bool,
    sha512: bool,
}

impl Algorithms {
    /// This one too.
    pub fn insert(&mut self, algorithm: Algorithm) {
        match algorithm {
            Algorithm::Sha256 => self.sha256 = true,
            Algorithm::Sha384 => self.sha384 = true,
            Algorithm::Sha512 => self.sha512 = true,
        }
    }

    /// All that the other one has.
    pub fn extend(&mut self, other: Self) {
        self.sha256 |= other.sha256;
        self.sha384 |= other.sha384;
        self.sha512 |= other.sha512;
    }
}

/// The digests of one artifact, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactDigests {
    sha256: Option<[u8; 32]>,
    sha384: Option<[u8; 48]>,
    sha512: Option<[u8; 64]>,
}

impl ArtifactDigests {
    /// An artifact of which only this digest is known.
    #[must_use]
    pub fn from_sha256(digest: [u8; 32]) -> Self {
        Self {
            sha256: Some(digest),
            ..Self::default()
        }
    }

    /// Reads `sha256:HEX`, `sha384:HEX` or `sha512:HEX`; `None` for anything
    /// else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (word, digits) = text.split_once(':')?;
        let bytes = unhex(digits)?;
        let mut digests = Self::default();
        match Algorithm::named(word)? {
            Algorithm::Sha256 => digests.sha256 = Some(bytes.try_into().ok()?),
            Algorithm::Sha384 => digests.sha384 = Some(bytes.try_into().ok()?),
            Algorithm::Sha512 => digests.sha512 = Some(bytes.try_into().ok()?),
        }
        Some(digests)
    }

    /// Reads an artifact to its end, in constant memory, and hashes it by
    /// SHA-256 and by what else is wanted.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn from_reader(mut reader: impl Read, wanted: Algorithms) -> io::Result<Self> {
        let mut sha256 = Sha256::new();
        let mut sha384 = wanted.sha384.then(Sha384::new);
        let mut sha512 = wanted.sha512.then(Sha512::new);
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let read = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let bytes = buffer.get(..read).unwrap_or_default();
            sha256.update(bytes);
            if let Some(hasher) = &mut sha384 {
                hasher.update(bytes);
            }
            if let Some(hasher) = &mut sha512 {
                hasher.update(bytes);
            }
        }
        Ok(Self {
            sha256: Some(sha256.finalize().into()),
            sha384: sha384.map(|hasher| hasher.finalize().into()),
            sha512: sha512.map(|hasher| hasher.finalize().into()),
        })
    }

    /// The digest by this function, where it is known.
    #[must_use]
    pub fn get(&self, algorithm: Algorithm) -> Option<&[u8]> {
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_ref().map(<[u8; 32]>::as_slice),
            Algorithm::Sha384 => self.sha384.as_ref().map(<[u8; 48]>::as_slice),
            Algorithm::Sha512 => self.sha512.as_ref().map(<[u8; 64]>::as_slice),
        }
    }

    /// The known digests, the shortest first.
    pub fn known(&self) -> impl Iterator<Item = (Algorithm, &[u8])> {
        [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512]
            .into_iter()
            .filter_map(|algorithm| Some((algorithm, self.get(algorithm)?)))
    }

    /// `ALGORITHM:HEX` of the shortest known digest.
    #[must_use]
    pub fn shown(&self) -> String {
        self.known()
            .next()
            .map(|(algorithm, digest)| format!("{}:{}", algorithm.word(), hex(digest)))
            .unwrap_or_default()
    }
}

/// Digits in lower case.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes of digits in either case; `None` for anything else.
#[must_use]
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || digits.len() > 2 * 64 {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(value(*high)? * 16 + value(*low)?).ok(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn digests_are_read_and_shown() {
        let parsed = ArtifactDigests::parse(EMPTY).unwrap();
        assert_eq!(parsed.shown(), EMPTY);
        let read = ArtifactDigests::from_reader(io::empty(), Algorithms::default()).unwrap();
        assert_eq!(parsed, read);
        for wrong in [
            "",
            "sha256",
            "sha256:",
            "sha256:00",
            "sha1:e3b0",
            "md5:00",
            "sha256:zz",
        ] {
            assert!(ArtifactDigests::parse(wrong).is_none(), "{wrong}");
        }
        let upper = EMPTY.replace("e3b0", "E3B0");
        assert_eq!(ArtifactDigests::parse(&upper).unwrap(), parsed);
    }

    #[test]
    fn what_is_wanted_is_hashed_in_one_reading() {
        let mut wanted = Algorithms::default();
        wanted.insert(Algorithm::Sha512);
        let digests = ArtifactDigests::from_reader(&b"abc"[..], wanted).unwrap();
        assert!(digests.get(Algorithm::Sha384).is_none());
        // FIPS 180-4, the first example of each function.
        assert!(hex(digests.get(Algorithm::Sha256).unwrap()).starts_with("ba7816bf8f01cfea"));
        assert!(hex(digests.get(Algorithm::Sha512).unwrap()).starts_with("ddaf35a193617aba"));
        assert_eq!(digests.known().count(), 2);
    }
}
