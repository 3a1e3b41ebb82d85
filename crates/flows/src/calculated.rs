//! What bash calculates: an index in the text of a number, as in `a[$(x)]`, is
//! evaluated like a script.
//!
//! Sources: <https://www.gnu.org/software/bash/manual/bash.html#Shell-Arithmetic>,
//! `Shell-Parameter-Expansion` and `Bash-Conditional-Expressions` there.

use std::ops::Range;

use cofferdam_workflows::shell::{Command, Script, Word};

use crate::class::Class;
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::trail::Trails;

/// So many names of one calculation are followed.
const MAX_NAMES: usize = 16;

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// What a script calculates, and where a value names a variable.
    pub(crate) fn calculated(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        let before = found.len();
        for command in &running.script.commands {
            for word in operands(command) {
                if is_key(running.script, command, word) {
                    continue;
                }
                let whole = 0..word.text.len();
                let trails = self.word(running, word, whole, &mut Vec::new());
                self.code(at, running, (word.range.clone(), &word.text), trails, found);
            }
        }
        for range in &running.script.calculations {
            let text = running.source().get(range.clone()).unwrap_or("");
            self.names(at, running, range.clone(), names_in(text), found);
        }
        let commands = running.script.commands.iter();
        let words = commands.flat_map(|command| {
            let targets = command.redirects.iter().map(|redirect| &redirect.target);
            command.args.iter().chain(targets).chain(&command.heredoc)
        });
        let assigned = running
            .script
            .assignments
            .iter()
            .chain(&running.script.loops);
        for word in words.chain(assigned.map(|assignment| &assignment.value)) {
            if !word.is_static {
                let names = expanded(&word.text);
                self.names(at, running, word.range.clone(), names, found);
            }
        }
        // In the name of a ref git allows no bracket.
        for reached in found.iter_mut().skip(before) {
            reached.sink.holds_up_to = Class::Ref;
        }
    }

    fn names(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        range: Range<usize>,
        names: Vec<&str>,
        found: &mut Vec<Reached<'r>>,
    ) {
        let mut trails = Trails::default();
        for name in names.into_iter().take(MAX_NAMES) {
            trails.extend(self.shell_variable(running, name, &mut Vec::new()));
        }
        let shown = running.source().get(range.clone()).unwrap_or("");
        let trails = self.take(trails);
        self.code(at, running, (range, shown), trails, found);
    }
}

// `[[ $X -gt 5 ]]`, `let X`, `test -v "$X"`
fn operands(command: &Command) -> Vec<&Word> {
    const NUMERIC: &[&str] = &["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
    let open = |word: &&Word| !word.variables.is_empty();
    match command.name.file_name() {
        Some("let") => command.args.iter().filter(open).collect(),
        Some("test" | "[") => named_after(&command.args, &["-v"]),
        Some("printf") => named_after(&command.args, &["-v"]),
        // An assignment with a name that is spelt out takes any value.
        Some("declare" | "typeset" | "local") => {
            let begins = |word: &&Word| word.text.starts_with('$');
            command.args.iter().filter(open).filter(begins).collect()
        }
        Some("[[") => {
            let is_sign = |at: usize| {
                let word = command.args.get(at);
                word.is_some_and(|word| NUMERIC.contains(&word.text.as_str()))
            };
            let args = command.args.iter().enumerate();
            let beside =
                args.filter(|(at, _)| is_sign(at + 1) || at.checked_sub(1).is_some_and(is_sign));
            let beside = beside.map(|(_, word)| word).filter(open);
            beside.chain(named_after(&command.args, &["-v"])).collect()
        }
        _ => Vec::new(),
    }
}

// `[[ -v LIST["$KEY"] ]]`: of an associative list bash takes the key as it is.
fn is_key(script: &Script, command: &Command, word: &Word) -> bool {
    let Some((name, _)) = word
        .text
        .split_once('[')
        .filter(|_| command.name.text == "[[")
    else {
        return false;
    };
    script.commands.iter().any(|other| {
        let declares = matches!(other.name.text.as_str(), "declare" | "local" | "typeset");
        let mut words = other.args.iter().map(|arg| arg.text.as_str());
        let keyed = words
            .clone()
            .any(|text| text.starts_with('-') && text.contains('A'));
        declares && keyed && words.any(|text| text.split('=').next() == Some(name))
    })
}

// `test -v "$X"`
fn named_after<'a>(args: &'a [Word], options: &[&str]) -> Vec<&'a Word> {
    let pairs = args.iter().zip(args.iter().skip(1));
    pairs
        .filter(|(option, word)| {
            options.contains(&option.text.as_str()) && !word.variables.is_empty()
        })
        .map(|(_, word)| word)
        .collect()
}

