//! The questions a rule asks, on a small pack written here.
#![expect(clippy::unwrap_used, reason = "a test stops at the first wrong step")]

use cofferdam_datapack::{
    Certainty, DataPack, Exposure, Freshness, Led, Lifecycle, Resemblance, Severity,
};
use cofferdam_facts::Timestamp;
use cofferdam_facts::{UsesRef, uses::RepositoryUses};
use serde_json::json;

const BAD: &str = "0e58ed8671d6b60d0890c21b07f8835ace038e67";
const OTHER: &str = "a284dc1814e3fd07f2e34267fc8f81227ed29fb8";

fn pack() -> DataPack {
    serde_json::from_value(json!({
        "format": 2, "version": 7, "created_at": "2026-01-01", "valid_days": 90, "sources": [],
        "compromised": [
            {"action": "tj-actions/changed-files", "ids": ["CVE-1"], "summary": "s",
             "all_tags": true, "spared_tags": ["spared"], "commits": [BAD], "commits_complete": true,
             "from": "2025-03-14T16:00:00Z", "to": "2025-03-15T22:00:00Z",
             "refs": "mended", "safe_since": "46.0.1", "sources": []},
            {"action": "reviewdog/action-setup", "ids": ["CVE-2"], "summary": "s",
             "tags": ["v1"], "from": "2025-03-11T18:42:00Z", "to": "2025-03-11T20:31:00Z",
             "refs": "mended", "sources": []},
            {"action": "evil/mono/one", "ids": ["CVE-3"], "summary": "s", "branches": ["main"],
             "commits_complete": true, "from": "2026-01-01", "refs": "malicious", "sources": []},
            {"action": "a/blocked", "ids": ["CVE-4"], "summary": "s", "all_tags": true,
             "from": "2026-01-01", "to": "2026-01-02", "refs": "blocked",
             "safe_since": "2.0.0", "sources": []}
        ],
        "vulnerable": [
            {"id": "GHSA-a", "action": "o/inside", "severity": "low", "summary": "", "url": "",
             "ranges": [{"introduced": "4.0.0", "fixed": "4.1.3"}]},
            {"id": "GHSA-b", "action": "o/inside", "severity": "critical", "summary": "", "url": "",
             "ranges": [{"fixed": "4.1.2"}]},
            {"id": "GHSA-c", "action": "o/open", "severity": "high", "summary": "", "url": "",
             "ranges": [{"introduced": "3.2.0"}]},
            {"id": "GHSA-d", "action": "o/last", "severity": "high", "summary": "", "url": "",
             "ranges": [{"last_affected": "2.3.0"}]},
            {"id": "GHSA-e", "action": "o/mono/.github/workflows/x.yml", "severity": "high",
             "summary": "", "url": "", "ranges": [{"fixed": "2"}]},
            {"id": "GHSA-f", "action": "o/odd", "severity": "high", "summary": "", "url": "",
             "ranges": [{"fixed": "2024.r1-x y"}]}
        ],
        "archived": [{"repository": "actions-rs/cargo", "sources": []}],
        "renamed": [{"from": "old/name", "to": "new/name", "sources": []}],
        "popular": {"basis": "b", "actions": [
            {"repository": "actions/checkout", "repositories": 9},
            {"repository": "actions/setup-node"}, {"repository": "docker/login-action"},
            {"repository": "pnpm/action-setup"}, {"repository": "azure/login"},
            {"repository": "pre-commit/action"}]},
        "runner_images": [{"label": "ubuntu-20.04", "deprecated": "2025-02-01",
                           "removed": "2025-04-15", "sources": []}],
        "action_runtimes": [{"using": "node12", "removed": "2023-06-14", "sources": []}],
        "incidents": []
    }))
    .unwrap()
}

fn uses(text: &str) -> RepositoryUses {
    UsesRef::parse(text).repository().unwrap().clone()
}

