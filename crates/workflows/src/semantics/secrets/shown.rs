//! Which values of a script come from a secret, and which of them a script
//! shows.
//!
//! GitHub masks a secret in the log as it is stored, line by line, and in some
//! encodings of the whole (Base64, URL, JSON, XML). What is taken out of it or
//! made of it in another way is not masked, unless a step says `::add-mask::`.
//!
//! Source: GitHub, "Workflow commands", masking a value in a log;
//! actions/runner, `SecretMasker` and its value encoders.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::documents::text::{Pair, Text};
use crate::expressions::{Expr, ExprKind, PathPart};
use crate::semantics::secrets::{self, SecretName};
use crate::shell::{Command, Script, Word};

/// What a value holds of secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The secrets, by name.
    pub names: BTreeSet<String>,
    /// By what a part was taken out or the whole was changed, so that no mask
    /// covers it; empty where the secret is as it is stored.
    pub derived: Option<Derived>,
}

/// By what a value comes from a secret that no mask covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Derived {
    /// An expression steps into the secret; the name of the part.
    Part(String),
    /// A command of the script; its name, or the field that it takes.
    Made(String),
}

impl Held {
    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn add(&mut self, other: Self) {
        self.names.extend(other.names);
        if self.derived.is_none() {
            self.derived = other.derived;
        }
    }
}

/// How a script shows a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the log.
    Log,
    /// In `GITHUB_ENV`: the log of every later step begins with it.
    Environment,
}

/// One value that a script shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The command that shows it.
    pub range: Range<usize>,
    /// What it holds.
    pub held: Held,
    /// Where.
    pub place: Place,
}

/// What an expression takes from secrets. A part of a secret that holds several
/// values, as in `fromJSON(secrets.X).y`, is derived; a whole secret between
/// other text is not, and one that is only compared is nothing.
#[must_use]
pub fn of_expression(expr: &Expr) -> Held {
    let mut held = Held::default();
    for name in secrets::values(expr) {
        if let SecretName::Named(name) = name {
            held.names.insert(name);
        }
    }
    if !held.is_empty() {
        held.derived = derivation(expr).map(Derived::Part);
    }
    held
}

/// The outermost part that is taken out of a secret.
fn derivation(expr: &Expr) -> Option<String> {
    let mut waiting = vec![expr];
    while let Some(expr) = waiting.pop() {
        match &expr.kind {
            ExprKind::Index { base, parts, .. } => {
                let parsed = base.as_call("fromjson").and_then(|args| args.first());
                let secret = parsed.is_some_and(|inner| {
                    secrets::values(inner)
                        .iter()
                        .any(|name| matches!(name, SecretName::Named(_)))
                });
                if secret {
                    let part = parts.iter().rev().find_map(|part| match part {
                        PathPart::Name(name) => Some(name.as_str()),
                        _ => None,
                    });
                    return Some(part.unwrap_or("fromJSON").to_owned());
                }
                waiting.push(base);
            }
            ExprKind::Call { .. } => waiting.extend(expr.value_arguments()),
            ExprKind::Text(pieces) => waiting.extend(pieces),
            ExprKind::Binary { op, left, right } if !op.is_comparison() => {
                waiting.extend([&**right, &**left]);
            }
            _ => {}
        }
    }
    None
}

/// What a text with expressions takes from secrets.
#[must_use]
pub fn of_text(text: &Text) -> Held {
    let mut held = Held::default();
    for (_, expr) in text.parsed() {
        held.add(of_expression(expr));
    }
    held
}

/// Whether a script tells the runner to mask something.
#[must_use]
pub fn masks(script: &Script) -> bool {
    script
        .commands
        .iter()
        .any(|command| mask(command).is_some())
}

fn mask(command: &Command) -> Option<&Word> {
    let (_, args) = command.effective();
    args.iter().find(|word| {
        word.text
            .trim_start()
            .to_ascii_lowercase()
            .contains("::add-mask::")
    })
}

/// Everything of secrets that a script shows. `env` are the variables around
/// it, the nearest first.
#[must_use]
pub fn of_script(text: &Text, script: &Script, env: &[&[Pair]]) -> Vec<Shown> {
    let trace = Trace::new(text, script, env);
    let inline = text
        .parsed()
        .any(|(_, expr)| !of_expression(expr).is_empty());
    if trace.variables.is_empty() && !inline {
        return Vec::new();
    }
    trace.run()
}

/// One command that is given secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its place among the script's commands.
    pub command: usize,
    /// Which of its own arguments hold what.
    pub arguments: Vec<(usize, Held)>,
}

