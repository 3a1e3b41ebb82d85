//! Immutable releases and the switches of GitHub's security features.
//!
//! Several of these endpoints answer 404 for "off", which is also the answer to
//! a token that may not know. Only a token that was seen to read what needs
//! `administration: read` is believed.

use cofferdam_facts::settings::{Fact, ImmutableReleases, Reason, Security, TokenAccess};
use serde::Deserialize;

use super::RepositoryName;
use super::ask::{Asker, Endpoint, Failure};
use super::repository::Details;

const ADMINISTRATION: &[(&str, TokenAccess)] = &[("administration", TokenAccess::Read)];

#[derive(Deserialize)]
struct RawImmutable {
    enabled: bool,
    enforced_by_owner: bool,
}

#[derive(Deserialize)]
struct RawEnabled {
    enabled: bool,
}

#[derive(Deserialize)]
struct RawUpdates {
    enabled: bool,
    paused: bool,
}

#[derive(Deserialize)]
struct RawSetup {
    state: Option<String>,
}

pub(super) fn immutable_releases(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    reads_administration: bool,
) -> Fact<ImmutableReleases> {
    let endpoint = Endpoint::new(
        format!("{}/immutable-releases", asked.path()),
        ADMINISTRATION,
    );
    let answer = asker
        .fetch::<RawImmutable>(&endpoint)
        .map(|raw| ImmutableReleases {
            enabled: raw.enabled,
            enforced_by_owner: raw.enforced_by_owner,
        });
    let off = ImmutableReleases {
        enabled: false,
        enforced_by_owner: false,
    };
    or_off(answer, reads_administration, off)
}

pub(super) fn security(
    asker: &Asker<'_>,
    asked: &RepositoryName,
    details: &Fact<Details>,
    reads_administration: bool,
) -> Security {
    let at = |path: &str| Endpoint::new(format!("{}/{path}", asked.path()), ADMINISTRATION);
    let from_details = details.as_ref();
    Security {
        secret_scanning: from_details
            .clone()
            .and_then(|one| one.secret_scanning.clone()),
        push_protection: from_details.and_then(|one| one.push_protection.clone()),
        code_scanning_default_setup: default_setup(asker, &at("code-scanning/default-setup")),
        vulnerability_alerts: or_off(
            asker.succeeds(&at("vulnerability-alerts")).map(|()| true),
            reads_administration,
            false,
        ),
        dependabot_security_updates: or_off(
            asker
                .fetch::<RawUpdates>(&at("automated-security-fixes"))
                .map(|raw| raw.enabled && !raw.paused),
            reads_administration,
            false,
        ),
        private_vulnerability_reporting: asker
            .one::<RawEnabled>(&at("private-vulnerability-reporting"))
            .map(|raw| raw.enabled),
    }
}

fn default_setup(asker: &Asker<'_>, endpoint: &Endpoint) -> Fact<bool> {
    asker
        .one::<RawSetup>(endpoint)
        .and_then(|raw| match raw.state.as_deref() {
            Some("configured") => Fact::Known(true),
            Some("not-configured") => Fact::Known(false),
            Some(_) => Fact::not_read(Reason::Malformed),
            None => Fact::not_read(Reason::NotReported),
        })
}

/// Takes 404 for `off` where the reader may know.
fn or_off<T>(answer: Result<T, Failure>, reads_administration: bool, off: T) -> Fact<T> {
    match answer {
        Ok(value) => Fact::Known(value),
        Err(failure) if reads_administration && failure.why.reason == Reason::NotFound => {
            Fact::Known(off)
        }
        Err(failure) => failure.into(),
    }
}
