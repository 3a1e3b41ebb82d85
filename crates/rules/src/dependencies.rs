//! The dependency files of the project itself.

use std::collections::BTreeMap;

use cofferdam_lockfiles::kinds::is_copied;
use cofferdam_lockfiles::{Ecosystem, Kind, Role, kind_of};
use cofferdam_workflows::documents::kind::is_aside;
use cofferdam_workflows::repository::Tree;

/// One dependency file.
#[derive(Clone, Copy, Debug)]
pub struct DependencyFile<'t> {
    /// Its path.
    pub path: &'t str,
    /// What it is.
    pub kind: Kind,
}

/// Dependency files by the world of packages that they belong to, each with
/// those nearest to the root first.
pub type Dependencies<'t> = BTreeMap<Ecosystem, Vec<DependencyFile<'t>>>;

/// The project's own dependency files: neither copied along with a dependency
/// nor data of tests and examples.
#[must_use]
pub fn by_ecosystem(tree: &Tree) -> Dependencies<'_> {
    let mut all = Dependencies::new();
    for path in tree.iter() {
        let Some(kind) = kind_of(path) else { continue };
        if !is_copied(path) && !is_aside(path) {
            let file = DependencyFile { path, kind };
            all.entry(kind.ecosystem).or_default().push(file);
        }
    }
    for files in all.values_mut() {
        files.sort_by_key(|file| (file.path.matches('/').count(), file.path));
    }
    all
}

/// The lockfile of packages, not of actions, that is nearest to the root.
#[must_use]
pub fn lockfile<'t>(dependencies: &Dependencies<'t>) -> Option<&'t str> {
    dependencies
        .iter()
        .filter(|(ecosystem, _)| **ecosystem != Ecosystem::GitHubActions)
        .flat_map(|(_, files)| files)
        .filter(|file| file.kind.role == Role::Lockfile)
        .map(|file| file.path)
        .min_by_key(|path| (path.matches('/').count(), *path))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_belongs_to_tests_and_copies_is_left_out() {
        let paths = [
            "api/go.mod",
            "go.mod",
            "tests/data/go.mod",
            "vendor/x/go.mod",
            "Examples/web/package.json",
            "web/package.json",
        ];
        let tree = Tree::new(paths.iter().map(|p| Arc::from(*p)).collect());
        let found = by_ecosystem(&tree);
        let names = |ecosystem| -> Vec<&str> {
            found
                .get(&ecosystem)
                .map(|files: &Vec<DependencyFile<'_>>| files.iter().map(|f| f.path).collect())
                .unwrap_or_default()
        };
        assert_eq!(names(Ecosystem::Go), ["go.mod", "api/go.mod"]);
        assert_eq!(names(Ecosystem::Npm), ["web/package.json"]);
    }
}
