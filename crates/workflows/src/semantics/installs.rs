//! Packages that a command installs by name, outside of any lockfile.
//!
//! Sources: the manuals of each package manager for what a version, a tag or a
//! range is to it. Registries of packages refuse to replace a version, so that
//! an exact version names the same package for ever; what it depends on is
//! resolved anew, unless the tool ships a lockfile.

use crate::shell::{Command, Word};

/// How loosely a package is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loose {
    /// Not at all, or as a variable says.
    Exact,
    /// The version is exact; what it depends on is the newest that fits.
    Dependencies,
    /// A range, a tag or a branch.
    Range,
    /// The newest.
    Newest,
}

/// One package that a command installs by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// The command in short, as in `pip install`.
    pub by: &'static str,
    /// The package as it is written.
    pub package: String,
    /// How loosely.
    pub loose: Loose,
    /// How the command can name it exactly.
    pub instead: &'static str,
}

/// How one package manager is asked.
struct Manager {
    program: &'static str,
    /// The words that follow it, any of them.
    verbs: &'static [&'static str],
    by: &'static str,
    /// Options whose value is the next word.
    values: &'static [&'static str],
    /// What stands between a name and its version.
    mark: &'static str,
    /// Options that give the version.
    version: &'static [&'static str],
    /// Options that tie the packages to something written down.
    locked: &'static [&'static str],
    instead: &'static str,
}

const NPM_VALUES: &[&str] = &[
    "--prefix",
    "--registry",
    "--tag",
    "--workspace",
    "-w",
    "--loglevel",
    "--unsafe-perm",
    "-C",
    "--cwd",
    "--dir",
    "--filter",
];
const PIP_VALUES: &[&str] = &[
    "--abi",
    "--cache-dir",
    "--extra-index-url",
    "--find-links",
    "--implementation",
    "--index-url",
    "--only-binary",
    "--no-binary",
    "--platform",
    "--prefix",
    "--python",
    "--python-version",
    "--root",
    "--target",
    "--timeout",
    "--retries",
    "--trusted-host",
    "--upgrade-strategy",
    "--log",
    "-f",
    "-i",
    "-p",
    "-t",
    "-e",
    "--editable",
    "--progress-bar",
    "--config-settings",
    "--global-option",
    "--report",
    "--group",
];
const PIP_LOCKED: &[&str] = &[
    "--require-hashes",
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "--constraints",
];

const fn manager(
    program: &'static str,
    verbs: &'static [&'static str],
    by: &'static str,
    mark: &'static str,
    instead: &'static str,
) -> Manager {
    Manager {
        program,
        verbs,
        by,
        values: &[],
        mark,
        version: &[],
        locked: &[],
        instead,
    }
}

const PROJECT: &str =
    "Make it a dependency of the project, so that the lockfile holds it, or name its exact version";
const EXACT: &str = "Name its exact version";

