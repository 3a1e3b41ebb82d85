//! A server of HTTP/1.1, one request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

/// The most bytes of a request.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What was asked.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The token in the header, where one is.
    pub(crate) token: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What is sent back.
pub struct Answer {
    status: u16,
    kind: &'static str,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::bytes(status, "application/json", value.to_string().into_bytes())
    }

    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "code": status, "message": message }))
    }

    pub(crate) fn bytes(status: u16, kind: &'static str, body: Vec<u8>) -> Self {
        Self { status, kind, body }
    }
}

/// Listens on the loopback until it is dropped.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    ends: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback");
        let address = listener.local_addr().unwrap();
        Self {
            listener,
            address,
            ends: Arc::default(),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn serve(&self, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) {
        let listener = self.listener.try_clone().unwrap();
        let ends = self.ends.clone();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let answer = answer.clone();
                // A client that goes away in the middle is no fault of the server.
                std::thread::spawn(move || stream.ok().and_then(|stream| one(stream, &*answer)));
            }
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for the next one.
        drop(TcpStream::connect(self.address));
    }
}

fn one(stream: TcpStream, answer: &dyn Fn(&Request) -> Answer) -> Option<()> {
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?.take(MOST_BYTES));
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    let mut token = None;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
        if name.eq_ignore_ascii_case("authorization") {
            token = value.trim().strip_prefix("Bearer ").map(str::to_owned);
        }
    }
    if length > MOST_BYTES {
        return None;
    }
    let mut body = vec![0; usize::try_from(length).ok()?];
    reader.read_exact(&mut body).ok()?;
    let Answer { status, kind, body } = answer(&Request {
        method,
        path,
        token,
        body,
    });
    let mut stream = stream;
    let head = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()?;
    stream.flush().ok()
}
