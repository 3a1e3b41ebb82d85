//! Servers that speak no version 2 of the protocol, by an installed git.

use std::time::{Duration, Instant};

use cofferdam_registries::git::{
    GitClient, GitError, GitLimits, Host, Hosts, Membership, Mode, PUBLIC_HOST, PackLimits, Proof,
    SystemGit,
};

use crate::git_backend::{Answer, Asked, Made, response};
use crate::setting::{Setting, id, quick, repository};

fn client(setting: &Setting, limits: GitLimits) -> GitClient {
    let path = std::env::var_os("PATH").unwrap();
    let program = std::env::split_paths(&path)
        .map(|folder| folder.join("git"))
        .find(|path| path.is_file())
        .unwrap();
    let scratch = setting.folder.path().join("scratch");
    std::fs::create_dir_all(&scratch).unwrap();
    let git = SystemGit::new(&program, &scratch);
    setting
        .client_with(None, Mode::Online, limits)
        .with_system_git(git)
}

/// A history of some commits with a side branch, an annotated tag, and a commit
/// that nothing leads to.
struct History {
    made: Made,
    first: String,
    tip: String,
    side: String,
    gone: String,
}

fn history(setting: &Setting) -> History {
    let made = setting.make("octo/hello");
    let first = made.write("action.yml", "name: x\n").commit("first");
    made.git(&["tag", "-a", "-m", "x", "v1.0.0"]);
    made.git(&["checkout", "-q", "-b", "side"]);
    made.write("b", "1").commit("side");
    let side = made.git(&["rev-parse", "HEAD"]);
    made.write("b", "2").commit("tip of side");
    made.git(&["checkout", "-q", "-b", "gone", "main"]);
    let gone = made.write("a", "evil").commit("gone");
    made.git(&["checkout", "-q", "main"]);
    made.git(&["branch", "-q", "-D", "gone"]);
    let tip = made.write("a", "2").commit("second");
    made.git(&["repack", "-adq"]);
    made.git(&["update-server-info"]);
    History {
        made,
        first,
        tip,
        side,
        gone,
    }
}

#[test]
fn a_server_of_version_0_and_one_of_files_are_asked_by_git() {
    let setting = Setting::new();
    let history = history(&setting);
    let hello = repository("octo/hello");
    let new = setting.client();
    let due = new.list_refs(&hello).unwrap();
    let tree = new.fetch_commit(&hello, id(&history.tip)).unwrap();
    let answers: [fn(&Asked) -> Answer; 2] = [|_| Answer::Old, |_| Answer::File];
    for answer in answers {
        setting.server.decide(answer);
        setting.server.take_asked();
        let client = client(&setting, quick());
        let refs = client.list_refs(&hello).unwrap();
        assert_eq!(
            (&refs.branches, &refs.tags, &refs.default_branch),
            (&due.branches, &due.tags, &due.default_branch)
        );
        let found = client.fetch_commit(&hello, id(&history.tip)).unwrap();
        assert_eq!(found, tree);
        let member = |commit: &str| client.membership(id(commit), &refs);
        match member(&history.side) {
            Membership::Member {
                by: Proof::InBranch(name),
            } => assert_eq!(name, "side"),
            other => panic!("{other:?}"),
        }
        match client.in_branch(id(&history.first), &refs, "main") {
            Membership::Member { .. } => {}
            other => panic!("{other:?}"),
        }
        for stranger in [&history.gone, &"7".repeat(40)] {
            let found = member(stranger);
            assert!(matches!(found, Membership::Impostor), "{found:?}");
        }
        // Whether one of no ref is given out or not, it is never called absent.
        let gone = client.fetch_commit(&hello, id(&history.gone));
        assert!(gone.is_ok() || !gone.is_err_and(|error| error.is_absence()));
        // Each request is counted; all membership took one fetch of everything.
        let counts = client.counts();
        let asked = setting.server.take_asked();
        assert_eq!(counts.total(), asked.len() as u64, "{counts:?} {asked:#?}");
        assert!(counts.system > 0 && counts.greetings == 1, "{counts:?}");
    }
    drop(history.made);
}

