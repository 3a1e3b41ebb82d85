//! Any bytes are an advisory, a database or a file of ignores, or are refused.

#![no_main]

use std::io::Cursor;

use cofferdam_advisories::{
    Advisory, Ignores, Index, Limits, Mirrors, Severity, archive, imports, judge,
};
use cofferdam_facts::{Location, SourceFile};
use cofferdam_lockfiles::{Ecosystem, Package};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    entries: 100,
    advisory_bytes: 1 << 20,
    total_bytes: 1 << 22,
};

// The first byte chooses what the rest is read as.
fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    match first % 7 {
        0 => advisory(Advisory::parse(rest).ok()),
        1 => document("PYSEC-1.yaml", rest),
        2 => document("RUSTSEC-1.md", rest),
        3 => {
            let read = archive::read(Cursor::new(rest), &LIMITS, &mut |one| {
                advisory(Some(one));
                Ok(())
            });
            if let Ok(counts) = read {
                assert!(counts.advisories > 0);
            }
        }
        4 => {
            if let Ok(mut index) = Index::open(Cursor::new(rest)) {
                let _ = index.of("a");
            }
        }
        5 => {
            let _ = imports::tarball(rest, &LIMITS, &mut |one| {
                advisory(one.ok().map(|one| one.advisory));
            });
        }
        _ => {
            if let Ok(text) = str::from_utf8(rest) {
                let lines = text.lines().count().max(1);
                match Ignores::parse(&SourceFile::new("osv-scanner.toml", text)) {
                    Ok(found) => assert!(found.advisories.iter().all(|one| one.line <= lines)),
                    Err(error) => assert!((1..=lines + 1).contains(&error.line)),
                }
            }
        }
    }
});

fn document(path: &str, bytes: &[u8]) {
    if let Some(Ok(found)) = imports::document(path, bytes) {
        // What is written is read again as the same.
        assert_eq!(
            Advisory::parse(&found.json).ok(),
            Some(found.advisory.clone())
        );
        advisory(Some(found.advisory));
    }
}

fn advisory(advisory: Option<Advisory>) {
    let Some(advisory) = advisory else {
        return;
    };
    assert!(advisory.id.is_ascii() && !advisory.id.contains(['/', ' ', '\n']));
    let score = Severity::of(&advisory, advisory.affected.first()).score;
    assert!(score.is_none_or(|score| (0.0..=10.0).contains(&score)));
    for (ecosystem, name) in [
        (Ecosystem::Go, "a"),
        (Ecosystem::Npm, "a"),
        (Ecosystem::Cargo, "a"),
    ] {
        let place = Location::whole_file("lock");
        let package = Package::new(ecosystem, name, None, place);
        for version in ["v1.0.0", "0.0.0-pre", "main"] {
            let _ = judge(&package, version, &advisory, &Mirrors::new());
        }
    }
    for (_, small) in advisory.by_package("Go") {
        let json = serde_json::to_vec(&small).unwrap();
        assert_eq!(Advisory::parse(&json).ok(), Some(small));
    }
}
