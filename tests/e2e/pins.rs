//! `cofferdam pin` on checkouts whose actions and images real servers give.

use std::fs;

use crate::git_backend::{Answer, GitServer, Made, response};
use crate::image_registry::ImageRegistry;
use crate::sandbox::{Ran, Sandbox};

pub(crate) const PATH: &str = ".github/workflows/ci.yml";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) server: GitServer,
    pub(crate) registry: Option<ImageRegistry>,
}

impl World {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let served = sandbox.outside().join("served");
        fs::create_dir_all(&served).unwrap();
        let server = GitServer::start(&served);
        Self {
            sandbox,
            server,
            registry: None,
        }
    }

    pub(crate) fn with_images(mut self) -> Self {
        self.registry = Some(ImageRegistry::start(&self.sandbox.outside(), ""));
        self
    }

    pub(crate) fn make(&self, slug: &str) -> Made {
        Made::new(&self.server.folder, slug)
    }

    pub(crate) fn workflow(&self, steps: &str) {
        let text = format!(
            "on: push\njobs:\n  build:   # ours\n    runs-on: ubuntu-24.04\n    steps:\n{steps}"
        );
        self.sandbox.write(PATH, text);
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.sandbox.path(PATH)).unwrap()
    }

    pub(crate) fn pin(&self, verb: &str, more: &[&str]) -> Ran {
        self.pin_in(&[], verb, more)
    }

    pub(crate) fn pin_in(&self, env: &[(&str, &str)], verb: &str, more: &[&str]) -> Ran {
        let cache = self.sandbox.outside().join("cache");
        let root = self.sandbox.root();
        let api = format!("{}/api", self.server.root);
        let mut all = vec!["pin", verb, root.to_str().unwrap()];
        if !more.contains(&"--github-server") {
            all.extend(["--git-url", &self.server.root, "--api-url", &api]);
        }
        all.extend(["--cache", cache.to_str().unwrap()]);
        let mirror =
            (self.registry.as_ref()).map(|registry| format!("docker.io=http://{}", registry.host));
        if let Some(mirror) = &mirror {
            all.extend(["--registry-url", mirror]);
        }
        all.extend(more);
        self.sandbox.run_with(&all, env, b"")
    }

    pub(crate) fn json(&self, verb: &str, more: &[&str]) -> (i32, serde_json::Value) {
        let ran = self.pin(verb, &[&["--format", "json"], more].concat());
        let value = serde_json::from_str(&ran.out);
        (
            ran.code,
            value.unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err)),
        )
    }
}

