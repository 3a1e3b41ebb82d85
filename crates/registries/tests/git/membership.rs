//! Whether a commit belongs to a repository.

use std::fs;

use cofferdam_registries::git::{GitError, GitLimits, Membership, Mode, Proof, Unknown};

use crate::git_backend::{Answer, plain_git, response};
use crate::setting::{Setting, id, quick, repository};

fn asked(setting: &Setting, slug: &str, commit: &str) -> Membership {
    let client = setting.client();
    let refs = client.list_refs(&repository(slug)).unwrap();
    client.membership(id(commit), &refs)
}

fn proof(membership: Membership) -> Proof {
    match membership {
        Membership::Member { by } => by,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tips_and_what_is_before_them_are_members() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    let second = made.write("a", "2").commit("second");
    made.git(&["tag", "-a", "-m", "x", "v2"]);
    made.git(&["checkout", "-q", "-b", "side", &first]);
    let aside = made.write("b", "1").commit("aside");
    let tip = made.write("b", "2").commit("tip of side");
    made.git(&["checkout", "-q", "-b", "tagged", &first]);
    let before_tag = made.write("c", "1").commit("before a tag");
    made.write("c", "2").commit("tagged");
    made.git(&["tag", "-a", "-m", "x", "v9"]);
    made.git(&["checkout", "-q", "main"]);
    made.git(&["branch", "-q", "-D", "tagged"]);
    let proofs = [
        (&second, Proof::Tag("v2".to_owned())),
        (&tip, Proof::Branch("side".to_owned())),
        (&first, Proof::InBranch("main".to_owned())),
        (&aside, Proof::InBranch("side".to_owned())),
        (&before_tag, Proof::InTag("v9".to_owned())),
    ];
    for (commit, expected) in proofs {
        assert_eq!(proof(asked(&setting, "octo/hello", commit)), expected);
    }
}

#[test]
fn a_tip_costs_no_request_and_a_merged_commit_one() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let mut commits = Vec::new();
    for count in 0..40 {
        commits.push(made.write("a", count.to_string()).commit("more"));
    }
    let client = setting.client();
    let refs = client.list_refs(&repository("octo/hello")).unwrap();
    assert!(client.membership(id(&commits[39]), &refs).is_member());
    assert_eq!(client.counts().total(), 2);
    setting.server.take_asked();
    assert!(client.membership(id(&commits[30]), &refs).is_member());
    assert_eq!(client.counts().histories, 1);
    assert!(client.membership(id(&commits[0]), &refs).is_member());
    assert_eq!(client.counts().total(), 4);
}

#[test]
fn a_commit_of_a_fork_is_an_impostor() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    made.write("a", "1").commit("first");
    // A host keeps the objects of all forks in one store.
    let fork = setting.make("mallory/hello");
    let objects = made.folder.join(".git/objects");
    fork.git(&[
        "fetch",
        "-q",
        made.folder.to_str().unwrap(),
        "main:main",
        "--update-head-ok",
    ]);
    fork.git(&["checkout", "-q", "main"]);
    let evil = fork.write("a", "evil").commit("Release v1.2.3");
    let alternates = fork.folder.join(".git/objects");
    fs::write(
        objects.join("info/alternates"),
        format!("{}\n", alternates.display()),
    )
    .unwrap();
    // The server gives it out under the name of the real repository.
    let client = setting.client();
    let hello = repository("octo/hello");
    let tree = client.fetch_commit(&hello, id(&evil)).unwrap();
    assert_eq!(tree.file("a"), Some(b"evil".as_slice()));
    let found = asked(&setting, "octo/hello", &evil);
    assert!(matches!(found, Membership::Impostor), "{found:?}");
    let found = asked(&setting, "mallory/hello", &evil);
    assert_eq!(proof(found), Proof::Branch("main".to_owned()));
}

#[test]
fn a_commit_of_a_deleted_branch_and_an_unrelated_history_are_impostors() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    made.write("a", "1").commit("first");
    made.git(&["checkout", "-q", "-b", "gone"]);
    let gone = made.write("a", "2").commit("gone");
    made.git(&["checkout", "-q", "--orphan", "other"]);
    let orphan = made.write("a", "3").commit("orphan");
    made.git(&["checkout", "-q", "main"]);
    made.git(&["branch", "-q", "-D", "gone", "other"]);
    made.git(&["update-ref", "refs/pull/7/head", &gone]);
    let never = "1".repeat(40);
    for commit in [&gone, &orphan, &never] {
        let found = asked(&setting, "octo/hello", commit);
        assert!(matches!(found, Membership::Impostor), "{found:?}");
    }
}

