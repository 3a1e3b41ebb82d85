//! A certificate authority with its certificate log, as Fulcio.

use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::http::{Answer, Request};
use crate::issuer::Issuer;
use crate::keys::{self, Key};
use crate::{der, now};

/// How long a certificate is valid, in seconds.
const VALID: i64 = 600;
/// The arc of the claims.
const CLAIMS: &str = "1.3.6.1.4.1.57264.1";

/// Gives certificates to whoever has a token.
pub struct Authority {
    root: Key,
    root_certificate: Vec<u8>,
    key: Key,
    certificate: Vec<u8>,
    log: Key,
    serial: Mutex<u64>,
}

/// What differs between certificates.
pub(crate) struct Content<'a> {
    pub(crate) serial: u64,
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) public: &'a [u8],
    pub(crate) extensions: &'a [Vec<u8>],
}

impl Content<'_> {
    /// What is signed of a certificate.
    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        let extensions: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        der::sequence(&[
            &der::tlv(0xa0, &der::integer(&[2])),
            &der::integer(&self.serial.to_be_bytes()),
            &keys::algorithm(),
            self.issuer,
            &der::sequence(&[&der::utc_time(self.from), &der::utc_time(self.until)]),
            self.subject,
            self.public,
            &der::tlv(0xa3, &der::sequence(&extensions)),
        ])
    }

    pub(crate) fn signed(&self, by: &Key) -> Vec<u8> {
        let content = self.to_be_signed();
        let signature = by.sign(&content);
        der::sequence(&[&content, &keys::algorithm(), &der::bits(&signature)])
    }
}

/// A name with an organisation and a common name.
pub(crate) fn name(common: &str) -> Vec<u8> {
    let part =
        |oid: &str, text: &str| der::set(&[&der::sequence(&[&der::oid(oid), &der::utf8(text)])]);
    der::sequence(&[
        &part("2.5.4.10", "cofferdam.test"),
        &part("2.5.4.3", common),
    ])
}

pub(crate) fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &der::TRUE } else { &[] };
    der::sequence(&[&der::oid(oid), critical, &der::octets(value)])
}

/// The short name of a key that certificates point to each other by.
fn key_id(public: &[u8]) -> Vec<u8> {
    Sha256::digest(public)[..20].to_vec()
}

pub(crate) fn subject_key(public: &[u8]) -> Vec<u8> {
    extension("2.5.29.14", false, &der::octets(&key_id(public)))
}

pub(crate) fn authority_key(public: &[u8]) -> Vec<u8> {
    extension(
        "2.5.29.35",
        false,
        &der::sequence(&[&der::tlv(0x80, &key_id(public))]),
    )
}

/// What a certificate authority's own certificate says.
pub(crate) fn of_an_authority(public: &[u8], signer: Option<&[u8]>) -> Vec<Vec<u8>> {
    let mut extensions = vec![
        extension("2.5.29.19", true, &der::sequence(&[&der::TRUE])),
        // keyCertSign and cRLSign.
        extension("2.5.29.15", true, &der::tlv(0x03, &[1, 0x06])),
        subject_key(public),
    ];
    extensions.extend(signer.map(authority_key));
    extensions
}

/// digitalSignature, and one extended use.
pub(crate) fn of_use(oid: &str, critical: bool) -> Vec<Vec<u8>> {
    vec![
        extension("2.5.29.15", true, &der::tlv(0x03, &[7, 0x80])),
        extension("2.5.29.37", critical, &der::sequence(&[&der::oid(oid)])),
    ]
}

impl Authority {
    pub(crate) fn new() -> Self {
        let (root, key, log) = (Key::new(), Key::new(), Key::new());
        let (from, until) = (now() - 3600, now() + 86_400);
        let content = |serial, subject: &str, public: &Key, signer: Option<&Key>| {
            let public = public.public();
            let signer = signer.map(Key::public);
            Content {
                serial,
                issuer: &name("root"),
                subject: &name(subject),
                from,
                until,
                public: &public,
                extensions: &of_an_authority(&public, signer.as_deref()),
            }
            .signed(&root)
        };
        let root_certificate = content(1, "root", &root, None);
        let certificate = content(2, "intermediate", &key, Some(&root));
        Self {
            root_certificate,
            certificate,
            root,
            key,
            log,
            serial: Mutex::new(100),
        }
    }

