//! How a release was built, from the commits that the token of its job names.

use std::fs;

use cofferdam_test_sigstore::{Sigstore, github_job};
use serde_json::{Value, json};

use crate::git_backend::{GitServer, Made};
use crate::sandbox::{Ran, Sandbox, day};

const REPOSITORY: &str = "owner/project";
const WORKFLOW: &str = ".github/workflows/release.yml";
const TAG: &str = "refs/tags/v1.0.0";
const TREE: &str = "h1:tFm0DHYQ3pUCWGRIbLNZ+b1yUN0wbSU6x4r6AwFW6jo=";
/// The attacker's commit of an incident in the data pack.
pub(crate) const BAD: &str = "0e58ed8671d6b60d0890c21b07f8835ace038e67";

const RELEASE: &str = "\
on:
  push:
    tags: ['v*']
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: somebody/of-another-job@v1
  build:
    runs-on: ubuntu-24.04
    container: alpine:3.20
    steps:
      - uses: actions/checkout@v4
      - uses: ./tools/pack
  publish:
    needs: build
    runs-on: ubuntu-24.04
    steps:
      - uses: outer/action/sub@1111111111111111111111111111111111111111
";

const PACK: &str = "\
name: pack
runs:
  using: composite
  steps:
    - uses: inner/tool@v2
";

/// A repository whose releases are signed.
pub(crate) struct Project {
    pub(crate) sigstore: Sigstore,
    pub(crate) sandbox: Sandbox,
    pub(crate) commit: String,
}

fn entry(pin: &str, commit: &str, uses: &[&str], images: &[&str]) -> String {
    let mut text = format!(
        "    '{pin}':\n        commit: 'sha1-{commit}'\n        tree: '{TREE}'\n        paths:\n            - '.'\n"
    );
    for (key, list) in [("uses", uses), ("images", images)] {
        if !list.is_empty() {
            text.push_str(&format!("        {key}:\n"));
            for one in list {
                text.push_str(&format!("            - '{one}'\n"));
            }
        }
    }
    text
}

/// The lock of the release, in which `deep` is three actions down.
fn lock(deep: &str) -> String {
    let commit = |digit: &str| digit.repeat(40);
    let mut text = "version: 1\nactions-lock: 'none'\nactions:\n".to_owned();
    text.push_str(&entry("actions/checkout@v4", &commit("4"), &[], &[]));
    text.push_str(&entry("inner/tool@v2", &commit("2"), &[], &["busybox:1"]));
    let outer = "outer/action@1111111111111111111111111111111111111111";
    text.push_str(&entry(
        outer,
        &commit("1"),
        &["tj-actions/changed-files@v44"],
        &[],
    ));
    text.push_str(&entry("tj-actions/changed-files@v44", deep, &[], &[]));
    text.push_str(&format!(
        "images:\n    'alpine:3.20': 'sha256:{}'\n    'busybox:1': 'sha256:{}'\n",
        "a".repeat(64),
        "b".repeat(64)
    ));
    text
}

impl Project {
    pub(crate) fn new(deep: &str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.write(WORKFLOW, RELEASE);
        sandbox.write("tools/pack/action.yml", PACK);
        sandbox.write(".github/cofferdam.lock", lock(deep));
        let commit = sandbox.commit();
        Self::of(sandbox, commit)
    }

    fn of(sandbox: Sandbox, commit: String) -> Self {
        let sigstore = Sigstore::start();
        sandbox.write("out/root.json", sigstore.trusted_root().to_string());
        let config = sigstore.signing_config(false).to_string();
        sandbox.write("out/services.json", config);
        sandbox.write("dist/app", "the program");
        let project = Self {
            sigstore,
            sandbox,
            commit,
        };
        project.token(|_| {});
        project
    }

    fn token(&self, change: impl Fn(&mut Value)) {
        let mut job = github_job(REPOSITORY, WORKFLOW, TAG, &self.commit);
        change(&mut job);
        self.sandbox.write("out/token", self.sigstore.token(&job));
    }

    fn provenance(&self, more: &[&str]) -> Ran {
        let env = [
            ("GITHUB_JOB", "publish"),
            ("ImageOS", "ubuntu24"),
            ("ImageVersion", "20260105.1.0"),
        ];
        let args = [
            "release",
            "provenance",
            "--identity-token-file",
            "out/token",
        ];
        self.sandbox.run_with(&[&args, more].concat(), &env, b"")
    }

