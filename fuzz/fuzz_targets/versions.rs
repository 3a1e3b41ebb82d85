//! Any two texts have one order, whatever the ecosystem, and an advisory says the
//! same of a version each time.

#![no_main]

use cofferdam_lockfiles::versions::{Affected, Event, Range, RangeKind, Scheme, Verdict};
use libfuzzer_sys::fuzz_target;

const SCHEMES: &[Scheme] = &[
    Scheme::Semver,
    Scheme::Pub,
    Scheme::PyPi,
    Scheme::RubyGems,
    Scheme::Maven,
    Scheme::NuGet,
    Scheme::Packagist,
    Scheme::Debian,
    Scheme::Alpine,
    Scheme::Rpm,
    Scheme::Cran,
    Scheme::Hackage,
];

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let (Some(a), Some(b)) = (lines.next(), lines.next()) else {
        return;
    };
    for scheme in SCHEMES {
        assert!(scheme.compare(a, a).is_eq(), "{scheme:?}");
        assert_eq!(scheme.compare(a, b), scheme.compare(b, a).reverse(), "{scheme:?}");
        let events = vec![Event::Introduced("0"), Event::Fixed(b)];
        let affected = Affected {
            ranges: vec![Range {
                kind: RangeKind::Ecosystem,
                events,
            }],
            versions: Vec::new(),
        };
        match affected.verdict(*scheme, a) {
            Verdict::Affected { .. } => assert!(scheme.compare(a, b).is_lt()),
            Verdict::NotAffected => assert!(scheme.compare(a, b).is_ge()),
            Verdict::Unknown(_) => assert!(!scheme.is_version(a)),
        }
    }
});
