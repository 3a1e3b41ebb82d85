//! `…/rulesets` and `…/rules/branches/{branch}`.

use cofferdam_facts::settings::{
    ActiveRule, BypassActor, BypassActorKind, BypassMode, Enforcement, Fact, NotChecked, Patterns,
    PullRequestRule, Reason, RequiredWorkflow, Rule, Ruleset, RulesetTarget, SourceType,
    StatusCheck, TokenAccess,
};
use serde::Deserialize;
use serde_json::Value;

use super::RepositoryName;
use super::actions::reported;
use super::ask::{Asker, Endpoint, needs, segment};
use super::policies::RawPatterns;

/// Permissions which a token needs together.
type Needs = &'static [(&'static str, TokenAccess)];

const METADATA: Needs = &[("metadata", TokenAccess::Read)];
/// Bypass actors are shown only to those who may edit the ruleset.
const EDIT: Needs = &[("administration", TokenAccess::Write)];

#[derive(Deserialize)]
struct RawRuleset {
    id: u64,
    name: String,
    target: Option<String>,
    source_type: Option<String>,
    source: String,
    enforcement: String,
    conditions: Option<RawConditions>,
    rules: Option<Vec<RawRule>>,
    bypass_actors: Option<Vec<RawBypass>>,
}

#[derive(Deserialize)]
struct RawConditions {
    ref_name: Option<RawPatterns>,
}

#[derive(Deserialize)]
struct RawBypass {
    actor_id: Option<u64>,
    actor_type: String,
    bypass_mode: Option<String>,
}

#[derive(Deserialize)]
struct RawRule {
    #[serde(rename = "type")]
    kind: String,
    ruleset_id: Option<u64>,
    parameters: Option<Value>,
}

pub(super) fn rulesets(asker: &Asker<'_>, asked: &RepositoryName) -> Fact<Vec<Ruleset>> {
    let path = format!("{}/rulesets", asked.path());
    let endpoint = Endpoint::new(path.clone(), METADATA).query("includes_parents=true");
    asker.list::<RawRuleset>(&endpoint).map(|all| {
        all.into_iter()
            .map(|listed| ruleset(asker, &path, listed))
            .collect()
    })
}

fn ruleset(asker: &Asker<'_>, path: &str, listed: RawRuleset) -> Ruleset {
    let endpoint =
        Endpoint::new(format!("{path}/{}", listed.id), METADATA).query("includes_parents=true");
    let full = asker.one::<RawRuleset>(&endpoint).and_then(|full| {
        if full.id == listed.id {
            Fact::Known(full)
        } else {
            Fact::not_read(Reason::Malformed)
        }
    });
    match full {
        Fact::Known(full) => convert(full),
        Fact::NotChecked(why) => Ruleset {
            refs: Fact::NotChecked(why.clone()),
            rules: Fact::NotChecked(why.clone()),
            bypass_actors: Fact::NotChecked(why),
            ..convert(listed)
        },
    }
}

fn convert(raw: RawRuleset) -> Ruleset {
    Ruleset {
        id: raw.id,
        name: raw.name,
        target: reported(raw.target.map(|word| RulesetTarget::from_word(&word))),
        source_type: reported(raw.source_type.map(|word| SourceType::from_word(&word))),
        source: raw.source,
        enforcement: Enforcement::from_word(&raw.enforcement),
        refs: Fact::Known(
            raw.conditions
                .and_then(|all| all.ref_name)
                .map(Patterns::from),
        ),
        rules: reported(raw.rules).and_then(|all| {
            let all: Option<Vec<Rule>> = all.into_iter().map(rule).collect();
            all.map_or_else(|| Fact::not_read(Reason::Malformed), Fact::Known)
        }),
        bypass_actors: match raw.bypass_actors {
            Some(all) => Fact::Known(all.into_iter().map(bypass).collect()),
            None => Fact::NotChecked(NotChecked {
                reason: Reason::NotReported,
                needs: needs(EDIT),
            }),
        },
    }
}

fn bypass(raw: RawBypass) -> BypassActor {
    BypassActor {
        kind: BypassActorKind::from_word(&raw.actor_type),
        id: raw.actor_id,
        // The description names `always` as what a missing mode means.
        mode: raw
            .bypass_mode
            .map_or(BypassMode::Always, |word| BypassMode::from_word(&word)),
    }
}

/// The rules in force on a branch, from all rulesets.
pub(super) fn active(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    branch: &Fact<String>,
) -> Fact<Vec<ActiveRule>> {
    on_branch(branch, |_, branch| {
        let path = format!("{}/rules/branches/{branch}", asked.path());
        asker
            .list::<RawRule>(&Endpoint::new(path, METADATA))
            .and_then(|all| {
                let active = |raw: RawRule| {
                    Some(ActiveRule {
                        ruleset_id: raw.ruleset_id,
                        rule: rule(raw)?,
                    })
                };
                let all: Option<Vec<ActiveRule>> = all.into_iter().map(active).collect();
                all.map_or_else(|| Fact::not_read(Reason::Malformed), Fact::Known)
            })
    })
}

