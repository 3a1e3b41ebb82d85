//! The client of image registries against a real one, and against one that
//! lies.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "servers/git_backend.rs"]
#[expect(dead_code, reason = "only its answers are used here")]
mod git_backend;
#[path = "servers/image_registry.rs"]
mod image_registry;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use cofferdam_facts::ImageRef;
use cofferdam_registries::git::{Cache, Mode};
use cofferdam_registries::oci::{Credential, OciClient, OciError, Registries};

use git_backend::{Answer, GitServer, response};
use image_registry::ImageRegistry;

fn client(host: &str, address: &str, cache: Option<&Path>, mode: Mode) -> OciClient {
    let registries = Registries {
        addresses: BTreeMap::from([(host.to_owned(), address.to_owned())]),
        credentials: BTreeMap::from([("private.example".to_owned(), Credential::new("me", "s3"))]),
    };
    let cache = cache.map(Cache::new);
    OciClient::new(
        "test",
        registries,
        None,
        cache,
        mode,
        Duration::from_secs(10),
    )
    .unwrap()
}

fn image(text: &str) -> ImageRef {
    ImageRef::parse(text)
}

#[test]
fn a_tag_of_a_real_registry_becomes_the_digest_of_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let registry = ImageRegistry::start(folder.path(), "");
    let first = registry.push("library/alpine", "3.19", "first");
    let host = &registry.host;
    let address = format!("http://{host}");
    let cache = folder.path().join("cache");
    let online = || client("docker.io", &address, Some(&cache), Mode::Online);
    let found = online();
    assert_eq!(found.resolve(&image("alpine:3.19")).unwrap(), first);
    assert_eq!(
        found.requests(),
        2,
        "one question for the digest, one for its bytes"
    );
    // The bytes are kept by their digest.
    let again = online();
    assert_eq!(
        again
            .resolve(&image("docker.io/library/alpine:3.19"))
            .unwrap(),
        first
    );
    assert_eq!(again.requests(), 1);
    // The tag moves, and the digest stays what it was.
    let second = registry.push("library/alpine", "3.19", "second");
    assert_ne!(first, second);
    assert_eq!(online().resolve(&image("alpine:3.19")).unwrap(), second);
    assert!(online().manifest(&image("alpine"), &first).is_ok());
    let error = online().resolve(&image("alpine:none")).unwrap_err();
    assert!(matches!(error, OciError::NotFound { .. }), "{error}");
    let never = format!("sha256:{}", "7".repeat(64));
    let error = online().manifest(&image("alpine"), &never).unwrap_err();
    assert!(matches!(error, OciError::NotFound { .. }), "{error}");
    let offline = client("docker.io", &address, Some(&cache), Mode::Offline);
    assert_eq!(offline.resolve(&image("alpine:3.19")).unwrap(), second);
    let error = offline.resolve(&image("alpine:3.20")).unwrap_err();
    assert!(matches!(error, OciError::NotCached { .. }), "{error}");
    assert_eq!(offline.requests(), 0);
}

#[test]
fn a_registry_that_lies_about_a_digest_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    let claimed = format!("sha256:{}", "8".repeat(64));
    let says = claimed.clone();
    server.decide(move |_| {
        let digest = ("docker-content-digest", says.as_str());
        Answer::Raw(response("200 OK", &[digest], b"{}"))
    });
    let client = client("r.example", &server.root, None, Mode::Online);
    for error in [
        client.resolve(&image("r.example/a/b:1")).unwrap_err(),
        client
            .manifest(&image("r.example/a/b"), &claimed)
            .unwrap_err(),
    ] {
        assert!(matches!(error, OciError::Lies { .. }), "{error}");
    }
}

#[test]
fn a_token_is_asked_for_with_the_credentials_of_that_registry_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    let root = server.root.clone();
    server.decide(move |asked| {
        let sent = asked
            .headers
            .iter()
            .find(|(name, _)| name == "authorization");
        let sent = sent.map(|(_, value)| value.as_str());
        if asked.path == "/token" {
            assert!(
                asked.query.contains("scope=repository%3Aa%2Fb%3Apull"),
                "{}",
                asked.query
            );
            // `me:s3` is the one credential.
            return match sent {
                Some("Basic bWU6czM=") => {
                    Answer::Raw(response("200 OK", &[], b"{\"token\":\"t1\"}"))
                }
                None => Answer::Raw(response("200 OK", &[], b"{\"access_token\":\"t2\"}")),
                _ => Answer::Raw(response("401 No", &[], b"")),
            };
        }
        match sent {
            Some("Bearer t1") => Answer::Raw(response("200 OK", &[], b"{}")),
            Some("Bearer t2") => Answer::Raw(response("403 No", &[], b"")),
            _ => {
                let wants = format!("Bearer realm=\"{root}/token\",service=\"r\"");
                Answer::Raw(response("401 Who", &[("www-authenticate", &wants)], b""))
            }
        }
    });
    let private = client("private.example", &server.root, None, Mode::Online);
    let digest = private.resolve(&image("private.example/a/b:1")).unwrap();
    assert!(digest.starts_with("sha256:44136fa3"), "{digest}");
    let stranger = client("r.example", &server.root, None, Mode::Online);
    let error = stranger.resolve(&image("r.example/a/b:1")).unwrap_err();
    assert!(matches!(error, OciError::Denied { .. }), "{error}");
}

#[test]
fn names_that_would_lead_elsewhere_are_refused() {
    let client = client("r.example", "http://127.0.0.1:1", None, Mode::Online);
    for name in [
        "r.example/../x:1",
        "r.example/A:1",
        "r.example/a/b:..%2f",
        "r.example/:1",
        "r.example/a?b:1",
    ] {
        let error = client.resolve(&image(name)).unwrap_err();
        assert!(matches!(error, OciError::Name { .. }), "{name}: {error}");
    }
    assert_eq!(client.requests(), 0);
}
