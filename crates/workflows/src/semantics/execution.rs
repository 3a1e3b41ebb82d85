//! Which commands run code of the folder that they work on.
//!
//! A build tool runs what the folder's own files say: recipes, scripts of
//! packages, build scripts, configuration that is code, plugins that it names.
//! Sources: the manual of each tool; the catalogue of such tools at
//! <https://boostsecurityio.github.io/lotp/>.

use crate::semantics::folders::Folder;
use crate::semantics::mounts;
use crate::shell::{Command, Word};

/// Code of a folder is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The folder or file.
    pub folder: Folder,
    /// The means, for messages: `npm ci`.
    pub means: String,
    /// Whether it runs in a container that gets no more than what is handed to
    /// it: the instructions of a Dockerfile.
    pub contained: bool,
}

/// When a tool runs code of its folder.
enum When {
    Always,
    /// With any of these words as its first argument that is no option.
    Verbs(&'static [&'static str]),
    /// Unless it is one of these.
    Except(&'static [&'static str]),
}

struct Tool {
    names: &'static [&'static str],
    when: When,
    /// Options that name the folder.
    folder: &'static [&'static str],
    /// An option with which nothing of the folder is run.
    harmless: &'static str,
}

const fn tool(names: &'static [&'static str], when: When) -> Tool {
    Tool {
        names,
        when,
        folder: &[],
        harmless: "",
    }
}

const fn at(tool: Tool, folder: &'static [&'static str]) -> Tool {
    Tool { folder, ..tool }
}

const JS_VERBS: &[&str] = &[
    "add",
    "build",
    "ci",
    "clean-install",
    "create",
    "dlx",
    "exec",
    "i",
    "install",
    "install-ci-test",
    "install-test",
    "it",
    "pack",
    "prepare",
    "publish",
    "rebuild",
    "restart",
    "run",
    "run-script",
    "start",
    "t",
    "test",
    "tst",
    "up",
    "update",
    "version",
    "x",
];

const TOOLS: &[Tool] = &[
    at(
        tool(
            &["make", "gmake", "mingw32-make"],
            When::Except(&["--version", "-v", "--help"]),
        ),
        &["-C", "--directory"],
    ),
    Tool {
        harmless: "--ignore-scripts",
        ..at(tool(&["npm"], When::Verbs(JS_VERBS)), &["--prefix", "-C"])
    },
    // Both run code that their configuration names, whatever is asked.
    at(
        tool(&["pnpm"], When::Except(&["--version", "-v"])),
        &["-C", "--dir"],
    ),
    at(tool(&["yarn", "yarnpkg"], When::Always), &["--cwd"]),
    at(
        tool(
            &["bun", "lerna", "nx", "turbo", "rush"],
            When::Except(&["--version"]),
        ),
        &["--cwd"],
    ),
    tool(
        &["npx", "bunx", "pnpx", "corepack"],
        When::Except(&["enable", "prepare", "--version", "-v"]),
    ),
    tool(
        &[
            "ava",
            "cypress",
            "eslint",
            "grunt",
            "gulp",
            "jest",
            "karma",
            "markdownlint-cli2",
            "mocha",
            "next",
            "playwright",
            "prettier",
            "rollup",
            "storybook",
            "stylelint",
            "tox",
            "vite",
            "vitest",
            "webpack",
        ],
        When::Except(&["--version"]),
    ),
    tool(
        &[
            "coverage",
            "hatch",
            "nox",
            "pdm",
            "pipenv",
            "poetry",
            "py.test",
            "pylint",
            "pytest",
            "pre-commit",
            "mkdocs",
            "sphinx-build",
            "mypy",
            "flake8",
            "cibuildwheel",
            "conda-build",
        ],
        When::Except(&["--version", "version", "config", "self"]),
    ),
    at(
        tool(
            &["uv"],
            When::Verbs(&["build", "lock", "publish", "run", "sync"]),
        ),
        &["--directory", "--project"],
    ),
    at(
        tool(&["go"], When::Verbs(&["generate", "run", "test", "tool"])),
        &["-C"],
    ),
    tool(
        &["cargo", "cross"],
        When::Verbs(&[
            "b",
            "bench",
            "build",
            "c",
            "check",
            "clippy",
            "d",
            "doc",
            "install",
            "llvm-cov",
            "miri",
            "nextest",
            "package",
            "publish",
            "r",
            "run",
            "rustc",
            "t",
            "tarpaulin",
            "test",
            "xtask",
        ]),
    ),
    at(
        tool(&["gradle", "gradlew"], When::Except(&["--version"])),
        &["-p", "--project-dir"],
    ),
    at(
        tool(&["mvn", "mvnw"], When::Except(&["--version", "-v"])),
        &["-f", "--file"],
    ),
    tool(
        &[
            "ant",
            "bazel",
            "bazelisk",
            "buck2",
            "cmake",
            "ctest",
            "just",
            "mage",
            "meson",
            "ninja",
            "rake",
            "sbt",
            "scons",
            "task",
            "waf",
            "autoreconf",
            "mise",
            "dagger",
            "earthly",
        ],
        When::Except(&["--version", "version"]),
    ),
    tool(
        &["bundle", "bundler"],
        When::Verbs(&["exec", "install", "update", "check"]),
    ),
    tool(
        &["jekyll", "rspec", "rubocop"],
        When::Except(&["--version"]),
    ),
    Tool {
        harmless: "--no-scripts",
        ..at(
            tool(
                &["composer"],
                When::Verbs(&[
                    "create-project",
                    "dump-autoload",
                    "exec",
                    "i",
                    "install",
                    "run",
                    "run-script",
                    "update",
                    "test",
                ]),
            ),
            &["-d", "--working-dir"],
        )
    },
    tool(
        &["phpunit", "phpstan", "psalm", "php-cs-fixer"],
        When::Except(&["--version"]),
    ),
    tool(
        &["dotnet"],
        When::Verbs(&[
            "build", "clean", "format", "msbuild", "pack", "publish", "restore", "run", "test",
            "tool",
        ]),
    ),
    tool(&["msbuild", "nuget"], When::Except(&["sources", "locals"])),
    tool(
        &[
            "cabal",
            "clojure",
            "dune",
            "elm",
            "lein",
            "mix",
            "opam",
            "rebar3",
            "stack",
            "swift",
            "xcodebuild",
            "zig",
            "flutter",
            "pod",
            "fastlane",
            "pulumi",
            "terragrunt",
            "helmfile",
            "vagrant",
            "ansible-playbook",
            "cdk",
            "serverless",
            "goreleaser",
            "golangci-lint",
            "semantic-release",
            "release-it",
        ],
        When::Except(&["--version", "version", "format", "fmt"]),
    ),
    at(
        tool(
            &["terraform", "tofu"],
            When::Verbs(&["apply", "destroy", "init", "plan", "test"]),
        ),
        &["-chdir"],
    ),
    tool(&["nix-shell"], When::Always),
    tool(&["nix"], When::Verbs(&["develop", "run", "shell"])),
];

