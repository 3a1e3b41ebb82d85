//! The vulnerabilities that projects had and mended, as ways to something worth
//! having: there before the mend, gone after it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cofferdam_facts::Timestamp;
use cofferdam_facts::settings::{
    DefaultPermissions, Fact, ForkApproval, OwnerKind, Repository as Described, Snapshot,
    Visibility, WorkflowToken,
};
use serde_json::Value;

use crate::past::{checkout, folders};
use crate::sandbox::Sandbox;

/// The settings that most public repositories had in those years: a token that
/// writes, and an approval for the first change of somebody.
fn settings(sandbox: &Sandbox) -> String {
    let mut snapshot = Snapshot::unasked("acme", "project");
    snapshot.repository = Fact::Known(Described {
        id: 1,
        owner: "acme".to_owned(),
        owner_id: 1,
        owner_kind: OwnerKind::Organization,
        name: "project".to_owned(),
        visibility: Visibility::Public,
        default_branch: "main".to_owned(),
        fork: false,
        archived: false,
        created_at: Fact::Known(Timestamp::from_unix(0)),
    });
    snapshot.actions.workflow_token = Fact::Known(WorkflowToken {
        default_permissions: DefaultPermissions::Write,
        can_approve_pull_requests: false,
    });
    snapshot.actions.fork_approval = Fact::Known(ForkApproval::FirstTimeContributors);
    let path = sandbox.outside().join("settings.json");
    fs::write(&path, serde_json::to_vec(&snapshot).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The level of every pair, and the places of its way.
fn levels(file: &Path, day: &str) -> BTreeMap<String, (String, Vec<String>)> {
    let sandbox = checkout(file);
    let settings = settings(&sandbox);
    let ran = sandbox.run(&[
        "exposure",
        ".",
        "--date",
        day,
        "--settings",
        &settings,
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}: {}{}", file.display(), ran.out, ran.err);
    let page: Value = serde_json::from_str(&ran.out).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = page["rows"].as_array().unwrap().iter().map(|row| {
        let pair = format!("{} -> {}", text(&row["from"]), text(&row["to"]));
        let edges = row["path"].as_array().unwrap().iter();
        let places = edges.flat_map(|edge| edge["places"].as_array().unwrap().clone());
        let places = places.map(|place| place["path"].as_str().unwrap_or_default().to_owned());
        // The programs of the repository are not part of the pair, so that what they
        // do with what they are handed is not known.
        let mut facts = row["verdict"]["facts"].as_array().unwrap().iter();
        let level = match facts.any(|fact| text(fact).starts_with("runs:")) {
            true => "not read".to_owned(),
            false => text(&row["verdict"]["level"]),
        };
        (pair, (level, places.collect()))
    });
    rows.collect()
}

/// `exposure.txt` of a pair: the day on which it is looked at, `DAY`, and then
/// `POSITION -> ASSET` for every way that the mend has closed.
#[test]
fn the_ways_of_past_vulnerabilities_are_there_and_gone() {
    let mut wrong = Vec::new();
    let mut pairs = 0;
    for (name, folder) in folders() {
        let Ok(text) = fs::read_to_string(folder.join("exposure.txt")) else {
            continue;
        };
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let day = lines.next().unwrap();
        let before = levels(&folder.join("before.txtar"), day);
        let after = levels(&folder.join("after.txtar"), day);
        let mut any = false;
        for pair in lines {
            any = true;
            match before.get(pair) {
                Some((level, places)) if level == "reachable" => {
                    assert!(places.iter().any(|path| !path.is_empty()), "{name}: {pair}");
                }
                other => wrong.push(format!("{name}: before, {pair}: {other:?}")),
            }
            if let Some((level, _)) = after.get(pair).filter(|(l, _)| l.starts_with("reach")) {
                wrong.push(format!("{name}: after, {pair}: {level}"));
            }
        }
        assert!(any, "{name}: no way is named");
        pairs += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(pairs >= 10, "{pairs}");
}

/// The page shows the way of every pair that has one, and no other.
#[test]
fn the_list_of_past_vulnerabilities_tells_the_ways() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/past-vulnerabilities.md")).unwrap();
    let section = page
        .split("## What it was worth to an attacker")
        .nth(1)
        .unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut told = 0;
    for (name, folder) in folders() {
        let Ok(text) = fs::read_to_string(folder.join("exposure.txt")) else {
            assert!(!section.contains(&format!("`{name}`")), "{name}");
            continue;
        };
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let day = lines.next().unwrap();
        let row = section
            .lines()
            .find(|l| l.starts_with(&format!("| `{name}` | {day} |")));
        let row = row.unwrap_or_else(|| panic!("{name} is not told"));
        for pair in lines {
            let (from, to) = pair.split_once(" -> ").unwrap();
            assert!(
                row.contains(&format!("`{from}`")) && row.contains(&format!("`{to}`")),
                "{name}: {pair}"
            );
        }
        told += 1;
    }
    assert_eq!(section.matches("\n| `").count(), told);
}
