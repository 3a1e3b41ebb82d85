//! `cofferdam lsp`, as the client side of Microsoft's implementation of the
//! protocol sees it, and as a client that breaks the protocol does.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::sandbox::{BAD, CLEAN, Sandbox, day};

const PATH: &str = ".github/workflows/ci.yml";

const WORKFLOW: &str = "\
# Ours 𝄞.
on:
  issues:
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: |
          echo \"𝄞 ${{ github.event.issue.title }}\"
";

/// What a session has seen: pairs of a word and a value, in order.
struct Seen(Vec<(String, Value)>);

impl Seen {
    fn all(&self, what: &str) -> Vec<&Value> {
        let of = self.0.iter().filter(|(name, _)| name == what);
        of.map(|(_, value)| value).collect()
    }

    fn codes(&self, at: usize) -> Vec<&str> {
        let shown = self.all("diagnostics")[at].as_array().unwrap();
        shown
            .iter()
            .map(|one| one["code"].as_str().unwrap())
            .collect()
    }

    fn finding(&self, at: usize, code: &str) -> &Value {
        let shown = self.all("diagnostics")[at].as_array().unwrap();
        let found = shown.iter().find(|one| one["code"] == code);
        found.unwrap_or_else(|| panic!("{code}: {shown:#?}"))
    }
}

fn session(sandbox: &Sandbox, encoding: &str, steps: &Value) -> Seen {
    let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/lsp");
    assert!(
        peer.join("node_modules").is_dir(),
        "run `npm ci --ignore-scripts` in {}",
        peer.display()
    );
    let output = Command::new("timeout")
        .args(["120", "node"])
        .arg(peer.join("client.mjs"))
        .arg(env!("CARGO_BIN_EXE_cofferdam"))
        .arg(sandbox.root())
        .args([&day(), encoding, &steps.to_string()])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    let seen = out.lines().map(|line| {
        let value: Value = serde_json::from_str(line).unwrap();
        let (what, value) = value.as_object().unwrap().iter().next().unwrap();
        (what.clone(), value.clone())
    });
    let seen = Seen(seen.collect());
    assert_eq!(seen.all("exit"), [&json!(0)], "{err}");
    seen
}

#[test]
fn a_finding_is_shown_explained_mended_and_gone() {
    let sandbox = Sandbox::with(WORKFLOW);
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "open", "name": PATH},
            {"do": "hover", "name": PATH, "line": 10, "character": 30},
            {"do": "mend", "name": PATH, "line": 10, "words": "ISSUE_TITLE"},
            {"do": "close", "name": PATH},
        ]),
    );
    let capabilities = seen.all("capabilities")[0];
    assert_eq!(capabilities["positionEncoding"], "utf-16");
    let injection = seen.finding(0, "template-injection");
    // Two units of UTF-16 for the clef before it.
    assert_eq!(
        [&injection["line"], &injection["start"], &injection["end"]],
        [10, 19, 50]
    );
    // Low: the job holds nothing.
    assert_eq!(injection["severity"], 3);
    let href = injection["href"].as_str().unwrap();
    assert!(
        href.ends_with("/docs/rules/template-injection.md"),
        "{href}"
    );
    assert!(
        injection["message"]
            .as_str()
            .unwrap()
            .contains("github.event.issue.title")
    );
    let page = &seen.all("hover")[0];
    assert_eq!(page["kind"], "markdown");
    let page = page["value"].as_str().unwrap();
    for part in ["## What", "## Fix", "**Here:**"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let actions = seen.all("actions")[0].as_array().unwrap();
    assert_eq!(actions[0]["kind"], "quickfix");
    assert_eq!(actions[0]["isPreferred"], true);
    let text = seen.all("text")[0].as_str().unwrap();
    assert!(text.contains("echo \"𝄞 ${ISSUE_TITLE}\""), "{text}");
    assert!(!seen.codes(1).contains(&"template-injection"), "{text}");
    assert_eq!(seen.all("closed"), [&json!([])]);
    // The editor writes, the server never does.
    assert_eq!(
        std::fs::read_to_string(sandbox.path(PATH)).unwrap(),
        WORKFLOW
    );
}

#[test]
fn bytes_are_counted_where_the_client_can() {
    let sandbox = Sandbox::with(WORKFLOW);
    let seen = session(&sandbox, "utf-8", &json!([{"do": "open", "name": PATH}]));
    assert_eq!(seen.all("capabilities")[0]["positionEncoding"], "utf-8");
    let injection = seen.finding(0, "template-injection");
    assert_eq!([&injection["start"], &injection["end"]], [21, 52]);
}

