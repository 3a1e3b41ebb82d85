//! A timestamp authority after RFC 3161.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use crate::authority::{Content, authority_key, name, of_an_authority, of_use, subject_key};
use crate::http::Answer;
use crate::keys::{self, Key};
use crate::{der, now};

/// Says what time it is.
pub struct Timestamps {
    root_certificate: Vec<u8>,
    key: Key,
    certificate: Vec<u8>,
    serial: AtomicU64,
}

fn sha256() -> Vec<u8> {
    der::sequence(&[&der::oid("2.16.840.1.101.3.4.2.1")])
}

impl Timestamps {
    pub(crate) fn new() -> Self {
        let (root, key) = (Key::new(), Key::new());
        let (from, until) = (now() - 3600, now() + 86_400);
        let of_root = root.public();
        let root_certificate = Content {
            serial: 1,
            issuer: &name("clock root"),
            subject: &name("clock root"),
            from,
            until,
            public: &of_root,
            extensions: &of_an_authority(&of_root, None),
        }
        .signed(&root);
        let public = key.public();
        let mut extensions = of_use("1.3.6.1.5.5.7.3.8", true);
        extensions.push(subject_key(&public));
        extensions.push(authority_key(&of_root));
        let certificate = Content {
            serial: 2,
            issuer: &name("clock root"),
            subject: &name("clock"),
            from,
            until,
            public: &public,
            extensions: &extensions,
        }
        .signed(&root);
        Self {
            root_certificate,
            key,
            certificate,
            serial: AtomicU64::new(1),
        }
    }

    /// The certificates that are trusted, that of the clock first.
    pub(crate) fn chain(&self) -> [&[u8]; 2] {
        [&self.certificate, &self.root_certificate]
    }

    pub(crate) fn answer(&self, body: &[u8]) -> Answer {
        match self.response(body) {
            Some(bytes) => Answer::bytes(201, "application/timestamp-reply", bytes),
            None => Answer::error(400, "this is no request for a time"),
        }
    }

    /// `TimeStampReq` to `TimeStampResp`.
    fn response(&self, request: &[u8]) -> Option<Vec<u8>> {
        let (0x30, fields, _) = der::read(request)? else {
            return None;
        };
        let (_, _, rest) = der::read(fields)?;
        let (0x30, imprint, mut rest) = der::read(rest)? else {
            return None;
        };
        let imprint = der::tlv(0x30, imprint);
        let mut nonce = Vec::new();
        while let Some((tag, content, after)) = der::read(rest) {
            if tag == 0x02 {
                nonce = der::tlv(tag, content);
            }
            rest = after;
        }
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let info = der::sequence(&[
            &der::integer(&[1]),
            &der::oid("1.3.6.1.4.1.57264.2"),
            &imprint,
            &der::integer(&serial.to_be_bytes()),
            &der::time(now()),
            &nonce,
        ]);
        let status = der::sequence(&[&der::integer(&[0])]);
        Some(der::sequence(&[&status, &self.signed(&info)]))
    }

    /// `SignedData` of RFC 5652 over a `TSTInfo`.
    fn signed(&self, info: &[u8]) -> Vec<u8> {
        let kind = der::oid("1.2.840.113549.1.9.16.1.4");
        let attribute =
            |oid: &str, value: &[u8]| der::sequence(&[&der::oid(oid), &der::set(&[value])]);
        let certificate_hash = der::octets(&Sha256::digest(&self.certificate));
        let certificate_id =
            der::sequence(&[&der::sequence(&[&der::sequence(&[&certificate_hash])])]);
        let digest = der::octets(&Sha256::digest(info));
        let attributes = der::set(&[
            &attribute("1.2.840.113549.1.9.3", &kind),
            &attribute("1.2.840.113549.1.9.4", &digest),
            &attribute("1.2.840.113549.1.9.5", &der::utc_time(now())),
            &attribute("1.2.840.113549.1.9.16.2.47", &certificate_id),
        ]);
        let signature = self.key.sign(&attributes);
        // Signed as a set, and written under a tag of its own.
        let mut tagged = attributes;
        tagged[0] = 0xa0;
        let signer = der::sequence(&[
            &der::integer(&[1]),
            &der::sequence(&[&name("clock root"), &der::integer(&[2])]),
            &sha256(),
            &tagged,
            &keys::algorithm(),
            &der::octets(&signature),
        ]);
        let content = der::sequence(&[&kind, &der::tlv(0xa0, &der::octets(info))]);
        let signed = der::sequence(&[
            &der::integer(&[3]),
            &der::set(&[&sha256()]),
            &content,
            &der::tlv(0xa0, &self.certificate),
            &der::set(&[&signer]),
        ]);
        let outer = der::oid("1.2.840.113549.1.7.2");
        der::sequence(&[&outer, &der::tlv(0xa0, &signed)])
    }
}