pub(crate) fn codes(value: &serde_json::Value) -> Vec<String> {
    let problems = value["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|one| format!("{}:{}", one["line"], one["code"].as_str().unwrap()))
        .collect()
}

#[test]
fn what_is_written_is_pinned_and_all_else_stays() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("action.yml", "name: x\n").commit("first");
    made.git(&["tag", "-a", "-m", "x", "v1.0.0"]);
    made.git(&["tag", "v1"]);
    let second = made.write("a", "2").commit("second");
    made.git(&["tag", "v2.0.0-rc1"]);
    made.git(&["tag", "odd"]);
    world.workflow(
        "      - uses: octo/hello@v1\n\
         \u{20}     - uses:   'octo/hello/sub@v1'   # v0.9\n\
         \u{20}     - {uses: octo/hello@main}\n\
         \u{20}     - uses: \"octo/hello@odd\" # zizmor: ignore[x]\n\
         \u{20}     - uses: ./local\n",
    );
    let (code, value) = world.json("check", &[]);
    assert_eq!(code, 1);
    let all = [
        "6:not-pinned",
        "7:not-pinned",
        "8:not-pinned",
        "9:not-pinned",
    ];
    assert_eq!(codes(&value), all);
    assert_eq!(value["requests"]["listings"], 1);
    assert_eq!(value["requests"]["greetings"], 1);
    let before = world.text();
    assert_eq!(world.pin("write", &["--dry-run"]).code, 1);
    assert_eq!(world.text(), before);
    let ran = world.pin("write", &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let expected = before
        .replace("octo/hello@v1\n", &format!("octo/hello@{first} # v1.0.0\n"))
        .replace("sub@v1'   # v0.9", &format!("sub@{first}'   # v1.0.0"))
        .replace("octo/hello@main", &format!("octo/hello@{second}"))
        .replace(
            "octo/hello@odd\" # zizmor: ignore[x]",
            &format!("octo/hello@{second}\" # v2.0.0-rc1 # zizmor: ignore[x]"),
        );
    assert_eq!(world.text(), expected);
    let (code, value) = world.json("check", &[]);
    assert_eq!(
        (code, &value["pinned"]),
        (0, &serde_json::json!(4)),
        "{value}"
    );
    // A second run changes nothing, and the cache alone says the same.
    assert_eq!(world.pin("write", &[]).code, 0);
    assert_eq!(world.text(), expected);
    world.server.take_asked();
    let (code, _) = world.json("check", &["--offline"]);
    assert_eq!(code, 0);
    assert!(world.server.take_asked().is_empty());
}

#[test]
fn pins_that_are_not_what_they_say_are_found() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1.0.0"]);
    let second = made.write("a", "2").commit("second");
    made.git(&["tag", "v2.0.0"]);
    made.git(&["tag", "both"]);
    made.git(&["branch", "both", &first]);
    made.git(&["checkout", "-q", "-b", "gone"]);
    let impostor = made.write("a", "evil").commit("evil");
    made.git(&["checkout", "-q", "main"]);
    made.git(&["branch", "-q", "-D", "gone"]);
    let root = world.server.root.clone();
    world.server.decide(move |asked| {
        if asked.path.starts_with("/old/") {
            let to = format!("{root}/new/hello.git/info/refs");
            return Answer::Raw(response("301 Moved", &[("location", &to)], b""));
        }
        Answer::Git
    });
    world.workflow(&format!(
        "      - uses: octo/hello@{first} # v1.0.0\n\
         \u{20}     - uses: octo/hello@{first} # v2.0.0\n\
         \u{20}     - uses: octo/hello@{first} # v3.1.0\n\
         \u{20}     - uses: octo/hello@{impostor} # v2.0.0\n\
         \u{20}     - uses: octo/hello@both\n\
         \u{20}     - uses: octo/hello@v9\n\
         \u{20}     - uses: old/hello@{second}\n\
         \u{20}     - uses: octo/hello@{first} # v1\n"
    ));
    let (code, value) = world.json("check", &[]);
    assert_eq!(code, 1);
    let all = [
        "7:lying-comment",
        "8:lying-comment",
        "9:impostor",
        "10:ambiguous-ref",
        "11:vanished-ref",
        "12:renamed-repository",
    ];
    assert_eq!(codes(&value), all, "{value:#}");
    // Writing settles the comments and nothing that is not known for sure.
    let ran = world.pin("write", &[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let text = world.text();
    assert_eq!(
        text.matches(&format!("{first} # v1.0.0\n")).count(),
        3,
        "{text}"
    );
    assert!(text.contains(&format!("{impostor} # v2.0.0\n")), "{text}");
    assert!(text.contains("octo/hello@both\n"), "{text}");
    assert!(
        ran.out
            .contains("impostor\n    no branch and no tag of octo/hello leads to")
    );
}

#[test]
fn what_nobody_can_tell_is_never_right() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.write("a", "2").commit("second");
    world.workflow(&format!("      - uses: octo/hello@{first}\n"));
    // The listing comes, and the history does not.
    world.server.decide(|asked| {
        let fetch = asked.body.windows(13).any(|part| part == b"command=fetch");
        if fetch {
            return Answer::Raw(response("500 Oh", &[], b""));
        }
        Answer::Git
    });
    let (code, value) = world.json("check", &[]);
    assert_eq!(code, 3, "{value:#}");
    assert_eq!(value["pinned"], 0);
    let message = value["not_checked"][0]["message"].as_str().unwrap();
    assert!(message.contains("is not known"), "{message}");
    assert_eq!(world.pin("check", &["--offline"]).code, 3);
    // With an answer it is right, and then offline too.
    world.server.decide(|_| Answer::Git);
    assert_eq!(world.pin("check", &[]).code, 0);
    assert_eq!(world.pin("check", &["--offline"]).code, 0);
}

#[test]
fn a_name_that_somebody_else_has_taken_is_found_by_its_numbers() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    world.workflow(&format!("      - uses: octo/hello@{first}\n"));
    let lock = format!(
        "version: 'v0.0.2'\nworkflows:\n  {PATH}:\n    - octo/hello@{first}\ndependencies:\n  \
         octo/hello@{first}:\n    ref: refs/heads/main\n    commit: sha1-{first}\n    \
         owner_id: 3\n    repo_id: 7\n"
    );
    world.sandbox.write(".github/workflows/actions.lock", lock);
    let answer = |owner: u64| {
        move |asked: &crate::git_backend::Asked| {
            if asked.path != "/api/repos/octo/hello" {
                return Answer::Git;
            }
            let text = format!(
                "{{\"id\": 7, \"full_name\": \"octo/hello\", \"owner\": {{\"id\": {owner}}}}}"
            );
            Answer::Raw(response("200 OK", &[], text.as_bytes()))
        }
    };
    world.server.decide(answer(3));
    let (code, value) = world.json("check", &[]);
    assert_eq!(
        (code, &value["requests"]["rest"]),
        (0, &serde_json::json!(1)),
        "{value:#}"
    );
    world.server.decide(answer(4));
    let (code, value) = world.json("check", &[]);
    assert_eq!(code, 1);
    assert_eq!(codes(&value), ["6:recreated-repository"]);
}

