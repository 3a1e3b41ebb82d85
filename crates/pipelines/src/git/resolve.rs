//! From the name of a revision to a commit.

use gix_hash::ObjectId;
use gix_object::{CommitRefIter, Kind, TagRefIter};
use gix_ref::{FullName, Target};

use crate::git::objects::Objects;
use crate::git::{GitError, GitFolder};

/// How often a reference may lead to another, or a tag to another tag.
const MAX_HOPS: usize = 16;
/// The most steps back that `~N` may ask for.
const MAX_STEPS: usize = 100_000;
/// How many meanings of an ambiguous name are told.
const MAX_MEANINGS: usize = 8;

/// One step from a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// To the parent with this number, from 1 on; 0 is the commit itself.
    Parent(usize),
    /// To the first parent, so many times.
    Back(usize),
}

/// The commit that `revision` names.
pub(crate) fn resolve(
    git: &GitFolder,
    objects: &Objects,
    revision: &str,
) -> Result<ObjectId, GitError> {
    let (name, steps) = parse(revision).ok_or_else(|| GitError::Grammar {
        revision: revision.to_owned(),
    })?;
    let start = named(git, objects, name)?;
    let mut commit = peel(objects, start, revision)?;
    for step in steps {
        commit = match step {
            Step::Parent(0) => commit,
            Step::Parent(number) => parent(objects, commit, number, revision)?,
            Step::Back(count) => {
                for _ in 0..count {
                    commit = parent(objects, commit, 1, revision)?;
                }
                commit
            }
        };
    }
    Ok(commit)
}

/// Splits `NAME~2^^2` into its name and its steps.
fn parse(revision: &str) -> Option<(&str, Vec<Step>)> {
    let end = revision.find(['~', '^']).unwrap_or(revision.len());
    let (name, mut rest) = revision.split_at_checked(end)?;
    let refused = [":", "..", "@{", " ", "\\", "*", "?", "["];
    if name.is_empty() || name.starts_with('-') || refused.iter().any(|bad| name.contains(bad)) {
        return None;
    }
    let mut steps = Vec::new();
    while let Some(sign) = rest.chars().next() {
        rest = rest.get(1..)?;
        if let Some(after) = rest
            .strip_prefix("{commit}")
            .or_else(|| rest.strip_prefix("{}"))
            .filter(|_| sign == '^')
        {
            rest = after;
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let number = if number.is_empty() {
            1
        } else {
            number.parse().ok().filter(|&n| n <= MAX_STEPS)?
        };
        steps.push(match sign {
            '~' => Step::Back(number),
            '^' => Step::Parent(number),
            _ => return None,
        });
        rest = after;
    }
    Some((name, steps))
}

/// The object that a name without steps means.
///
/// Where git would choose one of several meanings and warn, this refuses: in a
/// hostile repository a tag may carry the name of a branch.
fn named(git: &GitFolder, objects: &Objects, name: &str) -> Result<ObjectId, GitError> {
    let hexadecimal = name.bytes().all(|b| b.is_ascii_hexdigit());
    if hexadecimal && name.len() == objects.hash.len_in_hex() {
        return ObjectId::from_hex(name.to_ascii_lowercase().as_bytes()).map_err(|_| unknown(name));
    }
    let found = references(git, objects, name)?;
    match found.as_slice() {
        [] => {}
        [(_, id), others @ ..] if others.iter().all(|(_, other)| other == id) => return Ok(*id),
        all => return Err(ambiguous(name, all.iter().map(|(name, _)| name.clone()))),
    }
    if !hexadecimal || name.len() < 4 || name.len() > objects.hash.len_in_hex() {
        return Err(unknown(name));
    }
    let mut commits = Vec::new();
    for id in objects.beginning_with(&name.to_ascii_lowercase())? {
        if matches!(objects.header(&id)?.0, Kind::Commit | Kind::Tag) {
            commits.push(id);
        }
    }
    match commits.as_slice() {
        [] => Err(unknown(name)),
        [only] => Ok(*only),
        all => Err(ambiguous(name, all.iter().map(ToString::to_string))),
    }
}

fn unknown(name: &str) -> GitError {
    GitError::UnknownRevision {
        revision: name.to_owned(),
    }
}

fn ambiguous(name: &str, meanings: impl Iterator<Item = String>) -> GitError {
    GitError::Ambiguous {
        revision: name.to_owned(),
        meanings: meanings.take(MAX_MEANINGS).collect(),
    }
}

/// Every reference that a short name may mean, by git's own list of places.
///
/// Source: gitrevisions(7), "Specifying revisions".
fn references(
    git: &GitFolder,
    objects: &Objects,
    name: &str,
) -> Result<Vec<(String, ObjectId)>, GitError> {
    if let Some(storage) = &git.reference_storage {
        return Err(GitError::Unsupported {
            what: format!("the reference storage `{storage}`"),
        });
    }
    let store = if git.own == git.common {
        gix_ref::file::Store::at(git.common.clone(), objects.hash)
    } else {
        gix_ref::file::Store::for_linked_worktree(git.own.clone(), git.common.clone(), objects.hash)
    };
    let name = if name == "@" { "HEAD" } else { name };
    let mut found = Vec::new();
    let mut places = vec![
        format!("refs/{name}"),
        format!("refs/tags/{name}"),
        format!("refs/heads/{name}"),
        format!("refs/remotes/{name}"),
        format!("refs/remotes/{name}/HEAD"),
    ];
    if name == "HEAD" || name.starts_with("refs/") {
        places = vec![name.to_owned()];
    }
    for place in places {
        if let Some(id) = follow(git, &store, &place)? {
            found.push((place, id));
        }
    }
    Ok(found)
}

/// Refuses a link, a pipe or a device where git keeps a file.
fn plain_file_or_nothing(path: &std::path::Path) -> Result<(), GitError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let error = std::io::Error::other("it is no regular file");
            Err(GitError::damaged("references", &error))
        }
        _ => Ok(()),
    }
}