// The names in `$((X + 1))`, and the one of `${!X}`.
fn expanded(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for rest in text.split("$((").skip(1) {
        found.extend(names_in(rest));
    }
    for rest in text.split("${!").skip(1) {
        let inside = rest.split('}').next().unwrap_or("");
        // `${!prefix*}` and `${!list[@]}` list names.
        let lists =
            inside.ends_with(['*', '@']) || inside.contains("[@]") || inside.contains("[*]");
        if !lists {
            found.extend(names_in(inside).into_iter().take(1));
        }
    }
    found
}

// The names in arithmetic as far as it goes, without what commands in it are
// handed, and without lengths.
fn names_in(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = None;
    let (mut depth, mut skipped) = (0_usize, None);
    let mut before = ' ';
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let word = c.is_ascii_alphanumeric() || c == '_';
        if !word && let Some(start) = begin.take() {
            let name = text.get(start..at).unwrap_or("");
            let named = !name.starts_with(|c: char| c.is_ascii_digit());
            let length = text.get(..start).unwrap_or("").ends_with("${#");
            if named && !length && skipped.is_none() {
                found.push(name);
            }
        } else if word && begin.is_none() {
            begin = Some(at);
        }
        match c {
            '(' => {
                depth += 1;
                if before == '$' && skipped.is_none() {
                    skipped = Some(depth);
                }
            }
            ')' => {
                if skipped == Some(depth) {
                    skipped = None;
                }
                // The end of `$((`, of which the beginning is not in the text.
                let Some(outer) = depth.checked_sub(1) else {
                    break;
                };
                depth = outer;
            }
            _ => {}
        }
        before = c;
    }
    found
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a failed unwrap is a failed test"
)]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    #[test]
    fn operands_are_found_in_tests_and_declarations() {
        let cases: &[(&str, &[&str])] = &[
            ("[[ $X -gt 5 ]]", &["$X"]),
            ("[[ -v $X ]]", &["$X"]),
            ("test -v \"$X\"", &["$X"]),
            ("printf -v \"$X\" a", &["$X"]),
            ("printf -v a \"$X\"", &[]),
            ("declare \"$X\"", &["$X"]),
            ("declare -r a=\"$X\"", &[]),
            ("[[ $X == 5 ]]", &[]),
            ("[ $X -gt 5 ]", &[]),
        ];
        for (text, expected) in cases {
            let script = parse(text, &Shell::Bash);
            let found = operands(script.commands.first().unwrap());
            let found: Vec<&str> = found.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(found, *expected, "{text}");
        }
    }

    #[test]
    fn names_stand_bare_in_arithmetic() {
        assert_eq!(expanded("a $((X + $Y * 2)) b"), ["X", "Y"]);
        assert_eq!(expanded("$(( $(wc -l < \"$F\") + ${#L} - X )) $Y"), ["X"]);
        assert_eq!(names_in("(( $(f $A) > B ))"), ["B"]);
        assert_eq!(expanded("${!X} ${!P*} ${!A[@]} ${Y}"), ["X"]);
        for text in [
            "(( X > 1 )) && true",
            "if (( X )); then a; fi",
            "for ((i=0; i<X; i++)); do a; done",
        ] {
            let script = parse(text, &Shell::Bash);
            let found = script.calculations.iter();
            let mut names = found.flat_map(|range| names_in(&text[range.clone()]));
            assert!(names.any(|name| name == "X"), "{text}");
        }
    }
}
