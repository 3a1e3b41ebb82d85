//! The form of a scenario file.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cofferdam_config::{Config, Scope};
use cofferdam_exposure::{Asset, Place, Position, Verdict};
use cofferdam_facts::SourceFile;
use cofferdam_facts::registry::RegistryDeclaration;
use cofferdam_facts::settings::{
    ActionsPolicy, ActionsPolicyRule, ActiveRule, DefaultPermissions, DeploymentRefs, Enforcement,
    Environment, Fact, ForkApproval, Installation, InstallationReach, NamedRef, Organization,
    OwnerKind, Patterns, PrivateForks, Protection, PullRequestRule, Reason, RefKind,
    Repository as Described, RequiredReviewers, Reviewer, Rule, Ruleset, RulesetTarget, Runner,
    Secret, SecretHome, Snapshot, SourceType, Timestamp, TokenAccess, Visibility, WorkflowToken,
};
use cofferdam_workflows::Repository;
use cofferdam_workflows::repository::Tree;
use toml::Table;

/// A scenario.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The name of its file.
    pub(crate) name: String,
    /// Weak and mended.
    pub(crate) variants: Vec<Variant>,
}

/// One side of a scenario.
#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) repository: Repository,
    pub(crate) settings: Snapshot,
    pub(crate) registries: Vec<RegistryDeclaration>,
    pub(crate) positions: BTreeSet<String>,
    pub(crate) classes: BTreeSet<String>,
    pub(crate) expected: Vec<Expected>,
    pub(crate) unreadable: BTreeSet<String>,
}

/// One expected way.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) from: Position,
    pub(crate) to: Asset,
    pub(crate) verdict: Verdict,
    pub(crate) path: Vec<String>,
}

impl Scenario {
    pub(crate) fn read(path: &Path) -> Self {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Self::parse(name, &std::fs::read_to_string(path).unwrap())
    }

    /// A scenario of that name from its text.
    pub(crate) fn parse(name: String, text: &str) -> Self {
        let (head, members) = members(text);
        let table: Table = head.parse().unwrap_or_else(|e| panic!("{name}: {e}"));
        let variants = ["weak", "mended"].into_iter().filter_map(|side| {
            let prefix = format!("{side}/");
            let files: Vec<(String, String)> = members
                .iter()
                .filter_map(|(path, text)| {
                    Some((path.strip_prefix(&prefix)?.to_owned(), text.clone()))
                })
                .collect();
            (!files.is_empty()).then(|| variant(&name, side, &table, &files))
        });
        Self {
            variants: variants.collect(),
            name,
        }
    }
}

fn members(text: &str) -> (String, Vec<(String, String)>) {
    let mut head = String::new();
    let mut members: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let name = line
            .trim_end()
            .strip_prefix("-- ")
            .and_then(|rest| rest.strip_suffix(" --"));
        match (name, members.last_mut()) {
            (Some(name), _) => members.push((name.to_owned(), String::new())),
            (None, Some((_, body))) => body.push_str(line),
            (None, None) => head.push_str(line),
        }
    }
    (head, members)
}

fn variant(name: &str, side: &'static str, table: &Table, files: &[(String, String)]) -> Variant {
    let words = |key: &str| -> BTreeSet<String> {
        let list = table[key].as_array().unwrap();
        list.iter()
            .map(|w| w.as_str().unwrap().to_owned())
            .collect()
    };
    let empty = Table::new();
    // What the mended side has different is said anew as a whole.
    let own = format!("settings-{side}");
    let settings = table.get(&own).or(table.get("settings"));
    let settings = settings.and_then(|s| s.as_table()).unwrap_or(&empty);
    let paths = files.iter().map(|(path, _)| Arc::from(path.as_str()));
    let tree = Tree::new(paths.collect());
    let sources = files
        .iter()
        .map(|(path, text)| SourceFile::new(path.as_str(), text.clone()));
    let mut repository = Repository::read(sources.collect(), tree);
    repository.slug = Some("acme/project".to_owned());
    let expected = table.get(side).and_then(|list| list.as_array());
    Variant {
        name: side,
        repository,
        settings: snapshot(name, settings),
        registries: declared(files),
        positions: words("positions"),
        classes: words("assets"),
        unreadable: match table.contains_key("unreadable") {
            true => words("unreadable"),
            false => BTreeSet::new(),
        },
        expected: expected
            .into_iter()
            .flatten()
            .map(|one| expect(name, one.as_table().unwrap()))
            .collect(),
    }
}

