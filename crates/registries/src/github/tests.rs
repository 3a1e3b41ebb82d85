//! What GitHub's own examples do not show: refusals, limits, broken answers.
//! The whole snapshot against GitHub's description is an integration test.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use cofferdam_facts::settings::{NotChecked, TokenAccess};

use super::*;

/// Status, headers and body.
type Given<'a> = (u16, &'a [(&'a str, &'a str)], &'a str);

/// An API of fixed answers, with a clock that moves by waiting only.
#[derive(Default)]
struct Fixed {
    answers: BTreeMap<String, RefCell<Vec<Response>>>,
    asked: RefCell<Vec<String>>,
    clock: Cell<u64>,
    down: bool,
}

impl Fixed {
    /// Answers `path` in turn; the last answer stays.
    fn with(mut self, path: &str, answers: &[Given<'_>]) -> Self {
        let mut all: Vec<Response> = answers
            .iter()
            .map(|(status, headers, body)| Response {
                status: *status,
                headers: headers
                    .iter()
                    .map(|(a, b)| ((*a).into(), (*b).into()))
                    .collect(),
                body: body.as_bytes().to_vec(),
            })
            .collect();
        all.reverse();
        self.answers.insert(path.to_owned(), RefCell::new(all));
        self
    }

    fn asked(&self, path: &str) -> usize {
        self.asked
            .borrow()
            .iter()
            .filter(|one| *one == path)
            .count()
    }
}

impl GitHubApi for Fixed {
    fn root(&self) -> &str {
        "https://api.test"
    }

    fn get(&self, url: &str, _version: &str) -> Result<Response, HttpError> {
        let path = url.strip_prefix("https://api.test").unwrap();
        self.asked.borrow_mut().push(path.to_owned());
        if self.down {
            return Err(HttpError::Broken(
                std::io::ErrorKind::ConnectionReset.into(),
            ));
        }
        let Some(all) = self.answers.get(path) else {
            let body = br#"{"message":"Not Found"}"#.to_vec();
            return Ok(Response {
                status: 404,
                headers: Vec::new(),
                body,
            });
        };
        let mut all = all.borrow_mut();
        let last = if all.len() > 1 {
            all.pop()
        } else {
            all.last().cloned()
        };
        Ok(last.unwrap())
    }

    fn now(&self) -> u64 {
        1_000_000 + self.clock.get()
    }

    fn wait(&self, time: Duration) {
        self.clock.set(self.clock.get() + time.as_secs());
    }
}

const REPOSITORY: &str = r#"{"id":1,"name":"hello","owner":{"login":"octo","id":2,"type":"User"},
    "private":false,"default_branch":"main","fork":false,"archived":false}"#;
const SECRETS: &str = "/repos/octo/hello/actions/secrets?per_page=100";

fn take(api: &Fixed) -> Snapshot {
    take_within(
        api,
        &Budget {
            waiting: Duration::from_secs(30),
            requests: 200,
            pages: 3,
        },
    )
}

fn take_within(api: &Fixed, budget: &Budget) -> Snapshot {
    snapshot(api, &RepositoryName::parse("octo/hello").unwrap(), budget)
}

fn why<T>(fact: &Fact<T>) -> &NotChecked {
    fact.not_checked().unwrap()
}

