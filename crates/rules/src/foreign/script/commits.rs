//! A stranger's commits that lie in the object store of `git` and not, or not
//! yet, in a folder: what is fetched there, and what takes files out of it.

use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::shell::{Command, Word};

use super::Shell;
use crate::foreign::{At, Fetch, Means, Walk};

/// Commits that were fetched by an earlier command of the job.
#[derive(Clone, Debug)]
pub(in crate::foreign) struct Fetched {
    /// What they are.
    pub(in crate::foreign) head: Head,
    /// Whether they are looked up when the job runs.
    pub(in crate::foreign) late: bool,
    /// Names that lead to them: `FETCH_HEAD`, and the local one of `a:b`.
    names: Vec<String>,
    /// Whether the branch itself was moved to them.
    head_moved: bool,
}

impl Fetched {
    /// What `git fetch` with these words leaves.
    pub(super) fn by(head: Head, late: bool, words: &[String]) -> Self {
        let mut names = vec!["FETCH_HEAD".to_owned()];
        let local = |word: &String| {
            let (_, local) = word.rsplit_once(':')?;
            // `+refs/pull/*/head:refs/remotes/pr/*`
            let local = local.trim_end_matches("/head").trim_end_matches("/*");
            let name = local.rsplit('/').next()?;
            (name.len() > 1 && !name.contains('@')).then(|| name.to_owned())
        };
        names.extend(
            words
                .iter()
                .filter(|w| !w.starts_with('-'))
                .filter_map(local),
        );
        Self {
            head,
            late,
            names,
            head_moved: false,
        }
    }

    /// Gives them another name, as `git branch` and `git tag` do.
    pub(super) fn also(&mut self, words: &[String]) {
        if self.is_named(words) && self.names.len() < 64 {
            let name = words.iter().find(|w| !w.starts_with('-'));
            self.names.extend(name.cloned());
        }
    }

    /// Whether the branch on which the script stands is theirs.
    pub(super) fn moves_head(&mut self, words: &[String]) {
        let target = words.iter().find(|w| !w.starts_with('-'));
        if target.is_some_and(|w| w == "HEAD" || w.starts_with("refs/heads/")) {
            self.head_moved = true;
        }
    }

    /// Whether `git update-ref` has put them where the script stands.
    pub(super) fn is_head(&self) -> bool {
        self.head_moved
    }

    /// Whether a word is the local name that they were given.
    pub(super) fn has_name(&self, word: &str) -> bool {
        self.names.iter().any(|name| name == word)
    }

    /// Whether one of the words means them.
    pub(super) fn is_named(&self, words: &[String]) -> bool {
        let mut words = words.iter();
        words.any(|word| self.names.iter().any(|name| word.contains(name.as_str())))
    }
}

/// Files that decide what a tool runs in their folder.
const BUILD_FILES: &[&str] = &[
    ".npmrc",
    ".pre-commit-config.yaml",
    "BUILD",
    "BUILD.bazel",
    "CMakeLists.txt",
    "Cargo.toml",
    "Dockerfile",
    "GNUmakefile",
    "Gemfile",
    "Gruntfile.js",
    "Justfile",
    "Makefile",
    "Rakefile",
    "Taskfile.yml",
    "WORKSPACE",
    "action.yaml",
    "action.yml",
    "build.gradle",
    "build.gradle.kts",
    "build.rs",
    "build.xml",
    "conftest.py",
    "docker-compose.yml",
    "go.mod",
    "gulpfile.js",
    "justfile",
    "makefile",
    "meson.build",
    "noxfile.py",
    "package.json",
    "pom.xml",
    "pyproject.toml",
    "settings.gradle",
    "setup.py",
    "tox.ini",
];

/// Whether a file of this name makes a tool run what it says.
pub(super) fn is_build_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("");
    BUILD_FILES.binary_search(&name).is_ok()
}