    pub(crate) fn answer(&self, asked: &Request, issuer: &Issuer) -> Answer {
        let request: Value = match serde_json::from_slice(&asked.body) {
            Ok(request) => request,
            Err(error) => return Answer::error(400, &error.to_string()),
        };
        let text = |path: &str| request.pointer(path).and_then(Value::as_str);
        // Clients differ in where they put it, and Fulcio takes both.
        let token = text("/credentials/oidcIdentityToken").or(asked.token.as_deref());
        let token = token.unwrap_or_default();
        let claims = match issuer.verified(token) {
            Ok(claims) => claims,
            Err(problem) => return Answer::error(401, problem),
        };
        let request = text("/certificateSigningRequest").and_then(|text| BASE64.decode(text).ok());
        let public = match request {
            Some(pem) => of_request(&pem).ok_or("this is no request for a certificate"),
            None => {
                let holder = claims.get("email").or_else(|| claims.get("sub"));
                let holder = holder.and_then(Value::as_str).unwrap_or_default();
                let proof = text("/publicKeyRequest/proofOfPossession");
                let proof = proof.and_then(|proof| BASE64.decode(proof).ok());
                let public = text("/publicKeyRequest/publicKey/content").and_then(keys::unpem);
                let proven = |public: &Vec<u8>| {
                    keys::verifies(public, holder.as_bytes(), &proof.unwrap_or_default())
                };
                public
                    .filter(proven)
                    .ok_or("the proof is not that of the key")
            }
        };
        let public = match public {
            Ok(public) => public,
            Err(problem) => return Answer::error(400, problem),
        };
        let leaf = self.certificate(&public, &claims, now());
        let chain = [&leaf, &self.certificate, &self.root_certificate];
        let chain = chain.map(|certificate| keys::pem("CERTIFICATE", certificate));
        Answer::json(
            200,
            &json!({
                "signedCertificateEmbeddedSct": { "chain": { "certificates": chain } }
            }),
        )
    }

    /// A certificate for a key, valid from a second on.
    #[must_use]
    pub fn certificate(&self, public: &[u8], claims: &Value, from: i64) -> Vec<u8> {
        let mut extensions = of_use("1.3.6.1.5.5.7.3.3", false);
        extensions.push(subject_key(public));
        extensions.push(authority_key(&self.key.public()));
        extensions.push(extension(
            "2.5.29.17",
            true,
            &der::sequence(&[&holder(claims)]),
        ));
        extensions.extend(said(claims));
        let serial = {
            let mut serial = self.serial.lock().unwrap();
            *serial += 1;
            *serial
        };
        let signed = |extensions: &[Vec<u8>], to_be_signed: bool| {
            let content = Content {
                serial,
                issuer: &name("intermediate"),
                subject: &der::sequence(&[]),
                from,
                until: from + VALID,
                public,
                extensions,
            };
            if to_be_signed {
                content.to_be_signed()
            } else {
                content.signed(&self.key)
            }
        };
        let promise = self.promise(&signed(&extensions, true), from);
        extensions.push(extension(
            "1.3.6.1.4.1.11129.2.4.2",
            false,
            &der::octets(&promise),
        ));
        signed(&extensions, false)
    }

