//! `cofferdam pin` against servers, forks and mirrors that attack.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::git_backend::{Answer, Asked, GitServer, plain_git, response};
use crate::pins::{World, codes};

const RESULT: (&str, &str) = ("content-type", "application/x-git-upload-pack-result");

fn asks(asked: &Asked, command: &str) -> bool {
    let line = format!("command={command}");
    let bytes = line.as_bytes();
    asked.body.windows(bytes.len()).any(|part| part == bytes)
}

fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

/// An answer to `ls-refs` with these lines.
fn listing(lines: &[String]) -> Answer {
    let mut body: String = lines.iter().map(|one| line(one)).collect();
    body.push_str("0000");
    Answer::Raw(response("200 OK", &[RESULT], body.as_bytes()))
}

#[test]
fn a_commit_of_a_fork_network_is_proven_an_impostor() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1.0.0"]);
    made.write("a", "2").commit("second");
    let fork = world.make("mallory/hello");
    let source = made.folder.to_str().unwrap();
    fork.git(&["fetch", "-q", source, "main:main", "--update-head-ok"]);
    fork.git(&["checkout", "-q", "main"]);
    let evil = fork.write("a", "evil").commit("Release v1.0.1");
    // The host keeps the objects of both in one store.
    let objects = made.folder.join(".git/objects");
    let borrowed = format!("{}\n", fork.folder.join(".git/objects").display());
    fs::write(objects.join("info/alternates"), borrowed).unwrap();
    world.workflow(&format!(
        "      - uses: octo/hello@{first} # v1.0.0\n\
         \u{20}     - uses: octo/hello@{evil} # v1.0.1\n\
         \u{20}     - uses: mallory/hello@{evil}\n"
    ));
    let (code, value) = world.json("check", &[]);
    assert_eq!(
        (code, codes(&value)),
        (1, vec!["7:impostor".to_owned()]),
        "{value:#}"
    );
    assert_eq!(value["pinned"], 2);
    assert_eq!(value["requests"]["commits"], 0, "no tree is fetched for it");
    // Neither with the cache, nor as part of a change, nor by writing.
    let (_, value) = world.json("check", &["--offline"]);
    assert_eq!(value["pinned"], 2, "{value:#}");
    let before = world.text();
    assert_eq!(world.pin("write", &[]).code, 1);
    assert_eq!(world.text(), before);
}

#[test]
fn a_tag_that_moves_makes_the_comment_a_lie_unless_another_says_the_same() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1"]);
    made.git(&["tag", "v2"]);
    made.git(&["tag", "v2.0.0"]);
    world.workflow(&format!(
        "      - uses: octo/hello@{first} # v1\n      - uses: octo/hello@{first} # v2\n"
    ));
    assert_eq!(world.pin("check", &[]).code, 0);
    made.write("a", "2").commit("second");
    made.git(&["tag", "-f", "v1"]);
    made.git(&["tag", "-f", "v2"]);
    let (code, value) = world.json("check", &[]);
    assert_eq!(
        (code, codes(&value)),
        (1, vec!["6:lying-comment".to_owned()]),
        "{value:#}"
    );
}

#[test]
fn a_huge_repository_costs_no_more_questions_than_a_small_one() {
    let world = World::new();
    let made = world.make("octo/hello");
    // Thousands of commits and of tags, on a trunk and on branches of it.
    let mut stream = String::new();
    for number in 1..=12_000 {
        let branch = if number % 4 == 0 { "side" } else { "main" };
        stream.push_str(&format!(
            "commit refs/heads/{branch}\nmark :{number}\ncommitter A <a@b> {} +0000\ndata 1\nx\n",
            1_700_000_000 + number
        ));
        if number == 4 {
            stream.push_str("from :3\n");
        }
        stream.push_str(&format!("M 100644 inline f\ndata <<E\n{number}\nE\n\n"));
    }
    for number in 1..=6_000 {
        stream.push_str(&format!(
            "reset refs/tags/v0.0.{number}\nfrom :{number}\n\n"
        ));
    }
    let marks = made.folder.join("marks");
    let mut child = plain_git()
        .current_dir(&made.folder)
        .args(["fast-import", "--quiet"])
        .arg(format!("--export-marks={}", marks.display()))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stream.as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    let marks = fs::read_to_string(marks).unwrap();
    let commit = |number: usize| -> String {
        let mark = format!(":{number} ");
        let line = marks.lines().find(|line| line.starts_with(&mark)).unwrap();
        line[mark.len()..].to_owned()
    };
    world.workflow(&format!(
        "      - uses: octo/hello@{} # v0.0.5999\n\
         \u{20}     - uses: octo/hello@{} # v0.0.17\n\
         \u{20}     - uses: octo/hello@{}\n\
         \u{20}     - uses: octo/hello@{}\n\
         \u{20}     - uses: octo/hello@{}\n",
        commit(5_999),
        commit(18),
        commit(7_001),
        commit(7_004),
        "5".repeat(40),
    ));
    let begun = Instant::now();
    let (code, value) = world.json("check", &[]);
    assert_eq!(
        (code, codes(&value)),
        (
            1,
            vec!["7:lying-comment".to_owned(), "10:impostor".to_owned()]
        ),
        "{value:#}"
    );
    assert!(begun.elapsed() < Duration::from_secs(60));
    let requests = &value["requests"];
    assert_eq!(
        (&requests["listings"], &requests["commits"]),
        (&1.into(), &0.into())
    );
    assert!(requests["histories"].as_u64().unwrap() <= 6, "{requests}");
}

