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
use cofferdam_findings::{ExposedPair, Finding, FindingExposure, NotChecked, Severity};
use cofferdam_rules::Context;

/// Rules about something that is no way from somebody to something, whatever
/// leads past the place: what leaks without anybody's code, what users cannot
/// check, what is missing or bad form. Their findings stand by their severity.
const BY_SEVERITY: &[&str] = &[
    "anonymous-definition",
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

/// From how many points on, at once and without a fact that was not seen, a
/// finding goes up by one severity, and by two; below how many, whenever, it
/// goes down. The numbers are products of the weights in
/// [`cofferdam_exposure::whatif::weight`].
const GRAVE: u64 = 800;
const GRAVEST: u64 = 1_600;
const LITTLE: u64 = 100;

/// Among what stands at one severity: what belongs there, with what it exposes
/// known; what came up from below; what nothing is known of
/// ([`cofferdam_findings::finding::RANK_UNKNOWN`]); what came down.
const OWN: u32 = 6_000;
const RAISED: u32 = 3_000;
const HELD: u32 = 50;

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
            finding.rank = exposed.as_deref().map(|exposed| of(finding, exposed));
        }
        finding.exposure = exposed.map(|exposed| Box::new(shown(&exposed)));
    }
    // To take it apart takes a tenth of the time that it took to draw.
    rayon::spawn(move || drop(places));
    None
}

fn of(finding: &Finding, exposed: &Exposed) -> u32 {
    let points = exposed.points();
    let severity = finding.severity;
    let add = u32::try_from(points)
        .unwrap_or(u32::MAX)
        .min(OWN - RAISED - 1);
    match points {
        // The last of all, whatever they are.
        0 if exposed.held.is_none() => severity.rank(0) / RANK_STEP,
        // Nobody gets in, but there is something behind the door.
        0 => severity.rank(HELD) - RANK_STEP,
        // What is only worth knowing is not worth more for where it stands.
        LITTLE.. if severity == Severity::Info => severity.rank(OWN + add),
        LITTLE.. => match exposed.now {
            GRAVEST.. => severity.rank(RAISED + add) + 2 * RANK_STEP,
            GRAVE.. => severity.rank(RAISED + add) + RANK_STEP,
            _ => severity.rank(OWN + add),
        },
        _ => severity.rank(HELD + add) - RANK_STEP,
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
    let same = || {
        exposed
            .pairs
            .iter()
            .filter(|pair| pair.level == first.level)
    };
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
    use cofferdam_findings::finding::RANK_UNKNOWN;
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

    fn ranked(severity: Severity, points: u64, at_once: bool, held: Option<Asset>) -> u32 {
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
            now: if at_once { points } else { 0 },
            held,
        };
        of(&finding, &exposed)
    }

    #[test]
    fn what_is_gained_decides_across_severities() {
        use Severity::{Critical, High, Info, Low, Medium};
        let unknown = |severity: Severity| severity.rank(RANK_UNKNOWN);
        let nothing = |severity| ranked(severity, 0, false, None);
        let held = |severity| ranked(severity, 0, false, Some(Asset::Tag));
        let now = |severity, points| ranked(severity, points, true, None);
        let perhaps = |severity, points| ranked(severity, points, false, None);
        // Nothing to gain is last, whatever the severity.
        assert!(nothing(Critical) < held(Info));
        assert!(nothing(Critical) < perhaps(Info, 50));
        assert!(nothing(Critical) > nothing(High));
        // What is grave goes before what is a severity worse and not known, and
        // after what is known to be worse.
        assert!(now(Medium, 1_000) > unknown(High));
        assert!(now(Medium, 1_000) < now(High, 600));
        assert!(now(Medium, 2_000) > now(High, 600));
        // Only what is so at once: a fact that was not seen raises nothing.
        assert!(perhaps(Low, 1_000) < perhaps(Medium, 100));
        assert!(perhaps(Low, 1_000) > unknown(Low));
        // What a role has anyway, and what nobody gets, goes down.
        assert!(now(High, 60) < unknown(Medium));
        assert!(held(High) < unknown(Medium));
        // Severity still counts: a critical one stays before a low one.
        assert!(perhaps(Critical, 500) > now(Low, 2_000));
        // What is only worth knowing stays so.
        assert!(now(Info, 2_000) < unknown(Low));
    }
}
