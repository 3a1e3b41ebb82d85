//! The client of image registries against a real one, and against one that
//! lies.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
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
use cofferdam_registries::oci::{Credential, Credentials, OciClient, OciError, Registries};

use git_backend::{Answer, GitServer, response};
use image_registry::ImageRegistry;

/// As little as a manifest can be.
const MANIFEST: &[u8] = b"{\"schemaVersion\":2,\"manifests\":[]}";

fn client(host: &str, address: &str, cache: Option<&Path>, mode: Mode) -> OciClient {
    client_knowing("private.example", host, address, cache, mode)
}

/// A client that has a credential for the host `known`.
fn client_knowing(
    known: &str,
    host: &str,
    address: &str,
    cache: Option<&Path>,
    mode: Mode,
) -> OciClient {
    let own = BTreeMap::from([(known.to_owned(), Credential::new("me", "s3"))]);
    let registries = Registries {
        addresses: BTreeMap::from([(host.to_owned(), address.to_owned())]),
        credentials: Credentials::of(own),
        token_hosts: BTreeMap::new(),
        authorities: Vec::new(),
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
            Some("Bearer t1") => Answer::Raw(response("200 OK", &[], MANIFEST)),
            Some("Bearer t2") => Answer::Raw(response("403 No", &[], b"")),
            _ => {
                let wants = format!("Bearer realm=\"{root}/token\",service=\"r\"");
                Answer::Raw(response("401 Who", &[("www-authenticate", &wants)], b""))
            }
        }
    });
    let host = server.root.strip_prefix("http://").unwrap();
    let private = client_knowing(host, "r.example", &server.root, None, Mode::Online);
    let digest = private.resolve(&image("r.example/a/b:1")).unwrap();
    assert!(digest.starts_with("sha256:"), "{digest}");
    // The credential of the registry that is named is none of its mirror.
    let mirrored = client("private.example", &server.root, None, Mode::Online);
    let error = mirrored
        .resolve(&image("private.example/a/b:1"))
        .unwrap_err();
    assert!(matches!(error, OciError::Denied { .. }), "{error}");
}