#[test]
fn what_is_typed_counts_at_once_and_what_is_silenced_does_not() {
    let sandbox = Sandbox::with(WORKFLOW);
    let comment = "  # cofferdam: ignore[template-injection] the title is ours";
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "open", "name": PATH},
            {"do": "type", "name": PATH, "line": 9, "character": 14, "text": comment},
            {"do": "hover", "name": PATH, "line": 9, "character": 45},
            {"do": "change", "name": PATH, "changes": [{"text": CLEAN}]},
            {"do": "change", "name": PATH, "changes": [{"text": "on: push\njobs: [\n"}]},
        ]),
    );
    assert!(seen.codes(0).contains(&"template-injection"));
    assert!(
        !seen.codes(1).contains(&"template-injection"),
        "{:#?}",
        seen.all("diagnostics")
    );
    let page = seen.all("hover")[0]["value"].as_str().unwrap();
    assert!(page.contains("`template-injection`"), "{page}");
    assert_eq!(seen.codes(2), ["codeowners-github", "anonymous-definition"]);
    // What does not parse is never shown as clean, and said once.
    let broken = seen.codes(3);
    assert_eq!(broken.iter().filter(|code| **code == "syntax").count(), 2);
}

#[test]
fn a_path_through_another_file_is_shown_and_followed_as_the_buffers_stand() {
    let caller = "\
on: issues
permissions: {}
jobs:
  call:
    uses: ./.github/workflows/called.yml
    with:
      title: ${{ github.event.issue.title }}
";
    let called = "\
on:
  workflow_call:
    inputs:
      title:
        type: string
permissions: {}
jobs:
  say:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: echo ${{ inputs.title }}
";
    let sandbox = Sandbox::with(caller);
    let other = ".github/workflows/called.yml";
    sandbox.write(other, called);
    let fixed = caller.replace("${{ github.event.issue.title }}", "constant");
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "open", "name": other},
            {"do": "open", "name": PATH},
            {"do": "change", "name": PATH, "changes": [{"text": fixed}]},
            {"do": "look", "name": other},
        ]),
    );
    let injection = seen.finding(0, "template-injection");
    let related = injection["related"].as_array().unwrap();
    assert!(
        related.contains(&json!({"file": "ci.yml", "line": 6})),
        "{related:#?}"
    );
    // The caller was changed in the editor only, and the called file hears of it.
    assert!(
        !seen.codes(3).contains(&"template-injection"),
        "{:#?}",
        seen.all("diagnostics")
    );
}

#[test]
fn an_editor_and_the_command_say_the_same() {
    let sandbox = Sandbox::with(BAD);
    let seen = session(&sandbox, "utf-16", &json!([{"do": "open", "name": PATH}]));
    let report = sandbox.report(&[]);
    let mut told: Vec<String> = (report.findings().into_iter())
        .filter(|(_, path)| path == PATH)
        .map(|(rule, _)| rule)
        .collect();
    let mut shown = seen.codes(0);
    told.sort_unstable();
    shown.sort_unstable();
    assert_eq!(shown, told);
    assert!(shown.len() > 5, "{shown:?}");
}

#[test]
fn the_configuration_on_disk_is_heeded_and_a_broken_one_is_not_clean() {
    let sandbox = Sandbox::with(WORKFLOW);
    let config = "[rules.template-injection]\noff = true\nreason = \"The titles are ours\"\n";
    let file = "cofferdam.toml";
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "open", "name": PATH},
            {"do": "touched", "name": file, "text": config, "other": PATH},
            {"do": "touched", "name": file, "text": "nonsense = 1\n", "other": PATH},
        ]),
    );
    assert!(seen.codes(0).contains(&"template-injection"));
    assert!(!seen.codes(1).contains(&"template-injection"));
    assert_eq!(seen.codes(2), ["configuration"]);
}

