#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cofferdam_facts::SourceFile;

use super::*;
use crate::{NoFiles, Unreadable, parse};

fn read(text: &str, files: &dyn Files) -> Result<Document, crate::ParseError> {
    let file = SourceFile::new("package-lock.json", text);
    parse(Format::PackageLock, &file, files)
}

/// Written by npm 11 for one manifest in each of the three versions.
const WRITTEN: [&str; 3] = [
    include_str!("../../../tests/files/javascript/package-lock-v1.json"),
    include_str!("../../../tests/files/javascript/package-lock-v2.json"),
    include_str!("../../../tests/files/javascript/package-lock-v3.json"),
];
const MANIFEST: &str = include_str!("../../../tests/files/javascript/package.json");

#[test]
fn all_versions_say_the_same() {
    let files = |path: &str| match path {
        "package.json" => Ok(SourceFile::new(path, MANIFEST)),
        _ => Err(Unreadable::Missing),
    };
    for (text, version) in WRITTEN.iter().zip(["1", "2", "3"]) {
        let document = read(text, &files).unwrap();
        assert_eq!(document.format_version.as_deref(), Some(version));
        let shown: Vec<_> = document
            .dependencies()
            .map(|(_, p)| {
                let version = p.version.as_deref().unwrap();
                (p.name.as_str(), version, p.relation, p.scope, p.optional)
            })
            .collect();
        use Relation::{Direct, Transitive};
        assert_eq!(
            shown,
            [
                ("fsevents", "2.3.3", Direct, Scope::Runtime, true),
                ("is-number", "6.0.0", Transitive, Scope::Runtime, false),
                ("is-odd", "3.0.1", Direct, Scope::Runtime, false),
                ("left-pad", "1.3.0", Direct, Scope::Development, false),
                ("lodash", "4.17.20", Direct, Scope::Runtime, false),
            ],
            "version {version}"
        );
        assert!(document.dependencies().all(|(_, p)| p.integrity.len() == 1));
        assert_eq!(document.notes, []);
        let (at, lodash) = document.dependencies().last().unwrap();
        assert_eq!(lodash.alias.as_deref(), Some("lodash-alias"));
        assert!(
            text.lines()
                .nth(lodash.location.line - 1)
                .unwrap()
                .contains("lodash-alias")
        );
        assert_eq!(
            document.path_to(at).len(),
            if version == "1" { 1 } else { 2 }
        );
    }
}

#[test]
fn nested_packages_links_and_sources_are_followed() {
    let text = r#"{"lockfileVersion": 3, "packages": {
        "": {"name": "app", "workspaces": ["lib"], "dependencies": {"a": "^1", "lib": "*", "tar": "https://x.example/t.tgz"}},
        "lib": {"name": "@app/lib", "version": "0.1.0", "dependencies": {"b": "^2"}},
        "node_modules/@app/lib": {"resolved": "lib", "link": true},
        "node_modules/lib": {"resolved": "lib", "link": true},
        "node_modules/a": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "dependencies": {"b": "^1", "in": "1"}},
        "node_modules/a/node_modules/b": {"version": "1.0.0", "hasInstallScript": true, "deprecated": "no"},
        "node_modules/a/node_modules/in": {"version": "1.0.0", "inBundle": true},
        "node_modules/b": {"version": "2.0.0", "resolved": "git+ssh://git@github.com/x/b.git#0123456789012345678901234567890123456789"},
        "node_modules/tar": {"version": "1.0.0", "resolved": "https://x.example/t.tgz"}
    }}"#;
    let document = read(text, &NoFiles).unwrap();
    let find = |name: &str, version: &str| {
        let all = document.packages.iter();
        all.clone()
            .position(|p| p.name == name && p.version.as_deref() == Some(version))
            .unwrap()
    };
    let shown = |at: usize| {
        let path = document.path_to(at);
        let names = path.iter().filter_map(|at| document.packages.get(*at));
        names
            .map(|p| p.name.as_str())
            .collect::<Vec<_>>()
            .join(" > ")
    };
    assert_eq!(shown(find("b", "1.0.0")), "app > a > b");
    assert_eq!(shown(find("b", "2.0.0")), "@app/lib > b");
    let word = |name: &str, version: &str| {
        document
            .packages
            .get(find(name, version))
            .unwrap()
            .source
            .word()
    };
    assert_eq!(word("b", "2.0.0"), "git");
    assert_eq!(word("tar", "1.0.0"), "url");
    assert_eq!(word("in", "1.0.0"), "bundled");
    assert_eq!(word("a", "1.0.0"), "registry");
    let b = document.packages.get(find("b", "1.0.0")).unwrap();
    assert_eq!((b.install_script, b.deprecated), (Some(true), true));
    assert_eq!(document.notes, []);
}

#[test]
fn cycles_end() {
    let text = r#"{"lockfileVersion": 3, "packages": {
        "node_modules/a": {"version": "1.0.0", "dependencies": {"b": "1"}},
        "node_modules/b": {"version": "1.0.0", "dependencies": {"a": "1"}}}}"#;
    let document = read(text, &NoFiles).unwrap();
    assert_eq!(document.path_to(0), [0]);
    assert_eq!(document.path_to(9), [9]);
    assert_eq!(
        document.packages.first().unwrap().relation,
        Relation::Unknown
    );
}

#[test]
fn bad_files_are_told_with_their_line() {
    let cases = [
        ("{\"lockfileVersion\": 4}", "line 1, column 21: version `4`"),
        (
            "{\n\"lockfileVersion\": \"broken\"}",
            "line 2, column 20: version `\"broken\"`",
        ),
        ("[]", "expected an object"),
        (
            "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/a\": 1}}",
            "column 55",
        ),
        (
            "{\"lockfileVersion\": 3, \"packages\": {\"node_modules/a\": {}",
            "no valid JSON",
        ),
        ("{\"a\": 1, \"a\": 2}", "said differently in line 1"),
        ("{\n<<<<<<< HEAD\n", "line 2, column 1: a merge"),
    ];
    for (text, expected) in cases {
        let error = read(text, &NoFiles).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
