//! Which commands run no code of files that lie anywhere on the runner.
//!
//! [`super::inert`] asks what a command does with the files that it is given;
//! this asks more: whether it could come upon code that lies elsewhere, by a
//! configuration, a link, a toolchain file or a plugin. A command that is not
//! listed may. Sources: the manual of each command; for programs that take a
//! toolchain from a file, <https://rust-lang.github.io/rustup/overrides.html> and
//! <https://yarnpkg.com/configuration/yarnrc#yarnPath>; for npm,
//! <https://docs.npmjs.com/cli/configuring-npm/npmrc#per-project-config-file>.

mod options;

use super::inert;

/// Commands that read, write, move or show files, talk to a service, or change
/// the shell itself, whatever lies around them. Sorted.
pub(super) const COMMANDS: &[&str] = &[
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
    "cut",
    "date",
    "dd",
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
    "which",
    "whoami",
    "xmllint",
    "xxd",
    "xz",
    "yamllint",
    "yq",
    "zcat",
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
    match program {
        _ if CHOSEN.binary_search(&program).is_ok() => false,
        _ if args.len() == 1 && has(&["--version", "--help"]) => !program.contains('/'),
        _ if SYSTEM.binary_search(&program).is_ok() => args.iter().all(|a| is_package(a)),
        "sudo" | "env" | "command" | "nice" | "time" => args.is_empty(),
        // They set whatever a substitution gives.
        "export" | "declare" | "typeset" | "readonly" | "local" => {
            !args.iter().any(|a| a.starts_with(['$', '`']))
        }
        "docker" | "podman" | "buildah" | "nerdctl" => of_containers(program, args),
        "gh" => {
            let verb = args.iter().find(|a| !a.starts_with('-'));
            inert::is_inert(program, args) && verb.is_none_or(|verb| !verb.contains('$'))
        }
        "git" => of_git(args),
        "go" => has(&["version"]),
        "hash" => args.is_empty() || has(&["-r"]),
        "mapfile" | "readarray" => !has(&["-C"]),
        "npm" => installs_globally(args),
        "pip" | "pip3" => args
            .first()
            .is_some_and(|verb| matches!(verb.as_str(), "cache" | "freeze" | "list" | "show")),
        "trap" => inert::is_inert(program, args),
        _ => match options::of(program) {
            Some(known) => known.allow(args) && options::is_plain(program, args),
            None => COMMANDS.binary_search(&program).is_ok(),
        },
    }
}

// The name of a package, and no file; or an option that says nothing else.
fn is_package(arg: &str) -> bool {
    const OPTIONS: &[&str] = &[
        "-S",
        "-Sy",
        "-Syu",
        "-U",
        "-f",
        "-q",
        "-qq",
        "-y",
        "-yq",
        "-yqq",
        "--allow-downgrades",
        "--assume-yes",
        "--classic",
        "--fix-missing",
        "--no-cache",
        "--no-install-recommends",
        "--noconfirm",
        "--quiet",
        "--yes",
    ];
    const FILES: &[&str] = &[
        ".apk", ".config", ".deb", ".nupkg", ".pkg", ".rpm", ".snap", ".txt", ".xz", ".zst",
    ];
    if arg.starts_with('-') {
        return OPTIONS.contains(&arg);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.:=_~".contains(c);
    let file = FILES.iter().any(|ending| arg.ends_with(ending));
    arg != "." && arg.chars().all(plain) && !file
}

// In its global mode npm reads no configuration of the folder; a name is no path.
fn installs_globally(args: &[String]) -> bool {
    const OPTIONS: &[&str] = &[
        "-g",
        "--global",
        "--no-audit",
        "--no-fund",
        "--silent",
        "--quiet",
    ];
    let (options, words): (Vec<&String>, Vec<&String>) =
        args.iter().partition(|a| a.starts_with('-'));
    let is_name = |word: &&String| {
        let name = match word.strip_prefix('@') {
            Some(scoped) => scoped.replacen('/', "", 1),
            None => (*word).clone(),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-.@^_~".contains(c);
        !name.starts_with('.') && name.chars().all(plain) && !name.ends_with(".tgz")
    };
    let verb = words.first().map_or("", |word| word.as_str());
    matches!(verb, "add" | "i" | "install")
        && words.len() > 1
        && words.iter().skip(1).all(is_name)
        && options.iter().all(|o| OPTIONS.contains(&o.as_str()))
        && options
            .iter()
            .any(|o| matches!(o.as_str(), "-g" | "--global"))
}

fn of_containers(program: &str, args: &[String]) -> bool {
    let verb = args.iter().find(|a| !a.starts_with('-'));
    let verb = verb.map_or("", String::as_str);
    // A container that reads its input runs what it is given there.
    let reads = args.iter().any(|a| {
        let short = a.starts_with('-') && !a.starts_with("--") && a.contains('i');
        short || a == "--interactive"
    });
    let substituted = args.iter().any(|a| a.contains("$(") || a.contains('`'));
    !matches!(verb, "load" | "create" | "cp")
        && !(verb == "run" && (reads || substituted))
        && inert::is_inert(program, args)
}

/// Options of git, and of its subcommands, that name a program or a file which
/// names one. Git takes the beginning of an option for the option.
const GIT_OPTIONS: &[&str] = &[
    "--config",
    "--exec",
    "--ext-diff",
    "--git-dir",
    "--open-files-in-pager",
    "--receive-pack",
    "--template",
    "--textconv",
    "--upload-pack",
];

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
    let names_program = args.iter().any(|a| {
        let name = a.split('=').next().unwrap_or("");
        let long = name.starts_with("--")
            && name.len() > 4
            && GIT_OPTIONS
                .iter()
                .any(|one| one.starts_with(name) || name.starts_with(one));
        let short = match verb {
            "clone" => a == "-u" || a == "-c",
            "grep" => a.starts_with("-O"),
            _ => false,
        };
        long || short
    });
    if names_program || !given.all(plain) {
        return false;
    }
    match verb {
        "lfs" => true,
        "submodule" => !args.iter().any(|a| a == "foreach" || a == "add"),
        _ => inert::is_inert("git", args),
    }
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
            "sed -n 3,5p x",
            "tar xzf x.tgz -C out",
            "sort -k2,2 -u x",
            "curl -fsSL https://example.com/x -o y",
            "find . -name x -print",
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
            "git fetch --upload-p x",
            "git clone --template=pr x",
            "sed 1e x",
            "sed -fx",
            "awk -fx",
            "tar czf x.tgz *",
            "tar x --checkpoint=1 --checkpoint-action=exec=x",
            "sort --compress-program=x y",
            "zip -TT x y",
            "dnf install x.rpm",
            "npm i -g pr/cli.tgz",
            "npm i -g",
            "docker run -i alpine sh",
            "export $(cat x)",
            "curl -K x",
            "ssh-keygen -D x",
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
