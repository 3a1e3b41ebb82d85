//! Paths on a runner, as far as they are known: below the workspace, or not.

/// A path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// Below the workspace, normalised, without slash at either end; empty for
    /// the workspace itself.
    Inside(String),
    /// Somewhere else, or not known.
    Elsewhere,
}

impl Folder {
    /// The workspace itself.
    #[must_use]
    pub fn workspace() -> Self {
        Self::Inside(String::new())
    }

    /// A path that is written in a workflow, relative to this one.
    #[must_use]
    pub fn join(&self, written: &str) -> Self {
        let written = written.trim().replace('\\', "/");
        let (base, rest) = match workspace_prefix(&written) {
            Some(rest) => (Self::workspace(), rest),
            None => (self.clone(), written.as_str()),
        };
        if rest.starts_with(['/', '~', '$']) || rest.contains("${{") || rest.contains('$') {
            return Self::Elsewhere;
        }
        let Self::Inside(base) = base else {
            return Self::Elsewhere;
        };
        let mut parts: Vec<&str> = base.split('/').filter(|p| !p.is_empty()).collect();
        for part in rest.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.pop().is_none() => return Self::Elsewhere,
                ".." => {}
                other => parts.push(other),
            }
        }
        Self::Inside(parts.join("/"))
    }

    /// Whether it is `folder` or lies below it.
    #[must_use]
    pub fn is_in(&self, folder: &str) -> bool {
        let Self::Inside(path) = self else {
            return false;
        };
        folder.is_empty()
            || path
                .strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

// What follows on a way of writing the workspace, without the slash.
fn workspace_prefix(written: &str) -> Option<&str> {
    const SPELLINGS: &[&str] = &[
        "${{ github.workspace }}",
        "${{github.workspace}}",
        "$GITHUB_WORKSPACE",
        "${GITHUB_WORKSPACE}",
        "/github/workspace",
    ];
    SPELLINGS.iter().find_map(|spelling| {
        let rest = written.strip_prefix(spelling)?;
        rest.strip_prefix('/')
            .or_else(|| rest.is_empty().then_some(""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(path: &str) -> Folder {
        Folder::Inside(path.to_owned())
    }

    #[test]
    fn paths_are_normalised_and_stay_in_the_workspace() {
        let root = Folder::workspace();
        assert_eq!(root.join("./head/../x/"), inside("x"));
        assert_eq!(inside("head").join("$GITHUB_WORKSPACE/a"), inside("a"));
        assert_eq!(inside("head").join("${{ github.workspace }}"), root);
        assert_eq!(root.join(".."), Folder::Elsewhere);
        assert_eq!(root.join("/tmp/x"), Folder::Elsewhere);
        assert_eq!(root.join("$DIR/x"), Folder::Elsewhere);
        assert!(inside("head/x").is_in("head") && !inside("header").is_in("head"));
        assert!(inside("a").is_in("") && !Folder::Elsewhere.is_in(""));
    }
}
