//! What tells clients of these services.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::keys::Key;
use crate::{Sigstore, der, now};

fn since() -> String {
    der::rfc3339(now() - 3600)
}

fn log(url: &str, key: &Key) -> Value {
    json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": BASE64.encode(key.public()),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": { "start": since() },
        },
        "logId": { "keyId": BASE64.encode(key.id()) },
    })
}

fn authority(url: &str, name: &str, chain: [&[u8]; 2]) -> Value {
    let certificates = chain.map(|der| json!({ "rawBytes": BASE64.encode(der) }));
    json!({
        "subject": { "organization": "cofferdam.test", "commonName": name },
        "uri": url,
        "certChain": { "certificates": certificates },
        "validFor": { "start": since() },
    })
}

impl Sigstore {
    /// Whom to trust, `trusted_root.proto`.
    #[must_use]
    pub fn trusted_root(&self) -> Value {
        let url = self.url();
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [
                log(&format!("https://{}", self.first.origin()), self.first.key()),
                log(&format!("https://{}", self.second.origin()), self.second.key()),
            ],
            "certificateAuthorities": [
                authority(&url, "intermediate", self.authority.chain()),
            ],
            "ctlogs": [log(&format!("{url}/ct"), self.authority.log())],
            "timestampAuthorities": [authority(&url, "clock", self.timestamps.chain())],
        })
    }

    /// Whom to ask when signing, `signing_config.proto`: with the log of the
    /// second version, or with that of the first.
    #[must_use]
    pub fn signing_config(&self, second: bool) -> Value {
        let url = self.url();
        let service = |url: String, version: u32| {
            json!({
                "url": url,
                "majorApiVersion": version,
                "validFor": { "start": since() },
                "operator": "cofferdam.test",
            })
        };
        let rekor = if second {
            service(format!("{url}/rekor2"), 2)
        } else {
            service(url.clone(), 1)
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [service(url.clone(), 1)],
            "oidcUrls": [service(url.clone(), 1)],
            "rekorTlogUrls": [rekor],
            "rekorTlogConfig": { "selector": "ANY" },
            "tsaUrls": [service(format!("{url}/api/v1/timestamp"), 1)],
            "tsaConfig": { "selector": "ANY" },
        })
    }

    /// Both, as sigstore-python takes them.
    #[must_use]
    pub fn trust_config(&self) -> Value {
        json!({
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": self.signing_config(true),
        })
    }
}
