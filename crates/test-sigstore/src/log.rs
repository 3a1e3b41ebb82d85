//! A transparency log, as Rekor in its first and its second version.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::http::Answer;
use crate::keys::{self, Key};
use crate::merkle::{Tree, leaf};
use crate::now;

/// What a log calls itself in checkpoints.
const ORIGIN: &str = "log.cofferdam.test";

/// Which interface a log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogVersion {
    /// `/api/v1/log/entries`, with a promise and a time of its own.
    First,
    /// `/api/v2/log/entries`, with neither.
    Second,
}

/// Takes entries and proves that they are there.
pub struct Log {
    key: Key,
    version: LogVersion,
    tree: Mutex<Tree>,
}

impl Log {
    pub(crate) fn new(version: LogVersion) -> Self {
        let mut tree = Tree::default();
        // Others were there before, so that proofs have a path.
        for before in 0..5_u8 {
            tree.push(&[before]);
        }
        Self {
            key: Key::new(),
            version,
            tree: Mutex::new(tree),
        }
    }

    /// The key that signs checkpoints and promises.
    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn origin(&self) -> String {
        match self.version {
            LogVersion::First => ORIGIN.to_owned(),
            LogVersion::Second => format!("second.{ORIGIN}"),
        }
    }

    pub(crate) fn answer(&self, body: &[u8]) -> Answer {
        let request: Value = match serde_json::from_slice(body) {
            Ok(request) => request,
            Err(error) => return Answer::error(400, &error.to_string()),
        };
        let entry = match self.version {
            LogVersion::Second => second(&request),
            LogVersion::First => match request.get("kind").and_then(Value::as_str) {
                Some("hashedrekord") => hashed(&request),
                Some("dsse") => statement(&request),
                _ => None,
            },
        };
        match (entry, self.version) {
            (None, _) => Answer::error(400, "this is no entry"),
            (Some(entry), LogVersion::First) => Answer::json(201, &self.first(&entry)),
            (Some(entry), LogVersion::Second) => Answer::json(201, &self.second(&entry)),
        }
    }

    /// Adds an entry: its place, the hashes to the root, the root, the size and
    /// the signed checkpoint.
    fn add(&self, entry: &[u8]) -> (usize, Vec<[u8; 32]>, [u8; 32], usize, String) {
        let mut tree = self.tree.lock().unwrap();
        let index = tree.push(entry);
        let (root, size) = (tree.root(), tree.len());
        let origin = self.origin();
        let note = format!("{origin}\n{size}\n{}\n", BASE64.encode(root));
        let signature = self.key.sign(note.as_bytes());
        let signature = [&self.key.id()[..4], &signature].concat();
        let checkpoint = format!("{note}\n\u{2014} {origin} {}\n", BASE64.encode(signature));
        (index, tree.proof(index), root, size, checkpoint)
    }

    fn first(&self, entry: &str) -> Value {
        let (index, path, root, size, checkpoint) = self.add(entry.as_bytes());
        let body = BASE64.encode(entry);
        let (id, time) = (hex(&self.key.id()), now());
        // Canonical: names in order, no white space.
        let promised = format!(
            r#"{{"body":"{body}","integratedTime":{time},"logID":"{id}","logIndex":{index}}}"#
        );
        let promise = BASE64.encode(self.key.sign(promised.as_bytes()));
        let path: Vec<String> = path.iter().map(|hash| hex(hash)).collect();
        let name = hex(&leaf(entry.as_bytes()));
        json!({ name: {
            "body": body,
            "integratedTime": time,
            "logID": id,
            "logIndex": index,
            "verification": {
                "inclusionProof": {
                    "checkpoint": checkpoint,
                    "hashes": path,
                    "logIndex": index,
                    "rootHash": hex(&root),
                    "treeSize": size,
                },
                "signedEntryTimestamp": promise,
            },
        }})
    }

    fn second(&self, entry: &str) -> Value {
        let (index, path, root, size, checkpoint) = self.add(entry.as_bytes());
        let path: Vec<String> = path.iter().map(|hash| BASE64.encode(hash)).collect();
        json!({
            "logIndex": index.to_string(),
            "logId": { "keyId": BASE64.encode(self.key.id()) },
            "kindVersion": { "kind": "hashedrekord", "version": "0.0.2" },
            "inclusionProof": {
                "logIndex": index.to_string(),
                "rootHash": BASE64.encode(root),
                "treeSize": size.to_string(),
                "hashes": path,
                "checkpoint": { "envelope": checkpoint },
            },
            "canonicalizedBody": BASE64.encode(entry),
        })
    }
}

/// A certificate in base64 of PEM, written again as Rekor does.
fn again(pem: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(pem).ok()?).ok()?;
    Some(BASE64.encode(keys::pem("CERTIFICATE", &keys::unpem(&text)?)))
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

/// `hashedrekord` 0.0.1.
fn hashed(request: &Value) -> Option<String> {
    let digest = text(request, "/spec/data/hash/value")?;
    let signature = text(request, "/spec/signature/content")?;
    let certificate = again(text(request, "/spec/signature/publicKey/content")?)?;
    Some(format!(
        r#"{{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{{"hash":{{"algorithm":"sha256","value":"{digest}"}}}},"signature":{{"content":"{signature}","publicKey":{{"content":"{certificate}"}}}}}}}}"#
    ))
}

/// `dsse` 0.0.1.
fn statement(request: &Value) -> Option<String> {
    let envelope = text(request, "/spec/proposedContent/envelope")?;
    let certificate = again(text(request, "/spec/proposedContent/verifiers/0")?)?;
    let value: Value = serde_json::from_str(envelope).ok()?;
    let payload = BASE64.decode(text(&value, "/payload")?).ok()?;
    let signature = text(&value, "/signatures/0/sig")?;
    let (whole, inner) = (sha256(envelope.as_bytes()), sha256(&payload));
    Some(format!(
        r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{{"algorithm":"sha256","value":"{whole}"}},"payloadHash":{{"algorithm":"sha256","value":"{inner}"}},"signatures":[{{"signature":"{signature}","verifier":"{certificate}"}}]}}}}"#
    ))
}

/// `hashedrekord` 0.0.2.
fn second(request: &Value) -> Option<String> {
    let inner = request.get("hashedRekordRequestV002")?;
    let digest = text(inner, "/digest")?;
    let signature = text(inner, "/signature/content")?;
    let certificate = text(inner, "/signature/verifier/x509Certificate/rawBytes")?;
    let details = text(inner, "/signature/verifier/keyDetails")?;
    Some(format!(
        r#"{{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{{"algorithm":"SHA2_256","digest":"{digest}"}},"signature":{{"content":"{signature}","verifier":{{"keyDetails":"{details}","x509Certificate":{{"rawBytes":"{certificate}"}}}}}}}}}}}}"#
    ))
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
