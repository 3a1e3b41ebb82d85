//! What names an action or an image in a way that could be overlooked: `pin
//! check` never ends with 0 then.

use crate::pins::{PATH, World};

/// The exit code for a checkout with these files, and all codes of what is said.
fn said(files: &[(&str, &str)]) -> (i32, Vec<String>) {
    let world = World::new();
    world.workflow("      - run: make\n");
    for (path, text) in files {
        world.sandbox.write(path, text);
    }
    let (code, value) = world.json("check", &["--offline"]);
    let all = ["problems", "not_checked"].map(|key| value[key].as_array().unwrap().clone());
    let codes = all
        .iter()
        .flatten()
        .map(|one| one["code"].as_str().unwrap().to_owned());
    (code, codes.collect())
}

fn workflow(job: &str, steps: &str) -> String {
    format!("on: push\njobs:\n  build:\n    runs-on: x\n{job}    steps:\n{steps}")
}

const COMPOSITE: &str = "name: x\nruns:\n  using: composite\n  steps: []\n";

#[test]
fn an_action_that_is_brought_at_run_time_is_not_checked() {
    for uses in [
        "./brought",
        "./../x",
        "./x/../../y",
        "octo/hello",
        "octo@v1",
        "Docker://alpine",
    ] {
        let text = workflow("", &format!("      - uses: {uses}\n"));
        let found = said(&[(PATH, &text), ("x/action.yml", COMPOSITE)]);
        assert_eq!(found, (3, vec!["uses-unknown".to_owned()]), "{uses}");
    }
    for uses in ["./x", "./y/../x", "./d"] {
        let text = workflow("", &format!("      - uses: {uses}\n"));
        let files = [(PATH, text.as_str()), ("x/action.yml", COMPOSITE)];
        let found = said(&[&files[..], &[("d/Dockerfile", "FROM scratch\n")]].concat());
        assert_eq!(found, (0, Vec::new()), "{uses}");
    }
}

