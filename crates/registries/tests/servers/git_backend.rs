//! A real git server on this machine: git's own `http-backend` behind a small
//! bridge from HTTP to CGI, and repositories that the tests make.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// A request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What the server does with a request.
pub(crate) enum Answer {
    /// What git says.
    Git,
    /// What git says, changed.
    Changed(Box<dyn FnOnce(Vec<u8>) -> Vec<u8> + Send>),
    /// What git says to somebody who asks for no version of the protocol.
    Old,
    /// The file at the path, as a server gives it that knows nothing of git.
    File,
    /// These bytes, head and all; then the connection ends.
    Raw(Vec<u8>),
    /// This head, and then the same bytes for as long as anybody listens.
    Endless(Vec<u8>, Vec<u8>),
}

type Decide = dyn Fn(&Asked) -> Answer + Send + Sync;

/// A server that runs until the test ends.
pub(crate) struct GitServer {
    pub(crate) root: String,
    pub(crate) folder: PathBuf,
    asked: Arc<Mutex<Vec<Asked>>>,
    decide: Arc<Mutex<Arc<Decide>>>,
}

impl GitServer {
    /// Serves the repositories below a folder, as `OWNER/REPO.git`.
    pub(crate) fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let server = Self {
            root,
            folder: folder.to_owned(),
            asked: Arc::default(),
            decide: Arc::new(Mutex::new(Arc::new(|_: &Asked| Answer::Git))),
        };
        let (asked, decide) = (Arc::clone(&server.asked), Arc::clone(&server.decide));
        let folder = folder.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (asked, decide) = (Arc::clone(&asked), Arc::clone(&decide));
                let folder = folder.clone();
                std::thread::spawn(move || serve(stream, &folder, &asked, &decide));
            }
        });
        server
    }

    /// Says what is done with requests from now on.
    pub(crate) fn decide(&self, decide: impl Fn(&Asked) -> Answer + Send + Sync + 'static) {
        *self.decide.lock().unwrap() = Arc::new(decide);
    }

    /// The requests since the last call.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn serve(stream: TcpStream, folder: &Path, asked: &Mutex<Vec<Asked>>, decide: &Mutex<Arc<Decide>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let Some(request) = read_request(&mut reader) else {
        return;
    };
    asked.lock().unwrap().push(request.clone());
    let decide = Arc::clone(&decide.lock().unwrap());
    let bytes = match decide(&request) {
        Answer::Git => git(folder, &request, |body| body),
        Answer::Changed(change) => git(folder, &request, change),
        Answer::Old => {
            let mut old = request.clone();
            old.headers.retain(|(name, _)| name != "git-protocol");
            git(folder, &old, |body| body)
        }
        Answer::File => file(folder, &request.path),
        Answer::Raw(bytes) => bytes,
        Answer::Endless(head, again) => {
            if stream.write_all(&head).is_ok() {
                while stream.write_all(&again).is_ok() {}
            }
            return;
        }
    };
    // The client may have seen enough.
    let _ = stream.write_all(&bytes);
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    })
}

/// An answer whose connection ends with it.
pub(crate) fn response(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    out
}

fn file(folder: &Path, path: &str) -> Vec<u8> {
    assert!(!path.contains(".."), "{path}");
    let inner = path.replacen(".git/", ".git/.git/", 1);
    match fs::read(folder.join(inner.trim_start_matches('/'))) {
        Ok(bytes) => response("200 OK", &[("content-type", "text/plain")], &bytes),
        Err(_) => response("404 Not Found", &[], b""),
    }
}

fn git(folder: &Path, asked: &Asked, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let header = |wanted: &str| {
        let found = asked.headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut child = plain_git()
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", folder)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", &asked.path)
        .env("QUERY_STRING", &asked.query)
        .env("REQUEST_METHOD", &asked.method)
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("CONTENT_LENGTH", asked.body.len().to_string())
        .env("HTTP_GIT_PROTOCOL", header("git-protocol"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let body = asked.body.clone();
    let writer = std::thread::spawn(move || {
        let _ = input.write_all(&body);
    });
    let output = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let end = output.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("http-backend does not end its head"));
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let body = change(output[end + 4..].to_vec());
    let mut status = "200 OK".to_owned();
    let mut headers = Vec::new();
    for line in head.lines() {
        match line.split_once(": ") {
            Some(("Status", value)) => status = value.to_owned(),
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => {}
        }
    }
    let headers: Vec<(&str, &str)> = (headers.iter())
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    response(&status, &headers, &body)
}

/// Git without anybody's configuration, at a fixed time.
pub(crate) fn plain_git() -> Command {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            git.env_remove(name);
        }
    }
    git.env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Author Ä")
        .env("GIT_AUTHOR_EMAIL", "author@example.com")
        .env("GIT_COMMITTER_NAME", "Committer")
        .env("GIT_COMMITTER_EMAIL", "committer@example.com")
        .env("GIT_AUTHOR_DATE", "1700000000 +0200")
        .env("GIT_COMMITTER_DATE", "1700000060 -0330")
        .env("TZ", "UTC")
        .args(["-c", "core.hooksPath=/dev/null"])
        .args(["-c", "init.defaultBranch=main"])
        .args(["-c", "uploadpack.allowFilter=true"])
        .args(["-c", "protocol.file.allow=always"]);
    git
}

/// A repository that a test makes; its bare form is what is served.
pub(crate) struct Made {
    pub(crate) folder: PathBuf,
}

impl Made {
    /// `OWNER/REPO.git` below the folder that is served.
    pub(crate) fn new(served: &Path, slug: &str) -> Self {
        let folder = served.join(format!("{slug}.git"));
        fs::create_dir_all(&folder).unwrap();
        let made = Self { folder };
        made.git(&["init", "-q"]);
        made
    }

    /// Runs git in it and gives what it prints.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = plain_git()
            .current_dir(&self.folder)
            .args(arguments)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// Commits everything and gives the id.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}
