//! Strings that a script itself runs as code: `eval`, `bash -c`, a variable in
//! the place of a command's name, code that comes to a shell by a pipe, and
//! what bash calculates.

use std::ops::Range;

use cofferdam_workflows::shell::{Command, Word};

use crate::arguments::is_quoted;
use crate::class::Class;
use crate::flow::SinkKind;
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::trace::Tracer;
use crate::trail::Trail;
use crate::words::{self, Piece};

/// Interpreters, and the letter of the option that brings code.
const INTERPRETERS: &[(&str, &str)] = &[
    ("bash", "c"),
    ("sh", "c"),
    ("dash", "c"),
    ("zsh", "c"),
    ("ksh", "c"),
    ("ash", "c"),
    ("su", "c"),
    ("python", "c"),
    ("python2", "c"),
    ("python3", "c"),
    ("node", "ep"),
    ("perl", "eE"),
    ("ruby", "e"),
    ("php", "r"),
    ("lua", "e"),
    ("Rscript", "e"),
    ("julia", "eE"),
    ("ghc", "e"),
];

impl<'s, 'r> Tracer<'s, 'r> {
    /// Every string of a script that it runs.
    pub(crate) fn evaluated(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for command in &running.script.commands {
            for word in code_words(command) {
                if word.variables.is_empty() && !word.holds_substitution {
                    continue;
                }
                let trails = if word.text.starts_with("<(") {
                    self.substitution(running, word.range.clone(), &mut Vec::new())
                } else {
                    self.word(running, word, 0..word.text.len(), &mut Vec::new())
                };
                self.code(at, running, (word.range.clone(), &word.text), trails, found);
            }
            self.name(at, running, command, found);
            if reads_code(command) {
                let trails = self.standard_input(running, command);
                let shown = running.text.value.get(command.range.clone());
                self.code(
                    at,
                    running,
                    (command.range.clone(), shown.unwrap_or("")),
                    trails,
                    found,
                );
            }
            if command.is_wrapped_by("xargs")
                && code_words(command)
                    .iter()
                    .any(|word| word.text.contains("{}") || word.text.contains('%'))
            {
                let trails = self.standard_input(running, command);
                let (program, _) = command.effective();
                let shown = format!("xargs {}", program.text);
                self.code(at, running, (command.range.clone(), &shown), trails, found);
            }
            for word in calculated(command) {
                let whole = 0..word.text.len();
                let trails = self.word(running, word, whole, &mut Vec::new());
                self.code(at, running, (word.range.clone(), &word.text), trails, found);
            }
        }
    }

    fn code(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        (range, shown): (Range<usize>, &str),
        mut trails: Vec<Trail<'r>>,
        found: &mut Vec<Reached<'r>>,
    ) {
        // What GitHub splices in is a sink of its own.
        trails.retain(|trail| !trail.spliced);
        if trails.is_empty() {
            return;
        }
        let span = running.span(range);
        for trail in &mut trails {
            if trail.place.is_none() {
                trail.place = Some((running.scope.file(), span));
            }
        }
        let written = shown.chars().take(80).collect();
        found.push(at.reached(SinkKind::Evaluated, span, written, trails));
    }

    // `$COMMAND now`
    fn name(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        command: &'s Command,
        found: &mut Vec<Reached<'r>>,
    ) {
        let (program, _) = command.effective();
        if program.is_static || program.holds_expression {
            return;
        }
        let pieces = words::located(program, 0..program.text.len());
        let Some((Piece::Variable(_), range)) = pieces.first() else {
            return;
        };
        if range.start != 0 {
            return;
        }
        let trails = self.word(running, program, range.clone(), &mut Vec::new());
        let before = found.len();
        let place = (program.range.clone(), program.text.as_str());
        self.code(at, running, place, trails, found);
        // Quoted it is one program's name, and what runs is on the runner.
        let quoted = is_quoted(&running.text.value, program, range);
        for reached in found.iter_mut().skip(before) {
            reached.sink.holds_up_to = if quoted { Class::Ref } else { Class::Word };
        }
    }

    /// What comes to a command by a pipe, a here-document or `<<<`.
    pub(crate) fn standard_input(
        &self,
        running: Running<'s, 'r>,
        command: &'s Command,
    ) -> Vec<Trail<'r>> {
        let mut found = crate::trail::Trails::default();
        if let Some((id, _)) = command.pipeline {
            let members = running.script.pipeline(id);
            let before = members
                .into_iter()
                .take_while(|other| other.range != command.range);
            found.extend(self.piped(running, before.collect(), &mut Vec::new()));
        }
        if let Some(word) = &command.heredoc {
            let whole = 0..word.text.len();
            found.extend(self.word(running, word, whole, &mut Vec::new()));
        }
        for redirect in command.redirects.iter().filter(|r| r.operator == "<<<") {
            let whole = 0..redirect.target.text.len();
            found.extend(self.word(running, &redirect.target, whole, &mut Vec::new()));
        }
        self.take(found)
    }
}

