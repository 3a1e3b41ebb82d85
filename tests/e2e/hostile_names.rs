//! Names that would act on a terminal, a log or a page.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::sandbox::{BAD, CLEAN, Sandbox};

const NAMES: &[&str] = &[
    "\u{1b}[2J\u{1b}[31mred.yml",
    "line\nbreak.yml",
    "x\n::error file=a::pwned.yml",
    "##[add-mask]x.yml",
    "\u{202e}gnp.yml",
    "<img src=x onerror=alert(1)>.yml",
    "`](javascript:alert(1)).yml",
    " ; rm -rf $(pwd) '.yml",
    "-.yml",
];

#[test]
fn names_from_the_checkout_are_only_shown() {
    let sandbox = Sandbox::new();
    for name in NAMES {
        sandbox.write(&format!(".github/workflows/{name}"), BAD);
        sandbox.write(&format!(".github/workflows/bad-{name}"), "on: [\n");
    }
    sandbox.commit();
    let expected = sandbox.report(&["."]).files();
    assert_eq!(expected, 2 * NAMES.len() as u64);
    for format in ["human", "json", "sarif", "github", "markdown"] {
        for source in [&["."][..], &["--rev=HEAD", "."]] {
            let mut args = vec!["--all", "--format", format];
            args.extend(source);
            let ran = sandbox.audit(&args);
            let raw = |c: char| c.is_control() && c != '\n';
            assert!(!ran.out.contains(raw), "{format}");
            assert!(!ran.out.contains('\u{202e}'), "{format}");
            assert!(!ran.out.contains("##["), "{format}");
            let injected = |line: &str| line.trim_start().starts_with("::error file=a::");
            assert!(!ran.out.lines().any(injected), "{format}: {}", ran.out);
            if format == "markdown" {
                for line in ran.out.lines() {
                    let before = line.split("<img").next().unwrap();
                    let in_code = before.matches('`').count() % 2 == 1;
                    assert!(in_code || before == line, "{line}");
                }
            }
        }
    }
}

#[test]
fn a_hostile_path_in_an_error_is_only_shown() {
    let sandbox = Sandbox::with(CLEAN);
    let ran = sandbox.audit(&["x\u{1b}[31m\n::error::pwned"]);
    assert_eq!(ran.code, 2);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
    assert!(
        !ran.err.lines().any(|line| line.starts_with("::")),
        "{}",
        ran.err
    );
    let ran = sandbox.audit(&["--rev", "x\u{1b}[31m\n::error::pwned", "."]);
    assert_eq!(ran.code, 2);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
}

#[test]
fn a_name_that_is_not_utf8_is_told() {
    let sandbox = Sandbox::with(CLEAN);
    let folder = sandbox.path(".github/workflows");
    fs::write(folder.join(OsStr::from_bytes(b"caf\xe9.yml")), BAD).unwrap();
    assert_eq!(sandbox.report(&["."]).codes(), ["path-not-utf8"]);
    sandbox.commit();
    assert_eq!(sandbox.report(&["."]).codes(), ["path-not-utf8"]);
    let report = sandbox.report(&["--rev=HEAD", "."]);
    assert_eq!(
        (report.code, report.codes()),
        (3, vec!["path-not-utf8".to_owned()])
    );
}
