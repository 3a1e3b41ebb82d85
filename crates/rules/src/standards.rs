//! What the rules as a whole say about standards.

use cofferdam_findings::standards::{Decided, Standard};

use crate::RULES;

#[test]
fn a_rule_names_only_requirements_that_are_judged() {
    for rule in RULES {
        let info = rule.info();
        for requirement in info.standards {
            let entry = requirement.entry();
            assert!(entry.decided.is_judged(), "{}: {}", info.id, entry.id);
        }
        let mut unique = info.standards.to_vec();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), info.standards.len(), "{}", info.id);
    }
}

#[test]
fn behind_every_judged_requirement_stands_a_rule_of_its_controls() {
    for &standard in Standard::OF_PROJECTS {
        for requirement in standard.requirements() {
            let entry = requirement.entry();
            let mut named = (RULES.iter())
                .map(|rule| rule.info())
                .filter(|info| info.standards.contains(&requirement))
                .peekable();
            match entry.decided {
                Decided::Whole(controls) | Decided::Part(controls, _) => {
                    assert!(named.peek().is_some(), "{}: no rule", entry.id);
                    let spoken: Vec<_> = named.flat_map(|info| info.controls).collect();
                    for control in controls {
                        assert!(spoken.contains(&control), "{}: {control}", entry.id);
                    }
                }
                _ => assert!(named.next().is_none(), "{}", entry.id),
            }
        }
    }
}
