#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use cofferdam_facts::pin::Commit;
use cofferdam_workflows::documents::cofferdam_lock::Tool;

use super::*;

fn pin(text: &str) -> Pin {
    Pin::parse(text).unwrap()
}

fn entry(digit: &str, uses: &[&str]) -> Entry {
    let commit = Commit::parse(&format!("sha1-{}", digit.repeat(40))).unwrap();
    let mut entry = Entry::new(commit, Hash::Known(format!("h1:{digit}")));
    entry.paths.insert(".".to_owned());
    entry.uses = uses.iter().map(|text| pin(text)).collect();
    entry
}

#[test]
fn a_new_ref_of_the_same_action_is_a_move() {
    let mut base = Contents::default();
    base.actions.insert(pin("a/b@v1"), entry("1", &["c/d@v1"]));
    base.actions.insert(pin("a/gone@v1"), entry("1", &[]));
    base.actions.insert(pin("a/same@v1"), entry("1", &[]));
    let mut head = Contents::default();
    let mut moved = entry("2", &["c/d@v1", "evil/new@v1"]);
    moved.permissions.insert("contents: write".to_owned());
    head.actions.insert(pin("a/b@v2"), moved);
    head.actions.insert(pin("a/new@v1"), entry("1", &[]));
    head.actions.insert(pin("a/same@v1"), entry("1", &[]));
    let found = compare(&base, &head);
    assert_eq!(found.actions.len(), 3);
    let first = &found.actions[0];
    assert_eq!(first.old.as_ref().unwrap().0, pin("a/b@v1"));
    assert_eq!(first.uses().0, [pin("evil/new@v1")].into());
    assert_eq!(first.permissions().0, ["contents: write".to_owned()].into());
    assert!(!first.ref_moved() && !first.content_forged());
    assert!(found.actions[1].old.is_none());
    assert!(found.actions[2].new.is_none());
    assert!(compare(&head, &head).is_empty());
}

#[test]
fn a_moved_ref_and_a_forged_content_are_told_apart() {
    let lock = |digit: &str, tree: &str| {
        let mut contents = Contents::default();
        let tree = Hash::Known(format!("h1:{tree}"));
        contents.actions.insert(
            pin("a/b@v1"),
            Entry {
                tree,
                ..entry(digit, &[])
            },
        );
        contents
    };
    let moved = compare(&lock("1", "1"), &lock("2", "2"));
    assert!(moved.actions[0].ref_moved() && !moved.actions[0].content_forged());
    let forged = compare(&lock("1", "1"), &lock("1", "2"));
    assert!(!forged.actions[0].ref_moved() && forged.actions[0].content_forged());
    // A path that is newly left out of the hash, which is the one without it.
    let mut hidden = lock("1", "2");
    let entry = hidden.actions.get_mut(&pin("a/b@v1")).unwrap();
    entry.excluded.insert("dist/index.js".to_owned());
    entry.accepted.insert("dist/index.js".to_owned());
    let forged = compare(&lock("1", "1"), &hidden);
    assert!(forged.actions[0].content_forged());
    assert_eq!(
        forged.actions[0].accepted().0,
        ["dist/index.js".to_owned()].into()
    );
}

#[test]
fn other_entries_are_compared_by_key() {
    let mut base = Contents::default();
    let mut head = Contents::default();
    let known = |text: &str| Hash::Known(text.to_owned());
    base.images.insert("alpine:3".to_owned(), known("sha256:1"));
    head.images.insert("alpine:3".to_owned(), known("sha256:2"));
    head.downloads
        .insert("https://x".to_owned(), Hash::NotKnown);
    let tool = Tool::parse("a/b@v1 go 1.25").unwrap();
    base.tools.insert(tool.clone(), "go.dev".to_owned());
    let found = compare(&base, &head).entries;
    let told: Vec<_> = found
        .iter()
        .map(|e| (e.key.clone(), e.old.as_deref(), e.new.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (
                Key::Image("alpine:3".to_owned()),
                Some("sha256:1"),
                Some("sha256:2")
            ),
            (Key::Tool(tool), Some("go.dev"), None),
            (
                Key::Download("https://x".to_owned()),
                None,
                Some("no hash known")
            ),
        ]
    );
}

#[test]
fn more_calls_of_a_file_are_news() {
    let old = [
        File::new("a.js", b"require('fs')"),
        File::new("b.sh", b"curl x\n"),
        File::new("c", b""),
    ];
    let new = [
        File::new("a.js", b"require('fs');require('net')"),
        File::new("b.sh", b"curl x\n"),
        File::new("d.sh", b"ssh x\n"),
    ];
    let found = of_files(&old, &new);
    assert_eq!(found.changed, ["a.js"]);
    assert_eq!(
        (found.added, found.removed),
        (vec!["d.sh".to_owned()], vec!["c".to_owned()])
    );
    let calls: Vec<_> = found
        .calls
        .iter()
        .map(|c| (c.path.as_str(), c.name.as_str(), c.before, c.after))
        .collect();
    assert_eq!(
        calls,
        [("a.js", "network net", 0, 1), ("d.sh", "network ssh", 0, 1)]
    );
}

#[test]
fn both_locks_are_one() {
    let text = "version: v0.0.2\ndependencies:\n  a/b@v1: {ref: v1, commit: sha1-1111111111111111111111111111111111111111, owner_id: 1, repo_id: 2, uses: [c/d@v1]}\n";
    let theirs = ActionsLock::parse(cofferdam_facts::SourceFile::new("x", text));
    let all = together(None, Some(&theirs));
    assert_eq!(all.actions[&pin("a/b@v1")].uses, [pin("c/d@v1")].into());
    let mut ours = Contents::default();
    ours.actions.insert(pin("a/b@v1"), entry("2", &[]));
    assert_eq!(together(Some(&ours), Some(&theirs)), ours);
}
