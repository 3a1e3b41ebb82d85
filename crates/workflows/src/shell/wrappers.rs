//! Commands that run another command.

use super::Word;

/// How a wrapper's own arguments look.
struct Wrapper {
    name: &'static str,
    /// Short options whose value is the next word, if it is not attached.
    short: &'static str,
    /// Long options whose value is the next word, if there is no `=`.
    long: &'static [&'static str],
    /// Words that stand before the command and are no options.
    positional: usize,
    /// Whether `NAME=value` words stand before the command.
    assignments: bool,
    /// Short options with which no command is run.
    queries: &'static str,
}

const PLAIN: Wrapper = Wrapper {
    name: "",
    short: "",
    long: &[],
    positional: 0,
    assignments: false,
    queries: "",
};

const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "env",
        short: "uCS",
        long: &["--unset", "--chdir", "--split-string"],
        assignments: true,
        ..PLAIN
    },
    Wrapper {
        name: "sudo",
        short: "ugpCrtTUDRh",
        long: &[
            "--user",
            "--group",
            "--prompt",
            "--close-from",
            "--role",
            "--type",
            "--command-timeout",
            "--other-user",
            "--chdir",
            "--chroot",
            "--host",
        ],
        assignments: true,
        queries: "lvKV",
        ..PLAIN
    },
    Wrapper {
        name: "doas",
        short: "uC",
        ..PLAIN
    },
    Wrapper {
        name: "time",
        short: "fo",
        long: &["--format", "--output"],
        ..PLAIN
    },
    Wrapper {
        name: "exec",
        short: "a",
        ..PLAIN
    },
    Wrapper {
        name: "xargs",
        short: "adEILnPs",
        long: &[
            "--arg-file",
            "--delimiter",
            "--max-lines",
            "--max-args",
            "--max-procs",
            "--max-chars",
            "--process-slot-var",
        ],
        ..PLAIN
    },
    Wrapper {
        name: "nohup",
        ..PLAIN
    },
    Wrapper {
        name: "setsid",
        ..PLAIN
    },
    Wrapper {
        name: "command",
        queries: "vV",
        ..PLAIN
    },
    Wrapper {
        name: "builtin",
        ..PLAIN
    },
    Wrapper {
        name: "nice",
        short: "n",
        long: &["--adjustment"],
        ..PLAIN
    },
    Wrapper {
        name: "ionice",
        short: "cn",
        long: &["--class", "--classdata"],
        queries: "p",
        ..PLAIN
    },
    Wrapper {
        name: "timeout",
        short: "ks",
        long: &["--kill-after", "--signal"],
        positional: 1,
        ..PLAIN
    },
    Wrapper {
        name: "stdbuf",
        short: "ioe",
        long: &["--input", "--output", "--error"],
        ..PLAIN
    },
];

/// Wrappers around wrappers are peeled this often.
const MAX_WRAPPERS: usize = 8;

/// How many of a command's arguments belong to wrappers, the name of the
/// command that is run in the end included; 0 where there is no wrapper.
pub(super) fn peeled(name: &Word, args: &[Word]) -> usize {
    let (mut name, mut rest) = (name, args);
    for _ in 0..MAX_WRAPPERS {
        let program = name.file_name();
        let Some(wrapper) = WRAPPERS.iter().find(|known| program == Some(known.name)) else {
            break;
        };
        match wrapper.wrapped(rest) {
            Some((inner, after)) => (name, rest) = (inner, after),
            None => break,
        }
    }
    args.len() - rest.len()
}

impl Wrapper {
    /// The command behind the wrapper's own arguments.
    fn wrapped<'w>(&self, args: &'w [Word]) -> Option<(&'w Word, &'w [Word])> {
        let mut rest = args;
        let mut positional = self.positional;
        let mut options = true;
        loop {
            let (word, after) = rest.split_first()?;
            let text = word.text.as_str();
            // Quotes make no difference to a program: `"-u"` is an option too.
            if options && text == "--" {
                options = false;
                rest = after;
            } else if options && text.starts_with('-') && text.len() > 1 {
                rest = if self.takes_next(text)? {
                    after.split_first()?.1
                } else {
                    after
                };
            } else if self.assignments && is_assignment(text) {
                rest = after;
            } else if positional > 0 {
                positional -= 1;
                rest = after;
            } else {
                return Some((word, after));
            }
        }
    }

    /// Whether an option's value is the next word; nothing if the option means
    /// that no command is run.
    fn takes_next(&self, option: &str) -> Option<bool> {
        if option.starts_with("--") {
            return Some(self.long.contains(&option));
        }
        let mut letters = option.chars().skip(1);
        while let Some(letter) = letters.next() {
            if self.queries.contains(letter) {
                return None;
            }
            if self.short.contains(letter) {
                // A value may be attached: `-n1`.
                return Some(letters.next().is_none());
            }
        }
        Some(false)
    }
}

/// Whether a word is `NAME=value`.
fn is_assignment(text: &str) -> bool {
    let Some((name, _)) = text.split_once('=') else {
        return false;
    };
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
