//! Tools that run, read or write what their arguments say.
//!
//! Each row rests on the tool's own manual, which it names. A tool is here
//! only where whoever chooses an option, or a part of its program, gets more
//! than another result: a command, a file, a package.

use cofferdam_workflows::shell::Word;

/// What the tool does for whoever chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It tells what only the job knows, such as the environment.
    Reads,
    /// It writes a file, or sends one away.
    Writes,
    /// It runs a command or code.
    Runs,
}

/// By which way the value gets to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Means {
    /// One word that begins with a dash is an option.
    Dash,
    /// Without quotes the shell makes several words of it.
    Split,
    /// `xargs` makes several words of what it reads.
    Xargs,
    /// It is a part of the tool's own program text.
    Program,
    /// It names the package, script or image that is fetched and run.
    Name,
}

/// Where the tool's own language stands among its arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    None,
    /// The first word that is no option, unless an option brings it.
    First(&'static [&'static str]),
    /// Behind one of these options.
    After(&'static [&'static str]),
    /// In words `NAME=value`.
    Assignments,
    /// In what is attached to an option.
    Attached(&'static str),
    /// The second word that is no option.
    Second,
}

/// A tool.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    names: &'static [&'static str],
    /// The first words that are no options; empty for any.
    verbs: &'static [&'static str],
    /// Who chooses an option gets this.
    options: Option<Effect>,
    /// One option is enough, in one word.
    one: bool,
    /// Options before the program that take the next words, and how many.
    skips: &'static [(&'static str, usize)],
    program: Program,
    /// What a part of the program gets.
    language: Effect,
    /// Whether words that are no options name what is fetched and run.
    fetches: bool,
    /// The manual.
    pub(crate) page: &'static str,
}

const TOOL: Tool = Tool {
    names: &[],
    verbs: &[],
    options: None,
    one: false,
    skips: &[],
    program: Program::None,
    language: Runs,
    fetches: false,
    page: "",
};

const fn options(
    names: &'static [&'static str],
    verbs: &'static [&'static str],
    effect: Effect,
    page: &'static str,
) -> Tool {
    Tool {
        names,
        verbs,
        options: Some(effect),
        page,
        ..TOOL
    }
}

const fn one(tool: Tool) -> Tool {
    Tool { one: true, ..tool }
}

const fn fetches(
    names: &'static [&'static str],
    verbs: &'static [&'static str],
    page: &'static str,
) -> Tool {
    Tool {
        fetches: true,
        ..options(names, verbs, Runs, page)
    }
}

use Effect::{Reads, Runs, Writes};

