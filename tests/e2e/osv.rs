//! Databases of advisories, a mirror of them and OSV's service, all made by the test.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use cofferdam_facts::Timestamp;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use crate::sandbox::{Ran, Sandbox};

/// The present second.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap())
}

/// An advisory about versions of a package before 2.0.0.
pub(crate) fn advisory(id: &str, ecosystem: &str, name: &str) -> Value {
    json!({
        "schema_version": "1.7.0",
        "id": id,
        "modified": now().to_string(),
        "summary": format!("Something is wrong in {name}"),
        "affected": [{
            "package": { "ecosystem": ecosystem, "name": name },
            "ranges": [{
                "type": "SEMVER",
                "events": [{ "introduced": "0" }, { "fixed": "2.0.0" }],
            }],
        }],
    })
}

/// `all.zip` of advisories.
pub(crate) fn archive(advisories: &[Value]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for one in advisories {
        let name = format!("{}.json", one["id"].as_str().unwrap());
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(one.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The folder of caches of a sandbox.
pub(crate) fn cache(sandbox: &Sandbox) -> PathBuf {
    sandbox.outside().join("cache")
}

/// Puts a database where OSV's scanner would.
pub(crate) fn put(sandbox: &Sandbox, ecosystem: &str, bytes: &[u8]) -> PathBuf {
    let folder = cache(sandbox).join("osv-scanner").join(ecosystem);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("all.zip");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Runs `cofferdam deps` with the databases of the sandbox.
pub(crate) fn deps(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let cache = cache(sandbox);
    let variables = [(
        "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY",
        cache.to_str().unwrap(),
    )];
    sandbox.run_with(&[&["deps"][..], args].concat(), &variables, b"")
}

/// `cofferdam deps vulns` as JSON.
pub(crate) fn vulns(sandbox: &Sandbox, args: &[&str]) -> (i32, Value) {
    let ran = deps(
        sandbox,
        &[&["vulns", "--format", "json"][..], args].concat(),
    );
    let value = serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
    (ran.code, value)
}

/// The ids that were found.
pub(crate) fn ids(value: &Value) -> Vec<&str> {
    let all = value["vulnerabilities"].as_array().unwrap();
    all.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

/// Everything that was not checked, in words.
pub(crate) fn not_checked(value: &Value) -> String {
    let all = value["not_checked"].as_array().unwrap();
    let messages = all.iter().map(|one| one["message"].as_str().unwrap());
    messages.collect::<Vec<_>>().join("\n")
}

/// A lockfile of npm with packages of the public registry.
pub(crate) fn package_lock(packages: &[(&str, &str)]) -> String {
    let mut all = serde_json::Map::new();
    let wanted: BTreeMap<&str, &str> = packages.iter().copied().collect();
    all.insert(
        String::new(),
        json!({ "name": "app", "dependencies": wanted }),
    );
    for (name, version) in packages {
        let resolved = format!("https://registry.npmjs.org/{name}/-/x-{version}.tgz");
        let value = json!({ "version": version, "resolved": resolved });
        all.insert(format!("node_modules/{name}"), value);
    }
    let lock = json!({ "name": "app", "lockfileVersion": 3, "packages": all });
    serde_json::to_string_pretty(&lock).unwrap()
}

type Answer =
    Box<dyn Fn(&str, &[u8]) -> (&'static str, Vec<(String, String)>, Vec<u8>) + Send + Sync>;

/// A server on this machine.
pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers `METHOD PATH` and a body by a status, headers and a body.
    pub(crate) fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || one(&mut stream.unwrap(), &log, &answer));
            }
        });
        Self { address, asked }
    }

    /// What was asked, in order: `METHOD PATH BODY`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// A mirror of archives by ecosystem, of this last change.
    pub(crate) fn mirror(archives: BTreeMap<String, Vec<u8>>, changed: String) -> Self {
        Self::start(Box::new(move |asked, _| {
            let path = asked.strip_prefix("GET /").unwrap_or_default();
            let name = path
                .strip_suffix("/all.zip")
                .unwrap_or_default()
                .replace("%20", " ");
            match archives.get(&name) {
                Some(bytes) => {
                    let headers = vec![("last-modified".to_owned(), changed.clone())];
                    ("200 OK", headers, bytes.clone())
                }
                None => ("404 Not Found", Vec::new(), Vec::new()),
            }
        }))
    }

    /// OSV's service by its description: `POST /v1/querybatch` gives ids alone, one on
    /// each page, and `GET /v1/vulns/ID` the documents.
    pub(crate) fn service(advisories: Vec<Value>) -> Self {
        Self::start(Box::new(move |asked, body| {
            let bad = |text: &str| {
                let page = json!({ "code": 3, "message": text }).to_string();
                ("400 Bad Request", Vec::new(), page.into_bytes())
            };
            if let Some(id) = asked.strip_prefix("GET /v1/vulns/") {
                let found = advisories.iter().find(|one| one["id"] == id);
                return match found {
                    Some(one) => ("200 OK", Vec::new(), one.to_string().into_bytes()),
                    None => ("404 Not Found", Vec::new(), b"{\"code\":5}".to_vec()),
                };
            }
            if asked != "POST /v1/querybatch" {
                return ("404 Not Found", Vec::new(), Vec::new());
            }
            let Ok(batch) = serde_json::from_slice::<Value>(body) else {
                return bad("no JSON");
            };
            let Some(queries) = batch["queries"].as_array().filter(|all| all.len() <= 1000) else {
                return bad("too many queries");
            };
            let results = queries.iter().map(|query| result(&advisories, query));
            let page = json!({ "results": results.collect::<Vec<_>>() });
            ("200 OK", Vec::new(), page.to_string().into_bytes())
        }))
    }
}

fn result(advisories: &[Value], query: &Value) -> Value {
    assert!(query["version"].is_string(), "{query}");
    let of = |one: &&Value| one["affected"][0]["package"] == query["package"];
    let found: Vec<&Value> = advisories.iter().filter(of).collect();
    let page: usize = match &query["page_token"] {
        Value::String(token) => token.parse().unwrap(),
        _ => 0,
    };
    let Some(one) = found.get(page) else {
        return json!({});
    };
    let mut answer = json!({ "vulns": [{ "id": one["id"], "modified": one["modified"] }] });
    if page + 1 < found.len() {
        answer["next_page_token"] = json!((page + 1).to_string());
    }
    answer
}

fn one(stream: &mut TcpStream, log: &Mutex<Vec<String>>, answer: &Answer) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = bytes.split_off(end);
    while body.len() < length.unwrap_or(0) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => body.extend_from_slice(&buffer[..count]),
        }
    }
    let asked: Vec<&str> = head.split(' ').take(2).collect();
    let asked = asked.join(" ");
    log.lock()
        .unwrap()
        .push(format!("{asked} {}", String::from_utf8_lossy(&body)));
    let (status, headers, body) = answer(&asked, &body);
    let mut text = format!("HTTP/1.1 {status}\r\nconnection: close\r\n");
    // What is sent may be less than what is announced.
    if !headers.iter().any(|(name, _)| name == "content-length") {
        text += &format!("content-length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    let _ = stream.write_all(&[text.as_bytes(), b"\r\n", &body].concat());
}
