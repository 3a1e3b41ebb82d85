//! The syntax that `go.mod` and `go.work` share: a verb and its words, alone
//! or in a block with parentheses.
//!
//! Source: Go modules reference, section "Lexical elements" and "Grammar".

use crate::mistake::{Mistake, Problem, lines};

/// One statement, taken out of its block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) line: usize,
    pub(super) verb: String,
    pub(super) words: Vec<String>,
    /// What stands behind `//`.
    pub(super) comment: String,
}

impl Statement {
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        self.words.get(at).map(String::as_str)
    }

    /// The mistake of a statement that says something else.
    pub(super) fn expected(&self, what: &'static str) -> Mistake {
        Mistake::at(self.line, Problem::expected(what, &self.words.join(" ")))
    }
}

/// Reads every statement of a file.
pub(super) fn statements(text: &str) -> Result<Vec<Statement>, Mistake> {
    let mut all = Vec::new();
    let mut block: Option<(usize, String)> = None;
    for numbered in lines(text) {
        let (line, text) = numbered?;
        let (mut words, comment) = words(line, text)?;
        match (&block, words.as_slice()) {
            (_, []) => continue,
            (Some(_), [only]) if only == ")" => {
                block = None;
                continue;
            }
            (Some((_, verb)), _) => words.insert(0, verb.clone()),
            (None, [verb, open]) if open == "(" => {
                block = Some((line, verb.clone()));
                continue;
            }
            (None, [_, open, close]) if open == "(" && close == ")" => continue,
            (None, _) => {}
        }
        let verb = words.remove(0);
        all.push(Statement {
            line,
            verb,
            words,
            comment,
        });
    }
    match block {
        Some((line, _)) => {
            let what = "the block that begins here";
            Err(Mistake::at(line, Problem::Unclosed { what }))
        }
        None => Ok(all),
    }
}

fn words(line: usize, text: &str) -> Result<(Vec<String>, String), Mistake> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            return Ok((words, comment.trim().to_owned()));
        }
        let (word, after) = match first {
            '"' | '`' => quoted(line, text, rest, first)?,
            '(' | ')' | ',' => (first.to_string(), rest.get(1..).unwrap_or_default()),
            _ => {
                let end = bare_end(rest);
                let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
                (word.to_owned(), after)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    Ok((words, String::new()))
}

/// Where a word without quotes ends.
fn bare_end(text: &str) -> usize {
    let mut from = 0;
    for (at, character) in text.char_indices() {
        let comment = text.get(at..).is_some_and(|rest| rest.starts_with("//"));
        if character.is_whitespace() || matches!(character, '(' | ')' | ',') || comment {
            return at;
        }
        from = at + character.len_utf8();
    }
    from
}

fn quoted<'t>(
    line: usize,
    whole: &str,
    rest: &'t str,
    quote: char,
) -> Result<(String, &'t str), Mistake> {
    let mut word = String::new();
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        if escaped {
            word.push(character);
            escaped = false;
        } else if quote == '"' && character == '\\' {
            escaped = true;
        } else if character == quote {
            return Ok((word, rest.get(at + 1..).unwrap_or_default()));
        } else {
            word.push(character);
        }
    }
    let before = whole.len().saturating_sub(rest.len());
    let column = whole
        .get(..before)
        .map_or(1, |text| text.chars().count() + 1);
    Err(Mistake {
        line,
        column,
        problem: Problem::Unclosed {
            what: "the quoted word",
        },
    })
}