#[test]
fn a_moved_tag_is_told_from_a_malicious_commit() {
    let pack = pack();
    let exposure = |text: &str| {
        pack.compromised(&uses(text), None)
            .first()
            .map(|hit| hit.exposure)
    };
    let cases = [
        ("tj-actions/changed-files@v45", Some(Exposure::InThePast)),
        (
            "TJ-Actions/Changed-Files@refs/tags/v45.0.7",
            Some(Exposure::InThePast),
        ),
        ("tj-actions/changed-files@spared", None),
        // The first safe release and later ones did not exist in the incident.
        ("tj-actions/changed-files@v46.0.1", None),
        ("tj-actions/changed-files@v47.0.0", None),
        (
            "tj-actions/changed-files@v46.0.0",
            Some(Exposure::InThePast),
        ),
        ("tj-actions/changed-files@main", None),
        ("tj-actions/changed-files@refs/heads/v45", None),
        ("tj-actions/changed-files", None),
        ("tj-actions/other@v45", None),
        ("reviewdog/action-setup@v1", Some(Exposure::InThePast)),
        ("reviewdog/action-setup@v1.3.0", None),
        ("evil/mono/one@main", Some(Exposure::Now)),
        ("evil/mono/two@main", None),
        // Blocked is not mended: the tags come back as they were.
        ("a/blocked@v1", Some(Exposure::Now)),
    ];
    for (text, expected) in cases {
        assert_eq!(exposure(text), expected, "{text}");
    }
    let at = |name: &str, commit: &str| exposure(&format!("{name}@{commit}"));
    assert_eq!(at("tj-actions/changed-files", BAD), Some(Exposure::Now));
    assert_eq!(
        at("tj-actions/changed-files", &BAD.to_uppercase()),
        Some(Exposure::Now)
    );
    assert_eq!(at("tj-actions/changed-files", OTHER), None);
    assert_eq!(
        at("reviewdog/action-setup", OTHER),
        Some(Exposure::Undecided)
    );
    // A release from the first safe one on is none of the unknown commits.
    let pinned = uses(&format!("a/blocked@{OTHER}"));
    let versioned = |version| {
        pack.compromised(&pinned, version)
            .first()
            .map(|hit| hit.exposure)
    };
    assert_eq!(versioned(None), Some(Exposure::Undecided));
    assert_eq!(versioned(Some("v1.9.9")), Some(Exposure::Undecided));
    assert_eq!(versioned(Some("v2")), Some(Exposure::Undecided));
    assert_eq!(versioned(Some("v2.0.0")), None);
}

#[test]
fn a_moving_tag_is_hit_only_if_the_newest_of_its_line_is() {
    let pack = pack();
    let ids = |text: &str, version: Option<&str>| -> Vec<(String, Certainty)> {
        let hits = pack.vulnerable(&uses(text), version);
        hits.iter()
            .map(|hit| (hit.advisory.id.clone(), hit.certainty))
            .collect()
    };
    let hit = |id: &str, certainty| vec![(id.to_owned(), certainty)];
    let certain = Certainty::Certain;
    // Fixed inside the line: the newest v4 and the newest v4.1 have the fix.
    assert_eq!(ids("o/inside@v4", None), []);
    assert_eq!(ids("o/inside@v4.1", None), []);
    assert_eq!(ids("o/inside@v4.1.2", None), hit("GHSA-a", certain));
    assert_eq!(ids("o/inside@v4.1.3", None), []);
    // The whole line lies below the fix.
    assert_eq!(
        ids("o/inside@v4.0", None),
        [
            ("GHSA-b".to_owned(), certain),
            ("GHSA-a".to_owned(), certain)
        ],
    );
    assert_eq!(ids("o/inside@v3", None), hit("GHSA-b", certain));
    assert_eq!(ids("o/inside@v5", None), []);
    // Introduced inside the line, never fixed: the newest v3 has it.
    assert_eq!(ids("o/open@v3", None), hit("GHSA-c", certain));
    assert_eq!(ids("o/open@v3.1", None), []);
    assert_eq!(ids("o/open@v9", None), hit("GHSA-c", certain));
    assert_eq!(ids("o/open@main", None), hit("GHSA-c", Certainty::Possible));
    assert_eq!(ids("o/inside@main", None), []);
    // The last affected version is known, the newest is not.
    assert_eq!(ids("o/last@v2", None), hit("GHSA-d", Certainty::Possible));
    assert_eq!(ids("o/last@v2.3.0", None), hit("GHSA-d", certain));
    assert_eq!(ids("o/last@v2.3.1", None), []);
    assert_eq!(ids("o/last@v2.4", None), []);
    assert_eq!(ids("o/last@v1", None), hit("GHSA-d", certain));
}

