//! In-toto statements: what is said about which artifacts.
//!
//! Source: in-toto Attestation Framework, statement v1 and v0.1.

use serde::Deserialize;
use serde_json::Value;

use crate::artifact::{Algorithm, Algorithms, ArtifactDigests, unhex};
use crate::json::{self, JsonError, Limits};

/// The type of payload that holds a statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The types of statements that are understood.
const KNOWN: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];
/// The most artifacts that one statement may be about.
const MOST_SUBJECTS: usize = 16 * 1024;

/// What is said about artifacts. Whether it is true, and who says it, is for a
/// verdict to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The artifacts that it is about.
    pub subjects: Vec<StatementSubject>,
    /// What kind of thing is said.
    pub predicate_type: String,
    /// What is said.
    pub predicate: Value,
}

/// One artifact of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementSubject {
    /// Its name, which says nothing about the artifact.
    pub name: String,
    /// Algorithms and digits, as written; algorithms that are not known here
    /// are among them.
    pub digests: Vec<(String, String)>,
}

/// Why a payload is no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The envelope holds another type of payload.
    #[error("the envelope holds `{payload_type}`, which is no in-toto statement")]
    PayloadType {
        /// The type.
        payload_type: String,
    },
    /// It is no JSON, or not one that is taken.
    #[error("the statement is not readable: {0}")]
    Json(#[from] JsonError),
    /// Its fields are not those of a statement.
    #[error("the statement is malformed: {problem}")]
    Malformed {
        /// What is wrong.
        problem: String,
    },
    /// It is of a version that is not known.
    #[error("the statement is of type `{found}`, which is not known")]
    UnknownType {
        /// What it says.
        found: String,
    },
    /// It is about nothing, or about too much.
    #[error("the statement is about {count} artifacts")]
    Subjects {
        /// How many.
        count: usize,
    },
}

#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<WireSubject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    #[serde(default)]
    predicate: Value,
}

#[derive(Deserialize)]
struct WireSubject {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    digest: serde_json::Map<String, Value>,
}

impl Statement {
    /// Reads a statement.
    ///
    /// # Errors
    /// [`StatementError`] if it is none, or repeats a name.
    pub fn from_json(bytes: &[u8]) -> Result<Self, StatementError> {
        json::check(bytes, Limits::STATEMENT)?;
        let malformed = |problem: String| StatementError::Malformed { problem };
        let wire: Wire =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if !KNOWN.contains(&wire.kind.as_str()) {
            return Err(StatementError::UnknownType { found: wire.kind });
        }
        if wire.subject.is_empty() || wire.subject.len() > MOST_SUBJECTS {
            return Err(StatementError::Subjects {
                count: wire.subject.len(),
            });
        }
        let subjects = wire.subject.into_iter().map(|subject| {
            let digests = subject.digest.into_iter().map(|(algorithm, digits)| {
                let Value::String(digits) = digits else {
                    return Err(malformed("a digest is no text".to_owned()));
                };
                Ok((algorithm, digits))
            });
            Ok(StatementSubject {
                name: subject.name.unwrap_or_default(),
                digests: digests.collect::<Result<_, _>>()?,
            })
        });
        Ok(Self {
            subjects: subjects.collect::<Result<_, StatementError>>()?,
            predicate_type: wire.predicate_type,
            predicate: wire.predicate,
        })
    }

    /// The first subject that is this artifact.
    #[must_use]
    pub fn subject_for(&self, artifact: &ArtifactDigests) -> Option<&StatementSubject> {
        self.subjects.iter().find(|subject| subject.is(artifact))
    }

    /// The hash functions by which the subjects are named.
    #[must_use]
    pub fn algorithms(&self) -> Algorithms {
        let mut all = Algorithms::default();
        let digests = self.subjects.iter().flat_map(|subject| &subject.digests);
        for algorithm in digests.filter_map(|(word, _)| Algorithm::named(word)) {
            all.insert(algorithm);
        }
        all
    }
}

impl StatementSubject {
    /// Whether this is the artifact: a digest that both know is the same, and
    /// none that both know differs. A subject whose digests belong to two
    /// artifacts is neither of them.
    #[must_use]
    pub fn is(&self, artifact: &ArtifactDigests) -> bool {
        let mut same = false;
        for (word, digits) in &self.digests {
            let known = Algorithm::named(word).and_then(|algorithm| artifact.get(algorithm));
            let Some(known) = known else { continue };
            if unhex(digits).as_deref() != Some(known) {
                return false;
            }
            same = true;
        }
        same
    }

    /// The algorithm of the shortest digest that shows that this is the
    /// artifact.
    #[must_use]
    pub fn algorithm_for(&self, artifact: &ArtifactDigests) -> Option<Algorithm> {
        let named = |wanted: Algorithm| self.digests.iter().any(|(word, _)| wanted.word() == word);
        let mut known = artifact.known().map(|(algorithm, _)| algorithm);
        known.find(|&algorithm| named(algorithm) && self.is(artifact))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::artifact::hex;

    fn about(digest: &str) -> String {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"a","digest":{digest}}}],"predicateType":"p"}}"#
        )
    }

    fn abc() -> ArtifactDigests {
        let mut all = Algorithms::default();
        all.insert(Algorithm::Sha512);
        ArtifactDigests::from_reader(&b"abc"[..], all).unwrap()
    }

    #[test]
    fn a_subject_is_the_artifact_only_if_nothing_contradicts() {
        let artifact = abc();
        let sha256 = hex(artifact.get(Algorithm::Sha256).unwrap());
        let sha512 = hex(artifact.get(Algorithm::Sha512).unwrap());
        let is = |digest: &str| {
            let statement = Statement::from_json(about(digest).as_bytes()).unwrap();
            statement.subject_for(&artifact).is_some()
        };
        assert!(is(&format!(r#"{{"sha256":"{sha256}"}}"#)));
        assert!(is(&format!(r#"{{"sha512":"{sha512}","gitCommit":"00"}}"#)));
        let other = "0".repeat(128);
        assert!(!is(&format!(
            r#"{{"sha256":"{sha256}","sha512":"{other}"}}"#
        )));
        assert!(!is(r#"{"sha256":""}"#));
        assert!(!is(r#"{"gitCommit":"00"}"#));
        assert!(!is("{}"));
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let of = |text: &str| Statement::from_json(text.as_bytes());
        assert!(matches!(of("[]"), Err(StatementError::Malformed { .. })));
        let later = about("{}").replace("v1", "v9");
        assert!(matches!(
            of(&later),
            Err(StatementError::UnknownType { .. })
        ));
        let none =
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"p"}"#;
        assert!(matches!(
            of(none),
            Err(StatementError::Subjects { count: 0 })
        ));
        let twice = about(r#"{"sha256":"00","sha256":"11"}"#);
        assert!(matches!(of(&twice), Err(StatementError::Json(_))));
        let number = about(r#"{"sha256":7}"#);
        assert!(matches!(of(&number), Err(StatementError::Malformed { .. })));
    }
}