const TOOLS: &[Tool] = &[
    // `e` runs a command, `w` writes a file; -f reads a script.
    Tool {
        program: Program::First(&["-e", "--expression"]),
        ..options(
            &["sed", "gsed"],
            &[],
            Runs,
            "https://www.gnu.org/software/sed/manual/sed.html",
        )
    },
    // system() and pipes; -f reads a program.
    Tool {
        program: Program::First(&["-e", "--source"]),
        skips: &[
            ("-F", 1),
            ("-v", 1),
            ("--assign", 1),
            ("--field-separator", 1),
        ],
        ..options(
            &["awk", "gawk", "mawk", "nawk"],
            &[],
            Runs,
            "https://www.gnu.org/software/gawk/manual/gawk.html",
        )
    },
    // `env` and `$ENV` hold the environment; --rawfile reads files.
    Tool {
        program: Program::First(&[]),
        language: Reads,
        skips: &[
            ("--arg", 2),
            ("--argjson", 2),
            ("--slurpfile", 2),
            ("--rawfile", 2),
            ("--indent", 1),
            ("-L", 1),
        ],
        ..options(
            &["jq", "gojq", "jaq"],
            &[],
            Reads,
            "https://jqlang.github.io/jq/manual/",
        )
    },
    // env(), load()
    Tool {
        program: Program::First(&[]),
        language: Reads,
        skips: &[
            ("-p", 1),
            ("-o", 1),
            ("--input-format", 1),
            ("--output-format", 1),
        ],
        ..options(&["yq"], &[], Reads, "https://mikefarah.gitbook.io/yq")
    },
    // make expands `$(shell …)` in variables of the command line.
    Tool {
        program: Program::Assignments,
        ..one(options(
            &["make", "gmake"],
            &[],
            Runs,
            "https://www.gnu.org/software/make/manual/make.html",
        ))
    },
    Tool {
        program: Program::After(&["-c", "--command"]),
        ..options(
            &["psql"],
            &[],
            Runs,
            "https://www.postgresql.org/docs/current/app-psql.html",
        )
    },
    Tool {
        program: Program::After(&["-e", "--execute"]),
        ..options(
            &["mysql", "mariadb"],
            &[],
            Runs,
            "https://dev.mysql.com/doc/refman/en/mysql-command-options.html",
        )
    },
    // -exec, -delete, -fprintf
    one(options(
        &["find"],
        &[],
        Runs,
        "https://www.gnu.org/software/findutils/manual/html_mono/find.html",
    )),
    // --checkpoint-action=exec=, --to-command, -I
    one(options(
        &["tar", "bsdtar", "gtar"],
        &[],
        Runs,
        "https://www.gnu.org/software/tar/manual/tar.html",
    )),
    // -T -TT COMMAND
    options(&["zip"], &[], Runs, "https://infozip.sourceforge.net/"),
    // -oProxyCommand=
    one(options(
        &["ssh", "scp", "sftp"],
        &[],
        Runs,
        "https://man.openbsd.org/ssh",
    )),
    // -e, --rsh
    one(options(
        &["rsync"],
        &[],
        Runs,
        "https://download.samba.org/pub/rsync/rsync.1",
    )),
    // --upload-pack, --receive-pack, --exec, ext::, --config
    one(options(
        &["git"],
        &[
            "clone",
            "fetch",
            "pull",
            "ls-remote",
            "fetch-pack",
            "archive",
            "submodule",
            "rebase",
            "grep",
            "bisect",
        ],
        Runs,
        "https://git-scm.com/docs",
    )),
    // --output=
    one(options(
        &["git"],
        &["diff", "log", "show", "format-patch", "blame"],
        Writes,
        "https://git-scm.com/docs/git-diff",
    )),
    // -F reads a file into a message that gets published.
    options(
        &["git"],
        &["commit", "tag", "push", "merge"],
        Reads,
        "https://git-scm.com/docs/git-commit",
    ),
    // -o, -K, -d @file, -T
    one(options(
        &["curl"],
        &[],
        Writes,
        "https://curl.se/docs/manpage.html",
    )),
    // --use-askpass runs a program, -O writes, --post-file sends.
    one(options(
        &["wget"],
        &[],
        Runs,
        "https://www.gnu.org/software/wget/manual/wget.html",
    )),
    // --body-file, --input, --jq with `env`, -X, --repo
    options(&["gh"], &[], Reads, "https://cli.github.com/manual/"),
    // --post-renderer
    options(
        &["helm"],
        &[],
        Runs,
        "https://helm.sh/docs/helm/helm_install/",
    ),
    options(
        &["kubectl"],
        &[],
        Writes,
        "https://kubernetes.io/docs/reference/kubectl/",
    ),
    options(
        &["terraform", "tofu"],
        &[],
        Runs,
        "https://developer.hashicorp.com/terraform/cli/commands",
    ),
    // Values of variables are templates, and `lookup('pipe', …)` runs.
    Tool {
        program: Program::After(&["-e", "--extra-vars"]),
        ..options(
            &["ansible", "ansible-playbook"],
            &[],
            Runs,
            "https://docs.ansible.com/ansible/latest/cli/ansible-playbook.html",
        )
    },
    // -v /:/host, --privileged
    options(
        &["docker", "podman"],
        &["run", "build", "buildx", "exec", "create"],
        Runs,
        "https://docs.docker.com/reference/cli/docker/container/run/",
    ),
    // --compress-program, -o; --filter
    one(options(
        &["sort"],
        &[],
        Writes,
        "https://www.gnu.org/software/coreutils/manual/coreutils.html",
    )),
    one(options(
        &["split"],
        &[],
        Runs,
        "https://www.gnu.org/software/coreutils/manual/coreutils.html",
    )),
    // -toolexec, -exec
    one(options(
        &["go"],
        &["build", "test", "vet", "generate"],
        Runs,
        "https://pkg.go.dev/cmd/go",
    )),
    // --config sets wrappers and runners.
    options(
        &["cargo"],
        &[],
        Runs,
        "https://doc.rust-lang.org/cargo/reference/config.html",
    ),
    options(
        &["mvn", "mvnw"],
        &[],
        Runs,
        "https://maven.apache.org/ref/current/maven-embedder/cli.html",
    ),
    // --init-script
    options(
        &["gradle", "gradlew"],
        &[],
        Runs,
        "https://docs.gradle.org/current/userguide/command_line_interface.html",
    ),
    // -p loads a plugin, -c a configuration.
    options(
        &["pytest", "tox", "nox"],
        &[],
        Runs,
        "https://docs.pytest.org/en/stable/reference/reference.html",
    ),
    // Names of packages, and of what they are fetched from.
    fetches(
        &["npm", "pnpm", "yarn", "bun"],
        &["install", "i", "add", "exec", "x", "dlx", "create", "init"],
        "https://docs.npmjs.com/cli/commands/npm-install",
    ),
    fetches(
        &["npx", "bunx", "pnpx", "uvx"],
        &[],
        "https://docs.npmjs.com/cli/commands/npx",
    ),
    fetches(
        &["pip", "pip3", "pipx", "uv"],
        &["install", "run", "add", "pip", "tool"],
        "https://pip.pypa.io/en/stable/cli/pip_install/",
    ),
    fetches(
        &["gem"],
        &["install"],
        "https://guides.rubygems.org/command-reference/",
    ),
    fetches(
        &["cargo"],
        &["install"],
        "https://doc.rust-lang.org/cargo/commands/cargo-install.html",
    ),
    fetches(
        &["go"],
        &["install", "run", "get"],
        "https://pkg.go.dev/cmd/go",
    ),
    Tool {
        program: Program::After(&["-e"]),
        ..options(
            &["gnuplot"],
            &[],
            Runs,
            "https://gnuplot.sourceforge.net/docs_6.0/Overview.html",
        )
    },
    // `!command`
    Tool {
        program: Program::After(&["-c", "--cmd"]),
        ..options(
            &["vim", "nvim", "vi", "ex"],
            &[],
            Runs,
            "https://vimhelp.org/various.txt.html",
        )
    },
    // A definition is expanded again, and `syscmd` runs.
    Tool {
        program: Program::Attached("-D"),
        ..options(
            &["m4"],
            &[],
            Runs,
            "https://www.gnu.org/software/m4/manual/m4.html",
        )
    },
    // A line that begins with a dot is a command of the shell: `.shell`.
    Tool {
        program: Program::Second,
        ..options(&["sqlite3"], &[], Runs, "https://sqlite.org/cli.html")
    },
    // -o APT::Update::Pre-Invoke::=
    fetches(
        &["apt", "apt-get"],
        &["install"],
        "https://manpages.debian.org/stable/apt/apt-get.8.en.html",
    ),
    fetches(
        &["gh"],
        &["extension"],
        "https://cli.github.com/manual/gh_extension_install",
    ),
    fetches(&["brew"], &["install", "tap"], "https://docs.brew.sh/Taps"),
    fetches(
        &["asdf", "mise"],
        &["plugin", "plugins"],
        "https://asdf-vm.com/manage/plugins.html",
    ),
    fetches(
        &["gem"],
        &["specific_install"],
        "https://guides.rubygems.org/command-reference/",
    ),
    fetches(
        &["jbang", "cookiecutter", "copier"],
        &[],
        "https://www.jbang.dev/documentation/jbang/latest/usage.html",
    ),
    fetches(
        &["deno"],
        &["run"],
        "https://docs.deno.com/runtime/reference/cli/run/",
    ),
    fetches(
        &["source", "."],
        &[],
        "https://www.gnu.org/software/bash/manual/bash.html",
    ),
];