const MANAGERS: &[Manager] = &[
    Manager {
        values: NPM_VALUES,
        ..manager("npm", &["install", "i", "add"], "npm install", "@", PROJECT)
    },
    Manager {
        values: NPM_VALUES,
        ..manager("yarn", &["add"], "yarn add", "@", PROJECT)
    },
    Manager {
        values: NPM_VALUES,
        ..manager("yarn", &["global"], "yarn global add", "@", PROJECT)
    },
    Manager {
        values: NPM_VALUES,
        ..manager("yarn", &["dlx"], "yarn dlx", "@", PROJECT)
    },
    Manager {
        values: NPM_VALUES,
        ..manager("pnpm", &["add", "install", "i"], "pnpm add", "@", PROJECT)
    },
    Manager {
        values: NPM_VALUES,
        ..manager("pnpm", &["dlx"], "pnpm dlx", "@", PROJECT)
    },
    Manager {
        values: NPM_VALUES,
        ..manager("bun", &["add", "install", "i"], "bun add", "@", PROJECT)
    },
    Manager {
        values: NPM_VALUES,
        ..manager("bunx", &[], "bunx", "@", PROJECT)
    },
    Manager {
        values: &[
            "-i",
            "--install-dir",
            "-n",
            "--bindir",
            "-s",
            "--source",
            "-P",
        ],
        version: &["-v", "--version"],
        locked: &["-g", "--file"],
        ..manager(
            "gem",
            &["install", "i"],
            "gem install",
            ":",
            "Put it into the Gemfile and run `bundle install`, or name its exact version",
        )
    },
    Manager {
        values: PIP_VALUES,
        locked: PIP_LOCKED,
        ..manager(
            "pip",
            &["install", "download"],
            "pip install",
            "==",
            "List it with its hashes in a file and install that with `--require-hashes`, or name its exact version",
        )
    },
    Manager {
        values: PIP_VALUES,
        locked: PIP_LOCKED,
        ..manager("pipx", &["install", "run"], "pipx", "==", EXACT)
    },
    Manager {
        values: PIP_VALUES,
        locked: PIP_LOCKED,
        ..manager("uvx", &[], "uv tool", "==", EXACT)
    },
    Manager {
        values: &[
            "--git",
            "--branch",
            "--tag",
            "--rev",
            "--root",
            "--registry",
            "--features",
            "-F",
            "--bin",
            "--target",
            "--profile",
            "-j",
            "--jobs",
            "--index",
            "--target-dir",
            "--config",
            "-Z",
        ],
        version: &["--version", "--vers"],
        locked: &["--path", "--list"],
        ..manager(
            "cargo",
            &["install"],
            "cargo install",
            "@",
            "Name its exact version and add `--locked`",
        )
    },
    Manager {
        version: &["--version"],
        values: &["--targets", "--root", "--strategies"],
        ..manager("cargo", &["binstall"], "cargo binstall", "@", EXACT)
    },
    manager(
        "go",
        &["install", "run"],
        "go install",
        "@",
        "Make it a tool of the module (`go get -tool`), or name its exact version",
    ),
    Manager {
        version: &["--version"],
        values: &[
            "-s",
            "--source",
            "--install-arguments",
            "--params",
            "--execution-timeout",
        ],
        ..manager("choco", &["install"], "choco install", "@", EXACT)
    },
    Manager {
        version: &["--pin"],
        ..manager(
            "gh",
            &["extension"],
            "gh extension install",
            "@",
            "Name the commit with `--pin`",
        )
    },
    Manager {
        values: &["-d", "--working-dir"],
        ..manager("composer", &["require"], "composer require", ":", PROJECT)
    },
];

/// Whether a program can install anything here: most commands are nothing of
/// the kind.
fn program(command: &Command) -> Option<(&str, &[Word])> {
    let (name, args) = command.effective();
    let name = name.file_name()?;
    let next = |at: usize| args.get(at).map_or("", |word| word.text.as_str());
    Some(match name {
        "pip3" => ("pip", args),
        "python" | "python3" | "py" if next(0) == "-m" && matches!(next(1), "pip" | "pipx") => (
            if next(1) == "pip" { "pip" } else { "pipx" },
            args.get(2..)?,
        ),
        "uv" if next(0) == "pip" => ("pip", args.get(1..)?),
        "uv" if next(0) == "tool" && next(1) == "run" => ("uvx", args.get(2..)?),
        "uv" if next(0) == "tool" && next(1) == "install" => ("uvx", args.get(2..)?),
        "composer" if next(0) == "global" => ("composer", args.get(1..)?),
        "cargo" if next(0).starts_with('+') => ("cargo", args.get(1..)?),
        name => (name, args),
    })
}

/// The packages that a command installs by a name that may mean another one
/// tomorrow. Files, folders and what a variable decides are not among them.
#[must_use]
pub fn of_command(command: &Command) -> Vec<Install> {
    let mut found = named(command);
    found.retain(|install| install.loose != Loose::Exact);
    found
}

