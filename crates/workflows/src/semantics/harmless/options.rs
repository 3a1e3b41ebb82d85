//! Commands of which some options run a program: those that run none.
//!
//! An option that is not listed may. Sources: the manuals of GNU tar, sed, awk,
//! findutils and coreutils, of Info-ZIP, curl, wget, GnuPG, OpenSSL and OpenSSH.

/// The options of a command that run nothing.
pub(super) struct Options {
    /// Letters of short ones. What follows a letter that is none is a value.
    short: &'static str,
    /// Names of long ones, without what they are set to.
    long: &'static [&'static str],
}

/// The options of a command, where it has others that run something.
pub(super) fn of(program: &str) -> Option<Options> {
    let (short, long): (&str, &[&str]) = match program {
        "awk" | "gawk" | "mawk" => ("Fv", &["--field-separator"]),
        "bsdtar" | "tar" => (
            "acfhjJkmOpPtvxzC",
            &[
                "--create",
                "--directory",
                "--exclude",
                "--extract",
                "--file",
                "--gzip",
                "--no-same-owner",
                "--strip-components",
                "--verbose",
                "--wildcards",
            ],
        ),
        "curl" => (
            "#ABDEFGHILNOPSTUVXbcdefghijklmnoprstuvwxyz",
            &[
                "--compressed",
                "--connect-timeout",
                "--create-dirs",
                "--data",
                "--data-binary",
                "--data-raw",
                "--data-urlencode",
                "--fail",
                "--fail-with-body",
                "--form",
                "--globoff",
                "--head",
                "--header",
                "--http1.1",
                "--insecure",
                "--location",
                "--max-time",
                "--netrc",
                "--no-progress-meter",
                "--output",
                "--proto",
                "--remote-name",
                "--request",
                "--retry",
                "--retry-all-errors",
                "--retry-connrefused",
                "--retry-delay",
                "--retry-max-time",
                "--show-error",
                "--silent",
                "--tlsv1.2",
                "--upload-file",
                "--url",
                "--user",
                "--user-agent",
                "--verbose",
                "--write-out",
            ],
        ),
        "gpg" => (
            "KabdkoqsuU",
            &[
                "--armor",
                "--batch",
                "--dearmor",
                "--detach-sign",
                "--export",
                "--fingerprint",
                "--import",
                "--list-keys",
                "--list-secret-keys",
                "--local-user",
                "--no-tty",
                "--output",
                "--passphrase",
                "--passphrase-fd",
                "--pinentry-mode",
                "--quiet",
                "--verify",
                "--yes",
            ],
        ),
        "sed" | "gsed" => (
            "EbeilnrsuzI",
            &["--expression", "--in-place", "--quiet", "--regexp-extended"],
        ),
        "sort" => (
            "CMRVbcdfghikmnorstuz",
            &[
                "--field-separator",
                "--ignore-case",
                "--key",
                "--numeric-sort",
                "--reverse",
                "--unique",
                "--version-sort",
            ],
        ),
        "split" => ("Cabdeln", &["--bytes", "--lines", "--numeric-suffixes"]),
        "ssh-keygen" => ("CEFNRbflqty", &[]),
        "wget" => (
            "NOPSTcnqrtv",
            &[
                "--continue",
                "--directory-prefix",
                "--header",
                "--no-check-certificate",
                "--no-verbose",
                "--output-document",
                "--progress",
                "--quiet",
                "--retry-connrefused",
                "--show-progress",
                "--timeout",
                "--tries",
                "--waitretry",
            ],
        ),
        "zip" => ("0123456789Xdejmqruvxy", &["--recurse-paths", "--quiet"]),
        "find" | "openssl" => ("", &[]),
        _ => return None,
    };
    Some(Options { short, long })
}

impl Options {
    /// Whether every option is one of these.
    pub(super) fn allow(&self, args: &[String]) -> bool {
        // `find` and `openssl` have words for options.
        if self.short.is_empty() {
            return true;
        }
        args.iter().all(|arg| {
            if arg == "-" || arg == "--" || !arg.starts_with('-') {
                return true;
            }
            if arg.starts_with("--") {
                let name = arg.split('=').next().unwrap_or("");
                return self.long.contains(&name);
            }
            let letters = arg.chars().skip(1);
            let mut letters = letters.take_while(|c| c.is_ascii_alphanumeric() || *c == '#');
            letters.all(|c| self.short.contains(c) || c.is_ascii_digit())
        })
    }
}

/// Whether the words of such a command are none that run something, nor such as
/// only files give: a pattern or a substitution may become an option.
pub(super) fn is_plain(program: &str, args: &[String]) -> bool {
    let given = |a: &String| {
        let pattern = a.starts_with(['*', '?', '[']) && !matches!(program, "curl" | "find");
        // Parts of a script or of a message are no options.
        let whole = a.starts_with("$(") || a.starts_with('`');
        pattern && !a.contains(' ') || whole
    };
    if args.iter().any(given) {
        return false;
    }
    match program {
        "awk" | "gawk" | "mawk" => !args.iter().any(|a| {
            let words = ["system(", "getline", "@load", "@include", "$("];
            a.contains('|') || words.iter().any(|word| a.contains(word))
        }),
        "sed" | "gsed" => !args.iter().any(|a| executes(a)),
        "tar" | "bsdtar" => args
            .first()
            .is_none_or(|a| a.starts_with('-') || a.chars().all(|c| "acfhjJkmOpPtvxz".contains(c))),
        "find" => !args
            .iter()
            .any(|a| matches!(a.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir")),
        "openssl" => !args.iter().any(|a| {
            let name = a.trim_start_matches('-');
            ["config", "engine", "provider"]
                .iter()
                .any(|o| name.starts_with(o))
                && name != a
        }),
        _ => true,
    }
}

// A script of sed that runs a command: `1e x`, `s/x/y/e`, or one that a file gives.
fn executes(script: &str) -> bool {
    if script.contains("$(") {
        return true;
    }
    let mut parts = script.split([';', '\n', '{']).map(str::trim);
    parts.any(|part| {
        let address = |c: char| c.is_ascii_digit() || "$,!~+ ".contains(c);
        let mut rest = part.trim_start_matches(address);
        // `/pattern/e`
        if let Some(pattern) = rest.strip_prefix('/') {
            rest = pattern
                .split_once('/')
                .map_or("", |(_, rest)| rest)
                .trim_start_matches(address);
        }
        let Some(after) = rest.strip_prefix('s') else {
            return rest.starts_with('e') && rest.chars().nth(1).is_none_or(|c| c == ' ');
        };
        let Some(mark) = after.chars().next().filter(|c| !c.is_alphanumeric()) else {
            return false;
        };
        let flags = after.rsplit(mark).next().unwrap_or("");
        flags.contains('e') && flags.len() < 8
    })
}
