//! The base protocol: messages of JSON-RPC 2.0 behind a header with their
//! length. Every length is bounded, and what is malformed is told apart from a
//! stream that can no longer be followed.

use std::io::{self, BufRead, Read, Write};

use serde::Deserialize;
use serde_json::{Value, json};

/// The most bytes of one message. A document of the size that is audited, in
/// which every byte is escaped, fits.
pub(crate) const MAX_MESSAGE: u64 = 64 * 1024 * 1024;
/// The most bytes of a line of the header.
const MAX_HEADER: u64 = 4 * 1024;

/// Codes of JSON-RPC and of the protocol.
pub(crate) mod code {
    pub(crate) const PARSE_ERROR: i64 = -32700;
    pub(crate) const INVALID_REQUEST: i64 = -32600;
    pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
    pub(crate) const INVALID_PARAMS: i64 = -32602;
    pub(crate) const NOT_INITIALIZED: i64 = -32002;
    pub(crate) const CANCELLED: i64 = -32800;
}

/// What a client sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Incoming {
    /// It waits for an answer.
    Request {
        id: Value,
        method: String,
        params: Value,
    },
    /// It does not.
    Notification { method: String, params: Value },
    /// An answer to a request of ours.
    Answer,
    /// Not a message of the protocol.
    Malformed {
        id: Value,
        code: i64,
        message: String,
    },
}

#[derive(Deserialize)]
struct Raw {
    id: Option<Value>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
}

/// Reads the next message; `None` at the end of the stream.
///
/// # Errors
/// What the stream gives, or that no message begins where one should: from
/// there on nothing can be told apart.
pub(crate) fn read(input: &mut dyn BufRead) -> io::Result<Option<Incoming>> {
    let Some(length) = header(input)? else {
        return Ok(None);
    };
    if length > MAX_MESSAGE {
        let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
        if skipped < length {
            return Ok(None);
        }
        return Ok(Some(malformed(
            code::INVALID_REQUEST,
            format!("the message has {length} bytes; at most {MAX_MESSAGE} are read"),
        )));
    }
    let mut bytes = Vec::new();
    let mut bounded = input.take(length);
    if io::copy(&mut bounded, &mut bytes)? < length {
        return Ok(None);
    }
    Ok(Some(message(&bytes)))
}

/// The length that the header announces.
fn header(input: &mut dyn BufRead) -> io::Result<Option<u64>> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut length = None;
    let mut first = true;
    loop {
        let mut line = Vec::new();
        input.take(MAX_HEADER).read_until(b'\n', &mut line)?;
        if line.is_empty() && first {
            return Ok(None);
        }
        first = false;
        if line.last() != Some(&b'\n') {
            return Err(broken("a line of the header does not end"));
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            return length
                .map(Some)
                .ok_or_else(|| broken("the header does not say how long the message is"));
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| broken("a line of the header has no colon"))?;
        if name.trim().eq_ignore_ascii_case("content-length") {
            let number = value.trim().parse();
            length = Some(number.map_err(|_| broken("the length of a message is no number"))?);
        }
    }
}

fn malformed(code: i64, message: String) -> Incoming {
    Incoming::Malformed {
        id: Value::Null,
        code,
        message,
    }
}

fn message(bytes: &[u8]) -> Incoming {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => return malformed(code::PARSE_ERROR, error.to_string()),
    };
    let Ok(raw) = Raw::deserialize(value) else {
        return malformed(
            code::INVALID_REQUEST,
            "the message is no request, notification or response".to_owned(),
        );
    };
    match (raw.id, raw.method) {
        (Some(id @ (Value::String(_) | Value::Number(_))), Some(method)) => Incoming::Request {
            id,
            method,
            params: raw.params,
        },
        (None | Some(Value::Null), Some(method)) => Incoming::Notification {
            method,
            params: raw.params,
        },
        (Some(_), None) => Incoming::Answer,
        (Some(_), Some(_)) => malformed(
            code::INVALID_REQUEST,
            "the id of a request is a number or a string".to_owned(),
        ),
        (None, None) => malformed(
            code::INVALID_REQUEST,
            "the message has no method".to_owned(),
        ),
    }
}

/// Writes one message.
pub(crate) fn write(output: &mut dyn Write, message: &Value) -> io::Result<()> {
    let text = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

pub(crate) fn result(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

pub(crate) fn error(id: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

pub(crate) fn notification(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn framed(text: &str) -> Vec<u8> {
        format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
    }

    #[test]
    fn what_is_no_message_is_answered_and_the_next_one_read() {
        let mut stream = framed("{not json");
        stream.extend(framed("[1, 2]"));
        stream.extend(framed(r#"{"id": {}, "method": "x"}"#));
        stream.extend(framed(r#"{"id": 7, "method": "shutdown"}"#));
        let mut input = stream.as_slice();
        let code = |incoming| match incoming {
            Some(Incoming::Malformed { code, .. }) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(code(read(&mut input).unwrap()), code::PARSE_ERROR);
        assert_eq!(code(read(&mut input).unwrap()), code::INVALID_REQUEST);
        assert_eq!(code(read(&mut input).unwrap()), code::INVALID_REQUEST);
        let last = read(&mut input).unwrap().unwrap();
        let Incoming::Request { id, method, .. } = last else {
            panic!("{last:?}");
        };
        assert_eq!((id, method.as_str()), (json!(7), "shutdown"));
        assert_eq!(read(&mut input).unwrap(), None);
    }

    #[test]
    fn a_length_that_no_memory_has_is_not_allocated() {
        let mut input = &b"Content-Length: 18446744073709551615\r\n\r\n{}"[..];
        assert_eq!(read(&mut input).unwrap(), None);
        let mut input = &b"Content-Length: 99999999999999999999999\r\n\r\n{}"[..];
        assert!(read(&mut input).is_err());
        let mut endless = io::BufReader::new(io::repeat(b'x'));
        assert!(read(&mut endless).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut input = bytes.as_slice();
            while let Ok(Some(_)) = read(&mut input) {}
        }

        #[test]
        fn any_body_is_read_to_its_end(body in "[ -~é]{0,80}") {
            let mut stream = framed(&body);
            stream.extend(framed(r#"{"method": "exit"}"#));
            let mut input = stream.as_slice();
            prop_assert!(read(&mut input).unwrap().is_some());
            let exit = Incoming::Notification { method: "exit".to_owned(), params: Value::Null };
            prop_assert_eq!(read(&mut input).unwrap(), Some(exit));
        }
    }
}
