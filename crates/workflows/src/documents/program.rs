//! A program of the checkout that a workflow runs: a script, a Makefile, the code
//! of an action.
//!
//! Only shells are parsed. Of other languages it is told by words whether the
//! program starts others and whether it looks at the event, since a program that
//! does neither brings no code of a stranger.

use cofferdam_facts::SourceFile;

use crate::documents::makefile::{self, Recipe};
use crate::shell::{self, Script, Shell};

/// So many modules of one program are looked at.
const MAX_MODULES: usize = 256;

/// A program in a file of the checkout.
#[derive(Clone, Debug)]
pub struct Program {
    file: SourceFile,
    language: Language,
    script: Option<Script>,
    recipes: Vec<Recipe>,
}

/// What a program is written in, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A POSIX shell or Bash.
    Shell,
    /// For Node.js, Deno or Bun.
    JavaScript,
    /// Python.
    Python,
    /// PowerShell or `cmd`.
    PowerShell,
    /// A Makefile.
    Make,
    /// Another one.
    Other,
}

/// Words by which a program starts another one, or makes code of a text.
const STARTS_JAVASCRIPT: &[&str] = &[
    "$`",
    "@actions/exec",
    "Bun.spawn",
    "Deno.Command",
    "child_process",
    "eval(",
    "exec.exec",
    "execFile",
    "execSync",
    "execa",
    "getExecOutput",
    "new Function(",
    "runInNewContext",
    "runInThisContext",
    "simple-git",
    "simpleGit",
    "spawn(",
    "spawnSync",
];
const STARTS_PYTHON: &[&str] = &[
    "os.system",
    "os.exec",
    "os.popen",
    "os.spawn",
    "subprocess",
    "popen",
    "pty.",
    "runpy",
    "importlib",
    "__import__",
    "eval(",
    "exec(",
    "check_call",
    "check_output",
    "Repo(",
    "clone_from",
    "pygit2",
    "dulwich",
];
const STARTS_POWERSHELL: &[&str] = &[
    "git ",
    "gh ",
    "iex",
    "invoke-",
    "start-process",
    "start-job",
    "iwr",
    "irm ",
    "curl",
    "& ",
    "&(",
    "&$",
    "call ",
];
const STARTS_MAKE: &[&str] = &[
    "git fetch",
    "git clone",
    "git pull",
    "git checkout",
    "gh pr",
    "gh run",
    "gh repo clone",
    "curl",
    "wget",
    "eval",
];

/// Ways in which a program asks for what the event holds, or for the head of a
/// pull request.
const EVENT: &[&str] = &[
    "GITHUB_EVENT_PATH",
    "GITHUB_HEAD_REF",
    "GITHUB_REF",
    "context.payload",
    "context.issue",
    "context.ref",
    "github.context",
    "github.event",
    "issue.number",
    "pull_request",
    "pull/",
    "gh pr",
    "gh run download",
    "head.sha",
    "headRef",
    "head_ref",
    "head_sha",
];

impl Language {
    /// What the file at a path is written in, by its name and its first line.
    #[must_use]
    pub fn of(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_makefile(name) {
            return Self::Make;
        }
        let by_name = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("sh" | "bash") => Some(Self::Shell),
            Some("js" | "mjs" | "cjs" | "ts" | "mts" | "cts") => Some(Self::JavaScript),
            Some("py") => Some(Self::Python),
            Some("ps1" | "psm1" | "cmd" | "bat") => Some(Self::PowerShell),
            Some("mk") => Some(Self::Make),
            _ => None,
        };
        by_name.unwrap_or_else(|| Self::of_first_line(text))
    }

    fn of_first_line(text: &str) -> Self {
        let Some(line) = text.lines().next().and_then(|line| line.strip_prefix("#!")) else {
            return Self::Other;
        };
        let mut words = line.split([' ', '/']).filter(|word| !word.starts_with('-'));
        let program = words.rfind(|word| !word.is_empty()).unwrap_or("");
        match program {
            "sh" | "bash" | "dash" => Self::Shell,
            "node" | "deno" | "bun" | "tsx" | "ts-node" => Self::JavaScript,
            "python" | "python3" | "python2" => Self::Python,
            "pwsh" | "powershell" => Self::PowerShell,
            _ => Self::Other,
        }
    }

    /// The language of a shell that runs a step.
    #[must_use]
    pub fn of_shell(shell: &Shell) -> Self {
        match shell {
            Shell::Bash | Shell::Sh => Self::Shell,
            Shell::PowerShell | Shell::Cmd => Self::PowerShell,
            Shell::Python => Self::Python,
            Shell::Other(name) => match name.as_str() {
                "node" | "deno" | "bun" => Self::JavaScript,
                "make" => Self::Make,
                _ => Self::Other,
            },
        }
    }

    /// Whether a program starts another one, or makes code of a text. Of a
    /// language that is not known it is not told.
    #[must_use]
    pub fn starts_programs(self, text: &str) -> bool {
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match self {
            Self::JavaScript => has(STARTS_JAVASCRIPT),
            Self::Python => has(STARTS_PYTHON),
            Self::PowerShell => {
                let lower = text.to_ascii_lowercase();
                STARTS_POWERSHELL.iter().any(|word| lower.contains(word))
            }
            Self::Make => has(STARTS_MAKE),
            Self::Shell | Self::Other => true,
        }
    }

    /// Whether a program looks for the heads of pull requests by itself.
    #[must_use]
    pub fn asks_for_heads(text: &str) -> bool {
        // A number that the program puts in by itself.
        const NUMBERED: &[&str] = &[
            "pr checkout",
            "pull/$",
            "pull/%",
            "pull/' +",
            "pull/'+",
            "pull/*",
            "pull/\" +",
            "pull/\"+",
            "pull/{",
        ];
        NUMBERED.iter().any(|word| text.contains(word))
    }

    /// Whether a program asks for what the event holds, or for the head of a pull
    /// request.
    #[must_use]
    pub fn asks_for_event(text: &str) -> bool {
        EVENT.iter().any(|word| text.contains(word))
    }
}

