//! Scripts inside of scripts: `bash -c '…'`, `eval …`, and what is fed to a
//! shell by `<<` and `<<<`.

use super::model::Piece;
use super::source::Source;
use super::walk::Context;
use super::wrappers;
use super::{Command, Word};

/// A script inside of the script, to be parsed.
pub(super) struct Nested {
    /// Its text and where that comes from.
    pub(super) source: Source,
    /// How deep it is; the script itself is at 0.
    pub(super) depth: usize,
    /// What holds for all of its commands.
    pub(super) context: Context,
}

impl Nested {
    /// The script itself.
    pub(super) fn outermost(source: Source) -> Self {
        Self {
            source,
            depth: 0,
            context: Context::default(),
        }
    }
}

/// The scripts that a command is given to run.
pub(super) fn scripts(command: &Command, context: Context) -> Vec<Nested> {
    let (name, args) = command.effective();
    let nested = |source: Source| Nested {
        source,
        depth: command.depth + 1,
        context,
    };
    match name.file_name() {
        Some("eval") => {
            let words: Vec<&Word> = args.iter().skip_while(|word| word.text == "--").collect();
            join(&words).map(nested).into_iter().collect()
        }
        Some("bash" | "sh" | "dash" | "ksh" | "zsh") => match shell_input(args) {
            Input::Argument(word) => join(&[word]).map(nested).into_iter().collect(),
            Input::Standard => {
                let fed = command
                    .redirects
                    .iter()
                    .filter(|redirect| redirect.operator == "<<<");
                fed.map(|redirect| &redirect.target)
                    .chain(&command.heredoc)
                    .filter_map(|word| join(&[word]).map(nested))
                    .collect()
            }
            Input::File => Vec::new(),
        },
        _ => {
            let script = wrappers::script_behind_option(name, args);
            script
                .and_then(|word| join(&[word]).map(nested))
                .into_iter()
                .collect()
        }
    }
}

/// Where a shell takes its script from.
enum Input<'w> {
    Argument(&'w Word),
    Standard,
    File,
}

fn shell_input(args: &[Word]) -> Input<'_> {
    let mut inline = false;
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        let letters = text
            .strip_prefix('-')
            .or(text.strip_prefix('+'))
            .filter(|rest| !rest.is_empty());
        match letters {
            Some("-") => {}
            Some(letters) => {
                if letters.starts_with('-') {
                    continue;
                }
                inline |= text.starts_with('-') && letters.contains('c');
                if letters.contains('s') && !inline {
                    return Input::Standard;
                }
                // `-o` and `-O` take the name of an option.
                if letters.ends_with(['o', 'O']) {
                    words.next();
                }
            }
            None if inline => return Input::Argument(word),
            None if text == "-" => return Input::Standard,
            None => return Input::File,
        }
    }
    Input::Standard
}

/// Words with spaces between them as one script. The substitutions in them
/// were followed where they stand, so they are hidden here.
fn join(words: &[&Word]) -> Option<Source> {
    let mut text = String::new();
    let mut pieces = Vec::new();
    let mut hidden = Vec::new();
    for word in words {
        if let Some(last) = pieces.last().map(|piece: &Piece| piece.origin.end) {
            pieces.push(Piece {
                at: text.len(),
                length: 1,
                origin: last..word.range.start.max(last),
            });
            text.push(' ');
        }
        let start = text.len();
        let moved = |piece: &Piece| Piece {
            at: piece.at + start,
            ..piece.clone()
        };
        pieces.extend(word.pieces.iter().map(moved));
        hidden.extend(
            word.substitutions
                .iter()
                .map(|part| part.start + start..part.end + start),
        );
        text.push_str(&word.text);
    }
    if text.trim().is_empty() {
        None
    } else {
        Some(Source::inside(text, pieces, hidden))
    }
}