#[test]
fn a_server_that_lies_or_dies_proves_nothing() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.write("a", "2").commit("second");
    let evil = world.make("mallory/hello").write("a", "3").commit("evil");
    let made_up = "6".repeat(40);
    world.workflow(&format!(
        "      - uses: octo/hello@{first}\n      - uses: octo/hello@{evil}\n\
         \u{20}     - uses: octo/hello@{made_up}\n"
    ));
    type Lie = fn() -> Answer;
    let lies: [Lie; 7] = [
        // It dies at once, in the middle of the pack, and before its end.
        || Answer::Raw(Vec::new()),
        || Answer::Changed(Box::new(|body| body[..body.len() / 2].to_vec())),
        || Answer::Changed(Box::new(|body| body[..body.len() - 4].to_vec())),
        // Other bytes under the same name.
        || {
            Answer::Changed(Box::new(|mut body| {
                let at = body.len() - 40;
                body[at] ^= 1;
                body
            }))
        },
        || Answer::Raw(response("200 OK", &[RESULT], b"0000")),
        || Answer::Raw(response("200 OK", &[RESULT], b"000dpackfile\n0000")),
        || Answer::Raw(response("200 OK", &[("content-type", "text/html")], b"<p>")),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        world.server.decide(move |asked| {
            if asks(asked, "fetch") {
                return lie();
            }
            Answer::Git
        });
        let (code, value) = world.json("check", &[]);
        assert_eq!(
            (code, &value["pinned"]),
            (3, &0.into()),
            "{number}: {value:#}"
        );
        assert_eq!(codes(&value), Vec::<String>::new(), "{number}");
    }
    // One that dies in the listing, and one that never ends it.
    world.server.decide(|asked| {
        if asks(asked, "ls-refs") {
            return Answer::Changed(Box::new(|body| body[..body.len() - 4].to_vec()));
        }
        Answer::Git
    });
    assert_eq!(world.pin("check", &[]).code, 3);
    // More than any repository has.
    world.server.decide(|asked| {
        if !asks(asked, "ls-refs") {
            return Answer::Git;
        }
        let head = format!("HTTP/1.1 200 OK\r\n{}: {}\r\n\r\n", RESULT.0, RESULT.1);
        let one = line(&format!("{} refs/heads/x\n", "a".repeat(40)));
        Answer::Endless(head.into_bytes(), one.into_bytes())
    });
    let begun = Instant::now();
    assert_eq!(world.pin("check", &[]).code, 3);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn names_that_would_write_lines_of_their_own_are_no_names() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    for name in [
        "refs/tags/v1.0.0-\n\"evil\":",
        "refs/tags/v1.0.0-\r\"evil\":",
        "refs/tags/v1.0.0-\u{85}evil",
        "refs/tags/v1.0.0-\u{2028}evil",
        "refs/tags/v1.0.0-\u{1b}[2J",
        "refs/tags/../../v1.0.0",
        "refs/tags/v1.0.0^{}",
        "refs/tags/v1.0.0.lock",
    ] {
        let lines = [
            format!("{first} HEAD symref-target:refs/heads/main\n"),
            format!("{first} refs/heads/main\n"),
            format!("{first} {name}\n"),
        ];
        world.server.decide(move |asked| {
            if asks(asked, "ls-refs") {
                return listing(&lines);
            }
            Answer::Git
        });
        world.workflow("      - uses: octo/hello@main\n");
        let before = world.text();
        let ran = world.pin("write", &[]);
        assert_eq!(ran.code, 1, "{name:?}: {}{}", ran.out, ran.err);
        assert_eq!(world.text(), before, "{name:?}");
        let shown = ran.out.contains('\u{1b}') || ran.out.contains("\n\"evil\"");
        assert!(!shown, "{name:?}: {}", ran.out);
    }
    // Letters that turn others around are listed, and never written.
    let lines = [
        format!("{first} refs/heads/main\n"),
        format!("{first} refs/tags/v1.0.0-\u{202e}x\n"),
    ];
    world.server.decide(move |asked| {
        if asks(asked, "ls-refs") {
            return listing(&lines);
        }
        Answer::Git
    });
    assert_eq!(world.pin("write", &[]).code, 0);
    assert!(
        world
            .text()
            .contains(&format!("octo/hello@{first} # main\n")),
        "{}",
        world.text()
    );
}