/// The object that a full reference leads to; `None` if it does not exist.
fn follow(
    git: &GitFolder,
    store: &gix_ref::file::Store,
    place: &str,
) -> Result<Option<ObjectId>, GitError> {
    let mut place = place.to_owned();
    for _ in 0..MAX_HOPS {
        let Ok(full) = FullName::try_from(place.as_str()) else {
            return Ok(None);
        };
        // A pipe in the place of a file would keep the reader waiting for ever.
        for folder in [&git.own, &git.common] {
            for name in [place.as_str(), "packed-refs"] {
                plain_file_or_nothing(&folder.join(name))?;
            }
        }
        let reference = match store.try_find(full.as_ref()) {
            Ok(Some(reference)) => reference,
            Ok(None) => return Ok(None),
            Err(error) => return Err(GitError::damaged("references", &error)),
        };
        // The store looks in other places too; only this one was asked for.
        if reference.name != full {
            return Ok(None);
        }
        match reference.target {
            Target::Object(id) => return Ok(Some(id)),
            Target::Symbolic(next) => place = next.as_bstr().to_string(),
        }
    }
    Err(GitError::damaged(
        "references",
        &"they lead round in circles",
    ))
}

/// Follows annotated tags to the commit.
fn peel(objects: &Objects, mut id: ObjectId, revision: &str) -> Result<ObjectId, GitError> {
    for _ in 0..MAX_HOPS {
        match objects.header(&id)?.0 {
            Kind::Commit => return Ok(id),
            Kind::Tag => {
                let (_, bytes) = objects.read(&id)?;
                id = TagRefIter::from_bytes(&bytes, objects.hash)
                    .target_id()
                    .map_err(|error| GitError::damaged("objects", &error))?;
            }
            Kind::Tree | Kind::Blob => break,
        }
    }
    Err(GitError::NotACommit {
        revision: revision.to_owned(),
    })
}

fn parent(
    objects: &Objects,
    commit: ObjectId,
    number: usize,
    revision: &str,
) -> Result<ObjectId, GitError> {
    let (_, bytes) = objects.read(&commit)?;
    let found = CommitRefIter::from_bytes(&bytes, objects.hash)
        .parent_ids()
        .nth(number.saturating_sub(1));
    found.ok_or_else(|| unknown(revision))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(revision in ".{0,40}", steps in "[~^0-9{}]{0,12}") {
            for text in [&revision, &format!("HEAD{steps}")] {
                if let Some((name, _)) = parse(text) {
                    prop_assert!(text.starts_with(name) && !name.is_empty());
                }
            }
        }
    }

    #[test]
    fn steps_behind_a_name_are_read() {
        use Step::{Back, Parent};
        let cases: [(&str, &str, &[Step]); 6] = [
            ("main", "main", &[]),
            ("v1.0^{commit}", "v1.0", &[]),
            ("HEAD~", "HEAD", &[Back(1)]),
            ("HEAD~3^2", "HEAD", &[Back(3), Parent(2)]),
            ("HEAD^^", "HEAD", &[Parent(1), Parent(1)]),
            ("origin/x^0", "origin/x", &[Parent(0)]),
        ];
        for (revision, name, steps) in cases {
            assert_eq!(parse(revision), Some((name, steps.to_vec())), "{revision}");
        }
    }

    #[test]
    fn other_forms_are_refused_and_not_guessed() {
        for revision in [
            "",
            "~1",
            "HEAD~x",
            "HEAD^{tree}",
            "HEAD:a",
            "a..b",
            "HEAD@{1}",
            ":/fix",
            "--all",
            "HEAD~99999999999999999999",
            "a b",
            "refs/*",
        ] {
            assert_eq!(parse(revision), None, "{revision}");
        }
    }
}
