//! The lines that git's protocol is made of.
//!
//! Source: git, `gitprotocol-common`, "pkt-line Format". A line begins with four
//! hexadecimal digits, its length with those four; 0, 1 and 2 have meanings of
//! their own and 3 has none.

use std::io::Read;

/// The most bytes of one line, its length included.
const MOST: usize = 65_520;

/// One line, or what stands between lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet<'b> {
    /// A line's bytes; a line feed at its end is the sender's choice.
    Line(&'b [u8]),
    /// The end of a message.
    Flush,
    /// The end of a section.
    Delimiter,
}

/// Why there is no line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Four hexadecimal digits were due.
    #[error("a line begins with {found:?} in place of its length")]
    Length {
        /// What stands there.
        found: String,
    },
    /// A length that no line has.
    #[error("a line claims a length of {length}")]
    Impossible {
        /// The length.
        length: usize,
    },
    /// The answer ended inside of a line, or before the message was complete.
    #[error("the answer ended before it was complete")]
    Ended,
    /// The connection failed, ran out of time or sent more than the limit.
    #[error("the answer broke off: {reason}")]
    Broken {
        /// What the system or the limit says.
        reason: String,
    },
}

/// Reads lines one after another.
pub(super) struct Packets<R> {
    inner: R,
    line: Vec<u8>,
}

impl<R: Read> Packets<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            line: Vec::new(),
        }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> Result<Packet<'_>, LineError> {
        let mut head = [0_u8; 4];
        self.fill(&mut head)?;
        let length = std::str::from_utf8(&head)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|text| usize::from_str_radix(text, 16).ok())
            .ok_or_else(|| LineError::Length {
                found: String::from_utf8_lossy(&head).into_owned(),
            })?;
        match length {
            0 => return Ok(Packet::Flush),
            1 => return Ok(Packet::Delimiter),
            4..=MOST => {}
            _ => return Err(LineError::Impossible { length }),
        }
        let mut line = std::mem::take(&mut self.line);
        line.resize(length - head.len(), 0);
        self.fill(&mut line)?;
        self.line = line;
        Ok(Packet::Line(&self.line))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), LineError> {
        self.inner
            .read_exact(bytes)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => LineError::Ended,
                _ => LineError::Broken {
                    reason: error.to_string(),
                },
            })
    }
}

/// A line without the line feed that may end it.
pub(super) fn chomp(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

/// Adds a line of text to a request.
pub(super) fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes());
}

/// Adds the end of a section.
pub(super) fn push_delimiter(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0001");
}

/// Adds the end of a message.
pub(super) fn push_flush(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0000");
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_were_sent() {
        let mut sent = Vec::new();
        push(&mut sent, "command=ls-refs");
        push_delimiter(&mut sent);
        sent.extend_from_slice(b"0004");
        push_flush(&mut sent);
        let mut lines = Packets::new(sent.as_slice());
        assert_eq!(lines.next().unwrap(), Packet::Line(b"command=ls-refs\n"));
        assert_eq!(lines.next().unwrap(), Packet::Delimiter);
        assert_eq!(lines.next().unwrap(), Packet::Line(b""));
        assert_eq!(lines.next().unwrap(), Packet::Flush);
        assert_eq!(lines.next().unwrap_err(), LineError::Ended);
    }

    #[test]
    fn lengths_that_no_line_has_are_named() {
        for (sent, length) in [("0003", 3), ("0002", 2), ("fff1", 65_521)] {
            let error = Packets::new(sent.as_bytes()).next().unwrap_err();
            assert_eq!(error, LineError::Impossible { length });
        }
        for sent in ["+001", "HTTP", "00 4", "\u{1f600}"] {
            let error = Packets::new(sent.as_bytes()).next().unwrap_err();
            assert!(matches!(error, LineError::Length { .. }), "{sent}");
        }
        for sent in ["", "00", "0009ab"] {
            let error = Packets::new(sent.as_bytes()).next().unwrap_err();
            assert_eq!(error, LineError::Ended, "{sent}");
        }
    }
}
