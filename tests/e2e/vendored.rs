//! `cofferdam deps vendor`, with modules that the test publishes on a module
//! proxy and a checksum database of its own, on this machine.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cofferdam_trees::sumdb::proof::{leaf_hash, node_hash};
use cofferdam_trees::{Digest, Manifest};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;

use crate::sandbox::{Ran, Sandbox};

const MODULE: &str = "example.org/Lib";
const VERSION: &str = "v1.0.0";
const FILES: &[(&str, &str)] = &[
    ("LICENSE", "free\n"),
    ("go.mod", "module example.org/Lib\n\ngo 1.20\n"),
    (
        "lib.go",
        "package lib\n\nfunc Valid() bool { return false }\n",
    ),
    ("check.go", "package lib\n\nfunc check() {}\n"),
    ("lib_test.go", "package lib\n"),
    ("gen.go", "//go:build ignore\n\npackage main\n"),
];
const NAME: &str = "sum.example.org";

/// A proxy with one module, and a checksum database with one record.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    key: String,
    sum: String,
}

impl Server {
    fn start() -> Self {
        let manifest = Manifest::new(
            FILES
                .iter()
                .map(|(path, text)| (Box::from(*path), Digest::of(text.as_bytes()))),
        );
        let sum = manifest
            .unwrap()
            .h1(&format!("{MODULE}@{VERSION}/"))
            .to_string();
        let (key, signing) = key();
        let record = format!("{MODULE} {VERSION} {sum}\n{MODULE} {VERSION}/go.mod {sum}\n");
        // Another record, so that there is a path to prove.
        let (other, leaf) = (leaf_hash(b"other"), leaf_hash(record.as_bytes()));
        let root = node_hash(&other, &leaf);
        let note = note(&signing, &key, &root);
        let mut pages: HashMap<String, Vec<u8>> = HashMap::new();
        let mut page = |path: &str, bytes: Vec<u8>| pages.insert(path.to_owned(), bytes);
        page("/example.org/!lib/@v/v1.0.0.zip", archive());
        page(&format!("/sumdb/{NAME}/supported"), Vec::new());
        let lookup = format!("1\n{record}\n{note}");
        page(
            &format!("/sumdb/{NAME}/lookup/example.org/!lib@v1.0.0"),
            lookup.into_bytes(),
        );
        page(
            &format!("/sumdb/{NAME}/tile/8/0/000.p/2"),
            [other, leaf].concat(),
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 4096];
                let count = stream.read(&mut request).unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..count]).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                let (status, body) = match pages.get(&path) {
                    Some(body) => ("200 OK", body.as_slice()),
                    None => ("404 Not Found", b"".as_slice()),
                };
                log.lock().unwrap().push(path);
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(&[head.as_bytes(), body].concat());
            }
        });
        Self {
            address,
            asked,
            key,
            sum,
        }
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn archive() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (path, text) in FILES {
        let name = format!("{MODULE}@{VERSION}/{path}");
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn key() -> (String, SigningKey) {
    let signing = SigningKey::from_bytes(&[7; 32]);
    let data = [&[1], signing.verifying_key().as_bytes().as_slice()].concat();
    let hash = Sha256::digest([NAME.as_bytes(), b"\n", &data].concat());
    let mut hex = String::new();
    for byte in &hash[..4] {
        write!(hex, "{byte:02x}").unwrap();
    }
    (format!("{NAME}+{hex}+{}", STANDARD.encode(data)), signing)
}

fn note(signing: &SigningKey, key: &str, root: &[u8; 32]) -> String {
    let text = format!("go.sum database tree\n2\n{}\n", STANDARD.encode(root));
    let hash = u32::from_str_radix(key.split('+').nth(1).unwrap(), 16).unwrap();
    let signature = signing.sign(text.as_bytes()).to_bytes();
    let data = [hash.to_be_bytes().as_slice(), &signature].concat();
    format!("{text}\n\u{2014} {NAME} {}\n", STANDARD.encode(data))
}

/// A checkout that vendors the module, committed.
fn checkout(server: &Server) -> Sandbox {
    let sandbox = Sandbox::new();
    let require = format!("module example.org/main\n\ngo 1.24\n\nrequire {MODULE} {VERSION}\n");
    sandbox.write("go.mod", require);
    sandbox.write("go.sum", format!("{MODULE} {VERSION} {}\n", server.sum));
    let list = format!("# {MODULE} {VERSION}\n## explicit; go 1.20\n{MODULE}\n");
    sandbox.write("vendor/modules.txt", list);
    for (path, text) in FILES {
        if matches!(*path, "LICENSE" | "lib.go" | "check.go") {
            sandbox.write(&format!("vendor/{MODULE}/{path}"), text);
        }
    }
    sandbox.commit();
    sandbox
}

fn run(sandbox: &Sandbox, server: &Server, args: &[&str]) -> Ran {
    let mut all = vec!["deps", "vendor"];
    all.extend(args);
    let environment = [
        ("GOPROXY", server.address.as_str()),
        ("GOSUMDB", server.key.as_str()),
    ];
    sandbox.run_with(&all, &environment, b"")
}

fn json(sandbox: &Sandbox, server: &Server, args: &[&str]) -> (i32, Value) {
    let ran = run(
        sandbox,
        server,
        &[&["check", "--format", "json"], args].concat(),
    );
    (ran.code, serde_json::from_str(&ran.out).unwrap())
}

fn codes(value: &Value) -> Vec<&str> {
    let problems = value["trees"][0]["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_module_is_proven_by_the_proxy_the_cache_the_base_and_the_database() {
    let server = Server::start();
    let sandbox = checkout(&server);
    let (code, value) = json(&sandbox, &server, &["--offline"]);
    assert_eq!((code, server.asked()), (3, 0), "{value:#}");
    let module = |value: &Value| {
        let module = &value["trees"][0]["modules"][0];
        ["state", "anchor", "source"].map(|key| module[key].as_str().unwrap_or("-").to_owned())
    };
    let (code, value) = json(&sandbox, &server, &[]);
    assert_eq!(code, 0, "{value:#}");
    assert_eq!(module(&value), ["lock-only", "lock-only", "registry"]);
    let ran = run(&sandbox, &server, &["check", "--require-anchor"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    // From here on the cache has it, and nobody is asked any more.
    let asked = server.asked();
    let (code, value) = json(&sandbox, &server, &[]);
    assert_eq!((code, server.asked()), (0, asked));
    assert_eq!(module(&value)[2], "cache");
    // With the record of the checksum database it is proven offline.
    let ran = run(&sandbox, &server, &["write-manifests"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("1 Go modules (1 with a record"),
        "{}",
        ran.out
    );
    let (code, value) = json(&sandbox, &server, &["--offline"]);
    assert_eq!(code, 0, "{value:#}");
    assert_eq!(module(&value), ["proven", "checksum-database", "committed"]);
    // Written again it is the same, and the database is not asked.
    let ran = run(&sandbox, &server, &["write-manifests", "--offline"]);
    assert!(ran.out.contains("says the same already"), "{}", ran.out);
    let (_, value) = json(&sandbox, &server, &["--offline", "--base", "HEAD"]);
    assert_eq!(module(&value)[0], "unchanged");
}

#[test]
fn what_was_changed_is_named_with_its_first_line() {
    let server = Server::start();
    let sandbox = checkout(&server);
    let lib = format!("vendor/{MODULE}/lib.go");
    sandbox.write(&lib, "package lib\n\nfunc Valid() bool { return true }\n");
    std::fs::remove_file(sandbox.path(&format!("vendor/{MODULE}/check.go"))).unwrap();
    sandbox.write(&format!("vendor/{MODULE}/lib_test.go"), "package lib\n");
    sandbox.write("vendor/example.com/x/x.go", "package x\n");
    for base in [&[][..], &["--base", "HEAD"]] {
        let (code, value) = json(&sandbox, &server, base);
        assert_eq!(code, 1, "{value:#}");
        assert_eq!(
            codes(&value),
            [
                "vendor-stray",
                "vendor-missing",
                "vendor-changed",
                "vendor-stray"
            ],
            "{value:#}"
        );
        let changed = &value["trees"][0]["problems"][2];
        assert_eq!(
            (changed["path"].as_str(), changed["line"].as_u64()),
            (Some(&*lib), Some(3))
        );
        assert_eq!(
            changed["first_difference"]["expected"],
            "func Valid() bool { return false }"
        );
    }
    let ran = run(&sandbox, &server, &["check"]);
    assert!(
        ran.out
            .contains("      + func Valid() bool { return true }"),
        "{}",
        ran.out
    );
}

#[test]
fn sums_that_were_forged_with_the_files_are_found_by_base_and_record() {
    let server = Server::start();
    let sandbox = checkout(&server);
    run(&sandbox, &server, &["write-manifests"]);
    sandbox.commit();
    let forged = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    sandbox.write("go.sum", format!("{MODULE} {VERSION} {forged}\n"));
    let (code, value) = json(&sandbox, &server, &["--offline", "--base", "HEAD"]);
    assert_eq!((code, codes(&value)), (1, vec!["sum-changed"]), "{value:#}");
    let (code, value) = json(&sandbox, &server, &[]);
    assert_eq!(code, 1);
    let all = codes(&value);
    for code in ["record-wrong", "manifest-forged", "sum-wrong"] {
        assert!(all.contains(&code), "{all:?}");
    }
    // Without a line at all nobody stands for anything.
    sandbox.write("go.sum", "");
    let (code, value) = json(&sandbox, &server, &["--offline"]);
    assert_eq!(code, 1);
    assert!(codes(&value).contains(&"sum-missing"), "{value:#}");
}

#[test]
fn bad_input_says_what_is_wrong_and_where() {
    let server = Server::start();
    let sandbox = checkout(&server);
    let said = |args: &[&str]| {
        let ran = run(&sandbox, &server, args);
        (ran.code, format!("{}{}", ran.out, ran.err))
    };
    sandbox.write("go.sum", "<<<<<<< HEAD\n");
    let (code, text) = said(&["check"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("go.sum: line 1, column 1: a merge has left its marks here"),
        "{text}"
    );
    sandbox.write("vendor/modules.txt", "# a\n");
    let (code, text) = said(&["check"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("vendor/modules.txt: line 1, column 1: expected"),
        "{text}"
    );
    sandbox.write(".github/cofferdam.vendor.gz", "no gzip");
    let (code, text) = said(&["check"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("manifests-unreadable"), "{text}");
    let (code, text) = said(&["check", "--base", "nowhere"]);
    assert_eq!(code, 2, "{text}");
    let (code, text) = said(&["check", "vendor"]);
    assert_eq!(code, 2, "{text}");
    assert!(
        text.contains("there is no vendor directory below"),
        "{text}"
    );
    let environment = [("GOPROXY", "ftp://user:secret@example.org")];
    let ran = sandbox.run_with(&["deps", "vendor", "check"], &environment, b"");
    assert_eq!(ran.code, 2);
    assert!(!ran.err.contains("secret"), "{}", ran.err);
}

#[test]
fn a_directory_that_is_hidden_is_named() {
    let server = Server::start();
    let sandbox = checkout(&server);
    run(&sandbox, &server, &["write-manifests"]);
    sandbox.commit();
    let away = sandbox.path("elsewhere");
    std::fs::rename(sandbox.path("vendor"), &away).unwrap();
    let ran = run(&sandbox, &server, &["check", "--offline"]);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    let (code, value) = json(&sandbox, &server, &["--offline", "--base", "HEAD"]);
    assert_eq!(code, 1, "{value:#}");
    assert_eq!(value["problems"][0]["code"], "vendor-gone");
    std::os::unix::fs::symlink(&away, sandbox.path("vendor")).unwrap();
    let (code, value) = json(&sandbox, &server, &["--offline"]);
    assert_eq!(code, 3, "{value:#}");
    assert_eq!(value["not_checked"][0]["what"], "vendor");
    let ran = run(&sandbox, &server, &["check", "--offline"]);
    let said = "vendor: no folder stands here, and a link is not followed";
    assert!(ran.out.contains(said), "{}", ran.out);
}

#[test]
#[cfg(unix)]
fn manifests_are_written_through_no_link() {
    let server = Server::start();
    // The folder leads out of the checkout, and then the file does.
    for linked in [".github", ".github/cofferdam.vendor.gz"] {
        let sandbox = checkout(&server);
        let outside = sandbox.outside().join("elsewhere");
        if linked == ".github" {
            std::fs::create_dir_all(&outside).unwrap();
            let _ = std::fs::remove_dir_all(sandbox.path(linked));
        }
        sandbox.link(linked, &outside);
        let ran = run(&sandbox, &server, &["write-manifests"]);
        assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
        assert!(ran.err.contains("is a link"), "{}", ran.err);
        let written = match std::fs::read_dir(&outside) {
            Ok(entries) => entries.count(),
            Err(_) => usize::from(outside.exists()),
        };
        assert_eq!(written, 0);
    }
}
