//! One requirement, as in `name[extra] >=1,<2 ; python_version < "3"`.
//!
//! Source: Python packaging specifications, "Dependency specifiers" (PEP 508).

/// One requirement taken apart; every part is as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Requirement<'t> {
    pub(super) name: &'t str,
    /// Between the brackets.
    pub(super) extras: &'t str,
    /// Behind `@`.
    pub(super) url: Option<&'t str>,
    /// The versions, without brackets; empty for any.
    pub(super) specifier: &'t str,
    /// Behind `;`.
    pub(super) marker: Option<&'t str>,
}

impl<'t> Requirement<'t> {
    /// Takes a requirement apart; `None` where it is none.
    pub(super) fn parse(text: &'t str) -> Option<Self> {
        let text = text.trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end)?;
        let is_sound = |c: char| c.is_ascii_alphanumeric();
        if !name.starts_with(is_sound) || !name.ends_with(is_sound) {
            return None;
        }
        let rest = rest.trim_start();
        let (extras, rest) = match rest.strip_prefix('[') {
            Some(inside) => inside.split_once(']')?,
            None => ("", rest),
        };
        let rest = rest.trim_start();
        if let Some(address) = rest.strip_prefix('@') {
            // A semicolon ends an address only behind a space.
            let address = address.trim();
            let (url, marker) = match address.split_once(" ;") {
                Some((url, marker)) => (url.trim(), Some(marker.trim())),
                None => (address, None),
            };
            return (!url.is_empty() && !url.contains(' ')).then_some(Self {
                name,
                extras: extras.trim(),
                url: Some(url),
                specifier: "",
                marker,
            });
        }
        let (specifier, marker) = match rest.split_once(';') {
            Some((specifier, marker)) => (specifier, Some(marker.trim())),
            None => (rest, None),
        };
        let specifier = specifier.trim();
        let specifier = match specifier.strip_prefix('(') {
            Some(inside) => inside.strip_suffix(')')?.trim(),
            None => specifier,
        };
        let is_specifier = specifier.is_empty()
            || specifier.split(',').all(|one| {
                let one = one.trim();
                one.is_empty() || one.starts_with(['=', '<', '>', '!', '~'])
            });
        is_specifier.then_some(Self {
            name,
            extras: extras.trim(),
            url: None,
            specifier,
            marker,
        })
    }

    /// The one version that fits, where the specifier leaves no choice.
    pub(super) fn version(&self) -> Option<&'t str> {
        let exact = self.specifier.strip_prefix("==")?;
        let version = exact.strip_prefix('=').unwrap_or(exact).trim();
        let is_one = !version.is_empty() && !version.contains([',', '*', ' ']);
        is_one.then_some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let parse = Requirement::parse;
        let one = parse("A.b-c[x, y] >= 1, <2 ; python_version < \"3\"").unwrap_or_default();
        assert_eq!(
            (one.name, one.extras, one.specifier),
            ("A.b-c", "x, y", ">= 1, <2")
        );
        assert_eq!(one.marker, Some("python_version < \"3\""));
        let one = parse("a @ https://x/a;b.whl#sha256=00 ; os_name == 'nt'").unwrap_or_default();
        assert_eq!(one.url, Some("https://x/a;b.whl#sha256=00"));
        for (text, version) in [
            ("a==1.0", Some("1.0")),
            ("a (==1.0)", Some("1.0")),
            ("a === 1.0-x", Some("1.0-x")),
            ("a==1.*", None),
            ("a==1,<2", None),
            ("a>=1", None),
            ("a", None),
        ] {
            assert_eq!(parse(text).and_then(|one| one.version()), version, "{text}");
        }
        for text in [
            "",
            "-a",
            "a b",
            "a[x",
            "a (==1",
            "a @",
            "a @ b c",
            "https://x",
            "a 1.0",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
