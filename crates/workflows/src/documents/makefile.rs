//! What the recipes of a Makefile run.
//!
//! Source: <https://www.gnu.org/software/make/manual/make.html>, "Using Variables
//! in Recipes", "Variables from the Environment", "Defining Variables".

use std::collections::BTreeSet;

use crate::shell::{self, Script, Shell};

/// So many recipes of one file, and lines of one recipe, are read.
const MAX_RECIPES: usize = 256;
const MAX_LINES: usize = 500;
/// So many variables of one recipe are kept.
const MAX_NAMES: usize = 64;

/// What `make` runs for a target.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The target.
    pub target: String,
    /// The targets that come before it.
    pub needs: Vec<String>,
    /// Its lines as the shell gets them, with nothing in the place of `make`'s own
    /// variables.
    pub text: String,
    /// The same, parsed.
    pub script: Script,
    /// The variables of the environment that `make` puts into the lines before a
    /// shell reads them.
    pub put_in: Vec<String>,
}

/// The recipes of a Makefile, in the order of the file.
#[must_use]
pub fn recipes(text: &str) -> Vec<Recipe> {
    let own = own_variables(text);
    let mut found: Vec<Recipe> = Vec::new();
    let mut open: Vec<Rule> = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(recipe) = line.strip_prefix('\t') {
            if lines.len() < MAX_LINES && !open.is_empty() {
                lines.push(recipe.to_owned());
            }
            continue;
        }
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        close(&mut open, &mut lines, &own, &mut found);
        open = rules(line);
        if let Some((_, recipe)) = line.split_once(';').filter(|_| !open.is_empty()) {
            lines.push(recipe.to_owned());
        }
    }
    close(&mut open, &mut lines, &own, &mut found);
    found
}

struct Rule {
    target: String,
    needs: Vec<String>,
}

fn close(
    open: &mut Vec<Rule>,
    lines: &mut Vec<String>,
    own: &BTreeSet<String>,
    found: &mut Vec<Recipe>,
) {
    let written = std::mem::take(lines);
    for rule in open.drain(..) {
        if found.len() >= MAX_RECIPES {
            return;
        }
        let mut put_in = Vec::new();
        let mut text = String::new();
        for line in &written {
            let line = line.trim_start_matches(['@', '-', '+', ' ']);
            text.push_str(&expand(line, own, &mut put_in));
            text.push('\n');
        }
        found.push(Recipe {
            target: rule.target,
            needs: rule.needs,
            script: shell::parse(&text, &Shell::Sh),
            text,
            put_in,
        });
    }
}

// `a b: c d`, and no assignment.
fn rules(line: &str) -> Vec<Rule> {
    let Some((targets, rest)) = line.split_once(':') else {
        return Vec::new();
    };
    if rest.starts_with([':', '=']) || targets.contains('=') || line.starts_with(' ') {
        return Vec::new();
    }
    let needs = rest.split([';', '#']).next().unwrap_or("");
    let needs: Vec<String> = match needs.contains('=') {
        true => Vec::new(),
        false => needs.split_whitespace().map(str::to_owned).collect(),
    };
    let targets = targets.split_whitespace().filter(|t| !t.starts_with('.'));
    targets
        .map(|target| Rule {
            target: target.to_owned(),
            needs: needs.clone(),
        })
        .collect()
}

// Variables that the file sets whatever the environment says.
fn own_variables(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('\t'));
    let set = lines.filter_map(|line| {
        let (name, _) = line.split_once('=')?;
        let name = name.trim_end_matches([':', '!', '+']).trim();
        let name = name.trim_start_matches("export ").trim();
        let known = !name.ends_with('?') && is_name(name);
        known.then(|| name.to_owned())
    });
    set.collect()
}

// `$$X` is the shell's, `$(X)` is put in before.
fn expand(line: &str, own: &BTreeSet<String>, put_in: &mut Vec<String>) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('$') {
        text.push_str(rest.get(..at).unwrap_or(""));
        let behind = rest.get(at + 1..).unwrap_or("");
        if let Some(shells) = behind.strip_prefix('$') {
            text.push('$');
            rest = shells;
            continue;
        }
        let end = match behind.chars().next() {
            Some('(') => behind.find(')').map(|end| end + 1),
            Some('{') => behind.find('}').map(|end| end + 1),
            Some(c) => Some(c.len_utf8()),
            None => None,
        };
        let end = end.unwrap_or(behind.len());
        let name = behind.get(..end).unwrap_or("");
        let name = name
            .trim_start_matches(['(', '{'])
            .trim_end_matches([')', '}']);
        let known = is_name(name) && !own.contains(name) && put_in.len() < MAX_NAMES;
        if known && !put_in.iter().any(|other| other == name) {
            put_in.push(name.to_owned());
        }
        rest = behind.get(end..).unwrap_or("");
    }
    text.push_str(rest);
    text
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_read_as_the_shell_gets_them() {
        let text = "OWN := x\nDEF ?= y\n.PHONY: a\na: b c\n\t@echo $(T) $(OWN) ${DEF}\n\
                    \tjq .x $$GITHUB_EVENT_PATH | sh\n\nb: ; run $(T)\nx::\nV = $(T)\n";
        let found = recipes(text);
        let shown: Vec<(&str, &str, Vec<&str>)> = found
            .iter()
            .map(|r| {
                let put_in = r.put_in.iter().map(String::as_str).collect();
                (r.target.as_str(), r.text.as_str(), put_in)
            })
            .collect();
        let first = "echo   \njq .x $GITHUB_EVENT_PATH | sh\n";
        assert_eq!(
            shown,
            [("a", first, vec!["T", "DEF"]), ("b", "run \n", vec!["T"])]
        );
        assert_eq!(
            found.first().map(|r| r.needs.clone()),
            Some(vec!["b".to_owned(), "c".to_owned()])
        );
    }

    #[test]
    fn hostile_files_are_read_within_bounds() {
        for text in [
            "a:\n\t$",
            "a:\n\t$(",
            "a:\n\t${é",
            ":\n\tx",
            "\tx",
            "a: $(\n\t$é",
        ] {
            let _ = recipes(text);
        }
        let many = "a:\n\tx\n".repeat(5_000);
        assert_eq!(recipes(&many).len(), MAX_RECIPES);
    }
}
