//! Which commands are known to run no code of the files that they work on.
//!
//! This is a list of what is allowed: a command that is not on it may run
//! anything. Sources: the manual of each command.

use crate::semantics::{execution, harmless};
use crate::shell::{self, Command, Shell};

/// What only reads, writes, or moves files, talks to a service, or changes the
/// shell itself, besides the commands that are harmless wherever they run. Sorted.
const MORE: &[&str] = &[
    "apk",
    "apt",
    "apt-get",
    "black",
    "brew",
    "choco",
    "clang-format",
    "cloc",
    "command",
    "curl",
    "declare",
    "dnf",
    "doctl",
    "dpkg",
    "env",
    "export",
    "flock",
    "flyctl",
    "gofmt",
    "goimports",
    "gpg",
    "gpgconf",
    "grype",
    "hash",
    "helm",
    "hub",
    "identify",
    "indent",
    "install",
    "isort",
    "kubectl",
    "less",
    "local",
    "mapfile",
    "more",
    "mount",
    "openssl",
    "osv-scanner",
    "pacman",
    "patch",
    "patchelf",
    "readarray",
    "readonly",
    "rg",
    "rsync",
    "ruff",
    "rustfmt",
    "rustup",
    "scp",
    "sdkmanager",
    "snap",
    "sort",
    "split",
    "ssh-add",
    "ssh-agent",
    "ssh-keygen",
    "strip",
    "sudo",
    "syft",
    "sysctl",
    "systemctl",
    "tar",
    "trivy",
    "typeset",
    "typos",
    "umount",
    "update-alternatives",
    "wget",
    "yum",
    "zip",
];

/// Subcommands of `git` that run nothing which a commit can bring along. Hooks
/// and filters are the clone's own settings. Sorted.
const GIT: &[&str] = &[
    "",
    "add",
    "am",
    "apply",
    "archive",
    "blame",
    "branch",
    "bundle",
    "cat-file",
    "checkout",
    "cherry",
    "cherry-pick",
    "clean",
    "clone",
    "commit",
    "config",
    "count-objects",
    "describe",
    "diff",
    "diff-index",
    "diff-tree",
    "fetch",
    "for-each-ref",
    "format-patch",
    "fsck",
    "gc",
    "grep",
    "hash-object",
    "help",
    "init",
    "lfs",
    "log",
    "ls-files",
    "ls-remote",
    "ls-tree",
    "merge",
    "merge-base",
    "mv",
    "notes",
    "pull",
    "push",
    "range-diff",
    "rebase",
    "remote",
    "reset",
    "restore",
    "rev-list",
    "rev-parse",
    "revert",
    "rm",
    "shortlog",
    "show",
    "show-ref",
    "sparse-checkout",
    "stash",
    "status",
    "submodule",
    "switch",
    "symbolic-ref",
    "tag",
    "update-index",
    "update-ref",
    "version",
    "worktree",
    "write-tree",
];

/// Subcommands of container tools that neither build nor run anything. Sorted.
const CONTAINER: &[&str] = &[
    "cp", "create", "images", "info", "inspect", "kill", "load", "login", "logout", "logs",
    "manifest", "network", "ps", "pull", "push", "rm", "rmi", "save", "stop", "system", "tag",
    "version", "volume",
];

/// Whether a command of this name, with these arguments, runs no code of the
/// files around it. What [`execution::of_command`] knows is for that to say.
#[must_use]
pub fn is_inert(program: &str, args: &[String]) -> bool {
    let first = |skip: usize| {
        let mut plain = args.iter().filter(|a| !a.starts_with('-')).skip(skip);
        plain.next().map_or("", String::as_str)
    };
    let has = |words: &[&str]| args.iter().any(|a| words.contains(&a.as_str()));
    match program {
        // Its questions about itself.
        _ if args.len() == 1 && has(&["--version", "--help"]) => true,
        "git" => {
            GIT.binary_search(&verb_of_git(args)).is_ok()
                && !has(&["foreach", "-x", "--exec", "--upload-pack"])
        }
        "gh" => !matches!(first(0), "extension" | "ext" | "alias" | "cs" | "codespace"),
        "docker" | "podman" | "buildah" | "nerdctl" => {
            let verb = first(0);
            let of_group = matches!(
                verb,
                "image" | "container" | "buildx" | "builder" | "context"
            ) && !matches!(first(1), "build" | "bake" | "run" | "exec" | "b" | "f");
            // Without a folder of the runner, a container sees none.
            // A build without a folder of the runner is known not to run one.
            let elsewhere =
                verb == "build" && args.iter().any(|a| a == "--help" || a.contains("://"));
            let unmounted = verb == "run" && !args.iter().any(|a| mounts(a));
            of_group || unmounted || elsewhere || CONTAINER.binary_search(&verb).is_ok()
        }
        "find" => !has(&["-exec", "-execdir", "-ok", "-okdir"]),
        "awk" | "gawk" | "mawk" => !has(&["-f", "--file"]),
        "sed" | "gsed" => !has(&["-f", "--file"]),
        "tar" => !args
            .iter()
            .any(|a| a.starts_with("--to-command") || a.starts_with("--checkpoint")),
        "trap" => args.first().is_none_or(|text| text_is_inert(text)),
        _ => is_listed(program) || execution::is_listed(program),
    }
}

fn is_listed(program: &str) -> bool {
    harmless::COMMANDS.binary_search(&program).is_ok() || MORE.binary_search(&program).is_ok()
}

fn mounts(arg: &str) -> bool {
    arg.starts_with("-v") || arg.starts_with("--volume") || arg.starts_with("--mount")
}

// The first word after the options of `git` itself.
pub(super) fn verb_of_git(args: &[String]) -> &str {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-C" | "-c" | "--git-dir" | "--work-tree" => {
                args.next();
            }
            option if option.starts_with('-') => {}
            verb => return verb,
        }
    }
    ""
}

// A script in a word, such as that of `trap`.
fn text_is_inert(text: &str) -> bool {
    let script = shell::parse(text, &Shell::Bash);
    script.understood
        && script.commands.iter().all(|command: &Command| {
            let (name, args) = command.effective();
            let args: Vec<String> = args.iter().map(|w| w.text.clone()).collect();
            name.file_name()
                .is_some_and(|name| is_listed(name) && !args.is_empty())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inert(line: &str) -> bool {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().unwrap_or_default();
        is_inert(&program, &words.collect::<Vec<_>>())
    }

    #[test]
    fn the_lists_are_sorted_so_that_searches_find_everything() {
        for list in [MORE, GIT, CONTAINER] {
            assert!(list.is_sorted());
        }
    }

    #[test]
    fn what_is_not_known_is_not_inert() {
        for line in [
            "cat x",
            "git -C head diff --stat",
            "git status",
            "gh pr comment 1",
            "docker push x",
            "docker buildx imagetools create x",
            "docker run alpine true",
            "find . -name x",
            "awk {print}",
            "somewhat --version",
        ] {
            assert!(inert(line), "{line}");
        }
        for line in [
            "strace make",
            "frobnicate",
            "git submodule foreach make",
            "git bisect run make",
            "gh extension exec x",
            "docker run -v .:/w alpine make",
            "docker compose up",
            "find . -exec bash {} +",
            "awk -f x.awk",
            "tar xf x --to-command=sh",
            "trap make EXIT",
        ] {
            assert!(!inert(line), "{line}");
        }
    }
}
