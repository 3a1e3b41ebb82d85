#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Read as _;

use flate2::read::GzDecoder;
use proptest::prelude::*;

use super::super::testing::{edges, purls, run};
use super::*;

/// Written by rpm 4.18: fifteen packages of our own, of which one was removed,
/// and one whose header goes on over many pages.
fn database() -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = include_bytes!("../../../tests/data/rpmdb.sqlite.gz").as_slice();
    GzDecoder::new(packed)
        .take(1 << 20)
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

const PATH: &str = "usr/lib/sysimage/rpm/rpmdb.sqlite";

#[test]
fn a_database_that_rpm_wrote_is_read() {
    let found = run(&CATALOGUER, PATH, &database()).unwrap();
    let mut all = purls(&found);
    all.sort();
    assert_eq!(all.len(), 14);
    for expected in [
        "pkg:rpm/base-files@12-1.el9?arch=noarch&upstream=base-files-12-1.el9.src.rpm",
        "pkg:rpm/openssl-libs@3.0.7-24.el9?arch=noarch&epoch=1&upstream=openssl-libs-3.0.7-24.el9.src.rpm",
        "pkg:rpm/big@1-1?arch=noarch&upstream=big-1-1.src.rpm",
        "pkg:rpm/extra12@1.12-1?arch=noarch&upstream=extra12-1.12-1.src.rpm",
    ] {
        assert!(
            all.iter().any(|purl| purl == expected),
            "{expected}: {all:#?}"
        );
    }
    assert!(!all.iter().any(|purl| purl.contains("extra3@")));
    let mut edges = edges(&found);
    edges.sort_unstable();
    assert_eq!(
        edges,
        [("big", "openssl-libs"), ("openssl-libs", "base-files")]
    );
    let big = found
        .items
        .iter()
        .find(|item| item.package.name == "big")
        .unwrap();
    assert_eq!(big.package.licences, ["MIT AND BSD"]);
    assert_eq!(big.package.supplier.as_deref(), Some("Example Project"));
}

#[test]
fn what_is_not_read_is_named() {
    let old = run(&CATALOGUER, "var/lib/rpm/Packages", b"\0").unwrap_err();
    assert!(matches!(old, Unread::Format { what } if what.contains("Berkeley DB")));
    let open = run(&CATALOGUER, "var/lib/rpm/rpmdb.sqlite-wal", b"x").unwrap_err();
    assert!(matches!(open, Unread::Format { what } if what.contains("write-ahead log")));
    assert!(
        run(&CATALOGUER, "var/lib/rpm/rpmdb.sqlite-wal", b"")
            .unwrap()
            .items
            .is_empty()
    );
    let cut = database();
    assert!(run(&CATALOGUER, PATH, cut.get(..cut.len() / 2).unwrap()).is_err());
}

/// One package in the layout of `ndb`, with a place that is free before it.
fn ndb(blob: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let mut put = |at: usize, part: &[u8]| {
        bytes
            .get_mut(at..at + part.len())
            .unwrap()
            .copy_from_slice(part);
    };
    put(0, b"RpmP");
    put(12, &1_u32.to_le_bytes());
    put(32, b"Slot");
    put(48, b"Slot");
    put(52, &7_u32.to_le_bytes());
    put(56, &256_u32.to_le_bytes());
    put(
        60,
        &(u32::try_from(blob.len().div_ceil(16)).unwrap() + 2).to_le_bytes(),
    );
    bytes.extend(b"BlbS");
    bytes.extend(7_u32.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(u32::try_from(blob.len()).unwrap().to_le_bytes());
    bytes.extend(blob);
    bytes
}

#[test]
fn the_database_of_suse_is_read() {
    let mut headers = Vec::new();
    let bytes = database();
    let limits = crate::Limits::default();
    let mut content = std::io::Cursor::new(&bytes);
    let size = bytes.len() as u64;
    let mut file = Opened::new(
        PATH,
        size,
        &mut content,
        super::super::file::NOTHING,
        &limits,
    );
    sqlite::blobs(&mut file, "Packages", &mut |blob| {
        headers.push(blob.to_vec());
        Ok(())
    })
    .unwrap();
    // Both databases keep the same header of a package.
    let wrapped = ndb(headers.first().unwrap());
    let found = run(&CATALOGUER, "usr/lib/sysimage/rpm/Packages.db", &wrapped).unwrap();
    assert_eq!(found.items.len(), 1);
    let cut = wrapped.get(..wrapped.len() - 20).unwrap();
    assert!(run(&CATALOGUER, "usr/lib/sysimage/rpm/Packages.db", cut).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_damaged_database_is_refused_or_read_and_ends(at in 0_usize..331_776, with in 1_u8..) {
        let mut bytes = database();
        if let Some(byte) = bytes.get_mut(at) { *byte ^= with; }
        let _ = run(&CATALOGUER, PATH, &bytes);
    }

    #[test]
    fn no_header_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Header::read(&bytes);
    }
}
