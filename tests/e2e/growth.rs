//! Documents whose size is allowed and whose contents multiply.

use crate::sandbox::Sandbox;

const HEAD: &str =
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n";

#[test]
fn axes_of_a_matrix_do_not_multiply() {
    let values: Vec<String> = (0..1000).map(|n| format!("v{n}")).collect();
    let mut text = format!("{HEAD}    strategy:\n      matrix:\n");
    let mut name = String::from("x/y:");
    for axis in ["a", "b", "c", "d", "e"] {
        text.push_str(&format!("        {axis}: [{}]\n", values.join(", ")));
        name.push_str(&format!("${{{{ matrix.{axis} }}}}"));
    }
    text.push_str(&format!(
        "    container: {name}\n    steps:\n      - run: docker run {name}\n"
    ));
    let report = Sandbox::with(text).report(&[".", "--fail-on", "none"]);
    let all = report.value["controls"].as_array().unwrap();
    let pinned = all.iter().find(|one| one["id"] == "D1").unwrap();
    assert_ne!(pinned["status"], "present");
}

#[test]
fn many_steps_with_secrets_take_linear_time() {
    let step = "      - {run: npm publish, env: {A: '${{secrets.A}}'}}\n";
    let text = format!("{HEAD}    steps:\n{}", step.repeat(40_000));
    let ran = Sandbox::with(text).audit(&[".", "--fail-on", "none"]);
    assert!((0..=3).contains(&ran.code));
}