#[test]
fn images_everywhere_become_digests() {
    let world = World::new().with_images();
    let registry = world.registry.as_ref().unwrap();
    let alpine = registry.push("library/alpine", "3.19", "alpine");
    let latest = registry.push("library/alpine", "latest", "latest");
    let app = registry.push("octo/app", "1.2", "app");
    world.sandbox.write(
        PATH,
        "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    container: alpine:3.19\n    \
         services:\n      db:\n        image: 'octo/app:1.2' # the database\n    steps:\n      \
         - uses: docker://alpine\n      - run: |\n          docker pull octo/app:1.2\n          \
         docker run --rm -v a:b alpine:3.19 true\n      - run: docker run octo/gone:1\n",
    );
    world.sandbox.write(
        "Dockerfile",
        "# ours\nARG BASE=alpine:3.19\nFROM ${BASE} AS one\nFROM   octo/app:1.2 AS two\r\n\
         COPY --from=one /a /b\nFROM scratch\n",
    );
    world.sandbox.write(
        "act/action.yml",
        "name: x\nruns:\n  using: docker\n  image: docker://octo/app:1.2\n",
    );
    let values = "# values\napp:\n  image:\n    repository: octo/app\n    tag: \"1.2\"\nside:\n  image: alpine:3.19\n";
    world.sandbox.write("chart/values.yaml", values);
    let ran = world.pin("write", &["--helm-values", "chart/values.yaml"]);
    // One image is not there.
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("vanished-image"), "{}", ran.out);
    let read = |path: &str| fs::read_to_string(world.sandbox.path(path)).unwrap();
    let text = read(PATH);
    for part in [
        format!("container: alpine:3.19@{alpine}\n"),
        format!("image: 'octo/app:1.2@{app}' # the database\n"),
        format!("docker://alpine:latest@{latest}\n"),
        format!("docker pull octo/app:1.2@{app}\n"),
        format!("docker run --rm -v a:b alpine:3.19@{alpine} true\n"),
        "docker run octo/gone:1\n".to_owned(),
    ] {
        assert!(text.contains(&part), "{part}\n{text}");
    }
    let dockerfile = read("Dockerfile");
    let expected = format!(
        "# ours\nARG BASE=alpine:3.19@{alpine}\nFROM ${{BASE}} AS one\nFROM   octo/app:1.2@{app} AS two\r\n\
         COPY --from=one /a /b\nFROM scratch\n"
    );
    assert_eq!(dockerfile, expected);
    assert!(read("act/action.yml").contains(&format!("docker://octo/app:1.2@{app}\n")));
    let chart = values
        .replace("tag: \"1.2\"", &format!("tag: \"1.2@{app}\""))
        .replace("alpine:3.19", &format!("alpine:3.19@{alpine}"));
    assert_eq!(read("chart/values.yaml"), chart);
    let (code, value) = world.json("check", &["--helm-values", "chart/values.yaml"]);
    assert_eq!(
        (code, codes(&value)),
        (1, vec!["14:vanished-image".to_owned()]),
        "{value:#}"
    );
}

#[test]
fn hostile_names_are_shown_as_data() {
    let world = World::new();
    world.make("octo/hello").write("a", "1").commit("first");
    world.workflow("      - uses: \"octo/hello@x\\u001b[31m\\n::error::y\"\n");
    let ran = world.pin("check", &[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(
        !ran.out.contains('\u{1b}') && !ran.out.contains("\n::error"),
        "{}",
        ran.out
    );
    assert_eq!(
        world
            .pin("check", &["--git-url", "http://example.com"])
            .code,
        2
    );
}

#[test]
fn five_hundred_actions_cost_one_listing_a_repository() {
    let world = World::new();
    let mut steps = String::new();
    for number in 0..25 {
        let made = world.make(&format!("octo/action-{number}"));
        let commit = made.write("action.yml", number.to_string()).commit("first");
        made.git(&["tag", "v1.0.0"]);
        for _ in 0..20 {
            steps.push_str(&format!(
                "      - uses: octo/action-{number}@{commit} # v1.0.0\n"
            ));
        }
    }
    world.workflow(&steps);
    world.server.take_asked();
    let (code, value) = world.json("check", &[]);
    assert_eq!(
        (code, &value["pinned"]),
        (0, &serde_json::json!(500)),
        "{value:#}"
    );
    assert_eq!(world.server.take_asked().len(), 50);
    assert_eq!(value["requests"]["listings"], 25);
}
