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
    let steps = "      - uses: ./x\n      - run: docker build -t octo/x .\n      \
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