/// The packages that a command installs by name, those with an exact version
/// too. Files and folders are not among them.
#[must_use]
pub fn named(command: &Command) -> Vec<Install> {
    let Some((program, args)) = program(command) else {
        return Vec::new();
    };
    // uv prints the completion of a shell, and runs nothing.
    let prints = |word: &Word| word.text.starts_with("--generate-shell-completion");
    if program == "uvx" && args.first().is_some_and(prints) {
        return Vec::new();
    }
    if program == "npx" {
        return npx(args);
    }
    if program == "dotnet" {
        return dotnet(args);
    }
    let Some((manager, mut args)) = MANAGERS.iter().find_map(|manager| {
        if manager.program != program {
            return None;
        }
        if manager.verbs.is_empty() {
            return Some((manager, args));
        }
        // An option before the verb takes no word here that could be one.
        let at = args.iter().position(|word| !word.text.starts_with('-'))?;
        let verb = args.get(at)?;
        manager
            .verbs
            .contains(&verb.text.as_str())
            .then(|| (manager, args.get(at + 1..).unwrap_or_default()))
    }) else {
        return Vec::new();
    };
    if matches!(manager.by, "yarn global add" | "gh extension install") {
        let verb = if manager.program == "gh" {
            "install"
        } else {
            "add"
        };
        match args.split_first() {
            Some((first, rest)) if first.text == verb => args = rest,
            _ => return Vec::new(),
        }
    }
    judge(manager, args)
}

fn judge(manager: &Manager, args: &[Word]) -> Vec<Install> {
    let is = |word: &Word, options: &[&str]| {
        options.iter().any(|option| {
            word.text == *option
                || word
                    .text
                    .strip_prefix(option)
                    .is_some_and(|rest| rest.starts_with('='))
        })
    };
    if args.iter().any(|word| is(word, manager.locked)) {
        return Vec::new();
    }
    let has = |options: &[&str]| args.iter().find(|word| is(word, options));
    let own_lock = has(&["--locked"]).is_some();
    let given = has(manager.version).map(|word| {
        let value = word.text.split_once('=').map(|(_, value)| value);
        let at = args.iter().position(|other| std::ptr::eq(other, word));
        let next = at.and_then(|at| args.get(at + 1)).map(|w| w.text.as_str());
        value.or(next).unwrap_or_default()
    });
    let mut found = Vec::new();
    if manager.program == "cargo" && has(&["--git"]).is_some() {
        if has(&["--rev"]).is_none() {
            let git = after(args, "--git").unwrap_or_default();
            found.push(install(manager, git, Loose::Range));
        }
        return found;
    }
    let single = matches!(
        manager.by,
        "uv tool" | "bunx" | "yarn dlx" | "pnpm dlx" | "go install"
    );
    for word in names(manager, args) {
        let text = word.text.as_str();
        if is_local(text) || word.has_pattern && text.contains(['*', '?', '{']) {
            // The arguments of a program that is run are no packages.
            if single {
                break;
            }
            continue;
        }
        let loose = match given {
            Some(version) => exactness(version),
            None => looseness(manager, text),
        };
        let loose = match loose {
            Loose::Exact if manager.by == "cargo install" && !own_lock => Loose::Dependencies,
            loose => loose,
        };
        found.push(install(manager, text, loose));
        if single || manager.by == "pipx" {
            break;
        }
    }
    found
}

fn install(manager: &Manager, package: &str, loose: Loose) -> Install {
    Install {
        by: manager.by,
        package: package.to_owned(),
        loose,
        instead: manager.instead,
    }
}

fn after<'w>(args: &'w [Word], option: &str) -> Option<&'w str> {
    let at = args.iter().position(|word| word.text == option)?;
    args.get(at + 1).map(|word| word.text.as_str())
}

/// The words that name packages.
fn names<'w>(manager: &Manager, args: &'w [Word]) -> impl Iterator<Item = &'w Word> {
    let mut skip = false;
    let takes: Vec<&'static str> = manager
        .values
        .iter()
        .chain(manager.version)
        .copied()
        .collect();
    args.iter().filter(move |word| {
        if std::mem::take(&mut skip) {
            return false;
        }
        if word.text.starts_with('-') {
            skip = takes.contains(&word.text.as_str());
            return false;
        }
        true
    })
}

