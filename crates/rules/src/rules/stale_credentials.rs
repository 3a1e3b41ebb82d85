//! Credentials and settings that nobody has looked at for long.

use cofferdam_facts::settings::{Fact, Secret, SecretHome, Snapshot, Timestamp, Webhook};
use cofferdam_facts::{Control, Location};
use cofferdam_findings::{Finding, Severity};
use cofferdam_workflows::semantics::secrets::SecretName;

use crate::context::Context;
use crate::rule::{Rule, Sink};

crate::rule! {
    /// # What
    /// The settings hold secrets that were not changed for more than a year,
    /// keys that may push, environments that administrators may pass over, and
    /// receivers of events without a signature.
    ///
    /// # Why
    /// A credential that leaked without anybody noticing works until it is
    /// changed. Keys and receivers outlive the people and machines that they
    /// were made for.
    ///
    /// # Vulnerable
    /// ```text
    /// NPM_TOKEN   repository secret, last changed 2021-03-04
    /// ```
    ///
    /// # Fixed
    /// ```text
    /// no NPM_TOKEN: the job signs in by OIDC (trusted publishing)
    /// ```
    ///
    /// # How it is decided
    /// By the snapshot of the settings alone; without one it is unknown. A
    /// secret counts as stale 365 days after its last change, reckoned from the
    /// day of the run, or else from the day of the snapshot. Every secret is
    /// one finding, at the place of a workflow that names it, if there is one.
    /// Deploy keys that may push are low, and say when they were last used; so
    /// are active receivers without a shared secret or without TLS.
    /// Environments with protection that administrators may pass over are
    /// informational. Scorecard's `Webhooks` looks at receivers; no tool looks
    /// at ages.
    ///
    /// # References
    /// - <https://docs.github.com/en/actions/reference/security/secure-use#auditing-and-rotating-registered-secrets>
    /// - <https://docs.github.com/en/authentication/connecting-to-github-with-ssh/managing-deploy-keys>
    /// - <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
    pub struct StaleCredentials {
        id: "stale-credentials",
        title: "Credentials were not rotated, or open more than they need",
        severity: Low,
        controls: [C5],
        standards: [Cwe::Cwe324],
    }
}

/// After how many days a secret should have been changed.
const OLDEST_DAYS: i64 = 365;

const SETTLE: &str = "`cofferdam settings snapshot OWNER/REPO`, then `audit --settings FILE`";

impl Rule for StaleCredentials {
    fn info(&self) -> &'static cofferdam_findings::RuleInfo {
        Self::INFO
    }

    fn repository(&self, cx: &Context<'_>, out: &mut Sink) {
        let Some(settings) = cx.facts.settings else {
            out.unknown(
                Control::C5,
                Some(Location::whole_file(".github")),
                "the ages of secrets and keys",
                SETTLE,
            );
            return;
        };
        let now = cx.facts.now.unwrap_or(settings.taken_at);
        let before = out.findings.len();
        let mut complete = secrets(cx, settings, now, out);
        complete &= keys(settings, now, out);
        complete &= webhooks(settings, out);
        environments(settings, out);
        if complete
            && out
                .findings
                .iter()
                .skip(before)
                .all(|f| f.severity == Severity::Info)
        {
            out.satisfied(
                Control::C5,
                Location::whole_file(".github"),
                "no secret is older than a year, no key may push, receivers check signatures",
            );
        }
    }
}

/// Says so if a list was not read.
fn read<'s, T>(fact: &'s Fact<Vec<T>>, what: &str, out: &mut Sink) -> Option<&'s [T]> {
    match fact {
        Fact::Known(list) => Some(list),
        Fact::NotChecked(why) => {
            let place = Some(Location::whole_file(".github"));
            out.unknown(Control::C5, place, format!("{what} ({why})"), SETTLE);
            None
        }
    }
}

fn finding(severity: Severity, place: Location, message: String) -> Finding {
    Finding::new(StaleCredentials::INFO.id, severity, place, message)
}

