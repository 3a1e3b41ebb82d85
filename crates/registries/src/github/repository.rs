//! `GET /repos/{owner}/{repo}`.

use cofferdam_facts::settings::{
    Fact, NotChecked, OwnerKind, Reason, Repository, Timestamp, TokenAccess, Visibility,
};
use serde::Deserialize;

use super::RepositoryName;
use super::ask::{Asker, Endpoint, needs};

/// The answer, as far as it is used.
#[derive(Deserialize)]
struct Raw {
    id: u64,
    name: String,
    owner: RawOwner,
    private: bool,
    visibility: Option<String>,
    default_branch: String,
    fork: bool,
    archived: bool,
    created_at: Option<Timestamp>,
    security_and_analysis: Option<RawSecurity>,
}

#[derive(Deserialize)]
struct RawOwner {
    login: String,
    id: u64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct RawSecurity {
    secret_scanning: Option<RawSwitch>,
    secret_scanning_push_protection: Option<RawSwitch>,
}

#[derive(Deserialize)]
struct RawSwitch {
    status: String,
}

/// The repository and what else stands in the same answer.
pub(super) struct Details {
    pub(super) repository: Repository,
    pub(super) secret_scanning: Fact<bool>,
    pub(super) push_protection: Fact<bool>,
}

pub(super) fn details(asker: &Asker<'_>, asked: &RepositoryName) -> Fact<Details> {
    let endpoint = Endpoint::new(asked.path(), &[("metadata", TokenAccess::Read)]);
    asker.one::<Raw>(&endpoint).map(|raw| {
        let security = raw.security_and_analysis.as_ref();
        let (scanning, protection) = (
            security.and_then(|one| one.secret_scanning.as_ref()),
            security.and_then(|one| one.secret_scanning_push_protection.as_ref()),
        );
        Details {
            secret_scanning: switch(scanning),
            push_protection: switch(protection),
            repository: Repository {
                id: raw.id,
                owner: raw.owner.login,
                owner_id: raw.owner.id,
                owner_kind: OwnerKind::from_word(&raw.owner.kind),
                name: raw.name,
                // Old servers give only the flag, which does not know "internal".
                visibility: match raw.visibility {
                    Some(word) => Visibility::from_word(&word),
                    None if raw.private => Visibility::Private,
                    None => Visibility::Public,
                },
                default_branch: raw.default_branch,
                fork: raw.fork,
                archived: raw.archived,
                created_at: raw
                    .created_at
                    .map_or_else(|| Fact::not_read(Reason::NotReported), Fact::Known),
            },
        }
    })
}

fn switch(raw: Option<&RawSwitch>) -> Fact<bool> {
    match raw.map(|raw| raw.status.as_str()) {
        Some("enabled") => Fact::Known(true),
        Some("disabled") => Fact::Known(false),
        Some(_) => Fact::not_read(Reason::Malformed),
        None => Fact::NotChecked(NotChecked {
            reason: Reason::NotReported,
            needs: needs(&[("administration", TokenAccess::Read)]),
        }),
    }
}
