//! Whose files lie in which folder of the workspace.

use cofferdam_workflows::semantics::folders::Folder;

/// So many folders are kept apart at most; one more is forgotten first.
const MAX_LAYERS: usize = 256;

/// Folders in the order in which they were filled. The innermost that holds a
/// path decides; of two for the same folder, the later.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    layers: Vec<(String, Option<usize>)>,
    /// Files of a stranger that were put outside of the workspace, as the
    /// script writes them.
    outside: Vec<(String, usize)>,
    /// Whether a folder was forgotten.
    pub(super) cut: bool,
}

impl Tree {
    /// The repository's own files are put into a folder. Into the workspace
    /// itself this removes whatever lies there: a checkout cleans its folder.
    pub(super) fn trusted(&mut self, folder: &Folder) {
        self.put(folder, None);
    }

    /// A stranger's files are put into a folder; `fetch` says which.
    pub(super) fn foreign(&mut self, folder: &Folder, fetch: usize) {
        self.put(folder, Some(fetch));
    }

    fn put(&mut self, folder: &Folder, whose: Option<usize>) {
        let Folder::Inside(path) = folder else {
            return;
        };
        self.layers
            .retain(|(old, _)| !Folder::Inside(old.clone()).is_in(path));
        if self.layers.len() >= MAX_LAYERS {
            self.layers.remove(0);
            self.cut = true;
        }
        self.layers.push((path.clone(), whose));
    }

    /// A stranger's file is put outside of the workspace, at `to` or, where that
    /// is a folder, into it.
    pub(super) fn outside(&mut self, to: &str, name: &str, fetch: usize) {
        if self.outside.len() >= MAX_LAYERS {
            self.cut = true;
            return;
        }
        let to = to.trim_end_matches('/');
        self.outside.push((to.to_owned(), fetch));
        self.outside.push((format!("{to}/{name}"), fetch));
    }

    /// A stranger's files fill a folder outside of the workspace.
    pub(super) fn outside_folder(&mut self, to: &str, fetch: usize) {
        self.outside(to, "", fetch);
    }

    /// The stranger's files that a path outside of the workspace names.
    pub(super) fn owner_outside(&self, path: &str) -> Option<usize> {
        let path = path.trim_end_matches('/');
        let mut known = self.outside.iter().rev();
        let holds = |to: &str| to == path || to.ends_with('/') && path.starts_with(to);
        known.find(|(to, _)| holds(to)).map(|(_, whose)| *whose)
    }

    /// The last that a stranger put anywhere.
    pub(super) fn any(&self) -> Option<usize> {
        let inside = self.layers.iter().rev().find_map(|(_, whose)| *whose);
        inside.or_else(|| self.outside.last().map(|(_, whose)| *whose))
    }

    /// The stranger's files that a path belongs to.
    pub(super) fn owner(&self, path: &Folder) -> Option<usize> {
        let holding = self.layers.iter().filter(|(folder, _)| path.is_in(folder));
        holding
            .max_by_key(|(folder, _)| folder.len())
            .and_then(|(_, whose)| *whose)
    }

    /// The same, for a path below the workspace that holds a stranger's files
    /// and nothing else, so that naming it means them.
    pub(super) fn owner_of_named(&self, path: &Folder) -> Option<usize> {
        match path {
            Folder::Inside(name) if !name.is_empty() => self
                .layers
                .iter()
                .filter(|(folder, _)| !folder.is_empty() && path.is_in(folder))
                .max_by_key(|(folder, _)| folder.len())
                .and_then(|(_, whose)| *whose),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(path: &str) -> Folder {
        Folder::Inside(path.to_owned())
    }

    #[test]
    fn the_innermost_folder_decides_and_a_checkout_cleans() {
        let mut tree = Tree::default();
        tree.trusted(&inside(""));
        tree.foreign(&inside("head"), 0);
        assert_eq!(tree.owner(&inside("make")), None);
        assert_eq!(tree.owner(&inside("head/x")), Some(0));
        assert_eq!(tree.owner(&inside("header")), None);
        tree.foreign(&inside(""), 1);
        assert_eq!(tree.owner(&inside("head/x")), Some(1));
        tree.trusted(&inside("tools"));
        assert_eq!(tree.owner(&inside("tools/x")), None);
        tree.trusted(&inside(""));
        assert_eq!(tree.owner(&inside("x")), None);
        assert_eq!(tree.owner(&Folder::Elsewhere), None);
    }
}
