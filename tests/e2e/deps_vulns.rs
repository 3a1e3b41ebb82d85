//! `cofferdam deps vulns`: what is found, what is not checked, and what is ignored.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::osv::{
    Server, advisory, archive, deps, ids, not_checked, now, package_lock, put, vulns,
};
use crate::sandbox::Sandbox;

fn scored(id: &str, name: &str, vector: &str) -> Value {
    let mut one = advisory(id, "npm", name);
    one["severity"] = json!([{ "type": "CVSS_V3", "score": vector }]);
    one
}

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const LOW: &str = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N";

#[test]
fn what_is_found_is_ranked_and_says_where() {
    let sandbox = Sandbox::new();
    let lock = json!({
        "name": "app", "lockfileVersion": 3,
        "packages": {
            "": { "name": "app", "dependencies": { "a": "1" } },
            "node_modules/a": { "version": "1.0.0", "dependencies": { "b": "1" } },
            "node_modules/b": { "version": "1.5.0" },
            "node_modules/c": { "version": "2.0.0", "dev": true },
        },
    });
    sandbox.write(
        "web/package-lock.json",
        serde_json::to_string_pretty(&lock).unwrap(),
    );
    let mut withdrawn = advisory("GHSA-3", "npm", "a");
    withdrawn["withdrawn"] = json!("2024-01-01T00:00:00Z");
    let mut same = scored("GHSA-4", "b", CRITICAL);
    same["aliases"] = json!(["CVE-2024-1"]);
    let mut twin = advisory("CVE-2024-1", "npm", "b");
    twin["aliases"] = json!(["GHSA-4"]);
    let all = [
        scored("GHSA-1", "a", LOW),
        same,
        twin,
        withdrawn,
        scored("GHSA-5", "c", CRITICAL),
    ];
    put(&sandbox, "npm", &archive(&all));
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(
        (code, ids(&value)),
        (1, vec!["GHSA-4", "GHSA-1"]),
        "{value}"
    );
    let first = &value["vulnerabilities"][0];
    assert_eq!(first["score"], json!(9.8));
    assert_eq!(first["aliases"], json!(["CVE-2024-1"]));
    assert_eq!(first["fixed"], json!("2.0.0"));
    let place = &first["places"][0];
    assert_eq!(place["path"], json!("web/package-lock.json"));
    assert_eq!(place["relation"], json!("transitive"));
    assert_eq!(place["pulled_in_by"], json!(["a 1.0.0", "b 1.5.0"]));
    let line = place["line"].as_u64().unwrap() as usize;
    let text = std::fs::read_to_string(sandbox.path("web/package-lock.json")).unwrap();
    assert!(
        text.lines()
            .nth(line - 1)
            .unwrap()
            .contains("node_modules/b"),
        "{line}"
    );
    assert_eq!(vulns(&sandbox, &["--fail-on", "critical"]).0, 1);
    let human = deps(&sandbox, &["vulns"]);
    assert!(
        human.out.contains("critical 9.8  b 1.5.0  GHSA-4"),
        "{}",
        human.out
    );
    assert!(human.out.contains("by a 1.0.0 > b 1.5.0"), "{}", human.out);
    put(&sandbox, "npm", &archive(&[scored("GHSA-1", "a", LOW)]));
    assert_eq!(vulns(&sandbox, &["--fail-on", "medium"]).0, 0);
    // What nobody has rated counts everywhere.
    put(&sandbox, "npm", &archive(&[advisory("GHSA-1", "npm", "a")]));
    assert_eq!(vulns(&sandbox, &["--fail-on", "critical"]).0, 1);
}

#[test]
fn without_a_fresh_database_nothing_is_clean() {
    let sandbox = Sandbox::new();
    sandbox.write("package-lock.json", package_lock(&[("a", "1.0.0")]));
    sandbox.write("requirements.txt", "flask==1.0\n");
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 3);
    let said = not_checked(&value);
    assert!(said.contains("npm: there is no database"), "{said}");
    assert!(said.contains("PyPI: there is no database"), "{said}");
    let mut old = advisory("GHSA-1", "npm", "other");
    old["modified"] = json!("2020-01-01T00:00:00Z");
    put(&sandbox, "npm", &archive(&[old]));
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 3);
    assert!(
        not_checked(&value).contains("days old, and 7 are allowed"),
        "{value}"
    );
    std::fs::remove_file(sandbox.path("requirements.txt")).unwrap();
    assert_eq!(vulns(&sandbox, &["--max-age", "any"]).0, 0);
    // A time that lies in the future, and none at all, are no age.
    for time in ["2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z"] {
        let mut odd = advisory("GHSA-1", "npm", "other");
        odd["modified"] = json!(time);
        put(&sandbox, "npm", &archive(&[odd]));
        assert_eq!(vulns(&sandbox, &[]).0, 3, "{time}");
    }
    for wrong in ["x", "-1", ""] {
        assert_eq!(
            deps(&sandbox, &["vulns", "--max-age", wrong]).code,
            2,
            "{wrong}"
        );
    }
}