const INTERPRETERS: &[&str] = &[
    "bash", "bun", "dash", "deno", "node", "nodejs", "perl", "php", "pwsh", "python", "python2",
    "python3", "Rscript", "ruby", "sh", "source", "ts-node", "tsx", "zsh", "lua", ".",
];

const CONTAINER_TOOLS: &[&str] = &["docker", "podman", "buildah", "nerdctl", "img", "kaniko"];

/// Whether [`of_command`] knows the program: what it does not name, the program
/// does not run.
#[must_use]
pub fn is_listed(program: &str) -> bool {
    INTERPRETERS.contains(&program)
        || matches!(program, "pip" | "pip3" | "pipx")
        || TOOLS.iter().any(|tool| tool.names.contains(&program))
}

/// Whether a program runs the script that it is given.
#[must_use]
pub fn is_interpreter(program: &str) -> bool {
    INTERPRETERS.contains(&program)
}

/// What a command runs of the folders of the workspace. `expand` gives a word's
/// text with the variables that are known put in.
#[must_use]
pub fn of_command(
    command: &Command,
    cwd: &Folder,
    expand: &dyn Fn(&Word) -> String,
) -> Vec<Execution> {
    let (name, args) = command.effective();
    let program = expand(name);
    let args: Vec<String> = args.iter().map(expand).collect();
    let file = program.rsplit('/').next().unwrap_or("").to_owned();
    let found = |folder: Folder, contained: bool| Execution {
        folder,
        means: means(&file, &args),
        contained,
    };
    // `./gradlew` is a file of the folder itself, whatever its name.
    if program.contains('/') {
        let path = cwd.join(&program);
        if path != Folder::Elsewhere {
            return vec![Execution {
                folder: path,
                means: means(&program, &args),
                contained: false,
            }];
        }
    }
    if INTERPRETERS.contains(&file.as_str()) {
        return interpreter(&file, &args, cwd)
            .into_iter()
            .map(|folder| found(folder, false))
            .collect();
    }
    if let Some(folder) = compose(&file, &args, cwd) {
        return vec![found(folder, false)];
    }
    if CONTAINER_TOOLS.contains(&file.as_str()) {
        let contained = !mounts::take_the_machine(&args);
        return image_build(&args, cwd)
            .into_iter()
            .chain(mounts::run(&args, cwd))
            .map(|folder| found(folder, contained))
            .collect();
    }
    if matches!(file.as_str(), "pip" | "pip3" | "pipx") || file == "uv" && first(&args) == "pip" {
        return pip(&args, cwd)
            .into_iter()
            .map(|folder| found(folder, false))
            .collect();
    }
    let Some(tool) = TOOLS.iter().find(|t| t.names.contains(&file.as_str())) else {
        return Vec::new();
    };
    let verb = verb(&args, tool.folder);
    let global = args.iter().any(|a| a == "-g" || a == "--global");
    let harmless = !tool.harmless.is_empty() && args.iter().any(|a| a == tool.harmless)
        // What is run by name runs all the same.
        && !matches!(verb.as_str(), "run" | "test" | "t" | "exec" | "start" | "build");
    let runs = match tool.when {
        When::Always => true,
        When::Verbs(verbs) => verbs.contains(&verb.as_str()),
        // A word further behind may be the value of an option, and options
        // behind the first word are those of what runs.
        When::Except(verbs) => !verbs.iter().any(|v| {
            let mut leading = args.iter().take_while(|a| a.starts_with('-'));
            args.first().is_some_and(|a| a == v) || leading.any(|a| a == v)
        }),
    };
    if !runs || harmless || global {
        return Vec::new();
    }
    let folder = folder_of(&args, tool.folder, cwd);
    let mut all = Vec::new();
    // `make -C tools -f ../Makefile`
    if tool.names.contains(&"make") {
        let file = folder_of(&args, &["-f", "--file", "--makefile"], &folder);
        if file != folder {
            all.push(found(file, false));
        }
    }
    all.push(found(folder, false));
    all
}

