//! `cofferdam fix`: what it shows, writes and leaves alone.

use std::fs;

use crate::sandbox::{CLEAN, Ran, Sandbox, day};

const WORKFLOW: &str = "\
# Ours.
on:
  issues:
permissions: {}
jobs:
  greet:   # says hello
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo \"${{ github.event.issue.title }}\"  # loud
";

const PATH: &str = ".github/workflows/ci.yml";

fn fix(sandbox: &Sandbox, args: &[&str]) -> Ran {
    let day = day();
    let mut all = vec!["fix", "--date", &day];
    all.extend(args);
    sandbox.run(&all)
}

fn text(sandbox: &Sandbox) -> String {
    fs::read_to_string(sandbox.path(PATH)).unwrap()
}

fn mended(workflow: &str) -> String {
    let script = workflow.replace("${{ github.event.issue.title }}", "${ISSUE_TITLE}");
    let end = if script.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    format!(
        "{script}        env:{end}          ISSUE_TITLE: ${{{{ github.event.issue.title }}}}{end}"
    )
}

#[test]
fn a_diff_is_shown_and_nothing_written() {
    let sandbox = Sandbox::with(WORKFLOW);
    let ran = fix(&sandbox, &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    for part in [
        "--- a/.github/workflows/ci.yml",
        "+++ b/.github/workflows/ci.yml",
        "-          echo \"${{ github.event.issue.title }}\"  # loud",
        "+          echo \"${ISSUE_TITLE}\"  # loud",
        "+          ISSUE_TITLE: ${{ github.event.issue.title }}",
        "template-injection: `ISSUE_TITLE` holds the value",
        "Nothing was written",
    ] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert_eq!(text(&sandbox), WORKFLOW);
}

#[test]
fn what_is_written_is_the_edit_alone_and_a_second_run_does_nothing() {
    let sandbox = Sandbox::with(WORKFLOW);
    assert_eq!(fix(&sandbox, &["--write"]).code, 0);
    assert_eq!(text(&sandbox), mended(WORKFLOW));
    assert_eq!(
        fs::read_dir(sandbox.path(".github/workflows"))
            .unwrap()
            .count(),
        1
    );
    let again = fix(&sandbox, &["--write"]);
    assert_eq!(again.code, 0, "{}", again.out);
    assert!(!again.out.contains("+++"), "{}", again.out);
    assert_eq!(text(&sandbox), mended(WORKFLOW));
    assert_eq!(fix(&sandbox, &[]).code, 0);
}

#[test]
fn unsafe_fixes_are_asked_for_and_say_what_to_check() {
    let sandbox = Sandbox::with(CLEAN.replace("    timeout-minutes: 5\n", ""));
    let ran = fix(&sandbox, &[]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(
        ran.out.contains("can be mended with `--unsafe`"),
        "{}",
        ran.out
    );
    let ran = fix(&sandbox, &["--unsafe", "--write"]);
    assert_eq!(ran.code, 0);
    let check = "Check that job `test` never takes longer than 60 minutes.";
    assert!(ran.out.contains(check), "{}", ran.out);
    assert!(text(&sandbox).contains("    runs-on: ubuntu-24.04\n    timeout-minutes: 60\n"));
}

#[test]
fn one_rule_alone_and_one_file_alone() {
    let sandbox = Sandbox::with(WORKFLOW);
    let ran = fix(&sandbox, &["--unsafe", "--rule", "timeout-missing", PATH]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("+    timeout-minutes: 60"), "{}", ran.out);
    assert!(!ran.out.contains("ISSUE_TITLE"), "{}", ran.out);
    assert_eq!(fix(&sandbox, &["--write", PATH]).code, 0);
    assert_eq!(text(&sandbox), mended(WORKFLOW));
    let ran = fix(&sandbox, &["--rule", "syntax"]);
    assert_eq!(ran.code, 2, "a rule without a fix");
    assert_eq!(fix(&sandbox, &["nowhere"]).code, 2);
}

#[test]
fn line_ends_and_the_byte_order_mark_stay() {
    let workflow = format!("\u{feff}{}", WORKFLOW.replace('\n', "\r\n"));
    let sandbox = Sandbox::with(&workflow);
    assert_eq!(fix(&sandbox, &["--write"]).code, 0);
    assert_eq!(text(&sandbox), mended(&workflow));
}

#[test]
fn what_is_silenced_is_left_alone() {
    let sandbox = Sandbox::with(WORKFLOW.replace("  # loud", "").replace(
        "      - run: |",
        "      # cofferdam: ignore[template-injection] a toy\n      - run: |",
    ));
    let before = text(&sandbox);
    sandbox.write(
        "cofferdam.toml",
        "[rules.template-injection]\noff = true\nreason = \"a toy\"\n",
    );
    let ran = fix(&sandbox, &["--write"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(text(&sandbox), before);
    assert_eq!(fix(&sandbox, &["--write", "--no-config"]).code, 0);
    assert!(text(&sandbox).contains("ISSUE_TITLE"));
}

#[test]
fn a_file_that_does_not_parse_is_not_touched_and_told() {
    let broken = format!("{WORKFLOW}  other: [\n");
    let sandbox = Sandbox::with(&broken);
    let ran = fix(&sandbox, &["--write", "--unsafe"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("Not checked: "), "{}", ran.out);
    assert_eq!(text(&sandbox), broken);
}

#[test]
#[cfg(unix)]
fn nothing_is_written_through_a_link() {
    let sandbox = Sandbox::new();
    let outside = sandbox.outside().join("elsewhere.yml");
    fs::write(&outside, WORKFLOW).unwrap();
    sandbox.write("real/ci.yml", WORKFLOW);
    // One inside of the checkout is read, and still not written through.
    sandbox.link(PATH, "../../real/ci.yml");
    let ran = fix(&sandbox, &["--write"]);
    assert_ne!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert_eq!(
        fs::read_to_string(sandbox.path("real/ci.yml")).unwrap(),
        WORKFLOW
    );
    assert!(
        fs::symlink_metadata(sandbox.path(PATH))
            .unwrap()
            .is_symlink()
    );
    // A single file that is a link to the outside.
    sandbox.link("link.yml", &outside);
    let ran = fix(&sandbox, &["--write", "link.yml"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("symbolic link"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&outside).unwrap(), WORKFLOW);
}

#[test]
#[cfg(unix)]
fn a_read_only_file_keeps_all_of_them_from_being_written_and_the_mode_stays() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::with(WORKFLOW);
    sandbox.write(".github/workflows/other.yml", WORKFLOW);
    let other = sandbox.path(".github/workflows/other.yml");
    let mode = |mode| fs::set_permissions(&other, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o444);
    let ran = fix(&sandbox, &["--write"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("other.yml: it is read-only"),
        "{}",
        ran.err
    );
    assert_eq!(text(&sandbox), WORKFLOW);
    assert_eq!(
        fs::read_dir(sandbox.path(".github/workflows"))
            .unwrap()
            .count(),
        2
    );
    mode(0o640);
    assert_eq!(fix(&sandbox, &["--write"]).code, 0);
    assert_eq!(text(&sandbox), mended(WORKFLOW));
    assert_eq!(
        fs::metadata(&other).unwrap().permissions().mode() & 0o777,
        0o640
    );
}

#[test]
fn what_a_hostile_file_holds_is_shown_without_its_control_characters() {
    let workflow = WORKFLOW.replace("# loud", "# \u{1b}[2J::error::x");
    let sandbox = Sandbox::with(workflow);
    let ran = fix(&sandbox, &[]);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
}

#[test]
fn rules_and_pages_say_whether_there_is_a_fix() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["rules", "timeout-missing"]).out;
    assert!(page.contains("fix: unsafe"), "{page}");
    let json = sandbox.run(&["rules", "--format", "json"]).out;
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rules = value["rules"].as_array().unwrap();
    let of = |id: &str| rules.iter().find(|rule| rule["id"] == id).unwrap()["fix"].clone();
    assert_eq!(of("checkout-credentials")["offer"], "safe or unsafe");
    assert_eq!(of("syntax"), serde_json::Value::Null);
}

/// What `fix --format json` writes, held against its schema, in which nothing
/// may stand that it does not name.
fn told(ran: &Ran) -> serde_json::Value {
    fn close(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(object) => {
                if object.contains_key("properties") {
                    object.insert("additionalProperties".to_owned(), false.into());
                }
                object.values_mut().for_each(close);
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(close),
            _ => {}
        }
    }
    let mut schema = serde_json::from_str(include_str!("../../docs/schema/fixes-v1.json")).unwrap();
    close(&mut schema);
    let told = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.out));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&told)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}: {told:#}");
    told
}

/// The text with edits made.
fn edited(text: &str, files: &serde_json::Value) -> String {
    let mut text = text.as_bytes().to_vec();
    for file in files.as_array().unwrap() {
        assert_eq!(file["path"], PATH);
        for edit in file["edits"].as_array().unwrap().iter().rev() {
            let at = |name: &str| usize::try_from(edit[name].as_u64().unwrap()).unwrap();
            let new = edit["replacement"].as_str().unwrap().bytes();
            let starts = text[..at("start")].iter().filter(|b| **b == b'\n').count();
            assert_eq!(at("line"), starts + 1);
            text.splice(at("start")..at("end"), new);
        }
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn as_json_each_fix_has_its_edits_and_all_of_them_are_what_is_written() {
    // Two safe fixes and one to be checked in one file, in all its oddities.
    let two = WORKFLOW.replace(
        "    steps:\n",
        "    steps:\n      - uses: actions/checkout@v7.0.1\n        with: { repository: 'é𝄞/x' }\n",
    );
    for workflow in [
        two.clone(),
        format!("\u{feff}{}", two.replace('\n', "\r\n")),
    ] {
        let sandbox = Sandbox::with(&workflow);
        let ran = fix(&sandbox, &["--format", "json"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        let json = told(&ran);
        let checkout = &json["checkouts"][0];
        assert_eq!(checkout["written"], false);
        let fixes = checkout["fixes"].as_array().unwrap();
        let of = |rule: &str| fixes.iter().find(|fix| fix["rule"] == rule).unwrap();
        let taken = of("template-injection");
        assert_eq!(
            (&taken["state"], &taken["safety"]),
            (&"taken".into(), &"safe".into())
        );
        assert!(taken["check"].is_null() && taken["refused"].is_null());
        assert!(taken["why"].as_str().unwrap().contains("ISSUE_TITLE"));
        let alone = edited(&workflow, &taken["edits"]);
        assert!(
            alone.contains("          ISSUE_TITLE: ${{ github"),
            "{alone}"
        );
        assert!(!alone.contains("persist-credentials"), "{alone}");
        let place = &taken["location"];
        let span = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
        assert!(workflow[span("start")..span("end")].contains("github.event.issue.title"));
        let offered = of("timeout-missing");
        assert_eq!(offered["state"], "offered");
        assert!(offered["check"].as_str().unwrap().contains("60 minutes"));
        assert!(edited(&workflow, &offered["edits"]).contains("timeout-minutes: 60"));

        let safe = edited(&workflow, &checkout["files"]);
        let ran = fix(&sandbox, &["--format", "json", "--write"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(told(&ran)["checkouts"][0]["written"], true);
        assert_eq!(text(&sandbox), safe);
        let left = told(&fix(&sandbox, &["--format", "json"]));
        assert_eq!(left["checkouts"][0]["files"], serde_json::json!([]));
    }
}

#[test]
fn as_json_a_refused_fix_says_why_and_a_hostile_text_does_nothing() {
    // A quoted here-document expands no variable, so that no edit mends it.
    let workflow = WORKFLOW.replace("# loud", "# \u{1b}[2J ##[error]x");
    let sandbox = Sandbox::with(workflow.replace("echo \"", "cat <<'E'\n          "));
    let ran = fix(&sandbox, &["--format", "json", ".", PATH]);
    let json = told(&ran);
    assert_eq!(json["checkouts"].as_array().unwrap().len(), 2);
    let fixes = json["checkouts"][0]["fixes"].as_array().unwrap();
    let refused = fixes.iter().find(|fix| fix["state"] == "refused").unwrap();
    assert!(!refused["refused"].as_str().unwrap().is_empty());
    assert!(refused["why"].is_null() && refused["safety"].is_null());
    assert_eq!(refused["edits"], serde_json::json!([]));
    assert!(
        !ran.out.contains('\u{1b}') && !ran.out.contains("##["),
        "{}",
        ran.out
    );
}