#[test]
fn what_only_looks_like_a_digest_decides_nothing() {
    for image in [
        "evil/x@sha256:${{ github.event.inputs.x }}",
        "${{ inputs.x || 'evil/x@sha256:0' }}",
        "${{ steps.any.outputs.digest }}",
        "evil/x@${{ steps.any.outputs.digest }}",
    ] {
        let run = workflow(
            "",
            &format!("      - run: |\n          docker run {image}\n"),
        );
        assert_eq!(
            said(&[(PATH, &run)]),
            (3, vec!["pin-unknown".to_owned()]),
            "{image}"
        );
    }
    // What the same workflow has built is its own.
    let steps = "      - uses: ./x\n      - id: b\n        run: docker build -t octo/x .\n      \
                 - run: docker run octo/x@${{ steps.b.outputs.digest }}\n";
    let files = [
        (PATH, workflow("", steps)),
        ("x/action.yml", COMPOSITE.to_owned()),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    assert_eq!(said(&files).0, 0);
}

#[test]
fn images_in_unusual_words_are_found() {
    let action = "name: x\nruns:\n  using: docker\n  image: DOCKER://alpine:3\n";
    let not_pinned = (
        1,
        vec!["image-not-pinned".to_owned(), "pin-unknown".to_owned()],
    );
    assert_eq!(said(&[("x/action.yml", action)]), not_pinned);
    assert_eq!(said(&[("dockerfile", "FROM alpine:3\n")]), not_pinned);
    let frontend = "#!/usr/bin/build\n# syntax=evil/x:1\nFROM scratch\n";
    assert_eq!(said(&[("Dockerfile", frontend)]), not_pinned);
    let built = workflow(
        "",
        "      - uses: docker://evil/x:1\n      - run: docker build -t evil/x:1 .\n",
    );
    assert_eq!(said(&[(PATH, &built)]), not_pinned);
    let slashes = "// syntax=evil/x:1\nFROM scratch\n";
    assert_eq!(said(&[("Dockerfile", slashes)]).0, 1);
    let json = "{\"syntax\": \"evil/x:1\"}\n";
    assert_eq!(said(&[("Dockerfile", json)]).1, ["not-understood"]);
    let services = "    services: ${{ fromJSON(vars.SERVICES) }}\n";
    let text = workflow(services, "      - run: make\n");
    assert_eq!(said(&[(PATH, &text)]), (3, vec!["pin-unknown".to_owned()]));
}

#[test]
fn scripts_and_files_that_nobody_looked_at_are_named() {
    for (shell, line) in [
        ("pwsh", "docker run evil/x:1"),
        ("cmd", "docker pull evil/x:1"),
        ("python", "subprocess.run(['docker', 'run', 'evil/x:1'])"),
    ] {
        let steps = format!("      - shell: {shell}\n        run: |\n          {line}\n");
        let found = said(&[(PATH, &workflow("", &steps))]);
        assert_eq!(found, (3, vec!["script-unread".to_owned()]), "{shell}");
    }
    let harmless = "      - shell: pwsh\n        run: Write-Host docker\n";
    assert_eq!(said(&[(PATH, &workflow("", harmless))]).0, 0);
    for compose in [
        "include:\n  - other.txt\n",
        "include:\n  - path: [compose.yml, other.txt]\n",
        "include: [oci://evil.example/x]\n",
        "services:\n  a:\n    extends: {file: other.txt, service: a}\n",
    ] {
        let found = said(&[("compose.yml", compose), ("other.txt", "services: {}\n")]);
        assert_eq!(found, (3, vec!["compose-unread".to_owned()]), "{compose}");
    }
}

#[test]
fn what_nobody_looked_at_counts_under_a_base_where_it_is_new() {
    let world = World::new();
    world
        .sandbox
        .write(PATH, workflow("", "      - uses: ./old\n"));
    world.sandbox.commit();
    let check = || world.json("check", &["--offline", "--base", "HEAD"]).0;
    world.sandbox.write(
        PATH,
        workflow("", "      - run: make\n      - uses: ./old\n"),
    );
    assert_eq!(check(), 0);
    world.sandbox.write(
        PATH,
        workflow("", "      - uses: ./old\n      - uses: ./new\n"),
    );
    assert_eq!(check(), 3);
}

#[test]
fn a_build_that_perhaps_does_not_run_hides_no_image() {
    let not_pinned = || "image-not-pinned".to_owned();
    for steps in [
        "      - if: false\n        run: docker build -t evil/x .\n      - run: docker run evil/x\n",
        "      - run: docker run evil/x\n      - run: docker build -t evil/x .\n",
        "      - run: docker build -t evil/x:1 .\n      - run: docker run evil/x:2\n",
        "      - if: github.actor == 'nobody'\n        run: docker build -t evil/x .\n      \
         - run: docker run evil/x\n",
    ] {
        let (code, codes) = said(&[(PATH, &workflow("", steps))]);
        assert_eq!((code, codes.contains(&not_pinned())), (1, true), "{steps}");
    }
    // Another job, its container, and a Dockerfile that it builds.
    let build = "      - run: docker build -t evil/x .\n";
    let other = |needs: &str| {
        let user = format!(
            "  use:\n    runs-on: x\n{needs}    container: evil/x\n    steps:\n      - run: make\n"
        );
        let text = format!("{}{user}", workflow("", build));
        said(&[(PATH, &text)])
    };
    assert_eq!(other("").0, 1);
    assert_eq!(other("    needs: build\n").0, 1);
    let base = [
        (PATH, workflow("", build)),
        ("app/Dockerfile", "FROM evil/x\n".to_owned()),
    ];
    let base = base.each_ref().map(|(path, text)| (*path, text.as_str()));
    assert_eq!(said(&base).0, 1);
    // What a workflow builds is not what a compose file means.
    let composed = "services:\n  a:\n    image: evil/x\n";
    let files = [
        (PATH, workflow("", build)),
        ("compose.yml", composed.to_owned()),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    assert_eq!(said(&files).0, 1);
    for (steps, due) in [
        ("      - run: docker run evil/x\n", 1),
        ("      - run: docker run --pull=never evil/x\n", 0),
        (
            "      - run: docker build -t evil/x .\n      - run: docker run evil/x\n",
            0,
        ),
    ] {
        assert_eq!(said(&[(PATH, &workflow("", steps))]).0, due, "{steps}");
    }
}

#[test]
fn a_service_that_is_built_hides_its_name_in_its_own_file_alone() {
    let built = "services:\n  a:\n    build: .\n    image: evil/x\n  b:\n    image: evil/x\n";
    let named = "services:\n  c:\n    image: evil/x\n";
    assert_eq!(said(&[("compose.yml", built)]).0, 0);
    assert_eq!(
        said(&[("compose.yml", built), ("compose.b.yml", named)]).0,
        1
    );
    let run = workflow("", "      - run: docker run evil/x\n");
    assert_eq!(said(&[("compose.yml", built), (PATH, &run)]).0, 1);
    let never = "services:\n  c:\n    image: evil/x\n    pull_policy: never\n";
    assert_eq!(said(&[("compose.yml", never)]).0, 0);
    let always = built.replacen(
        "    build: .\n",
        "    build: .\n    pull_policy: always\n",
        1,
    );
    assert_eq!(said(&[("compose.yml", &always)]).0, 1);
}

#[test]
fn files_that_a_command_names_are_looked_at_whatever_they_are_called() {
    let not_pinned = (
        1,
        vec!["image-not-pinned".to_owned(), "pin-unknown".to_owned()],
    );
    let run = |line: &str| workflow("", &format!("      - run: {line}\n"));
    let base = "FROM evil/x:1\n";
    for (line, path) in [
        ("docker build -f odd/name .", "odd/name"),
        ("podman build --file=odd/name .", "odd/name"),
        ("docker buildx build vendor/x", "vendor/x/Dockerfile"),
        ("nerdctl build -f node_modules/x/y .", "node_modules/x/y"),
        ("buildah bud -f odd/name .", "odd/name"),
        ("make", "Dockerfile-ci"),
        ("make", "Containerfile_ci"),
    ] {
        let text = run(line);
        assert_eq!(
            said(&[(PATH, &text), (path, base)]),
            not_pinned,
            "{line} {path}"
        );
    }
    let action = "      - uses: ./a\n      - run: make\n";
    let composite = "name: x\nruns:\n  using: composite\n  steps:\n    \
                     - run: docker build -f odd/name .\n      shell: bash\n";
    let files = [
        (PATH, workflow("", action)),
        ("a/action.yml", composite.to_owned()),
        ("odd/name", base.to_owned()),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    assert_eq!(said(&files), not_pinned);
    let argument = run("docker build --build-arg BASE=evil/x:1 .");
    let taken = "ARG BASE=scratch\nFROM ${BASE}\n";
    assert_eq!(
        said(&[(PATH, &argument), ("Dockerfile", taken)]),
        not_pinned
    );
    let composed = "services:\n  a:\n    image: evil/x:1\n";
    for line in [
        "docker compose -f odd/name up",
        "docker-compose --file=odd/name up",
        "COMPOSE_FILE=odd/name docker compose up",
    ] {
        assert_eq!(
            said(&[(PATH, &run(line)), ("odd/name", composed)]),
            not_pinned,
            "{line}"
        );
    }
    let env = workflow(
        "    env:\n      COMPOSE_FILE: a:odd/name\n",
        "      - run: docker compose up\n",
    );
    let files = [
        (PATH, env.as_str()),
        ("odd/name", composed),
        ("a", "services: {}\n"),
    ];
    assert_eq!(said(&files), not_pinned);
    assert_eq!(
        said(&[(PATH, &run("docker compose -f made-later up"))]),
        (3, vec!["compose-unread".to_owned()])
    );
    let inline = "services:\n  a:\n    build:\n      dockerfile_inline: |\n        \
                  FROM scratch AS one\n        FROM evil/x:1\n        COPY --from=one / /\n";
    assert_eq!(said(&[("compose.yml", inline)]), not_pinned);
    let named = "services:\n  a:\n    build:\n      dockerfile: odd/name\n";
    assert_eq!(
        said(&[("compose.yml", named), ("odd/name", base)]),
        (3, vec!["compose-unread".to_owned()])
    );
}