/// What came of requests to a server: the values of `authorization`.
fn authorizations(server: &GitServer) -> Vec<String> {
    let asked = server.take_asked();
    let headers = asked.into_iter().flat_map(|one| one.headers);
    headers
        .filter(|(name, _)| name == "authorization")
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn a_credential_follows_neither_a_mirror_nor_a_realm_nor_a_redirect() {
    let folder = tempfile::tempdir().unwrap();
    let (registry, thief) = (
        GitServer::start(folder.path()),
        GitServer::start(folder.path()),
    );
    let host = registry.root.strip_prefix("http://").unwrap();
    let online = || client_knowing(host, "r.example", &registry.root, None, Mode::Online);
    let thief_root = thief.root.clone();
    let token = "{\"token\":\"t\"}";
    thief.decide(move |_| Answer::Raw(response("200 OK", &[], token.as_bytes())));
    // A realm at another port of this machine: nobody is asked there at all.
    let root = thief_root.clone();
    registry.decide(move |_| {
        let wants = format!("Bearer realm=\"{root}/token\"");
        Answer::Raw(response("401 Who", &[("www-authenticate", &wants)], b""))
    });
    let error = online().resolve(&image("r.example/a/b:1")).unwrap_err();
    assert!(matches!(error, OciError::Malformed { .. }), "{error}");
    assert!(thief.take_asked().is_empty());
    assert!(authorizations(&registry).is_empty());
    // A redirect, before and after the credential is shown.
    let root = thief_root;
    registry.decide(move |asked| {
        let shown = asked
            .headers
            .iter()
            .any(|(name, _)| name == "authorization");
        if !shown {
            let wants = ("www-authenticate", "Basic realm=\"x\"");
            return Answer::Raw(response("401 Who", &[wants], b""));
        }
        let to = format!("{root}/v2/a/b/manifests/1");
        Answer::Raw(response("307 There", &[("location", &to)], b""))
    });
    let error = online().resolve(&image("r.example/a/b:1")).unwrap_err();
    assert!(
        matches!(error, OciError::Status { status: 307, .. }),
        "{error}"
    );
    assert!(thief.take_asked().is_empty());
    assert_eq!(authorizations(&registry).len(), 1);
    // The mirror that is asked in its place is a host of its own.
    let mirrored = client_knowing("r.example", "r.example", &registry.root, None, Mode::Online);
    let error = mirrored.resolve(&image("r.example/a/b:1")).unwrap_err();
    assert!(matches!(error, OciError::Denied { .. }), "{error}");
    assert!(authorizations(&registry).is_empty());
}

#[test]
fn a_manifest_of_one_repository_proves_nothing_about_another() {
    let folder = tempfile::tempdir().unwrap();
    let registry = ImageRegistry::start(folder.path(), "");
    let digest = registry.push("mallory/evil", "1", "evil");
    registry.push("octo/app", "1", "app");
    let address = format!("http://{}", registry.host);
    let cache = folder.path().join("cache");
    let online = || client("docker.io", &address, Some(&cache), Mode::Online);
    assert!(online().manifest(&image("mallory/evil"), &digest).is_ok());
    for mode in [Mode::Offline, Mode::Online] {
        let asked = client("docker.io", &address, Some(&cache), mode);
        let error = asked.manifest(&image("octo/app"), &digest).unwrap_err();
        match (mode, &error) {
            (Mode::Offline, OciError::NotCached { .. })
            | (Mode::Online, OciError::NotFound { .. }) => {}
            _ => panic!("{error}"),
        }
    }
    // Where it is, it is asked for anew, and its bytes are not sent again.
    let again = online();
    assert!(again.manifest(&image("mallory/evil"), &digest).is_ok());
    assert_eq!(again.requests(), 1);
}

#[test]
fn a_page_that_is_no_manifest_is_no_pin() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    for page in [
        "<html>sign in first</html>",
        "{}",
        "{\"schemaVersion\":1,\"config\":{}}",
        "{\"schemaVersion\":2}",
    ] {
        server.decide(move |_| Answer::Raw(response("200 OK", &[], page.as_bytes())));
        let client = client("r.example", &server.root, None, Mode::Online);
        let error = client.resolve(&image("r.example/a/b:1")).unwrap_err();
        assert!(matches!(error, OciError::Malformed { .. }), "{error}");
    }
}

#[test]
fn a_document_leads_to_no_inner_service() {
    let client = client("r.example", "http://127.0.0.1:1", None, Mode::Online);
    for name in [
        "127.0.0.1:8080/a/b:1",
        "localhost:5000/a:1",
        "localhost/a:1",
        "169.254.169.254/latest/meta:1",
        "10.0.0.1/a:1",
        "0x7f.1/a:1",
    ] {
        let error = client.resolve(&image(name)).unwrap_err();
        assert!(matches!(error, OciError::Inner { .. }), "{name}: {error}");
    }
    assert_eq!(client.requests(), 0);
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

#[test]
fn hosts_that_never_answer_cost_a_bounded_number_of_waits() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    server.decide(|_| Answer::Raw(Vec::new()));
    let one = client("r.example", &server.root, None, Mode::Online);
    for number in 0..20 {
        let error = one
            .resolve(&image(&format!("r.example/a/b:{number}")))
            .unwrap_err();
        let given_up = matches!(error, OciError::GivenUp { .. });
        assert_eq!(given_up, number >= 3, "{number}: {error}");
    }
    assert_eq!(one.requests(), 3);
    // And the number of hosts is bounded too.
    let all: BTreeMap<String, String> = (0..100)
        .map(|number| {
            (
                format!("r{number}.example"),
                format!("http://127.0.0.1:{}", number + 1),
            )
        })
        .collect();
    let registries = Registries {
        addresses: all,
        ..Registries::default()
    };
    let time = Duration::from_secs(10);
    let many = OciClient::new("test", registries, None, None, Mode::Online, time).unwrap();
    for number in 0..100 {
        let name = format!("r{number}.example/a/b:1");
        assert!(many.resolve(&image(&name)).is_err());
    }
    assert_eq!(many.requests(), 64);
}
