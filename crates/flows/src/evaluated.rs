//! Strings that a script itself runs as code: `eval`, `bash -c`, a variable in
//! the place of a command's name, and code that comes to a shell by a pipe.

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

impl<'s, 'r: 's> Tracer<'s, 'r> {
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
                let shown = running.source().get(command.range.clone());
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
            if xargs_starts(command) {
                let trails = self.standard_input(running, command);
                let shown = running.source().get(command.range.clone());
                let place = (command.range.clone(), shown.unwrap_or(""));
                self.code(at, running, place, trails, found);
            }
        }
    }

    pub(crate) fn code(
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
        let written = running.shown(shown);
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
        let Some((Piece::Variable(_) | Piece::Substitution(_), range)) = pieces.first() else {
            return;
        };
        // What `eval "$(…)"` runs is said of its argument.
        let nested =
            command.depth > 0 && matches!(pieces.first(), Some((Piece::Substitution(_), _)));
        if range.start != 0 || nested {
            return;
        }
        let trails = self.word(running, program, range.clone(), &mut Vec::new());
        let before = found.len();
        let place = (program.range.clone(), program.text.as_str());
        self.code(at, running, place, trails, found);
        // Quoted it is one program's name, and what runs is on the runner.
        let quoted = is_quoted(running.source(), program, range);
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
        Some("cmd" | "cmd.exe") => return after(args, &["/c", "/C"]),
        // What a variable of it holds may come to `system` and to pipes.
        Some("awk" | "gawk" | "mawk" | "nawk") if runs_awk(args) => return values(args),
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

fn runs_awk(args: &[Word]) -> bool {
    let runs = |text: &str| {
        text.contains("system(") || text.contains("getline") || text.contains("print |")
    };
    args.iter().any(|word| runs(&word.text))
}

// awk -v NAME="$VALUE"
fn values(args: &[Word]) -> Vec<&Word> {
    let pairs = args.iter().zip(args.iter().skip(1));
    let given = pairs.filter(|(option, _)| matches!(option.text.as_str(), "-v" | "--assign"));
    given.map(|(_, value)| value).collect()
}

// `xargs sh`, `xargs env`: what xargs reads are their arguments, and so a command.
fn xargs_starts(command: &Command) -> bool {
    const STARTS: &[&str] = &[
        "bash", "command", "dash", "env", "exec", "ksh", "nice", "nohup", "sh", "sudo", "time",
        "zsh",
    ];
    let (program, args) = command.effective();
    let (program, args) = match (program.file_name(), args.split_first()) {
        // Around nothing it is no wrapper.
        (Some("xargs"), Some(_)) => {
            let at = args.iter().position(|word| !word.text.starts_with('-'));
            let Some((first, rest)) = at.and_then(|at| args.get(at..)?.split_first()) else {
                return false;
            };
            (first, rest)
        }
        _ if command.is_wrapped_by("xargs") => (program, args),
        _ => return false,
    };
    let starts = program
        .file_name()
        .is_some_and(|name| STARTS.contains(&name));
    starts
        && args
            .iter()
            .all(|word| word.text.starts_with('-') && !word.text.ends_with('c'))
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let script = parse(text, &Shell::Bash);
        let command = script.commands.first().unwrap();
        let words = code_words(command).into_iter();
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
            ("trap \"$X\" EXIT", &["$X"]),
            ("watch \"a $X\"", &["a $X"]),
            ("source <(echo \"$X\")", &["<(echo \"$X\")"]),
            ("source file \"$X\"", &[]),
            ("parallel ::: \"$X\"", &["$X"]),
            ("awk -v t=\"$X\" 'BEGIN{system(t)}'", &["t=$X"]),
            ("awk -v t=\"$X\" '{print t}'", &[]),
            ("bash script.sh \"$X\"", &[]),
            ("bash -x script.sh -c \"$X\"", &[]),
            ("echo bash \"$X\"", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), *expected, "{text}");
        }
    }

    #[test]
    fn xargs_starts_what_it_reads_behind_other_programs() {
        let starts = |text: &str| {
            let script = parse(text, &Shell::Bash);
            script.commands.iter().any(xargs_starts)
        };
        for text in [
            "echo $X | xargs env",
            "echo $X | xargs -n1 sh",
            "x | xargs sudo -E",
        ] {
            assert!(starts(text), "{text}");
        }
        for text in [
            "x | xargs",
            "x | xargs echo",
            "x | xargs sh -c y",
            "x | xargs env ls",
        ] {
            assert!(!starts(text), "{text}");
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
