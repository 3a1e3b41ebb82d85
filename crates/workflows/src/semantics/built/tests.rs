#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::borrow::Cow;

use cofferdam_facts::SourceFile;

use super::*;
use crate::repository::{Part, Tree};
use crate::shell::{self, Shell};

fn script(_: &Workflow, _: &Job, step: &Step) -> Option<Cow<'static, Script>> {
    let text = step.script()?;
    Some(Cow::Owned(shell::parse(&text.value, &Shell::Bash)))
}

fn repository(files: &[(&str, &str)]) -> Repository {
    let parts = files
        .iter()
        .map(|(path, text)| Part::read(SourceFile::new(*path, (*text).to_owned())).unwrap());
    Repository::assemble(parts.collect::<Vec<_>>(), Tree::default())
}

/// What has to be pulled, as written, in order.
fn pulled(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for workflow in &repository.workflows {
        let pushed = Pushed::of(workflow, &script);
        for job in &workflow.jobs {
            let around = Surroundings::of_job(workflow, job);
            let mut built = Built::of_job(Some(repository), workflow, job, &pushed);
            found.extend((images::of_job(job, around).into_iter()).filter_map(|n| built.left(n)));
            for step in job.steps() {
                let script = script(workflow, job, step);
                found.extend(built.step(step, script.as_deref(), &|_| Span::default()));
            }
        }
    }
    found.into_iter().map(|named| named.written).collect()
}

/// What has to be pulled in one job with these steps.
fn of_steps(steps: &str) -> Vec<String> {
    let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{steps}");
    pulled(&repository(&[(".github/workflows/a.yml", &text)]))
}

fn of_script(script: &str) -> Vec<String> {
    let lines: String = script
        .lines()
        .map(|line| format!("          {line}\n"))
        .collect();
    of_steps(&format!("      - run: |\n{lines}"))
}

#[test]
fn what_an_earlier_step_or_line_builds_is_there() {
    for script in [
        "docker build -t o/x .\ndocker run o/x",
        "docker build -q --tag=o/x:1 . && docker run --rm o/x:1 true",
        "sudo docker buildx build --load -t o/x:latest ./a\ndocker run o/x",
        "docker build -t a .\ndocker tag a o/x\ndocker create o/x",
        "docker commit c docker.io/o/x\ndocker run o/x:latest",
        "podman build -t o/x .\npodman run o/x",
        "buildah bud -t o/x .\npodman run o/x",
        "make() { docker build -t o/x .; }\ngo() { docker run o/x; }\nmake\ngo",
        "I=o/x\ndocker build -t $I .\ndocker run $I",
        "I=$(id)\ndocker build -t o/x:$I .\ndocker run o/x:$I",
        "docker run --pull=never o/x",
        "docker run --pull never o/x",
        "docker build -t o/x .\ndocker push o/x\ndocker pull o/x",
    ] {
        assert_eq!(of_script(script), [""; 0], "{script}");
    }
    let condition = "if: github.event_name == 'push'";
    let steps = format!(
        "      - {condition}\n        run: docker build -t o/x .\n      \
         - {condition} && true && vars.A\n        run: docker run o/x\n"
    );
    assert_eq!(of_steps(&steps), [""; 0]);
    let action = "      - id: b\n        uses: docker/build-push-action@v6\n        with:\n          \
                  tags: |\n            o/x:${{ github.sha }}\n            o/y\n      \
                  - run: docker run o/x:${{ github.sha }}\n      - run: docker run o/y\n      \
                  - run: docker run o/y@${{ steps.b.outputs.digest }}\n";
    assert_eq!(of_steps(action), [""; 0]);
}

