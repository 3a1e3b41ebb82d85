use std::collections::BTreeSet;

use super::*;

#[test]
fn ids_are_unique_and_every_entry_says_something() {
    for &standard in Standard::ALL {
        let requirements = standard.requirements();
        let ids: BTreeSet<_> = requirements.iter().map(|r| r.id()).collect();
        assert_eq!(ids.len(), requirements.len(), "{standard:?}");
        assert!(!requirements.is_empty());
        for requirement in requirements {
            let entry = requirement.entry();
            assert_eq!(requirement.standard(), standard);
            assert!(
                !entry.title.is_empty() && !entry.title.ends_with('.'),
                "{entry:?}"
            );
            assert!(
                !entry.title.contains('|') && !entry.note.contains('|'),
                "{entry:?}"
            );
            let text = match entry.decided {
                Decided::Part(_, text) | Decided::NotYet(text) | Decided::Outside(text) => text,
                Decided::Whole(controls) => {
                    assert!(!controls.is_empty(), "{entry:?}");
                    "decided"
                }
                Decided::Weakness => {
                    assert_eq!(standard, Standard::Cwe);
                    "named"
                }
            };
            assert!(!text.is_empty() && !text.ends_with('.'), "{entry:?}");
        }
    }
}

#[test]
fn levels_stand_together_so_that_a_heading_comes_once() {
    for &standard in &[Standard::Slsa, Standard::Scorecard] {
        let mut levels: Vec<_> = (standard.requirements().iter())
            .map(|r| r.entry().level)
            .collect();
        levels.dedup();
        let unique: BTreeSet<_> = levels.iter().collect();
        assert_eq!(unique.len(), levels.len(), "{levels:?}");
    }
}

// The numbers of the published lists: a requirement that is left out would
// make the view look better than it is.
#[test]
fn every_requirement_of_a_standard_is_there() {
    let count = |standard: Standard, level: &str| {
        let all = standard.requirements();
        all.iter()
            .filter(|r| r.entry().level.starts_with(level))
            .count()
    };
    // 3 of the producer and 5 of the platform; 4 of the organisation and 10 of
    // the source control system.
    assert_eq!(count(Standard::Slsa, "Build"), 8);
    assert_eq!(count(Standard::Slsa, "Source"), 14);
    assert_eq!(count(Standard::Scorecard, ""), 20);
    assert_eq!(
        [1, 2, 3].map(|level| count(Standard::Osps, &format!("Level {level}"))),
        [24, 19, 21]
    );
    for requirement in Standard::Osps.requirements() {
        let shape = requirement.id().as_bytes();
        assert_eq!(shape.len(), "OSPS-AC-01.01".len(), "{requirement:?}");
        assert!(requirement.id().starts_with("OSPS-"));
    }
    for requirement in Standard::Cwe.requirements() {
        let number = requirement.id().strip_prefix("CWE-");
        assert!(
            number.is_some_and(|n| n.parse::<u16>().is_ok()),
            "{requirement:?}"
        );
    }
}

#[test]
fn words_lead_back() {
    for &standard in Standard::ALL {
        assert_eq!(Standard::from_word(standard.word()), Some(standard));
    }
    assert_eq!(Standard::from_word("nist"), None);
}
