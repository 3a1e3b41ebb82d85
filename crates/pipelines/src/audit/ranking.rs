//! What the places of findings expose to whom, and the order that follows.
//!
//! Severity says how bad a weakness is by itself, and stays what gates go by.
//! The rank says what to mend first here: what hands publishing, tags, the
//! default branch, identities or an environment's secrets to strangers goes
//! before, what hands nobody anything comes last.

use std::collections::BTreeSet;

use cofferdam_exposure::exposes::{Exposed, Places};
use cofferdam_exposure::{Asset, Level, Position};
use cofferdam_findings::finding::RANK_STEP;
use cofferdam_findings::{ExposedPair, Finding, FindingExposure, NotChecked};
use cofferdam_rules::Context;

/// Rules about something that is no way from somebody to something, whatever
/// leads past the place: what leaks without anybody's code, what users cannot
/// check, what is missing or bad form. Their findings stand by their severity.
const BY_SEVERITY: &[&str] = &[
    "cache-bloat",
    "codeowners-github",
    "concurrency-limits",
    "constant-condition",
    "debug-tracing",
    "dependency-review",
    "hardcoded-credential",
    "misfeature",
    "missing-permission",
    "no-provenance",
    "no-sbom",
    "obfuscation",
    "plaintext-hooks",
    "release-immutable",
    "retired-runner",
    "sbom-not-attested",
    "scorecard-run",
    "secret-printed",
    "security-insights",
    "security-policy",
    "sign-off",
    "signed-by-tag",
    "superfluous-action",
    "syntax",
    "timeout-missing",
    "undocumented-permission",
    "unmasked-secret",
    "unsigned-publication",
    "update-cooldown",
    "vulnerability-scan",
];

/// From how many points on a finding goes before others of its severity, and
/// before those of two more; below how many it goes after them. The numbers are
/// products of the weights in [`cofferdam_exposure::whatif::weight`].
const GRAVE: u64 = 800;
const GRAVEST: u64 = 1_600;
const LITTLE: u64 = 100;

/// How many assets, and how many positions, a phrase names.
const NAMED: usize = 2;

/// Says of every finding what its place exposes, and gives it its rank. What
/// could not be worked out is given back.
pub(super) fn rank(cx: &Context<'_>, findings: &mut [Finding]) -> Option<NotChecked> {
    if findings.is_empty() {
        return None;
    }
    let mut places = match Places::of(cx) {
        Ok(places) => places,
        Err(error) => {
            return Some(NotChecked {
                code: "exposure",
                message: format!("what findings expose is not worked out: {error}"),
                location: None,
                settle: "look at a part of it, or leave it out with `--no-exposure`".to_owned(),
                required: false,
            });
        }
    };
    for finding in findings {
        let exposed = places.at(&finding.location);
        if !BY_SEVERITY.contains(&finding.rule) {
            finding.rank = exposed.as_ref().map(|exposed| of(finding, exposed));
        }
        finding.exposure = exposed.map(|exposed| Box::new(shown(&exposed)));
    }
    None
}

fn of(finding: &Finding, exposed: &Exposed) -> u32 {
    let points = exposed.points();
    let severity = finding.severity;
    let add = u32::try_from(points).unwrap_or(u32::MAX).min(RANK_STEP - 1);
    match points {
        // The last of all, whatever they are.
        0 if exposed.held.is_none() => severity.rank(0) / RANK_STEP,
        // Nobody gets in, but there is something behind the door.
        0 => severity.rank(0) - RANK_STEP + 50,
        LITTLE.. => severity.rank(add) + RANK_STEP * of_points(points),
        _ => severity.rank(add) - RANK_STEP + 50,
    }
}

fn of_points(points: u64) -> u32 {
    match points {
        GRAVEST.. => 2,
        GRAVE.. => 1,
        _ => 0,
    }
}

fn shown(exposed: &Exposed) -> FindingExposure {
    let pairs = exposed.pairs.iter().map(|pair| ExposedPair {
        position: pair.position.to_string(),
        asset: pair.asset.to_string(),
        verdict: pair.level.word(),
    });
    FindingExposure {
        pairs: pairs.collect(),
        total: exposed.total,
        phrase: phrase(exposed),
    }
}

/// In one line: what the weightiest position gets, and who else gets the
/// weightiest asset.
fn phrase(exposed: &Exposed) -> String {
    let Some(first) = exposed.pairs.first() else {
        return match &exposed.held {
            Some(asset) => format!("exposes nothing as it stands, though {asset} is behind it"),
            None => "exposes nothing to anybody".to_owned(),
        };
    };
    let same = || exposed.pairs.iter().filter(|pair| pair.level == first.level);
    let assets: Vec<&Asset> = (same().filter(|pair| pair.position == first.position))
        .map(|pair| &pair.asset)
        .collect();
    let positions: BTreeSet<&Position> = (same().filter(|pair| pair.asset == first.asset))
        .map(|pair| &pair.position)
        .collect();
    let mut positions: Vec<&Position> = positions.into_iter().collect();
    positions.sort_by_key(|position| **position != first.position);
    let way = match first.level {
        Level::Reachable | Level::Blocked => "",
        Level::ReachableIf => ", if a fact that was not seen is so",
        Level::After => ", after an approval",
    };
    format!("exposes {} to {}{way}", some(&assets), some(&positions))
}

fn some(all: &[impl ToString]) -> String {
    let named: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
    let named = named.join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} (+{more})"),
    }
}

#[cfg(test)]
mod tests {
    use cofferdam_facts::Location;
    use cofferdam_findings::Severity;
    use cofferdam_rules::RULES;

    use super::*;

    #[test]
    fn only_rules_that_exist_stand_by_their_severity() {
        for id in BY_SEVERITY {
            let known = RULES.iter().any(|rule| rule.info().id == *id);
            assert!(known, "{id}");
        }
        assert!(BY_SEVERITY.is_sorted());
    }

    fn ranked(severity: Severity, points: u64, held: Option<Asset>) -> u32 {
        let finding = Finding::new("x", severity, Location::whole_file("x"), "x");
        let pair = cofferdam_exposure::exposes::Pair {
            position: Position::Newcomer,
            asset: Asset::Tag,
            level: Level::Reachable,
            points,
        };
        let pairs = if points == 0 { Vec::new() } else { vec![pair] };
        let exposed = Exposed {
            total: pairs.len(),
            pairs,
            held,
        };
        of(&finding, &exposed)
    }

    #[test]
    fn what_is_gained_decides_across_severities() {
        use Severity::{Critical, High, Info, Low, Medium};
        let held = Some(Asset::Tag);
        // Nothing to gain is last, whatever the severity.
        assert!(ranked(Critical, 0, None) < ranked(Info, 200, None));
        assert!(ranked(Critical, 0, None) < ranked(Info, 0, held.clone()));
        assert!(ranked(Critical, 0, None) > ranked(High, 0, None));
        // A grave thing goes before what is a severity worse and not known.
        assert!(ranked(Medium, 1_000, None) > High.rank(cofferdam_findings::finding::RANK_UNKNOWN));
        assert!(ranked(Medium, 2_000, None) > ranked(High, 1_000, None));
        // What a role has anyway, and what nobody gets, goes after.
        assert!(ranked(High, 60, None) < Medium.rank(cofferdam_findings::finding::RANK_UNKNOWN) + 1_000);
        assert!(ranked(High, 60, None) < ranked(Medium, 500, None));
        assert!(ranked(High, 0, held) < ranked(Medium, 500, None));
        // Severity still counts: a critical one stays before a low one.
        assert!(ranked(Critical, 500, None) > ranked(Low, 2_000, None));
    }
}
