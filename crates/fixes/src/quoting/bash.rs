//! Quoting of bash and POSIX shells.
//!
//! Source: Bash Reference Manual, "Quoting", "Here Documents", "Comments". The
//! script has been understood by the grammar before; this says only in which
//! quotes a byte of it stands, and gives up where it is not sure.

use std::ops::Range;

use super::{Around, Text, is_whole};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// Commands, at the top or in parentheses.
    Script,
    /// The words of an array.
    Array,
    /// `"…"`
    Double,
    /// `${…}`
    Brace,
    /// `$((…))` and `((…))`, with the parentheses that are open in it.
    Arithmetic(usize),
}

struct HereDocument {
    delimiter: String,
    quoted: bool,
    tabs: bool,
}

/// What stands around the expression at `target`.
pub(crate) fn around(text: &Text<'_>, target: &Range<usize>) -> Around {
    let mut frames = vec![Frame::Script];
    let mut waiting: Vec<HereDocument> = Vec::new();
    let mut at = 0;
    while at < text.text.len() {
        let frame = frames.last().copied().unwrap_or(Frame::Script);
        if at == target.start {
            return match frame {
                Frame::Script => Around::Bare,
                Frame::Double => Around::Open,
                Frame::Array => Around::No("an array is made of its words"),
                Frame::Brace => Around::No("it stands inside of `${…}`"),
                Frame::Arithmetic(_) => Around::No("it stands in arithmetic"),
            };
        }
        if at > target.start {
            return Around::No("the script is quoted in a way that is not followed");
        }
        if let Some(end) = text.expression(at) {
            at = end;
            continue;
        }
        let Some(byte) = text.byte(at) else { break };
        at = match (byte, frame) {
            (b'\\', _) if at + 1 == target.start => {
                return Around::No("a backslash stands before it");
            }
            (b'\\', _) => at + 2,
            (b'`', _) => match text.find(at + 1, "`") {
                Some(end) if end < target.start => end + 1,
                _ => return Around::No("it stands in backticks"),
            },
            (b'$', _) if text.starts(at, "$((") => push(&mut frames, Frame::Arithmetic(0), at + 3),
            (b'$', _) if text.starts(at, "$(") => push(&mut frames, Frame::Script, at + 2),
            (b'$', _) if text.starts(at, "${") => push(&mut frames, Frame::Brace, at + 2),
            (b'"', Frame::Double) => pop(&mut frames, at + 1),
            (_, Frame::Double) => at + 1,
            (b'"', _) => push(&mut frames, Frame::Double, at + 1),
            (b'}', Frame::Brace) => pop(&mut frames, at + 1),
            (b'\'', _) => {
                let ansi = at > 0 && text.byte(at - 1) == Some(b'$');
                let Some(end) = text.find(at + 1, "'") else {
                    return Around::No("a quote is not closed");
                };
                if (at..end).contains(&target.start) {
                    if ansi || frame == Frame::Brace {
                        return Around::No("it stands in `$'…'`");
                    }
                    let whole = is_whole(text.text, target, at, end);
                    return Around::Closed { quote: '\'', whole };
                }
                end + 1
            }
            (b'(', Frame::Arithmetic(open)) => {
                replace(&mut frames, Frame::Arithmetic(open + 1), at + 1)
            }
            (b')', Frame::Arithmetic(0)) => pop(&mut frames, at + 2),
            (b')', Frame::Arithmetic(open)) => {
                replace(&mut frames, Frame::Arithmetic(open - 1), at + 1)
            }
            (_, Frame::Arithmetic(_) | Frame::Brace) => at + 1,
            (b'#', _) if begins_word(text, at) => {
                let end = text.text.get(at..).and_then(|rest| rest.find('\n'));
                let end = end.map_or(text.text.len(), |length| at + length);
                if (at..end).contains(&target.start) {
                    return Around::Comment;
                }
                end
            }
            (b'<', _) if text.starts(at, "<<<") => at + 3,
            (b'<', _) if text.starts(at, "<<") => {
                let (document, end) = here_document(text, at + 2);
                waiting.push(document);
                end
            }
            (b'\n', _) if !waiting.is_empty() => {
                match bodies(text, at + 1, std::mem::take(&mut waiting), target) {
                    Ok(end) => end,
                    Err(around) => return around,
                }
            }
            (b'(', _) if text.starts(at, "((") && begins_word(text, at) => {
                push(&mut frames, Frame::Arithmetic(0), at + 2)
            }
            (b'(', _) if at > 0 && text.byte(at - 1) == Some(b'=') => {
                push(&mut frames, Frame::Array, at + 1)
            }
            (b'(', _) => push(&mut frames, Frame::Script, at + 1),
            // The pattern of a `case` has no opening parenthesis.
            (b')', _) if frames.len() > 1 => pop(&mut frames, at + 1),
            _ => at + 1,
        };
    }
    Around::No("the script is quoted in a way that is not followed")
}

fn push(frames: &mut Vec<Frame>, frame: Frame, next: usize) -> usize {
    frames.push(frame);
    next
}

fn pop(frames: &mut Vec<Frame>, next: usize) -> usize {
    frames.pop();
    next
}

