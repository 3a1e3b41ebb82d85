//! Advisories as other databases write them, as documents of the OSV schema.

mod rustsec;
mod tarball;

pub use tarball::tarball;

use cofferdam_facts::SourceFile;

use crate::advisory::Advisory;

/// The most bytes of one file.
pub const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// One advisory and its document in JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// What it says.
    pub advisory: Advisory,
    /// The document, in full where it was one of the schema already.
    pub json: Vec<u8>,
}

/// Why a file is no advisory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct ImportError {
    /// The file.
    pub path: String,
    /// What is wrong with it.
    pub what: String,
}

/// The advisory of one file, told by its name: OSV as JSON, OSV as YAML as PyPI's
/// database has it, or RustSec's Markdown. `None` for any other file.
///
/// # Errors
/// [`ImportError`].
pub fn document(path: &str, bytes: &[u8]) -> Option<Result<Imported, ImportError>> {
    let wrong = |what: String| ImportError {
        path: path.to_owned(),
        what,
    };
    let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, ending) = name.rsplit_once('.')?;
    let found = match ending {
        "json" => Advisory::parse(bytes)
            .map_err(|error| error.to_string())
            .map(|advisory| {
                let json = bytes.to_vec();
                Imported { advisory, json }
            }),
        "yaml" | "yml" if is_id(stem) => yaml(path, bytes),
        "md" if stem.starts_with("RUSTSEC-") => text(bytes).and_then(rustsec::read),
        _ => return None,
    };
    Some(found.map_err(wrong))
}

/// Whether a name without its ending may be the id of an advisory: databases have
/// other files of YAML beside.
fn is_id(stem: &str) -> bool {
    stem.contains('-') && stem.starts_with(|first: char| first.is_ascii_uppercase())
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
}

fn yaml(path: &str, bytes: &[u8]) -> Result<Imported, String> {
    let file = SourceFile::new(path, text(bytes)?);
    let value =
        cofferdam_lockfiles::yaml_as_json(&file).map_err(|error| error.mistake.to_string())?;
    let advisory: Advisory = serde_json::from_value(value).map_err(|error| error.to_string())?;
    written(advisory)
}

/// An advisory that has no document yet.
fn written(advisory: Advisory) -> Result<Imported, String> {
    let advisory = advisory.checked().map_err(|error| error.to_string())?;
    let json = serde_json::to_vec(&advisory).map_err(|error| error.to_string())?;
    Ok(Imported { advisory, json })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_names() {
        let json = br#"{"id":"GO-1","details":"kept"}"#;
        let found = document("a/GO-1.json", json).unwrap().unwrap();
        assert_eq!(found.json, json);
        for path in ["README.md", "a", "config.yaml", "x.toml", ".json/x"] {
            assert!(document(path, b"x").is_none(), "{path}");
        }
        assert!(document("x.json", b"[").unwrap().is_err());
        assert!(document("RUSTSEC-2020-0001.md", b"\xff").unwrap().is_err());
    }

    #[test]
    fn numbers_of_yaml_stay_versions() {
        let text = b"id: PYSEC-1\naffected:\n- package: {name: x, ecosystem: PyPI}\n  \
                     ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: \"0\"\n    \
                     - fixed: 1.10\n  versions:\n  - 1.9\nmodified: 2021-07-08T03:14:19.15Z\n";
        let found = document("x/PYSEC-1.yaml", text).unwrap().unwrap();
        let affected = found.advisory.affected.first().unwrap();
        assert_eq!(affected.versions, ["1.9"]);
        let fixed = &affected
            .ranges
            .first()
            .unwrap()
            .events
            .get(1)
            .unwrap()
            .fixed;
        assert_eq!(fixed.as_deref(), Some("1.10"));
        assert!(Advisory::parse(&found.json).is_ok());
        assert!(document("PYSEC-1.yaml", b"a: &x 1\n").unwrap().is_err());
    }
}