#[test]
fn what_is_perhaps_not_built_is_pulled() {
    for script in [
        "docker run o/x\ndocker build -t o/x .",
        "docker build -t o/x:1 .\ndocker run o/x",
        "false && docker build -t o/x .\ndocker run o/x",
        "docker build -t o/x . || true\ndocker run o/x",
        "docker build -t o/x . &\ndocker run o/x",
        "docker build -t o/x . || docker run o/x",
        "if test $A; then docker build -t o/x .; fi\ndocker run o/x",
        "never() { docker build -t o/x .; }\ndocker run o/x",
        "docker build -t o/x https://evil.example/x.git\ndocker run o/x",
        "docker build -t o/x $CONTEXT\ndocker run o/x",
        "docker build --check -t o/x .\ndocker run o/x",
        "docker build -o out -t o/x .\ndocker run o/x",
        "docker buildx create --use\ndocker buildx build -t o/x .\ndocker run o/x",
        "docker import https://evil.example/x.tar o/x\ndocker run o/x",
        "podman build -t o/x .\ndocker run o/x",
        "docker build -t o/x .\ndocker rmi o/x\ndocker run o/x",
        "docker build -t o/x .\ndocker system prune -af\ndocker run o/x",
        "docker build -t o/x .\ndocker pull o/x",
        "docker build -t o/x .\ndocker run --pull=always o/x",
        "docker push o/x\ndocker pull o/x",
    ] {
        assert_eq!(of_script(script), ["o/x"], "{script}");
    }
    let changed = "I=o/x\ndocker build -t $I .\nI=evil/x\ndocker run $I";
    assert_eq!(of_script(changed), ["$I"]);
    let output = "docker build -t o/x:$(a) .\ndocker run o/x:$(a)";
    assert_eq!(of_script(output), ["o/x:$(a)"]);
    for build in [
        "if: false\n        run: docker build -t o/x .",
        "if: github.actor == 'nobody'\n        run: docker build -t o/x .",
        "continue-on-error: true\n        run: docker build -t o/x .",
        "background: true\n        run: docker build -t o/x .",
        "uses: docker/metadata-action@v5\n        with:\n          images: o/x",
        "uses: docker/build-push-action@v6\n        with:\n          tags: o/x\n          \
         context: https://evil.example/x.git",
        "uses: docker/build-push-action@v6\n        with:\n          tags: o/x\n          \
         outputs: type=local,dest=out",
        "uses: docker/setup-buildx-action@v3\n      - uses: docker/build-push-action@v6\n        \
         with:\n          tags: o/x",
    ] {
        let steps = format!("      - {build}\n      - run: docker run o/x\n");
        assert_eq!(of_steps(&steps), ["o/x"], "{build}");
    }
    let after = "      - run: docker build -t o/x .\n      - if: failure()\n        \
                 run: docker run o/x\n";
    assert_eq!(of_steps(after), ["o/x"]);
    let digest = "      - run: docker build -t o/x .\n      \
                  - run: docker run o/x@${{ steps.any.outputs.digest }}\n";
    assert_eq!(of_steps(digest), ["o/x@${{ steps.any.outputs.digest }}"]);
    let own_env = "      - run: docker build -t $I .\n      - env:\n          I: evil/x\n        \
                   run: docker run $I\n";
    assert_eq!(of_steps(own_env), ["$I"]);
}

#[test]
fn another_job_finds_what_one_that_it_needs_has_pushed() {
    let of = |push: &str, user: &str| {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      \
             - uses: docker/setup-buildx-action@v3\n      \
             - uses: docker/build-push-action@v6\n        with:\n          \
             tags: ghcr.io/o/x:${{{{ github.sha }}}}\n          {push}\n  b:\n    runs-on: x\n    \
             {user}\n    container: ghcr.io/o/x:${{{{ github.sha }}}}\n    steps:\n      \
             - run: docker run ghcr.io/o/x:${{{{ github.sha }}}}\n"
        );
        pulled(&repository(&[(".github/workflows/a.yml", &text)])).len()
    };
    assert_eq!(of("push: true", "needs: a"), 0);
    assert_eq!(of("push: true", "name: b"), 2);
    assert_eq!(of("load: true", "needs: a"), 2);
    assert_eq!(of("push: ${{ vars.PUSH }}", "needs: a"), 2);
    assert_eq!(of("push: true", "needs: a\n    if: always()"), 2);
    assert_eq!(
        of("push: true\n        continue-on-error: true", "needs: a"),
        2
    );
    assert_eq!(of("push: true\n        if: false", "needs: a"), 2);
}

#[test]
fn bases_are_there_where_every_build_has_built_them_before() {
    let of = |steps: &str| {
        let text = format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{steps}");
        let files = [
            (".github/workflows/a.yml", text.as_str()),
            ("app/Dockerfile", "FROM o/base\n"),
        ];
        BuiltBases::of(&repository(&files), &script).has("app/Dockerfile", 0)
    };
    let base = "      - run: docker build -t o/base base\n";
    let app = "      - run: docker build -t app app\n";
    assert!(of(&format!("{base}{app}")));
    assert!(of(&format!(
        "{base}      - run: docker build -t app -f app/Dockerfile .\n"
    )));
    assert!(!of(app));
    assert!(!of(base));
    assert!(!of(&format!("{app}{base}")));
    assert!(!of(&format!("{base}{app}{app}").replacen(
        "- run",
        "- if: false\n        run",
        1
    )));
}

