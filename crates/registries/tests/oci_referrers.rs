//! What refers to an image, and blobs: by a real registry that keeps no lists,
//! and by servers that lie, break off, or ask to wait.

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
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cofferdam_facts::ImageRef;
use cofferdam_registries::git::Mode;
use cofferdam_registries::oci::{OciClient, OciError, Patience, Referrer, Registries, Way};
use sha2::{Digest, Sha256};

use git_backend::{Answer, GitServer, response};
use image_registry::ImageRegistry;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const KIND: &str = "application/vnd.example.thing+json";

/// Waits that a test can bear.
const SHORT: Patience = Patience {
    again: 2,
    first: Duration::from_millis(20),
    longest: Duration::from_secs(1),
    settle: Duration::from_millis(300),
};

fn client(address: &str) -> Arc<OciClient> {
    let registries = Registries {
        addresses: BTreeMap::from([("r.example".to_owned(), address.to_owned())]),
        ..Registries::default()
    };
    let time = Duration::from_secs(10);
    let client = OciClient::new("test", registries, None, None, Mode::Online, time).unwrap();
    Arc::new(client.with_patience(SHORT))
}

fn image() -> ImageRef {
    ImageRef::parse("r.example/a/b")
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

/// A manifest about a subject; the words make it another one.
fn referrer(client: &OciClient, subject: &str, words: &str) -> Referrer {
    let empty = client.push_blob(&image(), b"{}").unwrap();
    let annotations = vec![("words".to_owned(), words.to_owned())];
    let bytes = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","artifactType":"{KIND}","config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{empty}","size":2}},"layers":[],"subject":{{"mediaType":"{MANIFEST}","digest":"{subject}","size":1}},"annotations":{{"words":"{words}"}}}}"#
    );
    Referrer {
        subject: subject.to_owned(),
        media_type: MANIFEST.to_owned(),
        bytes: bytes.into_bytes(),
        artifact_type: KIND.to_owned(),
        annotations,
    }
}

#[test]
fn where_a_registry_keeps_no_list_a_tag_does_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let registry = ImageRegistry::start(folder.path(), "");
    let address = format!("http://{}", registry.host);
    let subject = registry.push("a/b", "1", "x");
    let one = client(&address);
    assert!(
        one.referrers(&image(), &subject)
            .unwrap()
            .manifests
            .is_empty()
    );
    // Two publishers at once, and a third one after them.
    let both: Vec<_> = ["first", "second"]
        .map(|words| {
            let (address, subject) = (address.clone(), subject.clone());
            std::thread::spawn(move || {
                let own = client(&address);
                let pushed = referrer(&own, &subject, words);
                own.push_referrers(&image(), std::slice::from_ref(&pushed))
                    .unwrap();
            })
        })
        .into();
    for one in both {
        one.join().unwrap();
    }
    let third = referrer(&one, &subject, "third");
    one.push_referrers(&image(), &[third.clone(), third])
        .unwrap();
    let found = one.referrers(&image(), &subject).unwrap();
    assert_eq!(found.way, Way::Tag);
    let mut words: Vec<&str> = found
        .manifests
        .iter()
        .map(|one| one.annotations["words"].as_str())
        .collect();
    words.sort_unstable();
    assert_eq!(words, ["first", "second", "third"]);
    for named in &found.manifests {
        assert_eq!(named.artifact_type.as_deref(), Some(KIND));
        assert!(one.manifest(&image(), &named.digest).is_ok());
    }
    let hex = subject.replace(':', "-");
    assert_eq!(one.tags(&image()).unwrap(), ["1".to_owned(), hex]);
}

#[test]
fn a_list_in_the_place_of_which_something_else_lies_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let registry = ImageRegistry::start(folder.path(), "");
    let subject = registry.push("a/b", "1", "x");
    let tag = subject.replace(':', "-");
    let other = registry.push("a/b", &tag, "no list");
    let one = client(&format!("http://{}", registry.host));
    assert!(one.referrers(&image(), &subject).is_err());
    let pushed = referrer(&one, &subject, "first");
    assert!(one.push_referrers(&image(), &[pushed]).is_err());
    assert_eq!(one.tagged(&image(), &tag).unwrap().unwrap().0, other);
}

/// A list with one manifest.
fn list(words: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{{"mediaType":"{MANIFEST}","digest":"{}","size":1,"artifactType":"{KIND}"}}]}}"#,
        digest(words.as_bytes())
    )
}

