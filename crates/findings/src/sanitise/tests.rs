//! Hostile text against a real Markdown reader, and properties for any text.

use markdown::ParseOptions;
use markdown::mdast::Node;
use proptest::prelude::*;

use super::*;

/// Text that tends to mean something to one of the targets.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "::",
        "::error::",
        "##[add-mask]",
        "##[",
        "\n",
        "\r\n",
        "\t",
        "%0A",
        "%",
        ",",
        ":",
        "@root",
        "#1",
        "GH-1",
        "a/b#2",
        "https://evil.example/x",
        "www.evil.example",
        "x@evil.example",
        "[a](b)",
        "![a](b)",
        "[a]: b",
        "<b>",
        "<!--",
        "-->",
        "&amp;",
        "&#64;",
        "`",
        "``",
        "```",
        "*a*",
        "__a__",
        "~~a~~",
        "|",
        "\\",
        "\\|",
        "$x$",
        "# ",
        "- ",
        "1. ",
        "> ",
        "    ",
        "---",
        "===",
        "\u{1b}[31m",
        "\u{1b}]0;t\u{7}",
        "\u{9b}31m",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{e0041}",
        "\0",
        "word",
        " ",
        "ñ",
        "漢",
        "'",
        "\"",
        "{{",
        "^1",
        "[^1]",
        "[x]",
    ]);
    prop::collection::vec(
        prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => any::<String>()],
        0..8,
    )
    .prop_map(|pieces| pieces.concat())
}

/// What the reader of `source` sees, if it is nothing but text.
fn seen(source: &str) -> Option<String> {
    let mut options = ParseOptions::gfm();
    options.constructs.math_text = true;
    options.constructs.math_flow = true;
    let root = markdown::to_mdast(source, &options).ok()?;
    let Some([Node::Paragraph(paragraph)]) = root.children().map(Vec::as_slice) else {
        return root.children().is_some_and(Vec::is_empty).then(String::new);
    };
    match paragraph.children.as_slice() {
        [Node::Text(text)] => Some(text.value.replace('\u{200b}', "")),
        _ => None,
    }
}

/// What the reader of `source` sees, with backticks around what is code, if
/// it is nothing but text and code.
fn seen_prose(source: &str) -> Option<String> {
    let root = markdown::to_mdast(source, &ParseOptions::gfm()).ok()?;
    let Some([Node::Paragraph(paragraph)]) = root.children().map(Vec::as_slice) else {
        return root.children().is_some_and(Vec::is_empty).then(String::new);
    };
    let mut seen = String::new();
    for node in &paragraph.children {
        match node {
            Node::Text(text) => seen.push_str(&text.value.replace('\u{200b}', "")),
            Node::InlineCode(code) => seen.push_str(&format!("`{}`", code.value)),
            _ => return None,
        }
    }
    Some(seen)
}

