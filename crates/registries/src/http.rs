//! A GET over HTTP in which everything has a limit: the size of the body, the
//! time, the number of redirects and where they may lead.
//!
//! Nothing is read from the environment: a token or a proxy is passed by the
//! caller or not used. Must not be called from inside an async runtime, since
//! the client blocks.

use std::fmt;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::blocking::{Client, RequestBuilder};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Proxy, Url, redirect};

/// A credential that no output format shows.
#[derive(Clone)]
pub struct Token(HeaderValue);

impl Token {
    /// Takes a token as the user gave it, without surrounding white space.
    ///
    /// # Errors
    /// [`HttpError::Token`] if it is empty or has characters that no header
    /// may carry.
    pub fn new(text: &str) -> Result<Self, HttpError> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HttpError::Token);
        }
        let mut value =
            HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| HttpError::Token)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// A name with its secret, in the form of RFC 7617.
    ///
    /// # Errors
    /// [`HttpError::Token`] if the secret is empty, or one of them has
    /// characters that cannot be sent so.
    pub fn basic(user: &str, secret: &str) -> Result<Self, HttpError> {
        let secret = secret.trim();
        let plain = |text: &str| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if secret.is_empty() || user.contains(':') || !plain(user) || !plain(secret) {
            return Err(HttpError::Token);
        }
        let pair = BASE64.encode(format!("{user}:{secret}"));
        let mut value =
            HeaderValue::try_from(format!("Basic {pair}")).map_err(|_| HttpError::Token)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}

/// The limits of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that a body may have.
    pub body_bytes: u64,
    /// The most time until the connection stands.
    pub connect: Duration,
    /// The most time without a byte.
    pub idle: Duration,
    /// The most time until the body has come.
    pub total: Duration,
    /// The most redirects in a row.
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 * 1024 * 1024,
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(30),
            redirects: 3,
        }
    }
}

/// An authority whose certificates are believed beside those of the system.
#[derive(Clone, Debug)]
pub struct Authority(Certificate);

impl Authority {
    /// Every certificate of a text in PEM.
    ///
    /// # Errors
    /// [`HttpError::Authority`] if there is none, or one that cannot be read.
    pub fn from_pem(text: &[u8]) -> Result<Vec<Self>, HttpError> {
        let read = Certificate::from_pem_bundle(text).map_err(|_| HttpError::Authority)?;
        if read.is_empty() {
            return Err(HttpError::Authority);
        }
        Ok(read.into_iter().map(Self).collect())
    }
}

/// What a client sends along, and how it connects.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The credential that goes with every request.
    pub token: Option<Token>,
    /// The address of a proxy for https. Plain http, which goes to this machine
    /// only, never takes it.
    pub proxy: Option<String>,
    /// The limits.
    pub limits: Limits,
    /// Follow redirects to other hosts too, inside TLS. Only for answers that
    /// prove themselves by a hash, and never with a token.
    pub any_host: bool,
    /// Authorities of one's own, beside those of the system.
    pub authorities: Vec<Authority>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The token cannot stand in a header.
    #[error("the token is empty or has characters that no token has")]
    Token,
    /// The address is not one of HTTP.
    #[error("`{url}` is no http or https address")]
    Address {
        /// The address.
        url: String,
    },
    /// The address would show the token to everyone on the way.
    #[error("`{url}` is not https, and plain http is used to this machine only")]
    Plaintext {
        /// The address.
        url: String,
    },
    /// What should hold certificates does not.
    #[error("there is no certificate of an authority in PEM")]
    Authority,
    /// The proxy's address is not usable.
    #[error("the address of the proxy is not usable")]
    Proxy(#[source] reqwest::Error),
    /// The client could not be set up, for instance without root certificates.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] reqwest::Error),
    /// No answer came, or it broke off.
    #[error("no answer came from {host}: {}", deepest(.source))]
    Unreachable {
        /// The host that was asked, with its port where one is named.
        host: String,
        /// What happened.
        source: reqwest::Error,
    },
    /// The body broke off.
    #[error("the answer broke off")]
    Broken(#[source] io::Error),
    /// The body is larger than the limit.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

/// The innermost cause, which says most: that a name is not known, for instance.
fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers with lower-case names; those that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// A body that is read as it comes, within the limits of its request.
pub struct Body {
    inner: reqwest::blocking::Response,
    left: u64,
    limit: u64,
    until: Instant,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("left", &self.left).finish()
    }
}

impl Read for Body {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.until {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "it took longer than the limit",
            ));
        }
        let read = self.inner.read(bytes)?;
        // Everything up to the limit is handed on; the first byte beyond it is
        // an error, so that a cut body never looks complete.
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(format!("it has more than {} bytes", self.limit)))?;
        Ok(read)
    }
}

