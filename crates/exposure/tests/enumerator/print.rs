//! A repository as the text of a scenario: settings, then the files.

use std::fmt::Write as _;

use crate::world::{
    Access, Body, Branches, CacheMode, Event, ForkApproval, Guard, Head, Job, Passed, Permissions,
    Pin, Policy, Prod, Refs, Secret, Settings, Step, Text, Types, Workflow, World,
};

const COMMIT: &str = "5b1f3c2d4e6a7988b0c1d2e3f4a5968778695a4b";
const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The scenario's text, with the files as those of its weak side.
pub(crate) fn scenario(world: &World) -> String {
    let mut text = String::from("positions = []\nassets = []\n[settings]\n");
    settings(&mut text, &world.settings);
    for (number, one) in world.workflows.iter().enumerate() {
        writeln!(text, "-- weak/.github/workflows/w{number}.yml --").unwrap();
        workflow(&mut text, world, number, one);
    }
    text.push_str("-- weak/package.json --\n{\"name\": \"widget\", \"version\": \"1.0.0\"}\n");
    text.push_str("-- weak/Makefile --\ntest:\n\techo tested\n");
    text.push_str("-- weak/.github/actions/setup/action.yml --\nname: setup\ndescription: Sets up\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: echo ready\n");
    text
}

fn settings(text: &mut String, settings: &Settings) {
    let mut line = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            writeln!(text, "{key} = {value}").unwrap();
        }
    };
    line(
        "visibility",
        settings
            .private
            .map(|p| if p { "\"private\"" } else { "\"public\"" }),
    );
    line(
        "default-token",
        settings
            .default_token_writes
            .map(|w| if w { "\"write\"" } else { "\"read\"" }),
    );
    let approval = match (settings.private_forks, settings.fork_approval) {
        (Some(forks), _) if !forks.approval => Some("\"none\""),
        (_, Some(ForkApproval::NewToGitHub)) => Some("\"first-time-new-to-github\""),
        (_, Some(ForkApproval::FirstTime)) => Some("\"first-time\""),
        (_, Some(ForkApproval::AllOutside)) => Some("\"all-outside\""),
        (_, None) => None,
    };
    line("fork-approval", approval);
    if let Some(forks) = settings.private_forks {
        line(
            "secrets-to-forks",
            Some(if forks.secrets { "true" } else { "false" }),
        );
        line(
            "write-tokens-to-forks",
            Some(if forks.write_tokens { "true" } else { "false" }),
        );
    }
    line(
        "branch-rules",
        settings.branches.map(|b| match b {
            Branches::Free => "\"none\"",
            Branches::Reviewed => "\"reviewed\"",
            Branches::Restricted => "\"restricted\"",
        }),
    );
    line(
        "tag-rules",
        settings
            .tags_restricted
            .map(|r| if r { "\"restricted\"" } else { "\"none\"" }),
    );
    line(
        "actions-policy",
        settings.policy.map(|p| match p {
            Policy::EveryEvent => "\"none\"",
            Policy::GitHubs => "\"default\"",
        }),
    );
    line(
        "runners",
        settings
            .persistent_runner
            .map(|p| if p { "\"persistent\"" } else { "\"ephemeral\"" }),
    );
    line("apps", settings.app.then_some("[\"release-bot\"]"));
    match &settings.prod {
        Prod::NotSeen => {}
        Prod::Missing => text.push_str("[settings.environments]\n"),
        Prod::There(rules) => {
            let secrets = if rules.keeps_deploy_key {
                "\"DEPLOY_KEY\""
            } else {
                ""
            };
            write!(
                text,
                "[settings.environments.prod]\nreviewers = {}\nself-review-prevented = {}\nadmin-bypass = {}\nsecrets = [{secrets}]\n",
                rules.reviewers, rules.self_review_prevented, rules.admin_bypass,
            )
            .unwrap();
            if rules.wait {
                text.push_str("wait = 30\n");
            }
            match rules.refs {
                Refs::Any => {}
                Refs::Main => text.push_str("branches = [\"main\"]\ntags = []\n"),
                Refs::Tags => text.push_str("branches = []\ntags = [\"v*\"]\n"),
            }
        }
    }
}

