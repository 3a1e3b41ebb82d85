//! Documents besides workflows that cannot be read, scripts that are not, and
//! secrets in places that are easily passed over: never clean, never present.

use crate::sandbox::{CLEAN, Report, Sandbox};

fn status<'r>(report: &'r Report, control: &str) -> &'r str {
    let all = report.value["controls"].as_array().unwrap();
    let found = all.iter().find(|one| one["id"] == control);
    found.unwrap()["status"].as_str().unwrap()
}

const LOCK: &str = "version: 'v0.0.9'\nworkflows: {}\ndependencies: {}\n";

#[test]
fn a_document_that_does_not_parse_is_not_checked() {
    for (path, text, control) in [
        (".github/dependabot.yml", "version: 2\nupdates: [\n", "D4"),
        (".github/renovate.json5", "{extends: [", "D4"),
        ("renovate.json", "{\"extends\": [}", "D4"),
        (".github/ariane-config.yaml", "triggers: {a: [\n", "T1"),
        (".github/dco.yml", "require: {members: [\n", "G1"),
        (".github/maintainers-little-helper.yaml", "a: [\n", "G1"),
        (".goreleaser.yaml", "signs: [\n", "S1"),
        (
            "Dockerfile",
            "FROM --platform=\"x debian\nBROKEN \"\n<<\n",
            "D1",
        ),
        ("SECURITY-INSIGHTS.yml", "header: [\n", "G2"),
        (".github/workflows/actions.lock", "version: [\n", "D2"),
        (".github/workflows/actions.lock", LOCK, "D2"),
        (".github/CODEOWNERS", "[section\n* @a/b\n", "T3"),
    ] {
        let sandbox = Sandbox::with(CLEAN);
        sandbox.write(path, text);
        let report = sandbox.report(&[".", "--fail-on", "none"]);
        assert_eq!(report.code, 3, "{path}: {:?}", report.codes());
        assert!(report.has("syntax"), "{path}: {:?}", report.codes());
        assert_eq!(status(&report, control), "not checked", "{path}");
        let places = report.value["not_checked"].as_array().unwrap();
        assert!(
            places.iter().any(|one| one["location"]["path"] == path),
            "{path}"
        );
    }
}

#[test]
fn a_broken_document_among_tests_is_a_note() {
    let sandbox = Sandbox::with(CLEAN);
    sandbox.write("testdata/.goreleaser.yaml", "signs: [\n");
    let report = sandbox.report(&["."]);
    assert_eq!(report.code, 0, "{:?}", report.codes());
    assert!(report.has("syntax"));
}

fn script(shell: &str, env: &str, job: &str) -> String {
    format!(
        "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n{job}    steps:\n      - shell: {shell}\n        run: echo x\n{env}"
    )
}

const SECRET: &str = "        env: {TOKEN: '${{ secrets.DEPLOY }}'}\n";

#[test]
fn a_script_that_is_not_read_counts_where_something_is_at_stake() {
    for shell in ["pwsh", "powershell", "cmd", "python", "perl {0}"] {
        let idle = Sandbox::with(script(shell, "", "")).report(&["."]);
        assert_eq!(idle.code, 0, "{shell}: {:?}", idle.codes());
        assert!(idle.has("script-unread"), "{shell}");

        let release =
            "    environment: release\n    permissions: {contents: write, id-token: write}\n";
        for (env, job) in [(SECRET, ""), ("", release)] {
            let report = Sandbox::with(script(shell, env, job)).report(&[".", "--fail-on", "none"]);
            assert_eq!(report.code, 3, "{shell}: {:?}", report.codes());
            assert!(report.has("script-unread"), "{shell}");
            for control in ["C3", "S1", "S2", "S3", "S6", "X1", "X3"] {
                let status = status(&report, control);
                assert!(
                    !["present", "not applicable"].contains(&status),
                    "{shell} {control}: {status}"
                );
            }
        }
    }
}

#[test]
fn a_script_of_a_composite_action_counts_by_its_users() {
    let action =
        "name: x\nruns:\n  using: composite\n  steps:\n    - run: echo x\n      shell: pwsh\n";
    for (secret, code) in [("", 0), (SECRET, 3)] {
        let sandbox = Sandbox::with(format!("{}      - uses: ./x\n", script("bash", secret, "")));
        sandbox.write("x/action.yml", action);
        let report = sandbox.report(&[".", "--fail-on", "none"]);
        assert!(report.has("script-unread"), "{:?}", report.codes());
        assert_eq!(report.code, code, "{:?}", report.codes());
    }
}

#[test]
fn a_secret_in_an_expression_for_all_of_env_is_seen() {
    let whole = "env: ${{ fromJSON(secrets.EVERYTHING) }}\n";
    for (top, job, step) in [(whole, "", ""), ("", whole, ""), ("", "", whole)] {
        let indented = |by: usize, text: &str| match text {
            "" => String::new(),
            text => format!("{}{text}", " ".repeat(by)),
        };
        let text = format!(
            "{top}{}",
            script("bash", &indented(8, step), &indented(4, job))
        );
        let report = Sandbox::with(text).report(&[".", "--fail-on", "none"]);
        let findings = report.value["findings"].to_string();
        assert!(findings.contains("EVERYTHING"), "{:?}", report.findings());
    }
    let inputs = "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v7\n        with: ${{ fromJSON(vars.X) }}\n";
    let report = Sandbox::with(inputs).report(&[".", "--fail-on", "none"]);
    assert_eq!(report.code, 3, "{:?}", report.codes());
}
