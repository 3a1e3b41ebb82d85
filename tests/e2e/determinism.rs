//! The same input gives the same bytes, whatever the number of threads.

use crate::sandbox::{BAD, CLEAN, Sandbox};

#[test]
fn one_thread_and_sixteen_write_the_same_bytes() {
    let sandbox = Sandbox::new();
    for number in 0..60 {
        let (bad, clean) = (BAD.replace("publish", &format!("p{number}")), CLEAN);
        sandbox.write(&format!(".github/workflows/bad-{number}.yml"), bad);
        sandbox.write(&format!(".github/workflows/clean-{number}.yml"), clean);
        sandbox.write(
            &format!("actions/{number}/action.yml"),
            "name: x\nruns: [\n",
        );
        sandbox.write(&format!("images/{number}/Dockerfile"), "FROM debian\n");
    }
    sandbox.write(".github/workflows/latin1.yml", b"on: push # \xe9\n");
    sandbox.commit();
    for format in ["human", "json", "sarif", "github", "markdown"] {
        let outputs: Vec<String> = ["1", "16", "3"]
            .iter()
            .map(|threads| sandbox.audit(&[".", "--all", "--format", format, "--threads", threads]))
            .map(|ran| ran.out)
            .collect();
        assert!(outputs[0].len() > 1000, "{format}");
        assert!(outputs.iter().all(|out| out == &outputs[0]), "{format}");
    }
}

#[test]
fn many_repositories_come_in_the_same_order_for_all_threads() {
    let sandbox = Sandbox::new();
    for number in 0..40 {
        let text = if number % 3 == 0 { BAD } else { CLEAN };
        sandbox.write(&format!("r{number}/.github/workflows/ci.yml"), text);
    }
    let run = |threads| {
        let args = ["--recursive", ".", "--format=json", "--threads", threads];
        sandbox.audit(&args).out
    };
    let one = run("1");
    assert_eq!(one.matches("\"name\":\"./r").count(), 40, "{one}");
    assert_eq!(one, run("16"));
}

#[test]
fn the_work_tree_and_its_commit_give_the_same_findings() {
    let sandbox = Sandbox::with(BAD);
    sandbox.write(
        "action.yml",
        "name: x\nruns:\n  using: composite\n  steps: []\n",
    );
    let commit = sandbox.commit();
    let tree = sandbox.report(&["."]);
    let mut rev = sandbox.report(&["--rev", "HEAD", "."]);
    assert_eq!(rev.value["revision"], commit.as_str());
    rev.value["revision"] = serde_json::Value::Null;
    assert_eq!(tree.value, rev.value);
}