fn means(program: &str, args: &[String]) -> String {
    let mut words = vec![program.to_owned()];
    words.extend(args.iter().take(2).cloned());
    let text = words.join(" ").replace(['\n', '\r'], " ");
    match text.char_indices().nth(48) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("")),
        None => text,
    }
}

fn first(args: &[String]) -> &str {
    args.iter()
        .find(|a| !a.starts_with('-') && !a.starts_with('+'))
        .map_or("", String::as_str)
}

// The first word that is neither an option nor the value of one that names a folder.
fn verb(args: &[String], folder: &[&str]) -> String {
    let mut skip = false;
    for arg in args {
        if std::mem::take(&mut skip) {
            continue;
        }
        if folder.contains(&arg.as_str()) {
            skip = true;
            continue;
        }
        if !arg.starts_with('-') && !arg.starts_with('+') {
            return arg.clone();
        }
    }
    String::new()
}

fn folder_of(args: &[String], options: &[&str], cwd: &Folder) -> Folder {
    for (at, arg) in args.iter().enumerate() {
        for option in options {
            if arg == option {
                return args.get(at + 1).map_or(Folder::Elsewhere, |a| cwd.join(a));
            }
            let attached = arg.strip_prefix(option).and_then(|rest| {
                rest.strip_prefix('=')
                    .or_else(|| (option.len() == 2 && !rest.is_empty()).then_some(rest))
            });
            if let Some(path) = attached {
                return cwd.join(path);
            }
        }
    }
    cwd.clone()
}

fn interpreter(name: &str, args: &[String], cwd: &Folder) -> Option<Folder> {
    let python = name.starts_with("python");
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // Python looks for modules in the current folder first, so that a
            // file there stands in for any module that the code imports.
            "-c" | "-m" | "-" if python => return Some(cwd.clone()),
            "-c" | "-e" | "-p" | "--eval" | "--version" | "-Command" | "eval" | "-ne" | "-pe"
            | "-i" => return None,
            "run" | "test" | "task" if matches!(name, "bun" | "deno") => {
                return Some(
                    args.next()
                        .map_or_else(|| cwd.clone(), |path| cwd.join(path)),
                );
            }
            "-o" | "-O" | "-W" | "-X" | "-r" | "--require" | "--import" => {
                args.next();
            }
            option if option.starts_with('-') || option.starts_with('+') => {}
            path => return Some(cwd.join(path)),
        }
    }
    // `python <<EOF`: the script is the workflow's, the modules are the folder's.
    (python && args.len() == 0).then(|| cwd.clone())
}

