//! 0 clean, 1 findings, 2 wrong usage, 3 not checked; 1 wins over 3.

use crate::sandbox::{BAD, CLEAN, Sandbox};

#[test]
fn a_clean_checkout_ends_with_0() {
    let ran = Sandbox::with(CLEAN).audit(&["."]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(ran.err, "");
}

#[test]
fn findings_end_with_1_from_the_threshold_on() {
    let sandbox = Sandbox::with(BAD);
    let all = sandbox.report(&["."]);
    let words = ["info", "low", "medium", "high", "critical"];
    let worst = words
        .iter()
        .rposition(|word| all.value["counts"][word].as_u64() > Some(0))
        .unwrap();
    for (rank, threshold) in words.iter().enumerate() {
        let expected = i32::from(rank <= worst);
        let ran = sandbox.audit(&[".", "--fail-on", threshold]);
        assert_eq!(ran.code, expected, "{threshold}: {}", ran.out);
    }
    assert_eq!(sandbox.audit(&["."]).code, 1);
    assert_eq!(sandbox.audit(&[".", "--fail-on", "none"]).code, 0);
}

#[test]
fn hiding_findings_does_not_change_the_exit_code() {
    let sandbox = Sandbox::with(BAD);
    let report = sandbox.report(&[".", "--min-severity", "critical", "--fail-on", "medium"]);
    assert_eq!(report.code, 1);
}

#[test]
fn what_cannot_be_parsed_ends_with_3_whatever_the_threshold() {
    let sandbox = Sandbox::with("on: push\njobs:\n  a: [\n");
    for threshold in ["critical", "none"] {
        let ran = sandbox.audit(&[".", "--fail-on", threshold]);
        assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    }
}

#[test]
fn findings_win_over_what_could_not_be_checked() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write(".github/workflows/broken.yml", "on: push\njobs:\n  a: [\n");
    let report = sandbox.report(&["."]);
    assert!(report.has("syntax"), "{:?}", report.codes());
    assert_eq!(report.code, 1);
}

#[test]
fn stale_data_ends_with_3() {
    let sandbox = Sandbox::with(CLEAN);
    for date in ["2000-01-01", "2100-01-01"] {
        let ran = sandbox.run(&["audit", ".", "--date", date, "--fail-on", "none"]);
        assert_eq!(ran.code, 3, "{date}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("stale-data"), "{}", ran.out);
    }
}

#[test]
fn a_required_fact_that_is_missing_ends_with_3() {
    let sandbox = Sandbox::with(CLEAN);
    for fact in ["settings", "repository", "W2"] {
        let report = sandbox.report(&[".", "--require", fact]);
        assert_eq!(report.code, 3, "{fact}");
        assert!(report.has("required-fact"), "{fact}");
    }
    let known = sandbox.report(&[
        ".",
        "--require=data",
        "--require=repository",
        "--repository=a/b",
    ]);
    assert_eq!(known.code, 0, "{:?}", known.codes());
}

#[test]
fn wrong_usage_ends_with_2_and_names_the_nearest_word() {
    let sandbox = Sandbox::with(CLEAN);
    let cases: [(&[&str], &str); 9] = [
        (&["audti"], "audit"),
        (&["audit", "--formt", "json"], "--format"),
        (&["audit", "--format", "sarfi"], "sarif"),
        (&["audit", "--rule", "unpined-action"], "unpinned-action"),
        (&["audit", "--require", "setings"], "settings"),
        (&["audit", "--fail-on", "hihg"], "high"),
        (&["audit", "--date", "yesterday"], "YYYY-MM-DD"),
        (&["audit", "--repository", "x"], "OWNER/NAME"),
        (&["rules", "unpined-action"], "unpinned-action"),
    ];
    for (args, word) in cases {
        let ran = sandbox.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(word), "{args:?}: {}", ran.err);
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn paths_that_do_not_exist_end_with_2() {
    let sandbox = Sandbox::with(CLEAN);
    for path in ["missing", "missing/ci.yml"] {
        let ran = sandbox.audit(&[path]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        let told = format!("error: there is no file or folder at {path}\n");
        assert_eq!(ran.err, told);
    }
}

#[test]
fn what_asks_for_nothing_ends_with_2() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write("README.md", "words");
    for (args, told) in [
        (
            &["audit", "README.md"][..],
            "error: README.md is no workflow",
        ),
        (
            &["audit", "-", "--stdin-path", "foo.txt"],
            "error: --stdin-path foo.txt",
        ),
        (
            &["audit", ".", "--control=S1", "--rule=unpinned-action"],
            "error: no rule of --rule speaks for",
        ),
        (&["."], "`cofferdam audit .`"),
    ] {
        let ran = sandbox.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}");
        assert!(ran.err.contains(told), "{}", ran.err);
    }
    // One of two rules speaks for the control.
    let ran = sandbox.audit(&[
        ".",
        "--control=D1",
        "--rule=syntax",
        "--rule=unpinned-action",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn settings_of_which_nothing_was_read_are_no_settings() {
    let sandbox = Sandbox::with(CLEAN);
    let snapshot = cofferdam_facts::settings::Snapshot::unasked("acme", "app");
    sandbox.write("settings.json", snapshot.to_json().unwrap());
    let ran = sandbox.audit(&[".", "--settings=settings.json", "--require=settings"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
}

#[cfg(feature = "online")]
#[test]
fn a_snapshot_of_nothing_is_not_written() {
    let sandbox = Sandbox::new();
    sandbox.write("settings.json", "the older one");
    let args = "settings snapshot acme/app -o settings.json --api-url http://127.0.0.1:1";
    let args: Vec<&str> = args.split(' ').collect();
    let ran = sandbox.run(&args);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{}", ran.err);
    assert!(ran.err.contains("the connection is refused"), "{}", ran.err);
    let path = sandbox.root().join("settings.json");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "the older one");
}

#[test]
fn a_folder_in_which_nothing_is_audited_is_not_clean() {
    let sandbox = Sandbox::new();
    sandbox.write("src/main.c", "int main;");
    let report = sandbox.report(&["."]);
    assert_eq!(report.code, 3);
    assert!(report.has("nothing-to-read"), "{:?}", report.codes());
}

#[test]
fn a_folder_inside_a_repository_names_the_root() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write("src/main.c", "int main;");
    sandbox.commit();
    let ran = sandbox.audit(&["src"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("checkout"), "{}", ran.out);
}