#[test]
fn an_argument_of_a_build_names_the_image_that_a_base_takes() {
    let of = |arguments: &str, dockerfile: &str| {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      \
             - run: docker build {arguments} .\n"
        );
        let files = [
            (".github/workflows/a.yml", text.as_str()),
            ("Dockerfile", dockerfile),
        ];
        pulled(&repository(&files))
    };
    let base = "ARG BASE=scratch\nFROM ${BASE}\n";
    assert_eq!(of("--build-arg BASE=evil/x:1", base), ["evil/x:1"]);
    assert_eq!(of("--build-arg=BASE=evil/x:1", base), ["evil/x:1"]);
    assert_eq!(of("--build-arg BASE=$X", base), ["$X"]);
    assert_eq!(of("--build-arg OTHER=evil/x:1", base), [""; 0]);
    assert_eq!(of("--build-arg V=2", "ARG V=1\nFROM o/x:$V\n"), ["2"]);
    assert_eq!(of("--build-arg V=1", "ARG V=1\nFROM o/x:$V\n"), [""; 0]);
}

#[test]
fn what_a_local_action_builds_is_there_behind_it() {
    let of = |build: &str, condition: &str| {
        let text = format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: ./b\n        \
             {condition}\n      - run: docker run o/x\n"
        );
        let action = format!(
            "name: b\ninputs:\n  tag:\n    default: o/x\nruns:\n  using: composite\n  steps:\n    \
             - uses: ./b\n    - shell: bash\n      {build}\n"
        );
        let files = [
            (".github/workflows/a.yml", text.as_str()),
            ("b/action.yml", &action),
        ];
        pulled(&repository(&files)).len()
    };
    assert_eq!(of("run: docker build -t o/x .", "name: b"), 0);
    assert_eq!(of("run: docker build -t o/x .", "if: false"), 1);
    assert_eq!(of("run: docker build -t o/y .", "name: b"), 1);
    let given = "run: docker build -t ${{ inputs.tag }} .";
    assert_eq!(of(given, "with: {tag: o/y}"), 1);
}

#[test]
fn a_hostile_workflow_takes_no_long_time() {
    let many = |line: &dyn Fn(usize) -> String, count: usize| -> String {
        (0..count).map(|at| line(at) + "\n").collect()
    };
    let script = many(
        &|at| format!("docker build -t o/x{at} .\ndocker run o/y{at}"),
        700,
    );
    assert_eq!(of_script(&script).len(), 700);
    let functions = many(
        &|at| format!("f{at}() {{ docker build -t o/x .; f0; }}"),
        300,
    );
    assert_eq!(of_script(&format!("{functions}docker run o/x")), ["o/x"]);
    let action = format!(
        "name: b\nruns:\n  using: composite\n  steps:\n{}",
        "    - uses: ./b\n".repeat(200)
    );
    let text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: ./b\n";
    let files = [(".github/workflows/a.yml", text), ("b/action.yml", &action)];
    assert_eq!(pulled(&repository(&files)), [""; 0]);
    let jobs = many(
        &|at| {
            format!(
                "  j{at}:\n    runs-on: x\n    needs: j{}\n    steps:\n      \
                 - run: docker build -t o/x . && docker push o/x",
                at.saturating_sub(1)
            )
        },
        500,
    );
    let text = format!("on: push\njobs:\n{jobs}");
    pulled(&repository(&[(".github/workflows/a.yml", &text)]));
}

#[test]
fn only_scripts_that_may_build_are_parsed_for_it() {
    for yes in [
        "docker build .",
        "docker \\\n  build .",
        "docker \\\r\n  build .",
        "args=(build .)\ndocker \"${args[@]}\"",
        "client=docker\n$client build .",
        "client=docker\n`echo $client` build .",
        "buildah bud .",
    ] {
        assert!(may_build(yes), "{yes}");
    }
    for no in ["make build\ndocker run o/x", "docker run o/x", "make build"] {
        assert!(!may_build(no), "{no}");
    }
}
