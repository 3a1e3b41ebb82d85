//! `cofferdam pin check --base`, compose files, charts, tags before digests, and
//! what is said of results that rest on the cache.

use crate::git_backend::{Answer, response};
use crate::pins::{PATH, World, codes};

fn notes(value: &serde_json::Value) -> Vec<String> {
    let all = value["notes"].as_array().unwrap();
    all.iter()
        .map(|one| format!("{}:{}", one["line"], one["code"].as_str().unwrap()))
        .collect()
}

fn with_container(world: &World, image: &str) {
    world.sandbox.write(
        PATH,
        format!(
            "on: push\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    container: {image}\n    \
             steps:\n      - run: make\n"
        ),
    );
}

#[test]
fn a_tag_before_a_digest_is_compared_with_it() {
    let world = World::new().with_images();
    let registry = world.registry.as_ref().unwrap();
    let old = registry.push("library/alpine", "3.19", "old");
    with_container(&world, &format!("alpine:3.19@{old}"));
    let (code, value) = world.json("check", &[]);
    assert_eq!((code, notes(&value)), (0, Vec::new()), "{value:#}");
    world.sandbox.commit();
    // The tag moves on: what was pinned stays right, and a note says so.
    let new = registry.push("library/alpine", "3.19", "new");
    let (code, value) = world.json("check", &[]);
    assert_eq!((code, &value["pinned"]), (0, &1.into()), "{value:#}");
    assert_eq!(notes(&value), ["5:tag-moved-on"]);
    assert!(
        value["notes"][0]["message"]
            .as_str()
            .unwrap()
            .contains(&new)
    );
    // A change that writes them side by side has them agree.
    let (code, value) = world.json("check", &["--base", "HEAD"]);
    assert_eq!((code, &value["untouched"]), (0, &1.into()), "{value:#}");
    registry.push("library/alpine", "3.20", "newest");
    with_container(&world, &format!("alpine:3.20@{old}"));
    let (code, value) = world.json("check", &["--base", "HEAD"]);
    assert_eq!((code, codes(&value)), (1, vec!["5:lying-tag".to_owned()]));
    // A tag that there never was is a lie at any time.
    with_container(&world, &format!("alpine:9.99@{old}"));
    let (code, value) = world.json("check", &[]);
    assert_eq!((code, codes(&value)), (1, vec!["5:lying-tag".to_owned()]));
    // The digest of another repository is none of this one.
    let evil = registry.push("mallory/evil", "1", "evil");
    let steps = format!(
        "on: push\njobs:\n  a:\n    runs-on: x\n    container: mallory/evil@{evil}\n    steps: []\n  \
         b:\n    runs-on: x\n    container: alpine@{evil}\n    steps: []\n"
    );
    world.sandbox.write(PATH, steps);
    for _ in 0..2 {
        let (code, value) = world.json("check", &[]);
        assert_eq!(
            (code, codes(&value)),
            (1, vec!["9:vanished-image".to_owned()]),
            "{value:#}"
        );
    }
}

#[test]
fn a_comment_that_claims_what_no_tag_says_is_a_lie() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1.0.0"]);
    made.git(&["checkout", "-q", "-b", "release-1.0.0"]);
    let released = made.write("a", "r").commit("released");
    made.git(&["checkout", "-q", "main"]);
    let second = made.write("a", "2").commit("second");
    made.git(&["branch", "v9.9.9"]);
    made.git(&["checkout", "-q", "--orphan", "v8"]);
    made.write("a", "8").commit("of its own");
    made.git(&["checkout", "-q", "main"]);
    world.workflow(&format!(
        "      - uses: octo/hello@{first} # release-2.0.0\n\
         \u{20}     - uses: octo/hello@{first} # version v7.7.7\n\
         \u{20}     - uses: octo/hello@{second} # release-1.0.0\n\
         \u{20}     - uses: octo/hello@{first} # v8\n\
         \u{20}     - uses: octo/hello@{released} # main\n\
         \u{20}     - uses: octo/hello@{released} # release-1.0.0\n\
         \u{20}     - uses: octo/hello@{first} # main\n\
         \u{20}     - uses: octo/hello@{second} # v9.9.9\n\
         \u{20}     - uses: octo/hello@{first} # 1.0\n\
         \u{20}     - uses: octo/hello@{first} # ubuntu-24.04 only\n"
    ));
    let (code, value) = world.json("check", &[]);
    let lies: Vec<String> = (6..11)
        .map(|line| format!("{line}:lying-comment"))
        .collect();
    assert_eq!((code, codes(&value)), (1, lies), "{value:#}");
    assert_eq!(value["pinned"], 5);
    // Whether a branch leads there is unknown when nobody says it.
    world.sandbox.write(PATH, "on: push\njobs: {}\n");
    world.workflow(&format!(
        "      - uses: octo/hello@{first} # release-1.0.0\n"
    ));
    world.server.decide(|asked| {
        let fetch = asked.body.windows(13).any(|part| part == b"command=fetch");
        if fetch {
            return Answer::Raw(response("500 Oh", &[], b""));
        }
        Answer::Git
    });
    std::fs::remove_dir_all(world.sandbox.outside().join("cache")).unwrap();
    let (code, value) = world.json("check", &[]);
    assert_eq!((code, &value["pinned"]), (3, &0.into()), "{value:#}");
}

