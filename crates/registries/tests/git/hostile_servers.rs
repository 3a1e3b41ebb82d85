//! Servers that lie, break off or never end.

use std::time::{Duration, Instant};

use cofferdam_registries::git::{
    ActionTree, GitError, GitLimits, Kind, LineError, Mode, ObjectError, ObjectId, PackError,
    PackLimits, ProtocolError, TreeError,
};

use crate::git_backend::{Answer, response};
use crate::packs::{self, Object};
use crate::setting::{Setting, id, quick, repository};

const RESULT: &str = "application/x-git-upload-pack-result";

/// A server that answers every fetch with this pack, under the name of
/// `octo/hello`, and what comes of the fetch of `commit`.
fn served(pack: &[u8], commit: ObjectId, limits: GitLimits) -> Result<ActionTree, GitError> {
    answered(packs::in_bands(pack), commit, limits)
}

fn answered(body: Vec<u8>, commit: ObjectId, limits: GitLimits) -> Result<ActionTree, GitError> {
    let setting = Setting::new();
    setting
        .server
        .decide(move |asked| match asked.method.as_str() {
            "GET" => Answer::Raw(packs::greeting()),
            _ => Answer::Raw(response("200 OK", &[("content-type", RESULT)], &body)),
        });
    let cache = setting.cache();
    let client = setting.client_with(Some(&cache), Mode::Online, limits);
    let result = client.fetch_commit(&repository("octo/hello"), commit);
    if result.is_err() {
        // Nothing of it is kept.
        let offline = setting.client_with(Some(&cache), Mode::Offline, quick());
        let kept = offline.fetch_commit(&repository("octo/hello"), commit);
        assert!(matches!(kept, Err(GitError::NotCached { .. })));
    }
    result
}

fn pack_error(result: Result<ActionTree, GitError>) -> PackError {
    match result {
        Err(GitError::Protocol {
            what: ProtocolError::Pack(error),
            ..
        }) => error,
        other => panic!("{other:?}"),
    }
}

fn honest() -> (Vec<Object>, ObjectId) {
    let blob = Object::whole(Kind::Blob, b"name: x\n");
    let tree = packs::tree(&[("100644", "action.yml", blob.id)]);
    let commit = packs::commit(tree.id);
    let id = commit.id;
    (vec![commit, tree, blob], id)
}

#[test]
fn an_honest_answer_is_taken() {
    let (objects, commit) = honest();
    let tree = served(&packs::pack(&objects), commit, quick()).unwrap();
    assert_eq!(tree.file("action.yml"), Some(b"name: x\n".as_slice()));
}

#[test]
fn another_object_for_an_id_is_no_answer() {
    let (mut objects, commit) = honest();
    objects[0] = packs::commit_saying(objects[1].id, "something else");
    let error = served(&packs::pack(&objects), commit, quick()).unwrap_err();
    match error {
        GitError::Tree {
            source: TreeError::Object(ObjectError::Missing { id }),
            ..
        } => assert_eq!(id, commit),
        other => panic!("{other}"),
    }
    // The same for a file, whose name and size are right.
    let (mut objects, commit) = honest();
    objects[2] = Object::whole(Kind::Blob, b"name: y\n");
    let error = served(&packs::pack(&objects), commit, quick()).unwrap_err();
    assert!(matches!(error, GitError::Tree { .. }), "{error}");
    // A blob that is asked for as a commit.
    let (objects, _) = honest();
    let error = served(&packs::pack(&objects), objects[2].id, quick()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is a blob in the place of a commit"),
        "{error}"
    );
}

#[test]
fn no_cut_of_an_answer_is_a_success() {
    let (objects, commit) = honest();
    let whole = packs::in_bands(&packs::pack(&objects));
    for length in (0..whole.len()).step_by(23) {
        let result = answered(whole[..length].to_vec(), commit, quick());
        let error = result.expect_err("an answer without its end");
        assert!(
            matches!(error, GitError::Protocol { .. }),
            "{length}: {error}"
        );
    }
    // The pack itself is cut, the lines around it are whole.
    let pack = packs::pack(&objects);
    for length in (0..pack.len()).step_by(17) {
        let result = served(&pack[..length], commit, quick());
        assert!(matches!(result, Err(GitError::Protocol { .. })), "{length}");
    }
}