#[test]
fn whatever_keeps_from_an_answer_leaves_it_unknown() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.write("a", "2").commit("second");
    let made_up = "2".repeat(40);
    let client = setting.client();
    let refs = client.list_refs(&repository("octo/hello")).unwrap();
    let broken: [fn() -> Answer; 5] = [
        || Answer::Raw(Vec::new()),
        || Answer::Raw(response("500 Oh", &[], b"")),
        || Answer::Raw(response("200 OK", &[("content-type", "text/html")], b"<p>")),
        || Answer::Changed(Box::new(|body| body[..body.len() / 2].to_vec())),
        || {
            Answer::Changed(Box::new(|mut body| {
                let at = body.len() - 30;
                body[at] ^= 1;
                body
            }))
        },
    ];
    for answer in broken {
        setting.server.decide(move |_| answer());
        for commit in [&first, &made_up] {
            match client.membership(id(commit), &refs) {
                Membership::Unknown { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_server_with_a_part_of_the_history_proves_nothing() {
    let setting = Setting::new();
    let made = setting.make("octo/whole");
    let first = made.write("a", "1").commit("first");
    // The tip alone is there, and it names the commit before it.
    let second = made.write("a", "2").commit("second");
    made.write("a", "3").commit("third");
    let to = setting.server.folder.join("octo/part.git");
    let cloned = plain_git()
        .args(["clone", "-q", "--bare", "--depth", "1"])
        .arg(format!("file://{}", made.folder.display()))
        .arg(&to)
        .status()
        .unwrap();
    assert!(cloned.success());
    assert!(asked(&setting, "octo/part", &second).is_member());
    match asked(&setting, "octo/part", &first) {
        Membership::Unknown {
            reason: Unknown::Shallow { .. },
        } => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_proof_is_kept_for_offline_use_and_a_lacking_one_is_unknown() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.write("a", "2").commit("second");
    let cache = setting.cache();
    let slug = repository("octo/hello");
    let online = setting.client_with(Some(&cache), Mode::Online, quick());
    let refs = online.list_refs(&slug).unwrap();
    assert!(online.membership(id(&first), &refs).is_member());
    setting.server.take_asked();
    let offline = setting.client_with(Some(&cache), Mode::Offline, quick());
    let refs = offline.list_refs(&slug).unwrap();
    assert!(offline.membership(id(&first), &refs).is_member());
    match offline.membership(id(&"3".repeat(40)), &refs) {
        Membership::Unknown {
            reason: Unknown::Git(error),
        } => assert!(matches!(*error, GitError::NotCached { .. })),
        other => panic!("{other:?}"),
    }
    assert!(setting.server.take_asked().is_empty());
    // The branch goes back: the kept proof is none any more.
    made.git(&["checkout", "-q", "--orphan", "fresh"]);
    made.write("a", "3").commit("all anew");
    made.git(&["branch", "-q", "-M", "fresh", "main"]);
    let online = setting.client_with(Some(&cache), Mode::Online, quick());
    let refs = online.list_refs(&slug).unwrap();
    let found = online.membership(id(&first), &refs);
    assert!(matches!(found, Membership::Impostor), "{found:?}");
}

#[test]
fn many_strangers_cost_a_bounded_number_of_fetches() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let mut commits = Vec::new();
    for count in 0..12 {
        commits.push(made.write("a", count.to_string()).commit("more"));
    }
    made.git(&["branch", "side", &commits[5]]);
    let hello = repository("octo/hello");
    // Made up: the server does not know them and sends its whole history.
    let client = setting.client();
    let refs = client.list_refs(&hello).unwrap();
    for number in 0..50 {
        let made_up = format!("{number:040x}");
        let found = client.membership(id(&made_up), &refs);
        assert!(matches!(found, Membership::Impostor), "{found:?}");
    }
    assert_eq!(client.counts().histories, 2);
    assert!(client.membership(id(&commits[3]), &refs).is_member());
    // And those that it knows are not looked through without an end.
    let few = GitLimits {
        histories: 3,
        ..quick()
    };
    let client = setting.client_with(None, Mode::Online, few);
    let refs = client.list_refs(&hello).unwrap();
    for (number, commit) in commits.iter().enumerate().take(5) {
        let found = client.membership(id(commit), &refs);
        match (number, &found) {
            (0..3, Membership::Member { .. }) => {}
            (
                3..,
                Membership::Unknown {
                    reason: Unknown::Git(error),
                },
            ) => assert!(matches!(**error, GitError::TooMany { .. }), "{error}"),
            _ => panic!("{number}: {found:?}"),
        }
    }
}