fn secrets(cx: &Context<'_>, settings: &Snapshot, now: Timestamp, out: &mut Sink) -> bool {
    let lists = [
        (
            &settings.secrets.repository,
            "the ages of repository secrets",
        ),
        (
            &settings.secrets.organization,
            "the ages of organisation secrets",
        ),
        (
            &settings.secrets.dependabot,
            "the ages of Dependabot's secrets",
        ),
    ];
    let mut complete = true;
    let mut all: Vec<&Secret> = Vec::new();
    for (fact, what) in lists {
        let list = read(fact, what, out);
        complete &= list.is_some();
        all.extend(list.into_iter().flatten());
    }
    if let Some(environments) = read(&settings.environments, "the environments", out) {
        for environment in environments {
            let what = format!(
                "the ages of the secrets of environment `{}`",
                environment.name
            );
            let list = read(&environment.secrets, &what, out);
            complete &= list.is_some();
            all.extend(list.into_iter().flatten());
        }
    } else {
        complete = false;
    }
    for secret in all {
        let days = secret.updated_at.days_until(now);
        if days <= OLDEST_DAYS {
            continue;
        }
        let (home, id) = match &secret.home {
            SecretHome::Repository => ("the repository".to_owned(), "repository".to_owned()),
            SecretHome::Organization { .. } => {
                ("the organisation".to_owned(), "organization".to_owned())
            }
            SecretHome::Environment { environment } => (
                format!("environment `{environment}`"),
                format!("environment/{environment}"),
            ),
            SecretHome::Dependabot => ("Dependabot".to_owned(), "dependabot".to_owned()),
        };
        let date = secret.updated_at.date();
        out.report(
            finding(
                Severity::Low,
                used_at(cx, &secret.name),
                format!(
                    "the secret {} of {home} was last changed on {date}",
                    secret.name
                ),
            )
            .why(format!(
                "If it leaked in the last {days} days, it still works"
            ))
            .fix("Replace it by OIDC where the other side can, else change it now and once a year")
            .subject(format!("secret/{id}/{}", secret.name))
            .group("secrets that were not changed for more than a year"),
        );
    }
    complete
}

/// A workflow that names the secret, if there is one.
fn used_at(cx: &Context<'_>, name: &str) -> Location {
    let used = cx.all_jobs().find_map(|job| {
        let named = |secret: &SecretName| {
            matches!(secret, SecretName::Named(other) if other.eq_ignore_ascii_case(name))
        };
        let place = job.secrets.iter().find(|used| named(&used.name))?;
        Some(job.at(place.span))
    });
    used.unwrap_or_else(|| Location::whole_file(".github"))
}

fn keys(settings: &Snapshot, now: Timestamp, out: &mut Sink) -> bool {
    let Some(keys) = read(&settings.access.deploy_keys, "the deploy keys", out) else {
        return false;
    };
    for key in keys.iter().filter(|key| !key.read_only) {
        let used = match &key.last_used {
            None => "as far as is known, it was never used".to_owned(),
            Some(last) => match last.days_until(now) {
                days if days > OLDEST_DAYS => format!("it was last used {days} days ago"),
                _ => "whoever has the key pushes past every review that a ruleset does not ask of keys".to_owned(),
            },
        };
        out.report(
            finding(
                Severity::Low,
                Location::whole_file(".github"),
                format!("the deploy key `{}` may push", key.title),
            )
            .why(used)
            .fix("Delete it, make it read-only, or let an App with short-lived tokens push instead")
            .subject(format!("deploy-key/{}", key.id))
            .group("deploy keys that may push"),
        );
    }
    true
}

fn webhooks(settings: &Snapshot, out: &mut Sink) -> bool {
    let Some(hooks) = read(&settings.access.webhooks, "the receivers of events", out) else {
        return false;
    };
    for hook in hooks.iter().filter(|hook| hook.active) {
        let Some(lack) = lack(hook) else { continue };
        let host = hook.host.as_deref().unwrap_or("an unknown host");
        out.report(
            finding(
                Severity::Low,
                Location::whole_file(".github"),
                format!("events are sent to {host} {lack}"),
            )
            .why("Whoever can reach the receiver, or the way to it, can pretend that something happened here")
            .fix("Set a secret that the receiver checks, and deliver over verified TLS")
            .subject(format!("webhook/{}", hook.id))
            .group("receivers of events that cannot tell who sends"),
        );
    }
    true
}

fn lack(hook: &Webhook) -> Option<&'static str> {
    if hook.https.known() == Some(&false) {
        return Some("without TLS");
    }
    if hook.insecure_tls.known() == Some(&true) {
        return Some("without looking at its certificate");
    }
    (!hook.has_secret).then_some("without a signature")
}

fn environments(settings: &Snapshot, out: &mut Sink) {
    for environment in settings.environments.known().into_iter().flatten() {
        let protected = environment.is_unprotected().known() == Some(&false);
        if !protected || environment.can_admins_bypass.known() != Some(&true) {
            continue;
        }
        out.report_against(
            &[],
            finding(
                Severity::Info,
                Location::whole_file(".github"),
                format!(
                    "administrators may pass over the protection of environment `{}`",
                    environment.name
                ),
            )
            .why("One stolen administrator's session gets its secrets with nobody agreeing")
            .fix("Turn off `Allow administrators to bypass configured protection rules`")
            .subject(format!("environment/{}/bypass", environment.name))
            .group("environments whose protection administrators may pass over"),
        );
    }
}
