#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

/// One ascending line for each scheme, from the documents that the files name.
const ASCENDING: &[(Scheme, &str)] = &[
    (
        Scheme::Semver,
        "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.10.0",
    ),
    (
        Scheme::Semver,
        "v0.0.0-20190101000000-abcdefabcdef v0.1.0 v1.0.0+incompatible v1.0.1",
    ),
    (Scheme::Pub, "1.0.0-pre 1.0.0 1.0.0+1 1.0.0+2 1.0.0+a"),
    (
        Scheme::PyPi,
        "bulbasaur 1.dev0 1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345.dev456 1.0b2.post345 1.0rc1.dev456 1.0rc1 1.0 1.0+abc.5 1.0+abc.7 1.0+5 1.0.post456.dev34 1.0.post456 1.0.15 1.1.dev1 1!0.1",
    ),
    (
        Scheme::RubyGems,
        "1.0.a.9 1.0.a.10 1.0.b1 1.0 1.0.1 1.2-1 1.2 1.10",
    ),
    (
        Scheme::Maven,
        "1-alpha 1-beta 1-milestone 1-rc 1-snapshot 1 1-sp 1-abc 1-1 1.1",
    ),
    (
        Scheme::NuGet,
        "1.0.0-alpha 1.0.0-BETA 1.0.0-rc.2 1.0.0-rc.10 1.0.0 1.0.0.1 1.0.1",
    ),
    (
        Scheme::Packagist,
        "dev-foo 1.0-dev 1.0a1 1.0b1 1.0RC1 1.0 1.0pl1 1.1",
    ),
    (
        Scheme::Debian,
        "1.0~rc1-1 1.0-1~deb12u1 1.0-1 1.0-1+b1 1.0-1.1 1.0+dfsg-1 1:0.1-1",
    ),
    (
        Scheme::Alpine,
        "1.0_alpha 1.0_beta2 1.0_rc1 1.0-r0 1.0-r10 1.0_git1 1.0_p1 1.0a 1.0.1",
    ),
    (
        Scheme::Rpm,
        "1.0~rc1-1 1.0-1 1.0-2.el9 1.0^git1-1 1.0.1-1 1:0.1-1",
    ),
    (Scheme::Cran, "0.9 0.75 0.75-1 1.0.0 1.0.0.1"),
    (Scheme::Hackage, "0.11.3.0 1.0 1.0.0 1.0.1"),
];

#[test]
fn orders_are_those_of_the_documents() {
    for (scheme, line) in ASCENDING {
        let versions: Vec<&str> = line.split(' ').collect();
        for (at, a) in versions.iter().enumerate() {
            for (other, b) in versions.iter().enumerate() {
                assert_eq!(scheme.compare(a, b), at.cmp(&other), "{scheme:?}: {a} {b}");
            }
        }
    }
}

/// The fixtures of the project that scans for OSV, one comparison a line. They lie
/// beside the repository and are not copied into it.
const FIXTURES: &[(&str, Scheme)] = &[
    ("alpine", Scheme::Alpine),
    ("cran", Scheme::Cran),
    ("debian", Scheme::Debian),
    ("hackage", Scheme::Hackage),
    ("maven", Scheme::Maven),
    ("nuget", Scheme::NuGet),
    ("packagist", Scheme::Packagist),
    ("pub", Scheme::Pub),
    ("pypi", Scheme::PyPi),
    ("redhat", Scheme::Rpm),
    ("rubygems", Scheme::RubyGems),
    ("semver", Scheme::Semver),
];

#[test]
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test reads its own files, and says what it has not checked"
)]
fn every_line_of_the_fixtures_holds() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/osv-semantic");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("not checked: {} is not there", folder.display());
        return;
    };
    let mut lines = 0;
    let mut wrong = Vec::new();
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let start = name.split('-').next().unwrap();
        let (_, scheme) = FIXTURES
            .iter()
            .find(|(fixture, _)| *fixture == start)
            .unwrap();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
                continue;
            }
            let words: Vec<&str> = line.split(' ').collect();
            let [a, sign, b] = words.as_slice() else {
                unreachable!("three words, not {line}");
            };
            let expected = match *sign {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                _ => Ordering::Greater,
            };
            lines += 1;
            if scheme.compare(a, b) != expected || scheme.compare(b, a) != expected.reverse() {
                wrong.push(format!("{name}: {line}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(lines > 70_000, "{lines} lines");
}

#[test]
fn ecosystems_have_their_schemes() {
    assert_eq!(Scheme::of_osv("Debian:12"), Some(Scheme::Debian));
    assert_eq!(Scheme::of_osv("Alpine:v3.20"), Some(Scheme::Alpine));
    assert_eq!(Scheme::of(Ecosystem::Cargo), Some(Scheme::Semver));
    assert_eq!(Scheme::of(Ecosystem::GitHubActions), None);
    for ecosystem in Ecosystem::ALL {
        let uncompared = [Ecosystem::Conan, Ecosystem::GitHubActions];
        if ecosystem.osv_name().is_some() && !uncompared.contains(ecosystem) {
            assert!(Scheme::of(*ecosystem).is_some(), "{ecosystem}");
        }
    }
}

#[test]
fn what_is_no_version_is_told() {
    use Scheme::{Maven, Packagist, PyPi, Semver};
    for (scheme, text, expected) in [
        (Semver, "1.2.3", true),
        (Semver, "v1.2.3-rc.1+x", true),
        (Semver, "main", false),
        (Semver, "1.x", false),
        (Semver, "", false),
        (Semver, "^1.2.3", false),
        (Semver, "1.0.0 || 2", false),
        (PyPi, "1.0rc1", true),
        (PyPi, "trunk", false),
        (Packagist, "v1.2.3", true),
        (Packagist, "dev-main", false),
        (Packagist, "2.x-dev", false),
        (Maven, "r09", true),
        (Maven, "${x}", false),
    ] {
        assert_eq!(scheme.is_version(text), expected, "{scheme:?} {text}");
    }
}

const ALL: [Scheme; 12] = [
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

proptest! {
    #[test]
    fn every_order_is_one(a in "[0-9a-c.~^_:+!r-]{0,12}", b in "[0-9a-c.~^_:+!r-]{0,12}", c in "\\PC{0,6}") {
        for scheme in ALL {
            prop_assert_eq!(scheme.compare(&a, &a), Ordering::Equal);
            prop_assert_eq!(scheme.compare(&a, &b), scheme.compare(&b, &a).reverse(), "{:?}", scheme);
            let _ = (scheme.compare(&a, &c), scheme.is_version(&c));
        }
    }
}
