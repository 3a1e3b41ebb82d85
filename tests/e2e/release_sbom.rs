//! `cofferdam release sbom` as a user meets it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::sandbox::Sandbox;

fn project() -> Sandbox {
    let sandbox = Sandbox::with(
        "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n",
    );
    sandbox.write(
        "Cargo.lock",
        "version = 4\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"libc\"]\n\n\
         [[package]]\nname = \"libc\"\nversion = \"0.2.1\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\n",
    );
    sandbox.write(
        "rootfs/var/lib/dpkg/status",
        "Package: tzdata\nStatus: install ok installed\nVersion: 2024a+x-0\nArchitecture: all\n\
         Maintainer: A Team (x) <a@example.org>\nHomepage: x\n\n",
    );
    sandbox.write(
        "rootfs/etc/os-release",
        "ID=debian\nVERSION_ID=12\nPRETTY_NAME='Debian 12'\n",
    );
    sandbox.write(
        "web/node_modules/@a/b/package.json",
        r#"{"name":"@a/b","version":"1.0.0","license":"(MIT OR Apache-2.0)","dependencies":{"c":"*"}}"#,
    );
    sandbox.write(
        "web/node_modules/c/package.json",
        r#"{"name":"c","version":"2.0.0","license":"SEE LICENSE IN x.md"}"#,
    );
    sandbox.write(
        "py/x-1.dist-info/METADATA",
        "Name: X\nVersion: 1\nLicense: BSD\nAuthor-email: Somebody <s@example.org>, Other\n",
    );
    sandbox.write("chart/Chart.yaml", "name: web\nversion: 1.0.0\n");
    sandbox
}

/// Judges documents by the validators of the formats' own authors.
fn judged(files: &[&Path]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/peers/sbom/venv/bin/python");
    assert!(
        python.is_file(),
        "run `cargo xtask test` once, which installs tests/peers/sbom"
    );
    let output = Command::new(python)
        .arg(root.join("tests/peers/sbom/validate.py"))
        .args(files)
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{error}");
}

#[test]
fn both_formats_are_what_their_authors_validators_take() {
    let sandbox = project();
    let mut files = Vec::new();
    for (which, ending) in [("none", "plain"), ("evidence", "evidence"), ("all", "all")] {
        for (format, kind) in [("spdx-json", "spdx"), ("cyclonedx-json", "cdx")] {
            let path = sandbox.outside().join(format!("{ending}.{kind}.json"));
            let ran = sandbox.run(&[
                "release",
                "sbom",
                ".",
                "--format",
                format,
                "--files",
                which,
                "--output",
                path.to_str().unwrap(),
            ]);
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
            files.push(path);
        }
    }
    let files: Vec<&Path> = files.iter().map(std::path::PathBuf::as_path).collect();
    judged(&files);
    // The validators see what is wrong.
    let broken = sandbox.outside().join("broken.spdx.json");
    let text = std::fs::read_to_string(files[0]).unwrap();
    std::fs::write(&broken, text.replace("\"CONTAINS\"", "\"HOLDS\"")).unwrap();
    assert!(std::panic::catch_unwind(|| judged(&[&broken])).is_err());
}

#[test]
fn packages_of_every_kind_are_in_one_document() {
    let sandbox = project();
    let ran = sandbox.run(&["release", "sbom", "."]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let spdx: Value = serde_json::from_str(&ran.out).unwrap();
    let purls: Vec<&str> = spdx["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["externalRefs"][0]["referenceLocator"].as_str())
        .collect();
    assert_eq!(
        purls,
        [
            "pkg:cargo/app@0.1.0",
            "pkg:cargo/libc@0.2.1",
            "pkg:deb/debian/tzdata@2024a%2Bx-0?arch=all&distro=debian-12",
            "pkg:github/actions/checkout@v4",
            "pkg:helm/web@1.0.0",
            "pkg:npm/%40a/b@1.0.0",
            "pkg:npm/c@2.0.0",
            "pkg:pypi/x@1",
        ]
    );
    assert_eq!(ran.out, sandbox.run(&["release", "sbom", "."]).out);
}

#[test]
fn what_could_not_be_read_is_named_and_ends_with_3() {
    let sandbox = project();
    sandbox.write("web/node_modules/d/package.json", "{");
    sandbox.write("go/go.mod", "<<<<<<< HEAD\n");
    let ran = sandbox.run(&["release", "sbom", ".", "--format", "cyclonedx-json"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.err.contains("web/node_modules/d/package.json"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("go/go.mod"), "{}", ran.err);
    let bom: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(bom["compositions"][0]["aggregate"], "incomplete");
    assert_eq!(bom["metadata"]["properties"].as_array().unwrap().len(), 2);
    let args = [
        "release",
        "sbom",
        ".",
        "--exclude",
        "./web/",
        "--exclude",
        "go",
    ];
    let ran = sandbox.run(&args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("left out: web"));
}

#[test]
fn wrong_use_is_said_and_ends_with_2() {
    let sandbox = project();
    sandbox.write("text", "just a text\n");
    for args in [
        vec!["release", "sbom"],
        vec!["release", "sbom", "text"],
        vec!["release", "sbom", ".", "--created", "yesterday"],
        vec!["release", "sbom", ".", "--format", "xml"],
    ] {
        let ran = sandbox.run(&args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty());
    }
    let ran = sandbox.run_with(
        &["release", "sbom", "."],
        &[("SOURCE_DATE_EPOCH", "x")],
        b"",
    );
    assert_eq!(ran.code, 2);
    let ran = sandbox.run(&["release", "sbom", "127.0.0.1:9/o/app:1"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("no answer came"), "{}", ran.err);
    let ran = sandbox.run(&["release", "sbom", "nowhere"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
}

#[test]
fn the_time_is_the_callers() {
    let sandbox = project();
    let epoch = [("SOURCE_DATE_EPOCH", "1700000000")];
    let ran = sandbox.run_with(&["release", "sbom", "."], &epoch, b"");
    assert!(ran.out.contains("\"created\": \"2023-11-14T22:13:20Z\""));
    let args = [
        "release",
        "sbom",
        ".",
        "--created",
        "2026-01-31T12:00:00+01:00",
    ];
    let ran = sandbox.run_with(&args, &epoch, b"");
    assert!(ran.out.contains("\"created\": \"2026-01-31T11:00:00Z\""));
}

/// Go writes what it was built from into the program: a real one is at hand
/// wherever the tests can build servers of Go.
#[test]
fn a_program_that_go_built_names_its_modules() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/registry/registry");
    assert!(
        program.is_file(),
        "run `cargo xtask test` once, which builds tests/peers/registry"
    );
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["release", "sbom", program.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let version = Command::new("go")
        .args(["version", "-m"])
        .arg(&program)
        .output()
        .unwrap();
    let text = String::from_utf8(version.stdout).unwrap();
    let mut count = 0;
    for line in text.lines().filter(|line| line.starts_with("\tdep\t")) {
        let mut words = line.split('\t').skip(2);
        let (path, version) = (words.next().unwrap(), words.next().unwrap());
        let name = path.rsplit('/').next().unwrap();
        let purl = format!("{name}@{}", version.replace('+', "%2B"));
        assert!(ran.out.contains(&purl), "{path} {version}");
        count += 1;
    }
    assert!(count > 5 && ran.out.contains("pkg:golang/stdlib@"));
}
