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

const MORE_WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "strace",
        short: "abeEIoOpPsSuUX",
        ..PLAIN
    },
    Wrapper {
        name: "ltrace",
        short: "aADeFlnopsuwx",
        ..PLAIN
    },
    // With `-c` the command is a script, which is read as one.
    Wrapper {
        name: "flock",
        short: "wE",
        long: &["--timeout", "--wait", "--conflict-exit-code"],
        positional: 1,
        queries: "c",
        ..PLAIN
    },
    Wrapper {
        name: "chrt",
        short: "TPD",
        long: &["--sched-runtime", "--sched-period", "--sched-deadline"],
        positional: 1,
        queries: "pm",
        ..PLAIN
    },
    // What stands behind `-c` is the same mask in another form.
    Wrapper {
        name: "taskset",
        positional: 1,
        queries: "p",
        ..PLAIN
    },
    Wrapper {
        name: "numactl",
        short: "imNCpPw",
        long: &[
            "--interleave",
            "--membind",
            "--cpunodebind",
            "--physcpubind",
            "--preferred",
        ],
        queries: "sH",
        ..PLAIN
    },
    Wrapper {
        name: "chronic",
        ..PLAIN
    },
    Wrapper {
        name: "eatmydata",
        ..PLAIN
    },
    Wrapper {
        name: "catchsegv",
        ..PLAIN
    },
    Wrapper {
        name: "unbuffer",
        ..PLAIN
    },
    Wrapper {
        name: "linux32",
        ..PLAIN
    },
    Wrapper {
        name: "busybox",
        ..PLAIN
    },
    Wrapper {
        name: "fakeroot",
        short: "lisb",
        long: &["--lib", "--faked", "--fd-base"],
        ..PLAIN
    },
    Wrapper {
        name: "faketime",
        positional: 1,
        ..PLAIN
    },
    Wrapper {
        name: "chroot",
        positional: 1,
        ..PLAIN
    },
    Wrapper {
        name: "unshare",
        short: "RwSGl",
        long: &[
            "--root",
            "--wd",
            "--setuid",
            "--setgid",
            "--map-user",
            "--map-group",
            "--map-users",
            "--map-groups",
            "--propagation",
            "--setgroups",
            "--monotonic",
            "--boottime",
        ],
        ..PLAIN
    },
    Wrapper {
        name: "nsenter",
        short: "tSG",
        long: &["--target", "--setuid", "--setgid"],
        ..PLAIN
    },
    Wrapper {
        name: "runuser",
        short: "ugGsw",
        long: &[
            "--user",
            "--group",
            "--supp-group",
            "--shell",
            "--whitelist-environment",
        ],
        queries: "c",
        ..PLAIN
    },
    Wrapper {
        name: "systemd-run",
        short: "HMuptE",
        long: &[
            "--unit",
            "--property",
            "--description",
            "--slice",
            "--uid",
            "--gid",
            "--nice",
            "--working-directory",
            "--setenv",
        ],
        ..PLAIN
    },
    Wrapper {
        name: "xvfb-run",
        short: "efnpsw",
        long: &[
            "--error-file",
            "--auth-file",
            "--server-num",
            "--xauth-protocol",
            "--server-args",
            "--wait",
        ],
        ..PLAIN
    },
    Wrapper {
        name: "dbus-run-session",
        long: &["--config-file", "--dbus-daemon"],
        ..PLAIN
    },
    Wrapper {
        name: "caffeinate",
        short: "tw",
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
        let mut known = WRAPPERS.iter().chain(MORE_WRAPPERS);
        let Some(wrapper) = known.find(|known| program == Some(known.name)) else {
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

/// The script that a program takes behind `-c`, as `flock`, `script` and `su`
/// do.
pub(super) fn script_behind_option<'w>(name: &Word, args: &'w [Word]) -> Option<&'w Word> {
    if !matches!(
        name.file_name(),
        Some("flock" | "script" | "su" | "runuser" | "sg")
    ) {
        return None;
    }
    let is_option = |word: &Word| {
        let text = word.text.as_str();
        let letters = text.strip_prefix('-').unwrap_or("");
        let short = !letters.starts_with('-') && letters.ends_with('c');
        short || matches!(text, "--command" | "--session-command")
    };
    let at = args.iter().position(is_option)?;
    args.get(at + 1)
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

#[cfg(test)]
mod tests {
    use crate::shell::{Shell, parse};

    fn runs_make(script: &str) -> bool {
        let parsed = parse(script, &Shell::Bash);
        parsed
            .commands
            .iter()
            .any(|command| command.effective().0.file_name() == Some("make"))
    }

    #[test]
    fn the_command_behind_a_wrapper_is_found() {
        for script in [
            "strace -f -o trace.txt -e trace=network make",
            "flock -w 10 /tmp/lock make all",
            "flock --timeout 10 /tmp/lock make",
            "flock /tmp/lock -c 'make all'",
            "taskset -c 0-3 make",
            "chrt -f 10 make",
            "numactl -N 0 make",
            "chronic make",
            "unshare -rn make",
            "unshare --root / -w /x make",
            "fakeroot make",
            "xvfb-run -a -s '-screen 0 1x1x24' make",
            "xvfb-run --server-args='-screen 0' make",
            "dbus-run-session -- make",
            "script -qec 'make all' /dev/null",
            "script -q -c make /dev/null",
            "su builder -c 'make all'",
            "runuser -u builder -- make",
            "systemd-run --user -p X=1 make",
            "sudo nice -n 5 ionice -c 2 timeout 10 stdbuf -oL setsid make",
            "chroot /x make",
            "busybox nohup make",
        ] {
            assert!(runs_make(script), "{script}");
        }
    }

    #[test]
    fn a_word_in_another_place_is_no_command() {
        for script in [
            "strace -o make true",
            "flock make true",
            "xvfb-run -e make true",
            "taskset -p make",
            "script make",
        ] {
            assert!(!runs_make(script), "{script}");
        }
    }
}
