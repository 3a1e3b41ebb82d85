//! `cofferdam claims`: sentences about who reaches what, held against files.

use std::fs;

use serde_json::Value;

use crate::sandbox::{Ran, Sandbox};

const PIN: &str = "5b1f3c2d4e6a7988b0c1d2e3f4a5968778695a4b";

/// A workflow that publishes with a secret, beside an action at `REF`.
fn release(reference: &str) -> String {
    format!(
        "on:\n  push:\n    tags: ['v*']\npermissions: {{}}\njobs:\n  publish:\n    runs-on: ubuntu-24.04\n    steps:\n      \
         - uses: acme/notes@{reference}\n      - run: npm publish\n        env:\n          NODE_AUTH_TOKEN: ${{{{ secrets.NPM_TOKEN }}}}\n"
    )
}

const NO_DEPENDENCY: &str = "[[claim]]\nname = \"No dependency that changes by itself publishes\"\n\
    never.from = \"dependency\"\nnever.to = [\"publish\", \"secret\"]\nunless = \"approval:update\"\n";

fn sandbox(reference: &str, toml: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(".github/workflows/release.yml", release(reference));
    sandbox.write("cofferdam.toml", toml);
    sandbox
}

fn check(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let mut all = vec!["claims", "check"];
    all.extend(args);
    sandbox.run(&all)
}

