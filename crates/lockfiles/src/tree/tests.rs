#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use cofferdam_facts::SourceFile;
use proptest::prelude::*;

use super::*;

fn file(text: &str) -> SourceFile {
    SourceFile::new("f", text)
}

#[test]
fn three_languages_give_one_tree_with_places() {
    type Read = fn(&SourceFile) -> Result<Node<'_>, Mistake>;
    let cases: [(&str, Read); 3] = [
        ("{\n \"a\": {\"b\": [\"x\", true]}}", json),
        ("\n[a]\nb = [\"x\", true]\n", toml),
        ("\na:\n  b: [x, true]\n", |file| {
            yaml(file).map(|mut roots| roots.remove(0))
        }),
    ];
    for (text, read) in cases {
        for text in [text.to_owned(), format!("\u{feff}{text}")] {
            let file = file(&text);
            let root = read(&file).unwrap();
            let list = root.get("a").unwrap().items_of("b");
            assert_eq!(list.len(), 2, "{text}");
            let first = list.first().unwrap();
            assert_eq!(first.text(), Some("x"));
            assert!(file.slice(first.span).contains('x'), "{text}");
            assert!(list.last().unwrap().is_true());
        }
    }
}

#[test]
fn what_readers_differ_about_is_a_mistake() {
    for text in [
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,}",
        "{a:1}",
        "{} {}",
        "",
        "{\"a\":",
    ] {
        assert!(json(&file(text)).is_err(), "{text}");
    }
    for text in ["a = 1\na = 2\n", "[a]\n[a]\n", "a = "] {
        assert!(toml(&file(text)).is_err(), "{text}");
    }
    for text in [
        "a: 1\na: 2\n",
        "a: &x 1\nb: *x\n",
        "a: *x\n",
        "<<: {a: 1}\n",
        "a: [",
    ] {
        assert!(yaml(&file(text)).is_err(), "{text}");
    }
    let mistake = json(&file("{\"a\":1,\n\"a\":1}")).unwrap_err();
    assert_eq!(mistake.line, 2);
    assert!(mistake.to_string().contains("line 1"), "{mistake}");
}

#[test]
fn deep_texts_end_early() {
    for depth in [MAX_DEPTH + 2, 600, 100_000] {
        let open = "[".repeat(depth);
        let close = "]".repeat(depth);
        for text in [format!("{open}{close}"), open.clone()] {
            assert!(json(&file(&text)).is_err());
            assert!(jsonc(&file(&text)).is_err());
            assert!(toml(&file(&format!("a = {text}"))).is_err());
            assert!(yaml(&file(&text)).is_err());
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "[\\[\\]{}\":,a1 \\n=#&*-]{0,60}") {
        let file = file(&text);
        let _ = (json(&file).is_ok(), jsonc(&file).is_ok(), toml(&file).is_ok(), yaml(&file).is_ok());
    }
}
