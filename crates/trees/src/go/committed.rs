//! The module that Go makes of a commit, without its archive.
//!
//! Source: Go modules reference, "Module zip files" and "Vendoring"; observed
//! with Go 1.26: regular files below the module's folder; nothing of a folder
//! with a `go.mod` of its own, nor of a vendored package; and the `LICENSE` of
//! the root of the repository where the folder has none.
//!
//! Whether the files are the module is never decided here, but by the sum.

use std::collections::HashSet;

use super::Witnesses;
use super::constraints;
use crate::archives::Unpacked;
use crate::digest::Digest;
use crate::manifest::{Manifest, ManifestError};

/// A regular file of the commit: its path from the root of the repository, and
/// its bytes.
pub type File<'f> = (&'f str, &'f [u8]);

/// How a vendored package is told. Go 1.24 put it right, for modules whose own
/// `go` line says so; before, every file below a `vendor` folder deeper in the
/// tree counted as one of a package, and `vendor/modules.txt` did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendored {
    /// As Go 1.24 does it.
    Right,
    /// As the versions before did it.
    Before,
}

impl Vendored {
    /// Both, the newer first.
    pub const ALL: [Self; 2] = [Self::Right, Self::Before];

    fn holds(self, path: &str) -> bool {
        let inner = match (path.strip_prefix("vendor/"), self) {
            (Some("modules.txt"), Self::Right) => return true,
            (Some(inner), _) => inner,
            (None, _) => match (path.split_once("/vendor/"), self) {
                (Some((_, "modules.txt")), Self::Right) => return true,
                (Some((_, inner)), Self::Right) => inner,
                (Some(_), Self::Before) => return true,
                (None, _) => return false,
            },
        };
        inner.contains('/')
    }
}

/// What the module in `folder` has, which is empty for the root of the
/// repository. `each` sees every file.
///
/// # Errors
/// [`ManifestError`] if the names are no manifest.
pub fn module(
    files: &[File<'_>],
    folder: &str,
    vendored: Vendored,
    each: &mut dyn FnMut(&str, &[u8]),
) -> Result<Unpacked, ManifestError> {
    let prefix = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let inner: Vec<File<'_>> = (files.iter())
        .filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?, *bytes)))
        .collect();
    let others: HashSet<&str> = (inner.iter())
        .filter_map(|(path, _)| path.rsplit_once('/'))
        .filter(|(_, name)| name.eq_ignore_ascii_case("go.mod"))
        .map(|(folder, _)| folder)
        .collect();
    let belongs = |path: &str| {
        let mut above = path;
        while let Some((folder, _)) = above.rsplit_once('/') {
            if others.contains(folder) {
                return false;
            }
            above = folder;
        }
        !vendored.holds(path)
    };
    let mut chosen: Vec<File<'_>> = (inner.iter())
        .filter(|(path, _)| belongs(path))
        .copied()
        .collect();
    if !folder.is_empty() && !chosen.iter().any(|(path, _)| *path == "LICENSE") {
        chosen.extend(files.iter().filter(|(path, _)| *path == "LICENSE"));
    }
    let mut witnesses = Witnesses::new();
    let mut lines = Vec::with_capacity(chosen.len());
    for (path, bytes) in chosen {
        if constraints::is_witness(path, bytes) {
            witnesses.insert(path.into(), bytes.to_vec());
        }
        each(path, bytes);
        lines.push((Box::from(path), Digest::of(bytes)));
    }
    Ok(Unpacked {
        manifest: Manifest::new(lines)?,
        witnesses,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn names(files: &[&str], folder: &str, vendored: Vendored) -> Vec<String> {
        let files: Vec<File<'_>> = files.iter().map(|path| (*path, b"x".as_slice())).collect();
        let mut seen = Vec::new();
        module(&files, folder, vendored, &mut |path, _| {
            seen.push(path.to_owned())
        })
        .unwrap();
        seen
    }

    #[test]
    fn other_modules_and_vendored_packages_stay_out() {
        let files = [
            "a.go",
            "go.mod",
            "sub/GO.MOD",
            "sub/b.go",
            "vendor/modules.txt",
            "vendor/x/c.go",
            "vendor/top.go",
            "vendored/d.go",
        ];
        let expected = ["a.go", "go.mod", "vendor/top.go", "vendored/d.go"];
        assert_eq!(names(&files, "", Vendored::Right), expected);
        let before = [
            "a.go",
            "go.mod",
            "vendor/modules.txt",
            "vendor/top.go",
            "vendored/d.go",
        ];
        assert_eq!(names(&files, "", Vendored::Before), before);
    }

    #[test]
    fn a_vendor_folder_deeper_down_is_told_in_both_ways() {
        let files = ["p/vendor/q.go", "long/name/vendor/q.go", "p/vendor/x/y.go"];
        assert_eq!(
            names(&files, "", Vendored::Right),
            ["p/vendor/q.go", "long/name/vendor/q.go"]
        );
        assert!(names(&files, "", Vendored::Before).is_empty());
    }

    #[test]
    fn a_module_in_a_folder_gets_the_licence_of_the_root() {
        let files = ["LICENSE", "go.mod", "v2/go.mod", "v2/a.go", "v2x/b.go"];
        assert_eq!(
            names(&files, "v2", Vendored::Right),
            ["go.mod", "a.go", "LICENSE"]
        );
        let own = ["LICENSE", "v2/LICENSE", "v2/a.go"];
        assert_eq!(names(&own, "v2", Vendored::Right), ["LICENSE", "a.go"]);
    }
}