// What the configuration among the files declares.
fn declared(files: &[(String, String)]) -> Vec<RegistryDeclaration> {
    let Some((path, text)) = files.iter().find(|(path, _)| path == "cofferdam.toml") else {
        return Vec::new();
    };
    let file = SourceFile::new(path.as_str(), text.clone());
    let config = Config::parse(&file, Scope::Repository, &[]);
    config.unwrap_or_else(|e| panic!("{e}")).registries
}

fn expect(name: &str, table: &Table) -> Expected {
    let word = |key: &str| {
        let value = table.get(key).and_then(|v| v.as_str());
        value
            .unwrap_or_else(|| panic!("{name}: no `{key}`"))
            .to_owned()
    };
    let path = table.get("path").and_then(|p| p.as_array());
    assert!(!word("why").is_empty(), "{name}: no reason");
    Expected {
        from: word("from")
            .parse()
            .unwrap_or_else(|e| panic!("{name}: {e}")),
        to: word("to").parse().unwrap_or_else(|e| panic!("{name}: {e}")),
        verdict: word("verdict")
            .parse()
            .unwrap_or_else(|e| panic!("{name}: {e}")),
        path: path
            .into_iter()
            .flatten()
            .map(|place| place.as_str().unwrap().to_owned())
            .collect(),
    }
}

/// A place as `file:line words`, or the words alone.
pub(crate) fn show(place: &Place) -> String {
    match &place.location {
        Some(at) => format!("{}:{} {}", at.path, at.line, place.what),
        None => place.what.clone(),
    }
}

/// The first of the places that a way does not have, in this order. The words
/// need only be a part of what the way or the file says there, or the other way
/// round.
pub(crate) fn missing_place<'p>(
    wanted: &'p [String],
    places: &[&Place],
    repository: &Repository,
) -> Option<&'p str> {
    let mut rest = places.iter();
    wanted.iter().map(String::as_str).find(|wanted| {
        let (at, words) = wanted.split_once(' ').unwrap_or((wanted, ""));
        !rest.any(|place| {
            let Some(location) = &place.location else {
                return false;
            };
            let line = repository
                .document(&location.path)
                .and_then(|d| d.file().text().lines().nth(location.line - 1))
                .unwrap_or_default();
            let what = place.what.as_str();
            at == format!("{}:{}", location.path, location.line)
                && (what.contains(words) || words.contains(what) || line.contains(words))
        })
    })
}
/// A snapshot in which only what a scenario says is known.
fn snapshot(name: &str, table: &Table) -> Snapshot {
    let mut snapshot = Snapshot::unasked("acme", "project");
    for (key, value) in table {
        let word = || {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{name}: `{key}` is no word"))
        };
        match key.as_str() {
            "visibility" => snapshot.repository = Fact::Known(described(word())),
            "default-token" => {
                snapshot.actions.workflow_token = Fact::Known(WorkflowToken {
                    default_permissions: DefaultPermissions::from_word(word()),
                    can_approve_pull_requests: false,
                });
            }
            "fork-approval" => {
                snapshot.actions.fork_approval = Fact::Known(match word() {
                    "first-time-new-to-github" => ForkApproval::NewToGitHub,
                    "first-time" => ForkApproval::FirstTimeContributors,
                    "all-outside" => ForkApproval::AllExternalContributors,
                    "none" => continue,
                    other => panic!("{name}: fork-approval {other}"),
                });
            }
            "branch-rules" => branch_rules(&mut snapshot, word()),
            "tag-rules" => tag_rules(&mut snapshot, word()),
            // What private repositories do about forks, in three words.
            "secrets-to-forks" | "write-tokens-to-forks" => {
                let flag = |key: &str| table.get(key).and_then(toml::Value::as_bool);
                let approval = table.get("fork-approval").and_then(|w| w.as_str());
                snapshot.actions.private_forks = Fact::Known(Some(PrivateForks {
                    run_workflows: true,
                    send_write_tokens: flag("write-tokens-to-forks").unwrap_or(false),
                    send_secrets_and_variables: flag("secrets-to-forks").unwrap_or(false),
                    require_approval: approval.is_none_or(|word| word != "none"),
                }));
            }
            "actions-policy" => {
                snapshot.actions.policies = Fact::Known(match word() {
                    "none" => vec![every_event()],
                    "default" => Vec::new(),
                    other => panic!("{name}: actions-policy {other}"),
                });
            }
            "runners" => {
                let once = word() == "ephemeral";
                snapshot.runners.groups = Fact::Known(Vec::new());
                let machine = Runner {
                    id: 1,
                    name: "machine".to_owned(),
                    os: "linux".to_owned(),
                    ephemeral: Fact::Known(once),
                    labels: ["self-hosted", "linux", "x64"].map(str::to_owned).to_vec(),
                };
                let all = Some(machine).filter(|_| word() != "none");
                snapshot.runners.repository = Fact::Known(all.into_iter().collect());
            }
            "apps" => {
                let all = value.as_array().unwrap().iter();
                let all = all.map(|app| installation(app.as_str().unwrap())).collect();
                snapshot.organization = Fact::Known(Some(organization(all)));
            }
            "environments" => {
                let all = value.as_table().unwrap().iter();
                let all = all.map(|(key, value)| environment(key, value.as_table().unwrap()));
                snapshot.environments = Fact::Known(all.collect());
            }
            other => panic!("{name}: unknown setting {other}"),
        }
    }
    snapshot
}