fn workflow(text: &mut String, world: &World, number: usize, one: &Workflow) {
    writeln!(text, "name: W{number}\non:").unwrap();
    for event in &one.events {
        self::event(text, *event);
    }
    permissions(text, "", one.permissions);
    match one.cache_mode {
        CacheMode::Unsaid => {}
        CacheMode::None => text.push_str("cache-mode: none\n"),
        CacheMode::Read => text.push_str("cache-mode: read\n"),
        CacheMode::Write => text.push_str("cache-mode: write\n"),
    }
    if let Some(secret) = one.env {
        writeln!(text, "env:\n  WHOLE: ${{{{ secrets.{} }}}}", secret.name()).unwrap();
    }
    text.push_str("jobs:\n");
    for (place, job) in one.jobs.iter().enumerate() {
        self::job(text, world, place, job, one.follows());
    }
}

fn event(text: &mut String, event: Event) {
    let types = |all: &str| format!("    types: [{all}]\n");
    let of = |one: Types, name: &str| match one {
        Types::Usual => format!("  {name}:\n"),
        Types::Opened => format!("  {name}:\n{}", types("opened")),
        Types::Edited => format!("  {name}:\n{}", types("edited")),
        Types::Labeled => format!("  {name}:\n{}", types("labeled")),
        Types::Closed => format!("  {name}:\n{}", types("closed")),
    };
    text.push_str(&match event {
        Event::PushMain => "  push:\n    branches: [main]\n".to_owned(),
        Event::PushTags => "  push:\n    tags: ['v*']\n".to_owned(),
        Event::PullRequest => "  pull_request:\n".to_owned(),
        Event::Target(one) => of(one, "pull_request_target"),
        Event::IssueComment => "  issue_comment:\n".to_owned(),
        Event::Issues(one) => of(one, "issues"),
        Event::WorkflowRun(after) => {
            format!("  workflow_run:\n    workflows: [W{after}]\n    types: [completed]\n")
        }
        Event::Dispatch => "  workflow_dispatch:\n    inputs:\n      number:\n        required: true\n".to_owned(),
        Event::Schedule => "  schedule:\n    - cron: '17 3 * * *'\n".to_owned(),
        Event::Release => "  release:\n    types: [published]\n".to_owned(),
        Event::MergeGroup => "  merge_group:\n".to_owned(),
        Event::Watch => "  watch:\n    types: [started]\n".to_owned(),
        Event::Call => "  workflow_call:\n    secrets:\n      API_KEY:\n        required: false\n      DEPLOY_KEY:\n        required: false\n      NPM_TOKEN:\n        required: false\n".to_owned(),
    });
}

fn permissions(text: &mut String, indent: &str, permissions: Permissions) {
    let value = match permissions {
        Permissions::Unsaid => return,
        Permissions::None => " {}",
        Permissions::Contents(Access::Read) => " {contents: read}",
        Permissions::Contents(Access::Write) => " {contents: write}",
        Permissions::Issues => " {issues: write}",
        Permissions::Packages => " {contents: read, packages: write}",
        Permissions::Actions => " {actions: write}",
        Permissions::IdToken => " {contents: read, id-token: write}",
        Permissions::ReadAll => " read-all",
        Permissions::WriteAll => " write-all",
    };
    writeln!(text, "{indent}permissions:{value}").unwrap();
}

fn guard(guard: Guard) -> Option<&'static str> {
    Some(match guard {
        Guard::None => return None,
        Guard::False => "false",
        Guard::OwnHead => "github.event.pull_request.head.repo.full_name == github.repository",
        Guard::ForkFlag => "github.event.pull_request.head.repo.fork == false",
        Guard::Labels => "contains(github.event.pull_request.labels.*.name, 'safe')",
        Guard::Label => "github.event.label.name == 'safe'",
        Guard::CommentByMember => "github.event.comment.author_association == 'MEMBER'",
        Guard::CommentByCollaborator => {
            "contains(fromJSON('[\"OWNER\", \"MEMBER\", \"COLLABORATOR\"]'), github.event.comment.author_association)"
        }
        Guard::AuthorContributor => "github.event.pull_request.author_association == 'CONTRIBUTOR'",
        Guard::AuthorMember => "github.event.pull_request.author_association == 'MEMBER'",
        Guard::DependabotActs => "github.actor == 'dependabot[bot]'",
        Guard::DependabotAuthor => "github.event.pull_request.user.login == 'dependabot[bot]'",
        Guard::EventIsPush => "github.event_name == 'push'",
        Guard::RefIsMain => "github.ref == 'refs/heads/main'",
        Guard::RunSucceeded => "github.event.workflow_run.conclusion == 'success'",
        Guard::RunOfPush => "github.event.workflow_run.event == 'push'",
        Guard::Merged => "github.event.pull_request.merged == true",
        Guard::Command => "startsWith(github.event.comment.body, '/do')",
    })
}

