//! The licence that a text is, where it is one of a few and nothing else.
//!
//! Nothing is guessed: a text is compared word by word, by the hash of its words,
//! after what everybody writes differently is left out: titles, lines of
//! copyright, the owner's name in BSD's third condition, how lists are numbered,
//! and the appendix of Apache's that tells how to apply it.

use sha2::{Digest, Sha256};

/// The longest text that is looked at, in bytes.
const LONGEST: usize = 64 * 1024;

/// The words of each text, hashed.
const KNOWN: &[(&str, &str)] = &[
    (
        "0cf21bdfd1964a97a8615e128534845826afbc887edc95aa5c925cbf64386b5c",
        "MIT",
    ),
    (
        "853a2fbbce47489cd0f857f823095f7df5e53fe7989324a1022327df86dcf28c",
        "Apache-2.0",
    ),
    (
        "217da0747cec63a2e734185db11cbaa819bcd9e5b83cd12f812128fffe66e26a",
        "ISC",
    ),
    (
        "04ab0645fe86411a1fa34c314b73a2718f6d11e8cf7d5d926e3c41de3168c30b",
        "BSD-3-Clause",
    ),
    // The same with `owner` for `holder`.
    (
        "0d1c1a1cbefadef55a8b44da52be751e4ccd9fa8343dd13fb0f5e7612206f63d",
        "BSD-3-Clause",
    ),
    (
        "7be8178e4e9d0dea6ff4b04bd52bd086d7ea8386a5a6e09760df916bae5d42d2",
        "BSD-2-Clause",
    ),
];

/// Titles that a text may begin with.
const TITLES: &[&[&str]] = &[
    &["the", "mit", "license", "mit"],
    &["mit", "license"],
    &["the", "mit", "license"],
    &["isc", "license"],
    &["isc"],
    &["bsd", "clause", "license"],
    &["all", "rights", "reserved"],
];

/// The SPDX name of the licence whose text this is; `None` where it is another
/// text, or one of these with anything added.
#[must_use]
pub fn of_text(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST {
        return None;
    }
    let hash = hex(&Sha256::digest(words(text)));
    let found = KNOWN.iter().find(|(known, _)| *known == hash);
    found.map(|(_, name)| *name)
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

fn words(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut words: Vec<&str> = Vec::new();
    for line in lower.lines().filter(|line| !is_copyright(line.trim())) {
        let all = line.split(|c: char| !c.is_ascii_alphanumeric());
        let is_number = |word: &str| word.len() == 1 && word.bytes().all(|b| b.is_ascii_digit());
        let kept = all.filter(|word| !word.is_empty() && !is_number(word));
        words.extend(kept.map(|word| if word == "https" { "http" } else { word }));
    }
    for title in TITLES {
        if words.starts_with(title) {
            words.drain(..title.len());
        }
    }
    without_appendix(&without_name(&words.join(" "))).to_owned()
}

/// A line that says who has the copyright, and none that speaks about it.
fn is_copyright(line: &str) -> bool {
    let begins = ["copyright", "(c)", "©"]
        .iter()
        .any(|word| line.starts_with(word));
    let speaks = ["notice", "holder", "owner", "license"];
    begins && !speaks.iter().any(|word| line.contains(word))
}

fn without_name(text: &str) -> String {
    const BEFORE: &str = "neither the name of ";
    const AFTER: &str = " nor the names of";
    let cut = text.split_once(BEFORE).and_then(|(before, rest)| {
        let (name, after) = rest.split_once(AFTER)?;
        (name.len() < 100).then(|| format!("{before}neither the name{AFTER}{after}"))
    });
    cut.unwrap_or_else(|| text.to_owned())
}

fn without_appendix(text: &str) -> &str {
    let Some((terms, rest)) = text.split_once(" end of terms and conditions") else {
        return text;
    };
    let rest = rest.trim();
    let is_usual = rest.starts_with("appendix how to apply") && rest.split(' ').count() <= 180;
    if rest.is_empty() || is_usual {
        terms
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::of_text;

    const ISC: &str = "\
ISC License

Copyright (c) 2020 Somebody

Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.
";

    #[test]
    fn a_text_is_one_licence_or_unknown() {
        assert_eq!(of_text(ISC), Some("ISC"));
        assert_eq!(of_text(&ISC.to_uppercase()), Some("ISC"));
        assert_eq!(of_text(&ISC.replace("without fee", "a fee")), None);
        assert_eq!(of_text(&format!("{ISC}\nNot for evil.\n")), None);
        assert_eq!(of_text(""), None);
    }
}
