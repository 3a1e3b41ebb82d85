//! What programs do with the job's token.
//!
//! Sources: the REST reference, "Permissions required for GitHub Apps", for the
//! commands of `gh`; the manual of git for what talks to a remote; the manual of
//! each registry's client for what it sends where.

use cofferdam_facts::Scope;

use crate::shell::Command;

use Scope::{Actions, Contents, Discussions, Issues, Packages, PullRequests};

/// What a command uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uses {
    /// Neither the token nor the job's identity, and it runs nothing else.
    Nothing,
    /// The token, for these scopes.
    Token {
        /// Scopes that it reads.
        reads: &'static [Scope],
        /// Scopes that it writes.
        writes: &'static [Scope],
        /// Scopes that it writes only with some options.
        perhaps: &'static [Scope],
    },
    /// It asks for the job's identity by itself when it is to sign or to sign
    /// in, and may use the token.
    Signs,
    /// Not read: it may do anything with what it is handed.
    Unread,
}

const fn token(
    reads: &'static [Scope],
    writes: &'static [Scope],
    perhaps: &'static [Scope],
) -> Uses {
    Uses::Token {
        reads,
        writes,
        perhaps,
    }
}

// Programs that neither ask GitHub anything nor run what they are not told.
// Sorted.
const PLAIN: &[&str] = &[
    "[",
    "[[",
    "awk",
    "basename",
    "cat",
    "cd",
    "chmod",
    "cp",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "du",
    "echo",
    "env",
    "exit",
    "export",
    "false",
    "find",
    "free",
    "git",
    "grep",
    "head",
    "jq",
    "local",
    "ls",
    "mkdir",
    "mv",
    "nproc",
    "printf",
    "pwd",
    "read",
    "rm",
    "sed",
    "set",
    "sha256sum",
    "sleep",
    "sort",
    "tail",
    "tar",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "uname",
    "uniq",
    "unset",
    "unzip",
    "wc",
    "which",
    "whoami",
    "zip",
];

/// Whether a command of git asks a remote for something or sends it something.
#[must_use]
pub fn reaches_remote(command: &Command) -> bool {
    const VERBS: &[&str] = &[
        "clone",
        "fetch",
        "lfs",
        "ls-remote",
        "pull",
        "push",
        "remote",
        "send-email",
        "submodule",
        "subtree",
        "svn",
    ];
    command.is("git")
        && command
            .effective()
            .1
            .iter()
            .any(|word| !word.is_static || VERBS.contains(&word.text.as_str()))
}

/// What a command uses.
#[must_use]
pub fn of_command(command: &Command) -> Uses {
    let (name, args) = command.effective();
    let word = |at: usize| args.get(at).map_or("", |w| w.text.as_str());
    match name.file_name().unwrap_or("") {
        "git" if args.iter().any(|w| w.text == "push") => token(&[], &[Contents], &[]),
        "gh" => of_gh(word(0), word(1)),
        "cosign" | "goreleaser" | "npm" | "pnpm" | "twine" | "vault" | "slsa-verifier" => {
            Uses::Signs
        }
        "docker" | "podman" | "helm" | "oras" | "crane" | "skopeo" => token(&[], &[], &[Packages]),
        program if PLAIN.binary_search(&program).is_ok() => Uses::Nothing,
        _ => Uses::Unread,
    }
}

fn of_gh(group: &str, verb: &str) -> Uses {
    match (group, verb) {
        ("release", "view" | "list" | "download" | "verify" | "verify-asset") => {
            token(&[Contents], &[], &[])
        }
        ("release", _) => token(&[], &[Contents], &[Discussions]),
        ("pr", "merge") => token(&[], &[Contents, PullRequests], &[]),
        ("pr", "checkout" | "view" | "list" | "diff" | "status") => {
            token(&[PullRequests, Contents], &[], &[])
        }
        ("pr", "checks") => token(&[PullRequests, Scope::Checks, Scope::Statuses], &[], &[]),
        ("pr", _) => token(&[], &[PullRequests], &[Issues, Contents]),
        ("issue", "view" | "list" | "status") | ("label", "list") => token(&[Issues], &[], &[]),
        ("issue" | "label", _) => token(&[], &[Issues], &[PullRequests]),
        ("run" | "workflow" | "cache", "view" | "list" | "watch" | "download") => {
            token(&[Actions], &[], &[])
        }
        ("run" | "workflow" | "cache", _) => token(&[], &[Actions], &[]),
        ("attestation", "verify") => token(&[Scope::Attestations], &[], &[]),
        ("auth" | "config" | "version" | "--version", _) => Uses::Nothing,
        _ => Uses::Unread,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_the_search_finds_everything() {
        assert!(PLAIN.is_sorted());
    }
}
