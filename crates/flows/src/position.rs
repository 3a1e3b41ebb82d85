//! Where in a script an expression stands, and what stays harmless there.
//!
//! GitHub puts the value into the text before any shell reads it, so quotes
//! protect nothing: they end where the value ends them. Only a comment and a
//! here-document with a quoted delimiter take a line break to leave.

use std::ops::Range;

use cofferdam_workflows::shell::{Script, Shell};

use crate::class::Class;

/// The freest class that cannot break out of the place of an expression.
pub(crate) fn harmless(text: &str, range: &Range<usize>, script: &Script, shell: &Shell) -> Class {
    let hash = matches!(
        shell,
        Shell::Bash | Shell::Sh | Shell::PowerShell | Shell::Python
    );
    if hash && (in_comment(text, range, script) || in_quoted_heredoc(text, range, script)) {
        return Class::Line;
    }
    Class::Word
}

fn in_comment(text: &str, range: &Range<usize>, script: &Script) -> bool {
    let start = text
        .get(..range.start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |at| at + 1);
    let line = text.get(start..range.start).unwrap_or("");
    if line.trim_start().starts_with('#') {
        return !inside(range, script);
    }
    line.contains(" #") && script.understood && !inside(range, script)
}

// Whether a command or assignment has the place.
fn inside(range: &Range<usize>, script: &Script) -> bool {
    let has = |part: &Range<usize>| part.start <= range.start && range.end <= part.end;
    script.commands.iter().any(|command| {
        has(&command.range)
            || command.heredoc.as_ref().is_some_and(|w| has(&w.range))
            || command.redirects.iter().any(|r| has(&r.target.range))
    }) || script.assignments.iter().any(|a| has(&a.range))
}

fn in_quoted_heredoc(text: &str, range: &Range<usize>, script: &Script) -> bool {
    script.commands.iter().any(|command| {
        let Some(word) = &command.heredoc else {
            return false;
        };
        // A here-document that feeds a shell or an interpreter is code.
        let runs = [
            "bash", "sh", "python", "python3", "node", "ruby", "perl", "ssh", "psql",
        ]
        .iter()
        .any(|program| command.is(program));
        !runs
            && word.range.start <= range.start
            && range.end <= word.range.end
            && opener_is_quoted(text, word.range.start)
    })
}

fn opener_is_quoted(text: &str, body: usize) -> bool {
    let before = text.get(..body).unwrap_or("");
    let Some(at) = before.rfind("<<") else {
        return false;
    };
    let delimiter = before.get(at + 2..).unwrap_or("");
    let delimiter = delimiter.trim_start_matches('-').trim_start();
    delimiter.starts_with(['\'', '"', '\\'])
}

/// Whether an expression stands where JavaScript takes a value, and not inside
/// of a string.
pub(crate) fn is_operand(text: &str, range: &Range<usize>) -> bool {
    let before = text
        .get(..range.start)
        .unwrap_or("")
        .trim_end_matches([' ', '\t']);
    let after = text
        .get(range.end..)
        .unwrap_or("")
        .trim_start_matches([' ', '\t']);
    let line = before.rsplit('\n').next().unwrap_or("");
    // An odd quote before it on the line opens a string.
    let open = ['\'', '"', '`']
        .iter()
        .any(|quote| line.matches(*quote).count() % 2 == 1);
    !open
        && before.ends_with(['=', '(', ',', '[', ':', '?', '{', '\n'])
        && (after.is_empty() || after.starts_with([';', ')', ',', ']', '}', '\n', '\r', '.', '[']))
}
