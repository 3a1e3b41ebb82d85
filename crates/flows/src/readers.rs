//! Which files a command reads and prints, by itself.
//!
//! From the manuals of the GNU and POSIX tools, of jq and yq, and of the
//! interpreters.

use cofferdam_workflows::shell::{Command, Word};

use crate::evaluated::code_words;

/// How a program names the files that it reads.
struct Reader {
    names: &'static [&'static str],
    /// Whether its first word is its own program or pattern.
    program: bool,
    /// Letters of options that take the next word.
    valued: &'static str,
    /// Those that bring the program.
    brings: &'static str,
}

const READERS: &[Reader] = &[
    reader(
        &["cat", "tac", "rev", "strings", "uniq", "xxd", "od", "comm"],
        false,
        "",
        "",
    ),
    reader(
        &["nl", "paste", "column", "expand", "iconv"],
        false,
        "bdfnstvw",
        "",
    ),
    reader(&["head", "tail"], false, "cn", ""),
    reader(&["cut"], false, "bcdf", ""),
    reader(&["sort"], false, "kotST", ""),
    reader(&["fold", "fmt"], false, "w", ""),
    reader(&["base64"], false, "wbi", ""),
    reader(&["grep", "egrep", "fgrep", "rg"], true, "mABCdDfe", "fe"),
    reader(&["sed", "gsed"], true, "efl", "ef"),
    reader(&["awk", "gawk", "mawk", "nawk"], true, "Fvf", "f"),
    reader(&["jq", "gojq", "jaq", "yq", "xq", "tomlq"], true, "pL", "f"),
];

const fn reader(
    names: &'static [&'static str],
    program: bool,
    valued: &'static str,
    brings: &'static str,
) -> Reader {
    Reader {
        names,
        program,
        valued,
        brings,
    }
}

/// Options of jq that take more words than one.
const LONG: &[(&str, usize)] = &[
    ("--arg", 2),
    ("--argjson", 2),
    ("--slurpfile", 2),
    ("--rawfile", 2),
    ("--indent", 1),
    ("--lines", 1),
    ("--bytes", 1),
    ("--max-count", 1),
    ("--field-separator", 1),
    ("--input-format", 1),
    ("--output-format", 1),
];

/// Programs that print what lies in the folder in which they work, whatever they
/// are told.
const LISTS: &[(&str, &[&str])] = &[
    ("ls", &[]),
    ("find", &[]),
    ("fd", &[]),
    ("tree", &[]),
    ("xmllint", &[]),
    ("xmlstarlet", &[]),
    ("dasel", &[]),
    ("toml", &[]),
    ("crudini", &[]),
    ("cargo", &["metadata", "pkgid", "read-manifest"]),
    ("npm", &["pkg"]),
    ("poetry", &["version"]),
    ("hatch", &["version"]),
    ("git", &["show", "cat-file", "grep", "ls-files", "ls-tree"]),
];

/// Words by which code of an interpreter reads a file.
const READING: &[&str] = &[
    "File.read",
    "IO.read",
    "JSON.parse",
    "Path(",
    "file_get_contents",
    "import(",
    "load(",
    "loads(",
    "open(",
    "readFile",
    "read_text",
    "require(",
    "safe_load",
];

/// The program of a command that has one, as the filter of jq.
pub(crate) fn filter(command: &Command) -> Option<&str> {
    let (_, args) = command.effective();
    let mut skipped = 0_usize;
    for word in args {
        let text = word.text.as_str();
        if skipped > 0 {
            skipped -= 1;
        } else if let Some((_, count)) = LONG.iter().find(|(option, _)| *option == text) {
            skipped = *count;
        } else if !text.starts_with('-') {
            return Some(text);
        }
    }
    None
}

/// The words of a command that name files which it reads and prints.
pub(crate) fn files(command: &Command) -> Vec<&Word> {
    let (program, args) = command.effective();
    let Some(name) = program.file_name() else {
        return Vec::new();
    };
    let Some(reader) = READERS.iter().find(|reader| reader.names.contains(&name)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let brought = args.iter().any(|word| is_option(&word.text, reader.brings));
    let mut programmed = !reader.program || brought;
    let mut skipped = 0_usize;
    for word in args {
        let text = word.text.as_str();
        if skipped > 0 {
            skipped -= 1;
        } else if let Some((_, count)) = LONG.iter().find(|(option, _)| *option == text) {
            skipped = *count;
        } else if text.starts_with('-') && text.len() > 1 {
            skipped = usize::from(is_option(text, reader.valued));
        } else if programmed {
            found.push(word);
        } else if !matches!(text, "e" | "ea" | "eval" | "eval-all" | "r" | "read") {
            programmed = true;
        }
    }
    found
}

// `-n`, `-rn`: the last letter takes the next word.
fn is_option(text: &str, letters: &str) -> bool {
    let Some(rest) = text.strip_prefix('-') else {
        return false;
    };
    !rest.starts_with('-') && rest.chars().last().is_some_and(|c| letters.contains(c))
}

/// Whether a command prints something of the files around it without naming
/// one.
pub(crate) fn reads_around(command: &Command) -> bool {
    let (program, args) = command.effective();
    let Some(name) = program.file_name() else {
        return false;
    };
    let verb = args.iter().find(|word| !word.text.starts_with('-'));
    let verb = verb.map_or("", |word| word.text.as_str());
    let listed = LISTS.iter().find(|(known, _)| *known == name);
    if listed.is_some_and(|(_, verbs)| verbs.is_empty() || verbs.contains(&verb)) {
        return true;
    }
    let interprets = matches!(
        name,
        "node" | "python" | "python3" | "ruby" | "perl" | "php" | "deno" | "bun"
    );
    let code = code_words(command).into_iter().chain(&command.heredoc);
    interprets && code.into_iter().any(|word| reads(&word.text))
}

/// Whether code of some language reads a file.
pub(crate) fn reads(code: &str) -> bool {
    READING.iter().any(|word| code.contains(word))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    #[test]
    fn files_are_told_from_patterns_and_values() {
        let cases: &[(&str, &[&str])] = &[
            ("cat VERSION", &["VERSION"]),
            ("head -n 1 VERSION", &["VERSION"]),
            ("head -1", &[]),
            ("grep -oP 'v.*' pyproject.toml", &["pyproject.toml"]),
            ("grep foo", &[]),
            ("grep -e foo F", &["F"]),
            ("sed -n 1p F", &["F"]),
            ("sed -e s/a/b/ F", &["F"]),
            ("cut -d = -f 2", &[]),
            ("awk -F : '{print $1}' F", &["F"]),
            ("jq -r .version package.json", &["package.json"]),
            ("jq --arg a b .x", &[]),
            ("yq eval .x F", &["F"]),
            ("echo F", &[]),
        ];
        for (text, expected) in cases {
            let script = parse(text, &Shell::Bash);
            let found = files(script.commands.first().unwrap());
            let found: Vec<&str> = found.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(found, *expected, "{text}");
        }
    }

    #[test]
    fn some_programs_read_what_lies_around_them() {
        for text in [
            "ls docs",
            "node -p \"require('./package.json').version\"",
            "python3 -c \"print(open('V').read())\"",
            "git show HEAD:V",
        ] {
            let script = parse(text, &Shell::Bash);
            assert!(reads_around(script.commands.first().unwrap()), "{text}");
        }
        for text in ["node -p 1+1", "git rev-parse HEAD", "echo ls"] {
            let script = parse(text, &Shell::Bash);
            assert!(!reads_around(script.commands.first().unwrap()), "{text}");
        }
    }
}