impl Shell<'_> {
    /// Whether a command prints or packs files of a stranger's commit, out of the
    /// object store or from GitHub.
    pub(super) fn shows(&self, walk: &Walk<'_>, command: &Command) -> bool {
        match command.effective().0.file_name() {
            Some("git") => self.shows_object(walk, command),
            Some("gh" | "curl" | "wget") => self.downloads(command),
            _ => false,
        }
    }

    fn downloads(&self, command: &Command) -> bool {
        // Parts of addresses behind which files are, and not what an API tells.
        const FILES: &[&str] = &[
            "/archive/",
            "/contents/",
            "/raw/",
            "/tarball",
            "/zipball",
            ".diff",
            ".patch",
            "codeload",
            "diff_url",
            "patch_url",
            "raw.github",
        ];
        let (_, args) = command.effective();
        let mut verbs = args.iter().take(2).map(|w| w.text.as_str());
        if command.is("gh") && verbs.by_ref().eq(["pr", "diff"]) {
            return true;
        }
        args.iter().any(|w| {
            let text = self.expand(w);
            let written = || self.source.get(w.range.clone()).unwrap_or("");
            let files = FILES
                .iter()
                .any(|f| text.contains(f) || written().contains(f));
            files && self.head(w).0.is_code()
        })
    }

    /// Where `curl -o FILE` and `wget -O FILE` put a stranger's file.
    pub(super) fn saves(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        let option = match command.effective().0.file_name() {
            Some("curl") => ["-o", "--output"],
            Some("wget") => ["-O", "--output-document"],
            _ => return,
        };
        let Some(fetch) = walk.peeked.filter(|_| self.downloads(command)) else {
            return;
        };
        let short = option.first().copied().unwrap_or("");
        // `-sSLo FILE`
        let letter = short.chars().last().unwrap_or('-');
        let is = |word: &String| {
            let cluster =
                word.starts_with('-') && !word.starts_with("--") && word.ends_with(letter);
            cluster || option.contains(&word.as_str())
        };
        let to = words.iter().position(is).and_then(|at| words.get(at + 1));
        let Some(to) = to.filter(|to| *to != "-") else {
            return;
        };
        let target = self.cwd.join(to);
        if target == Folder::Elsewhere {
            walk.tree.outside(to, "", fetch);
        } else {
            self.put(walk, &target, to, fetch);
        }
    }

    fn shows_object(&self, walk: &Walk<'_>, command: &Command) -> bool {
        let (_, args) = command.effective();
        let takes = |w: &Word| matches!(w.text.as_str(), "show" | "cat-file" | "archive");
        let Some(at) = args.iter().position(takes) else {
            return false;
        };
        let rest = args.get(at + 1..).unwrap_or_default();
        let words: Vec<String> = rest.iter().map(|w| self.expand(w)).collect();
        // A commit alone is shown as text: its files are behind a colon.
        let files =
            words.iter().any(|w| w.contains(':')) || args.get(at).is_some_and(|w| w.text != "show");
        let named = walk.fetched.as_ref().is_some_and(|f| f.is_named(&words));
        files && (named || rest.iter().any(|w| self.head(w).0.is_code()))
    }

    /// Notes a stranger's files that are taken out of the object store, before
    /// the first command that does.
    pub(super) fn peek(&self, walk: &mut Walk<'_>, command: &Command) {
        if walk.peeked.is_some() {
            return;
        }
        // What stands in a substitution runs before the command around it.
        let (_, args) = command.effective();
        let targets = command.redirects.iter().map(|r| &r.target);
        let inner: Vec<&Command> = args
            .iter()
            .chain(targets)
            .filter(|w| w.holds_substitution)
            .flat_map(|w| self.inside(w))
            .collect();
        let mut all = inner.into_iter().chain([command]);
        let Some(command) = all.find(|c| self.shows(walk, c)) else {
            return;
        };
        let known = walk.fetched.as_ref();
        let (head, mutable) = known.map_or((Head::COMMIT, false), |f| (f.head, f.late));
        walk.peeked = walk.taken(self.at, self.span(command), head, mutable);
    }

    /// What feeds a command with files of a stranger's commit: a pipe, or a
    /// substitution.
    pub(super) fn shown_to(&self, walk: &Walk<'_>, command: &Command) -> Option<usize> {
        let peeked = walk.peeked?;
        let (_, args) = command.effective();
        let fed = self.before(command).into_iter();
        let substituted = args
            .iter()
            .filter(|w| w.holds_substitution)
            .flat_map(|w| self.inside(w));
        let from = command
            .redirects
            .iter()
            .filter(|r| r.target.holds_substitution)
            .flat_map(|r| self.inside(&r.target));
        let mut sources = fed.chain(substituted).chain(from);
        sources.any(|c| self.shows(walk, c)).then_some(peeked)
    }

    /// `git archive FETCH_HEAD | tar x -C dir`, `tar xf head.tar`, `unzip`.
    pub(super) fn unpack(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        let name = command.effective().0.file_name().unwrap_or("");
        let unpacks = match name {
            "tar" | "bsdtar" => {
                words.first().is_some_and(|first| {
                    let letters = first.trim_start_matches('-');
                    letters.contains('x') && !first.starts_with("--") || first == "--extract"
                }) || words.iter().any(|w| w == "-x" || w == "--extract")
            }
            "unzip" | "7z" | "7za" | "cpio" => true,
            _ => false,
        };
        if !unpacks {
            return;
        }
        let whose = self
            .shown_to(walk, command)
            .or_else(|| self.packed_by(walk, command));
        let whose = whose.or_else(|| {
            let mut files = words.iter().filter(|w| !w.starts_with('-'));
            files.find_map(|w| walk.tree.owner_outside(w).or_else(|| self.archive(walk, w)))
        });
        let Some(fetch) = whose else { return };
        let into = words.iter().enumerate().find_map(|(at, word)| {
            let next = || words.get(at + 1).cloned();
            match word.as_str() {
                "-C" | "--directory" | "-d" => next(),
                _ => word.strip_prefix("--directory=").map(str::to_owned),
            }
        });
        let folder = into
            .as_ref()
            .map_or_else(|| self.cwd.clone(), |path| self.cwd.join(path));
        if let (Some(path), true) = (into, folder == Folder::Elsewhere) {
            walk.tree.outside_folder(&path, fetch);
        }
        walk.tree.foreign(&folder, fetch);
        self.laid_over(walk, &folder, fetch);
    }

    // `tar c -C head . | tar x`
    fn packed_by(&self, walk: &Walk<'_>, command: &Command) -> Option<usize> {
        let before = self.before(command);
        let mut packs = before.into_iter().filter(|c| c.is("tar") || c.is("bsdtar"));
        packs.find_map(|c| {
            let (_, args) = c.effective();
            let words = args.iter().map(|w| self.expand(w));
            let mut named = words.filter(|w| !w.starts_with('-') && w.as_str() != ".");
            named.find_map(|w| walk.tree.owner(&self.cwd.join(&w)))
        })
    }

    // A packed file of the stranger, by itself: one among others that were
    // fetched is unpacked into what is the stranger's already.
    fn archive(&self, walk: &Walk<'_>, path: &str) -> Option<usize> {
        let folder = self.cwd.join(path);
        walk.tree.owner_of_named(&folder)
    }
}