/// The commands that satisfy `wanted` and are given secrets by their
/// arguments.
#[must_use]
pub fn of_arguments(
    text: &Text,
    script: &Script,
    env: &[&[Pair]],
    wanted: &dyn Fn(&Command) -> bool,
) -> Vec<Given> {
    if !script.commands.iter().any(wanted) {
        return Vec::new();
    }
    let mut trace = Trace::new(text, script, env);
    let mut given = Vec::new();
    let mut assignments = script.assignments.iter().peekable();
    for (at, command) in script.commands.iter().enumerate() {
        while let Some(next) = assignments.next_if(|a| a.range.start < command.range.start) {
            trace.assign(&next.name, &next.value);
        }
        if command.dead || !command.certain || !wanted(command) {
            continue;
        }
        let arguments: Vec<(usize, Held)> = command
            .effective()
            .1
            .iter()
            .enumerate()
            .map(|(number, word)| (number, trace.word(word)))
            .filter(|(_, held)| !held.is_empty())
            .collect();
        if !arguments.is_empty() {
            given.push(Given {
                command: at,
                arguments,
            });
        }
    }
    given
}

struct Trace<'s> {
    text: &'s Text,
    script: &'s Script,
    variables: BTreeMap<String, Held>,
}

/// How a program changes what it is given.
enum Change {
    /// It comes out as it was.
    None,
    /// A part or another form of it comes out.
    Derived,
    /// Something else comes out.
    Gone,
}

fn change(command: &Command) -> Change {
    let (program, args) = command.effective();
    let has = |words: &[&str]| args.iter().any(|w| words.contains(&w.text.as_str()));
    match program.file_name().unwrap_or_default() {
        "echo" | "printf" | "cat" | "tee" => Change::None,
        "tr" => {
            let newlines = args
                .iter()
                .any(|w| matches!(w.text.as_str(), "\\n" | "\\r\\n" | "\\r" | "[:space:]"));
            if newlines {
                Change::None
            } else {
                Change::Derived
            }
        }
        // The runner knows the encoding of the whole.
        "base64" if !has(&["-d", "-D", "--decode"]) => Change::None,
        "base64" | "base32" | "rev" | "xxd" | "hexdump" | "od" | "fold" => Change::Derived,
        "jq" | "yq" => {
            // `.` and a test give nothing away.
            let test = has(&["-e", "--exit-status", "empty", "type", "length", "keys"]);
            if test { Change::Gone } else { Change::Derived }
        }
        "openssl" if has(&["enc", "base64"]) && has(&["-d"]) => Change::Derived,
        "gpg" if has(&["-d", "--decrypt"]) => Change::Derived,
        "cut" | "awk" | "sed" => Change::Derived,
        _ => Change::Gone,
    }
}

impl<'s> Trace<'s> {
    fn new(text: &'s Text, script: &'s Script, env: &[&[Pair]]) -> Self {
        let mut trace = Self {
            text,
            script,
            variables: BTreeMap::new(),
        };
        for pair in env.iter().rev().flat_map(|pairs| pairs.iter()) {
            let held = of_text(&pair.value);
            if held.is_empty() {
                trace.variables.remove(pair.key.value.as_str());
            } else {
                trace.variables.insert(pair.key.value.clone(), held);
            }
        }
        trace
    }

    fn run(mut self) -> Vec<Shown> {
        let mut shown = Vec::new();
        let mut masked = false;
        // In the order of the script: what is assigned counts from there on.
        let mut assignments = self.script.assignments.iter().peekable();
        for command in &self.script.commands {
            while let Some(next) = assignments.next_if(|a| a.range.start < command.range.start) {
                self.assign(&next.name, &next.value);
            }
            masked |= mask(command).is_some();
            if command.dead || !command.certain || command.in_substitution {
                continue;
            }
            if mask(command).is_some() || !self.is_last(command) {
                continue;
            }
            let Some(place) = place(command) else {
                continue;
            };
            let mut held = self.printed(command);
            if masked && held.derived.is_some() {
                held = Held::default();
            }
            if !held.is_empty() {
                shown.push(Shown {
                    range: command.range.clone(),
                    held,
                    place,
                });
            }
        }
        shown
    }

    fn assign(&mut self, name: &str, value: &Word) {
        let held = self.word(value);
        if held.is_empty() {
            self.variables.remove(name);
        } else {
            self.variables.insert(name.to_owned(), held);
        }
    }

    /// Whether what the command prints goes no further through a pipe.
    fn is_last(&self, command: &Command) -> bool {
        let Some((id, position)) = command.pipeline else {
            return true;
        };
        !self
            .script
            .pipeline(id)
            .iter()
            .any(|other| other.pipeline.is_some_and(|(_, at)| at > position))
    }