#[test]
fn malice_is_of_the_registry_that_serves_it() {
    let sandbox = Sandbox::new();
    let public = package_lock(&[("a", "1.0.0")]);
    let private = public.replace("registry.npmjs.org", "npm.example.org");
    put(
        &sandbox,
        "npm",
        &archive(&[advisory("MAL-2024-1", "npm", "a")]),
    );
    sandbox.write("package-lock.json", public);
    let (code, value) = vulns(&sandbox, &["--fail-on", "critical"]);
    assert_eq!(
        (code, &value["vulnerabilities"][0]["malicious"]),
        (1, &json!(true))
    );
    sandbox.write("package-lock.json", private);
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!((code, ids(&value)), (3, vec![]), "{value}");
    assert!(
        not_checked(&value).contains("--mirror-host npm.example.org"),
        "{value}"
    );
    assert_eq!(vulns(&sandbox, &["--mirror-host", "NPM.example.org"]).0, 1);
    assert_eq!(vulns(&sandbox, &["--mirror-host", "example.org"]).0, 3);
}

#[test]
fn what_the_project_lives_with_is_counted() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "package-lock.json",
        package_lock(&[("a", "1.0.0"), ("b", "1.0.0")]),
    );
    let mut a = advisory("GHSA-1", "npm", "a");
    a["aliases"] = json!(["CVE-2024-1"]);
    put(
        &sandbox,
        "npm",
        &archive(&[a, advisory("GHSA-2", "npm", "b")]),
    );
    let both = "[[IgnoredVulns]]\nid = \"CVE-2024-1\"\nreason = \"not called\"\n\n\
                [[PackageOverrides]]\nname = \"b\"\necosystem = \"npm\"\nignore = true\n";
    sandbox.write("osv-scanner.toml", both);
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!((code, ids(&value)), (0, vec![]), "{value}");
    let ignored = value["ignored"].as_array().unwrap();
    assert_eq!(ignored.len(), 2);
    assert_eq!(ignored[0]["by"]["line"], json!(1));
    let human = deps(&sandbox, &["vulns"]).out;
    assert!(human.contains("Ignored by the checkout (2)"), "{human}");
    assert!(human.contains("not called (osv-scanner.toml:1)"), "{human}");
    assert_eq!(vulns(&sandbox, &["--no-ignores"]).0, 1);
    // What has expired is found again, and said.
    sandbox.write(
        "osv-scanner.toml",
        both.replace("reason", "ignoreUntil = 2024-01-01\nreason"),
    );
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!((code, ids(&value)), (1, vec!["GHSA-1"]));
    assert!(
        not_checked(&value).contains("ignored until 2024-01-01"),
        "{value}"
    );
    // A file of another folder says nothing of this one, and a wrong one nothing at all.
    sandbox.write("deep/osv-scanner.toml", both);
    sandbox.write(
        "osv-scanner.toml",
        "[[IgnoredVulns]]\nid = \"GHSA-1\"\nignoreuntil = 1\n",
    );
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!((code, ids(&value).len()), (1, 2));
    assert!(
        not_checked(&value).contains("osv-scanner.toml: line 3"),
        "{value}"
    );
}

#[test]
fn files_that_are_not_understood_are_not_clean() {
    let sandbox = Sandbox::new();
    put(
        &sandbox,
        "npm",
        &archive(&[advisory("GHSA-1", "npm", "other")]),
    );
    put(
        &sandbox,
        "PyPI",
        &archive(&[advisory("PYSEC-1", "PyPI", "other")]),
    );
    for (path, text, said) in [
        (
            "package-lock.json",
            "{\n<<<<<<< HEAD\n",
            "package-lock.json: line 2",
        ),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 9}"#,
            "package-lock.json",
        ),
        (
            "package-lock.json",
            r#"{"lockfileVersion": 3"#,
            "package-lock.json",
        ),
        (
            "Podfile.lock",
            "PODS:\n",
            "files of this format are not read",
        ),
        (
            "requirements.txt",
            "flask>=1\n",
            "which version is used is not said of flask",
        ),
    ] {
        let file = sandbox.write(path, text);
        let (code, value) = vulns(&sandbox, &[]);
        assert_eq!(code, 3, "{path}: {value}");
        assert!(not_checked(&value).contains(said), "{path}: {value}");
        std::fs::remove_file(file).unwrap();
    }
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 3);
    assert!(not_checked(&value).contains("no file here that names packages"));
    assert_eq!(deps(&sandbox, &["vulns", "none"]).code, 2);
}

