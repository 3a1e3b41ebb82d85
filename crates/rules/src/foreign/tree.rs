//! Whose files lie in which folder of the workspace.

use cofferdam_workflows::semantics::folders::Folder;

/// So many folders are kept apart at most; one more is forgotten first.
const MAX_LAYERS: usize = 256;

/// Whose files lie in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The repository's own, from its root.
    Own,
    /// Somebody's who is trusted.
    Trusted,
    /// A stranger's, by the place of what fetched them.
    Stranger(usize),
}

impl Whose {
    fn fetch(self) -> Option<usize> {
        match self {
            Self::Stranger(fetch) => Some(fetch),
            Self::Own | Self::Trusted => None,
        }
    }
}

/// Folders in the order in which they were filled. The innermost that holds a
/// path decides; of two for the same folder, the later.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    layers: Vec<(String, Whose)>,
    /// Files of a stranger that were put outside of the workspace, as the
    /// script writes them.
    outside: Vec<(String, usize)>,
    /// Whether a folder was forgotten.
    pub(super) cut: bool,
}

impl Tree {
    /// The repository's own files are put into a folder. Into the workspace
    /// itself this removes whatever lies there: a checkout cleans its folder.
    pub(super) fn trusted(&mut self, folder: &Folder, own: bool) {
        self.put(folder, if own { Whose::Own } else { Whose::Trusted });
    }

    /// The same where it is not certain: what lies there of a stranger stays.
    pub(super) fn perhaps_trusted(&mut self, folder: &Folder, own: bool) {
        let Folder::Inside(path) = folder else { return };
        let mut layers = self.layers.iter();
        let touches = |(old, whose): &(String, Whose)| {
            whose.fetch().is_some()
                && (folder.is_in(old) || Folder::Inside(old.clone()).is_in(path))
        };
        if !layers.any(touches) {
            self.trusted(folder, own);
        }
    }

    /// The path in the repository of a path in the workspace, where the
    /// repository's own files lie.
    pub(super) fn own_path<'p>(&self, path: &'p Folder) -> Option<&'p str> {
        let Folder::Inside(name) = path else {
            return None;
        };
        let holding = self.layers.iter().filter(|(folder, _)| path.is_in(folder));
        match holding.max_by_key(|(folder, _)| folder.len()) {
            None => Some(name),
            Some((folder, Whose::Own)) => {
                let below = name.strip_prefix(folder.as_str())?;
                Some(below.trim_start_matches('/'))
            }
            Some(_) => None,
        }
    }

    /// A stranger's files are put into a folder; `fetch` says which.
    pub(super) fn foreign(&mut self, folder: &Folder, fetch: usize) {
        self.put(folder, Whose::Stranger(fetch));
    }

    /// The folder that holds a path, as whole as it was brought in.
    pub(super) fn root_of(&self, path: &Folder) -> Folder {
        let above = |folder: &str| path.is_in(folder) && *path != Folder::Inside(folder.to_owned());
        let mut holding: Vec<&str> = self
            .layers
            .iter()
            .filter(|(folder, whose)| whose.fetch().is_none() && above(folder))
            .map(|(folder, _)| folder.as_str())
            .collect();
        holding.sort_by_key(|folder| folder.len());
        Folder::Inside(holding.last().map_or_else(String::new, |f| (*f).to_owned()))
    }

    /// The path in the repository that a path had before a stranger's files were
    /// put there.
    pub(super) fn own_path_before(&self, path: &Folder) -> Option<String> {
        let Folder::Inside(name) = path else {
            return None;
        };
        let Folder::Inside(root) = self.root_of(path) else {
            return None;
        };
        let below = name.strip_prefix(root.as_str())?;
        Some(below.trim_start_matches('/').to_owned())
    }

    fn put(&mut self, folder: &Folder, whose: Whose) {
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

    /// The last that a stranger put into the workspace.
    pub(super) fn inside(&self) -> Option<usize> {
        let mut last = self.layers.iter().rev();
        last.find_map(|(_, whose)| whose.fetch())
    }

    /// The last that a stranger put anywhere.
    pub(super) fn any(&self) -> Option<usize> {
        self.inside()
            .or_else(|| self.outside.last().map(|(_, whose)| *whose))
    }

    /// The stranger's files that a path belongs to.
    pub(super) fn owner(&self, path: &Folder) -> Option<usize> {
        let holding = self.layers.iter().filter(|(folder, _)| path.is_in(folder));
        holding
            .max_by_key(|(folder, _)| folder.len())
            .and_then(|(_, whose)| whose.fetch())
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
                .and_then(|(_, whose)| whose.fetch()),
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
        tree.trusted(&inside(""), true);
        tree.foreign(&inside("head"), 0);
        assert_eq!(tree.owner(&inside("make")), None);
        assert_eq!(tree.owner(&inside("head/x")), Some(0));
        assert_eq!(tree.owner(&inside("header")), None);
        tree.foreign(&inside(""), 1);
        assert_eq!(tree.owner(&inside("head/x")), Some(1));
        tree.trusted(&inside("tools"), true);
        assert_eq!(tree.owner(&inside("tools/x")), None);
        tree.trusted(&inside(""), true);
        assert_eq!(tree.owner(&inside("x")), None);
        assert_eq!(tree.owner(&Folder::Elsewhere), None);
    }

    #[test]
    fn what_is_not_certain_leaves_a_strangers_files() {
        let mut tree = Tree::default();
        tree.foreign(&inside(""), 0);
        tree.perhaps_trusted(&inside(""), true);
        tree.perhaps_trusted(&inside("tools"), true);
        assert_eq!(tree.owner(&inside("tools/x")), Some(0));
        let mut tree = Tree::default();
        tree.perhaps_trusted(&inside("tools"), true);
        assert_eq!(tree.own_path(&inside("tools/a/x.sh")), Some("a/x.sh"));
        assert_eq!(tree.own_path(&inside("a/x.sh")), Some("a/x.sh"));
        tree.trusted(&inside("other"), false);
        assert_eq!(tree.own_path(&inside("other/x.sh")), None);
    }
}
