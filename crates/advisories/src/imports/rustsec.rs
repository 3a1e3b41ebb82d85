//! RustSec's advisories: TOML in a block at the head of a Markdown file.
//!
//! Source: rustsec/advisory-db, README, "Advisory Format"; The Cargo Book,
//! "Specifying Dependencies", for requirements. RustSec names the versions that are
//! *not* affected, by requirements; OSV names those that are, by ranges. A requirement
//! is an interval, so that the ranges are what lies between the intervals. Before the
//! end of an interval come the early versions of the next one: `^1.2` ends before
//! `2.0.0-0`, as nobody has said that an early 2.0.0 is mended.

use std::cmp::Ordering;

use cofferdam_lockfiles::versions::Scheme;
use serde::Deserialize;

use super::{Imported, written};
use crate::advisory::{Added, Advisory, Affected, Event, PackageName, Range, Score};

#[derive(Deserialize)]
struct Front {
    advisory: Own,
    versions: Versions,
}

#[derive(Deserialize)]
struct Own {
    id: String,
    package: String,
    date: String,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    cvss: Option<String>,
    #[serde(default)]
    informational: Option<String>,
}

#[derive(Deserialize)]
struct Versions {
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

pub(super) fn read(text: &str) -> Result<Imported, String> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let rest = text.trim_start().strip_prefix("```toml\n");
    let (front, body) = rest
        .and_then(|rest| rest.split_once("\n```"))
        .ok_or("it has no block of TOML")?;
    let front: Front = toml::from_str(front).map_err(|error| error.message().to_owned())?;
    let title = body.lines().find_map(|line| line.strip_prefix("# "));
    let own = front.advisory;
    let kind = |vector: &str| match vector.get(..7) {
        Some("CVSS:4.") => "CVSS_V4",
        _ => "CVSS_V3",
    };
    let said = front
        .versions
        .patched
        .iter()
        .chain(&front.versions.unaffected);
    let events = affected(said.map(String::as_str))?;
    let time = |day: &str| format!("{day}T00:00:00Z");
    let affected = Affected {
        package: PackageName {
            ecosystem: "crates.io".to_owned(),
            name: own.package,
        },
        ranges: vec![Range {
            kind: "SEMVER".to_owned(),
            events,
        }],
        database_specific: Added {
            severity: None,
            informational: own.informational,
        },
        ..Affected::default()
    };
    written(Advisory {
        id: own.id,
        modified: Some(time(&own.date)),
        published: Some(time(&own.date)),
        withdrawn: own.withdrawn.as_deref().map(time),
        aliases: own.aliases,
        summary: title.map(|title| title.trim().to_owned()),
        severity: own
            .cvss
            .into_iter()
            .map(|score| Score {
                kind: kind(&score).to_owned(),
                score,
            })
            .collect(),
        affected: vec![affected],
        ..Advisory::default()
    })
}

/// Versions from the first on and before the second; without one, without an end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Interval {
    from: Option<String>,
    before: Option<String>,
}

/// What lies between the intervals of the requirements.
fn affected<'r>(requirements: impl Iterator<Item = &'r str>) -> Result<Vec<Event>, String> {
    let mut intervals: Vec<Interval> = Vec::new();
    for requirement in requirements {
        let wrong = || format!("the requirement `{requirement}` is not understood");
        intervals.push(interval(requirement).ok_or_else(wrong)?);
    }
    intervals.sort_by(|a, b| order(a.from.as_deref(), b.from.as_deref()));
    let introduced = |from: Option<&String>| Event {
        introduced: Some(from.map_or("0", String::as_str).to_owned()),
        ..Event::default()
    };
    let mut events = Vec::new();
    // The first version that no interval has had yet.
    let mut at: Option<String> = None;
    for interval in intervals {
        if order(at.as_deref(), interval.from.as_deref()) == Ordering::Less {
            events.push(introduced(at.as_ref()));
            events.push(Event {
                fixed: interval.from,
                ..Event::default()
            });
        }
        let Some(before) = interval.before else {
            return Ok(if events.is_empty() { nothing() } else { events });
        };
        if order(at.as_deref(), Some(&before)) == Ordering::Less {
            at = Some(before);
        }
    }
    events.push(introduced(at.as_ref()));
    Ok(events)
}

/// A range that holds no version: no range at all would say nothing.
fn nothing() -> Vec<Event> {
    let zero = Some("0".to_owned());
    vec![
        Event {
            introduced: zero.clone(),
            ..Event::default()
        },
        Event {
            fixed: zero,
            ..Event::default()
        },
    ]
}

