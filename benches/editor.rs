//! How long an editor waits: from a change of a document to the diagnostics of
//! that very version, as the client sees it.
//!
//! Starts `cofferdam lsp` on a checkout whose workflow has 1,000 lines, types
//! letters into it one by one, and prints the median and the worst time, alone
//! and among 50 more workflows, and how long quick fixes take to come.
//! `cargo bench --bench editor` prints the table; with `--check` it fails where
//! the worst answer to a change of the workflow alone takes more than 100 ms.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a measurement prints its table and stops at what it did not expect"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const LINES: usize = 1000;
const CHANGES: i64 = 50;
const OTHERS: usize = 50;
/// What issue and documentation promise.
const MOST: Duration = Duration::from_millis(100);
const NAME: &str = ".github/workflows/ci.yml";

fn main() {
    // `cargo test` runs benches too, to see that they work.
    let arguments: Vec<String> = std::env::args().collect();
    let check = arguments.iter().any(|argument| argument == "--check");
    let measured = arguments.iter().any(|argument| argument == "--bench");
    let changes = if measured { CHANGES } else { 2 };
    println!("| checkout | findings | median | worst | quick fixes |");
    println!("|---|---|---|---|---|");
    let worst = session(0, changes);
    session(OTHERS, changes);
    if check && worst > MOST {
        println!("an answer took {worst:?}, more than {MOST:?}");
        std::process::exit(1);
    }
}

/// Types into a workflow beside so many others; gives the worst time.
fn session(others: usize, changes: i64) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let text = workflow(LINES, 0);
    fs::create_dir_all(folder.path().join(".github/workflows")).unwrap();
    fs::write(folder.path().join(NAME), &text).unwrap();
    for number in 1..=others {
        let name = format!(".github/workflows/other-{number}.yml");
        fs::write(folder.path().join(name), workflow(100, number)).unwrap();
    }
    let mut server = Server::start(folder.path());
    let uri = format!("file://{}", folder.path().join(NAME).display());
    server.notify(
        "textDocument/didOpen",
        &json!({"textDocument": {"uri": uri, "languageId": "yaml", "version": 0, "text": text}}),
    );
    let found = server.published(0);
    let mut times: Vec<Duration> = (1..=changes)
        .map(|version| {
            // Behind the value of a variable that nothing reads: all findings stay.
            let at = json!({"line": 6, "character": 99});
            let began = Instant::now();
            server.notify(
                "textDocument/didChange",
                &json!({
                    "textDocument": {"uri": uri, "version": version},
                    "contentChanges": [{"range": {"start": at, "end": at}, "text": "x"}],
                }),
            );
            let still = server.published(version);
            let time = began.elapsed();
            assert_eq!(still, found);
            time
        })
        .collect();
    let began = Instant::now();
    let at = json!({"line": 14, "character": 0});
    let end = json!({"line": 14, "character": 80});
    server.request(
        "textDocument/codeAction",
        &json!({
            "textDocument": {"uri": uri},
            "range": {"start": at, "end": end},
            "context": {"diagnostics": [], "only": ["quickfix"]},
        }),
    );
    let fixes = began.elapsed();
    server.stop();
    times.sort_unstable();
    let worst = *times.last().unwrap();
    let median = times.get(times.len() / 2).unwrap();
    println!(
        "| {LINES} lines, {others} others | {found} | {median:.1?} | {worst:.1?} | {fixes:.1?} |"
    );
    worst
}

/// A workflow of so many lines, with much to find in it.
fn workflow(lines: usize, seed: usize) -> String {
    let mut text = format!("name: w{seed}\non: [push, pull_request_target]\njobs:\n");
    let mut job = 0;
    while text.lines().count() < lines {
        let _ = write!(
            text,
            "  job{job}:
    runs-on: ubuntu-latest
    env:
      NUMBER: {job}
    steps:
      # a comment
      - uses: actions/checkout@v4
        with:
          ref: ${{{{ github.event.pull_request.head.sha }}}}
      - name: Title
        run: |
          echo \"${{{{ github.event.pull_request.title }}}}\"
          make build-{job} && ./install.sh || exit 1
          curl -fsSL https://example.com/x.sh | bash
      - uses: actions/setup-node@v4
        with:
          node-version: 20
          cache: npm
      - run: npm ci && npm test
"
        );
        job += 1;
    }
    let all: Vec<&str> = text.lines().take(lines).collect();
    all.join("\n") + "\n"
}

struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    fn start(root: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_cofferdam"))
            .arg("lsp")
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self {
            process,
            input,
            output,
        };
        let folder = json!({"uri": format!("file://{}", root.display()), "name": "root"});
        let literals = json!({"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}});
        server.request(
            "initialize",
            &json!({
                "workspaceFolders": [folder],
                "capabilities": {"textDocument": {"codeAction": literals}},
            }),
        );
        server.notify("initialized", &json!({}));
        server
    }

    fn stop(mut self) {
        self.request("shutdown", &Value::Null);
        self.notify("exit", &Value::Null);
        assert!(self.process.wait().unwrap().success());
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.send(&json!({"jsonrpc": "2.0", "id": method, "method": method, "params": params}));
        loop {
            let message = self.receive();
            if message.get("id").and_then(Value::as_str) == Some(method) {
                return message;
            }
        }
    }

    /// Waits for the diagnostics of a version, and counts them.
    fn published(&mut self, version: i64) -> usize {
        loop {
            let message = self.receive();
            if message.pointer("/params/version").and_then(Value::as_i64) == Some(version) {
                let list = message.pointer("/params/diagnostics").unwrap();
                return list.as_array().unwrap().len();
            }
        }
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(number) = line.strip_prefix("Content-Length: ") {
                length = number.trim().parse().unwrap();
            }
        }
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }
}
