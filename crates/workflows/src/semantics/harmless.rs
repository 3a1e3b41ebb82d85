//! Which commands run no code of files that lie anywhere on the runner.
//!
//! [`super::inert`] asks what a command does with the files that it is given;
//! this asks more: whether it could come upon code that lies elsewhere, by a
//! configuration, a link, a toolchain file or a plugin. A command that is not
//! listed may. Sources: the manual of each command; for programs that take a
//! toolchain from a file, <https://rust-lang.github.io/rustup/overrides.html> and
//! <https://yarnpkg.com/configuration/yarnrc#yarnPath>; for npm,
//! <https://docs.npmjs.com/cli/configuring-npm/npmrc#per-project-config-file>.

use super::inert;

/// Commands that read, write, move or show files, talk to a service, or change
/// the shell itself, whatever lies around them. Sorted.
const COMMANDS: &[&str] = &[
    ":",
    "[",
    "[[",
    "actionlint",
    "apt-cache",
    "apt-key",
    "ar",
    "aws",
    "az",
    "b2sum",
    "base32",
    "base64",
    "basename",
    "bc",
    "break",
    "bunzip2",
    "bzip2",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "cksum",
    "cmp",
    "codespell",
    "column",
    "comm",
    "complete",
    "continue",
    "cosign",
    "cp",
    "crane",
    "csplit",
    "curl",
    "cut",
    "date",
    "dd",
    "declare",
    "df",
    "diff",
    "dig",
    "dirname",
    "dirs",
    "dos2unix",
    "dpkg-query",
    "du",
    "echo",
    "egrep",
    "exit",
    "expand",
    "export",
    "expr",
    "factor",
    "false",
    "fc-cache",
    "fgrep",
    "file",
    "fmt",
    "fold",
    "free",
    "gcloud",
    "getconf",
    "getopts",
    "gitleaks",
    "grep",
    "groups",
    "gsutil",
    "gunzip",
    "gzip",
    "hadolint",
    "hash",
    "head",
    "hexdump",
    "host",
    "hostname",
    "iconv",
    "id",
    "jobs",
    "join",
    "jq",
    "kill",
    "let",
    "link",
    "ln",
    "local",
    "locale",
    "locale-gen",
    "logger",
    "logname",
    "ls",
    "lsb_release",
    "lscpu",
    "lsof",
    "lychee",
    "md5sum",
    "mkdir",
    "mkfifo",
    "mktemp",
    "mv",
    "nl",
    "nproc",
    "nslookup",
    "od",
    "oras",
    "paste",
    "pgrep",
    "ping",
    "popd",
    "pr",
    "printenv",
    "printf",
    "ps",
    "pushd",
    "pwd",
    "read",
    "readlink",
    "readonly",
    "realpath",
    "regctl",
    "return",
    "rm",
    "rmdir",
    "seq",
    "set",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "shasum",
    "shellcheck",
    "shfmt",
    "shift",
    "shopt",
    "shuf",
    "skopeo",
    "sleep",
    "sort",
    "split",
    "ssh-keygen",
    "ssh-keyscan",
    "stat",
    "strings",
    "stty",
    "sum",
    "sync",
    "tac",
    "tail",
    "tee",
    "test",
    "times",
    "touch",
    "tr",
    "tree",
    "true",
    "truncate",
    "tsort",
    "tty",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "uname",
    "unexpand",
    "uniq",
    "unset",
    "unxz",
    "unzip",
    "uptime",
    "wait",
    "wc",
    "wget",
    "which",
    "whoami",
    "xmllint",
    "xxd",
    "xz",
    "yamllint",
    "yq",
    "zcat",
    "zip",
    "zipinfo",
    "zstd",
];

/// Package managers of systems: what they install by name comes from their own
/// sources, a file or an address is code. Sorted.
const SYSTEM: &[&str] = &[
    "apk", "apt", "apt-get", "choco", "dnf", "dpkg", "pacman", "snap", "yum", "zypper",
];

/// Programs that another file chooses by a toolchain or a wrapper, so that even a
/// question about themselves runs it. Sorted.
const CHOSEN: &[&str] = &[
    "cargo",
    "clippy-driver",
    "corepack",
    "gradle",
    "mvn",
    "npx",
    "pnpm",
    "rustc",
    "rustdoc",
    "rustfmt",
    "yarn",
];

/// Keys of git's configuration that name no program. Others may: a hook, an
/// editor, a pager, a helper, a filter, a file that is included.
///
/// Source: git-scm.com, `git config`.
const PLAIN_KEYS: &[&str] = &[
    "advice.",
    "color.",
    "commit.",
    "core.autocrlf",
    "core.eol",
    "core.filemode",
    "core.longpaths",
    "core.quotepath",
    "fetch.",
    "http.",
    "init.defaultbranch",
    "merge.renamelimit",
    "pull.",
    "push.",
    "rebase.",
    "rerere.",
    "safe.directory",
    "url.",
    "user.",
];

