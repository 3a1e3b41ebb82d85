//! Quoting of JavaScript.
//!
//! Source: ECMA-262, "Lexical Grammar". A slash is taken for the beginning of a
//! regular expression where no value stands before it.

use std::ops::Range;

use super::{Around, Text, is_whole};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    /// Code, with the braces that are open in it.
    Code(usize),
    /// A template, with the place where it begins.
    Template(usize),
}

const UNSURE: Around = Around::No("the code is quoted in a way that is not followed");

/// What stands around the expression at `target`.
pub(crate) fn around(text: &Text<'_>, target: &Range<usize>) -> Around {
    let mut reader = Reader {
        text,
        target,
        frames: vec![Frame::Code(0)],
        value: false,
    };
    let mut at = 0;
    while at < text.text.len() {
        let frame = reader.frames.last().copied().unwrap_or(Frame::Code(0));
        if at == target.start {
            return match frame {
                Frame::Code(_) => Around::Bare,
                Frame::Template(open) => {
                    let whole = is_whole(text.text, target, open, target.end)
                        && text.byte(target.end) == Some(b'`');
                    Around::Closed { quote: '`', whole }
                }
            };
        }
        if at > target.start {
            break;
        }
        if let Some(end) = text.expression(at) {
            reader.value = true;
            at = end;
            continue;
        }
        let Some(byte) = text.byte(at) else { break };
        let next = match frame {
            Frame::Template(_) => Ok(reader.template(at, byte)),
            Frame::Code(_) => reader.code(at, byte),
        };
        at = match next {
            Ok(next) => next,
            Err(around) => return around,
        };
    }
    UNSURE
}

struct Reader<'t> {
    text: &'t Text<'t>,
    target: &'t Range<usize>,
    frames: Vec<Frame>,
    /// Whether a value stands before, so that a slash divides it.
    value: bool,
}

impl Reader<'_> {
    fn template(&mut self, at: usize, byte: u8) -> usize {
        match byte {
            b'\\' => at + 2,
            b'`' => {
                self.frames.pop();
                self.value = true;
                at + 1
            }
            b'$' if self.text.starts(at, "${") => {
                self.frames.push(Frame::Code(0));
                self.value = false;
                at + 2
            }
            _ => at + 1,
        }
    }

    fn code(&mut self, at: usize, byte: u8) -> Result<usize, Around> {
        if let Some(end) = self.comment(at) {
            let inside = (at..end).contains(&self.target.start);
            return if inside {
                Err(Around::Comment)
            } else {
                Ok(end)
            };
        }
        match byte {
            quote @ (b'\'' | b'"') => return self.string(at, quote),
            b'`' => self.frames.push(Frame::Template(at)),
            b'/' if !self.value => {
                self.value = true;
                let end = regex_end(self.text, at);
                return end.filter(|end| *end <= self.target.start).ok_or(UNSURE);
            }
            b'{' => {
                if let Some(Frame::Code(open)) = self.frames.last_mut() {
                    *open += 1;
                }
                self.value = false;
            }
            b'}' => {
                let nested = self.frames.len() > 1;
                match self.frames.last_mut() {
                    Some(Frame::Code(0)) if nested => {
                        self.frames.pop();
                    }
                    Some(Frame::Code(open)) => *open = open.saturating_sub(1),
                    _ => {}
                }
                self.value = false;
            }
            b if b.is_ascii_whitespace() => {}
            b => {
                let name = b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$') || b > 127;
                self.value = name || matches!(b, b')' | b']');
            }
        }
        Ok(at + 1)
    }

    /// The end of the comment that begins at a byte.
    fn comment(&self, at: usize) -> Option<usize> {
        let text = self.text;
        let end_of = |mark: &str| text.find(at + 2, mark).map(|end| end + mark.len());
        if text.starts(at, "//") {
            return Some(end_of("\n").unwrap_or(text.text.len()));
        }
        end_of("*/").filter(|_| text.starts(at, "/*"))
    }

    fn string(&mut self, at: usize, quote: u8) -> Result<usize, Around> {
        let end = string_end(self.text, at, quote).ok_or(UNSURE)?;
        if (at..end).contains(&self.target.start) {
            return Err(Around::Closed {
                quote: char::from(quote),
                whole: is_whole(self.text.text, self.target, at, end),
            });
        }
        self.value = true;
        Ok(end + 1)
    }
}

/// The closing quote; `None` where the line ends first.
fn string_end(text: &Text<'_>, open: usize, quote: u8) -> Option<usize> {
    let mut at = open + 1;
    loop {
        if let Some(end) = text.expression(at) {
            at = end;
            continue;
        }
        match text.byte(at)? {
            b'\\' => at += 2,
            b'\n' => return None,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// Behind the closing slash; `None` where the line ends first.
fn regex_end(text: &Text<'_>, open: usize) -> Option<usize> {
    let mut at = open + 1;
    let mut class = false;
    loop {
        if text.expression(at).is_some() {
            return None;
        }
        match text.byte(at)? {
            b'\\' => at += 2,
            b'\n' => return None,
            b'/' if !class => return Some(at + 1),
            byte => {
                class = (class || byte == b'[') && byte != b']';
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> Around {
        let start = code.find("${{ x }}").unwrap_or_default();
        let target = start..start + 8;
        let text = Text {
            text: code,
            expressions: std::slice::from_ref(&target),
        };
        around(&text, &target)
    }

    #[test]
    fn the_quotes_around_a_place_are_told() {
        let closed = |quote, whole| Around::Closed { quote, whole };
        for (code, expected) in [
            ("f(${{ x }})", Around::Bare),
            ("f('${{ x }}')", closed('\'', true)),
            ("f(\"a ${{ x }}\")", closed('"', false)),
            ("f(`a ${b} ${{ x }}`)", closed('`', false)),
            ("f(`${{ x }}`)", closed('`', true)),
            ("f(`${'}'} ${{ x }}`)", closed('`', false)),
            ("f(`${g({a: 1})}`, '${{ x }}')", closed('\'', true)),
            ("// it's ${{ x }}", Around::Comment),
            ("/* it's */ f('${{ x }}')", closed('\'', true)),
            ("s.replace(/'/g, '${{ x }}')", closed('\'', true)),
            ("a = b / 2; f('${{ x }}')", closed('\'', true)),
            ("a = /[/']/; f('${{ x }}')", closed('\'', true)),
        ] {
            assert_eq!(of(code), expected, "{code}");
        }
        for code in ["f(/${{ x }}/)", "'\n${{ x }}"] {
            assert!(matches!(of(code), Around::No(_)), "{code}: {:?}", of(code));
        }
    }
}