impl Walk<'_> {
    /// Notes files that were taken and lie in no folder yet.
    fn taken(
        &mut self,
        at: &At<'_>,
        span: cofferdam_facts::Span,
        head: Head,
        mutable: bool,
    ) -> Option<usize> {
        if !self.is_about_pull_request() {
            return None;
        }
        self.out.fetches.push(Fetch {
            place: at.document.file().locate(span),
            label: at.label.clone(),
            head,
            means: Means::Git,
            folder: Folder::Elsewhere,
            mutable: mutable && !self.compares_times,
            way: at.way.clone(),
        });
        self.out.fetches.len().checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_searches_find_everything() {
        assert!(BUILD_FILES.is_sorted());
        assert!(is_build_file("head/Makefile") && !is_build_file("Makefile.txt"));
    }

    #[test]
    fn names_of_what_was_fetched_are_known() {
        let words =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        let fetch = words("origin +refs/pull/7/head:refs/heads/pr");
        let mut fetched = Fetched::by(Head::PULL, false, &fetch);
        assert!(fetched.is_named(&words("FETCH_HEAD:x")) && fetched.is_named(&words("pr")));
        assert!(!fetched.is_named(&words("main:x")));
        fetched.also(&words("test FETCH_HEAD"));
        assert!(fetched.is_named(&words("test:x")));
        fetched.also(&words("other main"));
        assert!(!fetched.is_named(&words("other")));
    }
}