#[test]
fn foreign_words_do_nothing_to_a_log() {
    let sandbox = Sandbox::new();
    let name = "a\r\n::error::b\u{1b}[31m##[group]c";
    sandbox.write("package-lock.json", package_lock(&[(name, "1.0.0")]));
    let mut one = advisory("GHSA-1", "npm", name);
    one["summary"] = json!("x\n::add-mask::y\u{202e}z");
    put(&sandbox, "npm", &archive(&[one]));
    for format in ["human", "json", "sarif"] {
        let ran = deps(&sandbox, &["vulns", "--format", format]);
        assert_eq!(ran.code, 1, "{format}: {}", ran.err);
        assert!(
            !ran.out.contains(['\r', '\u{1b}', '\u{202e}']),
            "{format}: {}",
            ran.out
        );
        assert!(
            !ran.out
                .lines()
                .any(|line| line.trim_start().starts_with("::")),
            "{format}"
        );
        assert!(!ran.out.contains("##["), "{format}: {}", ran.out);
    }
}

#[test]
fn sarif_names_the_line_and_keeps_to_its_schema() {
    let sandbox = Sandbox::new();
    sandbox.write("a b/package-lock.json", package_lock(&[("a", "1.0.0")]));
    put(
        &sandbox,
        "npm",
        &archive(&[scored("GHSA-1", "a", CRITICAL)]),
    );
    let ran = deps(&sandbox, &["vulns", "--format", "sarif"]);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let result = &value["runs"][0]["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&json!("GHSA-1"), &json!("error"))
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        json!("a%20b/package-lock.json")
    );
    let line = place["region"]["startLine"].as_u64().unwrap() as usize;
    let text = std::fs::read_to_string(sandbox.path("a b/package-lock.json")).unwrap();
    assert!(
        text.lines()
            .nth(line - 1)
            .unwrap()
            .contains("node_modules/a")
    );
    let rule = &value["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(rule["properties"]["security-severity"], json!("9.8"));
}

/// A module with a vendor directory: `used` is imported on Windows, `tested` by tests,
/// `idle` by nobody.
fn go_project(sandbox: &Sandbox) {
    sandbox.write(
        "go.mod",
        "module example.org/app\n\ngo 1.25.0\n\nrequire (\n\texample.org/used v1.0.0\n\
         \texample.org/tested v1.0.0\n\texample.org/idle v1.0.0 // indirect\n)\n",
    );
    sandbox.write(
        "vendor/modules.txt",
        "# example.org/idle v1.0.0\n## explicit\n# example.org/tested v1.0.0\n## explicit\n\
         example.org/tested\n# example.org/used v1.0.0\n## explicit\nexample.org/used/deep\n",
    );
    sandbox.write(
        "main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() { http.Get(\"\") }\n",
    );
    sandbox.write(
        "sys/sys_windows.go",
        "package sys\n\nimport _ \"example.org/used/deep\"\n",
    );
    sandbox.write(
        "main_test.go",
        "package main\n\nimport _ \"example.org/tested\"\n",
    );
    sandbox.write("vendor/example.org/used/deep/d.go", "package deep\n");
    sandbox.write("vendor/example.org/tested/t.go", "package tested\n");
}

fn go_advisory(id: &str, name: &str, import: &str) -> Value {
    let mut one = advisory(id, "Go", name);
    one["affected"][0]["ecosystem_specific"] =
        json!({ "imports": [{ "path": import, "symbols": ["F"] }] });
    one
}

fn go_advisories() -> Vec<u8> {
    archive(&[
        go_advisory("GO-1", "example.org/used", "example.org/used/deep"),
        go_advisory("GO-2", "example.org/used", "example.org/used/other"),
        go_advisory("GO-3", "example.org/tested", "example.org/tested"),
        advisory("GO-4", "Go", "example.org/idle"),
        go_advisory("GO-5", "stdlib", "net/http"),
        go_advisory("GO-6", "stdlib", "crypto/tls"),
    ])
}

fn verdicts(value: &Value) -> Vec<(&str, &str)> {
    let all = value["vulnerabilities"].as_array().unwrap();
    all.iter()
        .map(|one| {
            let verdict = one["reach"]["verdict"].as_str().unwrap_or("-");
            (one["id"].as_str().unwrap(), verdict)
        })
        .collect()
}

#[test]
fn go_code_tells_what_it_imports() {
    let sandbox = Sandbox::new();
    go_project(&sandbox);
    let mut bytes = go_advisories();
    put(&sandbox, "Go", &bytes);
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 1, "{value}");
    // Of Go's own library the lowest version is judged that go.mod allows.
    let expected = [
        ("GO-6", "unknown"),
        ("GO-5", "imported"),
        ("GO-1", "imported"),
        ("GO-3", "imported"),
        ("GO-2", "not-imported"),
        ("GO-4", "not-imported"),
    ];
    let mut found = verdicts(&value);
    found.sort_unstable();
    let mut sorted = expected.to_vec();
    sorted.sort_unstable();
    assert_eq!(found, sorted);
    let of = |id: &str| {
        let all = value["vulnerabilities"].as_array().unwrap();
        all.iter().find(|one| one["id"] == id).unwrap().clone()
    };
    let trace = json!(["example.org/app/sys", "example.org/used/deep"]);
    assert_eq!(of("GO-1")["reach"]["trace"], trace);
    assert_eq!(of("GO-3")["reach"]["tests_only"], json!(true));
    assert_eq!(of("GO-5")["package"]["version_assumed"], json!(true));
    // What is shown to be unused comes last, and counts unless told otherwise.
    let order = verdicts(&value);
    assert_eq!(order[0].1, "unknown");
    assert_eq!(order[4].1, "not-imported");
    bytes = archive(&[
        go_advisory("GO-2", "example.org/used", "example.org/used/other"),
        advisory("GO-4", "Go", "example.org/idle"),
    ]);
    put(&sandbox, "Go", &bytes);
    assert_eq!(vulns(&sandbox, &[]).0, 1);
    assert_eq!(vulns(&sandbox, &["--only-used"]).0, 0);
    assert_eq!(vulns(&sandbox, &["--only-used", "--no-imports"]).0, 1);
}