impl Program {
    /// Reads a program; a shell's is parsed.
    #[must_use]
    pub fn read(file: SourceFile) -> Self {
        let language = Language::of(file.path(), file.text());
        let script = (language == Language::Shell).then(|| shell::parse(file.text(), &Shell::Bash));
        let recipes = match language {
            Language::Make => makefile::recipes(file.text()),
            _ => Vec::new(),
        };
        Self {
            file,
            language,
            script,
            recipes,
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// What it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The modules that it loads from beside it, as paths from its folder: those of
    /// JavaScript that begin with a dot, and every one of Python, since a module
    /// of the folder stands in for one of the same name.
    #[must_use]
    pub fn modules(&self) -> Vec<String> {
        let text = self.file.text();
        match self.language {
            Language::JavaScript => text
                .split(['\'', '"', '`'])
                .filter(|part| part.starts_with("./") || part.starts_with("../"))
                .filter(|part| part.len() < 256 && !part.contains(char::is_whitespace))
                .filter(|part| !part.ends_with(".json"))
                .take(MAX_MODULES)
                .map(str::to_owned)
                .collect(),
            Language::Python => {
                let named = text.lines().filter_map(|line| {
                    let line = line.trim_start();
                    let rest = line
                        .strip_prefix("import ")
                        .or(line.strip_prefix("from "))?;
                    let name = rest.split([' ', ',']).next()?;
                    let name = name.trim_start_matches('.').replace('.', "/");
                    (!name.is_empty()).then_some(name)
                });
                named.take(MAX_MODULES).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a Makefile runs for its targets.
    #[must_use]
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }

    /// The commands, of a shell's.
    #[must_use]
    pub fn script(&self) -> Option<&Script> {
        self.script.as_ref()
    }
}

/// Whether `make` takes a file of this name by itself.
#[must_use]
pub fn is_makefile(name: &str) -> bool {
    matches!(name, "GNUmakefile" | "Makefile" | "makefile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_told_by_name_or_first_line() {
        for (path, text, language) in [
            ("ci/x.sh", "", Language::Shell),
            ("ci/x", "#!/usr/bin/env bash\n", Language::Shell),
            ("ci/x", "#!/bin/sh -e\n", Language::Shell),
            ("ci/x", "#!/usr/bin/env python3\n", Language::Python),
            ("ci/x", "\u{7f}ELF", Language::Other),
            ("a/dist/index.js", "", Language::JavaScript),
            ("Makefile", "", Language::Make),
        ] {
            assert_eq!(Language::of(path, text), language, "{path}");
        }
    }

    #[test]
    fn modules_beside_a_program_are_named() {
        let of = |path: &str, text: &str| Program::read(SourceFile::new(path, text)).modules();
        let script = "const a = require('./lib/a');\nimport b from \"../b.js\";\nimport 'c'";
        assert_eq!(of("ci/x.js", script), ["./lib/a", "../b.js"]);
        assert_eq!(
            of("ci/x.py", "import os, sys\nfrom lib.heads import fetch\n"),
            ["os", "lib/heads"]
        );
    }

    #[test]
    fn words_tell_what_a_program_starts() {
        let starts = |language: Language, text| language.starts_programs(text);
        assert!(starts(Language::Python, "os.system('make')"));
        assert!(!starts(Language::Python, "import json"));
        assert!(starts(Language::JavaScript, "await exec.exec('git')"));
        assert!(!starts(
            Language::JavaScript,
            "core.info(context.payload.x)"
        ));
        assert!(starts(Language::PowerShell, "Git fetch origin x"));
        assert!(!starts(Language::Make, "all:\n\tcc x.c\n"));
        assert!(Language::asks_for_event(
            "fs.read(process.env.GITHUB_EVENT_PATH)"
        ));
        assert!(!Language::asks_for_event("print(1)"));
        assert!(Language::asks_for_heads("f'pull/{n}/head'"));
        assert!(!Language::asks_for_heads("ref.startsWith('refs/pull/')"));
    }
}
