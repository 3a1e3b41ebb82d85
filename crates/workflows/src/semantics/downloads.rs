//! What a script fetches from an address and runs.
//!
//! Sources: the manuals of curl, wget, bash and GNU tar; PowerShell's
//! `Invoke-WebRequest` and `Invoke-Expression`.

use std::ops::Range;

use crate::shell::{Command, Script, Word, words_by_line};

mod address;
mod checks;

pub use address::{Fixed, fixed, host, repository};
pub use checks::is_check;

/// How what was fetched comes to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is the input of a shell or an interpreter, as in `curl … | bash`.
    Piped,
    /// A shell evaluates it, as in `bash <(curl …)`.
    Evaluated,
    /// It is stored in a file that is run or made a program.
    Saved,
    /// It is an archive from which a program is taken.
    Unpacked,
}

/// One thing that a script fetches and runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Download {
    /// The command that fetches.
    pub range: Range<usize>,
    /// The program that fetches.
    pub by: String,
    /// The word that holds the address.
    pub address: Word,
    /// How it comes to run.
    pub way: Way,
    /// The command that runs it.
    pub runs: Range<usize>,
    /// The command that compares it with a checksum or a signature before.
    pub checked: Option<Range<usize>>,
}

const SHELLS: &[&str] = &["bash", "sh", "zsh", "dash", "ksh", "fish"];
const INTERPRETERS: &[&str] = &[
    "deno", "node", "perl", "php", "python", "python2", "python3", "ruby",
];

/// Everything that a shell script fetches and surely runs, in its order.
#[must_use]
pub fn of_script(script: &Script) -> Vec<Download> {
    let mut found = Vec::new();
    for (at, command) in script.commands.iter().enumerate() {
        if command.dead || !command.certain {
            continue;
        }
        let Some(fetch) = Fetch::of(command) else {
            continue;
        };
        let run = piped(script, command, &fetch)
            .or_else(|| evaluated(script, command, &fetch))
            .or_else(|| saved(script, at, &fetch));
        let Some((way, runs)) = run else { continue };
        let checked = script
            .commands
            .iter()
            .find(|other| {
                other.range.start > command.range.start
                    && other.range.start <= runs.end
                    && is_check(other)
            })
            .map(|check| check.range.clone());
        found.push(Download {
            range: command.range.clone(),
            by: fetch.program.to_owned(),
            address: fetch.address.clone(),
            way,
            runs,
            checked,
        });
    }
    found
}

/// One command that fetches something.
struct Fetch<'s> {
    program: &'static str,
    address: &'s Word,
    /// Whether it goes to the standard output.
    printed: bool,
    /// The name of the file it goes to.
    file: Option<String>,
}

/// Options of curl and wget whose value is the next word.
const CURL_VALUES: &[&str] = &[
    "-A",
    "-C",
    "-H",
    "-K",
    "-T",
    "-X",
    "-b",
    "-c",
    "-d",
    "-e",
    "-m",
    "-r",
    "-u",
    "-w",
    "-x",
    "--cacert",
    "--cert",
    "--connect-timeout",
    "--cookie",
    "--data",
    "--data-binary",
    "--data-raw",
    "--form",
    "--header",
    "--key",
    "--max-time",
    "--output-dir",
    "--proto",
    "--proto-redir",
    "--proxy",
    "--request",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "--user",
    "--user-agent",
    "--write-out",
    "-F",
];
const WGET_VALUES: &[&str] = &[
    "-P",
    "-T",
    "-U",
    "-a",
    "-o",
    "-t",
    "-w",
    "--directory-prefix",
    "--header",
    "--timeout",
    "--tries",
    "--user-agent",
    "--wait",
    "--waitretry",
    "--read-timeout",
];

