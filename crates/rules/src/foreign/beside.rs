//! What runs while a stranger's files lie elsewhere on the runner.
//!
//! A tool of the project may come upon them: by a workspace, a link, an include, a
//! pattern that walks into every folder, a configuration that names their folder.
//! Whether it does is in files that nobody reads here, so that it is not known;
//! only what is known to come upon nothing is left out.

use cofferdam_facts::Span;
use cofferdam_workflows::documents::Language;
use cofferdam_workflows::semantics::agents;

use super::{At, Means, Walk, Whose};

/// So many of one job are kept.
const MAX_BESIDE: usize = 64;

/// Libraries of Python that neither start a program nor load one, but for what
/// [`Language::starts_programs`] finds. Sorted.
const PYTHON: &[&str] = &[
    "__future__",
    "argparse",
    "base64",
    "collections",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "fnmatch",
    "functools",
    "glob",
    "hashlib",
    "html",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "os",
    "pathlib",
    "random",
    "re",
    "requests",
    "secrets",
    "shutil",
    "statistics",
    "string",
    "sys",
    "tempfile",
    "textwrap",
    "time",
    "tomllib",
    "typing",
    "unicodedata",
    "urllib",
    "uuid",
    "xml",
    "yaml",
];

/// The same of JavaScript. Sorted.
const JAVASCRIPT: &[&str] = &[
    "@actions/core",
    "@actions/github",
    "assert",
    "buffer",
    "crypto",
    "events",
    "fs",
    "fs/promises",
    "http",
    "https",
    "os",
    "path",
    "process",
    "stream",
    "timers/promises",
    "url",
    "util",
    "zlib",
];

/// Words at the beginning of a line of PowerShell that read, write or show.
/// Sorted.
const CMDLETS: &[&str] = &[
    "copy-item",
    "echo",
    "else",
    "elseif",
    "exit",
    "foreach",
    "get-childitem",
    "get-content",
    "get-date",
    "get-item",
    "if",
    "join-path",
    "measure-object",
    "mkdir",
    "new-item",
    "out-file",
    "remove-item",
    "select-string",
    "set-content",
    "test-path",
    "throw",
    "try",
    "write-error",
    "write-host",
    "write-output",
];

/// What loads code in Python besides that which starts programs.
const LOADS_PYTHON: &[&str] = &["sys.path", "pickle", "yaml.load(", "site."];

impl Walk<'_> {
    /// How much was said of the commands so far.
    pub(super) fn said(&self) -> usize {
        let out = &self.out;
        out.runs.len() + out.doubts.len() + out.lost.len() + out.unread.len() + out.beside.len()
    }

    /// The last that a stranger put anywhere, or may have put.
    pub(super) fn anywhere(&self) -> Option<usize> {
        self.tree.any().or(self.strewn)
    }

    /// The last that a stranger put into the workspace, as files or as words.
    pub(super) fn inside(&self) -> Option<usize> {
        let words = self.strewn.filter(|at| {
            let fetch = self.out.fetches.get(*at);
            fetch.is_some_and(|fetch| fetch.means == Means::Words)
        });
        self.tree.inside().or(words)
    }

    /// Notes what runs while a stranger's files lie anywhere, if they do.
    pub(super) fn beside(&mut self, at: &At<'_>, span: Span, means: String, contained: bool) {
        let Some(fetch) = self.anywhere().filter(|_| self.whose == Whose::Stranger) else {
            return;
        };
        if self.out.beside.len() >= MAX_BESIDE {
            let place = at.document.file().locate(span);
            self.out.cut.get_or_insert(place);
            return;
        }
        let run = self.made(at, fetch, span, means, contained);
        self.out.beside.push(run);
    }

    /// An action for which nothing else was said. It works in the workspace, and
    /// is told of no other folder.
    pub(super) fn beside_action(&mut self, at: &At<'_>, said: usize) {
        let Some(uses) = at.step.uses() else { return };
        // What an agent does with what lies there is another rule's.
        if agents::of_step(at.step).is_some() {
            return;
        }
        if self.said() == said && self.inside().is_some() {
            self.beside(at, at.step.head(), uses.value.to_string(), false);
        }
    }
}

