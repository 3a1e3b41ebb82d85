//! `…/branches/{branch}/protection`.

use cofferdam_facts::settings::{
    BranchProtection, Fact, PullRequestRule, Reason, StatusCheck, TokenAccess,
};
use serde::Deserialize;

use super::RepositoryName;
use super::actions::reported;
use super::ask::{Asker, Endpoint};
use super::rules::{RawCheck, on_branch};

const ADMINISTRATION: &[(&str, TokenAccess)] = &[("administration", TokenAccess::Read)];

#[derive(Deserialize)]
struct RawProtection {
    required_pull_request_reviews: Option<RawReviews>,
    required_status_checks: Option<RawProtectionChecks>,
    enforce_admins: Option<RawSwitch>,
    required_signatures: Option<RawSwitch>,
    allow_force_pushes: Option<RawSwitch>,
    allow_deletions: Option<RawSwitch>,
    restrictions: Option<RawActors>,
}

#[derive(Deserialize)]
struct RawReviews {
    required_approving_review_count: Option<u32>,
    require_code_owner_reviews: bool,
    dismiss_stale_reviews: bool,
    require_last_push_approval: Option<bool>,
    bypass_pull_request_allowances: Option<RawActors>,
}

#[derive(Deserialize)]
struct RawProtectionChecks {
    #[serde(default)]
    contexts: Vec<String>,
    #[serde(default)]
    checks: Vec<RawCheck>,
}

#[derive(Deserialize)]
struct RawSwitch {
    enabled: bool,
}

#[derive(Deserialize)]
struct RawActors {
    #[serde(default)]
    users: Vec<RawUser>,
    #[serde(default)]
    teams: Vec<RawSlug>,
    #[serde(default)]
    apps: Vec<RawSlug>,
}

#[derive(Deserialize)]
struct RawUser {
    login: String,
}

#[derive(Deserialize)]
struct RawSlug {
    slug: String,
}

impl RawActors {
    fn names(self) -> Vec<String> {
        let users = self.users.into_iter().map(|one| one.login);
        let teams = self
            .teams
            .into_iter()
            .map(|one| format!("team:{}", one.slug));
        let apps = self.apps.into_iter().map(|one| format!("app:{}", one.slug));
        users.chain(teams).chain(apps).collect()
    }
}

/// The classic protection of a branch; `None` if it has none.
pub(super) fn protection(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    branch: &Fact<String>,
) -> Fact<Option<BranchProtection>> {
    on_branch(branch, |name, escaped| {
        let path = format!("{}/branches/{escaped}/protection", asked.path());
        match asker.fetch::<RawProtection>(&Endpoint::new(path, ADMINISTRATION)) {
            Ok(raw) => Fact::Known(Some(branch_protection(name, raw))),
            // GitHub says so in words, and only to those who may know.
            Err(failure)
                if failure.why.reason == Reason::NotFound
                    && failure.message == "Branch not protected" =>
            {
                Fact::Known(None)
            }
            Err(failure) => failure.into(),
        }
    })
}

fn branch_protection(branch: &str, raw: RawProtection) -> BranchProtection {
    let on = |switch: Option<RawSwitch>| reported(switch.map(|one| one.enabled));
    let (pull_request, allowances) = match raw.required_pull_request_reviews {
        Some(reviews) => (
            Some(PullRequestRule {
                approvals: reviews.required_approving_review_count.unwrap_or(0),
                code_owner_review: reviews.require_code_owner_reviews,
                dismiss_stale_reviews: reviews.dismiss_stale_reviews,
                last_push_approval: reviews.require_last_push_approval.unwrap_or(false),
            }),
            reviews.bypass_pull_request_allowances,
        ),
        None => (None, None),
    };
    BranchProtection {
        branch: branch.to_owned(),
        pull_request,
        pull_request_bypass: allowances.map(RawActors::names),
        status_checks: raw
            .required_status_checks
            .map(status_checks)
            .unwrap_or_default(),
        enforce_admins: on(raw.enforce_admins),
        required_signatures: on(raw.required_signatures),
        allow_force_pushes: on(raw.allow_force_pushes),
        allow_deletions: on(raw.allow_deletions),
        push_restrictions: raw.restrictions.map(RawActors::names),
    }
}

fn status_checks(raw: RawProtectionChecks) -> Vec<StatusCheck> {
    if raw.checks.is_empty() {
        let any = |context| StatusCheck {
            context,
            app_id: None,
        };
        raw.contexts.into_iter().map(any).collect()
    } else {
        raw.checks.into_iter().map(StatusCheck::from).collect()
    }
}