proptest! {
    #[test]
    fn a_line_holds_nothing_that_acts(text in hostile()) {
        let safe = line(&text);
        prop_assert!(!safe.chars().any(is_unsafe), "{safe:?}");
        prop_assert_eq!(line(&safe), safe.as_ref());
    }

    #[test]
    fn clipping_keeps_the_limit(text in hostile(), limit in 1_usize..12) {
        let safe = clipped(&text, limit);
        prop_assert!(safe.chars().count() <= limit);
        prop_assert!(!safe.chars().any(is_unsafe));
        if line(&text).chars().count() <= limit {
            prop_assert_eq!(safe, line(&text));
        }
    }

    #[test]
    fn no_line_of_a_log_is_a_command(text in hostile()) {
        let safe = inert_for_log(&text);
        for line in safe.lines() {
            prop_assert!(!line.trim_start().starts_with("::"), "{safe:?}");
        }
        prop_assert!(!safe.contains("##["), "{safe:?}");
    }

    #[test]
    fn a_command_stays_one_line_and_gives_its_text_back(text in hostile()) {
        let message = command_message(&text);
        prop_assert!(!message.chars().any(is_unsafe), "{message:?}");
        let back = message.replace("%0A", "\n").replace("%25", "%");
        let lines = text.replace("##[", "## [");
        let expected: Vec<_> = lines.split('\n').map(|l| line(l).into_owned()).collect();
        prop_assert_eq!(back, expected.join("\n"));
        let property = command_property(&text);
        prop_assert!(!property.contains([',', ':', '\n']), "{property:?}");
    }

    #[test]
    fn markdown_shows_the_text_and_nothing_else(text in hostile()) {
        let source = markdown(&text);
        prop_assert!(!source.chars().any(is_unsafe), "{source:?}");
        // The reader drops white space of Markdown around a paragraph.
        let expected = line(&text).trim_matches(' ').to_owned();
        prop_assert_eq!(seen(&source), Some(expected), "{:?}", source);
    }

    #[test]
    fn prose_shows_text_and_code_and_nothing_else(text in hostile()) {
        let source = markdown_prose(&text);
        let expected = line(&text).trim_matches(' ').to_owned();
        prop_assert_eq!(seen_prose(&source), Some(expected), "{:?}", source);
    }

    #[test]
    fn a_table_cell_stays_one_cell(text in hostile(), prose: bool) {
        let cell = if prose { markdown_prose(&text) } else { markdown(&text) };
        let source = format!("| a | b |\n| --- | --- |\n| x {cell} | end |\n");
        let root = markdown::to_mdast(&source, &ParseOptions::gfm()).unwrap();
        let Some([Node::Table(table)]) = root.children().map(Vec::as_slice) else {
            return Err(TestCaseError::fail(format!("no table: {source:?}")));
        };
        let Some(Node::TableRow(row)) = table.children.get(1) else {
            return Err(TestCaseError::fail("no second row"));
        };
        prop_assert_eq!(row.children.len(), 2);
        let Some(Node::TableCell(cell)) = row.children.first() else {
            return Err(TestCaseError::fail("no cell"));
        };
        let plain = |n: &Node| matches!(n, Node::Text(_)) || (prose && matches!(n, Node::InlineCode(_)));
        prop_assert!(cell.children.iter().all(plain), "{:?}", cell);
    }

    #[test]
    fn a_code_span_shows_the_text_as_code(text in hostile()) {
        let source = markdown_code(&text);
        let shown = line(&text);
        if shown.trim().is_empty() {
            prop_assert_eq!(source, "");
        } else {
            let root = markdown::to_mdast(&format!("x {source} y"), &ParseOptions::gfm()).unwrap();
            let Some([Node::Paragraph(paragraph)]) = root.children().map(Vec::as_slice) else {
                return Err(TestCaseError::fail(format!("no paragraph: {source:?}")));
            };
            let [Node::Text(_), Node::InlineCode(code), Node::Text(_)] =
                paragraph.children.as_slice()
            else {
                return Err(TestCaseError::fail(format!("no code: {source:?}")));
            };
            prop_assert_eq!(&code.value, shown.as_ref());
        }
    }

    #[test]
    fn html_opens_and_closes_nothing(text in hostile()) {
        let safe = html(&text);
        prop_assert!(!safe.contains(['<', '>', '"', '\'']), "{safe:?}");
        let back = safe.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
            .replace("&#39;", "'").replace("&amp;", "&");
        prop_assert_eq!(back, line(&text));
    }
}

#[test]
fn each_attack_is_shown_and_does_nothing() {
    assert_eq!(line("a\u{1b}[2Jb\u{202e}c\td"), "a\\u{1b}[2Jb\\u{202e}c d");
    assert_eq!(
        inert_for_log("  ::error::x\n y ##[add-mask]z"),
        "  \\::error::x\n y ## [add-mask]z"
    );
    assert_eq!(
        inert_for_log(" \u{1b}[1;31m ::x\u{1b}[0m"),
        " \u{1b}[1;31m \\::x\u{1b}[0m"
    );
    assert_eq!(inert_for_log("std::fs is fine"), "std::fs is fine");
    assert_eq!(command_message("50%\r\n::x"), "50%25 %0A::x");
    assert_eq!(command_property("a,b:c\nd"), "a%2Cb%3Ac d");
    assert_eq!(markdown("@root #1"), "\\@&#8203;root \\#&#8203;1");
    assert_eq!(
        markdown("https://x www.x GH-1"),
        "https\\:&#8203;\\/\\/x www\\.&#8203;x GH\\-&#8203;1"
    );
    assert_eq!(markdown_prose("a `@x` `b|c`"), "a `@x` \\`b\\|c\\`");
    assert_eq!(markdown_code("a`b"), "``a`b``");
    assert_eq!(clipped("abcdef", 4), "abc…");
    assert_eq!(clipped("a\u{1b}bc", 5), "a…");
    assert_eq!(clipped("a\u{1b}", 7), "a\\u{1b}");
    assert_eq!(html("<img src=\"x\">"), "&lt;img src=&quot;x&quot;&gt;");
}

#[test]
fn what_takes_no_room_is_never_printed_and_what_is_seen_stays() {
    // The first and last of every range of Unicode's lists.
    let unseen = "\0\u{1f}\u{7f}\u{80}\u{9f}\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\
        \u{180b}\u{180e}\u{180f}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\
        \u{2060}\u{2066}\u{2069}\u{206f}\u{3164}\u{fe00}\u{fe0f}\u{feff}\u{ffa0}\u{fff0}\u{fff9}\
        \u{fffb}\u{1bca0}\u{1bca3}\u{1d173}\u{1d17a}\u{e0001}\u{e0020}\u{e007f}\u{e0100}\u{e01ef}\
        \u{e0fff}";
    assert!(unseen.chars().all(is_unsafe));
    assert!(
        (0..=0x10_ffff)
            .filter_map(char::from_u32)
            .filter(|c| c.is_control())
            .all(is_unsafe)
    );
    let seen = " ~\u{a0}ñe\u{301}漢🙂\u{2010}\u{2027}\u{202f}\u{fffc}\u{fffd}\u{e000}";
    assert!(!seen.chars().any(is_unsafe));
    assert_eq!(line(seen), seen);
}
