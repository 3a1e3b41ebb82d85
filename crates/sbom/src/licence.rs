//! Licences as packages declare them: an SPDX expression, or some other text.
//!
//! Source: SPDX specification 2.3, annex D, "SPDX license expressions".

/// Identifiers of the SPDX licence list that packages use often. Others are kept
/// as text, which both formats have a place for.
const KNOWN: &[&str] = &[
    "0BSD",
    "AFL-2.1",
    "AFL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-1.1",
    "Apache-2.0",
    "Artistic-1.0",
    "Artistic-1.0-Perl",
    "Artistic-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSD-4-Clause",
    "BSL-1.0",
    "BlueOak-1.0.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDDL-1.0",
    "CDDL-1.1",
    "CPL-1.0",
    "ECL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "FTL",
    "GFDL-1.3-only",
    "GFDL-1.3-or-later",
    "GPL-1.0-only",
    "GPL-1.0-or-later",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "HPND",
    "ICU",
    "IJG",
    "IPL-1.0",
    "ISC",
    "LGPL-2.0-only",
    "LGPL-2.0-or-later",
    "LGPL-2.1-only",
    "LGPL-2.1-or-later",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "LPPL-1.3c",
    "MIT",
    "MIT-0",
    "MPL-1.0",
    "MPL-1.1",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "NTP",
    "OFL-1.1",
    "OLDAP-2.8",
    "OpenSSL",
    "PHP-3.01",
    "PSF-2.0",
    "PostgreSQL",
    "Python-2.0",
    "Ruby",
    "SISSL",
    "Sleepycat",
    "SSPL-1.0",
    "TCL",
    "UPL-1.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "Vim",
    "W3C",
    "WTFPL",
    "X11",
    "ZPL-2.1",
    "Zlib",
    "bzip2-1.0.6",
    "curl",
    "libpng-2.0",
    "libtiff",
];

/// Exceptions of the same list.
const EXCEPTIONS: &[&str] = &[
    "Autoconf-exception-3.0",
    "Bison-exception-2.2",
    "Classpath-exception-2.0",
    "Font-exception-2.0",
    "GCC-exception-2.0",
    "GCC-exception-3.1",
    "LLVM-exception",
    "Linux-syscall-note",
    "OpenJDK-assembly-exception-1.0",
    "openvpn-openssl-exception",
];

/// The longest expression that is read.
const MOST_BYTES: usize = 500;

/// An identifier of the list, spelt as there.
pub(crate) fn known(text: &str) -> Option<&'static str> {
    KNOWN
        .iter()
        .copied()
        .find(|id| id.eq_ignore_ascii_case(text.trim()))
}

/// Whether a text is an expression of identifiers that are known here.
pub(crate) fn is_expression(text: &str) -> bool {
    if text.len() > MOST_BYTES {
        return false;
    }
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let (mut open, mut wants_operand, mut wants_exception) = (0_u32, true, false);
    for word in spaced.split_whitespace() {
        if wants_exception {
            if !EXCEPTIONS.contains(&word) {
                return false;
            }
            wants_exception = false;
            continue;
        }
        match word {
            "(" if wants_operand => open += 1,
            ")" if !wants_operand && open > 0 => open -= 1,
            "AND" | "OR" if !wants_operand => wants_operand = true,
            "WITH" if !wants_operand => wants_exception = true,
            id if wants_operand && KNOWN.contains(&id) => wants_operand = false,
            _ => return false,
        }
    }
    open == 0 && !wants_operand && !wants_exception
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_told_from_other_texts() {
        for text in [
            "MIT",
            "MIT OR (Apache-2.0 AND ISC)",
            "GPL-2.0-only WITH Classpath-exception-2.0",
        ] {
            assert!(is_expression(text), "{text}");
        }
        for text in [
            "",
            "MIT/Apache-2.0",
            "mit",
            "MIT OR",
            "(MIT",
            "MIT)",
            "BSD",
            "MIT WITH MIT",
            "MIT MIT",
        ] {
            assert!(!is_expression(text), "{text}");
        }
        assert_eq!(known("mit"), Some("MIT"));
    }
}