#[test]
fn a_changed_byte_of_a_pack_never_changes_what_comes_of_it() {
    let (objects, commit) = honest();
    let pack = packs::pack(&objects);
    let truth = served(&pack, commit, quick()).unwrap();
    for at in (0..pack.len()).step_by(7) {
        let mut changed = pack.clone();
        changed[at] ^= 0x10;
        assert!(served(&changed, commit, quick()).is_err(), "{at}");
        // With a checksum that fits the change. Bytes that only say how the
        // rest was compressed may differ.
        let end = changed.len() - 20;
        changed.truncate(end);
        packs::seal(&mut changed);
        if let Ok(tree) = served(&changed, commit, quick()) {
            assert_eq!(tree, truth, "{at}");
        }
    }
}

#[test]
fn a_pack_that_claims_too_much_is_refused_before_it_is_unpacked() {
    let (objects, commit) = honest();
    let small = || GitLimits {
        commit: PackLimits {
            pack_bytes: 1 << 20,
            objects: 1_000,
            object_bytes: 1 << 20,
            total_bytes: 4 << 20,
        },
        ..quick()
    };
    // A megabyte and a byte of zeros takes a thousand bytes on the wire.
    let bomb = Object::whole(Kind::Blob, &vec![0; (1 << 20) + 1]);
    let error = pack_error(served(&packs::pack(&[bomb]), commit, small()));
    assert!(matches!(error, PackError::TooLarge { .. }), "{error}");
    // Many that are small enough each.
    let bombs: Vec<Object> = (0..6)
        .map(|number| Object::whole(Kind::Blob, &vec![number; 1 << 20]))
        .collect();
    let error = pack_error(served(&packs::pack(&bombs), commit, small()));
    assert!(matches!(error, PackError::TooLarge { .. }), "{error}");
    // More objects than any repository has.
    let mut many = packs::pack(&objects);
    many.truncate(many.len() - 20);
    many[8..12].copy_from_slice(&u32::MAX.to_be_bytes());
    packs::seal(&mut many);
    let error = pack_error(served(&many, commit, small()));
    assert!(matches!(error, PackError::TooLarge { .. }), "{error}");
    // A size that no memory has, and nothing behind it.
    let liar = packs::sealed(1, &[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    let error = pack_error(served(&liar, commit, small()));
    assert!(matches!(error, PackError::TooLarge { .. }), "{error}");
    // It unpacks to more than it says.
    let liar = packs::pack(&[Object::claiming(Kind::Blob, &[7; 5_000], 10)]);
    let error = pack_error(served(&liar, commit, small()));
    assert!(matches!(error, PackError::Object { .. }), "{error}");
}

#[test]
fn differences_that_blow_up_or_lead_nowhere_are_refused() {
    let (_, commit) = honest();
    let base = Object::whole(Kind::Blob, &[b'x'; 60_000]);
    // Each copies its base again and again: doubling at each step.
    let mut objects = vec![base.clone()];
    let mut size = 60_000_u64;
    for _ in 0..8 {
        let copies = 16;
        objects.push(packs::copies(&objects, size, copies));
        size *= copies;
    }
    let begun = Instant::now();
    let limits = GitLimits {
        commit: PackLimits {
            total_bytes: 64 << 20,
            ..PackLimits::default()
        },
        ..quick()
    };
    let error = pack_error(served(&packs::pack(&objects), commit, limits));
    assert!(matches!(error, PackError::TooLarge { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    // A difference to what is not there.
    let lost = packs::delta_to_id(id(&"4".repeat(40)), &[1, 1, 1, b'x']);
    let error = pack_error(served(&packs::pack(&[lost]), commit, quick()));
    assert_eq!(error, PackError::Base { bases: 1 });
    // Copies from behind the end of its base, and one that makes too little.
    for instructions in [&[0x91_u8, 0xff, 0xff][..], &[1, b'x'], &[0], &[5, b'x']] {
        let mut delta = vec![0xe0, 0xd4, 3, 9];
        delta.extend_from_slice(instructions);
        let wrong = packs::delta_to_id(base.id, &delta);
        let error = pack_error(served(
            &packs::pack(&[base.clone(), wrong]),
            commit,
            quick(),
        ));
        assert!(matches!(error, PackError::Object { .. }), "{error}");
    }
}

#[test]
fn lines_that_are_none_are_named() {
    let (objects, commit) = honest();
    let pack = packs::in_bands(&packs::pack(&objects));
    type Fits = fn(&ProtocolError) -> bool;
    let cases: [(&[u8], Fits); 6] = [
        (b"HTTP", |e| {
            matches!(e, ProtocolError::Line(LineError::Length { .. }))
        }),
        (b"0003", |e| {
            matches!(e, ProtocolError::Line(LineError::Impossible { .. }))
        }),
        (b"0000", |e| matches!(e, ProtocolError::Unexpected { .. })),
        (b"000bstrange", |e| {
            matches!(e, ProtocolError::Unexpected { .. })
        }),
        (b"000dERR stop!", |e| {
            matches!(e, ProtocolError::Remote { .. })
        }),
        (b"ffff", |e| {
            matches!(e, ProtocolError::Line(LineError::Impossible { .. }))
        }),
    ];
    for (line, fits) in cases {
        let mut body = line.to_vec();
        body.extend_from_slice(&pack);
        match answered(body, commit, quick()) {
            Err(GitError::Protocol { what, .. }) if fits(&what) => {}
            other => panic!("{}: {other:?}", String::from_utf8_lossy(line)),
        }
    }
}

#[test]
fn an_object_that_is_not_there_is_a_fact_and_not_a_failure() {
    let setting = Setting::new();
    setting.make("octo/hello").write("a", "1").commit("first");
    let never = id(&"5".repeat(40));
    let client = setting.client();
    match client.fetch_commit(&repository("octo/hello"), never) {
        Err(error @ GitError::Vanished { id, .. }) => {
            assert!(id == never && error.is_absence());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_without_an_end_ends_in_time() {
    let line = |text: &str| format!("{:04x}{text}", text.len() + 4).into_bytes();
    let head = |kind: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n\r\n").into_bytes();
    let limits = || GitLimits {
        total: Duration::from_secs(3),
        idle: Duration::from_secs(2),
        refs: 5_000,
        commit: PackLimits {
            pack_bytes: 1 << 20,
            ..PackLimits::default()
        },
        history: PackLimits {
            pack_bytes: 1 << 20,
            ..PackLimits::default()
        },
        ..quick()
    };
    let setting = Setting::new();
    setting.make("octo/hello").write("a", "1").commit("first");
    let hello = repository("octo/hello");
    let commit = id(&"6".repeat(40));
    // Endless refs, endless progress, endless bytes of a pack.
    let one_ref = line(&format!("{} refs/heads/x\n", "a".repeat(40)));
    let mut packed = line("packfile\n");
    packed.splice(0..0, head(RESULT));
    let progress = line(&format!("\u{2}{}", "counting ".repeat(100)));
    let bytes = line(&format!("\u{1}{}", "x".repeat(60_000)));
    let begun = Instant::now();
    for (head, again) in [
        (head(RESULT), one_ref),
        (packed.clone(), progress),
        (packed, bytes),
        (head(RESULT), Vec::new()),
    ] {
        setting.server.decide(move |asked| {
            if asked.method == "GET" {
                return Answer::Git;
            }
            if again.is_empty() {
                std::thread::sleep(Duration::from_secs(5));
            }
            Answer::Endless(head.clone(), again.clone())
        });
        let client = setting.client_with(None, Mode::Online, limits());
        let listing = client.list_refs(&hello).unwrap_err();
        let fetch = client.fetch_commit(&hello, commit).unwrap_err();
        for error in [listing, fetch] {
            let fits = matches!(error, GitError::Protocol { .. } | GitError::Http { .. });
            assert!(fits, "{error}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(40));
}

#[test]
fn a_web_page_a_dumb_server_and_an_old_one_are_named() {
    let setting = Setting::new();
    setting.make("octo/hello").write("a", "1").commit("first");
    let hello = repository("octo/hello");
    setting.server.decide(|_| {
        Answer::Raw(response(
            "200 OK",
            &[("content-type", "text/html")],
            b"<html>",
        ))
    });
    let error = setting.client().list_refs(&hello).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no answer of git but `text/html`"),
        "{error}"
    );
    // Version 0, as a server that ignores what is asked for.
    let old = b"001e# service=git-upload-pack\n0000003daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa refs/heads/x\n0000";
    setting.server.decide(move |_| {
        let kind = (
            "content-type",
            "application/x-git-upload-pack-advertisement",
        );
        Answer::Raw(response("200 OK", &[kind], old))
    });
    let error = setting.client().list_refs(&hello).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[test]
fn a_server_that_asks_to_wait_is_waited_for_within_bounds() {
    let setting = Setting::new();
    setting.make("octo/hello").write("a", "1").commit("first");
    let hello = repository("octo/hello");
    let first = std::sync::atomic::AtomicBool::new(true);
    setting.server.decide(move |_| {
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            let wait = [("retry-after", "1")];
            return Answer::Raw(response("429 Too Many Requests", &wait, b""));
        }
        Answer::Git
    });
    let client = setting.client();
    assert!(client.list_refs(&hello).is_ok());
    assert_eq!(client.counts().again, 1);
    // First a second, then more seconds than there are.
    let first = std::sync::atomic::AtomicBool::new(true);
    setting.server.decide(move |_| {
        let first = first.swap(false, std::sync::atomic::Ordering::Relaxed);
        let wait = if first { "1" } else { "18446744073709551615" };
        let wait = [("retry-after", wait)];
        Answer::Raw(response("429 Too Many Requests", &wait, b""))
    });
    let error = setting.client().list_refs(&hello).unwrap_err();
    assert!(matches!(error, GitError::RateLimited { .. }), "{error}");
    setting.server.decide(|_| {
        Answer::Raw(response(
            "429 Too Many Requests",
            &[("retry-after", "3600")],
            b"",
        ))
    });
    let begun = Instant::now();
    let error = setting.client().list_refs(&hello).unwrap_err();
    assert!(
        matches!(
            error,
            GitError::RateLimited {
                seconds: Some(3600),
                ..
            }
        ),
        "{error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_huge_repository_is_listed_and_fetched_within_its_bounds() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    for number in 0..3_000 {
        made.write(
            &format!("files/{}/{number}.txt", number % 50),
            number.to_string(),
        );
    }
    let commit = made.commit("many files");
    let packed: String = (0..30_000)
        .map(|number| format!("{commit} refs/tags/v{number}\n"))
        .collect();
    std::fs::write(made.folder.join(".git/packed-refs"), packed).unwrap();
    let hello = repository("octo/hello");
    let client = setting.client();
    assert_eq!(client.list_refs(&hello).unwrap().tags.len(), 30_000);
    let tree = client.fetch_commit(&hello, id(&commit)).unwrap();
    assert_eq!(tree.entries.len(), 3_000);
    assert_eq!(client.counts().total(), 3);
    let few = GitLimits {
        refs: 10_000,
        commit: PackLimits {
            objects: 1_000,
            ..PackLimits::default()
        },
        ..quick()
    };
    let client = setting.client_with(None, Mode::Online, few);
    let error = client.list_refs(&hello).unwrap_err();
    assert!(
        error.to_string().contains("more branches and tags than"),
        "{error}"
    );
    let error = client.fetch_commit(&hello, id(&commit)).unwrap_err();
    assert!(error.to_string().contains("more objects than"), "{error}");
}

#[test]
fn a_damaged_cache_is_found_and_fetched_again() {
    let setting = Setting::new();
    let commit = setting.make("octo/hello").write("a", "1").commit("first");
    let hello = repository("octo/hello");
    let cache = setting.cache();
    let online = || setting.client_with(Some(&cache), Mode::Online, quick());
    let first = online().fetch_commit(&hello, id(&commit)).unwrap();
    let again = online();
    assert_eq!(again.fetch_commit(&hello, id(&commit)).unwrap(), first);
    assert_eq!(again.counts().total(), 0);
    // Another commit under this one's name, with a checksum that fits.
    let other = setting.make("octo/other").write("a", "2").commit("other");
    online()
        .fetch_commit(&repository("octo/other"), id(&other))
        .unwrap();
    let file = |id: &str| cache.join(format!("git-2/commits/{}/{id}", &id[..2]));
    std::fs::copy(file(&other), file(&commit)).unwrap();
    let again = online();
    assert_eq!(again.fetch_commit(&hello, id(&commit)).unwrap(), first);
    assert_eq!(again.cache().unwrap().damaged(), 1);
    assert_eq!(again.counts().commits, 1);
    // Cut in the middle.
    let bytes = std::fs::read(file(&commit)).unwrap();
    std::fs::write(file(&commit), &bytes[..bytes.len() / 2]).unwrap();
    let again = online();
    assert_eq!(again.fetch_commit(&hello, id(&commit)).unwrap(), first);
    assert_eq!(
        (again.cache().unwrap().damaged(), again.counts().commits),
        (1, 1)
    );
}

#[test]
fn numbers_of_the_cache_have_an_age_while_they_can_be_asked_for() {
    use sha2::{Digest as _, Sha256};

    let setting = Setting::new();
    let hello = repository("octo/hello");
    let good = r#"{"id": 7, "full_name": "octo/hello", "owner": {"id": 3}}"#;
    setting
        .server
        .decide(move |_| Answer::Raw(response("200 OK", &[], good.as_bytes())));
    let cache = setting.cache();
    let client = |mode| setting.client_with(Some(&cache), mode, quick());
    client(Mode::Online).repository_ids(&hello).unwrap();
    let file = crate::listing::files(&cache.join("git-2/ids")).remove(0);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    // As written a week and a second ago, and in a time to come.
    for (at, fresh) in [
        (now - 604_900, false),
        (now + 600, false),
        (now - 600, true),
    ] {
        let rest = format!("at {at}\n3 7\n");
        let sum: String = Sha256::digest(&rest)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        std::fs::write(&file, format!("cofferdam-cache 2 {sum}\n{rest}")).unwrap();
        let online = client(Mode::Online);
        assert_eq!(
            online.cached_repository_ids(&hello).is_some(),
            fresh,
            "{at}"
        );
        let offline = client(Mode::Offline);
        assert!(offline.cached_repository_ids(&hello).is_some());
    }
}

#[test]
fn the_numeric_ids_cost_one_question_and_are_never_guessed() {
    let setting = Setting::new();
    let hello = repository("octo/hello");
    let answer = |text: &'static str, status: &'static str| {
        move |_: &crate::git_backend::Asked| Answer::Raw(response(status, &[], text.as_bytes()))
    };
    let good = r#"{"id": 7, "full_name": "Octo/Hello", "owner": {"id": 3}}"#;
    setting.server.decide(answer(good, "200 OK"));
    let cache = setting.cache();
    let client = setting.client_with(Some(&cache), Mode::Online, quick());
    let ids = client.repository_ids(&hello).unwrap();
    assert_eq!((ids.owner, ids.repository), (3, 7));
    assert_eq!(client.repository_ids(&hello).unwrap(), ids);
    assert_eq!(client.counts().rest, 1);
    let offline = setting.client_with(Some(&cache), Mode::Offline, quick());
    assert_eq!(offline.repository_ids(&hello).unwrap(), ids);
    let moved = r#"{"id": 7, "full_name": "new/hello", "owner": {"id": 3}}"#;
    for (text, status) in [
        (moved, "200 OK"),
        ("{}", "200 OK"),
        ("", "404 Not Found"),
        ("", "403 Forbidden"),
    ] {
        setting.server.decide(answer(text, status));
        assert!(setting.client().repository_ids(&hello).is_err(), "{text}");
    }
}