#[test]
fn a_registry_that_cannot_answer_is_an_error_and_never_an_image_without_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    let subject = digest(b"x");
    let ask = || client(&server.root).referrers(&image(), &subject);
    for status in [
        "500 Broken",
        "400 What",
        "405 No",
        "429 Wait",
        "503 Wait",
        "403 No",
    ] {
        server.decide(move |_| Answer::Raw(response(status, &[], b"")));
        assert!(ask().is_err(), "{status}");
        // Nor when the list of the tag cannot be had.
        server.decide(move |asked| {
            let is_list = asked.path.contains("/referrers/");
            let status = if is_list { "404 None" } else { status };
            Answer::Raw(response(status, &[], b""))
        });
        assert!(ask().is_err(), "{status}");
    }
    // A page that is no list.
    server.decide(|_| Answer::Raw(response("200 OK", &[], b"<html>hello</html>")));
    assert!(matches!(ask(), Err(OciError::Malformed { .. })));
    let large = vec![b' '; 5 * 1024 * 1024];
    server.decide(move |_| Answer::Raw(response("200 OK", &[], &large)));
    assert!(ask().is_err());
    server.decide(|_| Answer::Raw(response("404 None", &[], b"")));
    let found = ask().unwrap();
    assert!(found.manifests.is_empty() && found.way == Way::Tag);
}

#[test]
fn a_registry_that_asks_to_wait_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    server.decide(move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) < 2 {
            return Answer::Raw(response("429 Wait", &[("retry-after", "0")], b""));
        }
        Answer::Raw(response("200 OK", &[], list("one").as_bytes()))
    });
    let found = client(&server.root).referrers(&image(), &digest(b"x"));
    assert_eq!(found.unwrap().manifests.len(), 1);
    // One that asks for an hour is not.
    server.decide(|_| Answer::Raw(response("429 Wait", &[("retry-after", "3600")], b"")));
    let error = client(&server.root)
        .referrers(&image(), &digest(b"x"))
        .unwrap_err();
    assert!(matches!(error, OciError::RateLimited { .. }), "{error}");
}

#[test]
fn a_list_in_pages_is_read_to_its_end_and_leads_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    server.decide(|asked| {
        let (next, words) = match asked.query.as_str() {
            "" => ("<?page=2>; rel=\"next\"", "one"),
            "page=2" => ("<?page=3>; rel=next", "two"),
            _ => ("", "three"),
        };
        Answer::Raw(response(
            "200 OK",
            &[("link", next)],
            list(words).as_bytes(),
        ))
    });
    let ask = || client(&server.root).referrers(&image(), &digest(b"x"));
    assert_eq!(ask().unwrap().manifests.len(), 3);
    // A later page that is not there is no end.
    server.decide(|asked| {
        if asked.query.is_empty() {
            let next = ("link", "<?page=2>; rel=next");
            return Answer::Raw(response("200 OK", &[next], list("one").as_bytes()));
        }
        Answer::Raw(response("404 None", &[], b""))
    });
    assert!(ask().is_err());
    for link in ["<https://evil.example/v2/>; rel=next", "<?again>; rel=next"] {
        server.decide(move |_| {
            Answer::Raw(response(
                "200 OK",
                &[("link", link)],
                list("one").as_bytes(),
            ))
        });
        let error = ask().unwrap_err();
        let due = matches!(
            error,
            OciError::Malformed { .. } | OciError::TooMany { what: "pages", .. }
        );
        assert!(due, "{error}");
    }
}

