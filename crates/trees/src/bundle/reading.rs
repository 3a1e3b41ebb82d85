//! Bytes to a bundle, in which nothing is believed.

use std::io::Read;

use flate2::read::GzDecoder;

use super::{Bundle, HEAD, Kept, Subject, UnverifiedRecord};
use crate::digest::Digest;
use crate::manifest::{MOST_FILES, Manifest, ManifestError};

/// The most bytes of the text.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// So many bytes may come out whatever goes in.
const FREE_BYTES: u64 = 8 * 1024 * 1024;
/// The most bytes that one byte becomes beyond that. Lines hold hashes, of which
/// no program makes less than half: an honest bundle stays below ten, and what
/// grows a thousandfold is made to fill the memory.
const MOST_GROWTH: u64 = 32;
/// The most hashes of a path: a tree with more levels has no number for its
/// records.
const MOST_HASHES: usize = 64;

/// Why a file is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It cannot be decompressed.
    #[error("it is no gzip, or a damaged one: {0}")]
    Gzip(#[from] std::io::Error),
    /// The text is longer than is read.
    #[error("it unpacks to more than {limit} bytes, which is the most for a file of its size")]
    TooLarge {
        /// The most that is read.
        limit: u64,
    },
    /// The first line is another one.
    #[error("it does not begin with `{HEAD}`; a newer cofferdam may have written it")]
    Head,
    /// A line is not what it has to be.
    #[error("line {line} of the text: {what} is expected")]
    Line {
        /// The one-based line. Lines of left-out files do not count.
        line: usize,
        /// What is expected.
        what: &'static str,
    },
    /// The lines of a module are no manifest.
    #[error("before line {line} of the text: {source}")]
    Manifest {
        /// The one-based line.
        line: usize,
        /// What is wrong.
        source: ManifestError,
    },
}

impl Bundle {
    /// Reads the file's bytes.
    ///
    /// # Errors
    /// [`BundleError`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    pub fn from_gzip(bytes: &[u8]) -> Result<Self, BundleError> {
        let grown = (bytes.len() as u64).saturating_mul(MOST_GROWTH);
        let limit = grown.saturating_add(FREE_BYTES).min(MOST_BYTES);
        let mut text = Vec::new();
        let mut source = GzDecoder::new(bytes).take(limit + 1);
        // What does not begin as a bundle is not unpacked any further.
        source
            .by_ref()
            .take(HEAD.len() as u64 + 1)
            .read_to_end(&mut text)?;
        if text.strip_suffix(b"\n") != Some(HEAD.as_bytes()) {
            return Err(BundleError::Head);
        }
        source.read_to_end(&mut text)?;
        if text.len() as u64 > limit {
            return Err(BundleError::TooLarge { limit });
        }
        Self::from_text(&text)
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`BundleError`].
    pub fn from_text(text: &[u8]) -> Result<Self, BundleError> {
        let mut lines = Lines {
            rest: text,
            number: 0,
        };
        if lines.next() != Some(HEAD) {
            return Err(BundleError::Head);
        }
        let mut bundle = Self::default();
        let mut open: Option<Subject> = None;
        while let Some(line) = lines.next() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "note" if open.is_none() => {
                    let count = lines.count(rest)?;
                    bundle.unverified_note = Some(lines.several(count)?);
                }
                "go" | "crate" => {
                    let (subject, files) = lines.subject(word, rest)?;
                    let kept = Kept {
                        unpacked: crate::archives::Unpacked {
                            manifest: lines.manifest(files)?,
                            ..crate::archives::Unpacked::default()
                        },
                        record: None,
                    };
                    if bundle.kept.insert(subject.clone(), kept).is_some() {
                        return Err(lines.wrong("each module once"));
                    }
                    open = Some(subject);
                }
                "left-out" => {
                    let what = "`left-out BYTES PATH` below a module";
                    let (path, bytes) = lines.left_out(rest)?;
                    let kept = open.as_ref().and_then(|one| bundle.kept.get_mut(one));
                    let kept = kept.ok_or_else(|| lines.wrong(what))?;
                    kept.unpacked.witnesses.insert(path, bytes);
                }
                "record" => {
                    let what = "`record NUMBER LINES HASH…` below a module";
                    let record = lines.record(rest)?;
                    let kept = open.as_ref().and_then(|one| bundle.kept.get_mut(one));
                    kept.ok_or_else(|| lines.wrong(what))?.record = Some(record);
                }
                _ => return Err(lines.wrong("`go`, `crate`, `left-out`, `record` or `note`")),
            }
        }
        if lines.rest.is_empty() {
            Ok(bundle)
        } else {
            Err(lines.wrong("text in UTF-8 with a line break at its end"))
        }
    }
}