fn secret(name: &str) -> String {
    let time = "2020-01-10T14:59:22Z";
    format!(r#"{{"name":"{name}","created_at":"{time}","updated_at":"{time}"}}"#)
}

#[test]
fn names_that_could_leave_their_place_are_refused() {
    for text in [
        "octo",
        "octo/",
        "/hello",
        "octo/../x",
        "octo/..",
        "a/b/c",
        "o%2e/x",
        "o o/x",
        "",
    ] {
        assert!(RepositoryName::parse(text).is_err(), "{text}");
    }
    assert_eq!(
        RepositoryName::parse("octo/hello.js_1-x").unwrap().name(),
        "hello.js_1-x"
    );
}

#[test]
fn an_api_that_knows_nothing_gives_no_value_at_all() {
    let taken = take(&Fixed::default());
    assert!(
        taken
            .inventory()
            .iter()
            .all(|fact| fact.not_checked.is_some())
    );
    assert_eq!(taken.taken_at.to_string(), "1970-01-12T13:46:40Z");
}

#[test]
fn a_refusal_names_the_permission_from_the_answer_or_else_from_the_table() {
    let header = [(
        "x-accepted-github-permissions",
        "secrets=read; admin_only=write",
    )];
    let api = Fixed::default()
        .with("/repos/octo/hello", &[(200, &[], REPOSITORY)])
        .with(
            SECRETS,
            &[(403, &header, r#"{"message":"Resource not accessible"}"#)],
        );
    let taken = take(&api);
    assert_eq!(
        why(&taken.secrets.repository).to_string(),
        "the token may not read it; needs `secrets: read` or `admin_only: write`"
    );
    assert_eq!(
        why(&taken.secrets.dependabot).to_string(),
        "not found, or hidden from this token; needs `dependabot_secrets: read`"
    );
}

#[test]
fn each_status_has_its_own_reason() {
    for (status, body, reason) in [
        (401, "{}", Reason::Unauthenticated),
        (402, "{}", Reason::Plan),
        (
            403,
            r#"{"message":"Upgrade to GitHub Pro or make this public"}"#,
            Reason::Plan,
        ),
        (403, "{}", Reason::Forbidden),
        (410, "", Reason::Status { code: 410 }),
        (302, "", Reason::Status { code: 302 }),
        (500, "<html>", Reason::Status { code: 500 }),
        (200, "<html>", Reason::Malformed),
        (200, "[]", Reason::Malformed),
        (200, r#"{"total_count":0}"#, Reason::Malformed),
        (200, r#"{"total_count":2,"secrets":[]}"#, Reason::Incomplete),
    ] {
        let taken = take(&Fixed::default().with(SECRETS, &[(status, &[], body)]));
        assert_eq!(
            why(&taken.secrets.repository).reason,
            reason,
            "{status} {body}"
        );
    }
}

#[test]
fn a_limit_within_the_budget_is_waited_for() {
    let good = format!(r#"{{"total_count":1,"secrets":[{}]}}"#, secret("A"));
    let api = Fixed::default().with(
        SECRETS,
        &[
            (
                403,
                &[
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1000010"),
                ],
                "{}",
            ),
            (429, &[("retry-after", "5")], "{}"),
            (200, &[], &good),
        ],
    );
    assert_eq!(take(&api).secrets.repository.known().unwrap().len(), 1);
    assert_eq!(api.clock.get(), 11 + 5);
}

#[test]
fn a_limit_beyond_the_budget_ends_all_asking() {
    let secondary = r#"{"message":"You have exceeded a secondary rate limit"}"#;
    let api = Fixed::default()
        .with("/repos/octo/hello", &[(200, &[], REPOSITORY)])
        .with(
            "/repos/octo/hello/actions/permissions",
            &[(403, &[], secondary)],
        );
    let taken = take(&api);
    let limited = Reason::RateLimited {
        retry_after_seconds: Some(60),
    };
    assert_eq!(why(&taken.actions.permissions).reason, limited);
    assert_eq!(why(&taken.secrets.repository).reason, limited);
    assert_eq!(
        api.asked.borrow().len(),
        2,
        "nothing is sent after the limit"
    );
    assert_eq!(api.clock.get(), 0);
}

#[test]
fn wrong_credentials_and_a_dead_network_end_all_asking() {
    let bad = r#"{"message":"Bad credentials"}"#;
    let api = Fixed::default().with("/repos/octo/hello", &[(401, &[], bad)]);
    let taken = take(&api);
    assert_eq!(why(&taken.repository).reason, Reason::Unauthenticated);
    assert_eq!(
        why(&taken.secrets.repository).reason,
        Reason::Unauthenticated
    );
    assert_eq!(api.asked.borrow().len(), 1);
    let api = Fixed {
        down: true,
        ..Fixed::default()
    };
    let taken = take(&api);
    assert_eq!(why(&taken.secrets.repository).reason, Reason::Unreachable);
    assert_eq!(api.asked.borrow().len(), 2);
}

#[test]
fn a_server_that_fails_for_a_moment_is_asked_again_once() {
    let good = r#"{"total_count":0,"secrets":[]}"#;
    let api = Fixed::default().with(SECRETS, &[(502, &[], ""), (200, &[], good)]);
    assert!(take(&api).secrets.repository.is_known());
    let api = Fixed::default().with(SECRETS, &[(502, &[], "")]);
    assert_eq!(
        why(&take(&api).secrets.repository).reason,
        Reason::Status { code: 502 }
    );
    assert_eq!(api.asked(SECRETS), 2);
}

#[test]
fn pages_are_joined_and_endless_ones_cut() {
    let link = [("link", r#"<https://api.test/p2>; rel="next""#)];
    let one = format!(r#"{{"total_count":2,"secrets":[{}]}}"#, secret("A"));
    let two = format!(r#"{{"total_count":2,"secrets":[{}]}}"#, secret("B"));
    let api = Fixed::default()
        .with(SECRETS, &[(200, &link, &one)])
        .with("/p2", &[(200, &[], &two)]);
    let taken = take(&api);
    let names: Vec<&str> = taken
        .secrets
        .repository
        .known()
        .unwrap()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["A", "B"]);
    let endless = Fixed::default()
        .with(SECRETS, &[(200, &link, &one)])
        .with("/p2", &[(200, &link, &two)]);
    assert_eq!(
        why(&take(&endless).secrets.repository).reason,
        Reason::TooLarge
    );
    assert_eq!(endless.asked("/p2"), 2);
}

#[test]
fn a_page_on_another_host_is_not_asked_for() {
    let link = [("link", r#"<https://api.test.evil/p2>; rel="next""#)];
    let one = format!(r#"{{"total_count":2,"secrets":[{}]}}"#, secret("A"));
    let taken = take(&Fixed::default().with(SECRETS, &[(200, &link, &one)]));
    assert_eq!(why(&taken.secrets.repository).reason, Reason::Malformed);
}

#[test]
fn requests_are_bounded() {
    let api = Fixed::default();
    let budget = Budget {
        waiting: Duration::ZERO,
        requests: 5,
        pages: 3,
    };
    let taken = take_within(&api, &budget);
    assert_eq!(api.asked.borrow().len(), 5);
    assert_eq!(why(&taken.secrets.repository).reason, Reason::TooLarge);
}

#[test]
fn not_found_is_off_only_for_a_reader_who_may_know() {
    let api = Fixed::default().with("/repos/octo/hello", &[(200, &[], REPOSITORY)]);
    let blind = take(&api);
    assert_eq!(why(&blind.immutable_releases).reason, Reason::NotFound);
    assert_eq!(
        why(&blind.security.vulnerability_alerts).reason,
        Reason::NotFound
    );
    assert_eq!(why(&blind.actions.policies).reason, Reason::NotFound);
    let permissions = r#"{"enabled":true,"allowed_actions":"all","sha_pinning_required":false}"#;
    let api = api.with(
        "/repos/octo/hello/actions/permissions",
        &[(200, &[], permissions)],
    );
    let seeing = take(&api);
    assert!(!seeing.immutable_releases.known().unwrap().enabled);
    assert_eq!(seeing.security.vulnerability_alerts, Fact::Known(false));
    assert_eq!(why(&seeing.actions.policies).reason, Reason::NotOffered);
    assert_eq!(
        why(&seeing.secrets.repository).reason,
        Reason::NotFound,
        "lists are never empty"
    );
}

#[test]
fn an_unprotected_branch_is_known_by_githubs_own_words() {
    let path = "/repos/octo/hello/branches/main/protection";
    let repository = [(200, [].as_slice(), REPOSITORY)];
    let words = [(404, [].as_slice(), r#"{"message":"Branch not protected"}"#)];
    let api = Fixed::default()
        .with("/repos/octo/hello", &repository)
        .with(path, &words);
    assert_eq!(take(&api).default_branch_protection, Fact::Known(None));
    let api = Fixed::default().with("/repos/octo/hello", &repository);
    assert_eq!(
        why(&take(&api).default_branch_protection).reason,
        Reason::NotFound
    );
}

#[test]
fn a_users_public_repository_lacks_what_only_others_have() {
    let taken = take(&Fixed::default().with("/repos/octo/hello", &[(200, &[], REPOSITORY)]));
    assert_eq!(taken.organization, Fact::Known(None));
    assert_eq!(taken.secrets.organization, Fact::Known(Vec::new()));
    assert_eq!(taken.runners.groups, Fact::Known(Vec::new()));
    assert_eq!(taken.actions.private_forks, Fact::Known(None));
}

#[test]
fn members_that_a_stranger_sees_are_not_all_members() {
    let repository = REPOSITORY.replace("\"User\"", "\"Organization\"");
    let members = [(200, [].as_slice(), r#"[{"login":"mona"}]"#)];
    let api = Fixed::default()
        .with("/repos/octo/hello", &[(200, &[], &repository)])
        .with("/orgs/octo/members?role=admin&per_page=100", &members);
    let stranger = take(&api.with("/orgs/octo", &[(200, &[], r#"{"id":2}"#)]));
    let organization = stranger.organization.known().unwrap().as_ref().unwrap();
    assert_eq!(why(&organization.owners).reason, Reason::NotReported);
    let own = r#"{"id":2,"default_repository_permission":"none"}"#;
    let api = Fixed::default()
        .with("/repos/octo/hello", &[(200, &[], &repository)])
        .with("/orgs/octo/members?role=admin&per_page=100", &members)
        .with("/orgs/octo", &[(200, &[], own)]);
    let owner = take(&api);
    let organization = owner.organization.known().unwrap().as_ref().unwrap();
    assert_eq!(organization.owners.known().unwrap(), &["mona"]);
}

#[test]
fn hidden_bypass_actors_are_not_an_empty_list() {
    let listed = r#"[{"id":42,"name":"main","source":"octo/hello","enforcement":"active"}]"#;
    let full = r#"{"id":42,"name":"main","source":"octo/hello","enforcement":"active","target":"branch",
        "source_type":"Repository","rules":[{"type":"deletion"},{"type":"new_rule"},
        {"type":"pull_request","parameters":{"required_approving_review_count":1,
        "require_code_owner_review":true,"dismiss_stale_reviews_on_push":true,
        "require_last_push_approval":false,"required_review_thread_resolution":false}}]}"#;
    let api = Fixed::default()
        .with(
            "/repos/octo/hello/rulesets?includes_parents=true&per_page=100",
            &[(200, &[], listed)],
        )
        .with(
            "/repos/octo/hello/rulesets/42?includes_parents=true",
            &[(200, &[], full)],
        );
    let taken = take(&api);
    let ruleset = taken.rulesets.known().unwrap().first().unwrap();
    let needed = why(&ruleset.bypass_actors);
    assert_eq!(needed.reason, Reason::NotReported);
    assert_eq!(
        needed.needs.first().unwrap().0.first().unwrap().access,
        TokenAccess::Write,
        "only those who may edit the ruleset see them"
    );
    assert_eq!(ruleset.rules.known().unwrap().len(), 3);
}

#[test]
fn a_policy_without_rules_in_the_list_is_asked_for_by_its_number() {
    let listed = r#"{"total_count":2,"policies":[{"id":7,"name":"events"},{"id":8,"name":"lock",
        "enforcement":"active","rules":[{"type":"require_something_new"}]}]}"#;
    let full = r#"{"id":7,"name":"events","target":"actions","source_type":"Organization",
        "source":"octo","enforcement":"evaluate",
        "conditions":{"workflow_path":{"include":["~ALL"],"exclude":[]}},
        "rules":[{"type":"restrict_action_events","parameters":{"allowed_events":["push"]}},
        {"type":"restrict_actions_actors","parameters":{"allowed_actors":[{"id":5,"type":"Team"}]}}]}"#;
    let api = Fixed::default()
        .with(
            "/repos/octo/hello/actions/policies?has_parents=true&per_page=100",
            &[(200, &[], listed)],
        )
        .with("/repos/octo/hello/actions/policies/7", &[(200, &[], full)]);
    let taken = take(&api);
    let text = serde_json::to_string(&taken.actions.policies).unwrap();
    assert_eq!(
        text,
        r#"{"known":[{"id":7,"name":"events","source_type":{"known":"Organization"},"source":"octo","enforcement":{"known":"evaluate"},"workflow_paths":{"include":["~ALL"],"exclude":[]},"rules":{"known":[{"events":{"allowed":["push"]}},{"actors":{"allowed":[{"kind":"Team","id":5}]}}]}},{"id":8,"name":"lock","source_type":{"not_checked":{"reason":"not_reported"}},"source":null,"enforcement":{"known":"active"},"workflow_paths":null,"rules":{"known":[{"other":{"rule":"require_something_new"}}]}}]}"#
    );
}