#[test]
fn where_a_ref_led_in_the_time_of_an_incident() {
    let pack = pack();
    let led = |text: &str| {
        let mut all = pack.compromised.iter();
        all.find_map(|entry| entry.led(&uses(text)))
    };
    let other = "0123456789012345678901234567890123456789";
    for (text, expected) in [
        ("tj-actions/changed-files@v45".to_owned(), Some(Led::Bad)),
        (format!("tj-actions/changed-files@{BAD}"), Some(Led::Bad)),
        (format!("tj-actions/changed-files@{other}"), Some(Led::Good)),
        (
            "tj-actions/changed-files@v46.0.1".to_owned(),
            Some(Led::Good),
        ),
        (
            "tj-actions/changed-files@spared".to_owned(),
            Some(Led::Good),
        ),
        ("tj-actions/changed-files@main".to_owned(), Some(Led::Good)),
        ("actions/checkout@v4".to_owned(), None),
    ] {
        assert_eq!(led(&text), expected, "{text}");
    }
}

#[test]
fn a_commit_is_judged_by_the_version_beside_it_or_not_at_all() {
    let pack = pack();
    let one = |text: &str, version: Option<&str>| {
        pack.vulnerable(&uses(&format!("{text}@{OTHER}")), version)
            .first()
            .map(|hit| hit.certainty)
    };
    assert_eq!(one("o/inside", None), Some(Certainty::Undecided));
    assert_eq!(one("o/inside", Some("v4.1.2")), Some(Certainty::Certain));
    assert_eq!(one("o/inside", Some("v4.1.3")), None);
    // Which v4 the commit was, a comment `# v4` does not say.
    assert_eq!(one("o/inside", Some("v4")), Some(Certainty::Possible));
    assert_eq!(one("o/inside", Some("v5")), None);
    assert_eq!(one("o/inside", Some("newest")), Some(Certainty::Undecided));
    assert_eq!(one("o/unheard-of", None), None);
}

#[test]
fn what_is_no_version_is_undecided_never_clean() {
    let pack = pack();
    let one = |text: &str| {
        pack.vulnerable(&uses(text), None)
            .first()
            .map(|hit| hit.certainty)
    };
    assert_eq!(
        one("o/inside@release-candidate"),
        Some(Certainty::Undecided)
    );
    assert_eq!(one("o/odd@v1"), Some(Certainty::Undecided));
    assert_eq!(one("o/inside"), Some(Certainty::Undecided));
}

#[test]
fn an_advisory_about_one_path_leaves_its_neighbours_alone() {
    let pack = pack();
    assert_eq!(
        pack.vulnerable(&uses("o/mono/.github/workflows/x.yml@v1"), None)
            .len(),
        1
    );
    assert_eq!(
        pack.vulnerable(&uses("o/mono/.github/workflows/y.yml@v1"), None)
            .len(),
        0
    );
    assert_eq!(pack.vulnerable(&uses("o/inside/sub@v3"), None).len(), 1);
}

#[test]
fn the_gravest_comes_first_and_its_fix_is_named() {
    let pack = pack();
    let hits = pack.vulnerable(&uses("o/inside@v4.0.0"), None);
    let order: Vec<_> = hits.iter().map(|hit| hit.advisory.severity).collect();
    assert_eq!(order, [Severity::Critical, Severity::Low]);
    assert_eq!(
        hits.first().unwrap().advisory.fixed_after(Some("4.0.0")),
        Some("4.1.2")
    );
    let open = pack.vulnerable(&uses("o/open@v3"), None);
    assert_eq!(open.first().unwrap().advisory.fixed_after(Some("v3")), None);
}

#[test]
fn lookalikes_are_found() {
    let pack = pack();
    let found = |slug: &str| {
        pack.lookalike(slug)
            .map(|l| (l.popular.repository.clone(), l.resemblance))
    };
    let imitations = [
        ("action/checkout", "actions/checkout", Resemblance::OneEdit),
        ("acitons/checkout", "actions/checkout", Resemblance::OneEdit),
        (
            "actionss/checkout",
            "actions/checkout",
            Resemblance::OneEdit,
        ),
        ("Action/Checkout", "actions/checkout", Resemblance::OneEdit),
        ("actins/chekout", "actions/checkout", Resemblance::OneEdit),
        (
            "act1ons/checkout",
            "actions/checkout",
            Resemblance::Homoglyphs,
        ),
        (
            "acti0ns/checkout",
            "actions/checkout",
            Resemblance::Homoglyphs,
        ),
        (
            "actions-/checkout",
            "actions/checkout",
            Resemblance::Separators,
        ),
        (
            "act-ions/check-out",
            "actions/checkout",
            Resemblance::Separators,
        ),
        (
            "actions-checkout/checkout",
            "actions/checkout",
            Resemblance::OwnerOfWholeName,
        ),
        (
            "actions-checkout/v4",
            "actions/checkout",
            Resemblance::OwnerOfWholeName,
        ),
        (
            "npm/action-setup",
            "pnpm/action-setup",
            Resemblance::OneEdit,
        ),
        (
            "dockr/login-action",
            "docker/login-action",
            Resemblance::OneEdit,
        ),
        ("azur/login", "azure/login", Resemblance::OneEdit),
    ];
    for (slug, popular, resemblance) in imitations {
        let expected = Some((popular.to_owned(), resemblance));
        assert_eq!(found(slug), expected, "{slug}");
    }
}