#[test]
fn github_itself_is_never_asked_by_an_older_protocol() {
    let setting = Setting::new();
    let mut hosts = Hosts::default();
    hosts.set(PUBLIC_HOST, Host::new("https://github.com", None));
    let host = hosts.get(PUBLIC_HOST).unwrap();
    assert!(host.is_public());
    for mirror in [
        "https://github.com:8443",
        "https://github.com.example",
        "http://127.0.0.1:1",
    ] {
        assert!(!Host::new(mirror, None).is_public(), "{mirror}");
    }
    // And without an installed git that is handed over, nobody is.
    history(&setting);
    setting.server.decide(|_| Answer::Old);
    let error = setting
        .client()
        .list_refs(&repository("octo/hello"))
        .unwrap_err();
    assert!(matches!(error, GitError::Protocol { .. }), "{error}");
}

#[test]
fn nothing_of_a_user_decides_what_git_does() {
    let setting = Setting::new();
    history(&setting);
    setting.server.decide(|_| Answer::Old);
    // A redirect after the greeting of our own client is not followed by git.
    let thief = Setting::new();
    let root = thief.server.root.clone();
    let first = std::sync::atomic::AtomicBool::new(true);
    setting.server.decide(move |asked| {
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            return Answer::Old;
        }
        let to = format!("{root}{}?{}", asked.path, asked.query);
        Answer::Raw(response("302 There", &[("location", &to)], b""))
    });
    let error = client(&setting, quick())
        .list_refs(&repository("octo/hello"))
        .unwrap_err();
    assert!(matches!(error, GitError::System { .. }), "{error}");
    assert!(thief.server.take_asked().is_empty());
    // A server that asks who it is gets no answer, and nobody is asked for one.
    let first = std::sync::atomic::AtomicBool::new(true);
    setting.server.decide(move |_| {
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            return Answer::Old;
        }
        let wants = ("www-authenticate", "Basic realm=\"x\"");
        Answer::Raw(response("401 Who", &[wants], b""))
    });
    setting.server.take_asked();
    let error = client(&setting, quick())
        .list_refs(&repository("octo/hello"))
        .unwrap_err();
    assert!(matches!(error, GitError::System { .. }), "{error}");
    for asked in setting.server.take_asked() {
        assert!(
            asked
                .headers
                .iter()
                .all(|(name, _)| name != "authorization")
        );
    }
}

#[test]
fn an_older_server_that_never_ends_or_sends_too_much_is_left() {
    let setting = Setting::new();
    let history = history(&setting);
    let big: Vec<u8> = (0..3_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let big = history.made.write("big", big).commit("big");
    let hello = repository("octo/hello");
    setting.server.decide(|_| Answer::Old);
    let small = GitLimits {
        commit: PackLimits {
            total_bytes: 1 << 20,
            pack_bytes: 1 << 20,
            ..PackLimits::default()
        },
        ..quick()
    };
    let error = client(&setting, small)
        .fetch_commit(&hello, id(&big))
        .unwrap_err();
    assert!(error.to_string().contains("more bytes"), "{error}");
    let short = GitLimits {
        total: Duration::from_secs(3),
        idle: Duration::from_secs(3),
        ..quick()
    };
    setting.server.decide(|asked| {
        if asked.method == "GET" {
            return Answer::Old;
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-git-upload-pack-result\r\n\r\n0008NAK\n";
        let progress = format!("{:04x}\u{2}{}", 1005, "x".repeat(1000));
        Answer::Endless(head.as_bytes().to_vec(), progress.into_bytes())
    });
    let begun = Instant::now();
    let error = client(&setting, short)
        .fetch_commit(&hello, id(&history.tip))
        .unwrap_err();
    assert!(matches!(error, GitError::System { .. }), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(25));
    // Nothing stays behind.
    let scratch = setting.folder.path().join("scratch");
    assert_eq!(std::fs::read_dir(scratch).unwrap().count(), 0);
}
