//! Which licence a text is, for the few that nearly everybody uses.

/// The SPDX expression of a licence text, told by words that only this licence
/// has; `None` for every other one. It is a guess that a person has to look at.
#[must_use]
pub fn expression(text: &str) -> Option<&'static str> {
    // The name stands at the top, the telling sentence soon after it.
    let head: String = text
        .chars()
        .take(4096)
        .collect::<String>()
        .to_ascii_lowercase();
    let words: Vec<&str> = head.split_whitespace().collect();
    let flat = words.join(" ");
    let has = |words: &str| flat.contains(words);
    if has("apache license") && has("version 2.0") {
        return Some("Apache-2.0");
    }
    if has("mozilla public license") && has("2.0") {
        return Some("MPL-2.0");
    }
    if has("gnu affero general public license") && has("version 3") {
        return Some("AGPL-3.0-only");
    }
    if has("gnu lesser general public license") && has("version 3") {
        return Some("LGPL-3.0-only");
    }
    if has("gnu general public license") {
        return if has("version 3") {
            Some("GPL-3.0-only")
        } else {
            has("version 2").then_some("GPL-2.0-only")
        };
    }
    if has("permission to use, copy, modify, and/or distribute this software") {
        return Some("ISC");
    }
    if has("permission is hereby granted, free of charge, to any person obtaining a copy") {
        return Some("MIT");
    }
    if has("redistribution and use in source and binary forms") {
        let three = has("neither the name");
        return Some(if three {
            "BSD-3-Clause"
        } else {
            "BSD-2-Clause"
        });
    }
    has("this is free and unencumbered software released into the public domain")
        .then_some("Unlicense")
}

/// Whether a path is one where projects keep their licence. Names that would
/// need escaping in a link are none.
#[must_use]
pub fn is_license(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if !path.bytes().all(plain) {
        return false;
    }
    let lower = path.to_ascii_lowercase();
    let stem = lower.split(['.', '-']).next().unwrap_or_default();
    matches!(stem, "license" | "licence" | "copying" | "unlicense")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_texts_are_told_apart() {
        let cases = [
            (
                "   Apache License\n   Version 2.0, January 2004",
                Some("Apache-2.0"),
            ),
            (
                "MIT License\n\nPermission is hereby granted, free of\ncharge, to any person obtaining a copy",
                Some("MIT"),
            ),
            (
                "Redistribution and use in source and binary forms, with or without",
                Some("BSD-2-Clause"),
            ),
            ("Mozilla Public License Version 2.0", Some("MPL-2.0")),
            ("All rights reserved.", None),
        ];
        for (text, expected) in cases {
            assert_eq!(expression(text), expected, "{text}");
        }
    }

    #[test]
    fn licences_stand_at_the_root() {
        for path in [
            "LICENSE",
            "LICENSE.md",
            "LICENSE-MIT",
            "COPYING",
            "licence.txt",
        ] {
            assert!(is_license(path), "{path}");
        }
        for path in [
            "licenses.rs",
            "docs/LICENSE",
            "LICENSING",
            "LICENSE-a\nb: c",
        ] {
            assert!(!is_license(path), "{path}");
        }
    }
}
