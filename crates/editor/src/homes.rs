//! The checkout that a document belongs to.

use std::fs;
use std::path::{Path, PathBuf};

use cofferdam_pipelines::Standing;
use cofferdam_pipelines::collect::is_document;

/// Where a document belongs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Home {
    /// The checkout at this root.
    Checkout(PathBuf),
    /// No checkout is around it.
    Alone(PathBuf),
}

/// The home of a document and its name there; `None` for a file that has no
/// say in what is found.
///
/// The home is the innermost folder with a `.git` around the document, not
/// beyond the folder that is open in the editor, and else that folder.
pub(crate) fn find(path: &Path, folders: &[PathBuf]) -> Option<(Home, String)> {
    let around = folders
        .iter()
        .filter(|folder| path.starts_with(folder))
        .max_by_key(|folder| folder.components().count());
    let is_root = |folder: &Path| fs::symlink_metadata(folder.join(".git")).is_ok();
    let inside = |folder: &&Path| around.is_none_or(|around| folder.starts_with(around));
    let root = (path.ancestors().skip(1))
        .take_while(inside)
        .find(|folder| is_root(folder))
        .map(Path::to_owned)
        .or_else(|| around.cloned())
        .or_else(|| above_github(path));
    let home = match root {
        Some(root) => Home::Checkout(root),
        None => Home::Alone(path.to_owned()),
    };
    let name = match &home {
        Home::Checkout(root) => name_in(root, path)?,
        Home::Alone(path) => path.file_name()?.to_str()?.to_owned(),
    };
    let known = match home {
        Home::Checkout(_) => Standing::concerns(&name),
        Home::Alone(_) => is_document(&name),
    };
    known.then_some((home, name))
}

fn above_github(path: &Path) -> Option<PathBuf> {
    let mut folders = path.ancestors().skip(1);
    let github = folders.find(|folder| folder.file_name().is_some_and(|name| name == ".github"))?;
    github.parent().map(Path::to_owned)
}

/// The name of a path below a root, with `/` between the parts.
pub(crate) fn name_in(root: &Path, path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = (path.strip_prefix(root).ok()?.components())
        .map(|part| part.as_os_str().to_str())
        .collect();
    Some(parts?.join("/"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_repository_of_the_open_folder_is_the_home() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().to_owned();
        fs::create_dir_all(top.join("one/.git")).unwrap();
        fs::create_dir_all(top.join("one/.github/workflows")).unwrap();
        let open = [top.clone()];
        let found = |path: &str, open: &[PathBuf]| find(&top.join(path), open);
        let workflow = ".github/workflows/ci.yml".to_owned();
        assert_eq!(
            found("one/.github/workflows/ci.yml", &open),
            Some((Home::Checkout(top.join("one")), workflow.clone()))
        );
        assert_eq!(
            found("two/.github/workflows/ci.yml", &[top.join("two")]),
            Some((Home::Checkout(top.join("two")), workflow.clone()))
        );
        // A repository around the open folder has no say.
        assert_eq!(
            found("one/part/.github/workflows/ci.yml", &[top.join("one/part")]),
            Some((Home::Checkout(top.join("one/part")), workflow))
        );
        assert_eq!(found("one/src/main.rs", &open), None);
        assert_eq!(
            found("three/action.yml", &[]),
            Some((
                Home::Alone(top.join("three/action.yml")),
                "action.yml".to_owned()
            ))
        );
    }
}