/// Whether a command of this name, with these arguments, comes upon no code
/// wherever it lies. `false` says that it is not known.
#[must_use]
pub fn is_harmless(program: &str, args: &[String]) -> bool {
    let has = |words: &[&str]| args.iter().any(|a| words.contains(&a.as_str()));
    let starts = |starts: &[&str]| {
        args.iter()
            .any(|a| starts.iter().any(|start| a.starts_with(start)))
    };
    // What an argument names is a file or an address.
    let is_path = |a: &String| a.contains(['/', '$', '\\']) || a.ends_with(".deb");
    match program {
        _ if CHOSEN.binary_search(&program).is_ok() => false,
        _ if args.len() == 1 && has(&["--version", "--help"]) => !program.contains('/'),
        _ if SYSTEM.binary_search(&program).is_ok() => !args.iter().any(is_path),
        "sudo" | "env" | "command" | "nice" | "time" => args.is_empty(),
        "awk" | "gawk" | "mawk" => {
            inert::is_inert(program, args)
                && !args
                    .iter()
                    .any(|a| a.contains("system(") || a.contains("getline") || a.contains('|'))
        }
        "docker" | "podman" | "buildah" | "nerdctl" => of_containers(program, args),
        "find" => inert::is_inert(program, args),
        "gh" => {
            let verb = args.iter().find(|a| !a.starts_with('-'));
            inert::is_inert(program, args) && verb.is_none_or(|verb| !verb.contains('$'))
        }
        "git" => of_git(args),
        "go" => has(&["version"]),
        "mapfile" | "readarray" => !has(&["-C"]),
        // In its global mode it reads no configuration of the folder.
        "npm" => {
            has(&["-g", "--global"])
                && has(&["add", "i", "install"])
                && !args
                    .iter()
                    .any(|a| a.starts_with('.') || a.contains([':', '$', '\\']))
        }
        "openssl" | "gpg" | "gpgconf" => !starts(&["-engine", "-provider", "-config", "--options"]),
        "pip" | "pip3" => args
            .first()
            .is_some_and(|verb| matches!(verb.as_str(), "cache" | "freeze" | "list" | "show")),
        "sed" | "gsed" => inert::is_inert(program, args) && !args.iter().any(|a| executes(a)),
        "tar" | "bsdtar" => {
            inert::is_inert("tar", args) && !starts(&["-I", "--use-compress", "--rsh", "--rmt"])
        }
        "trap" => inert::is_inert(program, args),
        _ => COMMANDS.binary_search(&program).is_ok(),
    }
}

// `s/x/y/e` runs what it has made.
fn executes(script: &str) -> bool {
    let mut rest = script.split(';').map(str::trim);
    rest.any(|one| {
        let flags = one.rsplit(['/', '|', '#', ',']).next().unwrap_or("");
        let substitutes = one.trim_start_matches(|c: char| !c.is_alphabetic());
        substitutes.starts_with('s') && flags.contains('e') && flags.len() < 5
    })
}

fn of_containers(program: &str, args: &[String]) -> bool {
    let verb = args.iter().find(|a| !a.starts_with('-'));
    let verb = verb.map_or("", String::as_str);
    !matches!(verb, "load" | "create" | "cp") && inert::is_inert(program, args)
}

fn of_git(args: &[String]) -> bool {
    // `-c KEY=VALUE` before the subcommand.
    let mut given = args.windows(2).filter_map(|pair| match pair {
        [option, value] if option == "-c" => Some(value.as_str()),
        _ => None,
    });
    let verb = inert::verb_of_git(args);
    let plain = |key: &str| {
        let key = key.to_ascii_lowercase();
        PLAIN_KEYS.iter().any(|known| key.starts_with(known))
    };
    if verb == "config" {
        let mut keys = args.iter().filter(|a| {
            !a.starts_with('-') && a.as_str() != "config" && a.contains('.') && !a.contains('/')
        });
        let reads = args.iter().any(|a| {
            matches!(
                a.as_str(),
                "--get" | "--get-all" | "--get-regexp" | "--list" | "-l" | "--unset" | "get"
            )
        });
        return reads || keys.next().is_none_or(|key| plain(key));
    }
    let keys = given.all(plain);
    keys && !matches!(verb, "lfs" | "submodule") && inert::is_inert("git", args)
        || verb == "lfs" && !args.iter().any(|a| a == "--config")
        || verb == "submodule" && !args.iter().any(|a| a == "foreach" || a == "add")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harmless(line: &str) -> bool {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().unwrap_or_default();
        is_harmless(&program, &words.collect::<Vec<_>>())
    }

    #[test]
    fn the_lists_are_sorted_so_that_searches_find_everything() {
        for list in [COMMANDS, SYSTEM, CHOSEN] {
            assert!(list.is_sorted());
        }
    }

    #[test]
    fn what_may_come_upon_code_is_not_harmless() {
        for line in [
            "cat x",
            "git status",
            "git config user.name x",
            "git config --global --add safe.directory /w",
            "git -c http.extraheader=x fetch origin",
            "gh pr comment 1",
            "apt-get install -y make",
            "sed -i s/a/b/ x",
            "awk {print} x",
            "docker push x",
            "node --version",
            "npm install --global acme",
            "go version",
        ] {
            assert!(harmless(line), "{line}");
        }
        for line in [
            "make",
            "cargo fmt",
            "cargo --version",
            "rustc --version",
            "yarn --version",
            "npm ci",
            "npm whoami",
            "apt-get install ./x.deb",
            "git config core.hooksPath x",
            "git -c core.pager=x log",
            "git config alias.st x",
            "git submodule add x",
            "docker load -i x",
            "awk BEGIN{system(x)}",
            "sed s/a/b/e x",
            "tar -I x xf y",
            "helm template .",
            "pip install x",
            "./x --version",
            "frobnicate",
        ] {
            assert!(!harmless(line), "{line}");
        }
    }
}
