//! Whether an advisory is about a package as a lockfile names it.

use std::collections::BTreeSet;

use cofferdam_lockfiles::versions::{
    Affected as Asked, Event, Range, RangeKind, Scheme, Unevaluated, Verdict,
};
use cofferdam_lockfiles::{Ecosystem, Package, Source};

use crate::advisory::{Advisory, Affected};

/// Hosts that hand on the public registry, as a company's mirror does, in lower case.
pub type Mirrors = BTreeSet<String>;

/// Whether an advisory is about a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is.
    Affected {
        /// The first version that is not affected, where one is named.
        fixed: Option<String>,
        /// The place in [`Advisory::affected`] that says so.
        by: usize,
    },
    /// It is not.
    NotAffected,
    /// That cannot be told, which is not the same as no.
    Unknown(Unjudged),
}

/// Why it cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unjudged {
    /// The version is none by the rules of the ecosystem: a branch, a commit.
    NoVersion,
    /// The advisory names commits alone.
    CommitsAlone,
    /// The advisory names neither versions nor ranges.
    NothingSaid,
    /// How versions of the ecosystem compare is not known here.
    NoOrder,
    /// The package is malicious in the public registry, and comes from this host,
    /// which may hand it on or have another one of the same name.
    OtherRegistry {
        /// The host.
        host: String,
    },
}

impl Unjudged {
    /// The reason, to be read after "cannot be told: ".
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::NoVersion => "what is used is no version that compares".to_owned(),
            Self::CommitsAlone => "the advisory names commits alone".to_owned(),
            Self::NothingSaid => "the advisory names no version".to_owned(),
            Self::NoOrder => "how versions of this ecosystem compare is not known".to_owned(),
            Self::OtherRegistry { host } => format!(
                "it is malicious in the public registry, and comes from {host}, which may hand it \
                 on; `--mirror-host {host}` says that it does"
            ),
        }
    }
}

/// Whether an advisory is about `package` at `version`.
///
/// Withdrawn advisories affect nothing. What comes from a folder of the checkout, or
/// from inside of another package, is not what the registry has under the name. A
/// malicious package is one of the public registry: from another host it is another
/// package, unless that host is a mirror, which only the user knows.
#[must_use]
pub fn judge(
    package: &Package,
    version: &str,
    advisory: &Advisory,
    mirrors: &Mirrors,
) -> Judgement {
    if advisory.is_withdrawn() || matches!(package.source, Source::Path { .. }) {
        return Judgement::NotAffected;
    }
    let Some(ecosystem) = package.osv_ecosystem() else {
        return Judgement::NotAffected;
    };
    let scheme = Scheme::of_osv(&ecosystem);
    let lookup = package.lookup_name();
    let mut unknown = None;
    for (by, affected) in advisory.affected.iter().enumerate() {
        if !is_about(affected, &ecosystem, &lookup) {
            continue;
        }
        match verdict(affected, scheme, version, package.ecosystem) {
            Ok(Verdict::Affected { fixed }) => {
                let fixed = fixed.map(str::to_owned);
                return match elsewhere(package, advisory, mirrors) {
                    Some(host) => Judgement::Unknown(Unjudged::OtherRegistry { host }),
                    None => Judgement::Affected { fixed, by },
                };
            }
            Ok(Verdict::NotAffected) => {}
            Ok(Verdict::Unknown(why)) => {
                unknown = Some(match why {
                    Unevaluated::NoVersion => Unjudged::NoVersion,
                    Unevaluated::CommitsAlone => Unjudged::CommitsAlone,
                    Unevaluated::NothingSaid => Unjudged::NothingSaid,
                });
            }
            Err(why) => unknown = Some(why),
        }
    }
    unknown.map_or(Judgement::NotAffected, Judgement::Unknown)
}