/// An answer of which the body has not been read.
#[derive(Debug)]
pub struct Stream {
    /// The HTTP status.
    pub status: u16,
    /// The headers with lower-case names; those that are not text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

impl Stream {
    /// The first header of that lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// Asks by GET and HEAD, and sends by POST, PUT and PATCH.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client,
    limits: Limits,
}

impl HttpClient {
    /// Sets up a client. `agent` is the user agent that it names itself.
    ///
    /// # Errors
    /// [`HttpError::Proxy`] or [`HttpError::Setup`].
    pub fn new(agent: &str, connection: &Connection) -> Result<Self, HttpError> {
        let limits = connection.limits.clone();
        let mut headers = HeaderMap::new();
        if let Some(token) = &connection.token {
            headers.insert(AUTHORIZATION, token.0.clone());
        }
        let mut builder = Client::builder()
            .user_agent(agent)
            .default_headers(headers)
            .connect_timeout(limits.connect)
            .timeout(limits.idle.min(limits.total))
            .redirect(if connection.any_host && connection.token.is_none() {
                any_secure(limits.redirects)
            } else {
                same_origin(limits.redirects)
            })
            // Without this the client would read the proxy from the environment.
            .no_proxy();
        if let Some(proxy) = &connection.proxy {
            builder = builder.proxy(Proxy::https(proxy).map_err(HttpError::Proxy)?);
        }
        if !connection.authorities.is_empty() {
            let all = connection.authorities.iter().map(|one| one.0.clone());
            builder = builder.tls_certs_merge(all);
        }
        let client = builder.build().map_err(HttpError::Setup)?;
        Ok(Self { client, limits })
    }

    /// Asks for `url`. Any status is an answer; a redirect to another host is
    /// not followed and comes back as it is.
    ///
    /// # Errors
    /// [`HttpError`] if the address is not allowed, no answer came, or the
    /// body is larger than the limit.
    #[expect(
        clippy::disallowed_methods,
        reason = "the reader is a `take`, so that the end is bounded"
    )]
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Response, HttpError> {
        let answer = self.send(self.client.get(allowed(url)?), headers)?;
        let limit = self.limits.body_bytes;
        let length = answer
            .header("content-length")
            .and_then(|length| length.parse().ok());
        if length.is_some_and(|length: u64| length > limit) {
            return Err(HttpError::TooLarge { limit });
        }
        let mut answer = answer;
        let mut body = Vec::new();
        // One byte more than the limit shows that there is more.
        answer.body.left = limit.saturating_add(1);
        (&mut answer.body)
            .take(limit.saturating_add(1))
            .read_to_end(&mut body)
            .map_err(HttpError::Broken)?;
        if u64::try_from(body.len()).unwrap_or(u64::MAX) > limit {
            return Err(HttpError::TooLarge { limit });
        }
        Ok(Response {
            status: answer.status,
            headers: answer.headers,
            body,
        })
    }

    /// Asks for `url` and leaves the body to be read.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn open(&self, url: &str, headers: &[(&str, &str)]) -> Result<Stream, HttpError> {
        self.send(self.client.get(allowed(url)?), headers)
    }

    /// Asks for the headers of `url` alone.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn head(&self, url: &str, headers: &[(&str, &str)]) -> Result<Stream, HttpError> {
        self.send(self.client.head(allowed(url)?), headers)
    }

    /// Sends `body` to `url` and leaves the answer's body to be read.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Stream, HttpError> {
        self.send(self.client.post(allowed(url)?).body(body), headers)
    }

    /// Puts `body` to `url` and leaves the answer's body to be read.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn put(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Stream, HttpError> {
        self.send(self.client.put(allowed(url)?).body(body), headers)
    }

    /// Sends `body` to be added to what is at `url`, and leaves the answer's
    /// body to be read.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn patch(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Stream, HttpError> {
        self.send(self.client.patch(allowed(url)?).body(body), headers)
    }

    fn send(
        &self,
        mut request: RequestBuilder,
        headers: &[(&str, &str)],
    ) -> Result<Stream, HttpError> {
        let until = Instant::now() + self.limits.total;
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().map_err(|error| HttpError::Unreachable {
            host: error.url().map_or_else(String::new, host_and_port),
            source: error.without_url(),
        })?;
        Ok(Stream {
            status: answer.status().as_u16(),
            headers: answer.headers().iter().filter_map(text_header).collect(),
            body: Body {
                inner: answer,
                left: self.limits.body_bytes,
                limit: self.limits.body_bytes,
                until,
            },
        })
    }
}

fn text_header((name, value): (&HeaderName, &HeaderValue)) -> Option<(String, String)> {
    Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
}

/// Security invariant: a token leaves this machine only inside TLS.
pub(crate) fn allowed(url: &str) -> Result<Url, HttpError> {
    let parsed = Url::parse(url).map_err(|_| HttpError::Address {
        url: url.to_owned(),
    })?;
    match parsed.scheme() {
        "https" => Ok(parsed),
        "http" if is_this_machine(&parsed) => Ok(parsed),
        "http" => Err(HttpError::Plaintext {
            url: url.to_owned(),
        }),
        _ => Err(HttpError::Address {
            url: url.to_owned(),
        }),
    }
}