fn job(text: &mut String, world: &World, place: usize, job: &Job, follows: bool) {
    writeln!(text, "  j{place}:").unwrap();
    if let Some(condition) = guard(job.guard) {
        writeln!(text, "    if: {condition}").unwrap();
    }
    if job.needs {
        writeln!(text, "    needs: j{}", place - 1).unwrap();
    }
    if job.prod {
        text.push_str("    environment: prod\n");
    }
    if let Some(own) = job.permissions {
        permissions(text, "    ", own);
    }
    match &job.body {
        Body::Call(to, passed) => {
            debug_assert!(world.workflows.len() > *to);
            writeln!(text, "    uses: ./.github/workflows/w{to}.yml").unwrap();
            self::passed(text, *passed);
        }
        Body::Elsewhere(pin, passed) => {
            let version = version(*pin, "v1");
            writeln!(
                text,
                "    uses: acme/flows/.github/workflows/run.yml@{version}"
            )
            .unwrap();
            self::passed(text, *passed);
        }
        Body::Steps(steps) => {
            let runner = match (job.self_hosted, job.boxed) {
                (true, _) => "self-hosted",
                (_, true) => "big-box",
                _ => "ubuntu-24.04",
            };
            writeln!(text, "    runs-on: {runner}").unwrap();
            if let Some(pin) = job.container {
                writeln!(text, "    container: {}", image("builder", pin)).unwrap();
            }
            text.push_str("    outputs:\n      size: ${{ steps.size.outputs.size }}\n    steps:\n      - id: size\n        run: echo size=1 >> \"$GITHUB_OUTPUT\"\n");
            for step in steps {
                text.push_str(&self::step(*step, place, follows));
            }
        }
    }
}

fn passed(text: &mut String, passed: Passed) {
    match passed {
        Passed::Nothing => {}
        Passed::Inherit => text.push_str("    secrets: inherit\n"),
        Passed::One(secret) => {
            let name = secret.name();
            writeln!(
                text,
                "    secrets:\n      {name}: ${{{{ secrets.{name} }}}}"
            )
            .unwrap();
        }
    }
}

fn version(pin: Pin, tag: &str) -> &str {
    match pin {
        Pin::Mutable => tag,
        Pin::Fixed => COMMIT,
    }
}

fn image(name: &str, pin: Pin) -> String {
    match pin {
        Pin::Mutable => format!("ghcr.io/acme/{name}:latest"),
        Pin::Fixed => format!("ghcr.io/acme/{name}@{DIGEST}"),
    }
}

fn context(text: Text) -> &'static str {
    match text {
        Text::PullRequestTitle => "github.event.pull_request.title",
        Text::IssueTitle => "github.event.issue.title",
        Text::CommentBody => "github.event.comment.body",
        Text::RunBeforeBranch => "github.event.workflow_run.head_branch",
    }
}

fn env(name: &str, secret: Option<Secret>) -> String {
    let Some(secret) = secret else {
        return String::new();
    };
    format!(
        "        env:\n          {name}: ${{{{ secrets.{} }}}}\n",
        secret.name()
    )
}

