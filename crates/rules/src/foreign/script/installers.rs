//! Programs that fetch code by git or by an address and run it, or install it, in
//! one go: from a stranger's repository, or at a stranger's commit, it is the
//! stranger's code and no package's.
//!
//! Sources: docs.npmjs.com, `npm install`, git URLs; pip.pypa.io, "VCS Support";
//! doc.rust-lang.org, `cargo install`; go.dev/ref/mod, "Version queries";
//! docs.deno.com, `deno run`; nix.dev, "Flake references"; docs.docker.com,
//! "Build context", Git repositories.

use cofferdam_workflows::semantics::execution;
use cofferdam_workflows::semantics::folders::Folder;
use cofferdam_workflows::semantics::heads::Head;
use cofferdam_workflows::semantics::mounts;
use cofferdam_workflows::shell::{Command, Word};

use super::Shell;
use crate::foreign::{Means, Walk, Whose};

/// Programs, and the words with which they fetch what they are given; none where
/// they always do.
const INSTALLERS: &[(&str, &[&str])] = &[
    ("bun", &["add", "i", "install", "x"]),
    ("bunx", &[]),
    ("cargo", &["add", "binstall", "install"]),
    ("composer", &["create-project", "require"]),
    ("deno", &["install", "run"]),
    ("gem", &["install"]),
    ("go", &["get", "install", "run"]),
    ("helm", &["install", "template", "upgrade"]),
    ("kubectl", &["apply", "create"]),
    ("nix", &["build", "develop", "profile", "run", "shell"]),
    ("nix-build", &[]),
    ("nix-shell", &[]),
    ("npm", &["add", "exec", "i", "install", "x"]),
    ("npx", &[]),
    ("pip", &["install", "wheel"]),
    ("pip3", &["install", "wheel"]),
    ("pipx", &["install", "run"]),
    ("pnpm", &["add", "dlx", "i", "install"]),
    ("pnpx", &[]),
    ("poetry", &["add"]),
    ("python", &["install"]),
    ("python3", &["install"]),
    ("uv", &["add", "install", "run"]),
    ("uvx", &[]),
    ("yarn", &["add", "dlx"]),
];

/// Programs that copy a repository into a folder.
const COPIERS: &[&str] = &["copier", "degit", "giget", "tiged", "cookiecutter"];

impl Shell<'_> {
    /// Code of a stranger that a command fetches and runs by itself.
    pub(super) fn installs(&mut self, walk: &mut Walk<'_>, command: &Command) {
        let (name, args) = command.effective();
        let Some(file) = name.file_name() else { return };
        let words = || args.iter().map(|w| w.text.split('@').next().unwrap_or(""));
        if file == "npx" || COPIERS.contains(&file) {
            let by = words().any(|w| COPIERS.contains(&w)) || COPIERS.contains(&file);
            if by {
                return self.copies(walk, command, args);
            }
        }
        let contained = matches!(file, "docker" | "podman" | "buildah")
            && args
                .iter()
                .take(3)
                .any(|w| matches!(w.text.as_str(), "build" | "bake"));
        let listed = INSTALLERS.iter().find(|(name, _)| *name == file);
        let fetches = listed.is_some_and(|(_, verbs)| {
            let mut first = args.iter().take(4);
            verbs.is_empty() || first.any(|w| verbs.contains(&w.text.as_str()))
        });
        if !fetches && !contained {
            return;
        }
        let by_git = args.iter().any(|w| w.text.starts_with("--git"));
        let mut before = "";
        let mut head = Head::default();
        for word in args {
            let revision = by_git && matches!(before, "--rev" | "--tag" | "--branch")
                || ["--rev=", "--tag=", "--branch="]
                    .iter()
                    .any(|option| word.text.starts_with(option));
            let source = by_git && before == "--git" || is_source(word, contained);
            before = &word.text;
            if !revision && !source {
                continue;
            }
            let found = self.head(word).0;
            if found.is_code() || found.text {
                head = head.or(found);
            }
        }
        if !head.is_code() && !head.text || walk.whose != Whose::Stranger {
            return;
        }
        let known = walk.out.fetches.len();
        let span = self.span(command);
        walk.fetch(
            self.at,
            span,
            head.or(Head::FORK),
            Means::Git,
            Folder::Elsewhere,
            true,
        );
        if walk.out.fetches.len() > known {
            let means = self.means(command);
            let means = self.means_of(means);
            walk.run(self.at, known, span, means, contained);
        }
    }

    // `npx degit "$REPO#$SHA" x`
    fn copies(&mut self, walk: &mut Walk<'_>, command: &Command, args: &[Word]) {
        let is_tool = |w: &Word| COPIERS.contains(&w.text.split('@').next().unwrap_or(""));
        let from = args.iter().position(is_tool).map_or(0, |at| at + 1);
        self.clone_of(walk, command, args.get(from..).unwrap_or_default());
    }

    /// What code of a stranger in a container leaves in the folders that are
    /// mounted into it, and what a build puts out.
    pub(super) fn contained(&self, walk: &mut Walk<'_>, command: &Command, words: &[String]) {
        if walk.is_clean() || !["docker", "podman"].iter().any(|name| command.is(name)) {
            return;
        }
        if let Some(at) = words.iter().position(|w| w == "-o" || w == "--output") {
            let path = words.get(at + 1).map_or("", String::as_str);
            let path = path.rsplit("dest=").next().unwrap_or(path);
            if let Some(fetch) = self.of_contained(walk, command) {
                walk.tree.foreign(&self.cwd.join(path), fetch);
            }
        }
        if !words.iter().take(3).any(|w| w == "run") {
            return;
        }
        let Some(fetch) = self.of_contained(walk, command) else {
            return;
        };
        let writable = |w: &&String| !w.ends_with(":ro") && !w.contains(",readonly");
        let args: Vec<String> = words.iter().filter(writable).cloned().collect();
        for mount in mounts::of_arguments(&args, &self.cwd) {
            walk.tree.foreign(&mount.folder, fetch);
        }
    }

    fn of_contained(&self, walk: &Walk<'_>, command: &Command) -> Option<usize> {
        let expand = |w: &Word| self.expand(w);
        let executions = execution::of_command(command, &self.cwd, &expand);
        executions
            .into_iter()
            .find_map(|execution| walk.tree.owner(&execution.folder))
    }
}

// Whether a word names where code comes from: an address, a repository of a host,
// a commit behind a package.
fn is_source(word: &Word, contained: bool) -> bool {
    let text = word.text.as_str();
    let text = text.strip_prefix("--git=").unwrap_or(text);
    if contained {
        return text.contains("://") || text.starts_with("git@");
    }
    let named = ["://", "github:", "gitlab:", "git+", "git@", "github.com/"]
        .iter()
        .any(|mark| text.contains(mark));
    let versioned = text.contains('/') && (text.contains("@$") || text.contains("#$"));
    named || versioned
}
