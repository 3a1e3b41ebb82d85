//! Which program a command really runs: `npx`, `pnpm exec`, `bundle exec`,
//! `python -m` and their like are peeled off, as are versions behind a name.

use crate::shell::{Command, Word};

/// A program with its arguments.
#[derive(Clone, Debug)]
pub struct Program<'c> {
    /// The name after the last slash, without a version: `vsce` of
    /// `@vscode/vsce@3`. Empty where it is known at run time only.
    pub name: &'c str,
    /// What follows.
    pub args: &'c [Word],
}

impl<'c> Program<'c> {
    /// The text of an argument, or nothing.
    #[must_use]
    pub fn arg(&self, at: usize) -> &'c str {
        self.args.get(at).map_or("", |w| w.text.as_str())
    }

    /// Whether an option stands among the arguments, alone or with `=true`.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.args.iter().any(|w| {
            w.text == option
                || w.text
                    .strip_prefix(option)
                    .is_some_and(|rest| rest == "=true" || rest == "=1")
        })
    }

    /// The values of an option, behind `=` or in the next word.
    pub fn values<'a>(&'a self, options: &'a [&str]) -> impl Iterator<Item = Value<'c>> + 'a {
        self.args.iter().enumerate().filter_map(move |(at, word)| {
            for option in options {
                if word.text == **option {
                    return self.args.get(at + 1).map(|word| Value {
                        word,
                        text: word.text.as_str(),
                    });
                }
                let rest = word.text.strip_prefix(option);
                if let Some(text) = rest.and_then(|rest| rest.strip_prefix('=')) {
                    return Some(Value { word, text });
                }
            }
            None
        })
    }

    /// The words that are neither options nor values of the options named.
    #[must_use]
    pub fn operands(&self, with_value: &[&str]) -> Vec<&'c Word> {
        let mut operands = Vec::new();
        let mut skip = false;
        for word in self.args {
            if skip {
                skip = false;
            } else if word.text.starts_with('-') && word.text.len() > 1 {
                skip = with_value.contains(&word.text.as_str());
            } else {
                operands.push(word);
            }
        }
        operands
    }
}

/// The value of an option.
#[derive(Clone, Copy, Debug)]
pub struct Value<'c> {
    /// The word that holds it.
    pub word: &'c Word,
    /// The value.
    pub text: &'c str,
}

// Programs that run another one, with the words that must come first. An empty
// list means that the next word is the program.
const RUNNERS: &[(&str, &[&str])] = &[
    ("npx", &[]),
    ("bunx", &[]),
    ("pnpx", &[]),
    ("uvx", &[]),
    ("pipx", &["run"]),
    ("npm", &["exec"]),
    ("npm", &["x"]),
    ("pnpm", &["exec"]),
    ("pnpm", &["dlx"]),
    ("yarn", &["exec"]),
    ("yarn", &["dlx"]),
    ("bun", &["x"]),
    ("bundle", &["exec"]),
    ("uv", &["run"]),
    ("uv", &["tool", "run"]),
    ("poetry", &["run"]),
    ("pdm", &["run"]),
    ("hatch", &["run"]),
    ("rye", &["run"]),
    ("mise", &["exec"]),
    ("retry", &[]),
];

// Options of the runners that take their value as the next word.
const RUNNER_VALUES: &[&str] = &[
    "-p",
    "--package",
    "--with",
    "--from",
    "-C",
    "--dir",
    "--filter",
    "-F",
    "--prefix",
    "-w",
    "--workspace",
    "--directory",
    "--project",
    "--python",
    "--group",
    "--extra",
];

/// The program that a command runs.
#[must_use]
pub fn of_command(command: &Command) -> Program<'_> {
    let (name, args) = command.effective();
    let mut program = match args.split_first() {
        // `$SUDO docker push …`: a variable that is empty or holds a wrapper.
        Some((inner, rest)) if is_variable(name) => Program {
            name: base(inner),
            args: rest,
        },
        _ => Program {
            name: base(name),
            args,
        },
    };
    for _ in 0..3 {
        match peeled(&program) {
            Some(inner) => program = inner,
            None => break,
        }
    }
    program
}

fn is_variable(word: &Word) -> bool {
    word.text.strip_prefix('$').is_some_and(|rest| {
        let name = rest
            .strip_prefix('{')
            .map_or(rest, |inner| inner.strip_suffix('}').unwrap_or_default());
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

fn base(word: &Word) -> &str {
    let text = word.text.as_str();
    // `"$BIN/cosign"` is cosign, wherever it lies.
    let last = text.rsplit(['/', '\\']).next().unwrap_or("");
    if last.contains(['$', '`', '{', '(']) {
        return "";
    }
    let name = match last.split_once('@') {
        Some((name, _)) if !name.is_empty() => name,
        _ => last,
    };
    name.strip_suffix(".exe").unwrap_or(name)
}

fn peeled<'c>(program: &Program<'c>) -> Option<Program<'c>> {
    if matches!(program.name, "python" | "python3" | "py") {
        let at = program.args.iter().position(|w| w.text == "-m")?;
        return next(program.args.get(at + 1..)?);
    }
    // `pnpm changeset publish` and `yarn lerna publish` run local binaries.
    if matches!(program.name, "pnpm" | "yarn" | "bun")
        && matches!(
            program.arg(0),
            "changeset" | "lerna" | "semantic-release" | "vsce" | "ovsx" | "release-it" | "nx"
        )
    {
        return next(program.args);
    }
    for (runner, words) in RUNNERS {
        if program.name != *runner {
            continue;
        }
        let mut rest = after_options(program.args);
        let mut matched = true;
        for word in *words {
            if rest.first().is_some_and(|w| w.text == *word) {
                rest = after_options(rest.get(1..).unwrap_or_default());
            } else {
                matched = false;
                break;
            }
        }
        if matched {
            return next(rest);
        }
    }
    None
}

fn after_options(mut words: &[Word]) -> &[Word] {
    while let Some(first) = words.first().filter(|w| w.text.starts_with('-')) {
        let taken = if RUNNER_VALUES.contains(&first.text.as_str()) {
            2
        } else {
            1
        };
        words = words.get(taken..).unwrap_or_default();
    }
    words
}

fn next(words: &[Word]) -> Option<Program<'_>> {
    let words = after_options(words);
    let (name, mut args) = words.split_first()?;
    // `npm exec @vscode/vsce -- publish`.
    if args.first().is_some_and(|w| w.text == "--") {
        args = args.get(1..).unwrap_or_default();
    }
    Some(Program {
        name: base(name),
        args,
    })
}