#[test]
fn go_code_that_is_not_at_hand_is_not_unused() {
    let sandbox = Sandbox::new();
    go_project(&sandbox);
    put(
        &sandbox,
        "Go",
        &archive(&[advisory("GO-4", "Go", "example.org/idle")]),
    );
    let verdict = || {
        let (_, value) = vulns(&sandbox, &["--only-used"]);
        value["vulnerabilities"][0]["reach"].clone()
    };
    assert_eq!(verdict()["verdict"], json!("not-imported"));
    for (path, text, why) in [
        (
            "vendor/example.org/used/deep/e.go",
            "package deep\nimport \"gone.org/x\"\n",
            "gone.org/x",
        ),
        (
            "vendor/example.org/used/deep/e.go",
            "package deep\nimport x\n",
            "e.go: line 2",
        ),
        ("broken.go", "pakage main\n", "broken.go: line 1"),
    ] {
        let file = sandbox.write(path, text);
        let found = verdict();
        assert_eq!(found["verdict"], json!("unknown"), "{path}");
        assert!(found["why"].as_str().unwrap().contains(why), "{found}");
        assert_eq!(vulns(&sandbox, &["--only-used"]).0, 1);
        std::fs::remove_file(file).unwrap();
    }
    std::fs::remove_dir_all(sandbox.path("vendor/example.org/used")).unwrap();
    assert_eq!(verdict()["verdict"], json!("unknown"));
    // Without a vendor directory, the module cache is asked.
    std::fs::remove_dir_all(sandbox.path("vendor")).unwrap();
    assert_eq!(verdict()["verdict"], json!("unknown"));
    let modules = sandbox.outside().join("modules");
    for (module, text) in [
        ("used@v1.0.0/deep", "package deep\n"),
        ("tested@v1.0.0", "package t\n"),
    ] {
        let folder = modules.join("example.org").join(module);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("x.go"), text).unwrap();
    }
    let cache = crate::osv::cache(&sandbox);
    let variables = [
        (
            "OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY",
            cache.to_str().unwrap(),
        ),
        ("GOMODCACHE", modules.to_str().unwrap()),
    ];
    let ran = sandbox.run_with(&["deps", "vulns", "--only-used"], &variables, b"");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("not imported by any of"), "{}", ran.out);
}

