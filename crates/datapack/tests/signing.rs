//! Signatures, rollback and limits, on packs that are signed here.
#![expect(clippy::unwrap_used, reason = "a test stops at the first wrong step")]
#![expect(clippy::indexing_slicing, reason = "JSON values of a known shape")]
#![expect(clippy::panic, reason = "a test stops at the first wrong step")]

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cofferdam_datapack::{
    Origin, PackError, Record, TrustedKeys, Verified, accept,
    build::{BuildError, assemble, payload, sign},
    error::{EntryProblem, KeyProblem},
    in_force,
    keys::{KEY_FORMAT, KeyEntry, KeyFile, Role},
    verify,
};
use cofferdam_facts::Timestamp;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

const COMMIT: &str = "0e58ed8671d6b60d0890c21b07f8835ace038e67";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn entry(seed: u8, role: Role) -> KeyEntry {
    let since = Timestamp::parse("2026-01-01").unwrap();
    KeyEntry::new(&key(seed).verifying_key(), role, since, "a test")
}

fn key_file(threshold: usize, keys: Vec<KeyEntry>) -> Vec<u8> {
    serde_json::to_vec(&KeyFile {
        format: KEY_FORMAT,
        threshold,
        keys,
    })
    .unwrap()
}

fn trusting(threshold: usize, seeds: &[u8]) -> TrustedKeys {
    let keys = seeds.iter().map(|seed| entry(*seed, Role::Pack)).collect();
    TrustedKeys::parse(&key_file(threshold, keys)).unwrap()
}

fn sources(version: u64) -> BTreeMap<String, Vec<u8>> {
    let url = "https://example.org/report";
    let incident = |action: &str| {
        json!({"action": action, "ids": ["CVE-1"], "summary": "s", "commits": [COMMIT],
               "from": "2026-01-01", "refs": "malicious", "sources": [url]})
    };
    let files = [
        (
            "pack.json",
            json!({"version": version, "created_at": "2026-01-01", "valid_days": 90,
            "sources": [{"name": "n", "url": url, "revision": "r", "license": "MIT",
                         "used_for": ["compromised"]}]}),
        ),
        (
            "compromised.json",
            json!([incident("o/two"), incident("O/one")]),
        ),
        (
            "vulnerable.json",
            json!([{"id": "GHSA-x", "action": "o/v", "severity": "high",
            "summary": "s", "url": url, "ranges": [{"introduced": "1", "fixed": "2.1.0"}]}]),
        ),
        (
            "archived.json",
            json!([{"repository": "o/a", "sources": [url]}]),
        ),
        (
            "renamed.json",
            json!([{"from": "o/old", "to": "o/new", "sources": [url]}]),
        ),
        (
            "popular.json",
            json!({"basis": "counted", "actions": [{"repository": "z/z"},
            {"repository": "actions/checkout", "repositories": 3}]}),
        ),
        (
            "runner-images.json",
            json!([{"label": "ubuntu-20.04", "removed": "2025-04-15",
            "sources": [url]}]),
        ),
        (
            "action-runtimes.json",
            json!([{"using": "node12", "deprecated": "2022-09-22",
            "sources": [url]}]),
        ),
    ];
    files
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_string().into()))
        .collect()
}

fn with(mut files: BTreeMap<String, Vec<u8>>, name: &str, edit: impl Fn(&mut Value)) -> Files {
    let mut value: Value = serde_json::from_slice(&files[name]).unwrap();
    edit(&mut value);
    files.insert(name.to_owned(), value.to_string().into());
    files
}

type Files = BTreeMap<String, Vec<u8>>;
type Case<'c> = (&'c str, &'c dyn Fn(&mut Value), EntryProblem);

fn signed(files: &Files, seeds: &[u8]) -> Vec<u8> {
    let keys: Vec<SigningKey> = seeds.iter().map(|seed| key(*seed)).collect();
    sign(&payload(&assemble(files).unwrap()).unwrap(), &keys).unwrap()
}

fn verified(files: &Files) -> Verified {
    verify(&signed(files, &[1]), &trusting(1, &[1])).unwrap()
}