impl<'s> Fetch<'s> {
    fn of(command: &'s Command) -> Option<Self> {
        let (program, args) = command.effective();
        let (program, values, output): (_, _, &[&str]) = match program.file_name()? {
            "curl" => ("curl", CURL_VALUES, &["-o", "--output"]),
            "wget" => ("wget", WGET_VALUES, &["-O", "--output-document"]),
            _ => return None,
        };
        let mut address = None;
        let mut file: Option<String> = None;
        let mut by_name = program == "wget";
        let mut words = args.iter();
        while let Some(word) = words.next() {
            let text = word.text.as_str();
            let long = output
                .iter()
                .find_map(|o| text.strip_prefix(o)?.strip_prefix('='));
            if let Some(name) = long {
                file = Some(name.to_owned());
            } else if text.starts_with("--") {
                by_name |= text == "--remote-name" || text == "--remote-name-all";
                if output.contains(&text) {
                    file = words.next().map(|w| w.text.clone());
                } else if text == "--url" {
                    address = address.or(words.next());
                } else if values.contains(&text) {
                    words.next();
                }
            } else if let Some(letters) = text.strip_prefix('-').filter(|l| !l.is_empty()) {
                match cluster(letters, program, values) {
                    Cluster::Flags => {}
                    Cluster::RemoteName => by_name = true,
                    Cluster::Value => {
                        words.next();
                    }
                    Cluster::Output(Some(name)) => file = Some(name.to_owned()),
                    Cluster::Output(None) => file = words.next().map(|w| w.text.clone()),
                }
            } else if address.is_none() || is_address(text) && !is_address(&address?.text) {
                address = Some(word);
            }
        }
        let address = address.filter(|word| is_address(&word.text))?;
        let redirected = command
            .redirects
            .iter()
            .find(|r| r.writes() && r.descriptor.is_none_or(|d| d == 1));
        let own_output = matches!(file.as_deref(), Some("-" | "/dev/stdout"));
        let to_stdout = own_output || file.is_none() && !by_name;
        let file = match redirected {
            Some(redirect) if to_stdout => Some(redirect.target.text.clone()),
            _ if to_stdout => None,
            _ => file.or_else(|| {
                let path = address.text.split(['?', '#']).next().unwrap_or_default();
                path.rsplit('/')
                    .next()
                    .filter(|n| !n.is_empty())
                    .map(ToOwned::to_owned)
            }),
        };
        Some(Self {
            program,
            address,
            printed: to_stdout && redirected.is_none(),
            file,
        })
    }
}

/// What a group of short options ends in.
enum Cluster<'t> {
    Flags,
    RemoteName,
    Value,
    Output(Option<&'t str>),
}

fn cluster<'t>(letters: &'t str, program: &str, values: &[&str]) -> Cluster<'t> {
    let mut name = Cluster::Flags;
    for (at, letter) in letters.char_indices() {
        let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
        let output = match program {
            "curl" => 'o',
            _ => 'O',
        };
        if letter == output {
            return Cluster::Output((!rest.is_empty()).then_some(rest));
        }
        if program == "curl" && letter == 'O' {
            name = Cluster::RemoteName;
        }
        // wget's `-nv`, `-nc` and the like are one option.
        if program == "wget" && letter == 'n' {
            return Cluster::Flags;
        }
        if values.iter().any(|v| v.len() == 2 && v.ends_with(letter)) {
            return if rest.is_empty() {
                Cluster::Value
            } else {
                name
            };
        }
    }
    name
}

fn is_address(text: &str) -> bool {
    text.contains("://")
        || text.starts_with('$')
        || text.starts_with("${{")
        || text
            .split('/')
            .next()
            .is_some_and(|host| host.contains('.') && !host.starts_with('.') && text.contains('/'))
}

/// The shell or interpreter that reads its script from its input.
fn reads_script(command: &Command) -> bool {
    let (program, args) = command.effective();
    let Some(name) = program.file_name() else {
        return false;
    };
    let shell = SHELLS.contains(&name);
    if !shell && !INTERPRETERS.contains(&name) {
        return false;
    }
    for word in args {
        match word.text.as_str() {
            "-" | "/dev/stdin" => return true,
            // What follows are arguments of the script on the input.
            "-s" | "--" if shell => return true,
            text if shell && text.starts_with('-') && !text.starts_with("--") => {
                if text.contains('c') {
                    return false;
                }
                if text.contains('s') {
                    return true;
                }
            }
            text if shell && text.starts_with('-') => {}
            _ => return false,
        }
    }
    true
}