fn order(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => Scheme::Semver.compare(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn interval(requirement: &str) -> Option<Interval> {
    let mut all = Interval::default();
    for part in requirement.split(',') {
        let part = part.trim();
        let end = part.find(|c: char| c.is_ascii_digit() || c == '*')?;
        let (sign, version) = part.split_at(end);
        let one = comparator(sign.trim(), version.trim())?;
        if order(all.from.as_deref(), one.from.as_deref()) == Ordering::Less {
            all.from = one.from;
        }
        all.before = match (all.before, one.before) {
            (Some(a), Some(b)) if Scheme::Semver.compare(&a, &b).is_gt() => Some(b),
            (a, b) => a.or(b),
        };
    }
    Some(all)
}

fn comparator(sign: &str, version: &str) -> Option<Interval> {
    if version == "*" {
        return sign.is_empty().then(Interval::default);
    }
    let version = version.split('+').next()?;
    let (numbers, early) = match version.split_once('-') {
        Some((numbers, early)) => (numbers, Some(early)),
        None => (version, None),
    };
    let numbers = numbers.trim_end_matches(".*");
    let numbers: Vec<u64> = numbers
        .split('.')
        .map(|n| n.parse().ok())
        .collect::<Option<_>>()?;
    if numbers.len() > 3 || (early.is_some() && numbers.len() < 3) {
        return None;
    }
    let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
    let (major, minor, patch) = (number(0), number(1), number(2));
    let dash = early.map_or(String::new(), |early| format!("-{early}"));
    let from = || Some(format!("{major}.{minor}.{patch}{dash}"));
    // The lowest version above everything that has these numbers.
    let after = |count: usize| {
        Some(match count {
            1 => format!("{}.0.0-0", major.checked_add(1)?),
            2 => format!("{major}.{}.0-0", minor.checked_add(1)?),
            _ => format!("{major}.{minor}.{}-0", patch.checked_add(1)?),
        })
    };
    let next = || match early {
        Some(early) => Some(format!("{major}.{minor}.{patch}-{early}.0")),
        None => after(numbers.len()),
    };
    let caret = || match (numbers.len(), major, minor) {
        (1, _, _) => after(1),
        (_, 1.., _) => after(1),
        (2, 0, _) | (3, 0, 1..) => after(2),
        _ => after(3),
    };
    let (from, before) = match sign {
        ">=" => (from(), None),
        ">" => (Some(next()?), None),
        "<" => (None, from()),
        "<=" => (None, Some(next()?)),
        "=" => (from(), Some(next()?)),
        "~" => (from(), Some(after(numbers.len().min(2))?)),
        "" | "^" if version.contains('*') => (from(), Some(after(numbers.len())?)),
        "" | "^" => (from(), Some(caret()?)),
        _ => return None,
    };
    Some(Interval { from, before })
}

#[cfg(test)]
#[expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use cofferdam_facts::Location;
    use cofferdam_lockfiles::{Ecosystem, Package};

    use super::*;
    use crate::judge::{Judgement, Mirrors, judge};

    fn advisory(versions: &str) -> Result<Imported, String> {
        read(&format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2020-0071\"\npackage = \"time\"\n\
             date = \"2020-11-18\"\ncvss = \"CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\"\n\n\
             [versions]\n{versions}\n```\n\n# Title here\n\ntext\n"
        ))
    }

    #[test]
    fn what_lies_between_the_requirements_is_affected() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                r#"patched = [">= 0.2.23"]"#,
                &["0.0.1", "0.2.22", "0.2.23-pre"],
                &["0.2.23", "1.0.0"],
            ),
            (
                "patched = [\">= 0.2.23\"]\nunaffected = [\"=0.2.0\", \"=0.2.1\", \"< 0.1.0\"]",
                &["0.1.0", "0.2.2", "0.1.43"],
                &["0.2.0", "0.2.1", "0.0.9", "0.3.0"],
            ),
            (
                r#"patched = ["^1.2.3", ">= 2.1"]"#,
                &["1.2.2", "2.0.0", "2.0.0-alpha", "0.1.0"],
                &["1.2.3", "1.9.9", "2.1.0"],
            ),
            (r#"patched = []"#, &["0.0.0", "99.0.0"], &[]),
            (r#"patched = ["*"]"#, &[], &["0.0.0", "99.0.0"]),
            (
                r#"patched = ["^0.1.5, < 0.1.8", ">0.2.1"]"#,
                &["0.1.8", "0.2.1"],
                &["0.1.6", "0.2.2"],
            ),
            (
                r#"patched = ["~1.2", "<= 0.3", "> 3"]"#,
                &["0.4.0", "1.3.0", "3.9.0"],
                &["0.3.9", "1.2.9", "4.0.0"],
            ),
        ];
        let place = Location::whole_file("Cargo.lock");
        let time = Package::new(Ecosystem::Cargo, "time", None, place);
        for (versions, bad, good) in cases {
            let found = advisory(versions).unwrap().advisory;
            let is_affected = |version: &str| {
                let judgement = judge(&time, version, &found, &Mirrors::new());
                match judgement {
                    Judgement::Affected { .. } => true,
                    Judgement::NotAffected => false,
                    Judgement::Unknown(_) => panic!("{versions} {version}"),
                }
            };
            for version in *bad {
                assert!(is_affected(version), "{versions} {version}");
            }
            for version in *good {
                assert!(!is_affected(version), "{versions} {version}");
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_no_advisory() {
        for versions in [
            r#"patched = ["latest"]"#,
            r#"patched = ["=> 1"]"#,
            r#"patched = ["1.2.3.4"]"#,
            r#"patched = ["^18446744073709551615"]"#,
            "patched = 1",
            "",
        ] {
            assert!(advisory(versions).is_err(), "{versions}");
        }
        assert!(read("# no front").is_err());
        let found = advisory("patched = []").unwrap().advisory;
        assert_eq!(found.summary.as_deref(), Some("Title here"));
        assert_eq!(found.newest().unwrap().date(), "2020-11-18");
    }
}
