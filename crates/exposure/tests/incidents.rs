//! The incidents that are compiled in, held against the words of this code.
#![expect(clippy::unwrap_used, reason = "a test stops at the first wrong step")]

use cofferdam_datapack::{Incident, embedded};
use cofferdam_exposure::replay::{era, unknown_words};
use cofferdam_facts::Timestamp;

fn incidents() -> Vec<Incident> {
    embedded::pack().unwrap().pack.incidents
}

#[test]
fn every_word_of_every_way_is_known() {
    let incidents = incidents();
    assert!(incidents.len() >= 20);
    for incident in &incidents {
        assert!(unknown_words(incident).is_empty(), "{}", incident.id);
        // A way without events would begin anywhere, which only people who write
        // workflows of their own do.
        for way in &incident.ways {
            let own = way.through.iter().any(|rule| rule == "own-workflow");
            assert!(own || !way.events.is_empty(), "{}", incident.id);
        }
    }
    assert!(incidents.iter().filter(|one| !one.ways.is_empty()).count() >= 6);
    let mut strange = incidents
        .into_iter()
        .find(|one| !one.ways.is_empty())
        .unwrap();
    for way in &mut strange.ways {
        way.through.push("no-such-rule".to_owned());
    }
    assert!(unknown_words(&strange).contains(&"no-such-rule"));
}

#[test]
fn the_platform_has_its_eras() {
    let of = |day: &str| era(Timestamp::parse(day).unwrap());
    assert_eq!(of("2024-01-01"), of("2026-06-17"));
    let days = [
        "2026-06-17",
        "2026-06-18",
        "2026-06-26",
        "2026-07-20",
        "2026-11-02",
    ];
    let eras: Vec<usize> = days.iter().map(|day| of(day)).collect();
    assert_eq!(eras, [0, 1, 2, 3, 4]);
}
