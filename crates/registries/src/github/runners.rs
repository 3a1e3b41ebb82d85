//! `…/actions/runners` and `/orgs/{org}/actions/runner-groups`.

use cofferdam_facts::settings::{
    Fact, Runner, RunnerGroup, RunnerGroupVisibility, Runners, TokenAccess,
};
use serde::Deserialize;

use super::RepositoryName;
use super::actions::reported;
use super::ask::{Asker, Endpoint};
use super::secrets::from_organization;

#[derive(Deserialize)]
struct RawRunner {
    id: u64,
    name: String,
    os: String,
    ephemeral: Option<bool>,
    labels: Vec<RawLabel>,
}

#[derive(Deserialize)]
struct RawLabel {
    name: String,
}

#[derive(Deserialize)]
struct RawGroup {
    id: u64,
    name: String,
    visibility: String,
    default: bool,
    inherited: bool,
    allows_public_repositories: bool,
    restricted_to_workflows: Option<bool>,
    selected_workflows: Option<Vec<String>>,
}

pub(super) fn runners(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    organization: &Fact<Option<String>>,
) -> Runners {
    let own = Endpoint::new(
        format!("{}/actions/runners", asked.path()),
        &[("administration", TokenAccess::Read)],
    );
    Runners {
        repository: asker
            .counted::<RawRunner>(&own, "runners")
            .map(|all| all.into_iter().map(runner).collect()),
        groups: from_organization(organization, |login| {
            let groups = Endpoint::new(
                format!("/orgs/{login}/actions/runner-groups"),
                &[("organization_self_hosted_runners", TokenAccess::Read)],
            )
            .query(&format!("visible_to_repository={}", asked.name()));
            asker
                .counted::<RawGroup>(&groups, "runner_groups")
                .map(|all| all.into_iter().map(group).collect())
        }),
    }
}

fn runner(raw: RawRunner) -> Runner {
    Runner {
        id: raw.id,
        name: raw.name,
        os: raw.os,
        ephemeral: reported(raw.ephemeral),
        labels: raw.labels.into_iter().map(|label| label.name).collect(),
    }
}

fn group(raw: RawGroup) -> RunnerGroup {
    let restricted = raw.restricted_to_workflows.unwrap_or(false);
    RunnerGroup {
        id: raw.id,
        name: raw.name,
        visibility: RunnerGroupVisibility::from_word(&raw.visibility),
        default: raw.default,
        allows_public_repositories: raw.allows_public_repositories,
        // GitHub ignores the list unless the switch is on.
        only_workflows: restricted.then(|| raw.selected_workflows.unwrap_or_default()),
        inherited: raw.inherited,
    }
}
