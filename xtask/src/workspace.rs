//! The workspace: where it is, what is in it, and what git says of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::error::Error;
use crate::process;

/// The folder that holds the workspace's manifest.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Cargo, the one that runs this tool, in the workspace's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// One package of the workspace, as its manifest stands.
pub(crate) struct Package {
    /// The name in the manifest.
    pub(crate) name: String,
    /// Direct dependencies of every kind and target, by package name.
    pub(crate) dependencies: Vec<String>,
    /// Those of them that more than its tests need.
    pub(crate) needed: Vec<String>,
}

/// Every package of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>, Error> {
    let text = process::capture(
        cargo().args(["metadata", "--no-deps", "--format-version", "1", "--locked"]),
        "run `cargo check` once, so that Cargo.lock fits the manifests, and commit it",
    )?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Package>, Error> {
    let metadata: Value = serde_json::from_str(text)
        .map_err(|error| Error::output(format!("cargo metadata is not JSON: {error}")))?;
    let list = |value: &Value, key: &str| -> Result<Vec<Value>, Error> {
        value
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .ok_or_else(|| Error::output(format!("cargo metadata has no list `{key}`")))
    };
    let name = |value: &Value| -> Result<String, Error> {
        value
            .get("name")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| Error::output("cargo metadata has an entry without a name"))
    };
    list(&metadata, "packages")?
        .iter()
        .map(|package| {
            let mut dependencies = list(package, "dependencies")?
                .iter()
                .map(&name)
                .collect::<Result<Vec<_>, _>>()?;
            dependencies.sort();
            dependencies.dedup();
            let needed = list(package, "dependencies")?;
            let needed = needed.iter().filter(|one| {
                let kind = one.get("kind").and_then(Value::as_str);
                kind != Some("dev")
            });
            Ok(Package {
                name: name(package)?,
                dependencies,
                needed: needed.map(&name).collect::<Result<Vec<_>, _>>()?,
            })
        })
        .collect()
}

/// Every file that git knows or would add, relative to the root.
pub(crate) fn files(patterns: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let text = process::capture(
        git()
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
                "--",
            ])
            .args(patterns),
        "run this in a git checkout",
    )?;
    let mut files: Vec<PathBuf> = text
        .split('\0')
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect();
    files.sort();
    files.dedup();
    files.retain(|path| root().join(path).is_file());
    Ok(files)
}

/// Git, in the workspace's folder.
pub(crate) fn git() -> Command {
    let mut command = Command::new("git");
    command.current_dir(root());
    command
}

/// The hash of the git tree that a folder would have if it were committed as
/// it stands. It changes with content and names, never with time or history.
pub(crate) fn tree_hash(folder: &str) -> Result<String, Error> {
    let index = root()
        .join("target")
        .join(format!("tree-{}.index", folder.replace('/', "-")));
    if let Some(parent) = index.parent() {
        std::fs::create_dir_all(parent).map_err(Error::file(parent))?;
    }
    // A scratch index: the one of the checkout stays as it is.
    let with = |arguments: &[&str]| {
        let mut command = git();
        command.env("GIT_INDEX_FILE", &index).args(arguments);
        process::capture(&mut command, "run this in a git checkout with a commit")
    };
    with(&["read-tree", "--empty"])?;
    with(&["add", "--all", "--", folder])?;
    let hash = with(&["write-tree", &format!("--prefix={folder}/")])?;
    std::fs::remove_file(&index).map_err(Error::file(&index))?;
    Ok(hash.trim().to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn packages_are_read_with_every_kind_of_dependency() {
        let text = r#"{"packages":[{"name":"a","dependencies":[
            {"name":"b","kind":null},{"name":"c","kind":"dev"},{"name":"b","kind":"build"}]}]}"#;
        let packages = parse(text).unwrap();
        assert_eq!(packages.len(), 1);
        let package = packages.first().unwrap();
        assert_eq!(package.dependencies, ["b", "c"]);
        assert_eq!(package.needed, ["b", "b"]);
        assert!(parse("{}").is_err());
    }

    #[test]
    fn the_tree_hash_is_the_one_git_gives_and_repeats() {
        let first = tree_hash("crates/facts").unwrap();
        assert_eq!(first.len(), 40);
        assert_eq!(first, tree_hash("crates/facts").unwrap());
        assert_ne!(first, tree_hash("crates/findings").unwrap());
    }
}