#[test]
fn a_blob_that_breaks_off_is_continued_and_one_that_lies_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let (named, size) = (digest(&content), content.len() as u64);
    let whole = content.clone();
    server.decide(move |asked| {
        let range = asked.headers.iter().find(|(name, _)| name == "range");
        let from: usize = range.map_or(0, |(_, value)| {
            let value = value.trim_start_matches("bytes=").trim_end_matches('-');
            value.parse().unwrap()
        });
        let rest = &whole[from..];
        let said = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
        let status = if from == 0 { "200 OK" } else { "206 Part" };
        let mut bytes = response(status, &[("content-range", &said)], rest);
        // The connection ends in the middle of what is left.
        let head = bytes.len() - rest.len();
        bytes.truncate(head + rest.len() / 2 + 1000.min(rest.len() / 2));
        if rest.len() < 20_000 {
            bytes = response(status, &[("content-range", &said)], rest);
        }
        Answer::Raw(bytes)
    });
    let one = client(&server.root);
    let mut read = Vec::new();
    let mut blob = one.blob(&image(), &named, size).unwrap();
    blob.read_to_end(&mut read).unwrap();
    assert!(read == content, "the same bytes");
    // Others of the same length, less, and more.
    for (body, size) in [
        (vec![0; content.len()], size),
        (content[..10].to_vec(), size),
        (content.clone(), 10),
    ] {
        server.decide(move |_| Answer::Raw(response("200 OK", &[], &body)));
        let mut blob = one.blob(&image(), &named, size).unwrap();
        assert!(blob.read_to_end(&mut Vec::new()).is_err());
    }
    server.decide(|_| Answer::Raw(response("404 None", &[], b"")));
    let mut blob = one.blob(&image(), &named, 10).unwrap();
    assert!(blob.read_to_end(&mut Vec::new()).is_err());
}

#[test]
fn an_upload_that_dies_is_continued_where_the_registry_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = GitServer::start(folder.path());
    let content = vec![7_u8; 50_000];
    let (named, have) = (digest(&content), 20_000);
    let rest = content[have..].to_vec();
    server.decide(move |asked| {
        let there = ("location", "/v2/a/b/blobs/uploads/1");
        let range = format!("0-{}", have - 1);
        match (asked.method.as_str(), asked.body.len()) {
            ("HEAD", _) => Answer::Raw(response("404 None", &[], b"")),
            ("POST", _) => Answer::Raw(response("202 Go", &[there], b"")),
            // Everything at once: the connection dies.
            ("PUT", 50_000) => Answer::Raw(Vec::new()),
            ("GET", _) => Answer::Raw(response("204 Have", &[there, ("range", &range)], b"")),
            ("PATCH", _) if asked.body == rest => {
                Answer::Raw(response("202 Go", &[there, ("range", "0-49999")], b""))
            }
            ("PUT", 0) => Answer::Raw(response("201 Done", &[], b"")),
            _ => Answer::Raw(response("400 What", &[], b"")),
        }
    });
    assert_eq!(
        client(&server.root).push_blob(&image(), &content).unwrap(),
        named
    );
    // A session elsewhere is not gone to.
    server.decide(|asked| match asked.method.as_str() {
        "HEAD" => Answer::Raw(response("404 None", &[], b"")),
        _ => {
            let there = ("location", "https://evil.example/upload");
            Answer::Raw(response("202 Go", &[there], b""))
        }
    });
    let error = client(&server.root)
        .push_blob(&image(), &content)
        .unwrap_err();
    assert!(matches!(error, OciError::Malformed { .. }), "{error}");
}

#[test]
fn a_blob_is_fetched_where_the_registry_sends_without_what_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let (registry, store) = (
        GitServer::start(folder.path()),
        GitServer::start(folder.path()),
    );
    let content = b"content".to_vec();
    let target = format!("{}/there", store.root);
    registry.decide(move |asked| {
        let shown = asked
            .headers
            .iter()
            .any(|(name, _)| name == "authorization");
        if !shown {
            let wants = ("www-authenticate", "Basic realm=\"x\"");
            return Answer::Raw(response("401 Who", &[wants], b""));
        }
        Answer::Raw(response("307 There", &[("location", &target)], b""))
    });
    let body = content.clone();
    store.decide(move |_| Answer::Raw(response("200 OK", &[], &body)));
    let host = registry.root.strip_prefix("http://").unwrap();
    let credential = cofferdam_registries::oci::Credential::new("me", "s3");
    let own = BTreeMap::from([(host.to_owned(), credential)]);
    let registries = Registries {
        addresses: BTreeMap::from([("r.example".to_owned(), registry.root.clone())]),
        credentials: cofferdam_registries::oci::Credentials::of(own),
        ..Registries::default()
    };
    let time = Duration::from_secs(10);
    let one = OciClient::new("test", registries, None, None, Mode::Online, time).unwrap();
    let mut blob = Arc::new(one)
        .blob(&image(), &digest(&content), content.len() as u64)
        .unwrap();
    let mut read = Vec::new();
    blob.read_to_end(&mut read).unwrap();
    assert_eq!(read, content);
    let asked = store.take_asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0]
            .headers
            .iter()
            .all(|(name, _)| name != "authorization")
    );
}
