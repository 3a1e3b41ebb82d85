//! Whether a version is affected by what an advisory says.
//!
//! Source: OSV schema, section "Evaluation": a version is affected if it is listed,
//! or if a range of the right kind contains it. Of a range, the events are sorted;
//! the last one that is not behind the version decides.

use super::Scheme;

/// What an advisory says of one package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected<'a> {
    /// Ranges of versions.
    pub ranges: Vec<Range<'a>>,
    /// Single versions.
    pub versions: Vec<&'a str>,
}

/// A range of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range<'a> {
    /// What its events name.
    pub kind: RangeKind,
    /// The events, in any order.
    pub events: Vec<Event<'a>>,
}

/// What the events of a range name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeKind {
    /// Versions by semantic versioning, whatever the ecosystem.
    Semver,
    /// Versions by the rules of the ecosystem.
    Ecosystem,
    /// Commits, which no list of versions can decide.
    Git,
}

/// A version at which something begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Affected from here on; `0` stands for before all versions.
    Introduced(&'a str),
    /// Not affected from here on.
    Fixed(&'a str),
    /// Affected up to here, this one included.
    LastAffected(&'a str),
    /// Nothing is said from here on; `*` stands for no limit.
    Limit(&'a str),
}

impl<'a> Event<'a> {
    fn version(&self) -> &'a str {
        match self {
            Self::Introduced(version)
            | Self::Fixed(version)
            | Self::LastAffected(version)
            | Self::Limit(version) => version,
        }
    }
}

/// Whether a version is affected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It is.
    Affected {
        /// The first version above it that is not, where the range names one.
        fixed: Option<&'a str>,
    },
    /// It is not.
    NotAffected,
    /// That cannot be said, which is not the same as no.
    Unknown(Unevaluated),
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unevaluated {
    /// The version is none by the rules of the ecosystem: a branch, a commit.
    NoVersion,
    /// The advisory has commits alone.
    CommitsAlone,
    /// The advisory names neither versions nor ranges.
    NothingSaid,
}

impl<'a> Affected<'a> {
    /// Whether a version is listed, under this name or another one that means the
    /// same: `v1.0.0` is `1.0.0`, and to Python `1.0` is too.
    fn lists(&self, scheme: Scheme, version: &str) -> bool {
        if self.versions.contains(&version) {
            return true;
        }
        // Most of a long list differs in the first number already.
        let first = |text| {
            let text: &str = text;
            let start = text.find(|c: char| c.is_ascii_digit())?;
            let digits = super::number::split(text.get(start..)?).0;
            Some(digits.trim_start_matches('0').to_owned())
        };
        let wanted = first(version);
        scheme.is_version(version)
            && self.versions.iter().any(|listed| {
                first(listed) == wanted
                    && scheme.is_version(listed)
                    && scheme.compare(listed, version).is_eq()
            })
    }

    /// Whether a version is affected.
    #[must_use]
    pub fn verdict(&self, scheme: Scheme, version: &str) -> Verdict<'a> {
        let ranges = || {
            self.ranges
                .iter()
                .filter(|range| range.kind != RangeKind::Git)
        };
        let is_listed = self.lists(scheme, version);
        if !is_listed && self.versions.is_empty() && ranges().next().is_none() {
            let why = if self.ranges.is_empty() {
                Unevaluated::NothingSaid
            } else {
                Unevaluated::CommitsAlone
            };
            return Verdict::Unknown(why);
        }
        let mut verdict = Verdict::NotAffected;
        if !scheme.is_version(version) {
            if is_listed {
                return Verdict::Affected { fixed: None };
            }
            return match ranges().next() {
                Some(_) => Verdict::Unknown(Unevaluated::NoVersion),
                None => verdict,
            };
        }
        for range in ranges() {
            let scheme = match range.kind {
                RangeKind::Semver => Scheme::Semver,
                _ => scheme,
            };
            if range.contains(scheme, version) {
                let fixed = range.fix(scheme, version);
                if fixed.is_some() || verdict == Verdict::NotAffected {
                    verdict = Verdict::Affected { fixed };
                }
            }
        }
        if verdict == Verdict::NotAffected && is_listed {
            let fixes = ranges().filter_map(|range| range.fix(scheme, version));
            let fixed = fixes.min_by(|a, b| scheme.compare(a, b));
            return Verdict::Affected { fixed };
        }
        verdict
    }
}

impl<'a> Range<'a> {
    fn contains(&self, scheme: Scheme, version: &str) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let mut limits = self.events.iter().filter_map(|event| match event {
            Event::Limit(limit) => Some(*limit),
            _ => None,
        });
        let is_below = |limit: &str| limit == "*" || scheme.compare(version, limit) == Less;
        let has_limits = limits.clone().next().is_some();
        if has_limits && !limits.any(is_below) {
            return false;
        }
        let mut events: Vec<&Event<'_>> = (self.events.iter())
            .filter(|event| !matches!(event, Event::Limit(_)))
            .collect();
        let is_start = |event: &Event<'_>| matches!(event, Event::Introduced("0"));
        events.sort_by(|a, b| match (is_start(a), is_start(b)) {
            (true, true) => Equal,
            (true, false) => Less,
            (false, true) => Greater,
            (false, false) => scheme.compare(a.version(), b.version()),
        });
        let mut is_inside = false;
        for event in events {
            let order = scheme.compare(version, event.version());
            match event {
                Event::Introduced(start) if *start == "0" || order != Less => is_inside = true,
                Event::Fixed(_) if order != Less => is_inside = false,
                Event::LastAffected(_) if order == Greater => is_inside = false,
                _ => {}
            }
        }
        is_inside
    }

    /// The lowest fix above a version.
    fn fix(&self, scheme: Scheme, version: &str) -> Option<&'a str> {
        let fixes = self.events.iter().filter_map(|event| match event {
            Event::Fixed(fixed) => Some(*fixed),
            _ => None,
        });
        fixes
            .filter(|fixed| scheme.compare(version, fixed).is_lt())
            .min_by(|a, b| scheme.compare(a, b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range<'a>(events: &[Event<'a>]) -> Affected<'a> {
        Affected {
            ranges: vec![Range {
                kind: RangeKind::Ecosystem,
                events: events.to_vec(),
            }],
            versions: Vec::new(),
        }
    }

    #[test]
    fn ranges_begin_and_end() {
        use Event::{Fixed, Introduced, LastAffected, Limit};
        let cases: &[(&[Event<'_>], &str, bool, Option<&str>)] = &[
            (
                &[Introduced("0"), Fixed("1.2.0")],
                "1.1.9",
                true,
                Some("1.2.0"),
            ),
            (&[Introduced("0"), Fixed("1.2.0")], "1.2.0", false, None),
            (
                &[Introduced("0"), Fixed("1.2.0")],
                "0.0.0-pre",
                true,
                Some("1.2.0"),
            ),
            (
                &[Introduced("1.0.0"), LastAffected("1.2.0")],
                "1.2.0",
                true,
                None,
            ),
            (
                &[Introduced("1.0.0"), LastAffected("1.2.0")],
                "1.2.1",
                false,
                None,
            ),
            (&[Introduced("1.0.0")], "0.9.0", false, None),
            (&[Introduced("1.0.0")], "9.0.0", true, None),
            (&[Introduced("0"), Limit("2.0.0")], "1.0.0", true, None),
            (&[Introduced("0"), Limit("2.0.0")], "2.0.0", false, None),
            (&[Introduced("0"), Limit("*")], "2.0.0", true, None),
            // Out of order, and twice.
            (
                &[
                    Fixed("2.1.0"),
                    Introduced("2.0.0"),
                    Fixed("1.1.0"),
                    Introduced("1.0.0"),
                ],
                "2.0.5",
                true,
                Some("2.1.0"),
            ),
            (
                &[
                    Fixed("2.1.0"),
                    Introduced("2.0.0"),
                    Fixed("1.1.0"),
                    Introduced("1.0.0"),
                ],
                "1.5.0",
                false,
                None,
            ),
            (&[], "1.0.0", false, None),
        ];
        for (events, version, is, fixed) in cases {
            let expected = if *is {
                Verdict::Affected { fixed: *fixed }
            } else {
                Verdict::NotAffected
            };
            assert_eq!(
                range(events).verdict(Scheme::Semver, version),
                expected,
                "{events:?} {version}"
            );
        }
    }

    #[test]
    fn lists_count_too_and_unknown_is_no_no() {
        let mut both = range(&[Event::Introduced("1.0.0"), Event::Fixed("1.1.0")]);
        both.versions = vec!["0.5.0", "main"];
        let verdict = |version| both.verdict(Scheme::Semver, version);
        assert_eq!(
            verdict("0.5.0"),
            Verdict::Affected {
                fixed: Some("1.1.0")
            }
        );
        assert_eq!(verdict("v0.5.0"), verdict("0.5.0"));
        assert_eq!(verdict("main"), Verdict::Affected { fixed: None });
        assert_eq!(verdict("dev"), Verdict::Unknown(Unevaluated::NoVersion));
        assert_eq!(verdict("0.6.0"), Verdict::NotAffected);
        let nothing = Affected::default().verdict(Scheme::Semver, "1.0.0");
        assert_eq!(nothing, Verdict::Unknown(Unevaluated::NothingSaid));
        let mut commits = range(&[Event::Introduced("0")]);
        commits
            .ranges
            .iter_mut()
            .for_each(|range| range.kind = RangeKind::Git);
        let commits = commits.verdict(Scheme::Semver, "1.0.0");
        assert_eq!(commits, Verdict::Unknown(Unevaluated::CommitsAlone));
    }
}
