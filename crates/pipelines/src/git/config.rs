//! A git configuration as text, without the files that it would include.
//!
//! Only the syntax is known here; what the values mean is for who asks. It is
//! read here and not by a library for the reason that `index.rs` gives.
//!
//! Source: git-config(1), "Syntax".

use std::iter::Peekable;
use std::str::Chars;

/// The values of one file, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    values: Vec<Entry>,
}

/// One variable.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    /// Lower case.
    section: String,
    subsection: Option<String>,
    /// Lower case.
    key: String,
    /// `None` for a key alone, which stands for "true".
    value: Option<String>,
}

impl Config {
    /// Reads the text of a file; `None` if it is out of form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // Git reads a carriage return before the end of a line as part of it.
        let text = text.replace("\r\n", "\n");
        let mut rest = text.chars().peekable();
        let mut values = Vec::new();
        // Git takes a variable before the first section, too.
        let mut header: (String, Option<String>) = (String::new(), None);
        while let Some(&next) = rest.peek() {
            match next {
                _ if next.is_whitespace() => {
                    rest.next();
                }
                '#' | ';' => skip_line(&mut rest),
                '[' => {
                    rest.next();
                    header = section(&mut rest)?;
                }
                _ if next.is_ascii_alphabetic() => {
                    let (section, subsection) = header.clone();
                    let (key, value) = variable(&mut rest)?;
                    values.push(Entry {
                        section,
                        subsection,
                        key,
                        value,
                    });
                }
                _ => return None,
            }
        }
        Some(Self { values })
    }

    /// The last value of a key in a section without a subsection; both names
    /// in lower case.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let mut found = self.values.iter().rev().filter(|entry| {
            entry.section == section && entry.subsection.is_none() && entry.key == key
        });
        found.next()?.value.as_deref()
    }

    /// The last value of a key in each subsection of a section, in order of
    /// the subsections' first lines.
    pub(crate) fn values_by_subsection(&self, section: &str, key: &str) -> Vec<(&str, &str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for entry in &self.values {
            let (Some(subsection), Some(value)) = (&entry.subsection, &entry.value) else {
                continue;
            };
            if entry.section != section || entry.key != key {
                continue;
            }
            match found.iter_mut().find(|(name, _)| name == subsection) {
                Some((_, last)) => *last = value,
                None => found.push((subsection, value)),
            }
        }
        found
    }
}

fn skip_line(rest: &mut Peekable<Chars<'_>>) {
    for next in rest.by_ref() {
        if next == '\n' {
            return;
        }
    }
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|&next| matches!(next, ' ' | '\t')).is_some() {}
}