struct Lines<'t> {
    rest: &'t [u8],
    number: usize,
}

impl<'t> Lines<'t> {
    fn wrong(&self, what: &'static str) -> BundleError {
        BundleError::Line {
            line: self.number,
            what,
        }
    }

    fn next(&mut self) -> Option<&'t str> {
        let end = self.rest.iter().position(|&byte| byte == b'\n')?;
        let (line, rest) = self.rest.split_at_checked(end)?;
        let line = str::from_utf8(line).ok()?;
        self.rest = rest.get(1..)?;
        self.number += 1;
        Some(line)
    }

    fn count(&self, text: &str) -> Result<usize, BundleError> {
        let number: usize = text.parse().map_err(|_| self.wrong("a number"))?;
        if number > MOST_FILES {
            return Err(self.wrong("a smaller number"));
        }
        Ok(number)
    }

    fn several(&mut self, count: usize) -> Result<String, BundleError> {
        let mut text = String::new();
        for _ in 0..count {
            let line = self.next();
            text.push_str(line.ok_or_else(|| self.wrong("one more line"))?);
            text.push('\n');
        }
        Ok(text)
    }

    fn subject(&self, word: &str, rest: &str) -> Result<(Subject, usize), BundleError> {
        let words: Vec<&str> = rest.split(' ').collect();
        match (word, words.as_slice()) {
            ("go", [module, version, files]) => Ok((
                Subject::Go {
                    module: (*module).to_owned(),
                    version: (*version).to_owned(),
                },
                self.count(files)?,
            )),
            ("crate", [name, version, archive, files]) => Ok((
                Subject::Crate {
                    name: (*name).to_owned(),
                    version: (*version).to_owned(),
                    archive: Digest::from_hex(archive)
                        .ok_or_else(|| self.wrong("the SHA-256 of the archive"))?,
                },
                self.count(files)?,
            )),
            _ => Err(self.wrong("`go MODULE VERSION FILES` or `crate NAME VERSION SHA-256 FILES`")),
        }
    }

    fn manifest(&mut self, files: usize) -> Result<Manifest, BundleError> {
        let start = self.rest;
        for _ in 0..files {
            let what = "`SHA-256  PATH`";
            self.next().ok_or_else(|| self.wrong(what))?;
        }
        let length = start.len() - self.rest.len();
        let text = start.get(..length).unwrap_or_default();
        let text = str::from_utf8(text).map_err(|_| self.wrong("text in UTF-8"))?;
        Manifest::parse(text, "").map_err(|source| BundleError::Manifest {
            line: self.number + 1,
            source,
        })
    }

    fn left_out(&mut self, rest: &str) -> Result<(Box<str>, Vec<u8>), BundleError> {
        let wrong = || self.wrong("`left-out BYTES PATH` and as many bytes");
        let (length, path) = rest.split_once(' ').ok_or_else(wrong)?;
        let length: usize = length.parse().map_err(|_| wrong())?;
        let (bytes, after) = self.rest.split_at_checked(length).ok_or_else(wrong)?;
        let after = after.strip_prefix(b"\n").ok_or_else(wrong)?;
        self.rest = after;
        Ok((path.into(), bytes.to_vec()))
    }

    fn record(&mut self, rest: &str) -> Result<UnverifiedRecord, BundleError> {
        let wrong = |lines: &Self| lines.wrong("`record NUMBER LINES HASH…`");
        let mut words = rest.split(' ');
        let number = words.next().and_then(|word| word.parse().ok());
        let number = number.ok_or_else(|| wrong(self))?;
        let count = self.count(words.next().unwrap_or_default())?;
        let mut path = Vec::new();
        for word in words {
            let hash = Digest::from_base64(word).ok_or_else(|| wrong(self))?;
            path.push(hash.0);
            if path.len() > MOST_HASHES {
                return Err(wrong(self));
            }
        }
        Ok(UnverifiedRecord {
            number,
            text: self.several(count)?,
            path,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archives::Unpacked;

    fn sample() -> Bundle {
        let files = [("a.go", "x"), ("gen.go", "//go:build ignore\n")];
        let manifest =
            Manifest::new(files.map(|(path, text)| (path.into(), Digest::of(text.as_bytes()))));
        let unpacked = Unpacked {
            manifest: manifest.unwrap(),
            witnesses: [("gen.go".into(), b"//go:build ignore\n".to_vec())].into(),
        };
        let record = Some(UnverifiedRecord {
            number: 7,
            text: "m v1.0.0 h1:x\nm v1.0.0/go.mod h1:y\n".to_owned(),
            path: vec![[1; 32], [2; 32]],
        });
        let go = Subject::Go {
            module: "m".into(),
            version: "v1.0.0".into(),
        };
        let of_cargo = Subject::Crate {
            name: "c".into(),
            version: "1.0.0".into(),
            archive: Digest::of(b"archive"),
        };
        Bundle {
            unverified_note: Some("go.sum database tree\n1\nx\n\n— x y\n".to_owned()),
            kept: [
                (
                    go,
                    Kept {
                        unpacked: unpacked.clone(),
                        record,
                    },
                ),
                (
                    of_cargo,
                    Kept {
                        unpacked,
                        record: None,
                    },
                ),
            ]
            .into(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let bundle = sample();
        let bytes = bundle.to_gzip().unwrap();
        assert_eq!(Bundle::from_gzip(&bytes).unwrap(), bundle);
        assert_eq!(bundle.to_gzip().unwrap(), bytes);
    }

    #[test]
    fn what_is_no_bundle_says_why() {
        let said = |text: &str| Bundle::from_text(text.as_bytes()).unwrap_err().to_string();
        assert!(said("").starts_with("it does not begin with"));
        assert_eq!(
            said("cofferdam vendor manifests 1\nxyz 1\n"),
            "line 2 of the text: `go`, `crate`, `left-out`, `record` or `note` is expected"
        );
        assert!(said("cofferdam vendor manifests 1\ngo m v1 2\n").contains("`SHA-256  PATH`"));
        assert!(said("cofferdam vendor manifests 1\nleft-out 9 x\n").contains("as many bytes"));
        assert!(matches!(
            Bundle::from_gzip(b"nonsense"),
            Err(BundleError::Gzip(_))
        ));
        let whole = sample().to_gzip().unwrap();
        assert!(Bundle::from_gzip(whole.get(..whole.len() / 2).unwrap()).is_err());
    }

    #[test]
    fn a_bomb_is_cut_off_long_before_it_fills_the_memory() {
        let gzip = |text: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            std::io::Write::write_all(&mut packed, text).unwrap();
            packed.finish().unwrap()
        };
        let mut text = format!("{HEAD}\ngo m v1.0.0 0\nleft-out {} x\n", 64 << 20).into_bytes();
        text.resize(text.len() + (64 << 20), b'0');
        let packed = gzip(&text);
        assert!(packed.len() < 100_000);
        let found = Bundle::from_gzip(&packed).unwrap_err();
        assert!(
            matches!(found, BundleError::TooLarge { limit } if limit < 12 << 20),
            "{found}"
        );
        let other = gzip(&vec![b'0'; 64 << 20]);
        assert!(matches!(Bundle::from_gzip(&other), Err(BundleError::Head)));
    }

    proptest! {
        #[test]
        fn any_change_of_the_text_is_answered(
            at in any::<prop::sample::Index>(),
            to in any::<u8>(),
        ) {
            let mut text = sample().text();
            let at = at.index(text.len());
            text.splice(at..=at, [to]);
            let _ = Bundle::from_text(&text);
        }
    }
}