/// Before Go 1.17 `go.mod` does not name what others ask for.
#[test]
fn old_modules_are_completed_by_their_sums() {
    let sandbox = Sandbox::new();
    let module = |go: &str| {
        format!("module example.org/app\n\ngo {go}\n\nrequire example.org/used v1.0.0\n")
    };
    let sum = |name: &str, version: &str| {
        format!("{name} {version} h1:QjkSwP/36a20jFYWkSue1YwXzLmsV5Gfq7Eiy72C1uc=\n")
    };
    let sums = [
        sum("example.org/idle", "v1.0.0"),
        sum("example.org/idle", "v2.0.0"),
        sum("example.org/other", "v1.0.0"),
        sum("example.org/used", "v0.9.0"),
    ];
    sandbox.write("go.sum", sums.concat());
    let all = ["idle", "other", "used"]
        .map(|name| advisory(&format!("GO-{name}"), "Go", &format!("example.org/{name}")));
    put(&sandbox, "Go", &archive(&all));
    for (go, expected) in [
        ("1.16", vec!["GO-other", "GO-used"]),
        ("1.17", vec!["GO-used"]),
    ] {
        sandbox.write("go.mod", module(go));
        let (_, value) = vulns(&sandbox, &["--no-imports"]);
        let mut found = ids(&value);
        found.sort_unstable();
        assert_eq!(found, expected, "{go}");
    }
}

#[test]
fn the_version_of_go_can_be_said() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "go.mod",
        "module example.org/app\n\ngo 1.20\n\ntoolchain go1.21.3\n",
    );
    sandbox.write("main.go", "package main\n");
    let mut one = go_advisory("GO-5", "stdlib", "net/http");
    one["affected"][0]["ranges"][0]["events"] =
        json!([{ "introduced": "0" }, { "fixed": "1.22.0" }]);
    put(&sandbox, "Go", &archive(&[one]));
    let (code, value) = vulns(&sandbox, &[]);
    assert_eq!(code, 1, "{value}");
    assert_eq!(
        value["vulnerabilities"][0]["package"]["version"],
        json!("1.21.3")
    );
    assert_eq!(vulns(&sandbox, &["--go-version", "go1.22.1"]).0, 0);
    sandbox.write("osv-scanner.toml", "GoVersionOverride = \"1.22.1\"\n");
    assert_eq!(vulns(&sandbox, &[]).0, 0);
}

#[test]
fn the_service_is_asked_for_public_packages_alone() {
    let sandbox = Sandbox::new();
    let lock = package_lock(&[("a", "1.0.0"), ("b", "3.0.0"), ("secret", "1.0.0")]);
    let lock = lock.replace("registry.npmjs.org/secret", "npm.example.org/secret");
    sandbox.write("package-lock.json", lock);
    let server = Server::service(vec![
        advisory("GHSA-1", "npm", "a"),
        advisory("GHSA-2", "npm", "a"),
        advisory("GHSA-3", "npm", "b"),
    ]);
    let online = ["--online", "--osv-url", &server.address];
    let (code, value) = vulns(&sandbox, &online);
    // The service names GHSA-3 as well; its own range says that 3.0.0 is mended.
    assert_eq!(
        (code, ids(&value)),
        (1, vec!["GHSA-1", "GHSA-2"]),
        "{value}"
    );
    assert!(not_checked(&value).contains("told to nobody"), "{value}");
    let asked = server.asked();
    assert!(asked.iter().all(|one| !one.contains("secret")), "{asked:?}");
    // The second page of `a` is asked for by its own request.
    let batches: Vec<_> = asked.iter().filter(|one| one.starts_with("POST")).collect();
    assert_eq!(batches.len(), 2, "{asked:?}");
    assert!(batches[1].contains("page_token"), "{asked:?}");
    let documents: BTreeSet<_> = asked.iter().filter(|one| one.starts_with("GET")).collect();
    assert_eq!(documents.len(), 3);
}

#[test]
fn a_service_that_does_not_answer_is_not_clean() {
    let sandbox = Sandbox::new();
    sandbox.write("package-lock.json", package_lock(&[("a", "1.0.0")]));
    let bodies: [&'static [u8]; 4] = [
        b"",
        b"{\"results\":[]}",
        b"<html>",
        b"{\"results\":[{\"vulns\":[{\"id\":\"../../x\"}]}]}",
    ];
    for body in bodies {
        let server = Server::start(Box::new(move |_, _| ("200 OK", Vec::new(), body.to_vec())));
        let (code, value) = vulns(&sandbox, &["--online", "--osv-url", &server.address]);
        assert_eq!(code, 3, "{value}");
        assert!(not_checked(&value).contains("did not answer"), "{value}");
    }
    let (code, _) = vulns(&sandbox, &["--online", "--osv-url", "http://127.0.0.1:1"]);
    assert_eq!(code, 3);
    assert_eq!(
        deps(&sandbox, &["vulns", "--online", "--max-age", "3"]).code,
        2
    );
    assert!(now().unix() > 0);
}