/// Every row for a command. Rows of one tool differ in their verbs.
pub(crate) fn of<'t>(name: &str, args: &[Word]) -> Option<&'t Tool> {
    let mut rows = TOOLS.iter().filter(|tool| tool.names.contains(&name));
    let verbs: Vec<&str> = args
        .iter()
        .map(|word| word.text.as_str())
        .filter(|text| !text.starts_with('-'))
        .take(2)
        .collect();
    // `git -C folder fetch` has its verb second.
    rows.clone()
        .find(|tool| tool.verbs.iter().any(|verb| verbs.contains(verb)))
        .or_else(|| rows.find(|tool| tool.verbs.is_empty()))
}

/// What an argument is to the tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// A part of its program.
    Program,
    /// The value of an option, as far as can be told.
    OptionValue,
    /// A word of its own, before `--`.
    Plain,
    /// A word of its own behind `--`, where nothing is an option.
    Closed,
}

impl Tool {
    pub(crate) fn language(&self) -> Effect {
        self.language
    }

    pub(crate) fn options(&self) -> Option<Effect> {
        self.options
    }

    pub(crate) fn takes_one(&self) -> bool {
        self.one || self.fetches
    }

    pub(crate) fn fetches(&self) -> bool {
        self.fetches
    }

    /// Whether the argument at a place names what is fetched. Of programs that
    /// run it at once only the first word does.
    pub(crate) fn is_name(&self, args: &[Word], at: usize) -> bool {
        const INSTALLS: &[&str] = &["add", "get", "i", "install", "pull", "tap"];
        let before = args.iter().take(at).map(|word| word.text.as_str());
        let mut plain = before.clone().filter(|text| !text.starts_with('-'));
        self.fetches
            && (before.clone().any(|text| INSTALLS.contains(&text))
                || plain.all(|text| self.verbs.contains(&text)))
    }

