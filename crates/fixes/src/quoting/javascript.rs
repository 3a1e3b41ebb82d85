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

/// What stands around the expression at `target`.
pub(crate) fn around(text: &Text<'_>, target: &Range<usize>) -> Around {
    let unsure = Around::No("the code is quoted in a way that is not followed");
    let mut frames = vec![Frame::Code(0)];
    let mut value = false;
    let mut at = 0;
    while at < text.text.len() {
        let frame = frames.last().copied().unwrap_or(Frame::Code(0));
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
            return unsure;
        }
        if let Some(end) = text.expression(at) {
            value = true;
            at = end;
            continue;
        }
        let Some(byte) = text.byte(at) else { break };
        if let Frame::Template(_) = frame {
            at = match byte {
                b'\\' => at + 2,
                b'`' => {
                    frames.pop();
                    value = true;
                    at + 1
                }
                b'$' if text.starts(at, "${") => {
                    frames.push(Frame::Code(0));
                    value = false;
                    at + 2
                }
                _ => at + 1,
            };
            continue;
        }
        let end_of = |mark: &str| text.find(at + 2, mark).map(|end| end + mark.len());
        let comment = match (text.starts(at, "//"), text.starts(at, "/*")) {
            (true, _) => Some(end_of("\n").unwrap_or(text.text.len())),
            (_, true) => end_of("*/"),
            _ => None,
        };
        if let Some(end) = comment {
            if (at..end).contains(&target.start) {
                return Around::Comment;
            }
            at = end;
            continue;
        }
        at = match byte {
            quote @ (b'\'' | b'"') => {
                let Some(end) = string_end(text, at, quote) else {
                    return unsure;
                };
                if (at..end).contains(&target.start) {
                    let whole = is_whole(text.text, target, at, end);
                    return Around::Closed {
                        quote: char::from(quote),
                        whole,
                    };
                }
                value = true;
                end + 1
            }
            b'`' => {
                frames.push(Frame::Template(at));
                at + 1
            }
            b'/' if !value => match regex_end(text, at) {
                Some(end) if end <= target.start => {
                    value = true;
                    end
                }
                _ => return unsure,
            },
            b'{' => {
                if let Some(Frame::Code(open)) = frames.last_mut() {
                    *open += 1;
                }
                value = false;
                at + 1
            }
            b'}' => {
                let nested = frames.len() > 1;
                match frames.last_mut() {
                    Some(Frame::Code(0)) if nested => {
                        frames.pop();
                    }
                    Some(Frame::Code(open)) => *open = open.saturating_sub(1),
                    _ => {}
                }
                value = false;
                at + 1
            }
            b if b.is_ascii_whitespace() => at + 1,
            b => {
                value =
                    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b')' | b']') || b > 127;
                at + 1
            }
        };
    }
    unsure
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
