//! Lockfiles that the tools of JavaScript wrote for one `package.json`: npm 11 in
//! its three versions, Yarn 1.22 and 4, pnpm 7, 8 and 10, Bun 1.3. All say the same.
#![expect(
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use cofferdam_facts::SourceFile;
use cofferdam_lockfiles::{Format, NoFiles, Package, Relation, Scope, Unreadable, parse};

const MANIFEST: &str = include_str!("files/javascript/package.json");

const WRITTEN: &[(Format, &str, &str)] = &[
    (
        Format::PackageLock,
        "1",
        include_str!("files/javascript/package-lock-v1.json"),
    ),
    (
        Format::PackageLock,
        "2",
        include_str!("files/javascript/package-lock-v2.json"),
    ),
    (
        Format::PackageLock,
        "3",
        include_str!("files/javascript/package-lock-v3.json"),
    ),
    (
        Format::YarnLock,
        "1",
        include_str!("files/javascript/yarn-1.lock"),
    ),
    (
        Format::YarnLock,
        "10",
        include_str!("files/javascript/yarn-4.lock"),
    ),
    (
        Format::PnpmLock,
        "5.4",
        include_str!("files/javascript/pnpm-lock-5.4.yaml"),
    ),
    (
        Format::PnpmLock,
        "6.0",
        include_str!("files/javascript/pnpm-lock-6.0.yaml"),
    ),
    (
        Format::PnpmLock,
        "9.0",
        include_str!("files/javascript/pnpm-lock-9.0.yaml"),
    ),
    (
        Format::BunLock,
        "2",
        include_str!("files/javascript/bun.lock"),
    ),
];

#[test]
fn every_tool_says_the_same() {
    let files = |path: &str| match path {
        "web/package.json" => Ok(SourceFile::new(path, MANIFEST)),
        _ => Err(Unreadable::Missing),
    };
    let expected = [
        (
            "fsevents",
            "2.3.3",
            Relation::Direct,
            Scope::Runtime,
            true,
            "",
        ),
        (
            "is-number",
            "6.0.0",
            Relation::Transitive,
            Scope::Runtime,
            false,
            "",
        ),
        (
            "is-odd",
            "3.0.1",
            Relation::Direct,
            Scope::Runtime,
            false,
            "",
        ),
        (
            "left-pad",
            "1.3.0",
            Relation::Direct,
            Scope::Development,
            false,
            "",
        ),
        (
            "lodash",
            "4.17.20",
            Relation::Direct,
            Scope::Runtime,
            false,
            "lodash-alias",
        ),
    ];
    for (format, version, text) in WRITTEN {
        let file = SourceFile::new("web/lockfile", *text);
        let document = parse(*format, &file, &files).unwrap();
        let name = format!("{} {version}", format.name());
        assert_eq!(document.format_version.as_deref(), Some(*version), "{name}");
        let wanted = |name: &str| expected.iter().any(|row| row.0 == name);
        let mut rows: Vec<_> = document
            .dependencies()
            .filter(|(_, package)| wanted(&package.name))
            .map(|(_, p)| {
                let version = p.version.as_deref().unwrap();
                let alias = p.alias.as_deref().unwrap_or("");
                (
                    p.name.as_str(),
                    version,
                    p.relation,
                    p.scope,
                    p.optional,
                    alias,
                )
            })
            .collect();
        rows.sort_unstable_by_key(|row| row.0);
        assert_eq!(rows, expected, "{name}");
        for (at, package) in document.dependencies() {
            assert_eq!(package.source.word(), "registry", "{name} {}", package.name);
            // Yarn locks what other platforms alone need without fetching it.
            if wanted(&package.name) {
                assert_eq!(package.integrity.len(), 1, "{name} {}", package.name);
            }
            let line = text.lines().nth(package.location.line - 1).unwrap();
            let called = package.alias.as_ref().unwrap_or(&package.name);
            assert!(
                line.contains(called) || line.contains(&package.name),
                "{name} {line}"
            );
            if package.name == "is-number" {
                let path = document.path_to(at);
                let above = path
                    .iter()
                    .rev()
                    .nth(1)
                    .and_then(|at| document.packages.get(*at));
                assert_eq!(above.unwrap().name, "is-odd", "{name}");
            }
        }
        assert_eq!(document.notes, [], "{name}");
    }
}

#[test]
fn line_ends_and_marks_of_other_systems_change_nothing() {
    let python = [
        (Format::UvLock, include_str!("files/python/uv.lock")),
        (Format::Pylock, include_str!("files/python/pylock.toml")),
        (
            Format::PipfileLock,
            include_str!("files/python/Pipfile.lock"),
        ),
        (
            Format::Requirements,
            include_str!("files/python/requirements.txt"),
        ),
    ];
    let all = WRITTEN.iter().map(|(format, _, text)| (*format, *text));
    for (format, text) in all.chain(python) {
        let rows = |text: String| {
            let document = parse(format, &SourceFile::new("lockfile", text), &NoFiles).unwrap();
            let packages = document.packages.into_iter();
            let row = |p: Package| (p.name, p.version, p.integrity, p.requirers, p.location.line);
            packages.map(row).collect::<Vec<_>>()
        };
        let plain = rows(text.to_owned());
        assert!(plain.len() > 3);
        assert_eq!(rows(text.replace('\n', "\r\n")), plain, "{}", format.name());
        assert_eq!(rows(format!("\u{feff}{text}")), plain, "{}", format.name());
    }
}

#[test]
fn a_file_that_is_cut_off_is_no_shorter_list() {
    for (format, version, text) in WRITTEN {
        // Lines can end anywhere; in brackets and strings nothing can.
        if !matches!(format, Format::PackageLock | Format::BunLock) {
            continue;
        }
        let end = text.trim_end().len();
        for length in (0..end).step_by(7) {
            let file = SourceFile::new("lockfile", &text[..length]);
            let read = parse(*format, &file, &NoFiles);
            assert!(read.is_err(), "{} {version} {length}", format.name());
        }
    }
}