/// A policy that lets every event start workflows.
fn every_event() -> ActionsPolicy {
    let events = cofferdam_workflows::semantics::events::EVENTS.iter();
    ActionsPolicy {
        id: 1,
        name: "events".to_owned(),
        source_type: Fact::Known(SourceType::Repository),
        source: None,
        enforcement: Fact::Known(Enforcement::Active),
        workflow_paths: None,
        rules: Fact::Known(vec![ActionsPolicyRule::Events {
            allowed: events.map(|event| event.name.to_owned()).collect(),
        }]),
    }
}

fn described(visibility: &str) -> Described {
    Described {
        id: 1,
        owner: "acme".to_owned(),
        owner_id: 1,
        owner_kind: OwnerKind::Organization,
        name: "project".to_owned(),
        visibility: Visibility::from_word(visibility),
        default_branch: "main".to_owned(),
        fork: false,
        archived: false,
        created_at: Fact::Known(Timestamp::from_unix(0)),
    }
}

/// An App that may write contents and workflows.
fn installation(app: &str) -> Installation {
    let writes = ["contents", "workflows"].map(|name| (name.to_owned(), TokenAccess::Write));
    Installation {
        id: 1,
        app: app.to_owned(),
        app_id: 1,
        reach: InstallationReach::All,
        permissions: writes.into(),
        suspended_at: None,
        created_at: Timestamp::from_unix(0),
    }
}

fn organization(installations: Vec<Installation>) -> Organization {
    fn no<T>() -> Fact<T> {
        Fact::not_read(Reason::NotAsked)
    }
    Organization {
        login: "acme".to_owned(),
        id: no(),
        two_factor_required: no(),
        default_role: no(),
        owners: no(),
        members: no(),
        actions_permissions: no(),
        workflow_token: no(),
        oidc_subject: no(),
        immutable_releases: no(),
        installations: Fact::Known(installations),
        webhooks: no(),
    }
}

fn ruleset(id: u64, target: RulesetTarget, refs: &str, rules: Vec<Rule>) -> Ruleset {
    Ruleset {
        id,
        name: format!("rules {id}"),
        target: Fact::Known(target),
        source_type: Fact::Known(SourceType::Repository),
        source: "acme/project".to_owned(),
        enforcement: Enforcement::Active,
        refs: Fact::Known(Some(Patterns {
            include: vec![refs.to_owned()],
            exclude: Vec::new(),
        })),
        rules: Fact::Known(rules),
        bypass_actors: Fact::Known(Vec::new()),
    }
}

fn add(snapshot: &mut Snapshot, ruleset: Option<Ruleset>) {
    let mut known = match &snapshot.rulesets {
        Fact::Known(known) => known.clone(),
        Fact::NotChecked(_) => Vec::new(),
    };
    known.extend(ruleset);
    snapshot.rulesets = Fact::Known(known);
}