/// Asks about a branch, if its name is known: as it is, and as a segment.
pub(super) fn on_branch<T>(
    branch: &Fact<String>,
    ask: impl FnOnce(&str, &str) -> Fact<T>,
) -> Fact<T> {
    match branch {
        Fact::Known(name) => match segment(name) {
            Some(escaped) => ask(name, &escaped),
            None => Fact::not_read(Reason::Malformed),
        },
        Fact::NotChecked(_) => Fact::not_read(Reason::DependsOn {
            fact: "repository".to_owned(),
        }),
    }
}

/// Reads a rule. `None` if the parameters of a known one do not have the form
/// that GitHub describes.
fn rule(raw: RawRule) -> Option<Rule> {
    fn read<T: serde::de::DeserializeOwned>(parameters: Option<Value>) -> Option<T> {
        serde_json::from_value(parameters?).ok()
    }
    let parameters = raw.parameters;
    Some(match raw.kind.as_str() {
        "creation" => Rule::Creation,
        "update" => Rule::Update,
        "deletion" => Rule::Deletion,
        "non_fast_forward" => Rule::NonFastForward,
        "required_linear_history" => Rule::RequiredLinearHistory,
        "required_signatures" => Rule::RequiredSignatures,
        "merge_queue" => Rule::MergeQueue,
        "pull_request" => Rule::PullRequest(read::<RawPullRequest>(parameters)?.into()),
        "required_status_checks" => {
            let raw: RawStatusChecks = read(parameters)?;
            Rule::RequiredStatusChecks {
                checks: raw
                    .required_status_checks
                    .into_iter()
                    .map(StatusCheck::from)
                    .collect(),
                strict: raw.strict_required_status_checks_policy,
            }
        }
        "workflows" => {
            let raw: RawWorkflows = read(parameters)?;
            let workflow = |raw: RawWorkflow| RequiredWorkflow {
                path: raw.path,
                repository_id: raw.repository_id,
                reference: raw.reference,
                sha: raw.sha,
            };
            Rule::Workflows {
                workflows: raw.workflows.into_iter().map(workflow).collect(),
            }
        }
        "required_deployments" => {
            let raw: RawDeployments = read(parameters)?;
            Rule::RequiredDeployments {
                environments: raw.required_deployment_environments,
            }
        }
        "code_scanning" => {
            let raw: RawCodeScanning = read(parameters)?;
            let tools = raw
                .code_scanning_tools
                .into_iter()
                .map(|tool| tool.tool)
                .collect();
            Rule::CodeScanning { tools }
        }
        "file_path_restriction" => {
            let raw: RawPaths = read(parameters)?;
            Rule::FilePathRestriction {
                paths: raw.restricted_file_paths,
            }
        }
        _ => Rule::Other { rule: raw.kind },
    })
}

#[derive(Deserialize)]
struct RawPullRequest {
    required_approving_review_count: u32,
    require_code_owner_review: bool,
    dismiss_stale_reviews_on_push: bool,
    require_last_push_approval: bool,
}

impl From<RawPullRequest> for PullRequestRule {
    fn from(raw: RawPullRequest) -> Self {
        Self {
            approvals: raw.required_approving_review_count,
            code_owner_review: raw.require_code_owner_review,
            dismiss_stale_reviews: raw.dismiss_stale_reviews_on_push,
            last_push_approval: raw.require_last_push_approval,
        }
    }
}

#[derive(Deserialize)]
struct RawStatusChecks {
    required_status_checks: Vec<RawCheck>,
    strict_required_status_checks_policy: bool,
}

/// A check, with the name that rulesets and the one that branches use.
#[derive(Deserialize)]
pub(super) struct RawCheck {
    context: String,
    integration_id: Option<i64>,
    app_id: Option<i64>,
}

impl From<RawCheck> for StatusCheck {
    fn from(raw: RawCheck) -> Self {
        // GitHub writes -1 for "any App".
        let app = raw
            .integration_id
            .or(raw.app_id)
            .and_then(|id| u64::try_from(id).ok());
        Self {
            context: raw.context,
            app_id: app,
        }
    }
}

#[derive(Deserialize)]
struct RawWorkflows {
    workflows: Vec<RawWorkflow>,
}

#[derive(Deserialize)]
struct RawWorkflow {
    path: String,
    repository_id: u64,
    #[serde(rename = "ref")]
    reference: Option<String>,
    sha: Option<String>,
}

#[derive(Deserialize)]
struct RawDeployments {
    required_deployment_environments: Vec<String>,
}

#[derive(Deserialize)]
struct RawCodeScanning {
    code_scanning_tools: Vec<RawTool>,
}

#[derive(Deserialize)]
struct RawTool {
    tool: String,
}

#[derive(Deserialize)]
struct RawPaths {
    restricted_file_paths: Vec<String>,
}
