//! One listing of refs a repository.

use cofferdam_registries::git::{Counts, GitError, Mode, Resolved};

use crate::git_backend::{Answer, response};
use crate::setting::{Setting, id, quick, repository};

#[test]
fn a_listing_is_what_git_lists_and_is_asked_for_once() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "light"]);
    made.git(&["tag", "-a", "-m", "annotated", "v1.0.0"]);
    made.git(&["tag", "-a", "-m", "tag of a tag", "v1", "v1.0.0"]);
    made.git(&["branch", "v1"]);
    let second = made.write("a", "2").commit("second");
    made.git(&["branch", "releases/next"]);
    made.git(&["update-ref", "refs/pull/1/head", &first]);
    let client = setting.client();
    let repository = repository("Octo/Hello");
    // A mirror may tell cases apart, so that names go as they are written.
    assert!(client.list_refs(&repository).is_err());
    let client = setting.client();
    let repository = crate::setting::repository("octo/hello");
    setting.server.take_asked();
    let refs = client.list_refs(&repository).unwrap();
    client.list_refs(&repository).unwrap();
    let asked = setting.server.take_asked();
    assert_eq!(asked.len(), 2, "one greeting, one listing");
    assert_eq!(
        client.counts(),
        Counts {
            greetings: 1,
            listings: 1,
            ..Counts::default()
        }
    );
    assert_eq!(refs.default_branch.as_deref(), Some("main"));
    let branches: Vec<&str> = refs.branches.keys().map(String::as_str).collect();
    assert_eq!(branches, ["main", "releases/next", "v1"]);
    let (first, second) = (id(&first), id(&second));
    assert_eq!(refs.tags_at(first), ["light", "v1", "v1.0.0"]);
    assert_eq!(refs.resolve("v1.0.0"), Resolved::Tag(first));
    let both = Resolved::Both {
        tag: first,
        branch: first,
    };
    assert_eq!(refs.resolve("v1"), both);
    assert_eq!(refs.resolve("refs/tags/v1"), Resolved::Tag(first));
    assert_eq!(refs.resolve("refs/heads/v1"), Resolved::Branch(first));
    assert_eq!(refs.resolve("releases/next"), Resolved::Branch(second));
    assert_eq!(refs.resolve("refs/pull/1/head"), Resolved::Nothing);
    assert_eq!(refs.resolve("V1.0.0"), Resolved::Nothing);
}

#[test]
fn a_listing_is_kept_and_used_offline_and_a_damaged_one_is_not() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "-a", "-m", "x", "v1"]);
    let repository = repository("octo/hello");
    let cache = setting.cache();
    let offline = || setting.client_with(Some(&cache), Mode::Offline, quick());
    let error = offline().list_refs(&repository).unwrap_err();
    assert!(matches!(error, GitError::NotCached { .. }), "{error}");
    let online = setting.client_with(Some(&cache), Mode::Online, quick());
    let fresh = online.list_refs(&repository).unwrap();
    setting.server.take_asked();
    assert_eq!(offline().list_refs(&repository).unwrap(), fresh);
    assert_eq!(fresh.resolve("v1"), Resolved::Tag(id(&first)));
    // One byte of the kept listing.
    let kept = files(&cache.join("git-2/refs")).remove(0);
    let mut bytes = std::fs::read(&kept).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    std::fs::write(&kept, bytes).unwrap();
    let client = offline();
    let error = client.list_refs(&repository).unwrap_err();
    assert!(matches!(error, GitError::NotCached { .. }), "{error}");
    assert_eq!(client.cache().unwrap().damaged(), 1);
    assert!(setting.server.take_asked().is_empty());
}

pub(crate) fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

#[test]
fn a_moved_tag_shows_in_the_next_listing() {
    let setting = Setting::new();
    let made = setting.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1"]);
    let repository = repository("octo/hello");
    let before = setting.client().list_refs(&repository).unwrap();
    let second = made.write("a", "2").commit("second");
    made.git(&["tag", "-f", "v1"]);
    let after = setting.client().list_refs(&repository).unwrap();
    assert_eq!(before.resolve("v1"), Resolved::Tag(id(&first)));
    assert_eq!(after.resolve("v1"), Resolved::Tag(id(&second)));
}

#[test]
fn a_renamed_owner_is_reported_and_never_followed() {
    let setting = Setting::new();
    let made = setting.make("new-owner/hello");
    made.write("a", "1").commit("first");
    let to = format!("{}/new-owner/hello.git/info/refs", setting.server.root);
    let sent = to.clone();
    setting.server.decide(move |asked| {
        if asked.path.starts_with("/octo/") {
            let headers = [("location", sent.as_str())];
            return Answer::Raw(response("301 Moved Permanently", &headers, b""));
        }
        Answer::Git
    });
    let error = setting
        .client()
        .list_refs(&repository("octo/hello"))
        .unwrap_err();
    match error {
        GitError::Moved { to: found, .. } => assert_eq!(found, to),
        other => panic!("{other}"),
    }
    assert_eq!(setting.server.take_asked().len(), 1, "nothing is followed");
    assert!(
        setting
            .client()
            .list_refs(&repository("new-owner/hello"))
            .is_ok()
    );
}

#[test]
fn what_does_not_exist_and_what_is_not_known_are_errors_of_their_own() {
    let setting = Setting::new();
    let client = setting.client();
    let error = client.list_refs(&repository("octo/none")).unwrap_err();
    assert!(matches!(error, GitError::NotFound { .. }), "{error}");
    let elsewhere =
        cofferdam_registries::git::Repository::new("git.example.com", "octo", "hello").unwrap();
    let error = client.list_refs(&elsewhere).unwrap_err();
    assert!(matches!(error, GitError::UnknownHost { .. }), "{error}");
    assert_eq!(setting.server.take_asked().len(), 1);
}