fn branch_rules(snapshot: &mut Snapshot, word: &str) {
    snapshot.default_branch_protection = Fact::Known(None);
    let review = Rule::PullRequest(PullRequestRule {
        approvals: 1,
        code_owner_review: false,
        dismiss_stale_reviews: true,
        last_push_approval: true,
    });
    let active = |rule: Rule| ActiveRule {
        ruleset_id: Some(1),
        rule,
    };
    let branch = RulesetTarget::Branch;
    match word {
        "none" => snapshot.default_branch_rules = Fact::Known(Vec::new()),
        "reviewed" => {
            snapshot.default_branch_rules = Fact::Known(vec![active(review)]);
        }
        "restricted" => {
            let rules = vec![Rule::Creation, Rule::Update, Rule::Deletion];
            snapshot.default_branch_rules =
                Fact::Known(rules.iter().cloned().map(active).collect());
            add(snapshot, Some(ruleset(1, branch, "~ALL", rules)));
        }
        other => panic!("branch-rules {other}"),
    }
}

fn tag_rules(snapshot: &mut Snapshot, word: &str) {
    let rules = vec![Rule::Creation, Rule::Update, Rule::Deletion];
    let found = match word {
        "none" => None,
        "restricted" => Some(ruleset(2, RulesetTarget::Tag, "~ALL", rules)),
        other => panic!("tag-rules {other}"),
    };
    add(snapshot, found);
}

fn environment(name: &str, table: &Table) -> Environment {
    let day = Timestamp::from_unix(0);
    let flag = |key: &str| table.get(key).and_then(toml::Value::as_bool);
    let words = |key: &str| {
        let list = table.get(key)?.as_array()?.iter();
        Some(
            list.map(|w| w.as_str().unwrap().to_owned())
                .collect::<Vec<_>>(),
        )
    };
    for key in table.keys() {
        let known = [
            "reviewers",
            "self-review-prevented",
            "admin-bypass",
            "branches",
            "tags",
            "secrets",
            "wait-minutes",
            "wait",
        ];
        assert!(
            known.contains(&key.as_str()),
            "environment {name}: unknown key {key}"
        );
    }
    let reviewers = flag("reviewers")
        .unwrap_or(false)
        .then(|| RequiredReviewers {
            reviewers: vec![Reviewer::Team {
                slug: "maintainers".to_owned(),
                id: 1,
            }],
            prevent_self_review: Fact::Known(flag("self-review-prevented").unwrap_or(false)),
        });
    let wait = table.get("wait-minutes").or(table.get("wait"));
    let wait = wait.and_then(toml::Value::as_integer);
    let named = |kind: RefKind| {
        move |pattern: String| NamedRef {
            pattern,
            kind: Fact::Known(kind.clone()),
        }
    };
    let branches = words("branches").map(|all| all.into_iter().map(named(RefKind::Branch)));
    let tags = words("tags").map(|all| all.into_iter().map(named(RefKind::Tag)));
    let refs = match (branches, tags) {
        (None, None) => DeploymentRefs::Any,
        (branches, tags) => {
            let all = branches
                .into_iter()
                .flatten()
                .chain(tags.into_iter().flatten());
            DeploymentRefs::Named(Fact::Known(all.collect()))
        }
    };
    let secret = |secret: String| Secret {
        name: secret,
        home: SecretHome::Environment {
            environment: name.to_owned(),
        },
        created_at: day,
        updated_at: day,
    };
    Environment {
        id: 1,
        name: name.to_owned(),
        created_at: day,
        updated_at: day,
        protection: Fact::Known(Protection {
            wait_minutes: wait.and_then(|minutes| u32::try_from(minutes).ok()),
            required_reviewers: reviewers,
        }),
        can_admins_bypass: Fact::Known(flag("admin-bypass").unwrap_or(true)),
        deployment_refs: Fact::Known(refs),
        custom_rules: Fact::Known(Vec::new()),
        secrets: match words("secrets") {
            Some(all) => Fact::Known(all.into_iter().map(secret).collect()),
            None => Fact::not_read(Reason::NotAsked),
        },
        variables: Fact::Known(Vec::new()),
    }
}
