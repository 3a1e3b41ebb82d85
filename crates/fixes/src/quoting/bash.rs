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
    let mut reader = Reader {
        text,
        target,
        frames: vec![Frame::Script],
        waiting: Vec::new(),
    };
    let mut at = 0;
    while at < text.text.len() {
        let frame = reader.frames.last().copied().unwrap_or(Frame::Script);
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
            break;
        }
        if let Some(end) = text.expression(at) {
            at = end;
            continue;
        }
        let Some(byte) = text.byte(at) else { break };
        at = match reader.next(at, byte, frame) {
            Ok(next) => next,
            Err(around) => return around,
        };
    }
    Around::No("the script is quoted in a way that is not followed")
}

struct Reader<'t> {
    text: &'t Text<'t>,
    target: &'t Range<usize>,
    frames: Vec<Frame>,
    /// Here-documents whose bodies begin on the next line.
    waiting: Vec<HereDocument>,
}

impl Reader<'_> {
    /// Reads on from a byte: where to go on, or what stands around the target.
    fn next(&mut self, at: usize, byte: u8, frame: Frame) -> Result<usize, Around> {
        let text = self.text;
        Ok(match (byte, frame) {
            (b'\\', _) if at + 1 == self.target.start => {
                return Err(Around::No("a backslash stands before it"));
            }
            (b'\\', _) => at + 2,
            (b'`', _) => match text.find(at + 1, "`") {
                Some(end) if end < self.target.start => end + 1,
                _ => return Err(Around::No("it stands in backticks")),
            },
            (b'$', _) if text.starts(at, "$((") => self.push(Frame::Arithmetic(0), at + 3),
            (b'$', _) if text.starts(at, "$(") => self.push(Frame::Script, at + 2),
            (b'$', _) if text.starts(at, "${") => self.push(Frame::Brace, at + 2),
            (b'"', Frame::Double) => self.pop(at + 1),
            (_, Frame::Double) => at + 1,
            (b'"', _) => self.push(Frame::Double, at + 1),
            (b'}', Frame::Brace) => self.pop(at + 1),
            (b'\'', _) => self.single(at, frame)?,
            (b'(', Frame::Arithmetic(open)) => self.replace(Frame::Arithmetic(open + 1), at + 1),
            (b')', Frame::Arithmetic(0)) => self.pop(at + 2),
            (b')', Frame::Arithmetic(open)) => self.replace(Frame::Arithmetic(open - 1), at + 1),
            (_, Frame::Arithmetic(_) | Frame::Brace) => at + 1,
            _ => self.command(at, byte)?,
        })
    }

    /// What begins where commands stand.
    fn command(&mut self, at: usize, byte: u8) -> Result<usize, Around> {
        let text = self.text;
        Ok(match byte {
            b'#' if begins_word(text, at) => {
                let end = text.text.get(at..).and_then(|rest| rest.find('\n'));
                let end = end.map_or(text.text.len(), |length| at + length);
                if (at..end).contains(&self.target.start) {
                    return Err(Around::Comment);
                }
                end
            }
            b'<' if text.starts(at, "<<<") => at + 3,
            b'<' if text.starts(at, "<<") => {
                let (document, end) = here_document(text, at + 2);
                self.waiting.push(document);
                end
            }
            b'\n' if !self.waiting.is_empty() => {
                bodies(text, at + 1, std::mem::take(&mut self.waiting), self.target)?
            }
            b'(' if text.starts(at, "((") && begins_word(text, at) => {
                self.push(Frame::Arithmetic(0), at + 2)
            }
            b'(' if at > 0 && text.byte(at - 1) == Some(b'=') => self.push(Frame::Array, at + 1),
            b'(' => self.push(Frame::Script, at + 1),
            // The pattern of a `case` has no opening parenthesis.
            b')' if self.frames.len() > 1 => self.pop(at + 1),
            _ => at + 1,
        })
    }

    fn single(&self, at: usize, frame: Frame) -> Result<usize, Around> {
        let text = self.text;
        let ansi = at > 0 && text.byte(at - 1) == Some(b'$');
        let end = (text.find(at + 1, "'")).ok_or(Around::No("a quote is not closed"))?;
        if !(at..end).contains(&self.target.start) {
            return Ok(end + 1);
        }
        if ansi || frame == Frame::Brace {
            return Err(Around::No("it stands in `$'…'`"));
        }
        let whole = is_whole(text.text, self.target, at, end);
        Err(Around::Closed { quote: '\'', whole })
    }

    fn push(&mut self, frame: Frame, next: usize) -> usize {
        self.frames.push(frame);
        next
    }

    fn pop(&mut self, next: usize) -> usize {
        self.frames.pop();
        next
    }

    fn replace(&mut self, frame: Frame, next: usize) -> usize {
        self.frames.pop();
        self.push(frame, next)
    }
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