#[test]
fn only_what_a_change_touches_is_judged() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1.0.0"]);
    world.workflow(&format!(
        "      - uses: octo/hello@{first} # v1.0.0\n      - uses: octo/hello@v1.0.0\n"
    ));
    world.sandbox.commit();
    let (code, value) = world.json("check", &["--base", "HEAD"]);
    assert_eq!((code, &value["untouched"]), (0, &2.into()), "{value:#}");
    assert_eq!(value["requests"]["listings"], 0, "nothing is asked");
    // The same once more, a comment that changed, and a new one; the rest moved.
    world.workflow(&format!(
        "      - run: make\n      - uses: octo/hello@v1.0.0\n\
         \u{20}     - uses: octo/hello@{first} # v2\n\
         \u{20}     - uses: octo/hello@v1.0.0\n\
         \u{20}     - uses: octo/hello@main\n"
    ));
    let (code, value) = world.json("check", &["--base", "HEAD"]);
    assert_eq!(
        (code, codes(&value)),
        (
            1,
            vec![
                "8:lying-comment".to_owned(),
                "9:not-pinned".to_owned(),
                "10:not-pinned".to_owned()
            ]
        ),
        "{value:#}"
    );
    let ran = world.pin("check", &["--base", "HEAD"]);
    assert!(
        ran.out.contains("1 more that the change does not touch"),
        "{}",
        ran.out
    );
    assert_eq!(world.pin("check", &["--base", "no-such"]).code, 2);
}

#[test]
fn a_change_does_not_choose_the_numbers_that_judge_it() {
    let world = World::new();
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    let second = made.write("a", "2").commit("second");
    let lock = |commit: &str, owner: u64| {
        format!(
            "version: 'v0.0.2'\nworkflows:\n  {PATH}:\n    - octo/hello@{commit}\ndependencies:\n  \
             octo/hello@{commit}:\n    ref: refs/heads/main\n    commit: sha1-{commit}\n    \
             owner_id: {owner}\n    repo_id: 7\n"
        )
    };
    let place = ".github/workflows/actions.lock";
    world.workflow(&format!("      - uses: octo/hello@{first}\n"));
    world.sandbox.write(place, lock(&first, 3));
    world.sandbox.commit();
    // The name is another's by now, and the change says that it always was.
    world.server.decide(|asked| {
        if asked.path != "/api/repos/octo/hello" {
            return Answer::Git;
        }
        let text = "{\"id\": 7, \"full_name\": \"octo/hello\", \"owner\": {\"id\": 4}}";
        Answer::Raw(response("200 OK", &[], text.as_bytes()))
    });
    world.workflow(&format!("      - uses: octo/hello@{second}\n"));
    world.sandbox.write(place, lock(&second, 4));
    assert_eq!(world.pin("check", &[]).code, 0);
    let (code, value) = world.json("check", &["--base", "HEAD"]);
    assert_eq!(
        (code, codes(&value)),
        (1, vec!["6:recreated-repository".to_owned()]),
        "{value:#}"
    );
}

