#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use cofferdam_workflows::documents::Workflow;
use cofferdam_workflows::expressions::condition;

use super::*;

/// What a comparison with an output of a step asks of a stranger.
fn way(step: &str, asks: &str) -> Option<Way> {
    let step = step.replace('\n', "\n        ");
    let text = format!(
        "on: issue_comment\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - id: ask\n        {step}\n      - if: {asks}\n        run: ./go\n"
    );
    let workflow = Workflow::parse(SourceFile::new("w.yml", text));
    let stranger = Stranger::new(workflow.triggers.first().unwrap(), &|_, _| None);
    let steps = workflow.jobs.first().unwrap().steps();
    let lookup = |path: &ContextPath, asked: &Question<'_>| {
        of_step(&stranger, workflow.file(), steps, path, asked)
    };
    let found = Stranger::new(workflow.triggers.first().unwrap(), &lookup)
        .way(&condition(asks).unwrap(), true);
    Some(found).filter(|way| *way != Way::Unknown)
}

fn proven() -> Option<Way> {
    Some(Way::Gated(vec![Gate::PermissionCheck]))
}

fn is_perhaps(way: Option<&Way>) -> bool {
    matches!(way, Some(Way::Gated(gates)) if matches!(gates.as_slice(), [Gate::Check(_)]))
}

const CALL: &str =
    "gh api \"repos/$GITHUB_REPOSITORY/collaborators/$GITHUB_ACTOR/permission\" --jq .permission";
const LEVEL: &str = "steps.ask.outputs.level == 'write'";
const OK: &str = "steps.ask.outputs.ok == 'true'";

fn branch(call: &str, test: &str) -> String {
    format!(
        "run: |\n  level=$({call})\n  if {test}; then\n    echo \"ok=true\" >> \"$GITHUB_OUTPUT\"\n  else\n    echo \"ok=false\" >> \"$GITHUB_OUTPUT\"\n  fi"
    )
}

#[test]
fn an_answer_of_the_api_that_decides_is_a_check() {
    let direct = format!("run: echo \"level=$({CALL})\" >> \"$GITHUB_OUTPUT\"");
    assert_eq!(way(&direct, LEVEL), proven());
    let listed = "contains(fromJSON('[\"admin\", \"write\"]'), steps.ask.outputs.level)";
    assert_eq!(way(&direct, listed), proven());
    for test in [
        "[ \"$level\" = admin ]",
        "[[ \"$level\" == \"admin\" || \"$level\" == \"write\" ]]",
    ] {
        assert_eq!(way(&branch(CALL, test), OK), proven(), "{test}");
    }
    let refused = format!("{CALL} 2>/dev/null || echo none");
    assert_eq!(
        way(&branch(&refused, "[ \"$level\" = write ]"), OK),
        proven()
    );
}

#[test]
fn a_call_whose_answer_may_not_decide_may_be_a_check() {
    let elsewhere = CALL.replace("$GITHUB_REPOSITORY", "evil/app");
    let somebody = CALL.replace("$GITHUB_ACTOR", "acme-bot");
    let made_up = CALL.replace(".permission", "'\"admin\"'");
    let fallback = format!("{CALL} || echo admin");
    let host = CALL.replace("gh api", "gh api --hostname evil.example");
    for call in [&elsewhere, &somebody, &made_up, &fallback, &host] {
        let found = way(&branch(call, "[ \"$level\" = admin ]"), OK);
        assert!(is_perhaps(found.as_ref()), "{call}: {found:?}");
    }
    for test in [
        "[ -n \"$level\" ]",
        "[ \"$level\" != none ]",
        "[ \"$level\" = read ]",
        "[ \"$level\" = admin ] || true",
        "true",
    ] {
        let found = way(&branch(CALL, test), OK);
        assert!(is_perhaps(found.as_ref()), "{test}: {found:?}");
    }
    let plain = branch(CALL, "[ \"$level\" = admin ]");
    for (from, to) in [
        ("run: |\n", "run: |\n  gh() { echo admin; }\n"),
        ("run: |\n", "run: |\n  alias gh=echo\n"),
        ("run: |\n", "run: |\n  PATH=./bin\n"),
        ("  if ", "  level=admin\n  if "),
        ("  fi", "  fi\n  echo \"ok=true\" >> \"$GITHUB_OUTPUT\""),
        ("  if ", "  if true; then :; fi\n  if "),
        ("  fi", "  fi\n  cat outputs >> \"$GITHUB_OUTPUT\""),
        ("run: |\n", "env: {GITHUB_ACTOR: admin}\nrun: |\n"),
        ("run: |\n", "shell: bash ./x {0}\nrun: |\n"),
    ] {
        let found = way(&plain.replace(from, to), OK);
        assert!(is_perhaps(found.as_ref()), "{to}: {found:?}");
    }
    let nested = format!(
        "run: |\n  level=$({CALL})\n  if [ \"$level\" = admin ]; then\n    :; fi\n  if true; then\n    echo \"ok=true\" >> \"$GITHUB_OUTPUT\"\n  fi"
    );
    assert!(is_perhaps(way(&nested, OK).as_ref()));
}

