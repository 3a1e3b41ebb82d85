use std::time::{Duration, Instant};

use cofferdam_registries::git::{Commit, Entry, ObjectId, Signature};

use super::*;

const ID: &str = "1111111111111111111111111111111111111111";

fn id() -> ObjectId {
    ID.parse().unwrap()
}

fn file(bytes: &Arc<[u8]>) -> Content {
    Content::File {
        bytes: Arc::clone(bytes),
        executable: false,
        blob: id(),
        depends: None,
    }
}

fn link(target: &str) -> Content {
    Content::Symlink {
        target: target.to_owned(),
    }
}

fn tree(entries: impl IntoIterator<Item = (String, Content)>) -> ActionTree {
    let mut entries: Vec<Entry> = (entries.into_iter())
        .map(|(path, content)| Entry { path, content })
        .collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    ActionTree {
        commit: Commit {
            id: id(),
            tree: id(),
            parents: Vec::new(),
            author: Signature::default(),
            committer: Signature::default(),
            message: String::new(),
        },
        entries,
        left_out: Vec::new(),
    }
}

/// Fails if something takes so long that it is not bounded.
fn soon<T>(what: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let found = what();
    assert!(start.elapsed() < Duration::from_secs(60));
    found
}

#[test]
fn folders_that_link_to_each_other_are_no_maze() {
    // Twelve folders with a link to each other one have 12! paths.
    let names: Vec<String> = (0..12).map(|n| format!("d{n}")).collect();
    let links = names.iter().flat_map(|from| {
        let others = names.iter().filter(move |to| *to != from);
        others.map(move |to| (format!("{from}/{to}"), link(&format!("../{to}"))))
    });
    let found = soon(|| Unpacked::of(&tree(links)).unwrap_err());
    assert!(
        matches!(found, UnpackError::Steps | UnpackError::Excluded),
        "{found:?}"
    );
    // The same with a file in each, so that no path is told apart.
    let bytes: Arc<[u8]> = Arc::from(&b"x"[..]);
    let links = (0..40).flat_map(|n| {
        let next = format!("../d{}", n + 1);
        let one = |name: &str| (format!("d{n}/{name}"), link(&next));
        let leaf = (format!("d{n}/file"), file(&bytes));
        [one("a"), one("b"), leaf]
    });
    let last = [("d40/file".to_owned(), file(&bytes))];
    let found = soon(|| Unpacked::of(&tree(links.chain(last))).unwrap_err());
    assert!(
        matches!(found, UnpackError::Files | UnpackError::Steps),
        "{found:?}"
    );
}

#[test]
fn a_link_that_goes_around_for_long_costs_no_more_than_a_step_each() {
    let target = "a/../".repeat(800);
    let links = (0..2_000).map(|n| (format!("l{n:04}"), link(&format!("{target}l{:04}", n + 1))));
    let folder = [("a/x".to_owned(), file(&Arc::from(&b""[..])))];
    let found = soon(|| Unpacked::of(&tree(links.chain(folder))).unwrap_err());
    assert_eq!(found, UnpackError::Steps);
}

#[test]
fn many_links_to_one_large_file_are_hashed_once_and_refused_where_a_disk_would_fill() {
    let large: Arc<[u8]> = Arc::from(vec![b'x'; 1 << 20]);
    let links = |count: usize| {
        let links = (0..count).map(|n| (format!("l{n:05}"), link("large")));
        tree(links.chain([("large".to_owned(), file(&large))]))
    };
    let unpacked = Unpacked::of(&links(1_000)).unwrap();
    // A gigabyte one file after the other takes longer than this in a test.
    let start = Instant::now();
    let hash = unpacked.h1().unwrap();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(unpacked.for_difference().len(), 1_001);
    let plain = (0..1_000).map(|n| (format!("l{n:05}"), file(&large)));
    let plain = tree(plain.chain([("large".to_owned(), file(&large))]));
    assert_eq!(Unpacked::of(&plain).unwrap().h1().unwrap(), hash);
    let found = soon(|| Unpacked::of(&links(1_100)).unwrap_err());
    assert_eq!(found, UnpackError::Repeated);
}

#[test]
fn paths_that_depend_on_the_machine_are_not_told_without_end() {
    let links = (0..=MOST_EXCLUDED).map(|n| (format!("l{n}"), link("/etc/passwd")));
    let found = Unpacked::of(&tree(links)).unwrap_err();
    assert_eq!(found, UnpackError::Excluded);
    let deep = "d/".repeat(MOST_DEPTH + 2);
    let found = Unpacked::of(&tree([(format!("{deep}x"), file(&Arc::from(&b""[..])))]));
    assert_eq!(found.unwrap_err(), UnpackError::Depth);
}
