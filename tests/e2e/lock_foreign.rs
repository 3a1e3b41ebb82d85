//! What actions of others bring with them: tools, downloads, and scripts that
//! nobody can judge.

use std::fs;

use crate::lock::{CI, NODE, OURS, THEIRS, World};

#[test]
fn tools_and_downloads_inside_of_foreign_actions_are_locked_or_named() {
    let world = World::new("x");
    let setup = world.make("actions/setup-go");
    setup
        .write("action.yml", NODE)
        .write("dist/index.js", "require('https')");
    setup.commit("one");
    setup.git(&["tag", "v5"]);
    let outer = world.make("acme/outer");
    let sum = "a".repeat(64);
    outer
        .write(
            "action.yml",
            format!(
                "name: x\nruns:\n  using: composite\n  steps:\n    - uses: actions/setup-go@v5\n      with: {{go-version: 1.25.x}}\n    - shell: bash\n      run: |\n        curl -sSfLo it https://example.com/it\n        echo '{sum}  it' | sha256sum -c\n        chmod +x it\n        ./it\n    - {{shell: bash, run: 'bash \"$GITHUB_ACTION_PATH/scripts/install.sh\"'}}\n    - {{shell: python, run: 'import urllib.request'}}\n    - {{shell: bash, run: '\"${{{{ github.action_path }}}}/$WHICH\"'}}\n"
            ),
        )
        .write("scripts/install.sh", "#!/bin/sh\n. \"$DIR/lib.sh\"\ncurl -s https://example.com/more | sh\n")
        .write("scripts/lib.sh", "pip install x\n")
        .write("scripts/unused.sh", "curl https://example.com/unused | sh\n");
    outer.commit("one");
    outer.git(&["tag", "v1"]);
    let image = world.make("acme/image");
    image
        .write("action.yml", "name: x\nruns: {using: docker, image: Dockerfile}\n")
        .write("Dockerfile", "FROM alpine:3.20\nRUN wget -qO- https://example.com/image | sh\nCOPY entry.sh /\nENTRYPOINT [\"/entry.sh\"]\n")
        .write("entry.sh", "#!/bin/sh\nwget -qO- https://example.com/entry | sh\n");
    image.commit("one");
    image.git(&["tag", "v1"]);
    world.sandbox.write(
        CI,
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/outer@v1\n      - uses: acme/image@v1\n",
    );
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ours = world.read(OURS);
    let outer = ours.split("'acme/outer@v1':").nth(1).unwrap();
    for part in [
        "        tools:\n            - 'actions/setup-go@v5 go 1.25.x'\n",
        "        downloads:\n            - 'https://example.com/it'\n            - 'https://example.com/more'\n",
        "            - 'action.yml: what a script in Python fetches'\n",
        "            - 'action.yml: which file of the action a script runs'\n",
        "            - 'scripts/lib.sh: what `pip` fetches'\n",
    ] {
        assert!(outer.contains(part), "{part} in {ours}");
    }
    for part in [
        "tools:\n    'actions/setup-go@v5 go 1.25.x': '",
        &format!("    'https://example.com/it': 'sha256:{sum}'\n"),
        "    'https://example.com/more': 'no hash known'\n",
        "    'https://example.com/image': 'no hash known'\n",
        "    'https://example.com/entry': 'no hash known'\n",
    ] {
        assert!(ours.contains(part), "{part} in {ours}");
    }
    assert!(!ours.contains("unused"), "{ours}");
    let gap = "acme/outer@v1: gap: nobody can tell: scripts/lib.sh: what `pip` fetches";
    assert!(ran.out.contains(gap), "{}", ran.out);
    assert_eq!(world.lock(&["check"]).code, 0);
    // What is locked is kept without asking, and what is lacking is noticed.
    world.server.take_asked();
    assert_eq!(world.lock(&["write"]).code, 0);
    assert_eq!(world.server.take_asked().len(), 0);
    assert_eq!(world.read(OURS), ours);
    let less = ours.replace("    'https://example.com/more': 'no hash known'\n", "");
    world.sandbox.write(OURS, less);
    let ran = world.lock(&["check"]);
    assert!(
        ran.code == 1 && ran.out.contains("incomplete-lockfile"),
        "{}",
        ran.out
    );
    assert_eq!(world.lock(&["write"]).code, 0);
    assert_eq!(world.read(OURS), ours);
    let why = world.lock(&["why", "go"]);
    assert!(why.out.contains("acme/outer@v1 -> "), "{}", why.out);
}

#[test]
fn the_host_that_a_lock_names_is_the_one_that_is_asked() {
    let (world, _) = World::usual();
    assert_eq!(world.lock(&["write"]).code, 0);
    let theirs = world.read(THEIRS);
    let third = |host: &str| {
        let line = format!("        hostname: '{host}'\n        ref: 'v1'\n");
        (theirs.replace("'v0.0.2'", "'v0.0.3'")).replace("        ref: 'v1'\n", &line)
    };
    let fresh = || {
        fs::remove_file(world.sandbox.path(OURS)).unwrap();
        world.lock(&["write"])
    };
    world.sandbox.write(THEIRS, third("github.com"));
    let ran = fresh();
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(world.read(THEIRS), third("github.com"));
    // Nobody else is asked in its place, and nothing is taken from elsewhere.
    world.sandbox.write(THEIRS, third("tenant.ghe.com"));
    let ran = fresh();
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(
        ran.out.contains("tenant.ghe.com") && !world.sandbox.path(OURS).exists(),
        "{}",
        ran.out
    );
    assert_eq!(world.read(THEIRS), third("tenant.ghe.com"));
}

#[test]
fn an_action_that_uses_another_part_of_itself_is_no_circle() {
    let world = World::new("x");
    let tools = world.make("acme/tools");
    tools
        .write(
            "action.yml",
            "name: x\nruns:\n  using: composite\n  steps:\n    - uses: acme/tools/retry@v1\n",
        )
        .write(
            "retry/action.yml",
            "name: x\nruns:\n  using: composite\n  steps:\n    - uses: acme/leaf@v1\n",
        );
    tools.commit("one");
    tools.git(&["tag", "v1"]);
    let leaf = world.make("acme/leaf");
    leaf.write("action.yml", NODE).write("dist/index.js", "x");
    leaf.commit("one");
    leaf.git(&["tag", "v1"]);
    world.sandbox.write(
        CI,
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: acme/tools@v1\n",
    );
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(world.lock(&["check"]).code, 0);
    assert!(world.read(THEIRS).contains("'acme/leaf@v1':"));
    // Two that use each other are one, and GitHub reads no file with them.
    leaf.write(
        "action.yml",
        "name: x\nruns:\n  using: composite\n  steps:\n    - uses: acme/tools/retry@v1\n",
    );
    leaf.commit("two");
    leaf.git(&["tag", "-f", "v1"]);
    fs::remove_file(world.sandbox.path(OURS)).unwrap();
    fs::remove_file(world.sandbox.path(THEIRS)).unwrap();
    let ran = world.lock(&["write"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("actions.lock is not written: "),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("in a circle"), "{}", ran.out);
    assert!(world.sandbox.path(OURS).exists() && !world.sandbox.path(THEIRS).exists());
}
