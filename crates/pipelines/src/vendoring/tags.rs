//! Modules from the repositories that publish them, where `GOPROXY` leads to
//! `direct`: the tag of the version, one commit deep, as Go makes a module of it.
//!
//! Nothing is believed that is found here: the files are the module if they hash
//! to its sum.
//!
//! Source: Go modules reference, "Finding a repository for a module path",
//! "Module directories within a repository", "Mapping versions to commits".

use cofferdam_registries::git::{
    ActionTree, Content, Form, GitClient, ObjectId, PUBLIC_HOST, Repository, Resolved,
};
use cofferdam_trees::archives::Unpacked;
use cofferdam_trees::go::committed::{self, File, Vendored};

/// The forms that the module may have, each with its files handed to `each`
/// until one of them `fits`.
///
/// # Errors
/// Why there is none, in words.
pub(super) fn module(
    git: &GitClient,
    module: &str,
    version: &str,
    fits: &dyn Fn(&Unpacked) -> bool,
    each: &mut dyn FnMut(&str, &[u8]),
) -> Result<Option<Unpacked>, String> {
    let (repository, folder) = place(module).ok_or_else(|| {
        format!(
            "only repositories of {PUBLIC_HOST} are asked for modules, and no other leads there"
        )
    })?;
    // `/v2` is a folder, or the root of a branch of its own.
    let mut folders = vec![folder.clone()];
    if let Some(shorter) = without_major(&folder) {
        folders.push(shorter.to_owned());
    }
    let mut why = None;
    for tags in &folders {
        let commit = match commit(git, &repository, tags, version) {
            Ok(commit) => commit,
            Err(text) => {
                why = Some(text);
                continue;
            }
        };
        let tree = git
            .fetch(&repository, commit, Form::Committed)
            .map_err(|error| error.to_string())?;
        let files = regular(&tree);
        for folder in &folders {
            for vendored in Vendored::ALL {
                let made = committed::module(&files, folder, vendored, &mut |_, _| {});
                if let Ok(unpacked) = made
                    && fits(&unpacked)
                {
                    let again = committed::module(&files, folder, vendored, each);
                    return Ok(again.ok());
                }
            }
        }
        why = None;
    }
    why.map_or(Ok(None), Err)
}

/// The repository of a module, and the folder in it.
fn place(module: &str) -> Option<(Repository, String)> {
    let rest = module.strip_prefix(PUBLIC_HOST)?.strip_prefix('/')?;
    let mut parts = rest.splitn(3, '/');
    let (owner, name) = (parts.next()?, parts.next()?);
    let folder = parts.next().unwrap_or_default().to_owned();
    Some((Repository::public(owner, name).ok()?, folder))
}

/// A folder without the major version at its end.
fn without_major(folder: &str) -> Option<&str> {
    let (rest, last) = folder.rsplit_once('/').unwrap_or(("", folder));
    let digits = last.strip_prefix('v')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(rest)
}

/// The commit of a version; `tags` is the folder that its tags begin with.
fn commit(
    git: &GitClient,
    repository: &Repository,
    tags: &str,
    version: &str,
) -> Result<ObjectId, String> {
    let version = version.strip_suffix("+incompatible").unwrap_or(version);
    let refs = git
        .list_refs(repository)
        .map_err(|error| error.to_string())?;
    let slug = repository.slug();
    if let Some(short) = pseudo(version) {
        let mut tips = refs.tips();
        tips.retain(|tip| tip.to_string().starts_with(short));
        tips.dedup();
        return match tips.as_slice() {
            [one] => Ok(*one),
            _ => Err(format!(
                "{slug}: no branch and no tag stands at {short} alone, and git gives commits by \
                 their whole name only"
            )),
        };
    }
    let tag = if tags.is_empty() {
        version.to_owned()
    } else {
        format!("{tags}/{version}")
    };
    match refs.resolve(&format!("refs/tags/{tag}")) {
        Resolved::Tag(commit) => Ok(commit),
        _ => Err(format!("{slug} has no tag {tag}")),
    }
}

/// The short name of the commit of a pseudo-version.
///
/// Source: Go modules reference, "Pseudo-versions".
fn pseudo(version: &str) -> Option<&str> {
    let (rest, short) = version.rsplit_once('-')?;
    let time = rest.rsplit(['-', '.']).next()?;
    let fits = short.len() == 12
        && short.bytes().all(|byte| byte.is_ascii_hexdigit())
        && time.len() == 14
        && time.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(short)
}

fn regular(tree: &ActionTree) -> Vec<File<'_>> {
    (tree.entries.iter())
        .filter_map(|entry| match &entry.content {
            Content::File { bytes, .. } => Some((entry.path.as_str(), &**bytes)),
            Content::Symlink { .. } | Content::Submodule { .. } => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_repository_and_a_folder() {
        let found = |module: &str| place(module).map(|(at, folder)| (at.slug(), folder));
        let expected = |slug: &str, folder: &str| Some((slug.to_owned(), folder.to_owned()));
        assert_eq!(found("github.com/a/b"), expected("a/b", ""));
        assert_eq!(found("github.com/a/b/c/v2"), expected("a/b", "c/v2"));
        assert_eq!(found("github.com/a"), None);
        assert_eq!(found("github.company/a/b"), None);
        assert_eq!(found("golang.org/x/sys"), None);
        assert_eq!(without_major("c/v2"), Some("c"));
        assert_eq!(without_major("v2"), Some(""));
        assert_eq!(without_major("c/vx"), None);
    }

    #[test]
    fn a_pseudo_version_names_a_commit() {
        let short = Some("abcdef123456");
        assert_eq!(pseudo("v0.0.0-20191109021931-abcdef123456"), short);
        assert_eq!(pseudo("v1.2.4-0.20191109021931-abcdef123456"), short);
        assert_eq!(pseudo("v1.2.3-pre.0.20191109021931-abcdef123456"), short);
        assert_eq!(pseudo("v1.2.3-rc1"), None);
        assert_eq!(pseudo("v1.2.3"), None);
    }
}