    /// The predicate, without a signature.
    fn predicate(&self, more: &[&str]) -> Value {
        let ran = self.provenance(&[&["--output", "out/p.json"], more].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let text = fs::read_to_string(self.sandbox.path("out/p.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) fn sign(&self, file: &str) -> Ran {
        let services = [
            file,
            "--signing-config",
            "out/services.json",
            "--trusted-root",
            "out/root.json",
        ];
        self.provenance(&services)
    }

    pub(crate) fn identity(&self) -> [String; 8] {
        let url = self.sigstore.url();
        let words = [
            "--trusted-root",
            "out/root.json",
            "--repo",
            REPOSITORY,
            "--workflow",
            WORKFLOW,
            "--issuer",
            &url,
        ];
        words.map(str::to_owned)
    }

    fn verify(&self, more: &[&str]) -> Ran {
        let identity = self.identity();
        let identity: Vec<&str> = identity.iter().map(String::as_str).collect();
        self.sandbox.run(
            &[
                &["verify", "dist/app", "--date", &day()],
                &identity[..],
                more,
            ]
            .concat(),
        )
    }
}

/// The dependency with this name.
fn named<'p>(predicate: &'p Value, name: &str) -> &'p Value {
    let all = predicate["buildDefinition"]["resolvedDependencies"].as_array();
    let found = all.unwrap().iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {predicate:#}"))
}

#[test]
fn everything_that_the_jobs_take_is_listed_and_the_work_tree_is_not_read() {
    let project = Project::new(&"5".repeat(40));
    let honest = project.predicate(&[]);
    let source = &honest["buildDefinition"]["resolvedDependencies"][0];
    assert_eq!(
        *source,
        json!({
            "uri": format!("git+https://github.com/{REPOSITORY}@{TAG}"),
            "digest": { "gitCommit": project.commit },
        })
    );
    let workflow = &honest["buildDefinition"]["externalParameters"]["workflow"];
    assert_eq!(workflow["path"], WORKFLOW);
    assert_eq!(
        honest["buildDefinition"]["internalParameters"]["cofferdam"]["jobs"],
        json!(["build", "publish"])
    );
    for (name, commit, direct) in [
        ("actions/checkout@v4", "4", "direct"),
        ("inner/tool@v2", "2", "transitive"),
        (
            "outer/action@1111111111111111111111111111111111111111",
            "1",
            "direct",
        ),
        ("tj-actions/changed-files@v44", "5", "transitive"),
    ] {
        let one = named(&honest, name);
        assert_eq!(one["digest"]["gitCommit"], commit.repeat(40), "{one:#}");
        assert_eq!(one["annotations"]["use"], direct, "{one:#}");
        assert_eq!(one["annotations"]["tree"], TREE, "{one:#}");
    }
    assert_eq!(
        named(&honest, "./tools/pack")["digest"]["gitCommit"],
        project.commit
    );
    assert_eq!(
        named(&honest, "alpine:3.20")["digest"]["sha256"],
        "a".repeat(64)
    );
    assert_eq!(
        named(&honest, "busybox:1")["digest"]["sha256"],
        "b".repeat(64)
    );
    assert_eq!(
        named(&honest, "busybox:1")["uri"],
        "oci://docker.io/library/busybox:1"
    );
    assert_eq!(
        named(&honest, "ubuntu24 20260105.1.0")["annotations"]["kind"],
        "runner-image"
    );
    assert!(!honest.to_string().contains("of-another-job"));
    // Steps that ran before have put something else there.
    project.sandbox.write(WORKFLOW, "on: push\njobs: {}\n");
    project
        .sandbox
        .write(".github/cofferdam.lock", lock(&"6".repeat(40)));
    project.sandbox.write(
        "tools/pack/action.yml",
        "runs: {using: node24, main: x.js}\n",
    );
    assert_eq!(project.predicate(&[]), honest);
    // Neither does what they have staged or committed.
    project.sandbox.commit();
    assert_eq!(project.predicate(&[]), honest);
    assert_eq!(project.predicate(&["--require-resolved"]), honest);
}

#[test]
fn an_object_that_lies_about_its_name_is_refused() {
    let project = Project::new(&"5".repeat(40));
    let blob = project
        .sandbox
        .git(&["rev-parse", &format!("{}:{WORKFLOW}", project.commit)]);
    project.sandbox.write(
        "evil.yml",
        "on: push\njobs: {publish: {runs-on: x, steps: []}}\n",
    );
    let evil = project.sandbox.git(&["hash-object", "-w", "evil.yml"]);
    let path = |id: &str| {
        project
            .sandbox
            .path(&format!(".git/objects/{}/{}", &id[..2], &id[2..]))
    };
    fs::remove_file(path(&blob)).unwrap();
    fs::copy(path(&evil), path(&blob)).unwrap();
    let ran = project.provenance(&["--output", "out/p.json"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("what is stored as"), "{}", ran.err);
    assert!(!project.sandbox.path("out/p.json").exists());
}

#[test]
fn what_is_not_resolved_is_named_and_can_be_refused() {
    let sandbox = Sandbox::new();
    sandbox.write(WORKFLOW, RELEASE);
    let commit = sandbox.commit();
    let project = Project::of(sandbox, commit);
    let predicate = project.predicate(&[]);
    let checkout = named(&predicate, "actions/checkout@v4");
    assert!(checkout.get("digest").is_none(), "{checkout:#}");
    let why = |name: &str| named(&predicate, name)["annotations"]["unresolved"].clone();
    assert!(
        why("actions/checkout@v4")
            .as_str()
            .unwrap()
            .contains("no lock")
    );
    assert!(why("alpine:3.20").as_str().unwrap().contains("digest"));
    assert!(
        why("./tools/pack")
            .as_str()
            .unwrap()
            .contains("no such action")
    );
    // Its own commit is known, and what it uses is not.
    let outer = "outer/action@1111111111111111111111111111111111111111";
    assert_eq!(
        named(&predicate, outer)["digest"]["gitCommit"],
        "1".repeat(40)
    );
    assert!(why(outer).as_str().unwrap().contains("what it uses itself"));
    let ran = project.provenance(&["--output", "out/q.json", "--require-resolved"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("unresolved: action actions/checkout@v4"),
        "{}",
        ran.err
    );
    assert!(!project.sandbox.path("out/q.json").exists());
}

#[test]
fn a_token_that_names_what_is_not_here_is_refused() {
    let project = Project::new(&"5".repeat(40));
    let ran = |change: &dyn Fn(&mut Value), more: &[&str]| {
        project.token(change);
        project.provenance(&[&["--output", "out/p.json"], more].concat())
    };
    let other = ran(&|job| job["workflow_sha"] = "9".repeat(40).into(), &[]);
    assert_eq!(other.code, 3, "{}", other.err);
    assert!(other.err.contains(&"9".repeat(40)), "{}", other.err);
    let other = ran(&|_| {}, &["--job", "deploy"]);
    assert_eq!(other.code, 2, "{}", other.err);
    assert!(other.err.contains("test, build, publish"), "{}", other.err);
    let other = ran(&|job| job["job_workflow_ref"] = Value::Null, &[]);
    assert_eq!(other.code, 2, "{}", other.err);
    assert!(!project.sandbox.path("out/p.json").exists());
}

#[test]
fn a_called_workflow_of_another_repository_is_listed_at_the_commit_that_ran() {
    let sandbox = Sandbox::new();
    sandbox.write(
        WORKFLOW,
        "on: push\njobs:\n  call:\n    uses: org/builders/.github/workflows/build.yml@v1\n",
    );
    let mut text = "version: 1\nactions-lock: 'none'\nactions:\n".to_owned();
    let builder = entry("org/builders@v1", &"7".repeat(40), &["inner/tool@v2"], &[]);
    text.push_str(&entry("inner/tool@v2", &"2".repeat(40), &[], &[]));
    text.push_str(&builder.replace("'.'", "'.github/workflows/build.yml'"));
    sandbox.write(".github/cofferdam.lock", text);
    let commit = sandbox.commit();
    let project = Project::of(sandbox, commit);
    let called = "org/builders/.github/workflows/build.yml@refs/tags/v1";
    let as_builder = |digit: &str| {
        project.token(|job| {
            job["job_workflow_ref"] = called.into();
            job["job_workflow_sha"] = digit.repeat(40).into();
        });
        project.predicate(&[])
    };
    let same = as_builder("7");
    assert_eq!(
        same["runDetails"]["builder"]["id"],
        format!("https://github.com/{called}")
    );
    let one = named(&same, "org/builders@v1");
    assert_eq!(one["annotations"]["kind"], "workflow", "{one:#}");
    assert_eq!(one["digest"]["gitCommit"], "7".repeat(40));
    assert!(one["annotations"].get("unresolved").is_none(), "{one:#}");
    assert_eq!(
        named(&same, "inner/tool@v2")["digest"]["gitCommit"],
        "2".repeat(40)
    );
    // Another commit ran than the lock has: what that one uses is not known.
    let moved = as_builder("8");
    let one = named(&moved, "org/builders@v1");
    assert_eq!(one["digest"]["gitCommit"], "8".repeat(40));
    assert!(one["annotations"]["unresolved"].is_string(), "{one:#}");
    assert!(!moved.to_string().contains("inner/tool"));
}

#[test]
fn what_is_signed_verifies_with_its_level_and_a_bad_action_fails() {
    let project = Project::new(&"5".repeat(40));
    let ran = project.sign("dist/app");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = project.verify(&["--type", "https://slsa.dev/provenance/v1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("SLSA build level 2"), "{}", ran.out);
    assert!(ran.out.contains("none of 4 actions"), "{}", ran.out);
    assert_eq!(project.verify(&["--level", "2"]).code, 0);
    let ran = project.verify(&["--level", "3"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    // The same release, whose lock has the attacker's commit three actions down.
    let bad = Project::new(BAD);
    assert_eq!(bad.sign("dist/app").code, 0);
    let ran = bad.verify(&[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("GHSA-mrrh-fwg8-r2c3"), "{}", ran.out);
}

#[test]
fn a_summary_is_signed_or_named_unsigned() {
    let project = Project::new(&"5".repeat(40));
    assert_eq!(project.sign("dist/app").code, 0);
    let resource = [
        "--vsa",
        "out/vsa.json",
        "--vsa-resource",
        "https://example.org/app",
    ];
    let ran = project.verify(&resource);
    assert_eq!(ran.code, 2, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("--unsigned-vsa"), "{}", ran.err);
    assert!(!project.sandbox.path("out/vsa.json").exists());
    let unsigned = ["--unsigned-vsa", "--vsa-verifier", "https://example.org/me"];
    let ran = project.verify(&[&resource[..], &unsigned].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let said = fs::read_to_string(project.sandbox.path("out/vsa.json")).unwrap();
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        said["predicateType"],
        "https://slsa.dev/verification_summary/v1"
    );
    assert_eq!(said["predicate"]["verificationResult"], "PASSED");
    assert_eq!(
        said["predicate"]["verifiedLevels"],
        json!(["SLSA_BUILD_LEVEL_2"])
    );
    assert_eq!(said["subject"][0]["name"], "app");
    let signed = [
        "--identity-token-file",
        "out/token",
        "--signing-config",
        "out/services.json",
    ];
    let ran = project.verify(&[&resource[..], &signed].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    // As an attestation about the same file, it verifies like any other.
    let ran = project.verify(&[
        "--bundle",
        "out/vsa.json",
        "--type",
        "https://slsa.dev/verification_summary/v1",
    ]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn a_tag_that_has_moved_since_is_found_where_its_host_is_asked() {
    let project = Project::new(&"5".repeat(40));
    assert_eq!(project.sign("dist/app").code, 0);
    let served = project.sandbox.outside().join("served");
    fs::create_dir_all(&served).unwrap();
    let server = GitServer::start(&served);
    let made = Made::new(&served, REPOSITORY);
    let folder = made.folder.to_str().unwrap();
    let push = [
        "push",
        "--quiet",
        "--force",
        folder,
        "HEAD:refs/tags/v1.0.0",
    ];
    project.sandbox.git(&push);
    let cache = project.sandbox.outside().join("cache");
    let cache = cache.to_str().unwrap();
    let online = ["--online", "--git-url", &server.root, "--cache", cache];
    let ran = project.verify(&online);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("v1.0.0 still leads to"), "{}", ran.out);
    // Nobody is asked without being told to.
    server.take_asked();
    assert_eq!(project.verify(&["--git-url", &server.root]).code, 0);
    assert!(server.take_asked().is_empty());
    project.sandbox.write("new", "");
    project.sandbox.commit();
    project.sandbox.git(&push);
    let ran = project.verify(&online);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("v1.0.0 leads to"), "{}", ran.out);
    made.git(&["tag", "-d", "v1.0.0"]);
    let ran = project.verify(&online);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    drop(server);
    let ran = project.verify(&["--online", "--git-url", "http://127.0.0.1:9"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
}