/// The words of a command that it runs as code itself.
pub(crate) fn code_words(command: &Command) -> Vec<&Word> {
    let (program, args) = command.effective();
    match program.file_name() {
        Some("eval" | "watch") => return args.iter().collect(),
        // Kept until the shell ends, or a signal comes, and run then.
        Some("trap") => return args.iter().take(1).collect(),
        // `source <(echo "$X")`
        Some("source" | ".") => {
            let first = args.iter().take(1);
            return first.filter(|word| word.text.starts_with("<(")).collect();
        }
        // Without a command it runs what it is given.
        Some("parallel") => return unless_named(args),
        Some("pwsh" | "powershell") => return after(args, &["-Command", "-c"]),
        // Another machine's shell reads them again.
        Some("ssh") => return remote(args),
        _ => {}
    }
    // `docker run image bash -c "…"`, `find -exec sh -c "…"`
    let names = std::iter::once(program).chain(args);
    let mut found = Vec::new();
    for (at, name) in names.enumerate() {
        let Some((_, letters)) = INTERPRETERS
            .iter()
            .find(|(known, _)| name.file_name() == Some(known))
        else {
            continue;
        };
        let rest = args.get(at..).unwrap_or_default();
        let option = rest
            .iter()
            .take_while(|word| word.text.starts_with('-') || name.text == "su")
            .position(|word| brings_code(word, letters));
        found.extend(option.and_then(|option| rest.get(option + 1)));
    }
    found
}

fn brings_code(word: &Word, letters: &str) -> bool {
    word.is_static
        && word.text.starts_with('-')
        && !word.text.starts_with("--")
        && word
            .text
            .chars()
            .last()
            .is_some_and(|c| letters.contains(c))
}

// `parallel ::: "$X"`
fn unless_named(args: &[Word]) -> Vec<&Word> {
    let inputs = args.iter().position(|word| word.text.starts_with(":::"));
    let (before, after) = args.split_at(inputs.unwrap_or(args.len()));
    let named = before.iter().any(|word| !word.text.starts_with('-'));
    if named {
        before.iter().collect()
    } else {
        after.iter().skip(1).collect()
    }
}

fn after<'a>(args: &'a [Word], flags: &[&str]) -> Vec<&'a Word> {
    let at = args.iter().position(|w| flags.contains(&w.text.as_str()));
    at.map_or_else(Vec::new, |at| args.iter().skip(at + 1).collect())
}

// ssh -p 22 host "command"
fn remote(args: &[Word]) -> Vec<&Word> {
    let mut at = 0;
    while let Some(word) = args.get(at).filter(|word| word.text.starts_with('-')) {
        let letter = word.text.strip_prefix('-').unwrap_or("");
        let takes = letter.len() == 1 && "BbcDEeFIiJLlmOoPpQRSWw".contains(letter);
        at += if takes { 2 } else { 1 };
    }
    args.iter().skip(at + 1).collect()
}

/// Whether an interpreter reads its code from the standard input.
fn reads_code(command: &Command) -> bool {
    let (program, args) = command.effective();
    let shell = program
        .file_name()
        .is_some_and(|name| INTERPRETERS.iter().any(|(known, _)| *known == name) && name != "su");
    let fed = command.pipeline.is_some_and(|(_, position)| position > 0)
        || command.heredoc.is_some()
        || command.redirects.iter().any(|r| r.operator == "<<<");
    let plain = |word: &Word| word.is_static && (word.text.starts_with('-') && word.text.len() < 4);
    // `. /dev/stdin`
    let sourced = matches!(program.file_name(), Some("source" | "."))
        && (args.first()).is_some_and(|word| matches!(&*word.text, "/dev/stdin" | "/dev/fd/0"));
    fed && (sourced || shell && args.iter().all(plain) && code_words(command).is_empty())
}

// `[[ $X -gt 5 ]]`, `let X`: bash calculates, and runs `$(…)` in an index; the
// same in the name of a variable.
fn calculated(command: &Command) -> Vec<&Word> {
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let script = parse(text, &Shell::Bash);
        let command = script.commands.first().unwrap();
        let words = code_words(command).into_iter().chain(calculated(command));
        words.map(|word| word.text.clone()).collect()
    }

    #[test]
    fn code_is_found_in_arguments() {
        let cases: &[(&str, &[&str])] = &[
            ("eval $X", &["$X"]),
            ("bash -ec \"$X\"", &["$X"]),
            ("docker run --rm image sh -c \"a $X\"", &["a $X"]),
            ("find . -exec bash -c \"$X {}\" \\;", &["$X {}"]),
            ("ssh -p 22 host \"rm $X\"", &["rm $X"]),
            ("python3 -c \"$X\"", &["$X"]),
            ("perl -pe \"s/a/$X/\"", &["s/a/$X/"]),
            ("[[ $X -gt 5 ]]", &["$X"]),
            ("[[ -v $X ]]", &["$X"]),
            ("test -v \"$X\"", &["$X"]),
            ("printf -v \"$X\" a", &["$X"]),
            ("printf -v a \"$X\"", &[]),
            ("declare \"$X\"", &["$X"]),
            ("declare -r a=\"$X\"", &[]),
            ("trap \"$X\" EXIT", &["$X"]),
            ("watch \"a $X\"", &["a $X"]),
            ("source <(echo \"$X\")", &["<(echo \"$X\")"]),
            ("source file \"$X\"", &[]),
            ("parallel ::: \"$X\"", &["$X"]),
            ("[[ $X == 5 ]]", &[]),
            ("[ $X -gt 5 ]", &[]),
            ("bash script.sh \"$X\"", &[]),
            ("bash -x script.sh -c \"$X\"", &[]),
            ("echo bash \"$X\"", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), *expected, "{text}");
        }
    }

    #[test]
    fn code_may_come_by_a_pipe() {
        let reads = |text: &str| {
            let script = parse(text, &Shell::Bash);
            script.commands.iter().any(reads_code)
        };
        for text in [
            "echo $X | bash",
            "bash <<< \"$X\"",
            "sh -s <<E\n$X\nE\n",
            "echo $X | python3 -",
            ". /dev/stdin <<< \"$X\"",
        ] {
            assert!(reads(text), "{text}");
        }
        for text in ["echo $X | bash script.sh", "bash -c x", "echo $X | cat"] {
            assert!(!reads(text), "{text}");
        }
    }
}