#[test]
fn neighbours_are_no_lookalikes() {
    let pack = pack();
    let found = |slug: &str| pack.lookalike(slug).is_some();
    let innocent = [
        // Letters are missing: not the known name with other separators.
        "actionsetup/node",
        "actions/checkout",
        "docker/logi-action",
        "someone/checkout",
        "my-org/setup-node",
        "someone/actions-checkout",
        "pre-comit/other",
        "octo/login",
        "axure/log",
        "",
        "checkout",
        "ÀÀ/checkout",
    ];
    for slug in innocent {
        assert!(!found(slug), "{slug}");
    }
    assert!(!found(&format!("{}/checkout", "a".repeat(500))));
}

#[test]
fn names_that_the_pack_knows_are_nobodys_imitation() {
    let mut pack = pack();
    assert!(pack.lookalike("action/checkout").is_some());
    pack.renamed.first_mut().unwrap().to = "action/checkout".to_owned();
    assert!(pack.lookalike("action/checkout").is_none());
}

#[test]
fn archived_renamed_and_retired() {
    let pack = pack();
    assert!(pack.archived("Actions-RS/cargo").is_some());
    assert!(pack.archived("actions-rs/cargo2").is_none());
    assert_eq!(pack.renamed("old/NAME").unwrap().to, "new/name");
    let image = pack.runner_image("Ubuntu-20.04").unwrap();
    let at = |text| image.lifecycle(Timestamp::parse(text).unwrap());
    assert_eq!(at("2025-01-31"), Lifecycle::Announced);
    assert_eq!(at("2025-02-01"), Lifecycle::Deprecated);
    assert_eq!(at("2025-04-15"), Lifecycle::Removed);
    assert!(pack.action_runtime("Node12").is_some());
}

#[test]
fn a_pack_is_consulted_until_its_limit_and_not_before_its_time() {
    let mut pack = pack();
    let at = |pack: &DataPack, text| pack.freshness(Timestamp::parse(text).unwrap());
    assert_eq!(at(&pack, "2026-01-01"), Freshness::Fresh { days_left: 90 });
    assert_eq!(
        at(&pack, "2026-03-31T23:59:59Z"),
        Freshness::Fresh { days_left: 0 }
    );
    let expired = Timestamp::parse("2026-04-01").unwrap();
    assert_eq!(at(&pack, "2026-04-01"), Freshness::TooOld { expired });
    assert!(at(&pack, "2025-12-31").is_fresh());
    assert!(matches!(
        at(&pack, "2025-12-30"),
        Freshness::FromTheFuture { .. }
    ));
    // What a pack says of its own life is capped.
    pack.valid_days = u32::MAX;
    assert!(!at(&pack, "2026-07-01").is_fresh());
}

proptest::proptest! {
    #[test]
    fn no_name_ref_or_version_makes_it_panic(
        name in "\\PC{0,60}", git_ref in "\\PC{0,60}", version in "\\PC{0,40}"
    ) {
        let pack = pack();
        let _ = pack.lookalike(&name);
        let _ = pack.runner_image(&name);
        let text = format!("o/inside@{git_ref}");
        for text in [format!("{name}@{git_ref}"), text] {
            if let Some(uses) = UsesRef::parse(&text).repository() {
                let _ = pack.compromised(uses, Some(&version));
                for hit in pack.vulnerable(uses, Some(&version)) {
                    let _ = hit.advisory.fixed_after(Some(&version));
                }
            }
        }
    }

    /// Whatever is one slip away from a known name under the same repository
    /// name is found, unless it is another known owner.
    #[test]
    fn every_slip_in_a_long_owner_is_found(place in 0_usize..7, letter in "[a-z]") {
        let mut owner = "actions".to_owned();
        owner.insert_str(place, &letter);
        let found = pack().lookalike(&format!("{owner}/checkout")).is_some();
        proptest::prop_assert!(found, "{owner}");
    }
}
