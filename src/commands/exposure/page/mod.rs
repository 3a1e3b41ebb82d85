//! The exposures as one file for a browser: it asks no network, runs its own
//! script alone, and shows every word of the repository as text.

mod data;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cofferdam_exposure::Row;
use cofferdam_findings::sanitise;
use cofferdam_pipelines::Exposed;
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// So many ways are on the page, of the rest the numbers; fewer where that
/// takes too much room.
const WAYS: [usize; 5] = [4_000, 2_000, 1_000, 500, 250];
/// A page opens at once, and can be attached to an issue.
const BYTES: usize = 2_800_000;

/// The whole file.
pub(super) fn render(found: &Exposed, rows: &[&Row]) -> String {
    let title = data::title(found);
    let data = WAYS.iter().map(|ways| {
        let data = data::of(found, rows, *ways);
        embedded(&data.to_string())
    });
    let data = smallest(data);
    filled(&[
        ("policy", &policy()),
        ("version", env!("CARGO_PKG_VERSION")),
        ("title", &markup(&title)),
        (
            "of",
            &markup(found.repository.as_deref().unwrap_or_default()),
        ),
        ("style", STYLE),
        ("data", &data),
        ("script", SCRIPT),
    ])
}

/// The first that is small enough, else the last.
fn smallest(mut all: impl Iterator<Item = String>) -> String {
    let mut data = all.next().unwrap_or_default();
    while data.len() > BYTES {
        match all.next() {
            Some(next) => data = next,
            None => break,
        }
    }
    data
}

/// Nothing but this style and this script, by what they are: whatever else
/// came into the page would neither run nor load, and no text can be made
/// markup.
///
/// Source: W3C, Content Security Policy Level 3, §2.3.1 (hash sources) and
/// Trusted Types, §4.2.
fn policy() -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(SCRIPT),
        hash(STYLE),
    )
}

/// The template with its places filled, each once over: what is filled in is
/// not looked at again.
fn filled(values: &[(&str, &str)]) -> String {
    let mut page = String::new();
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            rest = after;
            break;
        };
        let value = values.iter().find(|(of, _)| *of == name);
        page.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    page.push_str(rest);
    page
}

/// JSON for the inside of a script element, where only `</script`, `<script`
/// and `<!--` mean anything: none of their characters is left.
///
/// Source: WHATWG, HTML, §4.12.1.3 (restrictions for contents of script
/// elements); ECMA-262, §12.3, for the two separators of lines.
fn embedded(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 50);
    let mut after_hash = false;
    for character in json.chars() {
        match character {
            '<' | '>' | '&' => safe.push_str(&format!("\\u{:04x}", u32::from(character))),
            // A job's log obeys `##[` anywhere in a line.
            '[' if after_hash => safe.push_str("\\u005b"),
            // All that acts instead of being seen was made visible before; this
            // is the second lock.
            c if sanitise::is_unsafe(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    safe.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => safe.push(c),
        }
        after_hash = character == '#';
    }
    safe
}

/// Text for the inside of an element.
fn markup(text: &str) -> String {
    let text = sanitise::line(text);
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it did not expect"
)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_element_and_stays_what_it_was() {
        let hostile =
            "</script><!--<script>&amp;\u{2028}\u{2029}\u{202e}##[error]{{script}}\u{1b}[31m";
        let json = serde_json::json!([hostile, { hostile: 1 }]);
        let safe = embedded(&json.to_string());
        for part in [
            "<", ">", "&", "##[", "\u{2028}", "\u{2029}", "\u{202e}", "\u{1b}",
        ] {
            assert!(!safe.contains(part), "{part:?}: {safe}");
        }
        let read: serde_json::Value = serde_json::from_str(&safe).unwrap();
        assert_eq!(read, json);
    }

    #[test]
    fn fewer_ways_are_shown_until_the_page_is_small() {
        let sizes = [BYTES + 1, BYTES, 1];
        let mut asked = 0;
        let data = smallest(sizes.iter().map(|size| {
            asked += 1;
            "x".repeat(*size)
        }));
        assert_eq!((data.len(), asked), (BYTES, 2));
        let never = [BYTES + 2, BYTES + 1].iter().map(|size| "x".repeat(*size));
        assert_eq!(smallest(never).len(), BYTES + 1);
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let page = filled(&[
            ("title", "{{data}}"),
            ("data", "[\"{{script}}\"]"),
            ("script", "run()"),
        ]);
        assert!(page.contains("<title>{{data}}</title>"), "{page}");
        assert!(page.contains("[\"{{script}}\"]"), "{page}");
        assert_eq!(page.matches("run()").count(), 1);
    }

    #[test]
    fn a_log_obeys_nothing_in_the_parts_that_are_always_there() {
        for part in [TEMPLATE, STYLE, SCRIPT] {
            assert_eq!(sanitise::inert_for_log(part), part);
        }
    }

    #[test]
    fn the_script_makes_no_markup_of_data() {
        for sink in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "srcdoc",
            "import(",
            "fetch(",
            "XMLHttpRequest",
            "DOMParser",
            "setTimeout(",
        ] {
            assert!(!SCRIPT.contains(sink), "{sink}");
        }
        assert!(SCRIPT.lines().count() < 400);
    }
}