#[test]
fn what_is_turned_round_is_no_check() {
    let direct = format!("run: echo \"level=$({CALL})\" >> \"$GITHUB_OUTPUT\"");
    for asks in [
        "steps.ask.outputs.level == 'read'",
        "steps.ask.outputs.level != 'admin'",
        "steps.ask.outputs.level == ''",
        "!steps.ask.outputs.level",
        "contains(fromJSON('[\"write\", \"read\"]'), steps.ask.outputs.level)",
    ] {
        assert_eq!(
            way(&direct, &format!("${{{{ {asks} }}}}")),
            Some(Way::Open),
            "{asks}"
        );
    }
    assert!(is_perhaps(
        way(&direct, "steps.ask.outputs.level != 'none'").as_ref()
    ));
}

#[test]
fn a_word_is_nothing() {
    for script in [
        "run: |\n  # /collaborators/\n  echo \"ok=true\" >> \"$GITHUB_OUTPUT\"",
        "run: |\n  echo /collaborators/ author_association\n  echo \"ok=true\" >> \"$GITHUB_OUTPUT\"",
        "run: |\n  if false; then gh api repos/a/b/collaborators/c; fi",
        "run: |\n  ask() { gh api repos/a/b/collaborators/c; }\n  echo \"ok=true\" >> \"$GITHUB_OUTPUT\"",
        "uses: actions/github-script@v7\nwith:\n  script: |\n    // getCollaboratorPermissionLevel(\n    core.setOutput('ok', 'true')",
        "uses: actions-cool/check-user-permission@v2\nwith: {require: read}",
    ] {
        assert_eq!(way(script, OK), None, "{script}");
    }
}

fn javascript(code: &str) -> String {
    let code = code.replace('\n', "\n    ");
    format!("uses: actions/github-script@v7\nwith:\n  script: |\n    {code}")
}

#[test]
fn an_answer_in_javascript_decides_or_may() {
    let call = "const { data } = await github.rest.repos.getCollaboratorPermissionLevel({ ...context.repo, username: context.actor });\n";
    for value in [
        "['admin', 'write'].includes(data.permission)",
        "data.permission === 'admin' || data.permission === 'write'",
    ] {
        let code = javascript(&format!("{call}core.setOutput('ok', {value});"));
        assert_eq!(way(&code, OK), proven(), "{value}");
        let code = javascript(&format!(
            "{call}const ok = {value};\ncore.setOutput('ok', ok);"
        ));
        assert_eq!(way(&code, OK), proven(), "{value}");
    }
    let level = javascript(&format!("{call}core.setOutput('level', data.permission);"));
    assert_eq!(way(&level, LEVEL), proven());
    for rest in [
        "core.setOutput('ok', 'true');",
        "core.setOutput('ok', ['admin', 'read'].includes(data.permission));",
        "core.setOutput('ok', data.permission !== 'none');",
        "data.permission = 'admin';\ncore.setOutput('ok', data.permission === 'admin');",
        "core.setOutput('ok', data.permission === 'admin');\ncore.setOutput('ok', 'true');",
    ] {
        let found = way(&javascript(&format!("{call}{rest}")), OK);
        assert!(is_perhaps(found.as_ref()), "{rest}: {found:?}");
    }
    let elsewhere = call.replace("...context.repo", "owner: 'evil', repo: 'app'");
    let code = javascript(&format!(
        "{elsewhere}core.setOutput('ok', data.permission === 'admin');"
    ));
    assert!(is_perhaps(way(&code, OK).as_ref()));
}