// A compose file may mount any folder of the runner into its containers.
fn compose(program: &str, args: &[String], cwd: &Folder) -> Option<Folder> {
    let rest = match program {
        "docker-compose" | "podman-compose" => args,
        _ if CONTAINER_TOOLS.contains(&program) => {
            let at = args.iter().position(|a| a == "compose")?;
            args.get(at + 1..)?
        }
        _ => return None,
    };
    let runs = rest.iter().any(|a| {
        matches!(
            a.as_str(),
            "build" | "create" | "exec" | "restart" | "run" | "start" | "up" | "watch"
        )
    });
    runs.then(|| folder_of(rest, &["-f", "--file", "--project-directory"], cwd))
}

fn image_build(args: &[String], cwd: &Folder) -> Option<Folder> {
    let at = args
        .iter()
        .position(|a| matches!(a.as_str(), "build" | "bud" | "bake"))?;
    let rest = args.get(at + 1..).unwrap_or_default();
    if args.get(at).is_some_and(|a| a == "bake") {
        return Some(cwd.clone());
    }
    // The context is the last word that is no option; a URL is not of this folder.
    let context = rest.last().filter(|a| !a.starts_with('-'))?;
    if context.contains("://") {
        return None;
    }
    let dockerfile = folder_of(rest, &["-f", "--file"], cwd);
    match cwd.join(context) {
        Folder::Elsewhere => Some(dockerfile),
        inside => Some(inside),
    }
}

// `pip install .`, `-e x`, `-r requirements.txt`: packages of the folder, or
// packages that a file of the folder names.
fn pip(args: &[String], cwd: &Folder) -> Vec<Folder> {
    if !args.iter().any(|a| {
        matches!(
            a.as_str(),
            "install" | "wheel" | "download" | "sync" | "compile"
        )
    }) {
        return Vec::new();
    }
    let mut folders = Vec::new();
    let mut args = args.iter().peekable();
    while let Some(arg) = args.next() {
        let path = match arg.as_str() {
            "-r" | "--requirement" | "-c" | "--constraint" | "-e" | "--editable" => args.next(),
            local if local.starts_with('.') || local.ends_with(".txt") => Some(arg),
            local if local.contains('/') && !local.contains("://") && !local.contains('@') => {
                Some(arg)
            }
            _ => None,
        };
        if let Some(path) = path {
            // Extras: `.[test]`
            folders.push(cwd.join(path.split('[').next().unwrap_or(path)));
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{Shell, parse};

    fn runs(script: &str) -> Vec<(Folder, bool)> {
        let script = parse(script, &Shell::Bash);
        let cwd = Folder::Inside("head".into());
        script
            .commands
            .iter()
            .flat_map(|c| of_command(c, &cwd, &|w| w.text.clone()))
            .map(|e| (e.folder, e.contained))
            .collect()
    }

    fn at(path: &str) -> Vec<(Folder, bool)> {
        vec![(Folder::Inside(path.into()), false)]
    }

    #[test]
    fn tools_run_what_their_folder_says() {
        for script in [
            "make test",
            "npm ci",
            "sudo make",
            "yarn",
            "pnpm i",
            "go test ./...",
            "cargo build",
            "pytest -x",
            "pre-commit run -a",
            "python -m build",
            "bundle exec rake",
            "npx tsc",
            "terraform plan",
            "npm run build --ignore-scripts",
            "mvn -B verify",
            "pip install .",
            "python3 -c 'import json'",
            "yarn --version",
            "npx eslint --version",
            "pytest -k version",
            "docker compose up -d",
            "docker-compose run x",
            "pip install -e '.[dev]'",
        ] {
            assert_eq!(runs(script), at("head"), "{script}");
        }
        assert_eq!(runs("pip install -r dev.txt"), at("head/dev.txt"));
        assert_eq!(runs("make -C ../base all"), at("base"));
        assert_eq!(runs("make -Csub"), at("head/sub"));
        assert_eq!(runs("npm --prefix web ci"), at("head/web"));
        assert_eq!(runs("bash ci/x.sh"), at("head/ci/x.sh"));
        assert_eq!(runs("./gradlew test"), at("head/gradlew"));
        assert_eq!(
            runs("docker build -t x -f D ."),
            [(Folder::Inside("head".into()), true)]
        );
    }

    #[test]
    fn commands_that_only_read_run_nothing() {
        for script in [
            "git diff",
            "cat Makefile",
            "npm ci --ignore-scripts",
            "npm install -g x",
            "pip install black",
            "go build ./...",
            "cargo fmt --check",
            "npm view x version",
            "node -e 'x'",
            "bash -c 'true'",
            "docker run alpine",
            "go version",
            "shellcheck x.sh",
            "docker build https://github.com/o/r.git",
            "make --version",
            "make -v",
            "npx --version",
            "docker compose down",
        ] {
            assert_eq!(runs(script), [], "{script}");
        }
    }
}
