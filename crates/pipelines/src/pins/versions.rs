//! Which version a commit is, by the tags that lead to it, and what a comment
//! says that it is.

use cofferdam_facts::Timestamp;
use cofferdam_registries::git::{ObjectId, RefListing};

/// The most precise version among the tags that lead to a commit; of those, one
/// that begins like `like` first.
pub(super) fn of_commit<'r>(
    refs: &'r RefListing,
    commit: ObjectId,
    like: Option<&str>,
) -> Option<&'r str> {
    let tags = refs.tags_at(commit);
    // It is written into a file: nothing that hides or turns letters around.
    let versions = (tags.iter())
        .filter(|tag| numbers(tag).is_some() && tag.bytes().all(|byte| byte.is_ascii_graphic()));
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
    let begins = |version: &str, of: &str| {
        version
            .strip_prefix(of)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    // `4.2` and `v4.2` are two ways to write one version.
    let plain = |name: &str| name.strip_prefix(['v', 'V']).unwrap_or(name).to_owned();
    !plain(of).is_empty() && (begins(version, of) || begins(&plain(version), &plain(of)))
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

/// Words that stand before a version and say nothing.
const FILLERS: [&str; 12] = [
    "version", "ver", "release", "tag", "pin", "pinned", "is", "at", "to", "ref", "renovate",
    "from",
];
/// What a version may begin with besides a `v`.
const PREFIXES: [&str; 8] = [
    "release", "releases", "rel", "version", "ver", "tag", "tags", "stable",
];

/// The version or the branch that a comment names, as it stands there. Tools
/// write it in several ways: `v1.2.3`, `tag=v1.2.3`, `pin@v1.2.3`,
/// `ratchet:owner/name@v1.2.3`, `version 1.2.3`.
pub(super) fn in_comment<'c>(words: &'c str, refs: &RefListing) -> Option<&'c str> {
    let slug = refs.repository.slug().to_ascii_lowercase();
    for word in words.split_whitespace() {
        let bare = word.rsplit(['@', '=']).next().unwrap_or(word);
        let bare = bare.trim_matches(['(', ')', '[', ']', '"', '\'', '`', ',', ';', ':', '#']);
        let bare = bare.strip_prefix("refs/tags/").unwrap_or(bare);
        let bare = bare.strip_prefix("refs/heads/").unwrap_or(bare);
        let known = refs.tags.contains_key(bare) || refs.branches.contains_key(bare);
        if known || is_version(bare, refs) {
            return Some(bare);
        }
        let word = bare.to_ascii_lowercase();
        let filler = word.is_empty()
            || FILLERS.contains(&word.as_str())
            || word == slug
            || word == refs.repository.name().to_ascii_lowercase();
        if !filler {
            return None;
        }
    }
    None
}

/// Whether a word claims to be a version, whether there is such a one or not:
/// `v9.9.9`, `9.9`, `release-1.0.0`, and what begins like a tag that exists.
fn is_version(word: &str, refs: &RefListing) -> bool {
    let plain = word.strip_prefix(['v', 'V']).unwrap_or(word);
    if plain.starts_with(|letter: char| letter.is_ascii_digit()) {
        // A day is none, unless the project names its versions so.
        return Timestamp::parse_date(word).is_none();
    }
    if numbers(word).is_none() {
        return false;
    }
    let before = prefix(word);
    let said = before
        .trim_end_matches(['v', 'V'])
        .trim_end_matches(['-', '_', '/', '.'])
        .to_ascii_lowercase();
    PREFIXES.contains(&said.as_str())
        || said == refs.repository.name().to_ascii_lowercase()
        || refs.tags.keys().any(|tag| prefix(tag) == before)
}

/// What stands before the digits of the last part of a name.
fn prefix(name: &str) -> &str {
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let digits = name
        .get(last..)
        .and_then(|rest| rest.find(|c: char| c.is_ascii_digit()));
    digits
        .and_then(|at| name.get(..last + at))
        .unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeMap;

    use cofferdam_registries::git::{Repository, Target};

    use super::*;

    fn refs(tags: &[&str], branches: &[&str]) -> RefListing {
        let target = Target {
            object: ObjectId::from_bytes([1; 20]),
            peeled: None,
        };
        let all = |names: &[&str]| -> BTreeMap<String, Target> {
            names
                .iter()
                .map(|name| ((*name).to_owned(), target))
                .collect()
        };
        RefListing {
            repository: Repository::public("octo", "hello").unwrap(),
            default_branch: Some("main".to_owned()),
            branches: all(branches),
            tags: all(tags),
            listed_at: 0,
        }
    }

    #[test]
    fn what_a_comment_claims_is_found_however_it_is_put() {
        let refs = refs(&["v1.0.0", "bundle-v2.1.0"], &["main", "releases/v1"]);
        for (words, due) in [
            ("v1.0.0", Some("v1.0.0")),
            ("tag=v1.0.0", Some("v1.0.0")),
            ("ratchet:octo/hello@v1", Some("v1")),
            ("v9.9.9", Some("v9.9.9")),
            ("9.9", Some("9.9")),
            ("(v9.9.9)", Some("v9.9.9")),
            ("Version: 9.9.9", Some("9.9.9")),
            ("pinned to v9", Some("v9")),
            ("octo/hello v9", Some("v9")),
            ("refs/tags/v9.1", Some("v9.1")),
            ("release-1.0.0", Some("release-1.0.0")),
            ("Release 9.9.9 of last week", Some("9.9.9")),
            ("hello-3.0", Some("hello-3.0")),
            ("bundle-v9.0.0", Some("bundle-v9.0.0")),
            ("main", Some("main")),
            ("releases/v1", Some("releases/v1")),
            ("releases/v7", Some("releases/v7")),
            // Words of other kinds.
            ("zizmor: ignore[x]", None),
            ("ubuntu-24.04 alone", None),
            ("needed since v3 is broken", None),
            ("2024-05-01", None),
            ("the version that works", None),
            ("", None),
        ] {
            assert_eq!(in_comment(words, &refs), due, "{words}");
        }
    }

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
        assert!(refines("v4.2.1", "4.2") && refines("4.2.1", "v4") && !refines("v4.2", "v"));
    }
}