fn replace(frames: &mut Vec<Frame>, frame: Frame, next: usize) -> usize {
    frames.pop();
    push(frames, frame, next)
}

fn begins_word(text: &Text<'_>, at: usize) -> bool {
    at == 0
        || text
            .byte(at - 1)
            .is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b';' | b'&' | b'|' | b'('))
}

/// The delimiter behind `<<`, and where it ends.
fn here_document(text: &Text<'_>, mut at: usize) -> (HereDocument, usize) {
    let tabs = text.starts(at, "-");
    at += usize::from(tabs);
    while matches!(text.byte(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    let mut delimiter = String::new();
    let mut quoted = false;
    while let Some(byte) = text.byte(at) {
        match byte {
            b'\'' | b'"' | b'\\' => quoted = true,
            b if b.is_ascii_whitespace() || matches!(b, b';' | b'&' | b'|' | b')' | b'>') => break,
            b => delimiter.push(char::from(b)),
        }
        at += 1;
    }
    let document = HereDocument {
        delimiter,
        quoted,
        tabs,
    };
    (document, at)
}

/// Where the bodies end; or what stands around the target, which is in one.
fn bodies(
    text: &Text<'_>,
    mut at: usize,
    documents: Vec<HereDocument>,
    target: &Range<usize>,
) -> Result<usize, Around> {
    for document in documents {
        let start = at;
        loop {
            let line = text.text.get(at..).unwrap_or_default();
            if line.is_empty() {
                break;
            }
            let length = line.find('\n').map_or(line.len(), |length| length + 1);
            let line = line
                .get(..length)
                .unwrap_or_default()
                .trim_end_matches('\n');
            let line = if document.tabs {
                line.trim_start_matches('\t')
            } else {
                line
            };
            let end = at + length;
            if line == document.delimiter {
                at = end;
                break;
            }
            if (at..end).contains(&target.start) {
                return Err(in_body(text, start, &document, target));
            }
            at = end;
        }
    }
    // The line break belongs to the script again.
    Ok(at.saturating_sub(1).max(1))
}

fn in_body(
    text: &Text<'_>,
    start: usize,
    document: &HereDocument,
    target: &Range<usize>,
) -> Around {
    if document.quoted {
        return Around::No("the here-document is quoted, so that no variable is put in");
    }
    let before = text.text.get(start..target.start).unwrap_or_default();
    if before.ends_with('\\') {
        return Around::No("a backslash stands before it");
    }
    let opened = before.matches("$(").count() > before.matches(')').count();
    if opened || before.matches('`').count() % 2 == 1 {
        return Around::No("it stands in a substitution of a here-document");
    }
    Around::Open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> Around {
        let mut expressions = Vec::new();
        let mut from = 0;
        while let Some(at) = script.get(from..).and_then(|rest| rest.find("${{")) {
            let start = from + at;
            let length = script.get(start..).and_then(|rest| rest.find("}}"));
            let end = start + length.map_or(0, |length| length + 2);
            expressions.push(start..end);
            from = end;
        }
        let target = expressions.last().cloned().unwrap_or_default();
        let text = Text {
            text: script,
            expressions: &expressions,
        };
        around(&text, &target)
    }

    #[test]
    fn the_quotes_around_a_place_are_told() {
        let closed = |whole| Around::Closed { quote: '\'', whole };
        for (script, expected) in [
            ("echo ${{ x }}", Around::Bare),
            ("echo \"a ${{ x }} b\"", Around::Open),
            ("echo '${{ x }}'", closed(true)),
            ("echo 'a ${{ x }}'", closed(false)),
            ("echo \"it's ${{ x }}\"", Around::Open),
            ("echo \"$(f ${{ x }})\"", Around::Bare),
            ("echo \"$(f \"${{ x }}\")\"", Around::Open),
            ("a=\"${b:-\"c\"}\" ${{ x }}", Around::Bare),
            ("echo # it's\nf '${{ x }}'", closed(true)),
            ("# it's ${{ x }}", Around::Comment),
            ("cat <<EOF\nit's ${{ x }}\nEOF\n", Around::Open),
            ("cat <<EOF\nit's\nEOF\necho '${{ x }}'", closed(true)),
            ("cat <<-'A'\n\t${{ y }}\n\tA\necho ${{ x }}", Around::Bare),
            ("cat <<< '${{ x }}'", closed(true)),
            ("case $x in\n  a) echo \"${{ x }}\";;\nesac", Around::Open),
            ("echo '${{ y }}' \"${{ x }}\"", Around::Open),
            ("echo $((1 + (2))) \"${{ x }}\"", Around::Open),
        ] {
            assert_eq!(of(script), expected, "{script}");
        }
        for script in [
            "cat <<'EOF'\n${{ x }}\nEOF\n",
            "cat <<EOF\n$(f ${{ x }})\nEOF\n",
            "echo `f ${{ x }}`",
            "echo $((1 + ${{ x }}))",
            "echo \"${a:-${{ x }}}\"",
            "echo \"\\${{ x }}\"",
            "a=(b ${{ x }})",
            "echo $'${{ x }}'",
        ] {
            assert!(
                matches!(of(script), Around::No(_)),
                "{script}: {:?}",
                of(script)
            );
        }
    }
}