/// Whether an advisory's entry means the package. A distribution without a release
/// may be of any.
fn is_about(affected: &Affected, ecosystem: &str, lookup: &str) -> bool {
    let said = affected.package.ecosystem.as_str();
    let any = |text: &str| !text.contains(':');
    let same = said == ecosystem
        || (crate::base(said) == crate::base(ecosystem) && (any(said) || any(ecosystem)));
    same && crate::lookup_name(ecosystem, &affected.package.name) == lookup
}

fn verdict<'a>(
    affected: &'a Affected,
    scheme: Option<Scheme>,
    version: &str,
    ecosystem: Ecosystem,
) -> Result<Verdict<'a>, Unjudged> {
    let asked = asked(affected);
    match scheme {
        Some(scheme) => Ok(asked.verdict(scheme, version)),
        // Without an order, lists of versions still decide.
        None if asked.versions.contains(&version) => Ok(Verdict::Affected { fixed: None }),
        // What names an action is a commit or a tag that moves, and is on no list of versions
        // though it may be one of them.
        None if ecosystem == Ecosystem::GitHubActions => Err(Unjudged::NoVersion),
        None if asked.ranges.is_empty() && !asked.versions.is_empty() => Ok(Verdict::NotAffected),
        None => Err(Unjudged::NoOrder),
    }
}

/// The entry in the form in which it is evaluated.
fn asked(affected: &Affected) -> Asked<'_> {
    let ranges = affected.ranges.iter().map(|range| {
        let events = range.events.iter().flat_map(|event| {
            let all = [
                event.introduced.as_deref().map(Event::Introduced),
                event.fixed.as_deref().map(Event::Fixed),
                event.last_affected.as_deref().map(Event::LastAffected),
                event.limit.as_deref().map(Event::Limit),
            ];
            all.into_iter().flatten()
        });
        Range {
            kind: match range.kind.as_str() {
                "SEMVER" => RangeKind::Semver,
                "GIT" => RangeKind::Git,
                _ => RangeKind::Ecosystem,
            },
            events: events.collect(),
        }
    });
    Asked {
        ranges: ranges.collect(),
        versions: affected.versions.iter().map(String::as_str).collect(),
    }
}