/// Reads `name]`, `name.sub]` (old form, lower case) or `name "sub"]`.
fn section(rest: &mut Peekable<Chars<'_>>) -> Option<(String, Option<String>)> {
    let mut name = String::new();
    while let Some(next) = rest.next_if(|&next| is_name(next) || next == '.') {
        name.push(next.to_ascii_lowercase());
    }
    if rest.next_if_eq(&']').is_some() {
        return Some(match name.split_once('.') {
            Some((name, sub)) => (name.to_owned(), Some(sub.to_owned())),
            None => (name, None),
        });
    }
    skip_blanks(rest);
    rest.next_if_eq(&'"')?;
    let mut sub = String::new();
    loop {
        match rest.next()? {
            '"' => break,
            '\n' => return None,
            '\\' => sub.push(rest.next().filter(|&next| next != '\n')?),
            other => sub.push(other),
        }
    }
    rest.next_if_eq(&']')?;
    Some((name, Some(sub)))
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

/// Reads `key`, or `key = value` up to the end of the line.
fn variable(rest: &mut Peekable<Chars<'_>>) -> Option<(String, Option<String>)> {
    let mut key = String::new();
    while let Some(next) = rest.next_if(|&next| is_name(next)) {
        key.push(next.to_ascii_lowercase());
    }
    skip_blanks(rest);
    match rest.peek() {
        None | Some('\n') => return Some((key, None)),
        Some('=') => {
            rest.next();
        }
        Some(_) => return None,
    }
    skip_blanks(rest);
    let mut value = String::new();
    // How much of the value stays if only blanks follow.
    let mut kept = 0;
    let mut quoted = false;
    loop {
        match rest.next() {
            None | Some('\n') if !quoted => break,
            None | Some('\n') => return None,
            Some('#' | ';') if !quoted => {
                skip_line(rest);
                break;
            }
            Some('"') => {
                quoted = !quoted;
                kept = value.len();
            }
            Some('\\') => {
                // The end of the file is the end of a line.
                match rest.next().unwrap_or('\n') {
                    '\n' => continue,
                    'n' => value.push('\n'),
                    't' => value.push('\t'),
                    'b' => value.push('\u{8}'),
                    same @ ('"' | '\\') => value.push(same),
                    _ => return None,
                }
                kept = value.len();
            }
            Some(other) => {
                value.push(other);
                if quoted || !other.is_whitespace() {
                    kept = value.len();
                }
            }
        }
    }
    value.truncate(kept);
    Some((key, Some(value)))
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What git itself says of a file: every key with its value.
    fn asked_of_git(text: &str) -> Option<Vec<(String, String)>> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, text).unwrap();
        let output = std::process::Command::new("git")
            .args(["config", "--no-includes", "--list", "--null", "--file"])
            .arg(&file)
            .output()
            .unwrap();
        output.status.success().then(|| {
            String::from_utf8(output.stdout)
                .unwrap()
                .split_terminator('\0')
                .map(|line| {
                    let (key, value) = line.split_once('\n').unwrap_or((line, "(none)"));
                    (key.to_owned(), value.to_owned())
                })
                .collect()
        })
    }

    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let name = |entry: &Entry| match &entry.subsection {
            Some(sub) => format!("{}.{sub}.{}", entry.section, entry.key),
            None if entry.section.is_empty() => entry.key.clone(),
            None => format!("{}.{}", entry.section, entry.key),
        };
        Some(
            Config::parse(text)?
                .values
                .iter()
                .map(|entry| {
                    let value = entry.value.clone();
                    (name(entry), value.unwrap_or_else(|| "(none)".to_owned()))
                })
                .collect(),
        )
    }

    #[test]
    fn every_form_is_read_as_git_reads_it() {
        for text in [
            "",
            "[core]\n\tbare = false\n",
            "[core]\nbare\n[remote \"origin\"]\n url = https://github.com/a/b.git ; here\n",
            "[Remote \"Up Stream\"] URL=\"git@github.com:a/b\" # x\n",
            "[remote.Old]\nurl = x",
            "[a \"q\\\"\\\\z\"]\nk = \"one \\\n  two\" three  \n",
            "[a]\nk = a\\tb\\n\\\"c\\\\ # d\nk = \"# no comment\"\n",
            "[a]\r\nk = v\r\n",
            "\u{feff}[a]\nk = v\n",
            "[a]\nk = 1\n[a]\nk = 2\n[A]\nK = 3\n",
            "[a]\nk =\n",
            "[a]\nk = v\\\nw\n",
            "[a]\nk = \"open\n",
            "[a\nk = v\n",
            "[a]\nk v\n",
            "k = v\n",
            "[a]\nk = \\x\n",
            "[a] ; comment\nk = inner  blank \t \n",
        ] {
            assert_eq!(read(text), asked_of_git(text), "{text:?}");
        }
    }

    #[test]
    fn the_last_value_counts() {
        let config = Config::parse("[core]\nx = 1\n[core]\nx = 2\n[core \"s\"]\nx = 3\n").unwrap();
        assert_eq!(config.value("core", "x"), Some("2"));
        assert_eq!(config.values_by_subsection("core", "x"), [("s", "3")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        // Without tabs inside of a value: git has read them in two ways.
        #[test]
        fn any_mixture_is_read_as_git_reads_it(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "[a]", "[b \"c\"]", "[b.d]", "\n", "k", " = ", "v", "\"", "\\", "\\n", "#",
                    ";", " ", "w x", "]", "\\\"",
                ]),
                0..14,
            ),
        ) {
            let text = parts.concat();
            prop_assert_eq!(read(&text), asked_of_git(&text), "{:?}", text);
        }
    }
}