fn is_local(text: &str) -> bool {
    text.is_empty()
        || text.starts_with(['.', '/', '~', '$', '`', '\\', '*'])
        || text.starts_with("file:")
        || text.starts_with("${{")
        || !text.contains("://")
            && [
                ".py", ".whl", ".tgz", ".tar.gz", ".gem", ".zip", ".nupkg", ".vsix",
            ]
            .iter()
            .any(|end| text.ends_with(end))
}

/// How loosely a name with its version names a package.
fn looseness(manager: &Manager, text: &str) -> Loose {
    if text.contains("://") || text.starts_with("git+") || text.starts_with("github:") {
        let pinned = text
            .split(['#', '@', '/'])
            .any(|part| part.len() >= 40 && part.bytes().take(40).all(|b| b.is_ascii_hexdigit()));
        let unknown = text.contains('$');
        return if pinned || unknown {
            Loose::Exact
        } else {
            Loose::Range
        };
    }
    if manager.program == "go" {
        // Without a version it is the module's own.
        return match text.rsplit_once('@') {
            None => Loose::Exact,
            Some((_, "latest" | "upgrade")) => Loose::Newest,
            Some((_, version)) => exactness(version),
        };
    }
    let python = manager.mark == "==";
    if python {
        // `a>=1`, `a~=1.2`, `a[extra]==1.2.3; python_version < "3"`
        let requirement = text.split(';').next().unwrap_or_default().trim();
        if let Some((_, version)) = requirement.split_once("==") {
            return exactness(version.trim_start_matches('='));
        }
        if requirement.contains(['<', '>', '~', '!']) {
            return Loose::Range;
        }
        // uv takes `a@1.2.3` too.
        return match requirement.rsplit_once('@') {
            Some((_, version)) if manager.program == "uvx" => exactness(version),
            _ => Loose::Newest,
        };
    }
    // The first sign of `@scope/name` is no mark.
    let rest = text.strip_prefix('@').unwrap_or(text);
    match rest.rsplit_once(manager.mark) {
        Some((_, version)) => exactness(version),
        None => Loose::Newest,
    }
}

/// A version that a variable gives counts as exact: whoever sets it decides.
fn exactness(version: &str) -> Loose {
    if version.contains('$') || version.contains('`') {
        return Loose::Exact;
    }
    if version.is_empty() || version == "latest" {
        return Loose::Newest;
    }
    let bare = version.trim_start_matches(['=', 'v', ' ']);
    let commit = bare.len() >= 12 && bare.bytes().all(|b| b.is_ascii_hexdigit());
    let begins = bare.starts_with(|c: char| c.is_ascii_digit());
    let core = bare.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let exact = begins
        && parts.len() >= 2
        && !bare.contains(['*', '^', '~', '<', '>', ' ', ','])
        && !parts.iter().any(|part| matches!(*part, "x" | "X" | ""));
    if exact || commit {
        Loose::Exact
    } else {
        Loose::Range
    }
}

/// `npx` takes what the project has installed, if it has; what surely comes
/// from the registry is what has a version of its own.
fn npx(args: &[Word]) -> Vec<Install> {
    const INSTEAD: &str = PROJECT;
    let named = args.iter().enumerate().find_map(|(at, word)| {
        let text = word.text.as_str();
        if matches!(text, "-p" | "--package") {
            return args.get(at + 1);
        }
        (!text.starts_with('-')).then_some(word)
    });
    let Some(word) = named.filter(|word| !is_local(&word.text)) else {
        return Vec::new();
    };
    let rest = word.text.strip_prefix('@').unwrap_or(&word.text);
    let Some((_, version)) = rest.rsplit_once('@') else {
        return Vec::new();
    };
    vec![Install {
        by: "npx",
        package: word.text.clone(),
        loose: exactness(version),
        instead: INSTEAD,
    }]
}

