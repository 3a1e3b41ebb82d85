//! Whether something that is used was bad at a time.

use cofferdam_datapack::{BadImage, BadPackage, Compromised, Incident, Led};
use cofferdam_facts::uses::RepositoryUses;
use cofferdam_facts::{ImageRef, Timestamp};
use cofferdam_workflows::semantics::installs::Loose;

use crate::replay::Answer;

/// What is decided of one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// Whether it ran the bad code, if its job started in those days.
    pub(super) answer: Answer,
    /// What decides, as a sentence.
    pub(super) why: String,
    /// The first and the last second at which it did; without an end where none
    /// is known.
    pub(super) window: (Timestamp, Option<Timestamp>),
    /// It is bad at any time, as a commit of the attackers' is.
    pub(super) for_ever: bool,
}

/// How a use stands for the code that it names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'s> {
    /// The commit that a lock holds it to.
    pub(super) locked: Option<&'s str>,
    /// Since when the checkout has named it, where that is known.
    pub(super) since: Option<Timestamp>,
}

/// Judges the use of an action by one entry of the list of compromised ones.
pub(super) fn action(
    incident: &Incident,
    entry: &Compromised,
    uses: &RepositoryUses,
    standing: Standing<'_>,
) -> Option<Judged> {
    let mut effective = uses.clone();
    if let Some(commit) = standing.locked {
        effective.git_ref = Some(commit.to_owned());
    }
    let led = entry.led(&effective)?;
    let by = if standing.locked.is_some() {
        "a lock holds it to a commit"
    } else {
        "it is pinned to a commit"
    };
    let commit = effective.commit().is_some();
    let older = standing.since.is_some_and(|since| since < entry.from);
    let carrier = incident.carriers.iter().any(|name| *name == uses.slug());
    let (answer, why) = match (led, commit) {
        (_, true) if carrier => (
            Answer::Unknown,
            format!("{by}, but the versions of that time ran a bad action themselves"),
        ),
        (Led::Bad, true) => (Answer::Hit, format!("{by} of the attackers'")),
        (Led::Good, true) => (
            Answer::NotHit,
            format!("{by}, and that is none of the bad ones"),
        ),
        (Led::Undecided, true) if older => (
            Answer::NotHit,
            format!("{by} that this checkout named before the incident"),
        ),
        (Led::Undecided, true) => (
            Answer::Unknown,
            format!("{by}, and not every bad one is known"),
        ),
        (Led::Bad, false) => (
            Answer::Hit,
            "the ref led to the attackers' code in those days".to_owned(),
        ),
        (Led::Good, false) if !carrier => (
            Answer::NotHit,
            "by what sources say the ref was not moved".to_owned(),
        ),
        (Led::Good | Led::Undecided, false) => (
            Answer::Unknown,
            "the ref can be moved, and no source says where it led in those days".to_owned(),
        ),
    };
    Some(Judged {
        for_ever: commit && answer != Answer::NotHit && !carrier,
        answer,
        why,
        window: (entry.from, entry.to),
    })
}

/// Judges a package that a command installs.
pub(super) fn package(bad: &BadPackage, version: Option<&str>, loose: Loose) -> Judged {
    let known = |version: &str| bad.versions.iter().any(|v| v == version);
    let (answer, why) = match (loose, version) {
        _ if bad.name.ends_with('*') => (
            Answer::Unknown,
            format!(
                "packages named {} were bad, and no source lists which",
                bad.name
            ),
        ),
        (Loose::Exact | Loose::Dependencies, Some(version)) if known(version) => {
            (Answer::Hit, format!("version {version} was bad"))
        }
        (Loose::Exact | Loose::Dependencies, Some(version)) if bad.versions_complete => (
            Answer::NotHit,
            format!("version {version} is none of the bad ones"),
        ),
        (Loose::Exact | Loose::Dependencies, _) => (
            Answer::Unknown,
            "a version is named, and not every bad one is known".to_owned(),
        ),
        (Loose::Newest, _) => (
            Answer::Hit,
            "it takes the newest version, which was bad in those days".to_owned(),
        ),
        (Loose::Range, _) => (
            Answer::Unknown,
            "it takes the newest version of a range, and no source says which that was".to_owned(),
        ),
    };
    Judged {
        for_ever: false,
        answer,
        why,
        window: (bad.from, bad.until),
    }
}