fn step(step: Step, place: usize, follows: bool) -> String {
    let run = |line: &str| format!("      - run: {line}\n");
    let checkout =
        "      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2\n";
    match step {
        Step::Echo => run("echo ready"),
        Step::Checkout(head) => {
            let with = match head {
                Head::Own => "",
                Head::PullRequest => "        with:\n          ref: ${{ github.event.pull_request.head.sha }}\n",
                Head::IssueNumber => "        with:\n          ref: refs/pull/${{ github.event.issue.number }}/head\n",
                Head::RunBefore => "        with:\n          repository: ${{ github.event.workflow_run.head_repository.full_name }}\n          ref: ${{ github.event.workflow_run.head_sha }}\n",
                Head::InputNumber => "        with:\n          ref: refs/pull/${{ inputs.number }}/head\n",
            };
            format!("{checkout}{with}")
        }
        Step::Make => run("make test"),
        Step::Grep => run("grep -c TODO README.md"),
        Step::SecretInEnv(secret) => {
            let call = run("curl -fsS -H \"X-Key:$KEY\" https://report.example.com/");
            format!("{call}{}", env("KEY", Some(secret)))
        }
        Step::SecretInRun(secret) => run(&format!(
            "curl -fsS -H \"X-Key:${{{{ secrets.{} }}}}\" https://report.example.com/",
            secret.name()
        )),
        Step::SecretToAction(secret) => format!(
            "      - uses: acme/notify@{COMMIT}\n        with:\n          key: ${{{{ secrets.{} }}}}\n",
            secret.name()
        ),
        Step::AllSecrets => {
            let call = run("curl -fsS -H \"X-Key:$ALL\" https://report.example.com/");
            format!("{call}        env:\n          ALL: ${{{{ toJSON(secrets) }}}}\n")
        }
        Step::TextInScript(text) => {
            format!("      - run: |\n          echo \"${{{{ {} }}}}\"\n", context(text))
        }
        Step::TextInEnv(text) => format!(
            "{}        env:\n          WORDS: ${{{{ {} }}}}\n",
            run("printf '%s' \"$WORDS\" | wc -c"),
            context(text)
        ),
        Step::Action(pin) => format!("      - uses: acme/lint@{}\n", version(pin, "v1")),
        Step::LocalAction => "      - uses: ./.github/actions/setup\n".to_owned(),
        Step::Tool(Pin::Mutable) => run("npm install --global acme-notes"),
        Step::Tool(Pin::Fixed) => run("npm install --global acme-notes@2.3.1"),
        Step::Script(Pin::Mutable) => run("curl -fsSL https://get.acme.dev/install.sh | bash"),
        Step::Script(Pin::Fixed) => "      - run: |\n          curl -fsSLo install.sh https://get.acme.dev/install.sh\n          echo 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  install.sh' | sha256sum -c\n          bash install.sh\n".to_owned(),
        Step::Cache => "      - uses: actions/cache@5a3ec84eff668545956fd18022155c47e93e2684 # v4.2.3\n        with:\n          path: node_modules\n          key: modules-${{ hashFiles('package-lock.json') }}\n".to_owned(),
        Step::Upload => "      - uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2\n        with:\n          name: out\n          path: out\n".to_owned(),
        Step::Download(runs) => {
            let mut take = "      - uses: actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093 # v4.3.0\n        with:\n          name: out\n          path: ${{ runner.temp }}/out\n".to_owned();
            if follows {
                take.push_str("          run-id: ${{ github.event.workflow_run.id }}\n          github-token: ${{ github.token }}\n");
            }
            let then = if runs { "bash \"$RUNNER_TEMP/out/publish.sh\"" } else { "wc -c \"$RUNNER_TEMP/out/index.html\"" };
            format!("{take}{}", run(then))
        }
        Step::DockerRun(pin, secret) => {
            let hand = if secret.is_some() { "-e KEY " } else { "" };
            let line = run(&format!("docker run --rm {hand}{}", image("deployer", pin)));
            format!("{line}{}", env("KEY", secret))
        }
        Step::DockerSocket(pin) => run(&format!(
            "docker run --rm -v /var/run/docker.sock:/var/run/docker.sock {}",
            image("scan", pin)
        )),
        Step::DockerBuild(secret) => {
            let hand = if secret.is_some() { "--build-arg \"KEY=$KEY\" " } else { "" };
            format!("{}{}", run(&format!("docker build {hand}.")), env("KEY", secret))
        }
        Step::DockerAction(pin, secret) => {
            let uses = format!("      - uses: docker://{}\n", image("check", pin));
            format!("{uses}{}", env("KEY", secret))
        }
        Step::NpmPublish => format!("{}{}", run("npm publish"), env("NODE_AUTH_TOKEN", Some(Secret::Npm))),
        Step::GithubRelease => format!(
            "{}        env:\n          GH_TOKEN: ${{{{ github.token }}}}\n",
            run("gh release create \"$GITHUB_REF_NAME\" --repo \"$GITHUB_REPOSITORY\" dist/app.tar.gz")
        ),
        Step::Output => run(&format!(
            "./tell.sh ${{{{ needs.j{}.outputs.size }}}}",
            place.saturating_sub(1)
        )),
    }
}

impl Secret {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Api => "API_KEY",
            Self::Deploy => "DEPLOY_KEY",
            Self::Npm => "NPM_TOKEN",
        }
    }
}