fn json(sandbox: &Sandbox, args: &[&str]) -> (i32, Value) {
    let mut all = vec!["--format", "json"];
    all.extend(args);
    let ran = check(sandbox, &all);
    let page: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    let schema = serde_json::from_str(include_str!("../../docs/schema/claims-v1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(&page)
        .map(|e| e.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(page["exit_code"], ran.code);
    (ran.code, page)
}

#[test]
fn a_claim_holds_with_what_was_examined() {
    let sandbox = sandbox(PIN, NO_DEPENDENCY);
    let ran = check(&sandbox, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("holds: No dependency"), "{}", ran.out);
    let (_, page) = json(&sandbox, &[]);
    let examined = &page["claims"][0]["examined"];
    assert_eq!(examined["positions"], 1, "{page}");
    assert!(examined["ways"].as_u64().unwrap() >= 2, "{page}");
}

#[test]
fn a_refuted_claim_names_the_way_its_place_and_the_cuts() {
    let sandbox = sandbox("v1", NO_DEPENDENCY);
    let ran = check(&sandbox, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "refuted: No dependency",
        "action:acme/notes -> secret:NPM_TOKEN",
        ".github/workflows/release.yml:9  acme/notes@v1",
        "cut: ",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let (_, page) = json(&sandbox, &[]);
    let claim = &page["claims"][0];
    assert_eq!(
        (&claim["standing"], &claim["line"]),
        (&"refuted".into(), &2.into())
    );
    assert!(
        !claim["refuted_by"][0]["cuts"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let sarif: Value = serde_json::from_str(&check(&sandbox, &["--format", "sarif"]).out).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 1, "{sarif}");
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        ".github/workflows/release.yml"
    );
    assert_eq!(place["region"]["startLine"], 9);
    assert_eq!(results[0]["ruleId"], "claim");
    let page = check(&sandbox, &["--format", "markdown"]).out;
    assert!(
        page.contains("| refuted |") && page.contains("closes it:"),
        "{page}"
    );
}

#[test]
fn what_is_not_known_and_what_is_not_read_proves_nothing() {
    let environment = release(PIN).replace("    runs-on", "    environment: release\n    runs-on");
    let toml = "[[claim]]\nname = \"x\"\nnever.from = \"writer\"\nnever.to = \"publish\"\nunless = \"approval:environment:release\"\n";
    let unknown = Sandbox::with(&environment);
    unknown.write("cofferdam.toml", toml);
    let ran = check(&unknown, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    for part in [
        "not provable: x",
        "settings:environment:release",
        "settle: cofferdam settings snapshot",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    let broken = sandbox(PIN, NO_DEPENDENCY);
    broken.write(".github/workflows/broken.yml", "on: push\njobs: {a: [\n");
    let ran = check(&broken, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("broken.yml"), "{}", ran.out);
    let (_, page) = json(&broken, &[]);
    assert_eq!(page["claims"][0]["standing"], "not-provable");
    let sarif: Value = serde_json::from_str(&check(&broken, &["--format", "sarif"]).out).unwrap();
    assert_eq!(
        sarif["runs"][0]["invocations"][0]["executionSuccessful"],
        false
    );
    // What contradicts a claim does so whatever else was not read.
    let both = sandbox("v1", NO_DEPENDENCY);
    both.write(".github/workflows/broken.yml", "on: push\njobs: {a: [\n");
    assert_eq!(check(&both, &[]).code, 1);
}

#[test]
fn what_means_nothing_is_wrong_usage_at_its_place() {
    for (toml, said) in [
        (NO_DEPENDENCY.replace("\"dependency\"", "\"dependencies\""), "cofferdam.toml:3:14: `dependencies`"),
        (NO_DEPENDENCY.replace("\"secret\"", "\"secret:NPM_TOKN\""), "did you mean `secret:NPM_TOKEN`?"),
        (NO_DEPENDENCY.replace("never.to", "only.to"), "either `never` or `only`"),
        (NO_DEPENDENCY.repeat(2), "already, at cofferdam.toml:2:8"),
        (
            "[[registry]]\nrepositories = \"ghcr.io/o/a\"\nkind = \"production\"\n[[registry]]\nrepositories = \"ghcr.io/o/*\"\nkind = \"development\"\n".to_owned(),
            "at cofferdam.toml:1:1",
        ),
    ] {
        let sandbox = sandbox(PIN, &toml);
        let ran = check(&sandbox, &[]);
        assert_eq!(ran.code, 2, "{toml}: {ran:?}");
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    let empty = sandbox(PIN, "");
    let ran = check(&empty, &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("No claim is made"), "{}", ran.out);
}

#[test]
fn the_claims_of_the_base_decide_and_edits_are_listed() {
    let sandbox = sandbox(PIN, NO_DEPENDENCY);
    let base = sandbox.commit();
    // The change loosens the pin and takes the claim away.
    sandbox.write(".github/workflows/release.yml", release("v1"));
    sandbox.write(
        "cofferdam.toml",
        "[[claim]]\nname = \"Nobody\"\nnever = {from = \"fork\", to = \"runner\"}\n",
    );
    let own = check(&sandbox, &[]);
    assert_eq!(own.code, 0, "{own:?}");
    let ran = check(&sandbox, &["--base", &base]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("refuted: No dependency"), "{}", ran.out);
    assert!(ran.out.contains("`claim` is removed"), "{}", ran.out);
    assert!(
        ran.out.contains("after the merge: Nobody: holds"),
        "{}",
        ran.out
    );
    let (_, page) = json(&sandbox, &["--base", &base]);
    assert_eq!(page["base"]["commit"], base);
    assert_eq!(page["edits"].as_array().unwrap().len(), 2, "{page}");
    // In a job of a pull request without being told.
    sandbox.commit();
    sandbox.git(&["update-ref", "refs/remotes/origin/main", &base]);
    let env = [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
    ];
    let ran = sandbox.run_with(&["claims", "check"], &env, b"");
    assert_eq!(ran.code, 1, "{ran:?}");
    sandbox.git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    let ran = sandbox.run_with(&["claims", "check"], &env, b"");
    assert_eq!(ran.code, 3, "a base that is not there: {ran:?}");
}

#[test]
fn the_first_claims_have_to_hold() {
    let sandbox = sandbox(PIN, "");
    let base = sandbox.commit();
    sandbox.write("cofferdam.toml", NO_DEPENDENCY);
    let ran = check(&sandbox, &["--base", &base]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Brought together with what refutes them.
    sandbox.write(".github/workflows/release.yml", release("v1"));
    let ran = check(&sandbox, &["--base", &base]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.out.contains("after the merge: "), "{}", ran.out);
    assert!(ran.out.contains("No claim is made"), "{}", ran.out);
}

#[test]
fn a_declaration_of_the_change_does_not_count() {
    let claim = "[[claim]]\nname = \"No dependency reaches production\"\nnever = {from = \"dependency\", to = \"registry:production\"}\n";
    let image = format!(
        "on: push\npermissions: {{}}\njobs:\n  ci:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: acme/notes@{PIN}\n      \
         - uses: docker/login-action@{PIN}\n        with:\n          registry: quay.io\n          username: ci\n          password: ${{{{ secrets.QUAY }}}}\n"
    );
    let sandbox = Sandbox::with(&image);
    sandbox.write("cofferdam.toml", claim);
    let base = sandbox.commit();
    assert_eq!(check(&sandbox, &[]).code, 1);
    let declared = "[[registry]]\nsecret = \"QUAY\"\nrepositories = \"quay.io/o/app-ci\"\nkind = \"development\"\n";
    sandbox.write("cofferdam.toml", format!("{declared}{claim}"));
    let ran = check(&sandbox, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = check(&sandbox, &["--base", &base]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("`registry` is added"), "{}", ran.out);
    // A name that no job knows is said.
    sandbox.write(
        "cofferdam.toml",
        format!("{}{claim}", declared.replace("QUAY", "QUAZ")),
    );
    let ran = check(&sandbox, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out
            .contains("no job names the secret QUAZ; did you mean `QUAY`?"),
        "{}",
        ran.out
    );
}

#[test]
fn a_starter_set_is_proposed_and_written_behind_what_stands_there() {
    let own = "# ours\r\nfail-on   = \"low\" # so\r\n";
    let sandbox = sandbox("v1", own);
    let ran = sandbox.run(&["claims", "init"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("# Today: refuted") && ran.out.contains("Nothing is written"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("# NPM_TOKEN may push to npm:*"),
        "{}",
        ran.out
    );
    assert_eq!(
        fs::read_to_string(sandbox.path("cofferdam.toml")).unwrap(),
        own
    );
    let ran = sandbox.run(&["claims", "init", "--write"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let text = fs::read_to_string(sandbox.path("cofferdam.toml")).unwrap();
    assert!(text.starts_with(own), "{text}");
    assert!(!text.replace("\r\n", "").contains('\n'), "{text:?}");
    assert!(
        text.contains("# [[claim]]"),
        "a refuted claim is a comment: {text}"
    );
    let (code, page) = json(&sandbox, &[]);
    assert_ne!(code, 1, "{page}");
    assert!(!page["claims"].as_array().unwrap().is_empty());
    let before = text.matches("\n[[claim]]").count();
    sandbox.run(&["claims", "init", "--write"]);
    let text = fs::read_to_string(sandbox.path("cofferdam.toml")).unwrap();
    assert_eq!(text.matches("\n[[claim]]").count(), before, "{text}");
    // Neither are those once more that stand there as comments.
    let commented = |text: &str| {
        let of = |head: &str| text.lines().filter(|line| line.starts_with(head)).count();
        (of("# [[claim]]"), of("# [[registry]]"))
    };
    assert_eq!(commented(&text), (commented(&text).0, 1), "{text}");
    let unique: std::collections::BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with("# name = "))
        .collect();
    assert_eq!(unique.len(), commented(&text).0, "{text}");
    let ran = sandbox.run(&["claims", "init", "--write"]);
    assert!(ran.out.contains("stands there as a comment"), "{}", ran.out);
    assert_eq!(
        fs::read_to_string(sandbox.path("cofferdam.toml")).unwrap(),
        text
    );
}

#[test]
fn a_misspelt_word_is_seen_where_the_configuration_is_checked() {
    let toml = "[[claim]]\nname = \"x\"\nnever.from = \"newcommer\"\nnever.to = \"secrets\"\n\n[[exposure.allow]]\n\
        from = \"dependency\"\nto = \"cache:default\"\nafter = \"aproval:update\"\nowner = \"@o\"\nreason = \"r\"\nexpires = 2027-01-31\n";
    let sandbox = sandbox("v1", toml);
    let ran = sandbox.run(&["config", "check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for part in [
        "cofferdam.toml:3:14: `newcommer`",
        "did you mean `newcomer`?",
        "cofferdam.toml:4:12: `secrets`",
        "did you mean `secret`?",
        "cofferdam.toml:9:9: `aproval:update`",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    // Which names there are, the checkout tells.
    sandbox.write(
        "cofferdam.toml",
        "[[claim]]\nname = \"x\"\nnever.from = \"action:no/where\"\nnever.to = \"secret\"\n",
    );
    let ran = sandbox.run(&["config", "check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("claims: 1"), "{}", ran.out);
}

/// The workflow of docs/claims.md, with the program that is tested in the place
/// of the released one.
#[test]
fn the_workflow_of_the_page_is_clean_and_runs() {
    let page = include_str!("../../docs/claims.md");
    let block = page.split("```yaml\n").nth(1).unwrap();
    let workflow = block.split("```").next().unwrap();
    let workflow = workflow.replace("<commit of a release>", PIN);
    let sandbox = sandbox(PIN, NO_DEPENDENCY);
    fs::remove_file(sandbox.path(".github/workflows/release.yml")).unwrap();
    sandbox.write(".github/workflows/claims.yml", &workflow);
    let report = sandbox.report(&["."]);
    let bad: Vec<_> = report.value["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| {
            matches!(
                one["severity"].as_str(),
                Some("medium" | "high" | "critical")
            )
        })
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let step = workflow
        .lines()
        .find(|line| line.contains("claims check"))
        .unwrap();
    let arguments: Vec<&str> = step
        .split_whitespace()
        .skip_while(|word| *word != "claims")
        .collect();
    let commit = sandbox.commit();
    let arguments: Vec<&str> = arguments
        .iter()
        .take_while(|word| **word != ">>")
        .map(|word| {
            if word.contains("BASE") {
                commit.as_str()
            } else {
                word
            }
        })
        .collect();
    assert!(arguments.contains(&commit.as_str()), "{arguments:?}");
    let ran = sandbox.run(&arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.starts_with("<!-- cofferdam claims -->"),
        "{}",
        ran.out
    );
}

#[test]
fn names_from_outside_do_nothing_to_a_terminal_or_a_comment() {
    let hostile = release("v1").replace(
        "acme/notes@v1",
        "\"acme/no\\e[31mtes@v1 ::error::x <img src=x>\"",
    );
    let toml = NO_DEPENDENCY.replace("No dependency", "<b>No</b> ::error::dependency");
    let sandbox = sandbox("v1", &toml);
    sandbox.write(".github/workflows/other.yml", hostile);
    for format in ["human", "json", "markdown", "sarif"] {
        let ran = check(&sandbox, &["--all", "--format", format]);
        assert!(!ran.out.contains('\u{1b}'), "{format}: {}", ran.out);
        assert!(
            !ran.out
                .lines()
                .any(|l| l.trim_start().starts_with("::error")),
            "{format}"
        );
        if format == "markdown" {
            assert!(
                !ran.out.contains("<b>") && !ran.out.contains("<img"),
                "{}",
                ran.out
            );
        }
    }
}