/// The host from which a package comes that has the name of a malicious one, if that
/// is neither the public registry nor a mirror of it.
fn elsewhere(package: &Package, advisory: &Advisory, mirrors: &Mirrors) -> Option<String> {
    if !advisory.is_malicious() || package.ecosystem == Ecosystem::Go {
        return None;
    }
    if package.source.is_public_registry(package.ecosystem) != Some(false) {
        return None;
    }
    let host = package.source.host();
    match host {
        Some(host) if mirrors.contains(&host) => None,
        Some(host) => Some(host),
        None => Some(package.source.word().to_owned()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use cofferdam_facts::Location;

    use super::*;

    fn package(ecosystem: Ecosystem, name: &str, archive: Option<&str>) -> Package {
        let place = Location::whole_file("lock");
        let mut package = Package::new(ecosystem, name, None, place);
        package.source = Source::Registry {
            index: None,
            archive: archive.map(str::to_owned),
        };
        package
    }

    fn advisory(text: &str) -> Advisory {
        Advisory::parse(text.as_bytes()).unwrap()
    }

    fn simple(id: &str, more: &str) -> Advisory {
        advisory(&format!(
            r#"{{"id":"{id}"{more},"affected":[{{"package":{{"ecosystem":"npm","name":"x"}},
            "ranges":[{{"type":"SEMVER","events":[{{"introduced":"0"}},{{"fixed":"2.0.0"}}]}}]}}]}}"#
        ))
    }

    #[test]
    fn ranges_decide_and_withdrawn_is_nothing() {
        let x = package(Ecosystem::Npm, "x", None);
        let none = Mirrors::new();
        let one = simple("GHSA-1", "");
        let fixed = Some("2.0.0".to_owned());
        assert_eq!(
            judge(&x, "1.0.0", &one, &none),
            Judgement::Affected { fixed, by: 0 }
        );
        assert_eq!(judge(&x, "2.0.0", &one, &none), Judgement::NotAffected);
        let unknown = Judgement::Unknown(Unjudged::NoVersion);
        assert_eq!(judge(&x, "main", &one, &none), unknown);
        let back = simple("GHSA-1", r#","withdrawn":"2024-01-01T00:00:00Z""#);
        assert_eq!(judge(&x, "1.0.0", &back, &none), Judgement::NotAffected);
        let other = package(Ecosystem::Npm, "y", None);
        assert_eq!(judge(&other, "1.0.0", &one, &none), Judgement::NotAffected);
        let rust = package(Ecosystem::Cargo, "x", None);
        assert_eq!(judge(&rust, "1.0.0", &one, &none), Judgement::NotAffected);
        let mut local = x;
        local.source = Source::Path {
            path: "x".to_owned(),
        };
        assert_eq!(judge(&local, "1.0.0", &one, &none), Judgement::NotAffected);
    }

    #[test]
    fn malice_is_of_the_registry_that_serves_it() {
        let bad = simple("MAL-2024-1", "");
        let weak = simple("GHSA-1", "");
        let none = Mirrors::new();
        let is_affected = |archive: Option<&str>, advisory, mirrors: &Mirrors| {
            let package = package(Ecosystem::Npm, "x", archive);
            matches!(
                judge(&package, "1.0.0", advisory, mirrors),
                Judgement::Affected { .. }
            )
        };
        let (public, private) = (
            Some("https://registry.npmjs.org/x/-/x-1.0.0.tgz"),
            Some("https://npm.example.org/x/-/x-1.0.0.tgz"),
        );
        assert!(is_affected(public, &bad, &none));
        // What the lockfile does not say may well be the public registry.
        assert!(is_affected(None, &bad, &none));
        assert!(!is_affected(private, &bad, &none));
        assert!(is_affected(private, &weak, &none));
        let host = "npm.example.org".to_owned();
        assert!(is_affected(private, &bad, &Mirrors::from([host.clone()])));
        let found = package(Ecosystem::Npm, "x", private);
        let unknown = Judgement::Unknown(Unjudged::OtherRegistry { host });
        assert_eq!(judge(&found, "1.0.0", &bad, &none), unknown);
    }

    #[test]
    fn entries_of_one_advisory_are_taken_together() {
        let two = advisory(
            r#"{"id":"X-1","affected":[
            {"package":{"ecosystem":"Debian:11","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]},
            {"package":{"ecosystem":"Debian:12","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]}]}"#,
        );
        let mut x = package(Ecosystem::Debian, "x", None);
        let release = |version: Option<&str>| {
            Some(cofferdam_lockfiles::Distribution {
                id: "debian".to_owned(),
                version: version.map(str::to_owned),
            })
        };
        x.distribution = release(Some("12"));
        let none = Mirrors::new();
        assert_eq!(judge(&x, "3", &two, &none), Judgement::NotAffected);
        x.distribution = release(None);
        let affected = Judgement::Affected { fixed: None, by: 0 };
        assert_eq!(judge(&x, "3", &two, &none), affected);
    }

    #[test]
    fn a_commit_of_an_action_is_on_no_list_and_not_cleared_by_it() {
        let advisory: Advisory = serde_json::from_value(serde_json::json!({
            "id": "GHSA-1", "modified": "2026-01-01T00:00:00Z",
            "affected": [{
                "package": { "ecosystem": "GitHub Actions", "name": "o/a" },
                "versions": ["1.0.0"],
            }],
        }))
        .unwrap();
        let action = package(Ecosystem::GitHubActions, "o/a", None);
        let judged = |version: &str| judge(&action, version, &advisory, &Mirrors::new());
        let unknown = Judgement::Unknown(Unjudged::NoVersion);
        assert_eq!(judged(&"a".repeat(40)), unknown);
        assert_eq!(judged("v1"), unknown);
        assert!(matches!(judged("1.0.0"), Judgement::Affected { .. }));
    }
}