#[test]
fn a_branch_that_is_called_like_a_commit_is_named() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.write("a", "2").commit("second");
    made.git(&["update-ref", &format!("refs/heads/{first}"), "HEAD"]);
    world.workflow(&format!("      - uses: octo/hello@{first}\n"));
    let (code, value) = world.json("check", &[]);
    assert_eq!(
        (code, codes(&value), &value["pinned"]),
        (1, vec!["6:ambiguous-ref".to_owned()], &0.into()),
        "{value:#}"
    );
}

#[test]
fn an_older_mirror_is_asked_by_git_and_a_hostile_configuration_is_not_read() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1.0.0"]);
    made.write("a", "2").commit("second");
    made.git(&["checkout", "-q", "--orphan", "gone"]);
    let gone = made.write("a", "3").commit("gone");
    made.git(&["checkout", "-q", "main"]);
    made.git(&["branch", "-q", "-D", "gone"]);
    world.workflow(&format!(
        "      - uses: octo/hello@{first} # v1.0.0\n      - uses: octo/hello@{gone}\n"
    ));
    world.server.decide(|_| Answer::Old);
    let thief = GitServer::start(&world.sandbox.outside());
    let ran = world.sandbox.outside().join("ran");
    let evil = format!(
        "[url \"{}/\"]\n\tinsteadOf = {}/\n[credential]\n\thelper = \"!touch {}\"\n[core]\n\t\
         sshCommand = touch {ran}\n\tfsmonitor = touch {ran}\n[http]\n\textraHeader = X-Evil: 1\n",
        thief.root,
        world.server.root,
        ran.display(),
        ran = ran.display(),
    );
    world.sandbox.commit();
    let config = world.sandbox.path(".git/config");
    let before = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{before}{evil}")).unwrap();
    let home = world.sandbox.outside().join("home");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join(".gitconfig"), &evil).unwrap();
    let host = world.server.root.strip_prefix("http://127.0.0.1:").unwrap();
    let netrc = "machine 127.0.0.1 login me password s3\n";
    fs::write(home.join(".netrc"), netrc).unwrap();
    let path = std::env::var("PATH").unwrap();
    let variables = [
        ("PATH", path.as_str()),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "http.extraHeader"),
        ("GIT_CONFIG_VALUE_0", "X-Evil: 2"),
        ("GIT_TRACE_CURL", "1"),
    ];
    world.server.take_asked();
    let ran_it = world.pin_in(&variables, "check", &["--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&ran_it.out).unwrap();
    assert_eq!(
        (ran_it.code, codes(&value), &value["pinned"]),
        (1, vec!["7:impostor".to_owned()], &1.into()),
        "{host}: {value:#}"
    );
    assert!(thief.take_asked().is_empty());
    assert!(!ran.exists());
    let asked = world.server.take_asked();
    let names = ["authorization", "x-evil"];
    let headers = asked.iter().flat_map(|one| &one.headers);
    assert!(
        headers
            .clone()
            .all(|(name, _)| !names.contains(&name.as_str()))
    );
    let counts = &value["requests"];
    let total = counts["greetings"].as_u64().unwrap() + counts["system_git"].as_u64().unwrap();
    assert_eq!(total, asked.len() as u64, "{counts}");
    // Without an installed git it is not checked.
    let (code, value) = world.json("check", &[]);
    assert_eq!((code, &value["pinned"]), (3, &0.into()));
}
