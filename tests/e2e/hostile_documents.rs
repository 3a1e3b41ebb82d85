//! Documents that are made to break a parser, its memory or its patience.

use std::fs::File;

use crate::sandbox::{BAD, CLEAN, Sandbox};

/// The file is not clean, and the rest of the checkout is still judged.
fn assert_not_clean(name: &str, content: impl AsRef<[u8]>) {
    let sandbox = Sandbox::with(content);
    sandbox.write(".github/workflows/other.yml", BAD);
    let report = sandbox.report(&[".", "--fail-on", "none"]);
    assert_eq!(report.code, 3, "{name}: {:?}", report.codes());
    let paths = report.paths();
    assert!(
        paths.contains(".github/workflows/other.yml"),
        "{name}: {paths:?}"
    );
}

#[test]
fn an_alias_bomb_is_not_expanded() {
    let mut bomb =
        String::from("on: push\nx0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..40 {
        let below = format!("*x{}", level - 1);
        let row = [below.as_str(); 9].join(", ");
        bomb.push_str(&format!("x{level}: &x{level} [{row}]\n"));
    }
    bomb.push_str("jobs: *x39\n");
    assert_not_clean("alias bomb", bomb);
}

#[test]
fn ten_thousand_levels_do_not_overflow_the_stack() {
    let depth = 10_000;
    assert_not_clean(
        "flow sequences",
        format!("on: push\njobs: {}", "[".repeat(depth)),
    );
    assert_not_clean(
        "flow mappings",
        format!("on: push\njobs: {}", "{a: ".repeat(depth)),
    );
    let mut block = String::from("on: push\njobs:\n");
    for level in 1..1500 {
        block.push_str(&format!("{}a:\n", " ".repeat(level)));
    }
    assert_not_clean("block mappings", block);
    assert_not_clean(
        "sequences",
        format!("on: push\njobs:\n  {}", "- ".repeat(depth)),
    );
    let condition = format!(
        "on: push\njobs:\n  a:\n    if: ${{{{ {}1{} }}}}\n    runs-on: x\n    steps: []\n",
        "(".repeat(depth),
        ")".repeat(depth)
    );
    // Whether it is judged or refused: it must end, and without a signal.
    let ran = Sandbox::with(condition).audit(&["."]);
    assert!((0..=3).contains(&ran.code));
    let script = format!(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          {}\n",
        "$(".repeat(depth)
    );
    assert!((0..=3).contains(&Sandbox::with(script).audit(&["."]).code));
    let pipes = format!(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          {}\n",
        "a | ".repeat(depth)
    );
    assert!((0..=3).contains(&Sandbox::with(pipes).audit(&["."]).code));
}

#[test]
fn a_file_of_100_mb_is_not_read() {
    let sandbox = Sandbox::with(CLEAN);
    let path = sandbox.write(".github/workflows/huge.yml", "");
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(100 * 1024 * 1024)
        .unwrap();
    sandbox.write("Dockerfile", vec![b'#'; 5 * 1024 * 1024]);
    let report = sandbox.report(&["."]);
    assert_eq!(report.code, 3);
    let too_large = report
        .codes()
        .iter()
        .filter(|code| *code == "too-large")
        .count();
    assert_eq!(too_large, 2, "{:?}", report.codes());

    let input = vec![b' '; 100 * 1024 * 1024];
    let day = crate::sandbox::day();
    let ran = sandbox.run_with(&["audit", "-", "--date", &day], &[], &input);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("too-large"), "{}", ran.out);
}

#[test]
fn a_file_just_below_the_limit_takes_bounded_time() {
    let filling: [(&str, &str); 6] = [
        ("comments", "# x\n"),
        ("keys", "k: v\n"),
        ("flow", "- [a, b, {c: d}]\n"),
        ("quotes", "- \"\\u0041\\\n  b\"\n"),
        ("anchors", "- &a b\n"),
        ("expressions", "- ${{ a.b[c] && 'd' }}\n"),
    ];
    for (name, line) in filling {
        let text = format!("on: push\nx:\n{}", line.repeat(2_000_000 / line.len()));
        let ran = Sandbox::with(text).audit(&[".", "--fail-on", "none"]);
        assert!((0..=3).contains(&ran.code), "{name}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_told_and_the_rest_is_judged() {
    let mut text = BAD.as_bytes().to_vec();
    text.extend(b"# \xff\xfe\n");
    let sandbox = Sandbox::with(text);
    let report = sandbox.report(&[".", "--fail-on", "none"]);
    assert_eq!(report.code, 3);
    assert!(report.has("not-utf8"), "{:?}", report.codes());
    let line = &report.value["not_checked"][0]["location"]["line"];
    assert_eq!(line.as_u64(), Some(BAD.lines().count() as u64 + 1));
    assert!(report.paths().contains(".github/workflows/ci.yml"));
}

#[test]
fn utf16_is_never_clean() {
    let text: Vec<u8> = std::iter::once(0xfeff)
        .chain(BAD.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_not_clean("UTF-16", text);
}

#[test]
fn a_byte_order_mark_and_carriage_returns_hide_nothing() {
    let plain = Sandbox::with(BAD).report(&["."]).findings();
    let marked = Sandbox::with(format!("\u{feff}{BAD}"))
        .report(&["."])
        .findings();
    assert_eq!(plain, marked);
    let returns = Sandbox::with(BAD.replace('\n', "\r\n")).report(&["."]);
    assert_eq!(plain, returns.findings());
}

#[test]
fn tabs_as_indentation_are_not_clean() {
    assert_not_clean("tabs", "on: push\njobs:\n\ta:\n\t\truns-on: x\n");
}

#[test]
fn empty_and_strange_documents_are_not_clean() {
    for (name, text) in [
        ("nothing", ""),
        ("comment", "# nothing\n"),
        ("scalar", "hello\n"),
        ("sequence", "- a\n- b\n"),
        ("NUL bytes", "on: push\n\0\0\0jobs: {}\n"),
        ("several documents", "on: push\n---\non: pull_request\n"),
        (
            "merge key",
            "x: &x {a: b}\non: push\njobs:\n  a:\n    <<: *x\n    runs-on: y\n",
        ),
        (
            "the same key twice",
            "on: push\non: pull_request\njobs: {}\n",
        ),
    ] {
        assert_not_clean(name, text);
    }
}

#[test]
fn an_expression_that_does_not_parse_is_never_clean() {
    let sandbox = Sandbox::with(
        "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo\n        if: ${{ ((( }}\n",
    );
    let report = sandbox.report(&["."]);
    assert!(report.has("syntax"), "{}", report.value);
    assert_eq!(report.code, 3);
}

#[test]
fn a_script_beyond_the_bounds_of_the_grammar_is_never_clean() {
    let padding = ": aaa\n          ".repeat(20_000);
    let sandbox = Sandbox::with(format!(
        "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          {padding}npm publish\n",
    ));
    let report = sandbox.report(&["."]);
    assert!(report.has("script-unread"), "{}", report.value);
    assert_eq!(report.code, 3);
}