fn edit(envelope: &[u8], change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(envelope).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

#[test]
fn what_was_assembled_is_what_is_verified() {
    let files = sources(1);
    let made = assemble(&files).unwrap();
    let read = verified(&files);
    assert_eq!(read.pack, made);
    assert_eq!(read.signers, [entry(1, Role::Pack).id]);
    assert_eq!(read.digest.len(), 64);
}

#[test]
fn the_same_sources_give_the_same_bytes_in_any_order() {
    let files = sources(1);
    let turned = with(sources(1), "compromised.json", |list| {
        list.as_array_mut().unwrap().reverse();
    });
    let bytes = payload(&assemble(&files).unwrap()).unwrap();
    assert_eq!(payload(&assemble(&turned).unwrap()).unwrap(), bytes);
    assert_eq!(signed(&files, &[1, 2]), signed(&turned, &[1, 2]));
    // The rank of popular actions is a fact, so there the order counts.
    let reranked = with(sources(1), "popular.json", |list| {
        list["actions"].as_array_mut().unwrap().reverse();
    });
    assert_ne!(payload(&assemble(&reranked).unwrap()).unwrap(), bytes);
}

#[test]
fn no_signed_byte_can_be_changed() {
    let good = signed(&sources(1), &[1]);
    let keys = trusting(1, &[1]);
    assert!(verify(&good, &keys).is_ok());
    let not_trusted =
        |bytes: &[u8]| matches!(verify(bytes, &keys), Err(PackError::NotTrusted { .. }));
    let payload: Value = serde_json::from_slice(&good).unwrap();
    let bytes = STANDARD
        .decode(payload["payload"].as_str().unwrap())
        .unwrap();
    for place in (0..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let forged = edit(&good, |e| e["payload"] = STANDARD.encode(&changed).into());
        assert!(not_trusted(&forged), "byte {place}");
    }
    let longer = [&bytes[..], b" "].concat();
    assert!(not_trusted(
        &edit(&good, |e| e["payload"] = STANDARD.encode(&longer).into())
    ));
    let sig = STANDARD
        .decode(payload["signatures"][0]["sig"].as_str().unwrap())
        .unwrap();
    for place in 0..sig.len() {
        let mut changed = sig.clone();
        changed[place] ^= 0x10;
        let forged = edit(&good, |e| {
            e["signatures"][0]["sig"] = STANDARD.encode(&changed).into()
        });
        assert!(not_trusted(&forged), "signature byte {place}");
    }
    assert!(not_trusted(&edit(&good, |e| e["signatures"] = json!([]))));
    assert!(not_trusted(
        &edit(&good, |e| e["signatures"][0]["sig"] = "AAAA".into())
    ));
}

#[test]
fn a_signature_holds_for_its_payload_type_alone() {
    let good = signed(&sources(1), &[1]);
    let keys = trusting(1, &[1]);
    let other = edit(&good, |e| {
        e["payloadType"] = "application/vnd.in-toto+json".into()
    });
    assert!(matches!(
        verify(&other, &keys),
        Err(PackError::PayloadType { .. })
    ));
    // A signature over the bare payload, without DSSE's encoding, is none.
    let envelope: Value = serde_json::from_slice(&good).unwrap();
    let bytes = STANDARD
        .decode(envelope["payload"].as_str().unwrap())
        .unwrap();
    let bare = ed25519_dalek::Signer::sign(&key(1), &bytes).to_bytes();
    let bare = edit(&good, |e| {
        e["signatures"][0]["sig"] = STANDARD.encode(bare).into()
    });
    assert!(matches!(
        verify(&bare, &keys),
        Err(PackError::NotTrusted { .. })
    ));
}

#[test]
fn only_trusted_keys_count_and_each_once() {
    let files = sources(1);
    let refused = |bytes: &[u8], keys: &TrustedKeys| match verify(bytes, keys) {
        Err(PackError::NotTrusted {
            valid,
            threshold,
            retired,
        }) => (valid, threshold, retired),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(&signed(&files, &[2]), &trusting(1, &[1])),
        (0, 1, false)
    );
    // Two of two: one key that signs twice is one key.
    let two = trusting(2, &[1, 2]);
    assert_eq!(refused(&signed(&files, &[1]), &two), (1, 2, false));
    assert_eq!(refused(&signed(&files, &[1, 1]), &two), (1, 2, false));
    assert!(verify(&signed(&files, &[2, 1]), &two).is_ok());
    // The key id is a hint that nobody signs: neither a wrong one nor none matters.
    let good = signed(&files, &[1]);
    let lying = edit(&good, |e| e["signatures"][0]["keyid"] = "f00".into());
    assert!(verify(&lying, &trusting(1, &[1])).is_ok());
    let forged = edit(&signed(&files, &[2]), |e| {
        e["signatures"][0]["keyid"] = entry(1, Role::Pack).id.into();
    });
    assert_eq!(refused(&forged, &trusting(1, &[1])), (0, 1, false));
    // A retired key is named as the reason.
    let file = key_file(1, vec![entry(1, Role::Pack), entry(2, Role::Retired)]);
    let keys = TrustedKeys::parse(&file).unwrap();
    assert_eq!(refused(&signed(&files, &[2]), &keys), (0, 1, true));
}

#[test]
fn a_key_file_is_held_to_its_word() {
    let problem = |bytes: &[u8]| match TrustedKeys::parse(bytes) {
        Err(PackError::Key { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    let file = |entry: KeyEntry| key_file(1, vec![entry]);
    let good = entry(1, Role::Pack);
    let with = |change: &dyn Fn(&mut KeyEntry)| {
        let mut entry = good.clone();
        change(&mut entry);
        file(entry)
    };
    assert_eq!(problem(&with(&|e| e.id = "0".repeat(64))), KeyProblem::Id);
    assert_eq!(
        problem(&with(&|e| e.algorithm = "rsa".to_owned())),
        KeyProblem::Algorithm
    );
    assert_eq!(
        problem(&with(&|e| e.public = "AAAA".to_owned())),
        KeyProblem::Point
    );
    // The neutral point signs everything.
    let neutral = STANDARD.encode([1_u8].into_iter().chain([0; 31]).collect::<Vec<u8>>());
    assert_eq!(
        problem(&with(&|e| e.public.clone_from(&neutral))),
        KeyProblem::Point
    );
    assert_eq!(
        problem(&key_file(1, vec![good.clone(), good.clone()])),
        KeyProblem::Twice
    );
    let threshold =
        |bytes: &[u8]| matches!(TrustedKeys::parse(bytes), Err(PackError::Threshold { .. }));
    assert!(threshold(&key_file(0, vec![good.clone()])));
    assert!(threshold(&key_file(2, vec![good.clone()])));
    assert!(threshold(&key_file(1, vec![entry(1, Role::Retired)])));
    assert!(TrustedKeys::parse(b"{}").is_err());
}

#[test]
fn hostile_envelopes_are_refused_without_panic() {
    let keys = trusting(1, &[1]);
    let good = signed(&sources(1), &[1]);
    let huge = vec![b' '; cofferdam_datapack::envelope::MAX_ENVELOPE + 1];
    assert!(matches!(
        verify(&huge, &keys),
        Err(PackError::TooLarge { .. })
    ));
    let deep = "[".repeat(100_000);
    let texts: [&[u8]; 6] = [b"", b"null", b"[]", b"{}", deep.as_bytes(), b"\xff\xfe"];
    for text in texts {
        assert!(matches!(verify(text, &keys), Err(PackError::Envelope(_))));
    }
    let bad = edit(&good, |e| e["payload"] = "!".into());
    assert!(matches!(verify(&bad, &keys), Err(PackError::Base64 { .. })));
    let many = edit(&good, |e| {
        let signature = e["signatures"][0].clone();
        e["signatures"] = vec![signature; 17].into();
    });
    assert!(matches!(
        verify(&many, &keys),
        Err(PackError::TooManySignatures { .. })
    ));
    for length in (0..good.len()).step_by(211) {
        assert!(verify(&good[..length], &keys).is_err(), "{length}");
    }
    // The other alphabet that DSSE allows, and padding left out.
    let url_safe = edit(&good, |e| {
        let text = e["signatures"][0]["sig"].as_str().unwrap();
        let text = text.replace('+', "-").replace('/', "_");
        e["signatures"][0]["sig"] = text.trim_end_matches('=').into();
    });
    assert!(verify(&url_safe, &keys).is_ok());
}

#[test]
fn even_a_signed_payload_must_be_a_pack_of_this_format() {
    let keys = trusting(1, &[1]);
    let sign = |payload: &Value| sign(payload.to_string().as_bytes(), &[key(1)]).unwrap();
    let good = serde_json::to_value(assemble(&sources(1)).unwrap()).unwrap();
    assert!(verify(&sign(&good), &keys).is_ok());
    let mut later = good.clone();
    later["format"] = 3.into();
    later["something_new"] = json!([]);
    let format = verify(&sign(&later), &keys);
    assert!(matches!(
        format,
        Err(PackError::Format { found: 3, known: 2 })
    ));
    let mut extra = good.clone();
    extra["something_new"] = json!([]);
    assert!(matches!(
        verify(&sign(&extra), &keys),
        Err(PackError::Payload(_))
    ));
    let mut bad = good;
    bad["compromised"][0]["commits"] = json!(["abc"]);
    let entry = verify(&sign(&bad), &keys);
    let problem = EntryProblem::Commit;
    assert!(matches!(entry, Err(PackError::Entry { problem: p, .. }) if p == problem));
}

#[test]
fn a_list_that_breaks_a_rule_is_not_built() {
    let problem =
        |name: &str, change: &dyn Fn(&mut Value)| match assemble(&with(sources(1), name, change)) {
            Err(BuildError::Pack(PackError::Entry { problem, .. })) => problem,
            other => panic!("{name}: {other:?}"),
        };
    let c = "compromised.json";
    let v = "vulnerable.json";
    let cases: [Case; 14] = [
        (c, &|l| l[0]["action"] = "alone".into(), EntryProblem::Name),
        (
            c,
            &|l| l[0]["commits"] = json!([COMMIT.to_uppercase()]),
            EntryProblem::Commit,
        ),
        (
            c,
            &|l| l[0]["commits"] = json!([COMMIT, COMMIT]),
            EntryProblem::Twice,
        ),
        (c, &|l| l[0]["commits"] = json!([]), EntryProblem::Empty),
        (
            c,
            &|l| l[0]["to"] = "2026-02-01".into(),
            EntryProblem::Contradiction,
        ),
        (
            c,
            &|l| l[0]["spared_tags"] = json!(["v1"]),
            EntryProblem::Contradiction,
        ),
        (
            c,
            &|l| l[0]["sources"] = json!(["http://example.org"]),
            EntryProblem::Source,
        ),
        (
            c,
            &|l| l[0]["summary"] = "a\u{1b}[31m".into(),
            EntryProblem::Text,
        ),
        (c, &|l| l[1] = l[0].clone(), EntryProblem::Twice),
        (
            v,
            &|l| l[0]["ranges"][0]["fixed"] = "soon".into(),
            EntryProblem::Version,
        ),
        (
            v,
            &|l| l[0]["ranges"][0]["introduced"] = "3".into(),
            EntryProblem::Order,
        ),
        (
            v,
            &|l| l[0]["ranges"][0]["last_affected"] = "2".into(),
            EntryProblem::Contradiction,
        ),
        (v, &|l| l[0]["ranges"] = json!([]), EntryProblem::Empty),
        (
            "archived.json",
            &|l| l[0]["repository"] = "O/a".into(),
            EntryProblem::Case,
        ),
    ];
    for (place, (name, change, expected)) in cases.into_iter().enumerate() {
        assert_eq!(problem(name, change), expected, "case {place}");
    }
}

#[test]
fn an_incident_that_breaks_a_rule_is_not_built() {
    let good = "id = \"one\"\nname = \"n\"\nfrom = \"2026-01-01\"\nuntil = \"2026-01-02\"\nwhat = \"w\"\n\
        acted = \"a\"\nstole = \"s\"\nactions = [\"o/one\"]\ncontrols = [\"c\"]\n\
        sources = [\"https://example.org/report\"]\n";
    let build = |name: &str, text: &str| {
        let mut files = sources(1);
        files.insert(format!("incidents/{name}"), text.as_bytes().to_vec());
        assemble(&files)
    };
    assert_eq!(build("one.toml", good).unwrap().incidents.len(), 1);
    for (name, text) in [
        ("two.toml", good.to_owned()),
        ("one.txt", good.to_owned()),
        ("one.toml", format!("{good}surprise = 1\n")),
        ("one.toml", good.replace("id = ", "id ")),
    ] {
        let built = build(name, &text);
        assert!(
            matches!(built, Err(BuildError::Incident { .. })),
            "{name} {text}"
        );
    }
    let problem = |from: &str, to: &str| match build("one.toml", &good.replace(from, to)) {
        Err(BuildError::Pack(PackError::Entry { problem, .. })) => problem,
        other => panic!("{to}: {other:?}"),
    };
    for (from, to, expected) in [
        ("o/one", "o/three", EntryProblem::Contradiction),
        ("2026-01-02", "2025-01-02", EntryProblem::Order),
        ("[\"c\"]", "[]", EntryProblem::Empty),
        ("actions = [\"o/one\"]\n", "", EntryProblem::Empty),
        ("https://", "http://", EntryProblem::Source),
        (
            "controls",
            "carriers = [\"o/two\"]\ncontrols",
            EntryProblem::Contradiction,
        ),
    ] {
        assert_eq!(problem(from, to), expected, "{to}");
    }
}

#[test]
fn files_that_are_missing_or_unknown_make_no_pack() {
    let mut missing = sources(1);
    missing.remove("vulnerable.json");
    assert!(matches!(
        assemble(&missing),
        Err(BuildError::Missing {
            file: "vulnerable.json"
        })
    ));
    let mut unknown = sources(1);
    unknown.insert("malware.json".to_owned(), b"[]".to_vec());
    assert!(matches!(
        assemble(&unknown),
        Err(BuildError::Unknown { .. })
    ));
    let forever = with(sources(1), "pack.json", |h| h["valid_days"] = 10_000.into());
    assert!(matches!(assemble(&forever), Err(BuildError::ValidDays)));
}

#[test]
fn an_older_pack_is_kept_out_even_where_the_newer_is_gone() {
    let keys = trusting(1, &[1]);
    let (old, new) = (verified(&sources(3)), verified(&sources(5)));
    let (old_bytes, new_bytes) = (signed(&sources(3), &[1]), signed(&sources(5), &[1]));
    let embedded = verified(&sources(2));
    let record = accept(&new, &embedded, None).unwrap().encode();

    let chosen = in_force(&embedded, Some(&new_bytes), Some(&record), &keys).unwrap();
    assert_eq!(
        (chosen.pack.pack.version, chosen.origin),
        (5, Origin::Refreshed)
    );
    // Replaced by an old one, deleted, damaged: the embedded one is older too.
    let rollback = |bytes: Option<&[u8]>| {
        let chosen = in_force(&embedded, bytes, Some(&record), &keys);
        matches!(chosen, Err(PackError::Rollback { seen: 5, .. }))
    };
    assert!(rollback(Some(&old_bytes)));
    assert!(rollback(None));
    assert!(rollback(Some(b"{}")));
    // The next program's embedded pack is newer than all of it.
    let later = verified(&sources(6));
    let chosen = in_force(&later, Some(&old_bytes), Some(&record), &keys).unwrap();
    assert_eq!(
        (chosen.pack.pack.version, chosen.origin),
        (6, Origin::Embedded)
    );
    assert!(matches!(chosen.set_aside, Some(PackError::Rollback { .. })));

    assert!(matches!(
        accept(&old, &embedded, Some(&record)),
        Err(PackError::Rollback { .. })
    ));
    assert!(matches!(
        accept(&old, &later, None),
        Err(PackError::Rollback { .. })
    ));
    assert!(accept(&new, &embedded, Some(&record)).is_ok());
}

#[test]
fn one_version_is_one_pack() {
    let files = sources(5);
    let twin = with(sources(5), "archived.json", |list| {
        list[0]["repository"] = "o/b".into()
    });
    let (one, other) = (verified(&files), verified(&twin));
    let record = Record::of(&one);
    let two_faced = |result| matches!(result, Err(PackError::Equivocation { version: 5 }));
    assert!(two_faced(record.admits(&other)));
    assert!(two_faced(accept(&other, &one, None).map(|_| ())));
    assert!(record.admits(&one).is_ok());
    let keys = trusting(1, &[1]);
    let chosen = in_force(&one, Some(&signed(&twin, &[1])), None, &keys).unwrap();
    assert_eq!(chosen.pack.digest, one.digest);
    assert!(matches!(
        chosen.set_aside,
        Some(PackError::Equivocation { .. })
    ));
}

#[test]
fn a_damaged_record_is_not_taken_for_none() {
    let keys = trusting(1, &[1]);
    let embedded = verified(&sources(2));
    let record = Record::of(&embedded).encode();
    assert_eq!(Record::parse(&record).unwrap(), Record::of(&embedded));
    let short = br#"{"format":1,"version":1,"digest":"00"}"#;
    let damaged: [&[u8]; 5] = [
        b"",
        b"{}",
        short,
        &record[..record.len() / 2],
        &[b'x'; 5000],
    ];
    for bytes in damaged {
        assert!(in_force(&embedded, None, Some(bytes), &keys).is_err());
        assert!(accept(&embedded, &embedded, Some(bytes)).is_err());
    }
}

#[test]
fn after_a_change_of_keys_the_embedded_pack_takes_over() {
    let embedded = verified(&sources(2));
    let stale = signed(&sources(9), &[7]);
    let chosen = in_force(&embedded, Some(&stale), None, &trusting(1, &[1])).unwrap();
    assert_eq!(chosen.origin, Origin::Embedded);
    assert!(matches!(
        chosen.set_aside,
        Some(PackError::NotTrusted { .. })
    ));
}
