//! The whole snapshot against a server that answers from GitHub's published
//! description of its API and the examples in it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cofferdam_facts::settings::{Fact, NotChecked, Reason, Snapshot};
use cofferdam_registries::github::{Budget, GitHub, RepositoryName, snapshot};
use cofferdam_registries::http::{Connection, HttpClient, Token};
use serde_json::{Value, json};

/// A running server; it ends when its input closes.
struct Server {
    process: Child,
    root: String,
    api: GitHub,
}

impl Server {
    fn start() -> Self {
        let folder = peer();
        assert!(
            folder.join("node_modules/@octokit/openapi").is_dir(),
            "GitHub's API description is not installed: run `cargo xtask test`, which prepares \
             it, or `npm ci --ignore-scripts` in {}",
            folder.display()
        );
        let mut process = Command::new("node")
            .arg("server.mjs")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("Node.js 18 or later is needed: {error}"));
        let mut root = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut root)
            .unwrap();
        let root = root.trim().to_owned();
        assert!(
            root.starts_with("http://127.0.0.1:"),
            "the server did not start: {root:?}"
        );
        // One client for all, since setting up TLS takes longer than a snapshot.
        let token = Some(Token::new("test-token").unwrap());
        let connection = Connection {
            token,
            ..Connection::default()
        };
        let api = GitHub::new(&root, &connection).unwrap();
        Self { process, root, api }
    }

    /// Sets what differs from the examples, and empties the log.
    fn control(&self, control: &Value) {
        use std::io::{Read, Write};
        let address = self.root.strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let body = control.to_string();
        write!(
            stream,
            "POST /_control HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn log(&self) -> Log {
        let client = HttpClient::new("test", &Connection::default()).unwrap();
        let answer = client.get(&format!("{}/_control", self.root), &[]).unwrap();
        Log(serde_json::from_slice(&answer.body).unwrap())
    }

    fn take(&self) -> Snapshot {
        self.take_within(&Budget::default())
    }

    fn take_within(&self, budget: &Budget) -> Snapshot {
        let name = RepositoryName::parse("octocat/Hello-World").unwrap();
        snapshot(&self.api, &name, budget)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

struct Log(Value);

impl Log {
    fn list(&self, key: &str) -> &Vec<Value> {
        self.0.get(key).and_then(Value::as_array).unwrap()
    }

    fn templates(&self) -> BTreeSet<String> {
        let text = |one: &Value| one.get("template").unwrap().as_str().unwrap().to_owned();
        self.list("requests").iter().map(text).collect()
    }

    fn count(&self, template: &str) -> usize {
        let all = self.list("requests").iter();
        all.filter(|one| one.get("template").unwrap() == template)
            .count()
    }
}

fn peer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/github-api")
}

/// The example repository is public and belongs to a user; some settings exist
/// only in a private one, and many only in an organisation.
fn organization() -> Value {
    json!({"/repos/{owner}/{repo}":
        {"owner": {"type": "Organization"}, "visibility": "private", "private": true}})
}

fn why<T>(fact: &Fact<T>) -> &NotChecked {
    fact.not_checked().unwrap()
}

#[test]
fn githubs_own_examples_give_the_whole_snapshot() {
    let server = Server::start();
    server.control(&json!({"merge": organization()}));
    let mut taken = server.take();
    let log = server.log();
    assert_eq!(log.list("violations"), &Vec::<Value>::new());
    // Every request carries the token, a version of the API and our name.
    for request in log.list("requests") {
        assert_eq!(request.get("token").unwrap(), "Bearer test-token");
        assert!(request.get("version").unwrap().is_string());
        assert!(
            request
                .get("agent")
                .unwrap()
                .as_str()
                .unwrap()
                .starts_with("cofferdam/")
        );
    }
    // Examples that break GitHub's own schema: exactly these.
    let unlike: BTreeSet<String> = log.list("unlike").iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("examples_unlike_their_schema", lines(&unlike));
    insta::assert_snapshot!("endpoints", lines(&log.templates()));
    assert_eq!(taken.api_url, server.root);
    "https://api.test".clone_into(&mut taken.api_url);
    taken.taken_at = cofferdam_facts::Timestamp::from_unix(0);
    "0.0.0".clone_into(&mut taken.tool_version);
    let text = taken.to_json().unwrap();
    insta::assert_snapshot!("snapshot", text);
    assert_eq!(Snapshot::from_json(text.as_bytes()).unwrap(), taken);
}

fn lines(all: &BTreeSet<String>) -> String {
    all.iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn each_refused_endpoint_is_not_checked_and_stops_no_other() {
    let server = Server::start();
    server.control(&json!({"merge": organization()}));
    let complete = server.take();
    let before: BTreeSet<String> = complete
        .not_checked()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    let templates = server.log().templates();
    assert!(templates.len() > 45, "{}", templates.len());
    let mut report = BTreeSet::new();
    for template in &templates {
        for (status, reason) in [(403, Reason::Forbidden), (404, Reason::NotFound)] {
            let fault = json!({"template": template, "status": status});
            server.control(&json!({"merge": organization(), "faults": [fault]}));
            let taken = server.take();
            let named = taken.not_checked();
            let in_file = taken.to_json().unwrap().matches("\"not_checked\"").count();
            assert_eq!(
                named.len(),
                in_file,
                "{template}: a fact is missing in the inventory"
            );
            let new: Vec<_> = named
                .into_iter()
                .filter(|(path, _)| !before.contains(path))
                .collect();
            // Where a reader may know, GitHub's 404 means "off".
            let off = [
                "/immutable-releases",
                "/vulnerability-alerts",
                "/automated-security-fixes",
            ];
            let off =
                off.iter().any(|end| template.ends_with(end)) && template.starts_with("/repos/");
            if status == 404 && off {
                assert!(new.is_empty(), "{template}");
                continue;
            }
            let gone = status == 404 && template.ends_with("/actions/policies");
            let reason = if gone { Reason::NotOffered } else { reason };
            let told: Vec<_> = new.iter().filter(|(_, why)| why.reason == reason).collect();
            assert!(
                !told.is_empty(),
                "{template} with {status}: nothing became not checked"
            );
            if status == 403 {
                for (path, why) in told {
                    assert!(
                        !why.needs.is_empty(),
                        "{template}: {path} names no permission"
                    );
                    report.insert(format!("{template} -> {path}: {why}"));
                }
            }
        }
    }
    insta::assert_snapshot!("refusals", lines(&report));
}

/// What GitHub's schema allows and its examples do not show.
#[test]
fn settings_that_the_examples_lack_are_read_as_the_schema_describes_them() {
    let server = Server::start();
    let ruleset = "/repos/{owner}/{repo}/rulesets/{ruleset_id}";
    let refs = "/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies";
    let rules = json!([
        {"type": "creation"}, {"type": "update"}, {"type": "deletion"},
        {"type": "non_fast_forward"}, {"type": "required_linear_history"},
        {"type": "required_signatures"},
        {"type": "merge_queue", "parameters": {"check_response_timeout_minutes": 5,
            "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5, "max_entries_to_merge": 5,
            "merge_method": "MERGE", "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5}},
        {"type": "pull_request", "parameters": {"dismiss_stale_reviews_on_push": true,
            "require_code_owner_review": true, "require_last_push_approval": false,
            "required_approving_review_count": 2, "required_review_thread_resolution": true}},
        {"type": "required_status_checks", "parameters": {
            "strict_required_status_checks_policy": true, "required_status_checks": [
                {"context": "build", "integration_id": 15368}, {"context": "lint"}]}},
        {"type": "workflows", "parameters": {"workflows": [
            {"path": ".github/workflows/ci.yml", "repository_id": 9, "ref": "refs/heads/main"}]}},
        {"type": "required_deployments", "parameters": {
            "required_deployment_environments": ["staging"]}},
        {"type": "code_scanning", "parameters": {"code_scanning_tools": [
            {"tool": "CodeQL", "alerts_threshold": "errors", "security_alerts_threshold": "all"}]}},
        {"type": "file_path_restriction", "parameters": {
            "restricted_file_paths": [".github/**"]}},
        {"type": "max_file_size", "parameters": {"max_file_size": 1}},
    ]);
    let on = json!({"status": "enabled"});
    server.control(&json!({"merge": {
        ruleset: {"rules": rules, "target": "tag", "bypass_actors": [
            {"actor_id": null, "actor_type": "DeployKey", "bypass_mode": "always"},
            {"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "pull_request"},
            {"actor_type": "OrganizationAdmin", "bypass_mode": "exempt"}]},
        refs: {"total_count": 1, "branch_policies": [{"id": 1, "name": "v*", "type": "tag"}]},
        "/repos/{owner}/{repo}": {"security_and_analysis":
            {"secret_scanning": on, "secret_scanning_push_protection": {"status": "disabled"}}},
        "/repos/{owner}/{repo}/actions/oidc/customization/sub": {"use_immutable_subject": true},
        "/repos/{owner}/{repo}/hooks": [{"type": "Repository", "id": 1, "name": "web",
            "active": true, "events": ["push"], "url": "https://a/1", "test_url": "https://a/2",
            "ping_url": "https://a/3", "updated_at": "2019-06-03T00:57:16Z",
            "created_at": "2019-06-03T00:57:16Z", "last_response": {"code": null,
            "status": "unused", "message": null}, "config": {"insecure_ssl": 1,
            "secret": "********", "url": "http://user:pass@hook.example/path?token=t"}}],
    }}));
    let taken = server.take();
    let log = server.log();
    let unlike = |template: &str| {
        log.list("unlike")
            .iter()
            .find(|one| one.get("template").unwrap() == template)
    };
    assert_eq!(unlike(ruleset), None);
    assert_eq!(unlike("/repos/{owner}/{repo}/hooks"), None);
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    let environment = taken.environment("STAGING");
    let hook = taken.access.webhooks.known().unwrap();
    insta::assert_snapshot!(
        "beyond_the_examples",
        text(&json!({
            "ruleset": taken.rulesets.known().unwrap().first().unwrap(),
            "named_refs": environment.known().unwrap().unwrap().deployment_refs,
            "oidc_subject": taken.actions.oidc_subject,
            "security": taken.security,
            "webhook": hook,
        }))
    );
    let all = taken.to_json().unwrap();
    assert!(
        !all.contains("user:pass") && !all.contains("token=t"),
        "an address is no fact"
    );
}

#[test]
fn long_lists_come_in_pages() {
    let server = Server::start();
    let secrets = "/repos/{owner}/{repo}/actions/secrets";
    let collaborators = "/repos/{owner}/{repo}/collaborators";
    server.control(&json!({"repeat": {secrets: 250, collaborators: 201}}));
    let taken = server.take();
    let names: BTreeSet<&str> = taken
        .secrets
        .repository
        .known()
        .unwrap()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names.len(), 250);
    assert_eq!(taken.access.collaborators.known().unwrap().len(), 201);
    let log = server.log();
    assert_eq!(log.count(secrets), 3);
    assert_eq!(log.list("violations"), &Vec::<Value>::new());
}

#[test]
fn a_list_longer_than_the_budget_is_not_checked() {
    let server = Server::start();
    let secrets = "/repos/{owner}/{repo}/actions/secrets";
    server.control(&json!({"repeat": {secrets: 301}}));
    let taken = server.take_within(&Budget {
        pages: 3,
        ..Budget::default()
    });
    assert_eq!(why(&taken.secrets.repository).reason, Reason::TooLarge);
    assert!(taken.secrets.dependabot.is_known());
}

#[test]
fn a_short_rate_limit_is_waited_for_and_a_long_one_ends_the_asking() {
    let server = Server::start();
    let fault = |headers: Value, message: &str| {
        json!({"faults": [{"template": "/repos/{owner}/{repo}/environments", "status": 403,
               "times": 1, "headers": headers, "message": message}]})
    };
    let message = "You have exceeded a secondary rate limit.";
    server.control(&fault(json!({"retry-after": "1"}), message));
    let budget = Budget {
        waiting: Duration::from_secs(5),
        ..Budget::default()
    };
    assert!(server.take_within(&budget).environments.is_known());

    server.control(&fault(json!({"retry-after": "3600"}), message));
    let taken = server.take_within(&budget);
    let limited = Reason::RateLimited {
        retry_after_seconds: Some(3600),
    };
    assert_eq!(why(&taken.environments).reason, limited);
    assert_eq!(why(&taken.rulesets).reason, limited);
    assert!(
        taken.actions.permissions.is_known(),
        "what came before stays"
    );
    let log = server.log();
    let last = log.list("requests").last().unwrap();
    assert_eq!(
        last.get("template").unwrap(),
        "/repos/{owner}/{repo}/environments"
    );

    let primary = json!({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4102444800"});
    server.control(&fault(primary, "API rate limit exceeded"));
    let taken = server.take_within(&budget);
    assert!(matches!(
        why(&taken.environments).reason,
        Reason::RateLimited { retry_after_seconds: Some(seconds) } if seconds > 1_000_000
    ));
}

#[test]
fn broken_answers_are_not_checked() {
    let server = Server::start();
    let templates = {
        server.control(&json!({"merge": organization()}));
        server.take();
        server.log().templates()
    };
    for body in [json!(null), json!([{}]), json!({"total_count": 1})] {
        for template in &templates {
            server.control(&json!({"merge": organization(), "replace": {template: body}}));
            let taken = server.take();
            let all = taken.not_checked().len();
            assert_eq!(
                all,
                taken.to_json().unwrap().matches("\"not_checked\"").count()
            );
            // Only the first word of the answer counts where its body does not.
            let bodiless = template.ends_with("/vulnerability-alerts");
            let malformed = taken
                .not_checked()
                .into_iter()
                .any(|(_, why)| matches!(why.reason, Reason::Malformed | Reason::NotReported));
            assert!(malformed || bodiless, "{template} with {body}");
        }
    }
}

#[test]
fn objects_in_githubs_webhook_examples_are_read_too() {
    let path = peer().join("node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    let text = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask test`", path.display()));
    let mut found = Found::default();
    found.collect(&serde_json::from_slice(&text).unwrap());
    assert!(
        found.repositories.len() > 20,
        "{}",
        found.repositories.len()
    );
    assert!(!found.installations.is_empty());
    let server = Server::start();
    for repository in &found.repositories {
        let repository: Value = serde_json::from_str(repository).unwrap();
        server.control(&json!({"replace": {"/repos/{owner}/{repo}": repository}}));
        let taken = server.take_within(&Budget {
            requests: 1,
            ..Budget::default()
        });
        let read = taken
            .repository
            .known()
            .unwrap_or_else(|| panic!("{repository}"));
        assert_eq!(Some(read.id), repository.get("id").and_then(Value::as_u64));
        assert_eq!(
            Some(read.visibility.word()),
            repository.get("visibility").and_then(Value::as_str)
        );
    }
    let all: Vec<Value> = found
        .installations
        .iter()
        .map(|one| serde_json::from_str(one).unwrap())
        .collect();
    let body = json!({"total_count": all.len(), "installations": all});
    let replace = json!({"/orgs/{org}/installations": body});
    server.control(&json!({"merge": organization(), "replace": replace}));
    let taken = server.take();
    let owner = taken.organization.known().unwrap().as_ref().unwrap();
    assert_eq!(
        owner.installations.known().unwrap().len(),
        found.installations.len()
    );
}

/// Distinct objects of the kinds that the API gives too.
#[derive(Default)]
struct Found {
    repositories: BTreeSet<String>,
    installations: BTreeSet<String>,
}

impl Found {
    fn collect(&mut self, value: &Value) {
        let has = |keys: &[&str]| keys.iter().all(|key| value.get(key).is_some());
        // A push carries times as numbers, which the API never does.
        let texts = value.get("created_at").is_some_and(Value::is_string);
        if texts && has(&["default_branch", "owner", "visibility", "archived"]) {
            self.repositories.insert(value.to_string());
        }
        if texts && has(&["repository_selection", "permissions", "app_slug"]) {
            self.installations.insert(value.to_string());
        }
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.collect(one)),
            Value::Object(all) => all.values().for_each(|one| self.collect(one)),
            _ => {}
        }
    }
}