/// Whether a program may start another one, or load what lies elsewhere: it does
/// so by words of its language, or by a library that is not known to do neither.
pub(super) fn may_come_upon(language: Language, text: &str) -> bool {
    let loads = match language {
        Language::Python => LOADS_PYTHON.iter().any(|w| text.contains(w)) || imports_unknown(text),
        Language::JavaScript => requires_unknown(text),
        Language::PowerShell => !is_plain_powershell(text),
        _ => false,
    };
    loads || language == Language::Make || language.starts_programs(text)
}

// `import x`, `from x.y import z`
fn imports_unknown(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let named = line
            .strip_prefix("import ")
            .or_else(|| line.strip_prefix("from "));
        let Some(named) = named else { return false };
        let names = named.split(" import ").next().unwrap_or("").split(',');
        let mut roots = names.map(|name| {
            let word = name.split_whitespace().next().unwrap_or("");
            word.split('.').next().unwrap_or("")
        });
        roots.any(|root| !root.is_empty() && PYTHON.binary_search(&root).is_err())
    })
}

// `require('x')`, `from 'x'`; a path beside the program is followed elsewhere.
fn requires_unknown(text: &str) -> bool {
    let called = ["require(", "import("].iter().any(|opener| {
        let mut rest = text.split(opener).skip(1);
        rest.any(|rest| is_unknown_module(rest.trim_start()))
    });
    let named = text.lines().filter(|line| {
        let line = line.trim_start();
        line.starts_with("import ") || line.starts_with("} from ")
    });
    called
        || named
            .filter_map(|line| line.rsplit_once("from ").map(|(_, rest)| rest))
            .any(is_unknown_module)
}

fn is_unknown_module(rest: &str) -> bool {
    let Some(name) = rest.strip_prefix(['\'', '"', '`']) else {
        // Something that only the run knows.
        return true;
    };
    let name = name.split(['\'', '"', '`']).next().unwrap_or("");
    let name = name.strip_prefix("node:").unwrap_or(name);
    !name.starts_with('.') && JAVASCRIPT.binary_search(&name).is_err()
}

// Whether every line begins with something that only reads, writes or shows.
fn is_plain_powershell(text: &str) -> bool {
    let opens = [".\\", "./", "& ", "&$", "|%", "iex", "$("];
    let lower = text.to_ascii_lowercase();
    !opens.iter().any(|open| lower.contains(open))
        && lower.lines().map(str::trim).all(|line| {
            let word = line.split([' ', '(', '=']).next().unwrap_or("");
            line.is_empty()
                || line.starts_with(['#', '}', '{', '$', '"', '\''])
                || CMDLETS.binary_search(&word).is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_so_that_searches_find_everything() {
        for list in [PYTHON, JAVASCRIPT, CMDLETS] {
            assert!(list.is_sorted());
        }
    }

    #[test]
    fn a_library_that_is_not_known_may_load_what_lies_elsewhere() {
        for (language, text) in [
            (Language::Python, "import json, pytest\n"),
            (Language::Python, "from jinja2 import Template\n"),
            (Language::JavaScript, "const { ESLint } = require('eslint')"),
            (Language::JavaScript, "import { build } from \"vite\""),
            (Language::JavaScript, "require(process.env.X)"),
            (Language::PowerShell, "./pr/build.ps1"),
            (Language::PowerShell, "npm ci --prefix pr"),
        ] {
            assert!(may_come_upon(language, text), "{text}");
        }
        for (language, text) in [
            (
                Language::Python,
                "import json, os\nprint(os.listdir('pr'))\n",
            ),
            (Language::JavaScript, "const fs = require('node:fs')"),
            (Language::PowerShell, "Get-Content pr/x.txt\nWrite-Host ok"),
        ] {
            assert!(!may_come_upon(language, text), "{text}");
        }
    }
}