fn dotnet(args: &[Word]) -> Vec<Install> {
    let text = |at: usize| args.get(at).map_or("", |word| word.text.as_str());
    if (text(0), text(1)) != ("tool", "install") {
        return Vec::new();
    }
    let manager = Manager {
        values: &[
            "--tool-path",
            "--add-source",
            "--configfile",
            "--framework",
            "--source",
            "--verbosity",
            "-v",
        ],
        version: &["--version"],
        ..manager(
            "dotnet",
            &[],
            "dotnet tool install",
            "@",
            "List it in `.config/dotnet-tools.json` and run `dotnet tool restore`, or name its exact version",
        )
    };
    judge(&manager, args.get(2..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{Shell, parse};

    fn all(script: &str) -> Vec<(String, Loose)> {
        parse(script, &Shell::Bash)
            .commands
            .iter()
            .flat_map(of_command)
            .map(|install| (install.package, install.loose))
            .collect()
    }

    #[test]
    fn loosely_named_packages_are_found() {
        use Loose::{Dependencies, Newest, Range};
        let cases = [
            ("npm install -g npm", "npm", Newest),
            ("npm i -g @scope/x@latest", "@scope/x@latest", Newest),
            ("npm install --no-save x@^2", "x@^2", Range),
            ("npm install x@2", "x@2", Range),
            (
                "npm install --prefix dir github:a/b#main",
                "github:a/b#main",
                Range,
            ),
            ("yarn global add x", "x", Newest),
            ("yarn dlx x run fast", "x", Newest),
            ("pnpm add -g x", "x", Newest),
            ("pnpm dlx x@next a b", "x@next", Range),
            ("npx --yes x@latest", "x@latest", Newest),
            ("sudo gem install x", "x", Newest),
            ("gem install x -v '~> 2'", "x", Range),
            ("pip install build", "build", Newest),
            ("python -m pip install --upgrade pip", "pip", Newest),
            ("python3 -m pip install 'x>=1'", "x>=1", Range),
            ("uv pip install x", "x", Newest),
            ("uv tool install x", "x", Newest),
            ("uvx x --flag y", "x", Newest),
            ("pipx run build --sdist", "build", Newest),
            (
                "pip install git+https://github.com/a/b@main",
                "git+https://github.com/a/b@main",
                Range,
            ),
            ("cargo install x", "x", Newest),
            ("cargo install x@1.2.3", "x@1.2.3", Dependencies),
            (
                "cargo +nightly install --version 1.2.3 x",
                "x",
                Dependencies,
            ),
            (
                "cargo install --git https://github.com/a/b --locked",
                "https://github.com/a/b",
                Range,
            ),
            (
                "go install example.com/x@latest",
                "example.com/x@latest",
                Newest,
            ),
            (
                "go run example.com/x@master ./...",
                "example.com/x@master",
                Range,
            ),
            ("choco install x -y", "x", Newest),
            ("dotnet tool install -g x", "x", Newest),
            ("gh extension install a/b", "a/b", Newest),
            ("composer global require a/b:^1", "a/b:^1", Range),
        ];
        for (script, package, loose) in cases {
            assert_eq!(all(script), [(package.to_owned(), loose)], "{script}");
        }
    }

    #[test]
    fn what_is_exact_local_or_locked_is_none() {
        for script in [
            "npm install",
            "npm ci",
            "npm install -g x@1.2.3",
            "npm install ./dist/x.tgz",
            "npm install x@$VERSION",
            "npm run add x",
            "npx eslint .",
            "yarn install",
            "yarn add --dev x@1.2.3",
            "gem install x -v 1.2.3",
            "gem install x:1.2.3",
            "bundle install",
            "pip install -r requirements.txt",
            "pip install .",
            "pip install -e .[dev]",
            "pip install dist/*.whl",
            "pip install x==1.2.3",
            "pip install --require-hashes -r x.txt",
            "pip install -c constraints.txt x",
            "uv tool install x@1.2.3",
            "uv sync",
            "uvx x==1.2.3",
            "cargo install --path .",
            "cargo install --locked x@1.2.3",
            "cargo install --git https://github.com/a/b --rev abc",
            "cargo build",
            "go install ./...",
            "go install example.com/x@v1.2.3",
            "go install example.com/x",
            "go run .",
            "choco install x --version 1.2.3",
            "dotnet tool restore",
            "dotnet tool install x --version 1.2.3",
            "gh extension install a/b --pin v1.2.3",
            "echo npm install x",
            "apt-get install x",
            "gh pr list",
        ] {
            assert_eq!(all(script), [], "{script}");
        }
    }
}
