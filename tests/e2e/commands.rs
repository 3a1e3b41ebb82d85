//! The other commands.

use serde_json::Value;

use crate::sandbox::Sandbox;

#[test]
fn every_listed_rule_has_a_page() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["rules", "--format", "json"]);
    assert_eq!(ran.code, 0);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    let rules = value["rules"].as_array().unwrap();
    assert!(!rules.is_empty());
    let table = sandbox.run(&["rules"]);
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        assert!(table.out.lines().any(|line| line.starts_with(id)), "{id}");
        let page = sandbox.run(&["rules", id]);
        let graded = sandbox.run(&["rules", &format!("{id}.low")]);
        assert_eq!(graded.out, page.out);
        assert_eq!(page.code, 0);
        for heading in [
            "What",
            "Why",
            "Vulnerable",
            "Fixed",
            "How it is decided",
            "References",
        ] {
            assert!(
                page.out.lines().any(|line| line == heading),
                "{id}: {heading}"
            );
            let docs = rule["docs"].as_str().unwrap();
            assert!(
                docs.lines().any(|line| line == format!("# {heading}")),
                "{id}: {heading}"
            );
        }
        assert!(!page.out.contains("```"), "{id}");
    }
}

#[test]
fn completions_know_the_commands() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = sandbox.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{shell}");
        for word in ["audit", "recursive", "rules", "completions"] {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(sandbox.run(&["completions", "basch"]).code, 2);
}

#[test]
fn help_names_the_exit_codes_and_every_command() {
    let sandbox = Sandbox::new();
    let help = sandbox.run(&["audit", "--help"]);
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for part in [
        "Exit codes:",
        "0  passes",
        "3  something needed",
        "--recursive",
        "Examples:",
    ] {
        assert!(help.out.contains(part), "{part}: {}", help.out);
    }
    let top = sandbox.run(&["--help"]);
    for command in ["audit", "rules", "data", "completions"] {
        assert!(top.out.contains(&format!("\n  {command}")), "{}", top.out);
    }
    assert_eq!(sandbox.run(&[]).code, 2);
    assert!(sandbox.run(&["--version"]).out.starts_with("cofferdam "));
}

#[test]
fn the_data_command_shows_the_pack_that_the_audit_uses() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["data", "status"]);
    assert!([0, 3].contains(&ran.code), "{}{}", ran.out, ran.err);
    assert!(!ran.out.is_empty());
}