fn piped(script: &Script, command: &Command, fetch: &Fetch<'_>) -> Option<(Way, Range<usize>)> {
    let (id, position) = command.pipeline.filter(|_| fetch.printed)?;
    let later = script.pipeline(id);
    let later = || {
        later
            .iter()
            .filter(|c| c.pipeline.is_some_and(|(_, at)| at > position))
    };
    if let Some(runs) = later().find(|c| reads_script(c)) {
        return Some((Way::Piped, runs.range.clone()));
    }
    let unpacks = later().find(|c| is_unpacking(c, None))?;
    taken_out(script, unpacks).map(|runs| (Way::Unpacked, runs))
}

fn evaluated(script: &Script, command: &Command, fetch: &Fetch<'_>) -> Option<(Way, Range<usize>)> {
    if !command.in_substitution || !fetch.printed {
        return None;
    }
    let holds = |word: &Word| {
        let text = word.text.trim_start();
        word.holds_substitution
            && (word.range.start..word.range.end).contains(&command.range.start)
            && ["$(", "<(", "`"].iter().any(|open| text.starts_with(open))
    };
    let outer = script.commands.iter().find(|outer| {
        let (program, args) = outer.effective();
        let Some(name) = program.file_name() else {
            return false;
        };
        let shell = SHELLS.contains(&name);
        let evaluates = matches!(name, "eval" | "source" | ".");
        let word = args.iter().find(|word| holds(word));
        let code = |word: &Word| {
            evaluates
                || INTERPRETERS.contains(&name) && word.text.starts_with("<(")
                || shell && (word.text.starts_with("<(") || args.iter().any(is_code_option))
        };
        word.is_some_and(code)
            || (shell
                && outer
                    .redirects
                    .iter()
                    .any(|r| matches!(r.operator.as_str(), "<" | "<<<") && holds(&r.target)))
    })?;
    Some((Way::Evaluated, outer.range.clone()))
}

fn is_code_option(word: &Word) -> bool {
    let text = word.text.as_str();
    text.starts_with('-') && !text.starts_with("--") && text.contains('c')
}

fn saved(script: &Script, at: usize, fetch: &Fetch<'_>) -> Option<(Way, Range<usize>)> {
    let file = fetch.file.as_deref().filter(|file| !file.is_empty())?;
    let later = script.commands.get(at + 1..)?;
    // Another program by the same name that is in the checkout is not told apart.
    for command in later.iter().filter(|c| !c.dead && c.certain) {
        if runs_file(command, file) {
            return Some((Way::Saved, command.range.clone()));
        }
        if is_unpacking(command, Some(file)) {
            return taken_out(script, command).map(|runs| (Way::Unpacked, runs));
        }
    }
    None
}

fn same_file(word: &str, file: &str) -> bool {
    let plain = |name: &str| name.trim_start_matches("./").to_owned();
    plain(word) == plain(file)
}

fn runs_file(command: &Command, file: &str) -> bool {
    let (program, args) = command.effective();
    // Without a slash, the shell looks along `PATH` alone.
    if program.text.contains('/') && same_file(&program.text, file) {
        return true;
    }
    let Some(name) = program.file_name() else {
        return false;
    };
    let named = args.iter().any(|word| same_file(&word.text, file));
    if !named {
        return false;
    }
    let verb = |words: &[&str]| args.iter().any(|w| words.contains(&w.text.as_str()));
    match name {
        "source" | "." => true,
        name if SHELLS.contains(&name) || INTERPRETERS.contains(&name) => args
            .iter()
            .find(|word| !word.text.starts_with('-'))
            .is_some_and(|word| same_file(&word.text, file)),
        "chmod" => args.first().is_some_and(|mode| makes_program(&mode.text)),
        "dpkg" => verb(&["-i", "--install"]),
        "rpm" => args
            .iter()
            .any(|w| w.text.starts_with("-i") || w.text.starts_with("-U")),
        "apt" | "apt-get" | "dnf" | "yum" | "zypper" => verb(&["install"]),
        "installer" => true,
        "install" | "mv" | "cp" => args.last().is_some_and(|to| is_program_folder(&to.text)),
        _ => false,
    }
}

