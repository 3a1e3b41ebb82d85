//! Which version a commit is, by the tags that lead to it, and what a comment
//! says that it is.

use cofferdam_registries::git::{ObjectId, RefListing};

/// The most precise version among the tags that lead to a commit; of those, one
/// that begins like `like` first.
pub(super) fn of_commit<'r>(
    refs: &'r RefListing,
    commit: ObjectId,
    like: Option<&str>,
) -> Option<&'r str> {
    let tags = refs.tags_at(commit);
    let versions = tags.iter().filter(|tag| numbers(tag).is_some());
    versions
        .max_by_key(|tag| {
            let parts = numbers(tag).map_or(0, |numbers| numbers.len());
            let released = !tag.contains('-');
            let fits = like.is_some_and(|like| refines(tag, like));
            // Of equals the first by name, whatever the number of tags.
            (fits, released, parts, std::cmp::Reverse(**tag))
        })
        .copied()
}

/// Whether a version is the other one or a more precise form of it: `v4.2.1` is
/// one of `v4`, and `v40` is none.
pub(super) fn refines(version: &str, of: &str) -> bool {
    version
        .strip_prefix(of)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The numbers of a version: of `release/v1.2-rc1` one and two.
fn numbers(tag: &str) -> Option<Vec<u64>> {
    let word = tag.rsplit('/').next().unwrap_or(tag);
    let at = word.find(|letter: char| letter.is_ascii_digit())?;
    let (before, rest) = word.split_at(at);
    let known = before.is_empty() || before.ends_with(['v', 'V', '-', '_']);
    let core = rest.split(['-', '+']).next().unwrap_or(rest);
    let numbers: Option<Vec<u64>> = core.split('.').map(|part| part.parse().ok()).collect();
    numbers.filter(|_| known)
}

/// The version that a comment names, with the bytes of it inside of the
/// comment's words. Tools write it in several ways: `v1.2.3`, `tag=v1.2.3`,
/// `pin@v1.2.3`, `ratchet:owner/name@v1.2.3`.
pub(super) fn in_comment<'c>(words: &'c str, refs: &RefListing) -> Option<&'c str> {
    let first = words.split_whitespace().next()?;
    let bare = first.rsplit(['@', '=']).next().unwrap_or(first);
    let bare = bare.trim_end_matches([',', ';', ':', ')']);
    let known = refs.tags.contains_key(bare) || refs.branches.contains_key(bare);
    let looks = bare
        .strip_prefix(['v', 'V'])
        .unwrap_or(bare)
        .starts_with(|letter: char| letter.is_ascii_digit());
    (known || looks).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_other_names() {
        assert_eq!(numbers("v1.2.3"), Some(vec![1, 2, 3]));
        assert_eq!(numbers("1"), Some(vec![1]));
        assert_eq!(numbers("release/v1.2-rc1"), Some(vec![1, 2]));
        assert_eq!(numbers("codeql-bundle-v2.1.0"), Some(vec![2, 1, 0]));
        for name in ["latest", "x1y2", "v1.x", "", "main"] {
            assert_eq!(numbers(name), None, "{name}");
        }
        assert!(refines("v4.2.1", "v4") && refines("v4", "v4") && !refines("v40", "v4"));
    }
}