    /// What a word holds.
    fn word(&self, word: &Word) -> Held {
        let mut held = Held::default();
        // What stands in a substitution comes out of the commands there.
        let inside: Vec<&Command> = if word.holds_substitution {
            // Commands are in the order of the script.
            let all = &self.script.commands;
            let first = all.partition_point(|c| c.range.start < word.range.start);
            all.iter()
                .skip(first)
                .take_while(|c| c.range.start < word.range.end)
                .filter(|c| c.in_substitution && c.range.end <= word.range.end)
                .collect()
        } else {
            Vec::new()
        };
        let within = |at: &Range<usize>| {
            inside
                .iter()
                .any(|c| c.range.start <= at.start && at.end <= c.range.end)
        };
        if inside.is_empty() {
            for name in &word.variables {
                if let Some(found) = self.variables.get(name).filter(|_| whole(word, name)) {
                    held.add(found.clone());
                }
            }
        }
        for (embedded, expr) in self.text.parsed() {
            let range = &embedded.range;
            if word.range.start <= range.start && range.end <= word.range.end && !within(range) {
                held.add(of_expression(expr));
            }
        }
        for command in inside.iter().copied().filter(|c| self.is_last(c)) {
            // The outermost one decides; what is nested further is its argument.
            let nested = inside.iter().any(|outer| {
                !std::ptr::eq(*outer, command)
                    && outer.range.start <= command.range.start
                    && command.range.end <= outer.range.end
            });
            if !nested {
                held.add(self.printed(command));
            }
        }
        held
    }

    /// What a command prints, with what comes to it through a pipe.
    fn printed(&self, command: &Command) -> Held {
        let mut chain: Vec<&Command> = match command.pipeline {
            Some((id, position)) => self
                .script
                .pipeline(id)
                .into_iter()
                .filter(|c| c.pipeline.is_some_and(|(_, at)| at <= position))
                .collect(),
            None => Vec::new(),
        };
        if chain.is_empty() {
            chain.push(command);
        }
        let mut held = Held::default();
        for (at, command) in chain.iter().enumerate() {
            let mut given = Held::default();
            let prints = matches!(command.effective().0.file_name(), Some("echo" | "printf"));
            if prints {
                held = Held::default();
                for word in command.effective().1 {
                    given.add(self.word(word));
                }
            }
            if at == 0 || !prints {
                for redirect in &command.redirects {
                    if redirect.operator == "<<<" {
                        given.add(self.word(&redirect.target));
                    }
                }
                if let Some(word) = &command.heredoc {
                    given.add(self.word(word));
                }
            }
            held.add(given);
            match change(command) {
                Change::None => {}
                Change::Derived if !held.is_empty() => {
                    held.derived
                        .get_or_insert_with(|| Derived::Made(taken_by(command)));
                }
                Change::Derived => {}
                Change::Gone => held = Held::default(),
            }
        }
        held
    }
}

/// What a command takes out: the field that `jq` is asked for, else the
/// command's own name.
fn taken_by(command: &Command) -> String {
    let (program, args) = command.effective();
    let name = program.file_name().unwrap_or_default();
    let field = args
        .iter()
        .filter(|_| matches!(name, "jq" | "yq"))
        .find_map(|word| word.text.strip_prefix('.'))
        .and_then(|path| path.rsplit(['.', '[']).next())
        .map(|field| field.trim_end_matches([']', '"']).trim_start_matches('"'));
    let plain = |field: &&str| {
        !field.is_empty()
            && field
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    field.filter(plain).unwrap_or(name).to_owned()
}

/// Whether the value of a variable is in the word: not for `${X:+…}`, `${#X}`.
fn whole(word: &Word, name: &str) -> bool {
    let text = word.text.as_str();
    let gone = [
        format!("${{{name}:+"),
        format!("${{{name}+"),
        format!("${{#{name}"),
    ];
    !gone.iter().any(|form| text.contains(form.as_str()))
}

/// Where the output of a command goes, if somebody sees it there.
fn place(command: &Command) -> Option<Place> {
    let to = |name: &str, word: &Word| word.variables.iter().any(|variable| variable == name);
    let mut redirects = command
        .redirects
        .iter()
        .filter(|r| r.writes() && r.descriptor.is_none_or(|d| d == 1));
    if let Some(redirect) = redirects.next() {
        return if to("GITHUB_ENV", &redirect.target) {
            Some(Place::Environment)
        } else {
            matches!(
                redirect.target.text.as_str(),
                "/dev/stdout" | "/dev/stderr" | "/dev/tty"
            )
            .then_some(Place::Log)
        };
    }
    if command.is("tee") {
        let (_, args) = command.effective();
        if args.iter().any(|word| to("GITHUB_ENV", word)) {
            return Some(Place::Environment);
        }
    }
    Some(Place::Log)
}

#[cfg(test)]
#[path = "shown/tests.rs"]
mod tests;