    /// The promise of the certificate log, RFC 6962, section 3.2, in a list of
    /// one.
    fn promise(&self, to_be_signed: &[u8], seconds: i64) -> Vec<u8> {
        let time = u64::try_from(seconds * 1000).unwrap().to_be_bytes();
        let length = u32::try_from(to_be_signed.len()).unwrap().to_be_bytes();
        let issuer: [u8; 32] = self.key.id();
        let signed = [
            &[0, 0][..],
            &time,
            &[0, 1],
            &issuer,
            &length[1..],
            to_be_signed,
            &[0, 0],
        ];
        let signature = self.log.sign(&signed.concat());
        let count = u16::try_from(signature.len()).unwrap().to_be_bytes();
        // No extensions; SHA-256 with ECDSA.
        let promise = [
            &[0][..],
            &self.log.id(),
            &time,
            &[0, 0],
            &[4, 3],
            &count,
            &signature,
        ];
        let promise = promise.concat();
        let inner = u16::try_from(promise.len()).unwrap().to_be_bytes();
        let outer = u16::try_from(promise.len() + 2).unwrap().to_be_bytes();
        [&outer[..], &inner, &promise].concat()
    }

    /// The certificates that are trusted, the intermediate first.
    pub(crate) fn chain(&self) -> [&[u8]; 2] {
        [&self.certificate, &self.root_certificate]
    }

    /// The key of the certificate log.
    pub(crate) fn log(&self) -> &Key {
        &self.log
    }

    /// The key of the root, for certificates that should not be trusted.
    #[must_use]
    pub fn root(&self) -> &Key {
        &self.root
    }
}

/// The public key of a request in PEM, `CertificationRequest` of RFC 2986,
/// whose signature is the proof.
fn of_request(pem: &[u8]) -> Option<Vec<u8>> {
    let request = keys::unpem(std::str::from_utf8(pem).ok()?)?;
    let (_, fields, _) = der::read(&request)?;
    let (tag, info, rest) = der::read(fields)?;
    let (_, _, rest) = der::read(rest)?;
    let (_, signature, _) = der::read(rest)?;
    let (_, _, after_version) = der::read(info)?;
    let (_, _, after_subject) = der::read(after_version)?;
    let (key_tag, key, _) = der::read(after_subject)?;
    let public = der::tlv(key_tag, key);
    let proven = keys::verifies(&public, &der::tlv(tag, info), signature.get(1..)?);
    proven.then_some(public)
}

/// The name of the holder.
fn holder(claims: &Value) -> Vec<u8> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    match (text("email"), text("job_workflow_ref")) {
        (Some(email), _) => der::tlv(0x81, email.as_bytes()),
        (None, Some(workflow)) => {
            let uri = format!("https://github.com/{workflow}");
            der::tlv(0x86, uri.as_bytes())
        }
        _ => der::tlv(0x86, text("sub").unwrap_or_default().as_bytes()),
    }
}

/// What the token says, as Fulcio's `docs/oidc.md` maps it for GitHub.
fn said(claims: &Value) -> Vec<Vec<u8>> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let below = |name: &str| text(name).map(|rest| format!("https://github.com/{rest}"));
    let run = || {
        let (repository, run, attempt) =
            (below("repository")?, text("run_id")?, text("run_attempt")?);
        Some(format!(
            "{repository}/actions/runs/{run}/attempts/{attempt}"
        ))
    };
    let job = text("job_workflow_ref").is_some();
    let mut said = Vec::new();
    if let Some(issuer) = text("iss") {
        said.push(extension(&format!("{CLAIMS}.1"), false, issuer.as_bytes()));
        said.push(extension(
            &format!("{CLAIMS}.8"),
            false,
            &der::utf8(&issuer),
        ));
    }
    let values = [
        (9, below("job_workflow_ref")),
        (10, text("job_workflow_sha")),
        (11, text("runner_environment")),
        (12, below("repository")),
        (13, text("sha")),
        (14, text("ref")),
        (15, text("repository_id")),
        (16, below("repository_owner")),
        (17, text("repository_owner_id")),
        (18, below("workflow_ref")),
        (19, text("workflow_sha")),
        (20, text("event_name")),
        (21, run()),
        (22, text("repository_visibility")),
        (23, text("environment")),
        (24, text("sub").filter(|_| job)),
    ];
    for (number, value) in values {
        if let Some(value) = value {
            let oid = format!("{CLAIMS}.{number}");
            said.push(extension(&oid, false, &der::utf8(&value)));
        }
    }
    said
}