    /// What each argument is.
    pub(crate) fn positions(&self, args: &[Word]) -> Vec<Position> {
        let mut found = Vec::with_capacity(args.len());
        let mut closed = false;
        let mut value = 0_usize;
        let mut next_is_program = false;
        let mut programmed = match self.program {
            Program::First(options) => args.iter().any(|w| options.contains(&w.text.as_str())),
            _ => true,
        };
        for word in args {
            let text = word.text.as_str();
            let skip = self.skips.iter().find(|(option, _)| *option == text);
            let position = if next_is_program {
                next_is_program = false;
                Position::Program
            } else if value > 0 {
                value -= 1;
                Position::OptionValue
            } else if closed {
                Position::Closed
            } else if text == "--" {
                closed = true;
                Position::Closed
            } else if self.brings_program(text) {
                next_is_program = true;
                Position::Plain
            } else if let Some((_, count)) = skip {
                value = *count;
                Position::Plain
            } else if self.is_program(args, found.len()) {
                Position::Program
            } else if text.starts_with('-') {
                Position::Plain
            } else if !(programmed || text.is_empty() || is_verb(text) && word.is_static) {
                programmed = true;
                Position::Program
            } else if found.last().is_some() && self.is_value(found.len(), args) {
                Position::OptionValue
            } else {
                Position::Plain
            };
            found.push(position);
        }
        found
    }

    // Whether the word at a place is a part of the program by itself.
    fn is_program(&self, args: &[Word], at: usize) -> bool {
        let text = args.get(at).map_or("", |word| word.text.as_str());
        let option = text.starts_with('-');
        match self.program {
            Program::Attached(attached) => text.starts_with(attached),
            Program::Second => !option && follows_a_word(args, at),
            Program::Assignments => !option && text.contains('='),
            Program::None | Program::First(_) | Program::After(_) => false,
        }
    }

    fn brings_program(&self, text: &str) -> bool {
        match self.program {
            Program::First(options) | Program::After(options) => options.contains(&text),
            _ => false,
        }
    }

    // A word behind an option is taken for its value: not every option has
    // one, and nothing is said where it is not sure.
    fn is_value(&self, at: usize, args: &[Word]) -> bool {
        at.checked_sub(1)
            .and_then(|before| args.get(before))
            .is_some_and(|word| {
                let text = word.text.as_str();
                text.len() > 1 && text.starts_with('-') && !text.contains('=')
            })
    }
}

fn follows_a_word(args: &[Word], at: usize) -> bool {
    let mut before = args.iter().take(at);
    before.any(|word| !word.text.starts_with('-'))
}

// `yq eval EXPRESSION`
fn is_verb(text: &str) -> bool {
    matches!(text, "e" | "ea" | "eval" | "eval-all")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_names_its_manual() {
        for tool in TOOLS {
            assert!(tool.page.starts_with("https://"), "{:?}", tool.names);
            assert!(!tool.names.is_empty());
        }
    }
}
