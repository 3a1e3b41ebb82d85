//! Which lines of a file a change touches.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cofferdam_facts::SourceFile;
use similar::{ChangeTag, TextDiff};

/// A longer file counts as changed line by line, so that a comparison does not
/// take longer than the rest.
const MAX_BYTES: usize = 1024 * 1024;

/// What a change does to the lines of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Lines of the new file that the old one does not have.
    pub added: BTreeSet<usize>,
    /// Lines that are gone, each with its number in the old file.
    pub removed: Vec<(usize, String)>,
}

/// What a change does to each file that it touches, by its new path.
#[must_use]
pub fn changed(
    base: &[SourceFile],
    head: &[SourceFile],
    moved: &BTreeMap<String, String>,
) -> BTreeMap<String, Lines> {
    let old: BTreeMap<&str, &SourceFile> = base.iter().map(|f| (f.path(), f)).collect();
    let mut found = BTreeMap::new();
    for file in head {
        let before = moved.get(file.path()).map_or(file.path(), String::as_str);
        let text = old.get(before).map_or("", |file| file.text());
        if text != file.text() {
            found.insert(file.path().to_owned(), between(text, file.text()));
        }
    }
    let is_old = |path: &str| moved.values().any(|old| old == path);
    let here: BTreeSet<&str> = head.iter().map(SourceFile::path).collect();
    for (path, file) in old {
        if !here.contains(path) && !is_old(path) {
            found.insert(path.to_owned(), between(file.text(), ""));
        }
    }
    found
}

fn between(old: &str, new: &str) -> Lines {
    if old.len().max(new.len()) > MAX_BYTES {
        return Lines {
            added: (1..=new.lines().count()).collect(),
            removed: Vec::new(),
        };
    }
    let mut config = TextDiff::configure();
    config.timeout(Duration::from_secs(2));
    let diff = config.diff_lines(old, new);
    let mut lines = Lines::default();
    for change in diff.iter_all_changes() {
        match (change.tag(), change.old_index(), change.new_index()) {
            (ChangeTag::Insert, _, Some(at)) => {
                lines.added.insert(at + 1);
            }
            (ChangeTag::Delete, Some(at), _) => {
                let text = change.value().trim().to_owned();
                lines.removed.push((at + 1, text));
            }
            _ => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_from_those_that_moved() {
        let file = |path: &str, text: &str| SourceFile::new(path, text);
        let base = [file("a", "1\n2\n3\n"), file("b", "x\n"), file("c", "y\n")];
        let head = [file("a", "0\n1\n3\n"), file("d", "x\n")];
        let moved = BTreeMap::from([("d".to_owned(), "b".to_owned())]);
        let found = changed(&base, &head, &moved);
        let of_a = found.get("a");
        assert_eq!(
            of_a.map(|l| l.added.iter().copied().collect()),
            Some(vec![1])
        );
        assert_eq!(
            of_a.map(|l| l.removed.clone()),
            Some(vec![(2, "2".to_owned())])
        );
        assert!(!found.contains_key("d"), "{found:?}");
        assert_eq!(found.get("c").map(|l| l.removed.len()), Some(1));
    }
}
