//! Files that are built to be slow, large or deep end early, and say why.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use cofferdam_facts::SourceFile;
use cofferdam_lockfiles::{Document, Format, NoFiles, ParseError, Problem, parse};

fn read(format: Format, text: String) -> Result<Document, ParseError> {
    parse(format, &SourceFile::new("lockfile", text), &NoFiles)
}

fn is_too_large(read: Result<Document, ParseError>) -> bool {
    matches!(read.unwrap_err().problem(), Problem::TooLarge { .. })
}

/// `count` times what `piece` gives.
fn many(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect()
}

#[test]
fn many_packages_of_one_name_are_not_tried_in_all_ways() {
    let count = 6_000;
    let package = |extra: &str| {
        let source = "source = { registry = \"https://pypi.org/simple\" }";
        format!("[[package]]\nname = \"a\"\nversion = \"1\"\n{source}\n{extra}\n")
    };
    let needs = format!(
        "dependencies = [{}]",
        many(count, |_| "{name = \"a\"},".to_owned())
    );
    let text = format!(
        "version = 1\n{}{}",
        package(&needs),
        many(count, |_| package(""))
    );
    assert!(is_too_large(read(Format::UvLock, text)));

    let needs = format!(
        "dependencies = [{}]",
        many(count, |_| "\"a 1.0.0 (registry+x)\",".to_owned())
    );
    let package =
        |extra: &str| format!("[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n{extra}\n");
    let text = format!(
        "version = 4\n{}{}",
        package(&needs),
        many(count, |_| package(""))
    );
    assert!(is_too_large(read(Format::CargoLock, text)));

    let text = format!(
        "GEM\n  specs:\n{}DEPENDENCIES\n{}",
        many(count, |_| "    a (1)\n".to_owned()),
        many(count, |_| "  a\n".to_owned())
    );
    assert!(is_too_large(read(Format::GemfileLock, text)));
}

#[test]
fn a_long_way_up_is_not_gone_for_ever() {
    let path = many(60, |_| "node_modules/a/".to_owned());
    let path = path.trim_end_matches('/');
    let needs = many(200_000, |at| format!("\"x{at}\":\"1\","));
    let text = format!(
        "{{\"lockfileVersion\":3,\"packages\":{{\"{path}\":{{\"version\":\"1\",\"dependencies\":{{{}}}}}}}}}",
        needs.trim_end_matches(',')
    );
    assert!(is_too_large(read(Format::PackageLock, text)));
}

#[test]
fn one_module_with_many_checksums_ends() {
    let sum = |at: usize| format!("m v1.0.0 h1:{at:0>43}=\n");
    assert!(is_too_large(read(Format::GoSum, many(5_000, sum))));
    let replace = many(5_000, |at| format!("replace a/b v1.0.{at} => c/d v1.0.0\n"));
    let require = many(5_000, |at| format!("require a/b v2.0.{at}\n"));
    assert!(is_too_large(read(
        Format::GoMod,
        format!("module m\n{replace}{require}")
    )));
}

#[test]
fn small_values_in_a_large_file_are_counted() {
    let list = "[],".repeat(2_000_000);
    for format in [Format::PackageLock, Format::BunLock] {
        assert!(is_too_large(read(format, format!("{{\"a\":[{list}[]]}}"))));
    }
    assert!(is_too_large(read(
        Format::UvLock,
        format!("a = [{list}[]]\n")
    )));
    assert!(is_too_large(read(
        Format::MixLock,
        format!("[{}]", "1 ".repeat(4_000_000))
    )));
    assert!(is_too_large(read(Format::GoSum, "\n".repeat(2_000_000))));
}

#[test]
fn names_of_others_stay_data() {
    let name = "a\\u001b[31m\\r\\n::error::x\\u202e";
    let text = format!(
        "{{\"lockfileVersion\":3,\"packages\":{{\"node_modules/{name}\":{{\"version\":\"1\\n2\"}}}}}}"
    );
    let document = read(Format::PackageLock, text).unwrap();
    let package = document.packages.first().unwrap();
    assert!(package.name.contains('\u{1b}') && package.name.contains('\u{202e}'));
    let purl = package.purl().unwrap();
    assert!(
        purl.is_ascii() && !purl.contains(char::is_control),
        "{purl:?}"
    );
}

#[test]
fn a_ring_of_packages_is_a_ring() {
    let count = 2_000;
    let mut text = String::from("version = 4\n");
    for at in 0..count {
        let next = (at + 1) % count;
        let source = "source = \"registry+https://x\"";
        writeln!(text, "[[package]]\nname = \"p{at}\"\nversion = \"1.0.0\"\n{source}\ndependencies = [\"p{next}\"]").unwrap();
    }
    let document = read(Format::CargoLock, text).unwrap();
    assert_eq!(document.packages.len(), count);
    for at in [0, 1, count - 1] {
        assert_eq!(document.path_to(at), [at]);
    }
}