pub(crate) fn is_this_machine(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Security invariant: a redirect never carries the request, and with it the
/// token, to another host, port or scheme.
fn same_origin(most: usize) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        let stays = attempt
            .previous()
            .first()
            .is_some_and(|first| first.origin() == attempt.url().origin());
        if stays && attempt.previous().len() <= most {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

/// Redirects to any host, where the rules for addresses allow it.
fn any_secure(most: usize) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        let previous = attempt.previous();
        // From outside nobody leads to a service of this machine.
        let stays_outside =
            !is_this_machine(attempt.url()) || previous.first().is_some_and(is_this_machine);
        let may = allowed(attempt.url().as_str()).is_ok() && stays_outside;
        if may && previous.len() <= most {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    /// Answers each connection with the next text, and gives the requests.
    fn serve(answers: Vec<String>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let handle = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = [0_u8; 4096];
                let read = stream.read(&mut buffer).unwrap();
                requests.push(String::from_utf8_lossy(buffer.get(..read).unwrap()).into_owned());
                // The client may close early when a limit is met.
                let _ = stream.write_all(answer.as_bytes());
            }
            requests
        });
        (root, handle)
    }

    fn client(limits: Limits) -> HttpClient {
        let token = Some(Token::new("secret-value").unwrap());
        HttpClient::new(
            "test",
            &Connection {
                token,
                limits,
                ..Connection::default()
            },
        )
        .unwrap()
    }

    #[test]
    fn a_token_is_sent_but_never_shown() {
        let (root, server) = serve(vec![
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into(),
        ]);
        let client = client(Limits::default());
        let answer = client
            .get(&format!("{root}/x"), &[("accept", "a/b")])
            .unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (200, b"{}".as_slice())
        );
        let request = server.join().unwrap().remove(0).to_lowercase();
        assert!(
            request.contains("authorization: bearer secret-value"),
            "{request}"
        );
        assert!(request.contains("accept: a/b"), "{request}");
        assert!(!format!("{client:?}").contains("secret-value"));
        assert!(!format!("{:?}", Token::new("secret-value").unwrap()).contains("secret"));
    }

    #[test]
    fn a_token_with_a_line_break_is_refused() {
        for text in ["", "  ", "a\nb", "a b", "t\u{e9}"] {
            assert!(
                matches!(Token::new(text), Err(HttpError::Token)),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_body_over_the_limit_is_an_error_with_or_without_a_length() {
        let long = "x".repeat(2000);
        for head in [
            "HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
        ] {
            let (root, _server) = serve(vec![format!("{head}{long}")]);
            let limits = Limits {
                body_bytes: 1000,
                ..Limits::default()
            };
            let result = client(limits).get(&root, &[]);
            assert!(
                matches!(result, Err(HttpError::TooLarge { limit: 1000 })),
                "{result:?}"
            );
        }
    }

    #[test]
    fn a_body_of_exactly_the_limit_is_read() {
        let answer = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1000));
        let (root, _server) = serve(vec![answer]);
        let limits = Limits {
            body_bytes: 1000,
            ..Limits::default()
        };
        assert_eq!(client(limits).get(&root, &[]).unwrap().body.len(), 1000);
    }

    #[test]
    fn a_redirect_to_another_origin_comes_back_and_is_not_followed() {
        let (other, _never_asked) = serve(vec![String::new()]);
        let answer = format!("HTTP/1.1 302 F\r\nlocation: {other}/y\r\ncontent-length: 0\r\n\r\n");
        let (root, _server) = serve(vec![answer]);
        assert_eq!(
            client(Limits::default()).get(&root, &[]).unwrap().status,
            302
        );
    }

    #[test]
    fn a_redirect_on_the_same_origin_is_followed_within_the_limit() {
        let hop = || {
            "HTTP/1.1 301 M\r\nlocation: /y\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                .to_owned()
        };
        let end = || "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned();
        let (root, _server) = serve(vec![hop(), end()]);
        assert_eq!(
            client(Limits::default()).get(&root, &[]).unwrap().status,
            200
        );
        let (root, _server) = serve(vec![hop(), hop(), hop(), hop(), end()]);
        assert_eq!(
            client(Limits::default()).get(&root, &[]).unwrap().status,
            301
        );
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        let client = client(Limits::default());
        for url in [
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/",
        ] {
            assert!(
                matches!(client.get(url, &[]), Err(HttpError::Plaintext { .. })),
                "{url}"
            );
        }
        for url in ["ftp://127.0.0.1/", "file:///etc/passwd", "nonsense"] {
            assert!(
                matches!(client.get(url, &[]), Err(HttpError::Address { .. })),
                "{url}"
            );
        }
    }

    #[test]
    fn silence_ends_in_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let limits = Limits {
            total: Duration::from_millis(200),
            ..Limits::default()
        };
        assert!(matches!(
            client(limits).get(&root, &[]),
            Err(HttpError::Unreachable { .. })
        ));
    }
}
