//! How bad an advisory is.
//!
//! The score is computed from the vector, by the specifications of FIRST: CVSS 2.0,
//! 3.0, 3.1 and 4.0. Where there are several vectors, the worst counts. The words are
//! those of CVSS 3.1, section 5, "Qualitative Severity Rating Scale".

use std::str::FromStr as _;

use cvss::Cvss;

use crate::advisory::{Advisory, Affected, Score};
use crate::cvss2;

/// How bad it is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// No weakness: a notice, or a score of nought.
    Info,
    /// A score below 4.
    Low,
    /// A score below 7.
    Medium,
    /// A score below 9.
    High,
    /// A score of 9 or more, and every malicious package.
    Critical,
    /// Nobody has said. It counts at every threshold: that nothing is known is not
    /// that little is to be feared.
    Unknown,
}

impl Rating {
    /// Every rating, least first, and the one that nobody has given.
    pub const ALL: &'static [Self] = &[
        Self::Info,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
        Self::Unknown,
    ];

    /// The one word that formats use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
            Self::Unknown => "unknown",
        }
    }

    fn of_score(score: f64) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::Info,
        }
    }

    /// GitHub's words. Source: GitHub Advisory Database, field `severity`.
    fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "low" => Self::Low,
            "moderate" | "medium" => Self::Medium,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => return None,
        })
    }
}

/// How bad it is, and after what.
#[derive(Clone, Debug, PartialEq)]
pub struct Severity {
    /// In one word.
    pub rating: Rating,
    /// From 0 to 10, where a vector gives one.
    pub score: Option<f64>,
    /// The vector.
    pub vector: Option<String>,
}

impl Severity {
    /// How bad an advisory is for what `affected` names.
    #[must_use]
    pub fn of(advisory: &Advisory, affected: Option<&Affected>) -> Self {
        let bare = |rating| Self {
            rating,
            score: None,
            vector: None,
        };
        if advisory.is_malicious() {
            return bare(Rating::Critical);
        }
        let own = affected.map_or(&[][..], |one| &one.severity);
        // What is said of the package stands for what is said of all.
        let said = if own.is_empty() {
            &advisory.severity
        } else {
            own
        };
        let scored = said
            .iter()
            .filter_map(|one| Some((score(one)?, &one.score)));
        if let Some((score, vector)) = scored.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
            return Self {
                rating: Rating::of_score(score),
                score: Some(score),
                vector: Some(vector.clone()),
            };
        }
        let words = affected.map(|one| &one.database_specific);
        let words = words.into_iter().chain([&advisory.database_specific]);
        let word = words
            .filter_map(|added| Rating::of_word(added.severity.as_deref()?))
            .next();
        match word {
            Some(rating) => bare(rating),
            None if advisory.informational().is_some() => bare(Rating::Info),
            None => bare(Rating::Unknown),
        }
    }
}

/// The score of a vector; `None` where it is none that is known.
fn score(score: &Score) -> Option<f64> {
    // A vector is some dozen short metrics.
    if score.score.len() > 512 {
        return None;
    }
    if score.kind == "CVSS_V2" {
        return cvss2::score(&score.score);
    }
    if !is_complete(&score.score) {
        return None;
    }
    let vector = Cvss::from_str(&score.score).ok()?;
    Some(vector.score())
}

/// Whether a vector has every metric of the base. The reader of vectors takes a missing
/// one for "none", and so what is cut for harmless.
fn is_complete(vector: &str) -> bool {
    const THREE: &[&str] = &["AV", "AC", "PR", "UI", "S", "C", "I", "A"];
    const FOUR: &[&str] = &[
        "AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA",
    ];
    let wanted = if vector.starts_with("CVSS:3.") {
        THREE
    } else {
        FOUR
    };
    let has = |wanted: &&str| {
        let mut names = vector
            .split('/')
            .filter_map(|metric| metric.split_once(':'));
        names.any(|(name, _)| name == *wanted)
    };
    wanted.iter().all(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vectors: &[(&str, &str)]) -> Severity {
        let severity = vectors.iter().map(|(kind, score)| Score {
            kind: (*kind).to_owned(),
            score: (*score).to_owned(),
        });
        let advisory = Advisory {
            id: "X-1".to_owned(),
            severity: severity.collect(),
            ..Advisory::default()
        };
        Severity::of(&advisory, None)
    }

    /// The scores that FIRST's examples and calculators give.
    #[test]
    fn vectors_have_the_scores_of_the_specifications() {
        for (kind, vector, score, rating) in [
            ("CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, Rating::High),
            (
                "CVSS_V2",
                "AV:N/AC:L/Au:N/C:C/I:C/A:C",
                10.0,
                Rating::Critical,
            ),
            ("CVSS_V2", "AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2, Rating::Medium),
            ("CVSS_V2", "AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0, Rating::Info),
            (
                "CVSS_V3",
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
                6.1,
                Rating::Medium,
            ),
            (
                "CVSS_V3",
                "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N",
                6.4,
                Rating::Medium,
            ),
            (
                "CVSS_V3",
                "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N",
                3.1,
                Rating::Low,
            ),
            (
                "CVSS_V3",
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                9.8,
                Rating::Critical,
            ),
            (
                "CVSS_V4",
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                9.3,
                Rating::Critical,
            ),
            (
                "CVSS_V4",
                "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                7.3,
                Rating::High,
            ),
        ] {
            let found = of(&[(kind, vector)]);
            assert_eq!(
                (found.score, found.rating),
                (Some(score), rating),
                "{vector}"
            );
        }
    }

    #[test]
    fn the_worst_counts_and_what_is_not_said_is_not_low() {
        let low = ("CVSS_V3", "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N");
        let bad = ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H");
        assert_eq!(of(&[low, bad]).rating, Rating::Critical);
        assert_eq!(of(&[]).rating, Rating::Unknown);
        assert_eq!(of(&[("CVSS_V3", "CVSS:3.1/AV:N")]).rating, Rating::Unknown);
        assert_eq!(of(&[("Ubuntu", "medium")]).rating, Rating::Unknown);
        assert!(Rating::Unknown > Rating::Critical);
        let mut advisory = Advisory::default();
        advisory.database_specific.severity = Some("MODERATE".to_owned());
        assert_eq!(Severity::of(&advisory, None).rating, Rating::Medium);
        advisory.database_specific.severity = None;
        advisory.database_specific.informational = Some("unmaintained".to_owned());
        assert_eq!(Severity::of(&advisory, None).rating, Rating::Info);
        advisory.id = "MAL-2024-1".to_owned();
        assert_eq!(Severity::of(&advisory, None).rating, Rating::Critical);
    }
}
