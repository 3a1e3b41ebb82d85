//! Values among the arguments of tools that run, read or write what those say.

use std::ops::Range;

use cofferdam_workflows::shell::{Command, Word};

use crate::class::Class;
use crate::flow::SinkKind;
use crate::owners;
use crate::scripts::Running;
use crate::sinks::{At, Reached};
use crate::tools::{self, Effect, Means, Position, Tool};
use crate::trace::Tracer;
use crate::trail::Trail;
use crate::words::{self, Piece};

impl<'s, 'r: 's> Tracer<'s, 'r> {
    /// Arguments that are options or program text.
    pub(crate) fn arguments(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        found: &mut Vec<Reached<'r>>,
    ) {
        for command in &running.script.commands {
            let (program, args) = command.effective();
            let Some(name) = program.file_name() else {
                continue;
            };
            let Some(tool) = tools::of(name, args) else {
                continue;
            };
            self.words_of(at, running, (tool, name, args), found);
            if command.is_wrapped_by("xargs") {
                self.through_xargs(at, running, (tool, name, command), found);
            }
        }
    }

    fn words_of(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        (tool, name, args): (&Tool, &str, &'s [Word]),
        found: &mut Vec<Reached<'r>>,
    ) {
        for (index, (word, position)) in args.iter().zip(tool.positions(args)).enumerate() {
            if word.is_static {
                continue;
            }
            let named = tool.is_name(args, index);
            let mut worst: Option<(Means, Effect, Class, Vec<Trail<'r>>)> = None;
            for (piece, range) in words::located(word, 0..word.text.len()) {
                let quoted = is_quoted(running.source(), word, &range);
                let before = word.text.get(..range.start).unwrap_or("");
                let behind = word.text.get(range.end..).unwrap_or("");
                let part = Part {
                    quoted,
                    whole: before.is_empty(),
                    owner: named && owners::is_owner(before, behind),
                    named,
                };
                let Some((means, effect, mut holds)) = danger(tool, position, part) else {
                    continue;
                };
                // What GitHub splices in is a sink of its own, where it is more than
                // a name.
                if matches!(piece, Piece::Expression(_)) && holds != Class::Number {
                    continue;
                }
                if is_sed(name) && adds_lines(before) {
                    holds = Class::Line;
                }
                let mut trails = self.word(running, word, range, &mut Vec::new());
                trails.retain(|trail| !trail.spliced || trail.is_name());
                if trails.is_empty() {
                    continue;
                }
                match &mut worst {
                    Some((old, before, least, all)) if (effect, means) == (*before, *old) => {
                        *least = holds.min(*least);
                        all.extend(trails);
                    }
                    Some((old, before, ..)) if (effect, means) < (*before, *old) => {}
                    _ => worst = Some((means, effect, holds, trails)),
                }
            }
            if let Some((means, effect, holds, trails)) = worst {
                let kind = SinkKind::Argument(means, effect);
                let span = running.span(word.range.clone());
                let written = running.shown(&word.text);
                let mut reached = at.reached(kind, span, written, trails);
                reached.sink.holds_up_to = holds;
                name.clone_into(&mut reached.sink.input);
                reached.sink.page = tool.page;
                found.push(reached);
            }
        }
    }

    // … | xargs tool
    fn through_xargs(
        &self,
        at: &At<'r>,
        running: Running<'s, 'r>,
        (tool, name, command): (&Tool, &str, &'s Command),
        found: &mut Vec<Reached<'r>>,
    ) {
        let closed = command.effective().1.iter().any(|word| word.text == "--");
        let Some(effect) = tool.options().filter(|_| !closed) else {
            return;
        };
        let mut trails = self.standard_input(running, command);
        trails.retain(|trail| !trail.spliced);
        if trails.is_empty() {
            return;
        }
        let span = running.span(command.range.clone());
        for trail in &mut trails {
            trail.place = Some((running.scope.file(), span));
        }
        let kind = SinkKind::Argument(Means::Xargs, effect);
        let mut reached = at.reached(kind, span, format!("xargs {name}"), trails);
        // One line of a list is a word of its own, dash or not.
        reached.sink.holds_up_to = Class::Ref;
        name.clone_into(&mut reached.sink.input);
        reached.sink.page = tool.page;
        found.push(reached);
    }
}

// A part of an argument.
#[derive(Clone, Copy)]
struct Part {
    /// Whether the shell keeps it in one word.
    quoted: bool,
    /// Whether it begins the argument.
    whole: bool,
    /// Whether it says whose package or repository it is.
    owner: bool,
    /// Whether the argument names what is fetched.
    named: bool,
}

// What a value gets there, and what stays harmless.
fn danger(tool: &Tool, position: Position, part: Part) -> Option<(Means, Effect, Class)> {
    let Part { quoted, whole, .. } = part;
    if position == Position::Program {
        return Some((Means::Program, tool.language(), Class::Word));
    }
    let plain = matches!(position, Position::Plain | Position::Closed);
    if tool.fetches() && (whole && plain || part.owner) {
        let holds = match part.named {
            true => Class::Number,
            false => Class::Word,
        };
        return Some((Means::Name, Effect::Runs, holds));
    }
    let effect = tool.options()?;
    match (position, quoted) {
        // Git lets neither white space nor a dash at the start into a branch's
        // name.
        (Position::Plain | Position::OptionValue, false) => {
            Some((Means::Split, effect, Class::Ref))
        }
        (Position::Plain, true) if whole && tool.takes_one() => {
            Some((Means::Dash, effect, Class::Ref))
        }
        _ => None,
    }
}

fn is_sed(name: &str) -> bool {
    matches!(name, "sed" | "gsed")
}

// `1i TEXT`, `/x/a\ TEXT`: all of the line is text, and only another line is a
// command.
fn adds_lines(before: &str) -> bool {
    let head = before.trim_end().trim_end_matches('\\');
    let Some(address) = head.strip_suffix(['a', 'i', 'c']) else {
        return false;
    };
    let numbers = address
        .chars()
        .all(|c| c.is_ascii_digit() || "$, ".contains(c));
    numbers || address.starts_with('/') && address.ends_with('/')
}

/// Whether a part of a word stands in double quotes, so that the shell keeps
/// it in one word.
pub(crate) fn is_quoted(script: &str, word: &Word, part: &Range<usize>) -> bool {
    let place = word.place(part.clone());
    let before = script.get(word.range.start..place.start).unwrap_or("");
    let mut double = false;
    let mut single = false;
    let mut escaped = false;
    for c in before.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if !single => escaped = true,
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            _ => {}
        }
    }
    // The place may begin with the quote itself.
    let here = script.get(place).unwrap_or("");
    double || single || here.starts_with('"')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use cofferdam_workflows::shell::{Shell, parse};

    use super::*;

    #[test]
    fn quotes_are_seen() {
        let text = "tool $A \"$B\" x\"$C\" --x=$D \"a $E b\" ${F} \"${G}\"";
        let script = parse(text, &Shell::Bash);
        let command = script.commands.first().unwrap();
        let quoted: Vec<bool> = command
            .args
            .iter()
            .map(|word| {
                let pieces = words::located(word, 0..word.text.len());
                let (_, range) = pieces.first().unwrap();
                is_quoted(text, word, range)
            })
            .collect();
        assert_eq!(quoted, [false, true, true, false, true, false, true]);
    }

    #[test]
    fn words_have_their_positions() {
        use Position::{Closed, OptionValue, Plain, Program};
        let cases: &[(&str, &[Position])] = &[
            ("sed -i \"s/a/$X/\" file", &[Plain, Program, Plain]),
            ("sed -e \"$X\" file", &[Plain, Program, Plain]),
            (
                "awk -v x=\"$X\" '{print x}' f",
                &[Plain, OptionValue, Program, Plain],
            ),
            (
                "jq --arg t \"$X\" '.a' f",
                &[Plain, OptionValue, OptionValue, Program, Plain],
            ),
            (
                "git fetch origin -- \"$X\"",
                &[Plain, Plain, Closed, Closed],
            ),
            ("make build VERSION=\"$X\"", &[Plain, Program]),
            ("curl --url \"$X\" y", &[Plain, OptionValue, Plain]),
        ];
        for (text, expected) in cases {
            let script = parse(text, &Shell::Bash);
            let command = script.commands.first().unwrap();
            let tool = tools::of(command.name.file_name().unwrap(), &command.args).unwrap();
            assert_eq!(tool.positions(&command.args), *expected, "{text}");
        }
    }
}