fn makes_program(mode: &str) -> bool {
    mode.contains("+x")
        || mode.contains("+rx")
        || mode.contains("=rx")
        || mode.contains("+rwx")
        || mode.len() >= 3
            && mode.chars().all(|c| c.is_ascii_digit())
            && mode.chars().any(|c| matches!(c, '1' | '3' | '5' | '7'))
}

fn is_program_folder(path: &str) -> bool {
    path.split('/').any(|part| part == "bin" || part == "sbin")
}

fn is_unpacking(command: &Command, file: Option<&str>) -> bool {
    let (_, args) = command.effective();
    let named = file.is_none_or(|file| {
        args.iter().any(|word| {
            same_file(&word.text, file)
                || word
                    .text
                    .strip_prefix("--file=")
                    .is_some_and(|w| same_file(w, file))
        })
    });
    let extracts = || {
        args.first().is_some_and(|first| {
            !first.text.starts_with("--") && first.text.contains('x') || first.text == "--extract"
        }) || args.iter().any(|w| {
            w.text == "--extract"
                || w.text.starts_with('-') && !w.text.starts_with("--") && w.text.contains('x')
        })
    };
    named
        && (command.is("tar") && extracts()
            || command.is("bsdtar") && extracts()
            || file.is_some() && (command.is("unzip") || command.is("7z") || command.is("gunzip")))
}

/// What takes a program out of an archive, if something surely does.
fn taken_out(script: &Script, unpacks: &Command) -> Option<Range<usize>> {
    let (_, args) = unpacks.effective();
    if args.iter().any(|word| {
        is_program_folder(&word.text) && !word.text.contains("://") || word.text == "/usr/local"
    }) {
        return Some(unpacks.range.clone());
    }
    script
        .commands
        .iter()
        .filter(|c| c.range.start > unpacks.range.start && !c.dead && c.certain)
        .find(|command| {
            let (program, args) = command.effective();
            let to_path = command
                .redirects
                .iter()
                .any(|r| r.writes() && r.target.text.contains("GITHUB_PATH"));
            let moved = matches!(program.file_name(), Some("install" | "mv" | "cp" | "ln"))
                && args.last().is_some_and(|to| is_program_folder(&to.text));
            let made = program.file_name() == Some("chmod")
                && args.first().is_some_and(|mode| makes_program(&mode.text));
            to_path || moved || made
        })
        .map(|command| command.range.clone())
}

/// What a PowerShell script visibly fetches and evaluates on one line: the
/// address and its place. Words alone are looked at, see [`words_by_line`].
#[must_use]
pub fn of_powershell(script: &str) -> Vec<(String, Range<usize>)> {
    const FETCHES: [&str; 6] = [
        "iwr",
        "irm",
        "invoke-webrequest",
        "invoke-restmethod",
        "curl",
        "wget",
    ];
    let mut found = Vec::new();
    for line in words_by_line(script) {
        let words: Vec<(String, &crate::shell::LineWord)> = line
            .iter()
            .take_while(|word| !word.text.starts_with('#'))
            .map(|word| (word.text.to_ascii_lowercase(), word))
            .collect();
        let part = |text: &str, name: &str| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .any(|part| part == name)
        };
        let evaluates = words
            .iter()
            .any(|(text, _)| part(text, "iex") || part(text, "invoke-expression"));
        let fetches = words.iter().any(|(text, _)| {
            text.contains("downloadstring") || FETCHES.iter().any(|name| part(text, name))
        });
        let address = words.iter().find_map(|(_, word)| {
            let start = word
                .text
                .find("https://")
                .or_else(|| word.text.find("http://"))?;
            let rest = word.text.get(start..)?;
            let end = rest.find(['\'', '"', ')', ' ', ';']).unwrap_or(rest.len());
            Some((rest.get(..end)?.to_owned(), word.range.clone()))
        });
        if let (true, true, Some(address)) = (evaluates, fetches, address) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
#[path = "downloads/tests.rs"]
mod tests;