/// Judges the use of an image.
pub(super) fn image(bad: &BadImage, image: &ImageRef, since: Option<Timestamp>) -> Judged {
    let older = since.is_some_and(|since| since < bad.from);
    let mut for_ever = false;
    let (answer, why) = match (&image.digest, image.tag.as_deref().unwrap_or("latest")) {
        (Some(digest), _) if bad.digests.contains(digest) => {
            for_ever = true;
            (Answer::Hit, "the digest is that of a bad image".to_owned())
        }
        (Some(_), _) if bad.digests_complete => (
            Answer::NotHit,
            "it is named by a digest, and that is none of the bad ones".to_owned(),
        ),
        (Some(_), _) if older => (
            Answer::NotHit,
            "it is named by a digest that this checkout named before the incident".to_owned(),
        ),
        (Some(_), _) => (
            Answer::Unknown,
            "it is named by a digest, and not every bad one is known".to_owned(),
        ),
        (None, tag) if bad.tags.iter().any(|bad| bad == tag) => (
            Answer::Hit,
            format!("the tag {tag} led to a bad image in those days"),
        ),
        (None, tag) if bad.tags_complete => (
            Answer::NotHit,
            format!("by what sources say the tag {tag} was not moved"),
        ),
        (None, tag) => (
            Answer::Unknown,
            format!("no source says where the tag {tag} led in those days"),
        ),
    };
    Judged {
        for_ever,
        answer,
        why,
        window: (bad.from, bad.until),
    }
}

/// Whether an image is the one with this name: Docker Hub is what a name without
/// a host means.
pub(super) fn is_image(name: &str, image: &ImageRef) -> bool {
    let hub = ["docker.io/", "index.docker.io/", "registry-1.docker.io/"];
    let plain = |name: &str| {
        let rest = hub.iter().find_map(|host| name.strip_prefix(host));
        rest.unwrap_or(name).to_ascii_lowercase()
    };
    plain(name) == plain(&image.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap_or(Timestamp::from_unix(0))
    }

    #[test]
    fn a_package_is_judged_by_its_version() {
        let mut bad = BadPackage {
            name: "npm/x".to_owned(),
            versions: vec!["1.2.3".to_owned()],
            versions_complete: false,
            from: day("2026-01-01"),
            until: None,
        };
        let answer = |bad: &BadPackage, version, loose| package(bad, version, loose).answer;
        assert_eq!(answer(&bad, Some("1.2.3"), Loose::Exact), Answer::Hit);
        assert_eq!(answer(&bad, Some("1.2.2"), Loose::Exact), Answer::Unknown);
        assert_eq!(answer(&bad, None, Loose::Newest), Answer::Hit);
        assert_eq!(answer(&bad, Some("^1"), Loose::Range), Answer::Unknown);
        bad.versions_complete = true;
        assert_eq!(answer(&bad, Some("1.2.2"), Loose::Exact), Answer::NotHit);
        // Some of many packages were bad: which is not known.
        bad.name = "npm/@x/*".to_owned();
        assert_eq!(answer(&bad, None, Loose::Newest), Answer::Unknown);
    }

    #[test]
    fn an_image_is_judged_by_digest_or_tag() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let bad = BadImage {
            name: "o/app".to_owned(),
            tags: vec!["1.0".to_owned()],
            tags_complete: false,
            digests: vec![digest.clone()],
            digests_complete: false,
            from: day("2026-01-02"),
            until: None,
        };
        let of = |text: &str, since: Option<&str>| {
            image(&bad, &ImageRef::parse(text), since.map(day)).answer
        };
        assert_eq!(of("o/app:1.0", None), Answer::Hit);
        assert_eq!(of("o/app:1.1", None), Answer::Unknown);
        assert_eq!(of(&format!("o/app@{digest}"), None), Answer::Hit);
        let other = format!("o/app@sha256:{}", "b".repeat(64));
        assert_eq!(of(&other, None), Answer::Unknown);
        assert_eq!(of(&other, Some("2026-01-01")), Answer::NotHit);
        assert!(is_image("o/app", &ImageRef::parse("docker.io/o/app:1")));
        assert!(!is_image("o/app", &ImageRef::parse("ghcr.io/o/app:1")));
    }
}
