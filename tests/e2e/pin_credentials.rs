//! Where tokens and registry credentials go, and where they must not.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::git_backend::{Answer, Asked, GitServer, response};
use crate::pins::{PATH, World};

fn authorization(asked: &[Asked]) -> Vec<String> {
    let headers = asked.iter().flat_map(|one| &one.headers);
    headers
        .filter(|(name, _)| name == "authorization")
        .map(|(_, value)| value.clone())
        .collect()
}

/// A workflow with one locked action, so that git and the REST API are asked.
fn locked(world: &World) {
    let made = world.make("octo/hello");
    let first = made.write("a", "1").commit("first");
    world.workflow(&format!("      - uses: octo/hello@{first}\n"));
    let lock = format!(
        "version: 'v0.0.2'\nworkflows:\n  {PATH}:\n    - octo/hello@{first}\ndependencies:\n  \
         octo/hello@{first}:\n    ref: refs/heads/main\n    commit: sha1-{first}\n    \
         owner_id: 3\n    repo_id: 7\n"
    );
    world.sandbox.write(".github/workflows/actions.lock", lock);
    world.server.decide(|asked| {
        if !asked.path.ends_with("/repos/octo/hello") {
            return Answer::Git;
        }
        let text = "{\"id\": 7, \"full_name\": \"octo/hello\", \"owner\": {\"id\": 3}}";
        Answer::Raw(response("200 OK", &[], text.as_bytes()))
    });
}

#[test]
fn a_token_of_github_goes_to_no_mirror_and_to_no_other_api() {
    let world = World::new();
    locked(&world);
    world.server.take_asked();
    for name in ["GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN"] {
        let ran = world.pin_in(&[(name, "ghp_secret")], "check", &[]);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        let asked = world.server.take_asked();
        assert!(asked.iter().any(|one| one.path.starts_with("/api/repos/")));
        assert_eq!(authorization(&asked), Vec::<String>::new(), "{name}");
    }
    // A server that is named as one of GitHub's gets it, for both.
    let server = world.server.root.clone();
    let ran = world.pin_in(
        &[("GITHUB_TOKEN", "ghp_secret")],
        "check",
        &["--github-server", &server],
    );
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let asked = world.server.take_asked();
    let api = |one: &Asked| one.path == "/api/v3/repos/octo/hello";
    assert!(asked.iter().any(api), "{asked:?}");
    let sent = authorization(&asked);
    assert_eq!(sent.len(), asked.len(), "{sent:?}");
    assert!(sent.contains(&"Bearer ghp_secret".to_owned()));
    // Both ways at once are a contradiction.
    let both = ["--github-server", "ghes.example", "--git-url", &server];
    assert_eq!(world.pin("check", &both).code, 2);
}

#[test]
fn a_redirect_takes_no_token_along() {
    let world = World::new();
    locked(&world);
    let thief = GitServer::start(&world.sandbox.outside());
    let to = thief.root.clone();
    world.server.decide(move |asked| {
        let to = format!("{to}{}", asked.path);
        Answer::Raw(response("302 There", &[("location", &to)], b""))
    });
    let server = world.server.root.clone();
    let ran = world.pin_in(
        &[("GITHUB_TOKEN", "ghp_secret")],
        "check",
        &["--github-server", &server],
    );
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("renamed-repository"), "{}", ran.out);
    assert!(thief.take_asked().is_empty());
}

/// Answers for one image to whoever shows `me:s3`.
fn private(asked: &Asked) -> Answer {
    let shown = (asked.headers.iter())
        .any(|(name, value)| name == "authorization" && value == "Basic bWU6czM=");
    if !shown {
        let wants = ("www-authenticate", "Basic realm=\"x\"");
        return Answer::Raw(response("401 Who", &[wants], b""));
    }
    let manifest = b"{\"schemaVersion\":2,\"manifests\":[]}";
    Answer::Raw(response("200 OK", &[], manifest))
}

#[test]
fn credentials_are_those_of_the_host_that_is_asked() {
    let world = World::new();
    let registry = GitServer::start(&world.sandbox.outside());
    registry.decide(private);
    let host = registry.root.strip_prefix("http://").unwrap().to_owned();
    world.sandbox.write(
        PATH,
        "on: push\njobs:\n  a:\n    runs-on: x\n    container: r.example/a/b:1\n    steps: []\n",
    );
    let docker = world.sandbox.outside().join("docker");
    fs::create_dir_all(&docker).unwrap();
    let folder = docker.to_str().unwrap().to_owned();
    let mirror = format!("r.example={}", registry.root);
    let check = |configuration: String, path: &str| {
        fs::write(docker.join("config.json"), configuration).unwrap();
        let env = [("DOCKER_CONFIG", folder.as_str()), ("PATH", path)];
        let ran = world.pin_in(&env, "check", &["--registry-url", &mirror]);
        let sent = authorization(&registry.take_asked());
        (ran, sent)
    };
    // For the registry that is named and not for its mirror.
    let auth = "{\"auth\": \"bWU6czM=\"}";
    let named = format!("{{\"auths\": {{\"r.example\": {auth}}}}}");
    let (ran, sent) = check(named, "");
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("cannot be read"), "{}", ran.out);
    assert_eq!(sent, Vec::<String>::new());
    // For the mirror itself.
    let own = format!("{{\"auths\": {{\"http://{host}/v2/\": {auth}}}}}");
    let (ran, sent) = check(own, "");
    assert!(ran.out.contains("`1` is sha256:"), "{}", ran.out);
    assert!(!sent.is_empty());
    // By a helper, which is asked for that host alone.
    let helper = docker.join("docker-credential-kept");
    let said = docker.join("said");
    fs::write(
        &helper,
        format!(
            "#!/bin/sh\n/bin/cat >> {}\necho '{{\"Username\":\"me\",\"Secret\":\"s3\"}}'\n",
            said.display()
        ),
    )
    .unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).unwrap();
    let (ran, _) = check("{\"credsStore\": \"kept\"}".to_owned(), &folder);
    assert!(ran.out.contains("`1` is sha256:"), "{}{}", ran.out, ran.err);
    assert_eq!(fs::read_to_string(&said).unwrap(), host);
    // One that is not there, and one that lies in the checkout.
    fs::copy(&helper, world.sandbox.path("docker-credential-here")).unwrap();
    for name in ["gone", "here"] {
        let (ran, sent) = check(format!("{{\"credsStore\": {name:?}}}"), ":.");
        assert_eq!(sent, Vec::<String>::new());
        let why = format!("there is no program docker-credential-{name}");
        assert!(ran.out.contains(&why), "{}", ran.out);
    }
}