#[test]
fn images_of_compose_files_are_pinned_and_templates_of_charts_named() {
    let world = World::new().with_images();
    let registry = world.registry.as_ref().unwrap();
    let alpine = registry.push("library/alpine", "3.19", "alpine");
    let app = registry.push("octo/app", "1.2", "app");
    world.sandbox.write(PATH, "on: push\njobs: {}\n");
    let text = "# ours\nx-base: &base\n  image: alpine:3.19 # small\nservices:\n  one:\n    <<: *base\n  \
                two:\n    image: \"octo/app:1.2\"\n    environment:\n      image: not/an:image\n  three:\n    \
                build: .\n    image: octo/built:dev\n  four:\n    image: octo/built:dev\n  five:\n    \
                image: octo/app:${TAG:-1.2}\n  six:\n    image: octo/app:${TAG}\n";
    world.sandbox.write("deploy/docker-compose.test.yml", text);
    world.sandbox.write("chart/Chart.yaml", "name: x\n");
    world
        .sandbox
        .write("chart/templates/pod.yaml", "image: {{ .Values.image }}\n");
    let (code, value) = world.json("check", &[]);
    assert_eq!(code, 1);
    assert_eq!(
        codes(&value),
        [
            "3:image-not-pinned",
            "8:image-not-pinned",
            "17:image-not-pinned"
        ],
        "{value:#}"
    );
    let unknown: Vec<&str> = (value["not_checked"].as_array().unwrap().iter())
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert_eq!(unknown, ["helm-templates", "pin-unknown"], "{value:#}");
    let ran = world.pin("write", &[]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    let now = std::fs::read_to_string(world.sandbox.path("deploy/docker-compose.test.yml"));
    let due = text
        .replace("alpine:3.19", &format!("alpine:3.19@{alpine}"))
        .replace("\"octo/app:1.2\"", &format!("\"octo/app:1.2@{app}\""));
    assert_eq!(now.unwrap(), due);
    let outside = world.sandbox.outside().join("values");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("v.yaml"), "image: secret/name:1\n").unwrap();
    world.sandbox.link("linked", &outside);
    let (_, value) = world.json("check", &["--helm-values", "linked/v.yaml"]);
    assert!(value.to_string().contains("no regular file"), "{value:#}");
    assert!(!value.to_string().contains("secret/name"), "{value:#}");
    // A link that leads out of the checkout is not read.
    world.sandbox.link("compose.yaml", "/etc/hostname");
    let (_, value) = world.json("check", &[]);
    assert!(!value.to_string().contains("hostname"), "{value:#}");
}

#[test]
fn what_rests_on_the_cache_says_from_when_it_is() {
    let world = World::new().with_images();
    let registry = world.registry.as_ref().unwrap();
    let alpine = registry.push("library/alpine", "3.19", "alpine");
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    made.git(&["tag", "v1.0.0"]);
    world.sandbox.write(
        PATH,
        format!(
            "on: push\njobs:\n  a:\n    runs-on: x\n    container: alpine:3.19@{alpine}\n    steps:\n      \
             - uses: octo/hello@{first} # v1.0.0\n      - uses: octo/hello@{first} # v2.0.0\n"
        ),
    );
    let (_, value) = world.json("check", &[]);
    assert_eq!(value["by_cache"]["pinned"], 0);
    assert_eq!(value["by_cache"]["fetched"], serde_json::json!({}));
    let (code, value) = world.json("check", &["--offline"]);
    assert_eq!(code, 1);
    assert_eq!(value["by_cache"]["pinned"], 2, "{value:#}");
    let fetched = value["by_cache"]["fetched"].as_object().unwrap();
    let names: Vec<&String> = fetched.keys().collect();
    assert_eq!(names, [&format!("alpine:3.19@{alpine}"), "octo/hello"]);
    let day = &fetched["octo/hello"].as_str().unwrap()[..10];
    let ran = world.pin("check", &["--offline"]);
    let said = format!("and it is v1.0.0 (by the cache, fetched {day})");
    assert!(ran.out.contains(&said), "{}", ran.out);
    let said = format!("2 of them by the cache, fetched {day}");
    assert!(ran.out.contains(&said), "{}", ran.out);
}