#[test]
fn a_huge_document_and_a_linked_folder_are_not_checked() {
    let sandbox = Sandbox::with(CLEAN);
    let huge = format!("on: push\n{}", "# more\n".repeat(700_000));
    sandbox.write(PATH, huge);
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "open", "name": PATH},
            {"do": "change", "name": PATH, "changes": [{"text": WORKFLOW}]},
        ]),
    );
    assert_eq!(seen.codes(0), ["too-large"]);
    assert!(seen.codes(1).contains(&"template-injection"));
    #[cfg(unix)]
    {
        let linked = Sandbox::new();
        linked.write("elsewhere/workflows/ci.yml", WORKFLOW);
        linked.link(".github", "elsewhere");
        let seen = session(&linked, "utf-16", &json!([{"do": "open", "name": PATH}]));
        assert_eq!(seen.codes(0), ["linked-folder"]);
    }
}

#[test]
fn everything_safe_in_a_file_is_mended_by_one_action() {
    let twice = format!(
        "{WORKFLOW}      - run: |\n          echo \"${{{{ github.event.issue.body }}}}\"\n"
    );
    let sandbox = Sandbox::with(&twice);
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "open", "name": PATH},
            {"do": "mend", "name": PATH, "line": 0, "words": "everything", "only": ["source.fixAll"]},
        ]),
    );
    assert_eq!(
        seen.codes(0)
            .iter()
            .filter(|code| **code == "template-injection")
            .count(),
        2
    );
    assert_eq!(seen.all("actions")[0].as_array().unwrap().len(), 1);
    assert!(!seen.codes(1).contains(&"template-injection"));
}

#[test]
fn a_fix_that_somebody_has_to_check_says_so() {
    let sandbox = Sandbox::with(WORKFLOW.replace("    timeout-minutes: 5\n", ""));
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "open", "name": PATH},
            {"do": "mend", "name": PATH, "line": 5, "words": "(check: ", "only": ["quickfix"]},
        ]),
    );
    assert!(seen.codes(0).contains(&"timeout-missing"));
    let actions = seen.all("actions")[0].as_array().unwrap();
    assert!(
        actions.iter().all(|action| action["isPreferred"] == false),
        "{actions:#?}"
    );
    assert!(!seen.codes(1).contains(&"timeout-missing"));
}

#[test]
fn what_no_server_can_do_is_an_error_response() {
    let sandbox = Sandbox::with(CLEAN);
    let seen = session(
        &sandbox,
        "utf-16",
        &json!([
            {"do": "request", "method": "textDocument/formatting", "params": {}},
            {"do": "request", "method": "textDocument/hover", "params": {"position": "here"}},
            {"do": "request", "method": "initialize", "params": {"capabilities": {}}},
            {"do": "notify", "method": "textDocument/didChange", "params": {"x": 1}},
            {"do": "notify", "method": "$/unheard", "params": {}},
            {"do": "open", "name": PATH},
        ]),
    );
    let codes: Vec<i64> = seen
        .all("error")
        .iter()
        .map(|code| code.as_i64().unwrap())
        .collect();
    assert_eq!(codes, [-32601, -32602, -32600]);
    assert!(seen.codes(0).contains(&"anonymous-definition"));
}

fn framed(messages: &[&str]) -> Vec<u8> {
    let frame = |text: &&str| format!("Content-Length: {}\r\n\r\n{text}", text.len());
    messages.iter().map(frame).collect::<String>().into_bytes()
}

#[test]
fn the_exit_code_says_how_the_session_ended() {
    let sandbox = Sandbox::with(CLEAN);
    let run = |input: &[u8]| sandbox.run_with(&["lsp"], &[], input);
    let initialize =
        r#"{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}"#;
    let shutdown = r#"{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}"#;
    let exit = r#"{"jsonrpc": "2.0", "method": "exit"}"#;
    let orderly = run(&framed(&[initialize, shutdown, exit]));
    assert_eq!((orderly.code, orderly.err.as_str()), (0, ""));
    assert_eq!(run(&framed(&[initialize, exit])).code, 1);
    assert_eq!(run(&framed(&[initialize])).code, 1);
    assert_eq!(run(b"").code, 1);
    let early = run(&framed(&[shutdown, initialize, shutdown, shutdown, exit]));
    assert_eq!(early.code, 0);
    assert!(
        early.out.contains("-32002") && early.out.contains("-32600"),
        "{}",
        early.out
    );
    let junk = run(&framed(&["{", "[]", initialize, shutdown, exit]));
    assert_eq!(junk.code, 0);
    assert!(
        junk.out.contains("-32700") && junk.out.contains("-32600"),
        "{}",
        junk.out
    );
    let lost = run(b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(lost.code, 2);
    assert!(lost.out.contains("-32700"), "{}", lost.out);
}
